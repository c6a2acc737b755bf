// The kernels for x86-64 processors with AVX-512: 32 registers of sixteen floats.
#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#define LANES 16
#define TILE 3
#define TILE_ROWS 8
#define FORWARD 2
#define FORWARD_ROWS 8
#define SORTED 4
#define BUSY 24
#define KERNELS gdln_avx512
#define KERNELS_NAME "avx512"
#include "kernels.h"
#pragma clang attribute pop
#endif
