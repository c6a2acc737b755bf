#ifndef GDLN_CLONES_H
#define GDLN_CLONES_H

// CLONES before a function compiles it for several processors, one of which is chosen when the
// program is loaded. Sanitizers are not ready that early, so there is one version under them; on
// other processors than x86-64 the baseline already has what these kernels want.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || \
    __has_feature(memory_sanitizer)
#define GDLN_SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(GDLN_SANITIZED)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

// An inner function must be compiled with its caller's target, so it may not stay a function of its
// own.
#define INLINE static inline __attribute__((always_inline))

#endif
