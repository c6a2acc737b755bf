#ifndef GDLN_CFLOATS_H
#define GDLN_CFLOATS_H

// The floating-point environment of the calling thread: how it rounds, and what it does with
// subnormal numbers. A library that is linked with -Ofast or -ffast-math sets flush-to-zero in the
// thread that loads it, and threads inherit the environment of the thread that creates them.

/// Sets IEEE 754's default: rounds to nearest, keeps subnormal results and operands, traps nothing.
/// Takes a few nanoseconds where it is set already.
void gdln_set_default_float_environment(void);

/// Not 0 where the environment is the one that `gdln_set_default_float_environment` sets.
int gdln_float_environment_is_default(void);

/// For tests: sets, or clears, that subnormal results become zero (FTZ) and that subnormal operands
/// count as zero (DAZ). 64-bit ARM has one switch for both.
void gdln_set_flush_to_zero(int results, int operands);

/// For tests: rounds upward.
void gdln_set_rounding_upward(void);

#endif
