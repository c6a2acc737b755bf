#ifndef GDLN_CKERNELS_H
#define GDLN_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// The trainer's loops that the compiler vectorises better from C. What must hold for each of them:
//
//  * The bits of a result do not depend on the processor: every element is made by the same
//    operations in the same order, sums run in lanes that are written out, products and sums are
//    fused only where `fma` is written, and exp and log are made here of exact operations.
//  * NaN and infinities flow through; nothing traps.
//  * Nothing is allocated.
//
// Each has a twin in Swift (KernelTwins.swift), by the definition, that tests compare it with.

// Elementary functions (elementary.h), here for tests.

/// values[i] = exp(values[i]), for values of at most 0; below -87.3 the result is 0.
void gdln_exp(float *values, ptrdiff_t count);
/// values[i] = log(values[i]), for normal positive values.
void gdln_log(float *values, ptrdiff_t count);

// Softmax (softmax.c). Logits of one decoder are (classes, columns).

/// Replaces the logits by the gradient of scale[i] * crossEntropy(column i, labels[i]), exactly
/// zero where scale[i] is zero. Returns the sum of the cross-entropies where scale[i] is not zero.
double gdln_softmax_gradient(float *logits, ptrdiff_t classes, ptrdiff_t columns,
                             const int32_t *labels, const float *scale);
/// losses[i] = crossEntropy(column i, labels[i]); correct[i] = 1 where the first of the largest
/// logits is the label's, else 0.
void gdln_softmax_losses(const float *logits, ptrdiff_t classes, ptrdiff_t columns,
                         const int32_t *labels, float *losses, int32_t *correct);

// Products (products.c).

/// out (rows, columns) += a (rows, depth) times the transpose of b (columns, depth), for few
/// columns.
void gdln_add_narrow_product(const float *a, ptrdiff_t rows, ptrdiff_t aStride, const float *b,
                             ptrdiff_t columns, ptrdiff_t bStride, ptrdiff_t depth, float *out,
                             ptrdiff_t outStride);

// Rows and columns (elementwise.c).

/// out[r][c] = values[r], for c < columns; rows of `out` are `stride` apart.
void gdln_fill_rows(float *out, const float *values, ptrdiff_t rows, ptrdiff_t columns,
                    ptrdiff_t stride);
/// out[r] = sum over c < columns of values[r][c], in eight lanes.
void gdln_row_sums(float *out, const float *values, ptrdiff_t rows, ptrdiff_t columns,
                   ptrdiff_t stride);
/// values[i] = values[i] < 0 ? 0 : values[i]: a NaN stays one.
void gdln_relu(float *values, ptrdiff_t count);
/// gradient[i] = 0 where activation[i] <= 0, else as it was.
void gdln_relu_gradient(float *gradient, const float *activation, ptrdiff_t count);
/// out[i] = values[map[i]].
void gdln_gather(float *out, const float *values, const int32_t *map, ptrdiff_t count);
/// Each of `count` values `repeats` times: out[i * repeats + b] = values[i].
void gdln_repeat_each(float *out, const float *values, ptrdiff_t count, ptrdiff_t repeats);
/// All values, `repeats` times: out[i * count + b] = values[b].
void gdln_repeat_all(int32_t *out, const int32_t *values, ptrdiff_t count, ptrdiff_t repeats);
/// Blocks of `block` columns: out[r][i] = in[r][blocks[i]], for `count` blocks a row.
void gdln_gather_blocks(float *out, const float *in, ptrdiff_t rows, ptrdiff_t stride,
                        const int32_t *blocks, ptrdiff_t count, ptrdiff_t block);
/// The way back: out[r][blocks[i]] += in[r][i]. The blocks must differ.
void gdln_scatter_blocks(float *out, const float *in, ptrdiff_t rows, ptrdiff_t stride,
                         const int32_t *blocks, ptrdiff_t count, ptrdiff_t block);

// Optimizers (optimizers.c), as PyTorch defines them.

/// d = g + decay * w;  v = keep * v + take * d;  w -= rate * (direct * d + carried * v).
typedef struct {
    float rate, decay, keep, take, direct, carried;
} gdln_sgd;

/// d = g + decay * w;  m += (d - m) * meanTake;  s = squareKeep * s + squareTake * d * d;
/// w -= rate * m / (sqrt(s or its largest so far) / rootDivisor + epsilon).
typedef struct {
    float rate, decay, meanTake, squareKeep, squareTake, rootDivisor, epsilon;
} gdln_adam;

/// One step of plain gradient descent where `v` is null, else of momentum.
void gdln_sgd_step(const gdln_sgd *how, float *w, float *v, const float *g, ptrdiff_t count);
/// One step of Adam, of amsgrad where `largest` is not null.
void gdln_adam_step(const gdln_adam *how, float *w, float *m, float *s, float *largest,
                    const float *g, ptrdiff_t count);

/// A matrix whose gradient is a product of few rows, and that product: row r of the matrix begins
/// at r * stride, and its gradient is sum over b < batch of g[r * gradientStride + b] * x[b].
typedef struct {
    ptrdiff_t rows, columns, stride;
    /// (rows, batch), rows `gradientStride` apart.
    const float *g;
    ptrdiff_t gradientStride, batch;
    /// (batch, columns).
    const float *x;
} gdln_outer;

/// The same steps, with the gradient made on the way: weights and state pass through memory once.
void gdln_sgd_outer_step(const gdln_sgd *how, const gdln_outer *what, float *w, float *v);
void gdln_adam_outer_step(const gdln_adam *how, const gdln_outer *what, float *w, float *m,
                          float *s, float *largest);

/// Asks the system for large pages under these bytes, where it knows such a thing.
void gdln_prefer_large_pages(void *start, size_t bytes);

#endif
