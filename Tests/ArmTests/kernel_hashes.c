// Runs every kernel over odd sizes on numbers of a fixed generator and prints a hash of the bits
// that each returns: `kernel-hashes NAME` for the kernels of that name. All kinds of kernels, on
// every processor, must print the same lines. Built by deploy/check-arm64, not by SwiftPM.
//
// Every kernel runs twice: on numbers of about 1, and on numbers of about 1e-20, whose products are
// subnormal. Before each run the environment flushes subnormal numbers to zero until
// `gdln_set_default_float_environment` ends that.
#include "../../Sources/Shared/CFloats/include/cfloats.h"
#include "../../Sources/Trainer/CKernels/include/ckernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ptrdiff_t sizes[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 130, 260};
enum { SIZES = sizeof sizes / sizeof *sizes };

static uint64_t state;

/// What `number` multiplies its numbers by.
static float scale;

/// SplitMix64: a number from -scale to scale, of which one in four is zero.
static float number(void) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (z & 3) == 0 ? 0 : scale * (float)((double)(z >> 11) * 0x1p-52 - 1);
}

static float *numbers(ptrdiff_t count) {
    size_t bytes = ((size_t)count * sizeof(float) + 63) / 64 * 64;
    float *values = aligned_alloc(64, bytes);
    if (!values) exit(2);
    for (ptrdiff_t i = 0; i < count; i++) values[i] = number();
    return values;
}

static ptrdiff_t panels(ptrdiff_t columns) { return (columns + 15) / 16; }

/// FNV-1a over the bits; of a NaN only that it is one, since processors differ in which.
static uint64_t hash;

static void add(const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
}

static void add_floats(const float *values, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float value = values[i] != values[i] ? 12345.0f : values[i];
        add(&value, sizeof value);
    }
}

static void begin(float of) { scale = of; state = 1; hash = 0xcbf29ce484222325u; }
static void end(const char *kernel) {
    printf("%-15s %-9s %016llx\n", kernel, scale == 1 ? "normal" : "subnormal",
           (unsigned long long)hash);
}

/// A product that is subnormal, made where the compiler cannot.
static int flushes(void) {
    volatile float x = 1e-20f, y = x * x;
    return y == 0;
}

// MARK: Products, transposes, sums

static void one_product(const gdln_kernels *k, ptrdiff_t m, ptrdiff_t depth, ptrdiff_t n,
                        ptrdiff_t begins, int turned) {
    ptrdiff_t rows = turned ? depth : m, columns = turned ? m : depth;
    float *a = numbers(panels(columns) * (rows + 1) * 16), *b = numbers(panels(n) * depth * 16);
    float *out = numbers(panels(n) * (m + 2) * 16), *start = numbers(panels(n) * 16 + m);
    gdln_product p = {
        .m = m, .k = depth, .panels = panels(n), .a = a, .aPanel = (rows + 1) * 16,
        .aTurned = turned, .b = b, .bPanel = depth * 16, .out = out, .outPanel = (m + 2) * 16,
        .begin = begins, .start = start};
    k->product(&p);
    add_floats(out, panels(n) * (m + 2) * 16);
    free(a); free(b); free(out); free(start);
}

static void product(const gdln_kernels *k) {
    for (int s = 0; s < SIZES; s++)
        for (ptrdiff_t begins = GDLN_ZERO; begins <= GDLN_ROW; begins++)
            for (int turned = 0; turned < 2; turned++) {
                one_product(k, sizes[s], 5, 3, begins, turned);
                one_product(k, 3, sizes[s], 17, begins, turned);
                one_product(k, 9, 33, sizes[s], begins, turned);
            }
}

static void turn(const gdln_kernels *k) {
    for (ptrdiff_t r = 1; r <= 4; r++)
        for (ptrdiff_t c = 1; c <= 3; c++) {
            float *in = numbers(r * c * 256), *out = numbers(r * c * 256);
            k->turn(out, c * 256, in, r * 256, r, c);
            add_floats(out, r * c * 256);
            free(in); free(out);
        }
}

static void sums(const gdln_kernels *k, int which) {
    for (int s = 0; s < SIZES; s++) {
        ptrdiff_t rows = sizes[s];
        float *in = numbers(3 * rows * 16), *out = numbers(3 * rows * 16), *bias = numbers(48);
        if (which == 0) k->columnSums(out, in, rows * 16, rows, 3);
        if (which == 1) k->rowSums(out, in, rows * 16, rows, 3);
        if (which == 2) k->addToRows(out, rows * 16, in, rows * 16, bias, rows, 3);
        add_floats(out, 3 * rows * 16);
        free(in); free(out); free(bias);
    }
}

static void columnSums(const gdln_kernels *k) { sums(k, 0); }
static void rowSums(const gdln_kernels *k) { sums(k, 1); }
static void addToRows(const gdln_kernels *k) { sums(k, 2); }

