/* The system's BLAS as a module. */
#include <cblas.h>
