// Which kernels there are, and which of them this processor can run: asked once, at start.
#include "include/ckernels.h"
#include <string.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

extern const gdln_kernels gdln_avx512, gdln_avx2, gdln_neon, gdln_portable;

static const char *const names[] = {"avx512", "avx2", "neon", "portable"};
enum { NAMES = sizeof names / sizeof *names };

const char *gdln_kernels_name(ptrdiff_t index) { return index < NAMES ? names[index] : 0; }

const gdln_kernels *gdln_kernels_named(const char *name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (strcmp(name, "avx512") == 0) return avx512 ? &gdln_avx512 : 0;
    if (strcmp(name, "avx2") == 0) return avx2 ? &gdln_avx2 : 0;
#elif defined(__aarch64__)
    if (strcmp(name, "neon") == 0) return &gdln_neon;
#endif
    return strcmp(name, "portable") == 0 ? &gdln_portable : 0;
}

const gdln_kernels *gdln_kernels_best(void) {
    for (ptrdiff_t i = 0; i < NAMES; i++) {
        const gdln_kernels *kernels = gdln_kernels_named(names[i]);
        if (kernels) return kernels;
    }
    return &gdln_portable;
}

void gdln_prefer_large_pages(void *start, size_t bytes) {
#if defined(__linux__)
    madvise(start, bytes, MADV_HUGEPAGE);  // A wish: it is no harm where it is refused.
#else
    (void)start; (void)bytes;
#endif
}
