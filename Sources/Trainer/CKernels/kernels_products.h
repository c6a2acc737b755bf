// Part of kernels.h: products and transposes of matrices in panels.

/// Where vector v (of LANES columns) of a matrix in panels begins.
INLINE ptrdiff_t vector_at(ptrdiff_t v, ptrdiff_t panel) {
    return v / PARTS * panel + v % PARTS * LANES;
}

/// Rows m ..< m + rows, vectors v ..< v + width, terms from ..< to of the chains.
INLINE void tile(const gdln_product *p, const int rows, const int width, const int turned,
                 ptrdiff_t m, ptrdiff_t v, ptrdiff_t from, ptrdiff_t to) {
    vec sums[TILE_ROWS][TILE];
    float *outs[TILE];
    const float *bs[TILE];
    UNROLL for (int j = 0; j < width; j++) {
        outs[j] = p->out + vector_at(v + j, p->outPanel) + m * PANEL;
        bs[j] = p->b + vector_at(v + j, p->bPanel) + from * PANEL;
    }
    ptrdiff_t begin = from > 0 ? GDLN_OLD : p->begin;
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < width; j++) {
        vec first = {0};
        if (begin == GDLN_OLD) first = load(outs[j] + i * PANEL);
        else if (begin == GDLN_COLUMN) first = load(p->start + (v + j) * LANES);
        else if (begin == GDLN_ROW) first = all(p->start[m + i]);
        sums[i][j] = first;
    }
    // `a` in chunks of sixteen k: straight, a row of a panel; turned, sixteen rows of one.
    const ptrdiff_t aChunk = turned ? PANEL * PANEL : p->aPanel;
    const ptrdiff_t aRow = turned ? 1 : PANEL, aStep = turned ? PANEL : 1;
    const float *a = p->a + (turned ? m / PANEL * p->aPanel + m % PANEL : m * PANEL)
        + from / PANEL * aChunk;
    for (ptrdiff_t k = from; k < to; k += PANEL, a += aChunk) {
        ptrdiff_t count = smaller(PANEL, to - k);
        for (ptrdiff_t c = 0; c < count; c++) {
            vec right[TILE];
            UNROLL for (int j = 0; j < width; j++) { right[j] = load(bs[j]); bs[j] += PANEL; }
            UNROLL for (int i = 0; i < rows; i++) {
                vec left = all(a[i * aRow + c * aStep]);
                UNROLL for (int j = 0; j < width; j++)
                    sums[i][j] = fma_(left, right[j], sums[i][j]);
            }
        }
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < width; j++)
        store(outs[j] + i * PANEL, sums[i][j]);
}

#define STRIP(NAME, ROWS, WIDTH, TURNED) \
    static __attribute__((noinline)) void NAME(const gdln_product *p, ptrdiff_t m, ptrdiff_t end, \
                                               ptrdiff_t v, ptrdiff_t from, ptrdiff_t to) { \
        for (; m + ROWS <= end; m += ROWS) tile(p, ROWS, WIDTH, TURNED, m, v, from, to); \
    }
