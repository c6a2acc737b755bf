// One-sided Jacobi: what singular values, eigenvectors and orthogonal matrices are made with.
//
// Source: M. R. Hestenes, "Inversion of matrices by biorthogonalization and related results",
// Journal of the Society for Industrial and Applied Mathematics 6 (1958), 51-90.
#include "cmatrices.h"
#include "clones.h"
#include <math.h>

enum { LANES = 8 };

CM_CLONES double cm_dot(size_t count, const double *x, const double *y) {
    double lanes[LANES] = {0};
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            lanes[l] = __builtin_fma(x[i + l], y[i + l], lanes[l]);
    for (size_t i = whole; i < count; i++)
        lanes[i - whole] = __builtin_fma(x[i], y[i], lanes[i - whole]);
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

CM_CLONES static void turn(
    size_t count, double cosine, double sine, double *restrict x, double *restrict y
) {
    for (size_t i = 0; i < count; i++) {
        double old = x[i];
        x[i] = __builtin_fma(cosine, old, -(sine * y[i]));
        y[i] = __builtin_fma(sine, old, cosine * y[i]);
    }
}

size_t cm_jacobi_sweep(double *a, size_t count, size_t length, double *v, double tolerance) {
    size_t turned = 0;
    for (size_t p = 0; p + 1 < count; p++)
        for (size_t q = p + 1; q < count; q++) {
            double *x = a + p * length, *y = a + q * length;
            double xx = cm_dot(length, x, x), yy = cm_dot(length, y, y);
            double xy = cm_dot(length, x, y);
            // The comparison also passes over what is NaN, and over rows of zeros.
            if (!(fabs(xy) > tolerance * sqrt(xx) * sqrt(yy))) continue;
            turned++;
            // tan of the angle: the smaller root of t^2 + 2 zeta t - 1 = 0.
            double zeta = (yy - xx) / (2 * xy);
            double t = 1 / (fabs(zeta) + sqrt(1 + zeta * zeta));
            if (zeta < 0) t = -t;
            double cosine = 1 / sqrt(1 + t * t), sine = cosine * t;
            turn(length, cosine, sine, x, y);
            if (v) turn(count, cosine, sine, v + p * count, v + q * count);
        }
    return turned;
}
