// The kernels for any processor. Where its baseline has no fused multiply-add, each is a call of
// fmaf: slow, with the same bits.
#define LANES 4
#define TILE 3
#define TILE_ROWS 4
#define FORWARD 2
#define FORWARD_ROWS 4
#define SORTED 2
#define BUSY 8
#define KERNELS gdln_portable
#define KERNELS_NAME "portable"
#include "kernels.h"