// MARK: Softmax, exp, log

static void softmax(const gdln_kernels *k, int gradient) {
    static const ptrdiff_t classes[] = {1, 2, 3, 10, 17, 64};
    for (int c = 0; c < 6; c++)
        for (int strange = 0; strange < 2; strange++) {
            float *logits = numbers(classes[c] * 16), share[16];
            int32_t labels[16], hits[16] = {0};
            double losses[16] = {0};
            for (ptrdiff_t i = 0; i < classes[c] * 16; i++) logits[i] *= 40;
            for (int i = 0; i < 16; i++) {
                labels[i] = (int32_t)(i * 7 % classes[c]);
                share[i] = i % 3 == 1 ? 0 : 0.25f;
            }
            if (strange) {
                logits[0] = __builtin_nanf("");
                logits[1] = -__builtin_inff();
                logits[2] = __builtin_inff();
            }
            if (gradient) k->softmaxGradient(logits, classes[c], labels, share, losses);
            else k->softmaxLosses(logits, classes[c], labels, 13, losses, hits);
            add_floats(logits, classes[c] * 16);
            for (int i = 0; i < 16; i++) {
                float loss = (float)losses[i];
                add_floats(&loss, 1);
            }
            add(hits, sizeof hits);
            free(logits);
        }
}

static void softmaxGradient(const gdln_kernels *k) { softmax(k, 1); }
static void softmaxLosses(const gdln_kernels *k) { softmax(k, 0); }

static void exponential(const gdln_kernels *k) {
    enum { COUNT = 200003 };
    float *values = numbers(COUNT);
    for (ptrdiff_t i = 0; i < COUNT; i++) values[i] = values[i] > 0 ? -100 * values[i] : values[i];
    (values[0] = -88, values[1] = -__builtin_inff(), values[2] = __builtin_nanf(""));
    k->exp(values, COUNT);
    add_floats(values, COUNT);
    free(values);
}

static void logarithm(const gdln_kernels *k) {
    enum { COUNT = 200003 };
    float *values = numbers(COUNT);
    for (ptrdiff_t i = 0; i < COUNT; i++) {
        float x = values[i] < 0 ? -values[i] : values[i];
        values[i] = i % 2 ? x * 1000 + 1e-20f : 1 + x * 1e-3f;
    }
    (values[0] = 1e-30f, values[1] = 1e30f, values[2] = __builtin_nanf(""));
    k->log(values, COUNT);
    add_floats(values, COUNT);
    free(values);
}

// MARK: The first layer

/// Eight examples together, or four whose inputs are sorted by who has them.
static void forwards(const gdln_kernels *k, int sorted) {
    for (int s = 0; s < SIZES; s++)
        for (int how = 0; how < 3; how++) {
            ptrdiff_t features = sizes[s], examples = sorted ? 4 : 8;
            float *x = numbers(features * 16), *values = numbers(features * 8);
            float *w = numbers(5 * features * 16), *v = numbers(5 * features * 16);
            float *out = numbers(5 * 9 * 16);
            int32_t *inputs = calloc((size_t)features, sizeof *inputs), ends[16] = {0};
            if (!inputs) exit(2);
            for (ptrdiff_t rows = 1; rows <= examples; rows++) {
                ptrdiff_t found = 0;
                if (sorted)
                    gdln_sort_inputs(x, features * 16, features, 0, rows, inputs, values, ends);
                else found = gdln_list_inputs(x, features * 16, features, 0, rows, inputs, values);
                gdln_forward f = {
                    .inputs = inputs, .values = values, .ends = sorted ? ends : 0, .count = found,
                    .weights = w, .velocity = how == 2 ? v : 0, .weightPanel = features * 16,
                    .weightPart = how == 0 ? 1 : 0.75f, .velocityPart = -0.3f, .panels = 5,
                    .out = out, .outPanel = 9 * 16, .rows = rows};
                k->forward(&f);
                add_floats(out, 5 * 9 * 16);
            }
            free(x); free(values); free(w); free(v); free(out); free(inputs);
        }
}

static void forward(const gdln_kernels *k) { forwards(k, 0); }
static void sortedForward(const gdln_kernels *k) { forwards(k, 1); }

