#include "include/ckernels.h"
#include "elementary.h"

// Columns side by side are independent and classes are few, so the loops over columns are the inner
// ones: they vectorise across pathways and examples. A block of columns stays in the first cache
// for all its passes. BLOCK is a multiple of LANES, so that a column's lane does not depend on its
// block.
enum { BLOCK = 64, LANES = 8 };

INLINE ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

/// top[i]: the largest logit of column i. picked[i]: the logit of its label.
INLINE void reduce(const float *logits, ptrdiff_t classes, ptrdiff_t stride, ptrdiff_t n,
                   const int32_t *labels, float *top, float *picked) {
    for (ptrdiff_t i = 0; i < n; i++) { top[i] = logits[i]; picked[i] = logits[i]; }
    for (ptrdiff_t c = 1; c < classes; c++) {
        const float *row = logits + c * stride;
        for (ptrdiff_t i = 0; i < n; i++) {
            top[i] = row[i] > top[i] ? row[i] : top[i];
            picked[i] = labels[i] == (int32_t)c ? row[i] : picked[i];
        }
    }
}

CLONES double gdln_softmax_gradient(float *logits, ptrdiff_t classes, ptrdiff_t columns,
                                    const int32_t *labels, const float *scale) {
    double lanes[LANES] = {0};
    for (ptrdiff_t start = 0; start < columns; start += BLOCK) {
        ptrdiff_t n = smaller(BLOCK, columns - start);
        float *block = logits + start;
        const int32_t *label = labels + start;
        const float *weight = scale + start;
        float top[BLOCK], picked[BLOCK], sum[BLOCK] = {0}, loss[BLOCK] = {0};
        reduce(block, classes, columns, n, label, top, picked);
        for (ptrdiff_t c = 0; c < classes; c++) {
            float *row = block + c * columns;
            for (ptrdiff_t i = 0; i < n; i++) {
                float e = exp_nonpositive(row[i] - top[i]);
                row[i] = e;
                sum[i] += e;
            }
        }
        for (ptrdiff_t i = 0; i < n; i++) {
            float own = log_positive(sum[i]) - (picked[i] - top[i]);
            loss[i] = weight[i] != 0 ? own : 0;
            sum[i] = weight[i] / sum[i];
        }
        for (ptrdiff_t c = 0; c < classes; c++) {
            float *row = block + c * columns;
            for (ptrdiff_t i = 0; i < n; i++) {
                float hot = label[i] == (int32_t)c ? weight[i] : 0;
                float g = row[i] * sum[i] - hot;
                row[i] = weight[i] != 0 ? g : 0;
            }
        }
        for (ptrdiff_t i = 0; i < BLOCK; i += LANES)
            for (ptrdiff_t k = 0; k < LANES; k++) lanes[k] += loss[i + k];
    }
    double total = 0;
    for (ptrdiff_t k = 0; k < LANES; k++) total += lanes[k];
    return total;
}

CLONES void gdln_softmax_losses(const float *logits, ptrdiff_t classes, ptrdiff_t columns,
                                const int32_t *labels, float *losses, int32_t *correct) {
    for (ptrdiff_t start = 0; start < columns; start += BLOCK) {
        ptrdiff_t n = smaller(BLOCK, columns - start);
        const float *block = logits + start;
        const int32_t *label = labels + start;
        float top[BLOCK], picked[BLOCK], sum[BLOCK] = {0};
        int32_t first[BLOCK];
        reduce(block, classes, columns, n, label, top, picked);
        for (ptrdiff_t i = 0; i < n; i++) first[i] = 0;
        for (ptrdiff_t c = classes - 1; c >= 0; c--) {
            const float *row = block + c * columns;
            for (ptrdiff_t i = 0; i < n; i++) first[i] = row[i] == top[i] ? (int32_t)c : first[i];
        }
        for (ptrdiff_t c = 0; c < classes; c++) {
            const float *row = block + c * columns;
            for (ptrdiff_t i = 0; i < n; i++) sum[i] += exp_nonpositive(row[i] - top[i]);
        }
        for (ptrdiff_t i = 0; i < n; i++) {
            losses[start + i] = log_positive(sum[i]) - (picked[i] - top[i]);
            correct[start + i] = first[i] == label[i];
        }
    }
}

CLONES void gdln_exp(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] = exp_nonpositive(values[i]);
}

CLONES void gdln_log(float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) values[i] = log_positive(values[i]);
}
