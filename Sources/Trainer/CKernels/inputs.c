#include "include/ckernels.h"
#include <string.h>

// What does not depend on the processor: inputs sorted for the first layer, and copies. Inputs of
// examples are (features, examples) in panels: example e's number j stands at
// (e / 16) * panel + j * 16 + e % 16.

static float input(const float *x, ptrdiff_t panel, ptrdiff_t e, ptrdiff_t j) {
    return x[e / 16 * panel + j * 16 + e % 16];
}

ptrdiff_t gdln_list_inputs(const float *x, ptrdiff_t panel, ptrdiff_t features, ptrdiff_t first,
                           ptrdiff_t rows, int32_t *inputs, float *values) {
    ptrdiff_t count = 0;
    for (ptrdiff_t j = 0; j < features; j++) {
        float some[8] = {0};
        int any = 0;
        for (ptrdiff_t i = 0; i < rows; i++) {
            some[i] = input(x, panel, first + i, j);
            any |= some[i] != 0;
        }
        if (!any) continue;
        inputs[count] = (int32_t)j;
        memcpy(values + count * 8, some, sizeof some);
        count++;
    }
    return count;
}

/// Which of the examples have input j, a bit each.
static unsigned who_has(const float *x, ptrdiff_t panel, ptrdiff_t first, ptrdiff_t rows,
                        ptrdiff_t j) {
    unsigned who = 0;
    for (ptrdiff_t i = 0; i < rows; i++)
        who |= (unsigned)(input(x, panel, first + i, j) != 0) << i;
    return who;
}

void gdln_sort_inputs(const float *x, ptrdiff_t panel, ptrdiff_t features, ptrdiff_t first,
                      ptrdiff_t rows, int32_t *inputs, float *values, int32_t *ends) {
    // Counted, then placed: ends[who] begins as the place of the first, and moves to the last.
    int32_t counts[16] = {0}, value[16] = {0};
    for (ptrdiff_t j = 0; j < features; j++) counts[who_has(x, panel, first, rows, j)]++;
    ends[0] = 0;
    for (int who = 1, place = 0, at = 0; who < 16; who++) {
        ends[who] = place;
        value[who] = at;
        place += counts[who];
        at += counts[who] * __builtin_popcount((unsigned)who);
    }
    for (ptrdiff_t j = 0; j < features; j++) {
        unsigned who = who_has(x, panel, first, rows, j);
        if (!who) continue;
        inputs[ends[who]++] = (int32_t)j;
        for (ptrdiff_t i = 0; i < rows; i++)
            if (who >> i & 1) values[value[who]++] = input(x, panel, first + i, j);
    }
}

void gdln_list_entries(const float *x, ptrdiff_t panel, ptrdiff_t features, ptrdiff_t examples,
                       ptrdiff_t batch, const float *forWeight, const float *forVelocity,
                       int32_t *starts, gdln_entry *entries) {
    int32_t count = 0;
    for (ptrdiff_t j = 0; j < features; j++) {
        starts[j] = count;
        for (ptrdiff_t e = 0; e < examples; e++) {
            float value = input(x, panel, e, j);
            if (value != 0)
                entries[count++] = (gdln_entry){(int32_t)e, forWeight[e / batch] * value,
                                                forVelocity[e / batch] * value};
        }
    }
    starts[features] = count;
}

void gdln_spread_example(float *x, ptrdiff_t panel, ptrdiff_t e, const float *values,
                         const int32_t *map, ptrdiff_t features) {
    float *column = x + e / 16 * panel + e % 16;
    for (ptrdiff_t j = 0; j < features; j++) column[j * 16] = map ? values[map[j]] : values[j];
}

void gdln_list_corrections(float *out, ptrdiff_t outPanel, const float *gram, ptrdiff_t gramPanel,
                           ptrdiff_t step, ptrdiff_t batch, const float *counted) {
    for (ptrdiff_t b = 0; b < batch; b++) {
        ptrdiff_t e = step * batch + b;
        const float *from = gram + e / 16 * gramPanel + e % 16;
        float *to = out + b / 16 * outPanel + b % 16;
        for (ptrdiff_t k = 0; k < step * batch; k++) to[k * 16] = counted[k / batch] * from[k * 16];
    }
}

void gdln_copy_rows(float *out, ptrdiff_t outPanel, const float *in, ptrdiff_t inPanel,
                    ptrdiff_t rows, ptrdiff_t panels) {
    for (ptrdiff_t p = 0; p < panels; p++)
        memcpy(out + p * outPanel, in + p * inPanel, (size_t)rows * 16 * sizeof(float));
}

void gdln_clear_rows(float *out, ptrdiff_t outPanel, ptrdiff_t rows, ptrdiff_t panels) {
    for (ptrdiff_t p = 0; p < panels; p++)
        memset(out + p * outPanel, 0, (size_t)rows * 16 * sizeof(float));
}