#define STRIPS(WIDTH) \
    STRIP(straight_full_##WIDTH, TILE_ROWS, WIDTH, 0) \
    STRIP(turned_full_##WIDTH, TILE_ROWS, WIDTH, 1) \
    STRIP(straight_two_##WIDTH, 2, WIDTH, 0) STRIP(turned_two_##WIDTH, 2, WIDTH, 1) \
    STRIP(straight_one_##WIDTH, 1, WIDTH, 0) STRIP(turned_one_##WIDTH, 1, WIDTH, 1)
STRIPS(1)
STRIPS(2)
STRIPS(3)

typedef void (*strip)(const gdln_product *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t);
#define STRIP_ROW(WIDTH) { \
    {straight_full_##WIDTH, straight_two_##WIDTH, straight_one_##WIDTH}, \
    {turned_full_##WIDTH, turned_two_##WIDTH, turned_one_##WIDTH}}
static const strip strips[TILE][2][3] = {STRIP_ROW(1), STRIP_ROW(2), STRIP_ROW(3)};

/// Terms of the chains that are added before the next rows' turn, a multiple of PANEL: a tile's
/// part of b then stays in the first cache. The chain goes on where it was, so this changes no bit.
enum { TERMS = 128 };

static void product(const gdln_product *p) {
    const ptrdiff_t vectors = p->panels * PARTS;
    ptrdiff_t width = 0;
    for (ptrdiff_t v = 0; v < vectors; v += width) {
        ptrdiff_t left = vectors - v;
        // 3 + 1 would leave a slow tile of one.
        width = left == 4 ? 2 : smaller(TILE, left);
        const strip *how = strips[width - 1][p->aTurned != 0];
        ptrdiff_t from = 0;
        do {
            ptrdiff_t to = smaller(from + TERMS, p->k), full = p->m / TILE_ROWS * TILE_ROWS;
            how[0](p, 0, full, v, from, to);
            how[1](p, full, p->m & ~(ptrdiff_t)1, v, from, to);
            how[2](p, p->m & ~(ptrdiff_t)1, p->m, v, from, to);
            from = to;
        } while (from < p->k);
    }
}

static void turn(float *out, ptrdiff_t outPanel, const float *in, ptrdiff_t inPanel,
                 ptrdiff_t rowPanels, ptrdiff_t columnPanels) {
    for (ptrdiff_t c = 0; c < columnPanels; c++)
        for (ptrdiff_t r = 0; r < rowPanels; r++) {
            const float *from = in + c * inPanel + r * PANEL * PANEL;
            float *to = out + r * outPanel + c * PANEL * PANEL;
            typedef float sixteen __attribute__((vector_size(64), aligned(4)));
            sixteen x[16], y[16];
            UNROLL for (int i = 0; i < 16; i++) x[i] = *(const sixteen *)(from + i * PANEL);
            // Halves change places four times: at 8, 4, 2 and 1.
            UNROLL for (int i = 0; i < 8; i++) {
                y[i] = __builtin_shufflevector(x[i], x[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17,
                    18, 19, 20, 21, 22, 23);
                y[i + 8] = __builtin_shufflevector(x[i], x[i + 8], 8, 9, 10, 11, 12, 13, 14, 15,
                    24, 25, 26, 27, 28, 29, 30, 31);
            }
            UNROLL for (int h = 0; h < 16; h += 8) UNROLL for (int i = h; i < h + 4; i++) {
                x[i] = __builtin_shufflevector(y[i], y[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9,
                    10, 11, 24, 25, 26, 27);
                x[i + 4] = __builtin_shufflevector(y[i], y[i + 4], 4, 5, 6, 7, 20, 21, 22, 23,
                    12, 13, 14, 15, 28, 29, 30, 31);
            }
            UNROLL for (int h = 0; h < 16; h += 4) UNROLL for (int i = h; i < h + 2; i++) {
                y[i] = __builtin_shufflevector(x[i], x[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9,
                    24, 25, 12, 13, 28, 29);
                y[i + 2] = __builtin_shufflevector(x[i], x[i + 2], 2, 3, 18, 19, 6, 7, 22, 23,
                    10, 11, 26, 27, 14, 15, 30, 31);
            }
            UNROLL for (int i = 0; i < 16; i += 2) {
                x[i] = __builtin_shufflevector(y[i], y[i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8,
                    24, 10, 26, 12, 28, 14, 30);
                x[i + 1] = __builtin_shufflevector(y[i], y[i + 1], 1, 17, 3, 19, 5, 21, 7, 23,
                    9, 25, 11, 27, 13, 29, 15, 31);
            }
            UNROLL for (int i = 0; i < 16; i++) *(sixteen *)(to + i * PANEL) = x[i];
        }
}
