// The kernels' one text, included once for each kind of processor after
//
//     LANES        floats in a vector: 4, 8 or 16
//     TILE         vectors side by side in a product's tile
//     TILE_ROWS    rows of that tile: 8 or 4, so that tile and operands fit the registers
//     FORWARD      vectors side by side in the first layer's tile of FORWARD_ROWS examples
//     SORTED       vectors side by side in its tile of four examples with sorted inputs
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

#include "kernels_products.h"
#include "kernels_softmax.h"
#include "kernels_first_layer.h"

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
            for (ptrdiff_t r = 0; r < rows; r++)
                store(to + r * PANEL, load(from + r * PANEL) + add);
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
