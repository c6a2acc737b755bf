// The kernels' one text, included once for each kind of processor after
//
//     LANES        floats in a vector: 4, 8 or 16
//     TILE         vectors side by side in a product's tile
//     TILE_ROWS    rows of that tile: 8 or 4, so that tile and operands fit the registers
//     FORWARD      vectors side by side in the first layer's tile of FORWARD_ROWS examples
//     BUSY         registers that a measurement of the peak keeps busy
//     KERNELS, KERNELS_NAME
//
// Loops over constants are unrolled, so that a tile stays in registers.

#include "include/ckernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

enum { PANEL = 16, PARTS = PANEL / LANES };

typedef float vec __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t ints __attribute__((ext_vector_type(LANES), aligned(4)));
typedef uint32_t words __attribute__((ext_vector_type(LANES), aligned(4)));

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE ints load_ints(const int32_t *p) { return *(const ints *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec all(float x) { return (vec)(x); }
INLINE vec fma_(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vec pick(ints mask, vec yes, vec no) {
    return (vec)((mask & (ints)yes) | (~mask & (ints)no));
}
INLINE ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

// MARK: Products

/// Where vector v (of LANES columns) of a matrix in panels begins.
INLINE ptrdiff_t vector_at(ptrdiff_t v, ptrdiff_t panel) {
    return v / PARTS * panel + v % PARTS * LANES;
}

/// Rows m ..< m + rows, vectors v ..< v + width, terms from ..< to of the chains.
INLINE void tile(const gdln_product *p, const int rows, const int width, const int turned,
                 ptrdiff_t m, ptrdiff_t v, ptrdiff_t from, ptrdiff_t to) {
    vec sums[TILE_ROWS][TILE];
    float *outs[TILE];
    const float *bs[TILE];
    UNROLL for (int j = 0; j < width; j++) {
        outs[j] = p->out + vector_at(v + j, p->outPanel) + m * PANEL;
        bs[j] = p->b + vector_at(v + j, p->bPanel) + from * PANEL;
    }
    ptrdiff_t begin = from > 0 ? GDLN_OLD : p->begin;
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < width; j++) {
        vec first = {0};
        if (begin == GDLN_OLD) first = load(outs[j] + i * PANEL);
        else if (begin == GDLN_COLUMN) first = load(p->start + (v + j) * LANES);
        else if (begin == GDLN_ROW) first = all(p->start[m + i]);
        sums[i][j] = first;
    }
    // `a` in chunks of sixteen k: straight, a row of a panel; turned, sixteen rows of one.
    const ptrdiff_t aChunk = turned ? PANEL * PANEL : p->aPanel;
    const ptrdiff_t aRow = turned ? 1 : PANEL, aStep = turned ? PANEL : 1;
    const float *a = p->a + (turned ? m / PANEL * p->aPanel + m % PANEL : m * PANEL)
        + from / PANEL * aChunk;
    for (ptrdiff_t k = from; k < to; k += PANEL, a += aChunk) {
        ptrdiff_t count = smaller(PANEL, to - k);
        for (ptrdiff_t c = 0; c < count; c++) {
            vec right[TILE];
            UNROLL for (int j = 0; j < width; j++) { right[j] = load(bs[j]); bs[j] += PANEL; }
            UNROLL for (int i = 0; i < rows; i++) {
                vec left = all(a[i * aRow + c * aStep]);
                UNROLL for (int j = 0; j < width; j++)
                    sums[i][j] = fma_(left, right[j], sums[i][j]);
            }
        }
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < width; j++)
        store(outs[j] + i * PANEL, sums[i][j]);
}

#define STRIP(NAME, ROWS, WIDTH, TURNED) \
    static __attribute__((noinline)) void NAME(const gdln_product *p, ptrdiff_t m, ptrdiff_t end, \
                                               ptrdiff_t v, ptrdiff_t from, ptrdiff_t to) { \
        for (; m + ROWS <= end; m += ROWS) tile(p, ROWS, WIDTH, TURNED, m, v, from, to); \
    }
#define STRIPS(WIDTH) \
    STRIP(straight_full_##WIDTH, TILE_ROWS, WIDTH, 0) STRIP(turned_full_##WIDTH, TILE_ROWS, WIDTH, 1) \
    STRIP(straight_two_##WIDTH, 2, WIDTH, 0) STRIP(turned_two_##WIDTH, 2, WIDTH, 1) \
    STRIP(straight_one_##WIDTH, 1, WIDTH, 0) STRIP(turned_one_##WIDTH, 1, WIDTH, 1)
STRIPS(1)
STRIPS(2)
STRIPS(3)

typedef void (*strip)(const gdln_product *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t);
#define STRIP_ROW(WIDTH) { \
    {straight_full_##WIDTH, straight_two_##WIDTH, straight_one_##WIDTH}, \
    {turned_full_##WIDTH, turned_two_##WIDTH, turned_one_##WIDTH}}
static const strip strips[TILE][2][3] = {STRIP_ROW(1), STRIP_ROW(2), STRIP_ROW(3)};

/// Terms of the chains that are added before the next rows' turn, a multiple of PANEL: a tile's
/// part of b then stays in the first cache. The chain goes on where it was, so this changes no bit.
enum { TERMS = 128 };

static void product(const gdln_product *p) {
    const ptrdiff_t vectors = p->panels * PARTS;
    ptrdiff_t width = 0;
    for (ptrdiff_t v = 0; v < vectors; v += width) {
        ptrdiff_t left = vectors - v;
        // 3 + 1 would leave a slow tile of one.
        width = left == 4 ? 2 : smaller(TILE, left);
        const strip *how = strips[width - 1][p->aTurned != 0];
        ptrdiff_t from = 0;
        do {
            ptrdiff_t to = smaller(from + TERMS, p->k), full = p->m / TILE_ROWS * TILE_ROWS;
            how[0](p, 0, full, v, from, to);
            how[1](p, full, p->m & ~(ptrdiff_t)1, v, from, to);
            how[2](p, p->m & ~(ptrdiff_t)1, p->m, v, from, to);
            from = to;
        } while (from < p->k);
    }
}

static void turn(float *out, ptrdiff_t outPanel, const float *in, ptrdiff_t inPanel,
                 ptrdiff_t rowPanels, ptrdiff_t columnPanels) {
    for (ptrdiff_t c = 0; c < columnPanels; c++)
        for (ptrdiff_t r = 0; r < rowPanels; r++) {
            const float *from = in + c * inPanel + r * PANEL * PANEL;
            float *to = out + r * outPanel + c * PANEL * PANEL;
            typedef float sixteen __attribute__((vector_size(64), aligned(4)));
            sixteen x[16], y[16];
            UNROLL for (int i = 0; i < 16; i++) x[i] = *(const sixteen *)(from + i * PANEL);
            // Halves change places four times: at 8, 4, 2 and 1.
            UNROLL for (int i = 0; i < 8; i++) {
                y[i] = __builtin_shufflevector(x[i], x[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
                y[i + 8] = __builtin_shufflevector(x[i], x[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
            }
            UNROLL for (int h = 0; h < 16; h += 8) UNROLL for (int i = h; i < h + 4; i++) {
                x[i] = __builtin_shufflevector(y[i], y[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
                x[i + 4] = __builtin_shufflevector(y[i], y[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
            }
            UNROLL for (int h = 0; h < 16; h += 4) UNROLL for (int i = h; i < h + 2; i++) {
                y[i] = __builtin_shufflevector(x[i], x[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
                y[i + 2] = __builtin_shufflevector(x[i], x[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
            }
            UNROLL for (int i = 0; i < 16; i += 2) {
                x[i] = __builtin_shufflevector(y[i], y[i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
                x[i + 1] = __builtin_shufflevector(y[i], y[i + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
            }
            UNROLL for (int i = 0; i < 16; i++) *(sixteen *)(to + i * PANEL) = x[i];
        }
}

// MARK: Sums

static void columnSums(float *out, const float *in, ptrdiff_t inPanel, ptrdiff_t rows,
                       ptrdiff_t panels) {
    for (ptrdiff_t p = 0; p < panels; p++)
        for (ptrdiff_t part = 0; part < PARTS; part++) {
            const float *from = in + p * inPanel + part * LANES;
            vec sum = {0};
            for (ptrdiff_t r = 0; r < rows; r++) sum += load(from + r * PANEL);
            store(out + p * PANEL + part * LANES, sum);
        }
}

INLINE float lane_sum(const float *lanes) {
    float half[8], quarter[4];
    for (int i = 0; i < 8; i++) half[i] = lanes[i] + lanes[i + 8];
    for (int i = 0; i < 4; i++) quarter[i] = half[i] + half[i + 4];
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

static void rowSums(float *out, const float *in, ptrdiff_t inPanel, ptrdiff_t rows,
                    ptrdiff_t panels) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        float lanes[PANEL];
        UNROLL for (int part = 0; part < PARTS; part++) {
            vec sum = {0};
            for (ptrdiff_t p = 0; p < panels; p++)
                sum += load(in + p * inPanel + r * PANEL + part * LANES);
            store(lanes + part * LANES, sum);
        }
        out[r] = lane_sum(lanes);
    }
}

static void addToRows(float *out, ptrdiff_t outPanel, const float *in, ptrdiff_t inPanel,
                      const float *bias, ptrdiff_t rows, ptrdiff_t panels) {
    for (ptrdiff_t p = 0; p < panels; p++)
        for (ptrdiff_t part = 0; part < PARTS; part++) {
            vec add = load(bias + p * PANEL + part * LANES);
            const float *from = in + p * inPanel + part * LANES;
            float *to = out + p * outPanel + part * LANES;
            for (ptrdiff_t r = 0; r < rows; r++) store(to + r * PANEL, load(from + r * PANEL) + add);
        }
}

// MARK: exp and log

/// exp(x) for x <= 0; 0 below -87.3, where the result would leave the normal numbers; NaN for NaN.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, exp(x) = 2^n exp(r), and exp(r) by its Taylor series to
/// r^7: what is cut off is under r^8 / 8! < 6e-9 of it. Against a libm in double: within 1.0e-7
/// relative.
INLINE vec exp_nonpositive(vec x) {
    // Adding 1.5 * 2^23 rounds to a whole number, and leaves that number in the lowest bits. Done
    // so because converting a NaN to an integer is undefined.
    vec rounder = all(12582912.0f);
    vec shifted = fma_(x, all(1.44269504f), rounder);
    vec n = shifted - rounder;
    vec r = fma_(n, all(-0.693359375f), x);  // The first bits of ln 2: n times it is exact.
    r = fma_(n, all(2.12194440e-4f), r);     // The others.
    vec p = all(1.0f / 5040);
    p = fma_(p, r, all(1.0f / 720));
    p = fma_(p, r, all(1.0f / 120));
    p = fma_(p, r, all(1.0f / 24));
    p = fma_(p, r, all(1.0f / 6));
    p = fma_(p, r, all(0.5f));
    p = fma_(p, r, all(1.0f));
    p = fma_(p, r, all(1.0f));
    vec power = (vec)(((words)shifted << 23) + (127u << 23));
    return pick(x < -87.3f, (vec){0}, p * power);
}

/// log(x) for normal positive x; NaN for NaN.
///
/// x = 2^e m with m from sqrt(1/2) to sqrt(2), and log m = 2 atanh(t), t = (m - 1) / (m + 1), by
/// the series to t^9 with |t| < 0.172: what is cut off is under 4e-10 of it. Against a libm in
/// double: within 1.5e-7 relative, or 1e-7 absolute near 1.
INLINE vec log_positive(vec x) {
    // Counts the exponent from sqrt(1/2), so that m comes to lie around 1.
    words offset = (words)x - 0x3f3504f3u;
    vec e = __builtin_convertvector((ints)offset >> 23, vec);
    vec m = (vec)((offset & 0x007fffffu) + 0x3f3504f3u);
    vec t = (m - 1.0f) / (m + 1.0f);
    vec t2 = t * t;
    vec p = all(1.0f / 9);
    p = fma_(p, t2, all(1.0f / 7));
    p = fma_(p, t2, all(1.0f / 5));
    p = fma_(p, t2, all(1.0f / 3));
    p = p * t2;
    vec tail = fma_(e, all(-2.12194440e-4f), 2.0f * t * p);
    vec result = fma_(e, all(0.693359375f), 2.0f * t + tail);
    return pick(x == x, result, x);
}

static void exp_all(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i += LANES) {
        float some[LANES] = {0};
        __builtin_memcpy(some, values + i, (size_t)smaller(LANES, count - i) * 4);
        store(some, exp_nonpositive(load(some)));
        __builtin_memcpy(values + i, some, (size_t)smaller(LANES, count - i) * 4);
    }
}

static void log_all(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i += LANES) {
        float some[LANES] = {0};
        __builtin_memcpy(some, values + i, (size_t)smaller(LANES, count - i) * 4);
        store(some, log_positive(load(some)));
        __builtin_memcpy(values + i, some, (size_t)smaller(LANES, count - i) * 4);
    }
}

// MARK: Softmax

/// The largest logit of each column, and its label's.
INLINE void largest(const float *logits, ptrdiff_t classes, ints label, vec *top, vec *picked) {
    *top = *picked = load(logits);
    for (ptrdiff_t c = 1; c < classes; c++) {
        vec row = load(logits + c * PANEL);
        *top = pick(row > *top, row, *top);
        *picked = pick(label == (int32_t)c, row, *picked);
    }
}

static void softmaxGradient(float *logits, ptrdiff_t classes, const int32_t *labels,
                            const float *share, double *losses) {
    for (ptrdiff_t part = 0; part < PANEL; part += LANES) {
        float *at = logits + part;
        ints label = load_ints(labels + part);
        vec weight = load(share + part), top, picked, sum = {0};
        ints open = weight != 0.0f;
        largest(at, classes, label, &top, &picked);
        for (ptrdiff_t c = 0; c < classes; c++) {
            vec e = exp_nonpositive(load(at + c * PANEL) - top);
            store(at + c * PANEL, e);
            sum += e;
        }
        vec loss = log_positive(sum) - (picked - top);
        loss = pick(open, loss, (vec){0});
        vec scale = weight / sum;
        for (ptrdiff_t c = 0; c < classes; c++) {
            vec hot = pick(label == (int32_t)c, weight, (vec){0});
            vec g = load(at + c * PANEL) * scale - hot;
            store(at + c * PANEL, pick(open, g, (vec){0}));
        }
        float lanes[LANES];
        store(lanes, loss);
        for (ptrdiff_t i = 0; i < LANES; i++) losses[part + i] += (double)lanes[i];
    }
}

static void softmaxLosses(const float *logits, ptrdiff_t classes, const int32_t *labels,
                          ptrdiff_t count, double *losses, int32_t *hits) {
    for (ptrdiff_t part = 0; part < PANEL; part += LANES) {
        const float *at = logits + part;
        ints label = load_ints(labels + part), first = {0};
        vec top, picked, sum = {0};
        largest(at, classes, label, &top, &picked);
        for (ptrdiff_t c = classes - 1; c >= 0; c--) {
            vec row = load(at + c * PANEL);
            ints same = row == top;
            first = (same & (int32_t)c) | (~same & first);
            sum += exp_nonpositive(row - top);
        }
        float lanes[LANES];
        store(lanes, log_positive(sum) - (picked - top));
        ints hit = (first == label) & 1;
        for (ptrdiff_t i = 0; i < LANES && part + i < count; i++) {
            losses[part + i] += (double)lanes[i];
            hits[part + i] += hit[i];
        }
    }
}

// MARK: The first layer

enum mixture { WEIGHTS, SCALED_WEIGHTS, WEIGHTS_AND_VELOCITY };

/// `rows` examples from `example` on, `width` vectors from v on.
INLINE void forward_tile(const gdln_forward *f, const int rows, const int width, ptrdiff_t example,
                         ptrdiff_t v, const enum mixture mixture) {
    vec sums[8][3];
    const float *ws[3], *vs[3];
    UNROLL for (int j = 0; j < width; j++) {
        ws[j] = f->weights + vector_at(v + j, f->weightPanel);
        vs[j] = mixture == WEIGHTS_AND_VELOCITY
            ? f->velocity + vector_at(v + j, f->weightPanel) : ws[j];
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < width; j++)
        sums[i][j] = (vec){0};
    vec weightPart = all(f->weightPart), velocityPart = all(f->velocityPart);
    const float *x = f->values + example;
    for (ptrdiff_t n = 0; n < f->count; n++, x += 8) {
        ptrdiff_t at = (ptrdiff_t)f->inputs[n] * PANEL;
        vec w[3];
        UNROLL for (int j = 0; j < width; j++) {
            w[j] = load(ws[j] + at);
            if (mixture != WEIGHTS) w[j] = weightPart * w[j];
            if (mixture == WEIGHTS_AND_VELOCITY)
                w[j] = fma_(velocityPart, load(vs[j] + at), w[j]);
        }
        UNROLL for (int i = 0; i < rows; i++) {
            vec left = all(x[i]);
            UNROLL for (int j = 0; j < width; j++) sums[i][j] = fma_(left, w[j], sums[i][j]);
        }
    }
    UNROLL for (int i = 0; i < rows; i++) {
        if (example + i < f->rows) {
            UNROLL for (int j = 0; j < width; j++)
                store(f->out + vector_at(v + j, f->outPanel) + (example + i) * PANEL, sums[i][j]);
        }
    }
}

INLINE void forward_all(const gdln_forward *f, const enum mixture mixture) {
    const ptrdiff_t vectors = f->panels * PARTS;
    ptrdiff_t v = 0;
    for (; v + FORWARD <= vectors; v += FORWARD)
        for (ptrdiff_t e = 0; e < f->rows; e += FORWARD_ROWS)
            forward_tile(f, FORWARD_ROWS, FORWARD, e, v, mixture);
    for (; v < vectors; v++)
        for (ptrdiff_t e = 0; e < f->rows; e += FORWARD_ROWS)
            forward_tile(f, FORWARD_ROWS, 1, e, v, mixture);
}

static void forward(const gdln_forward *f) {
    if (f->velocity) forward_all(f, WEIGHTS_AND_VELOCITY);
    else if (f->weightPart != 1) forward_all(f, SCALED_WEIGHTS);
    else forward_all(f, WEIGHTS);
}

INLINE void update_vectors(const gdln_update *u, const int width, ptrdiff_t v, const int moving) {
    float *ws[4], *vs[4];
    const float *gs[4];
    UNROLL for (int j = 0; j < width; j++) {
        ws[j] = u->weights + vector_at(v + j, u->weightPanel);
        vs[j] = moving ? u->velocity + vector_at(v + j, u->weightPanel) : ws[j];
        gs[j] = u->slopes + vector_at(v + j, u->slopePanel);
    }
    vec weightKept = all(u->weightKept), velocityLent = all(u->velocityLent);
    vec weightLent = all(u->weightLent), velocityKept = all(u->velocityKept);
    for (ptrdiff_t d = 0; d < u->features; d++) {
        vec w[4], s[4];
        UNROLL for (int j = 0; j < width; j++) {
            vec weight = load(ws[j] + d * PANEL);
            w[j] = weightKept * weight;
            __builtin_prefetch(ws[j] + (d + 24) * PANEL, 1);
            if (moving) {
                vec velocity = load(vs[j] + d * PANEL);
                __builtin_prefetch(vs[j] + (d + 24) * PANEL, 1);
                w[j] = fma_(velocityLent, velocity, w[j]);
                s[j] = fma_(velocityKept, velocity, weightLent * weight);
            }
        }
        for (ptrdiff_t n = u->starts[d]; n < u->starts[d + 1]; n++) {
            const gdln_entry *entry = u->entries + n;
            ptrdiff_t at = (ptrdiff_t)entry->row * PANEL;
            vec x = all(entry->forWeight), y = all(entry->forVelocity);
            UNROLL for (int j = 0; j < width; j++) {
                vec g = load(gs[j] + at);
                w[j] = fma_(x, g, w[j]);
                if (moving) s[j] = fma_(y, g, s[j]);
            }
        }
        UNROLL for (int j = 0; j < width; j++) {
            store(ws[j] + d * PANEL, w[j]);
            if (moving) store(vs[j] + d * PANEL, s[j]);
        }
    }
}

static void update(const gdln_update *u) {
    const ptrdiff_t vectors = u->panels * PARTS;
    ptrdiff_t v = 0;
    if (u->velocity) {
        for (; v + 4 <= vectors; v += 4) update_vectors(u, 4, v, 1);
        for (; v < vectors; v++) update_vectors(u, 1, v, 1);
    } else {
        for (; v + 4 <= vectors; v += 4) update_vectors(u, 4, v, 0);
        for (; v < vectors; v++) update_vectors(u, 1, v, 0);
    }
}

static void gradient(const gdln_update *u, ptrdiff_t first, ptrdiff_t last, float *out) {
    for (ptrdiff_t d = first; d < last; d++) {
        vec sums[PARTS];
        UNROLL for (int j = 0; j < PARTS; j++) sums[j] = (vec){0};
        for (ptrdiff_t n = u->starts[d]; n < u->starts[d + 1]; n++) {
            const gdln_entry *entry = u->entries + n;
            vec x = all(entry->forWeight);
            const float *g = u->slopes + (ptrdiff_t)entry->row * PANEL;
            UNROLL for (int j = 0; j < PARTS; j++) sums[j] = fma_(x, load(g + j * LANES), sums[j]);
        }
        UNROLL for (int j = 0; j < PARTS; j++) store(out + (d - first) * PANEL + j * LANES, sums[j]);
    }
}

// MARK: Optimizers and ReLU: straight loops, which the compiler vectorises

static void sgd(const gdln_sgd *restrict how, float *restrict w, float *restrict v,
                const float *restrict g, ptrdiff_t count) {
    const gdln_sgd s = *how;
    if (v) {
        for (ptrdiff_t i = 0; i < count; i++) {
            float d = g[i] + s.decay * w[i];
            float momentum = s.keep * v[i] + s.take * d;
            v[i] = momentum;
            w[i] -= s.rate * (s.direct * d + s.carried * momentum);
        }
    } else {
        for (ptrdiff_t i = 0; i < count; i++) w[i] -= s.rate * (g[i] + s.decay * w[i]);
    }
}

INLINE void adam_loop(gdln_adam how, float *restrict w, float *restrict m, float *restrict s,
                      float *restrict most, const float *restrict g, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float d = g[i] + how.decay * w[i];
        float mean = m[i] + (d - m[i]) * how.meanTake;
        float square = how.squareKeep * s[i] + how.squareTake * d * d;
        m[i] = mean;
        s[i] = square;
        if (most) {
            // A NaN must take over, so that a diverged training does not look like a sound one.
            square = most[i] >= square ? most[i] : square;
            most[i] = square;
        }
        float root = __builtin_elementwise_sqrt(square);
        w[i] -= how.rate * (mean / (root / how.rootDivisor + how.epsilon));
    }
}

static void adam(const gdln_adam *how, float *w, float *m, float *s, float *most, const float *g,
                 ptrdiff_t count) {
    if (most) adam_loop(*how, w, m, s, most, g, count);
    else adam_loop(*how, w, m, s, 0, g, count);
}

static void relu(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] = values[i] < 0 ? 0 : values[i];
}

static void reluGradient(float *gradient, const float *activation, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) gradient[i] = activation[i] <= 0 ? 0 : gradient[i];
}

static double busy(ptrdiff_t count, float *sink) {
    vec sums[BUSY];
    vec x = all(sink[0]), y = all(sink[1]);
    UNROLL for (int i = 0; i < BUSY; i++) sums[i] = all((float)i);
    for (ptrdiff_t n = 0; n < count; n++)
        UNROLL for (int i = 0; i < BUSY; i++) sums[i] = fma_(sums[i], x, y);
    UNROLL for (int i = 1; i < BUSY; i++) sums[0] += sums[i];
    store(sink, sums[0]);
    return 2.0 * LANES * BUSY * (double)count;
}

const gdln_kernels KERNELS = {
    .name = KERNELS_NAME, .product = product, .turn = turn, .columnSums = columnSums,
    .rowSums = rowSums, .addToRows = addToRows, .softmaxGradient = softmaxGradient,
    .softmaxLosses = softmaxLosses, .forward = forward, .update = update, .gradient = gradient,
    .sgd = sgd, .adam = adam, .relu = relu, .reluGradient = reluGradient, .exp = exp_all,
    .log = log_all, .busy = busy,
};
