// Part of kernels.h: the first layer, which leaves out inputs that are zero.

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
        UNROLL for (int j = 0; j < PARTS; j++)
            store(out + (d - first) * PANEL + j * LANES, sums[j]);
    }
}
