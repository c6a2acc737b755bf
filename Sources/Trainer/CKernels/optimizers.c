#include "include/ckernels.h"
#include "clones.h"

// Each optimizer's formula stands once, in a `_span` over a stretch of weights and their gradients;
// the entry points differ in where the gradients come from.

INLINE void sgd_span(gdln_sgd how, float *restrict w, float *restrict v, const float *restrict g,
                     ptrdiff_t count) {
    if (v) {
        for (ptrdiff_t i = 0; i < count; i++) {
            float d = g[i] + how.decay * w[i];
            float momentum = how.keep * v[i] + how.take * d;
            v[i] = momentum;
            w[i] -= how.rate * (how.direct * d + how.carried * momentum);
        }
    } else {
        for (ptrdiff_t i = 0; i < count; i++) w[i] -= how.rate * (g[i] + how.decay * w[i]);
    }
}

INLINE void adam_span(gdln_adam how, float *restrict w, float *restrict m, float *restrict s,
                      float *restrict largest, const float *restrict g, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float d = g[i] + how.decay * w[i];
        float mean = m[i] + (d - m[i]) * how.meanTake;
        float square = how.squareKeep * s[i] + how.squareTake * d * d;
        m[i] = mean;
        s[i] = square;
        if (largest) {
            // A NaN must take over, so that a diverged training does not look like a sound one.
            square = largest[i] >= square ? largest[i] : square;
            largest[i] = square;
        }
        float root = __builtin_elementwise_sqrt(square);
        w[i] -= how.rate * (mean / (root / how.rootDivisor + how.epsilon));
    }
}

CLONES void gdln_sgd_step(const gdln_sgd *how, float *w, float *v, const float *g,
                          ptrdiff_t count) {
    sgd_span(*how, w, v, g, count);
}

CLONES void gdln_adam_step(const gdln_adam *how, float *w, float *m, float *s, float *largest,
                           const float *g, ptrdiff_t count) {
    if (largest) adam_span(*how, w, m, s, largest, g, count);
    else adam_span(*how, w, m, s, 0, g, count);
}

// The gradient of a tile of ROWS x COLUMNS is made in registers and the first cache, sixteen
// columns at a time, each element by adding the examples in order: its value does not depend on the
// tile.
enum { ROWS = 4, COLUMNS = 64, WIDTH = 16 };
typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4)));

INLINE void tile_gradient(const gdln_outer *what, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                          ptrdiff_t columns, float tile[ROWS][COLUMNS]) {
    ptrdiff_t c = 0;
    const float *g = what->g + row * what->gradientStride;
    if (rows == ROWS)
        for (; c + WIDTH <= columns; c += WIDTH) {
            vector sums[ROWS] = {0};
            const float *x = what->x + column + c;
            for (ptrdiff_t b = 0; b < what->batch; b++) {
                vector inputs = *(const vector *)(x + b * what->columns);
                for (ptrdiff_t r = 0; r < ROWS; r++) {
                    vector slope = (vector){0} + g[r * what->gradientStride + b];
                    sums[r] = __builtin_elementwise_fma(slope, inputs, sums[r]);
                }
            }
            for (ptrdiff_t r = 0; r < ROWS; r++) *(vector *)(tile[r] + c) = sums[r];
        }
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t rest = c; rest < columns; rest++) {
            float sum = 0;
            for (ptrdiff_t b = 0; b < what->batch; b++)
                sum = __builtin_fmaf(g[r * what->gradientStride + b],
                                     what->x[b * what->columns + column + rest], sum);
            tile[r][rest] = sum;
        }
}

INLINE ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

CLONES void gdln_sgd_outer_step(const gdln_sgd *how, const gdln_outer *what, float *w, float *v) {
    float tile[ROWS][COLUMNS];
    for (ptrdiff_t row = 0; row < what->rows; row += ROWS)
        for (ptrdiff_t column = 0; column < what->columns; column += COLUMNS) {
            ptrdiff_t rows = smaller(ROWS, what->rows - row);
            ptrdiff_t columns = smaller(COLUMNS, what->columns - column);
            tile_gradient(what, row, rows, column, columns, tile);
            for (ptrdiff_t r = 0; r < rows; r++) {
                ptrdiff_t at = (row + r) * what->stride + column;
                sgd_span(*how, w + at, v ? v + at : 0, tile[r], columns);
            }
        }
}

CLONES void gdln_adam_outer_step(const gdln_adam *how, const gdln_outer *what, float *w, float *m,
                                 float *s, float *largest) {
    float tile[ROWS][COLUMNS];
    for (ptrdiff_t row = 0; row < what->rows; row += ROWS)
        for (ptrdiff_t column = 0; column < what->columns; column += COLUMNS) {
            ptrdiff_t rows = smaller(ROWS, what->rows - row);
            ptrdiff_t columns = smaller(COLUMNS, what->columns - column);
            tile_gradient(what, row, rows, column, columns, tile);
            for (ptrdiff_t r = 0; r < rows; r++) {
                ptrdiff_t at = (row + r) * what->stride + column;
                adam_span(*how, w + at, m + at, s + at, largest ? largest + at : 0, tile[r],
                          columns);
            }
        }
}
