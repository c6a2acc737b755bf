#ifndef GDLN_CKERNELS_H
#define GDLN_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// The trainer's innermost loops, once for each kind of processor. What must hold for each of them:
//
//  * The bits of a result depend neither on the kind of processor nor on how work is cut up: every
//    element is made by the same operations in the same order. A product's element is one chain of
//    fused multiply-adds in ascending k; nothing else is fused; exp and log are made here of exact
//    operations; sums run in sixteen lanes wherever they run in lanes.
//  * NaN and infinities flow through; nothing traps.
//  * Nothing is allocated.
//
// Matrices lie in PANELS of sixteen columns: element (r, c) stands at
//
//     base + (c / 16) * panel + r * 16 + c % 16          panel: floats from a panel to the next
//
// so that a vector of columns lies side by side and a product reads panels from end to end,
// whatever its shape: nothing is packed. Bases are aligned to 64 bytes. Columns are counted in
// whole panels: what stands in the last one beyond the matrix is computed too, and read by nobody.

/// What a product's chains begin with.
enum gdln_start {
    GDLN_ZERO,
    /// What stands in `out`.
    GDLN_OLD,
    /// start[column]
    GDLN_COLUMN,
    /// start[row]
    GDLN_ROW,
};

/// out (m, n) = start + a (m, k) b (k, n), each element one chain over k.
typedef struct {
    ptrdiff_t m, k;
    /// n / 16.
    ptrdiff_t panels;
    const float *a;
    ptrdiff_t aPanel;
    /// Not 0: `a` is the transpose of what is stored, and begins on a panel.
    ptrdiff_t aTurned;
    const float *b;
    ptrdiff_t bPanel;
    float *out;
    ptrdiff_t outPanel;
    ptrdiff_t begin;
    const float *_Nullable start;
} gdln_product;

/// d = g + decay * w;  v = keep * v + take * d;  w -= rate * (direct * d + carried * v).
typedef struct {
    float rate, decay, keep, take, direct, carried;
} gdln_sgd;

/// d = g + decay * w;  m += (d - m) * meanTake;  s = squareKeep * s + squareTake * d * d;
/// w -= rate * m / (sqrt(s or its largest so far) / rootDivisor + epsilon).
typedef struct {
    float rate, decay, meanTake, squareKeep, squareTake, rootDivisor, epsilon;
} gdln_adam;

/// A few examples through the first layer, of which most inputs may be zero:
///
///     out[e] = sum over the inputs listed of  value of e * w[input]
///
/// where w is weightPart * weights, or fmaf(velocityPart, velocity, weightPart * weights), and each
/// sum is a chain in the list's order. Panels are one after the other at weightPanel and outPanel.
typedef struct {
    const int32_t *inputs;
    /// The values of an input side by side, input after input.
    const float *values;
    /// Null: `count` inputs for all of eight examples. Otherwise four examples, and the inputs
    /// ends[who - 1] ..< ends[who] are for just the examples that `who` has a bit for, 1 to 15,
    /// with as many values each; ends[0] is 0.
    const int32_t *_Nullable ends;
    ptrdiff_t count;
    const float *weights;
    const float *_Nullable velocity;
    ptrdiff_t weightPanel;
    float weightPart, velocityPart;
    ptrdiff_t panels;
    float *out;
    ptrdiff_t outPanel;
    /// How many examples there are.
    ptrdiff_t rows;
} gdln_forward;

/// One input of one example that is not zero: the example's row of slopes, and the input times what
/// a gradient comes to count for in the weight and in the velocity.
typedef struct {
    int32_t row;
    float forWeight, forVelocity;
} gdln_entry;

/// The first layer's weights after a block of steps (or the plain gradient, see `gradient`):
///
///     weights[j]  = weightKept   * weights[j] + velocityLent * velocity[j]
///                 + sum of forWeight * slopes[row]
///     velocity[j] = weightLent   * weights[j] + velocityKept * velocity[j]
///                 + sum of forVelocity * slopes[row]
///
/// with the sums over entries[starts[j] ..< starts[j + 1]], each a chain that begins with the rest.
typedef struct {
    ptrdiff_t features;
    const int32_t *starts;
    const gdln_entry *entries;
    const float *slopes;
    ptrdiff_t slopePanel;
    float *weights;
    float *_Nullable velocity;
    ptrdiff_t weightPanel;
    ptrdiff_t panels;
    float weightKept, velocityLent, weightLent, velocityKept;
} gdln_update;

