// Part of kernels.h: exp and log of our own (a libm's differ between hosts in the last bit), and
// softmax. Straight-line code on whole vectors.

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