static void updates(const gdln_kernels *k, int how) {
    for (int s = 0; s < SIZES; s++) {
        ptrdiff_t features = sizes[s], examples = 12;
        float *x = numbers(features * 16), *slopes = numbers(5 * examples * 16);
        // A kernel may look ahead of what it needs, never write there.
        float *w = numbers(5 * features * 16), *v = numbers(5 * features * 16);
        float forWeight[3] = {-0.5f, 0.25f, 1.5f}, forVelocity[3] = {1, 0.9f, 0.81f};
        int32_t *starts = calloc((size_t)features + 1, sizeof *starts);
        gdln_entry *entries = calloc((size_t)(features * examples), sizeof *entries);
        float *out = numbers(features * 16);
        if (!starts || !entries) exit(2);
        gdln_list_entries(x, features * 16, features, examples, 4, forWeight, forVelocity, starts,
                          entries);
        gdln_update u = {
            .features = features, .starts = starts, .entries = entries, .slopes = slopes,
            .slopePanel = examples * 16, .weights = w, .velocity = how == 1 ? v : 0,
            .weightPanel = features * 16, .panels = 5, .weightKept = 0.999f,
            .velocityLent = -0.01f, .weightLent = 0.002f, .velocityKept = 0.59f};
        if (how == 2) k->gradient(&u, features / 3, features, out);
        else k->update(&u);
        add_floats(out, features * 16);
        add_floats(w, 5 * features * 16);
        add_floats(v, 5 * features * 16);
        free(x); free(slopes); free(w); free(v); free(starts); free(entries); free(out);
    }
}

static void plainUpdate(const gdln_kernels *k) { updates(k, 0); }
static void update(const gdln_kernels *k) { updates(k, 1); }
static void gradient(const gdln_kernels *k) { updates(k, 2); }

// MARK: Optimizers, ReLU

static void steps(const gdln_kernels *k, int which) {
    gdln_sgd sgd = {0.1f, 0.01f, 0.9f, 0.8f, 1, 0.9f};
    gdln_adam adam = {0.01f, 0.001f, 0.1f, 0.999f, 0.001f, 0.0316f, 1e-8f};
    for (int s = 0; s < SIZES; s++) {
        ptrdiff_t n = sizes[s];
        float *w = numbers(n), *a = numbers(n), *b = numbers(n), *most = numbers(n);
        float *g = numbers(n);
        for (ptrdiff_t i = 0; i < n; i++) (b[i] = b[i] * b[i], most[i] = most[i] * most[i]);
        for (int step = 0; step < 5; step++) {
            if (which < 2) k->sgd(&sgd, w, which ? a : 0, g, n);
            else k->adam(&adam, w, a, b, which == 3 ? most : 0, g, n);
        }
        add_floats(w, n); add_floats(a, n); add_floats(b, n); add_floats(most, n);
        free(w); free(a); free(b); free(most); free(g);
    }
}

static void plainSGD(const gdln_kernels *k) { steps(k, 0); }
static void momentum(const gdln_kernels *k) { steps(k, 1); }
static void adam(const gdln_kernels *k) { steps(k, 2); }
static void amsgrad(const gdln_kernels *k) { steps(k, 3); }

static void relus(const gdln_kernels *k, int gradient) {
    for (int s = 0; s < SIZES; s++) {
        float *values = numbers(sizes[s]), *slopes = numbers(sizes[s]);
        values[0] = __builtin_nanf("");
        if (gradient) k->reluGradient(slopes, values, sizes[s]);
        else k->relu(values, sizes[s]);
        add_floats(values, sizes[s]);
        add_floats(slopes, sizes[s]);
        free(values); free(slopes);
    }
}

static void relu(const gdln_kernels *k) { relus(k, 0); }
static void reluGradient(const gdln_kernels *k) { relus(k, 1); }

int main(int count, char **arguments) {
    const gdln_kernels *k = count == 2 ? gdln_kernels_named(arguments[1]) : 0;
    if (!k || strcmp(k->name, arguments[1]) != 0) {
        fprintf(stderr, "usage: kernel-hashes KERNELS (such as this processor has)\n");
        return 77;
    }
    static const struct {
        const char *name;
        void (*run)(const gdln_kernels *);
    } all[] = {
        {"product", product}, {"turn", turn}, {"columnSums", columnSums}, {"rowSums", rowSums},
        {"addToRows", addToRows}, {"softmaxGradient", softmaxGradient},
        {"softmaxLosses", softmaxLosses}, {"exp", exponential}, {"log", logarithm},
        {"forward", forward}, {"forward, sorted", sortedForward}, {"update", update},
        {"update, no v", plainUpdate},
        {"gradient", gradient}, {"sgd", plainSGD}, {"sgd, momentum", momentum}, {"adam", adam},
        {"adam, amsgrad", amsgrad}, {"relu", relu}, {"reluGradient", reluGradient}};
    for (size_t i = 0; i < 2 * (sizeof all / sizeof *all); i++) {
        gdln_set_flush_to_zero(1, 1);
        if (!flushes() || gdln_float_environment_is_default()) {
            fprintf(stderr, "flush-to-zero cannot be set\n");
            return 1;
        }
        gdln_set_default_float_environment();
        if (flushes() || !gdln_float_environment_is_default()) {
            fprintf(stderr, "flush-to-zero is not cleared\n");
            return 1;
        }
        begin(i % 2 == 0 ? 1 : 1e-20f);
        all[i / 2].run(k);
        end(all[i / 2].name);
    }
    return 0;
}