typedef struct {
    const char *name;
    void (*product)(const gdln_product *);
    /// out (columns, rows) = the transpose of `in`; both counted in whole panels of sixteen.
    void (*turn)(float *out, ptrdiff_t outPanel, const float *in, ptrdiff_t inPanel,
                 ptrdiff_t rowPanels, ptrdiff_t columnPanels);
    /// out[c] = sum over rows of in[r][c], in ascending order.
    void (*columnSums)(float *out, const float *in, ptrdiff_t inPanel, ptrdiff_t rows,
                       ptrdiff_t panels);
    /// out[r] = sum over columns of in[r][c], in sixteen lanes.
    void (*rowSums)(float *out, const float *in, ptrdiff_t inPanel, ptrdiff_t rows,
                    ptrdiff_t panels);
    /// out[r][c] = in[r][c] + bias[c].
    void (*addToRows)(float *out, ptrdiff_t outPanel, const float *in, ptrdiff_t inPanel,
                      const float *bias, ptrdiff_t rows, ptrdiff_t panels);
    /// Sixteen columns of logits (classes, 16), replaced by the gradient of share[i] *
    /// crossEntropy(column i, labels[i]): exactly zero where share[i] is zero. Adds to losses[i]
    /// the cross-entropy where share[i] is not zero.
    void (*softmaxGradient)(float *logits, ptrdiff_t classes, const int32_t *labels,
                            const float *share, double *losses);
    /// Adds to losses[i] the cross-entropy of column i, and to hits[i] 1 where the first of the
    /// largest logits is the label's, for columns below `count`.
    void (*softmaxLosses)(const float *logits, ptrdiff_t classes, const int32_t *labels,
                          ptrdiff_t count, double *losses, int32_t *hits);
    void (*forward)(const gdln_forward *);
    void (*update)(const gdln_update *);
    /// The sums of forWeight * slopes[row] of inputs first ..< last of the first panel alone,
    /// (last - first, 16).
    void (*gradient)(const gdln_update *, ptrdiff_t first, ptrdiff_t last, float *out);
    /// One step of plain gradient descent where `v` is null, else of momentum.
    void (*sgd)(const gdln_sgd *, float *w, float *_Nullable v, const float *g, ptrdiff_t count);
    /// One step of Adam, of amsgrad where `largest` is not null.
    void (*adam)(const gdln_adam *, float *w, float *m, float *s, float *_Nullable largest,
                 const float *g, ptrdiff_t count);
    /// values[i] = values[i] < 0 ? 0 : values[i]: a NaN stays one.
    void (*relu)(float *values, ptrdiff_t count);
    /// gradient[i] = 0 where activation[i] <= 0, else as it was.
    void (*reluGradient)(float *gradient, const float *activation, ptrdiff_t count);
    /// values[i] = exp(values[i]), for values of at most 0; below -87.3 the result is 0.
    void (*exp)(float *values, ptrdiff_t count);
    /// values[i] = log(values[i]), for normal positive values.
    void (*log)(float *values, ptrdiff_t count);
    /// A chain of `count` dependent-free multiply-adds on as many registers as a product uses;
    /// returns how many floating-point operations that was. For measuring a processor's peak.
    double (*busy)(ptrdiff_t count, float *sink);
} gdln_kernels;

/// By name: "portable", "avx2", "avx512", "neon"; null where this processor or this build lacks it.
const gdln_kernels *_Nullable gdln_kernels_named(const char *name);
/// The fastest that this processor has.
const gdln_kernels *gdln_kernels_best(void);
/// All names that a build may know, fastest first; null after the last.
const char *_Nullable gdln_kernels_name(ptrdiff_t index);

// Inputs and copies (inputs.c). Inputs of examples are (features, examples) in panels.

/// The inputs that are not zero in all of `rows` examples from `first` on, at most eight, in
/// ascending order: which they are, and their values, eight an input. Returns how many.
ptrdiff_t gdln_list_inputs(const float *x, ptrdiff_t panel, ptrdiff_t features, ptrdiff_t first,
                           ptrdiff_t rows, int32_t *inputs, float *values);
/// The same of at most four examples, sorted by who has them, then ascending, with no value that is
/// zero: what `gdln_forward` takes with `ends`, of which sixteen are written.
void gdln_sort_inputs(const float *x, ptrdiff_t panel, ptrdiff_t features, ptrdiff_t first,
                      ptrdiff_t rows, int32_t *inputs, float *values, int32_t *ends);
/// All inputs that are not zero, by input: those of input j are entries[starts[j] ..< starts[j +
/// 1]], in the order of examples. Example e is of step e / batch, whose factors the values are
/// taken by.
void gdln_list_entries(const float *x, ptrdiff_t panel, ptrdiff_t features, ptrdiff_t examples,
                       ptrdiff_t batch, const float *forWeight, const float *forVelocity,
                       int32_t *starts, gdln_entry *entries);
/// Example e's inputs: number j is values[map[j]], or values[j] where there is no map.
void gdln_spread_example(float *x, ptrdiff_t panel, ptrdiff_t e, const float *values,
                         const int32_t *_Nullable map, ptrdiff_t features);
/// out (step * batch, batch) = counted[earlier example's step] * gram[earlier example][this one].
void gdln_list_corrections(float *out, ptrdiff_t outPanel, const float *gram, ptrdiff_t gramPanel,
                           ptrdiff_t step, ptrdiff_t batch, const float *counted);
void gdln_copy_rows(float *out, ptrdiff_t outPanel, const float *in, ptrdiff_t inPanel,
                    ptrdiff_t rows, ptrdiff_t panels);
void gdln_clear_rows(float *out, ptrdiff_t outPanel, ptrdiff_t rows, ptrdiff_t panels);

// A crew of threads (crew.c).

typedef struct gdln_crew gdln_crew;
/// Starts threads - 1 threads: whoever calls `gdln_crew_run` is the other one. Null where the
/// system gives no more threads.
gdln_crew *_Nullable gdln_crew_make(ptrdiff_t threads);
void gdln_crew_free(gdln_crew *);
/// Calls work(context, item, thread) for every item below `items`, each once, and returns when all
/// are done. Every thread begins with neighbouring items, the same part of them in every round.
/// The crew's own threads compute in the default floating-point environment; the caller's is the
/// caller's matter.
void gdln_crew_run(gdln_crew *, ptrdiff_t items,
                   void (*work)(void *context, ptrdiff_t item, ptrdiff_t thread), void *context);

/// Asks the system for large pages under these bytes, where it knows such a thing.
void gdln_prefer_large_pages(void *start, size_t bytes);

#pragma clang assume_nonnull end

#endif
