// The control registers of floating-point arithmetic: MXCSR and the x87 control word on x86-64,
// FPCR on 64-bit ARM. On other processors the C library's functions.
#include "cfloats.h"
#include <stdint.h>

#if defined(__x86_64__)

enum {
    // MXCSR: sticky exception flags, which change no result, and what the others are by default:
    // all exceptions masked, rounding to nearest, neither FTZ nor DAZ.
    FLAGS = 0x003f,
    DEFAULTS = 0x1f80,
    FLUSH_RESULTS = 0x8000,
    FLUSH_OPERANDS = 0x0040,
    UPWARD = 0x4000,
    // The x87 unit computes no result, but the C library reads its rounding when it parses numbers.
    X87_DEFAULT = 0x037f,
    X87_UPWARD = 0x0800,
};

static uint32_t mxcsr(void) {
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

static void set_mxcsr(uint32_t value) { __asm__ volatile("ldmxcsr %0" : : "m"(value)); }

static uint16_t x87(void) {
    uint16_t value;
    __asm__ volatile("fnstcw %0" : "=m"(value));
    return value;
}

void gdln_set_default_float_environment(void) {
    uint32_t found = mxcsr();
    if ((found & ~(uint32_t)FLAGS) != DEFAULTS) set_mxcsr((found & FLAGS) | DEFAULTS);
    uint16_t wanted = X87_DEFAULT;
    if (x87() != wanted) __asm__ volatile("fldcw %0" : : "m"(wanted));
}

int gdln_float_environment_is_default(void) {
    return (mxcsr() & ~(uint32_t)FLAGS) == DEFAULTS && x87() == X87_DEFAULT;
}

void gdln_set_flush_to_zero(int results, int operands) {
    uint32_t kept = mxcsr() & ~(uint32_t)(FLUSH_RESULTS | FLUSH_OPERANDS);
    set_mxcsr(kept | (results ? FLUSH_RESULTS : 0) | (operands ? FLUSH_OPERANDS : 0));
}

void gdln_set_rounding_upward(void) {
    set_mxcsr((mxcsr() & FLAGS) | DEFAULTS | UPWARD);
    uint16_t control = X87_DEFAULT | X87_UPWARD;
    __asm__ volatile("fldcw %0" : : "m"(control));
}

#elif defined(__aarch64__)

// FPCR: all bits are zero by default. Bit 24 (FZ) flushes operands and results of float and double.
static const uint64_t flush = (uint64_t)1 << 24, upward = (uint64_t)1 << 22;

static uint64_t fpcr(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}

static void set_fpcr(uint64_t value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }

void gdln_set_default_float_environment(void) {
    if (fpcr() != 0) set_fpcr(0);
}

int gdln_float_environment_is_default(void) { return fpcr() == 0; }

void gdln_set_flush_to_zero(int results, int operands) {
    set_fpcr((fpcr() & ~flush) | (results || operands ? flush : 0));
}

void gdln_set_rounding_upward(void) { set_fpcr(upward); }

#else

#include <fenv.h>

void gdln_set_default_float_environment(void) { fesetenv(FE_DFL_ENV); }

int gdln_float_environment_is_default(void) { return fegetround() == FE_TONEAREST; }

void gdln_set_flush_to_zero(int results, int operands) { (void)results, (void)operands; }

void gdln_set_rounding_upward(void) { fesetround(FE_UPWARD); }

#endif
