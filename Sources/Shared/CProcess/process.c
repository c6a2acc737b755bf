#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>

// In the order of the numbers: `open` returns the lowest one that is free. Swift's concurrency
// opens files of its own before an asynchronous `main` gets control, so this does not wait for it.
// If there is no /dev/null the descriptors stay as they are.
__attribute__((constructor)) static void open_standard_descriptors(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
            (void)open("/dev/null", O_RDONLY);
        }
    }
}

int gdln_is_signal_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
