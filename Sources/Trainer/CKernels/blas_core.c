// An OpenBLAS that is older than the processor does not know it and takes the kernels of a
// processor without AVX: on the sweeps' products that is four times slower (0.3.21 of Debian 12 on
// a Xeon of 2023). It can be told better by OPENBLAS_CORETYPE, which it reads when it is loaded.
// So, before main and thus before any other thread reads the environment, it is told, and asked to
// look again. Left alone: a choice with AVX, a person's own OPENBLAS_CORETYPE, and an OpenBLAS that
// cannot choose.

#if defined(__x86_64__) && defined(__linux__)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static int is_without_avx(const char *name) {
    static const char *const names[] = {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem",
                                        "Atom", "Barcelona", "Opteron", "Opteron_SSE3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return 1;
    return 0;
}

__attribute__((constructor)) static void choose_blas_core(void) {
    char *(*name)(void) = (char *(*)(void))dlsym(RTLD_DEFAULT, "openblas_get_corename");
    void (*quit)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
    void (*init)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
    if (!name || !quit || !init || getenv("OPENBLAS_CORETYPE")) return;
    __builtin_cpu_init();
    const char *core = 0;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) core = "Haswell";
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        core = "SkylakeX";
    if (!core || !is_without_avx(name())) return;
    setenv("OPENBLAS_CORETYPE", core, 1);
    quit();
    init();
    unsetenv("OPENBLAS_CORETYPE");
}
#else
typedef int gdln_nothing_to_choose;
#endif
