// A function compiled for several kinds of x86-64 processor, chosen at start. The bits are the same
// in all: what is fused says so in the source, and contraction is off.
#ifndef GDLN_CLONES_H
#define GDLN_CLONES_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The choice would be made before the sanitizer is there.
#define CM_ONE_KIND
#endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(CM_ONE_KIND)
#define CM_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CM_CLONES
#endif

#endif
