// The kernels for 64-bit ARM processors: 32 registers of four floats.
#if defined(__aarch64__)
#define LANES 4
#define TILE 3
#define TILE_ROWS 8
#define FORWARD 2
#define FORWARD_ROWS 8
#define SORTED 4
#define BUSY 24
#define KERNELS gdln_neon
#define KERNELS_NAME "neon"
#include "kernels.h"
#endif
