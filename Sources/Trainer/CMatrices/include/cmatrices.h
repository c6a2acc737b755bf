#ifndef GDLN_CMATRICES_H
#define GDLN_CMATRICES_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Small dense matrices of doubles, rows first, for networks that are trained on correlations. What
// must hold for all of it: the bits of a result do not depend on the kind of processor. An element
// of a product is one chain of fused multiply-adds in ascending order; sums of a vector run in
// eight lanes, added pairwise; nothing else is fused; the square root is the only function called.
// NaN and infinities flow through, nothing traps, nothing is allocated.

enum cm_kind {
    /// c = 0
    CM_CLEAR,
    /// c = a
    CM_COPY,
    /// c += a
    CM_ADD,
    /// c (rows, columns) += a (rows, inner) b (inner, columns)
    CM_ADD_PRODUCT,
    /// c (rows, columns) -= a (rows, inner) b (inner, columns)
    CM_SUBTRACT_PRODUCT,
    /// c (rows, columns) += a (inner, rows)^T b (inner, columns)
    CM_ADD_PRODUCT_LEFT_TURNED,
    /// c (rows, columns) += a (rows, inner) b (columns, inner)^T
    CM_ADD_PRODUCT_RIGHT_TURNED,
};

/// One step of a program. `c`, `a` and `b` count numbers from the start of the one array that all
/// matrices of a program lie in; they are whole matrices without gaps. c is neither a nor b.
typedef struct {
    int32_t kind, rows, columns, inner;
    ptrdiff_t c, a, b;
} cm_operation;

/// Runs `count` operations, in order, on the matrices in `numbers`.
void cm_run(const cm_operation *operations, size_t count, double *numbers);

/// y += a x
void cm_add(size_t count, double a, const double *x, double *y);

/// The scalar product.
double cm_dot(size_t count, const double *x, const double *y);

/// One sweep of one-sided Jacobi: turns every pair of the `count` rows of `a` (length `length`
/// each) in their plane until they are orthogonal, and the rows of `v` (length `count`) with them.
/// Returns how many pairs were further from orthogonal than `tolerance`, and were turned.
size_t cm_jacobi_sweep(
    double *a, size_t count, size_t length, double *_Nullable v, double tolerance);

#pragma clang assume_nonnull end

#endif
