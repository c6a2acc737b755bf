#ifndef GDLN_ELEMENTARY_H
#define GDLN_ELEMENTARY_H

#include <stdint.h>
#include "clones.h"

// exp and log of our own: a libm's differ between hosts in the last bit. Straight-line code, so
// that a loop over it vectorises.

INLINE float as_float(uint32_t bits) {
    union { uint32_t bits; float value; } pun = {.bits = bits};
    return pun.value;
}

INLINE uint32_t as_bits(float value) {
    union { float value; uint32_t bits; } pun = {.value = value};
    return pun.bits;
}

/// exp(x) for x <= 0; 0 below -87.3, where the result would leave the normal numbers; NaN for NaN.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, exp(x) = 2^n exp(r), and exp(r) by its Taylor series to
/// r^7: what is cut off is under r^8 / 8! < 6e-9 of it. Against a libm in double: within 1.0e-7
/// relative.
INLINE float exp_nonpositive(float x) {
    // Adding 1.5 * 2^23 rounds to a whole number, and leaves that number in the lowest bits. Done
    // so because converting a NaN to an integer is undefined.
    const float rounder = 12582912.0f;
    float shifted = __builtin_fmaf(x, 1.44269504f, rounder);
    float n = shifted - rounder;
    float r = __builtin_fmaf(n, -0.693359375f, x);  // The first bits of ln 2: n times it is exact.
    r = __builtin_fmaf(n, 2.12194440e-4f, r);       // The others.
    float p = 1.0f / 5040;
    p = __builtin_fmaf(p, r, 1.0f / 720);
    p = __builtin_fmaf(p, r, 1.0f / 120);
    p = __builtin_fmaf(p, r, 1.0f / 24);
    p = __builtin_fmaf(p, r, 1.0f / 6);
    p = __builtin_fmaf(p, r, 0.5f);
    p = __builtin_fmaf(p, r, 1.0f);
    p = __builtin_fmaf(p, r, 1.0f);
    float power = as_float((as_bits(shifted) << 23) + (127u << 23));
    return x < -87.3f ? 0.0f : p * power;
}

/// log(x) for normal positive x; NaN for NaN.
///
/// x = 2^e m with m from sqrt(1/2) to sqrt(2), and log m = 2 atanh(t), t = (m - 1) / (m + 1), by
/// the series to t^9 with |t| < 0.172: what is cut off is under 4e-10 of it. Against a libm in
/// double: within 1.5e-7 relative, or 1e-7 absolute near 1.
INLINE float log_positive(float x) {
    uint32_t bits = as_bits(x);
    // Counts the exponent from sqrt(1/2), so that m comes to lie around 1.
    uint32_t offset = bits - 0x3f3504f3u;
    float e = (float)((int32_t)offset >> 23);
    float m = as_float((offset & 0x007fffffu) + 0x3f3504f3u);
    float t = (m - 1) / (m + 1);
    float t2 = t * t;
    float p = 1.0f / 9;
    p = __builtin_fmaf(p, t2, 1.0f / 7);
    p = __builtin_fmaf(p, t2, 1.0f / 5);
    p = __builtin_fmaf(p, t2, 1.0f / 3);
    p = p * t2;
    float tail = __builtin_fmaf(e, -2.12194440e-4f, 2 * t * p);
    float result = __builtin_fmaf(e, 0.693359375f, 2 * t + tail);
    return x == x ? result : x;
}

#endif
