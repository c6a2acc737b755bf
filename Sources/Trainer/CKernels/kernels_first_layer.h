// Part of kernels.h: the first layer, which leaves out inputs that are zero.

enum mixture { WEIGHTS, SCALED_WEIGHTS, WEIGHTS_AND_VELOCITY };

typedef struct { const float *weights[4], *velocity[4]; } forward_columns;

INLINE forward_columns columns_of(const gdln_forward *f, const int width, ptrdiff_t v) {
    forward_columns columns;
    UNROLL for (int j = 0; j < width; j++) {
        ptrdiff_t at = vector_at(v + j, f->weightPanel);
        columns.weights[j] = f->weights + at;
        columns.velocity[j] = f->velocity ? f->velocity + at : f->weights + at;
    }
    return columns;
}

/// `width` vectors of w for one input.
INLINE void mix(const gdln_forward *f, const forward_columns *columns, const int width,
                ptrdiff_t input, const enum mixture mixture, vec *w) {
    ptrdiff_t at = input * PANEL;
    UNROLL for (int j = 0; j < width; j++) {
        w[j] = load(columns->weights[j] + at);
        if (mixture != WEIGHTS) w[j] = all(f->weightPart) * w[j];
        if (mixture == WEIGHTS_AND_VELOCITY)
            w[j] = fma_(all(f->velocityPart), load(columns->velocity[j] + at), w[j]);
    }
}

INLINE void store_rows(const gdln_forward *f, const int rows, const int width, ptrdiff_t example,
                       ptrdiff_t v, vec sums[8][4]) {
    UNROLL for (int i = 0; i < rows; i++) {
        if (example + i < f->rows) {
            UNROLL for (int j = 0; j < width; j++)
                store(f->out + vector_at(v + j, f->outPanel) + (example + i) * PANEL, sums[i][j]);
        }
    }
}

/// `rows` of eight examples from `example` on, `width` vectors from v on.
INLINE void forward_tile(const gdln_forward *f, const int rows, const int width, ptrdiff_t example,
                         ptrdiff_t v, const enum mixture mixture) {
    vec sums[8][4];
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < width; j++)
        sums[i][j] = (vec){0};
    const forward_columns columns = columns_of(f, width, v);
    const float *x = f->values + example;
    for (ptrdiff_t n = 0; n < f->count; n++, x += 8) {
        vec w[4];
        mix(f, &columns, width, f->inputs[n], mixture, w);
        UNROLL for (int i = 0; i < rows; i++) {
            vec left = all(x[i]);
            UNROLL for (int j = 0; j < width; j++) sums[i][j] = fma_(left, w[j], sums[i][j]);
        }
    }
    store_rows(f, rows, width, example, v, sums);
}

/// Adds the inputs that just the examples in `who` have, a bit an example. Returns where the next
/// values begin.
INLINE const float *add_class(const gdln_forward *f, const int who, const int width,
                              const forward_columns *columns, const enum mixture mixture,
                              const float *x, vec sums[8][4]) {
    for (ptrdiff_t n = f->ends[who - 1]; n < f->ends[who]; n++) {
        vec w[4];
        mix(f, columns, width, f->inputs[n], mixture, w);
        UNROLL for (int i = 0; i < 4; i++) {
            if (!(who >> i & 1)) continue;
            vec left = all(*x++);
            UNROLL for (int j = 0; j < width; j++) sums[i][j] = fma_(left, w[j], sums[i][j]);
        }
    }
    return x;
}

/// Four examples, `width` vectors from v on.
INLINE void sorted_tile(const gdln_forward *f, const int width, ptrdiff_t v,
                        const enum mixture mixture) {
    vec sums[8][4];
    UNROLL for (int i = 0; i < 4; i++) UNROLL for (int j = 0; j < width; j++)
        sums[i][j] = (vec){0};
    const forward_columns columns = columns_of(f, width, v);
    const float *x = f->values;
#define CLASS(WHO) x = add_class(f, WHO, width, &columns, mixture, x, sums);
    CLASS(1) CLASS(2) CLASS(3) CLASS(4) CLASS(5) CLASS(6) CLASS(7) CLASS(8)
    CLASS(9) CLASS(10) CLASS(11) CLASS(12) CLASS(13) CLASS(14) CLASS(15)
#undef CLASS
    store_rows(f, 4, width, 0, v, sums);
}

INLINE void forward_all(const gdln_forward *f, const enum mixture mixture) {
    const ptrdiff_t vectors = f->panels * PARTS;
    ptrdiff_t v = 0;
    if (f->ends) {
        for (; v + SORTED <= vectors; v += SORTED) sorted_tile(f, SORTED, v, mixture);
        for (; v < vectors; v++) sorted_tile(f, 1, v, mixture);
        return;
    }
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
        UNROLL for (int j = 0; j < PARTS; j++)
            store(out + (d - first) * PANEL + j * LANES, sums[j]);
    }
}
