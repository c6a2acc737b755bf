/* A module of C needs a file to compile. */
#include "fuzzer.h"
