#include "include/ckernels.h"
#include "clones.h"
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

// What is done to matrices number by number: filled, summed by rows, gathered, scattered. Each
// number has one order of operations on every processor.

CLONES void gdln_fill_rows(float *out, const float *values, ptrdiff_t rows, ptrdiff_t columns,
                           ptrdiff_t stride) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        float value = values[r];
        float *row = out + r * stride;
        for (ptrdiff_t c = 0; c < columns; c++) row[c] = value;
    }
}

CLONES void gdln_row_sums(float *out, const float *values, ptrdiff_t rows, ptrdiff_t columns,
                          ptrdiff_t stride) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        const float *row = values + r * stride;
        float lanes[8] = {0};
        ptrdiff_t c = 0;
        for (; c + 8 <= columns; c += 8)
            for (ptrdiff_t k = 0; k < 8; k++) lanes[k] += row[c + k];
        for (ptrdiff_t k = 0; c + k < columns; k++) lanes[k] += row[c + k];
        out[r] = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
            + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }
}

CLONES void gdln_relu(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] = values[i] < 0 ? 0 : values[i];
}

CLONES void gdln_relu_gradient(float *gradient, const float *activation, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) gradient[i] = activation[i] <= 0 ? 0 : gradient[i];
}

CLONES void gdln_gather(float *out, const float *values, const int32_t *map, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) out[i] = values[map[i]];
}

CLONES void gdln_repeat_each(float *out, const float *values, ptrdiff_t count, ptrdiff_t repeats) {
    for (ptrdiff_t i = 0; i < count; i++)
        for (ptrdiff_t b = 0; b < repeats; b++) out[i * repeats + b] = values[i];
}

CLONES void gdln_repeat_all(int32_t *out, const int32_t *values, ptrdiff_t count,
                            ptrdiff_t repeats) {
    for (ptrdiff_t i = 0; i < repeats; i++)
        for (ptrdiff_t b = 0; b < count; b++) out[i * count + b] = values[b];
}

void gdln_gather_blocks(float *out, const float *in, ptrdiff_t rows, ptrdiff_t stride,
                        const int32_t *blocks, ptrdiff_t count, ptrdiff_t block) {
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t i = 0; i < count; i++)
            memcpy(out + (r * count + i) * block, in + r * stride + blocks[i] * block,
                   (size_t)block * sizeof(float));
}

CLONES void gdln_scatter_blocks(float *out, const float *in, ptrdiff_t rows, ptrdiff_t stride,
                                const int32_t *blocks, ptrdiff_t count, ptrdiff_t block) {
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t i = 0; i < count; i++) {
            float *to = out + r * stride + blocks[i] * block;
            const float *from = in + (r * count + i) * block;
            for (ptrdiff_t b = 0; b < block; b++) to[b] += from[b];
        }
}

void gdln_prefer_large_pages(void *start, size_t bytes) {
#ifdef __linux__
    madvise(start, bytes, MADV_HUGEPAGE);  // A wish: it is no harm where it is refused.
#else
    (void)start; (void)bytes;
#endif
}
