#include "include/ckernels.h"
#include "clones.h"

// A product with few columns reads a large matrix once: packing it first, as a BLAS does, costs
// more than the arithmetic. Each element sums sixteen lanes, lane l taking every sixteenth k from l
// on, and the lanes by halves: its value does not depend on how rows and columns are tiled.
enum { WIDTH = 16, ROWS = 4, COLUMNS = 2 };
typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4)));
typedef float vector8 __attribute__((vector_size(32)));
typedef float vector4 __attribute__((vector_size(16)));

INLINE float lane_sum(const float *lanes) {
    vector v = *(const vector *)lanes;
    vector8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
        + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    vector4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3)
        + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

INLINE void tile(const float *a, ptrdiff_t aStride, ptrdiff_t rows, const float *b,
                 ptrdiff_t bStride, ptrdiff_t columns, ptrdiff_t depth, float *out,
                 ptrdiff_t outStride) {
    vector sums[ROWS][COLUMNS] = {0};
    ptrdiff_t k = 0;
    for (; k + WIDTH <= depth; k += WIDTH)
        for (ptrdiff_t r = 0; r < rows; r++)
            for (ptrdiff_t c = 0; c < columns; c++)
                sums[r][c] = __builtin_elementwise_fma(*(const vector *)(a + r * aStride + k),
                                                       *(const vector *)(b + c * bStride + k),
                                                       sums[r][c]);
    for (ptrdiff_t lane = 0; k + lane < depth; lane++)
        for (ptrdiff_t r = 0; r < rows; r++)
            for (ptrdiff_t c = 0; c < columns; c++)
                sums[r][c][lane] = __builtin_fmaf(a[r * aStride + k + lane],
                                                  b[c * bStride + k + lane], sums[r][c][lane]);
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t c = 0; c < columns; c++) {
            out[r * outStride + c] += lane_sum((const float *)&sums[r][c]);
        }
}

CLONES void gdln_add_narrow_product(const float *a, ptrdiff_t rows, ptrdiff_t aStride,
                                    const float *b, ptrdiff_t columns, ptrdiff_t bStride,
                                    ptrdiff_t depth, float *out, ptrdiff_t outStride) {
    ptrdiff_t r = 0;
    for (; r + ROWS <= rows; r += ROWS) {
        const float *at = a + r * aStride;
        ptrdiff_t c = 0;
        for (; c + COLUMNS <= columns; c += COLUMNS)
            tile(at, aStride, ROWS, b + c * bStride, bStride, COLUMNS, depth,
                 out + r * outStride + c, outStride);
        for (; c < columns; c++)
            tile(at, aStride, ROWS, b + c * bStride, bStride, 1, depth, out + r * outStride + c,
                 outStride);
    }
    for (; r < rows; r++)
        for (ptrdiff_t c = 0; c < columns; c++)
            tile(a + r * aStride, aStride, 1, b + c * bStride, bStride, 1, depth,
                 out + r * outStride + c, outStride);
}
