// The kernels for x86-64 processors with AVX2 and FMA: 16 registers of eight floats.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define TILE 3
#define TILE_ROWS 4
#define FORWARD 2
#define FORWARD_ROWS 4
#define SORTED 2
#define BUSY 12
#define KERNELS gdln_avx2
#define KERNELS_NAME "avx2"
#include "kernels.h"
#pragma clang attribute pop
#endif
