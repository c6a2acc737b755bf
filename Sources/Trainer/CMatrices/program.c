// Products of small matrices: a program of them is a whole gradient, run with one call.
#include "cmatrices.h"
#include "clones.h"
#include <string.h>

/// Rows of b stay in the cache: the inner loop runs along them.
CM_CLONES static void add_product(
    const cm_operation *o, double sign, const double *restrict a, const double *restrict b,
    double *restrict c
) {
    ptrdiff_t rows = o->rows, columns = o->columns, inner = o->inner;
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t k = 0; k < inner; k++) {
            double factor = sign * a[i * inner + k];
            for (ptrdiff_t j = 0; j < columns; j++)
                c[i * columns + j] = __builtin_fma(factor, b[k * columns + j], c[i * columns + j]);
        }
}

CM_CLONES static void add_product_left_turned(
    const cm_operation *o, const double *restrict a, const double *restrict b, double *restrict c
) {
    ptrdiff_t rows = o->rows, columns = o->columns, inner = o->inner;
    for (ptrdiff_t k = 0; k < inner; k++)
        for (ptrdiff_t i = 0; i < rows; i++) {
            double factor = a[k * rows + i];
            for (ptrdiff_t j = 0; j < columns; j++)
                c[i * columns + j] = __builtin_fma(factor, b[k * columns + j], c[i * columns + j]);
        }
}

/// Eight columns at a time, so that their chains run side by side.
CM_CLONES static void add_product_right_turned(
    const cm_operation *o, const double *restrict a, const double *restrict b, double *restrict c
) {
    enum { SIDE = 8 };
    ptrdiff_t rows = o->rows, columns = o->columns, inner = o->inner;
    for (ptrdiff_t start = 0; start < columns; start += SIDE) {
        ptrdiff_t width = columns - start < SIDE ? columns - start : SIDE;
        for (ptrdiff_t i = 0; i < rows; i++) {
            double sums[SIDE] = {0};
            double *out = c + i * columns + start;
            for (ptrdiff_t j = 0; j < width; j++) sums[j] = out[j];
            if (width == SIDE) {
                for (ptrdiff_t k = 0; k < inner; k++)
                    for (ptrdiff_t j = 0; j < SIDE; j++)
                        sums[j] = __builtin_fma(
                            a[i * inner + k], b[(start + j) * inner + k], sums[j]);
            } else {
                for (ptrdiff_t k = 0; k < inner; k++)
                    for (ptrdiff_t j = 0; j < width; j++)
                        sums[j] = __builtin_fma(
                            a[i * inner + k], b[(start + j) * inner + k], sums[j]);
            }
            for (ptrdiff_t j = 0; j < width; j++) out[j] = sums[j];
        }
    }
}

CM_CLONES void cm_add(size_t count, double a, const double *restrict x, double *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] = __builtin_fma(a, x[i], y[i]);
}

void cm_run(const cm_operation *operations, size_t count, double *numbers) {
    for (size_t index = 0; index < count; index++) {
        const cm_operation *o = operations + index;
        double *c = numbers + o->c;
        const double *a = numbers + o->a, *b = numbers + o->b;
        size_t size = (size_t)o->rows * (size_t)o->columns;
        switch (o->kind) {
        case CM_CLEAR: memset(c, 0, size * sizeof *c); break;
        case CM_COPY: memcpy(c, a, size * sizeof *c); break;
        case CM_ADD: cm_add(size, 1, a, c); break;
        case CM_ADD_PRODUCT: add_product(o, 1, a, b, c); break;
        case CM_SUBTRACT_PRODUCT: add_product(o, -1, a, b, c); break;
        case CM_ADD_PRODUCT_LEFT_TURNED: add_product_left_turned(o, a, b, c); break;
        case CM_ADD_PRODUCT_RIGHT_TURNED: add_product_right_turned(o, a, b, c); break;
        }
    }
}
