/* Loaded into a coordinator before the C library, to do to it what a machine could: turn the wall
 * clock while it runs (GDLN_RIG_CLOCK names a file of one 64-bit number, the seconds to add), take a
 * sync for done that was not (GDLN_RIG_NOSYNC), and fail every sync as a broken disk does while the
 * number in a file is not 0 (GDLN_RIG_EIO). Or only to write down the path of every file that was
 * synced, a line each (GDLN_RIG_SYNCED names the file). Everything else is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset;
static volatile int64_t *is_broken;
static int nosync;
static int synced = -1;

/* The number in the file that the environment names; NULL where it names none. */
static volatile int64_t *number(const char *variable) {
    const char *name = getenv(variable);
    if (name == NULL) return NULL;
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) abort();
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) abort();
    close(file);
    return page;
}

__attribute__((constructor)) static void begin(void) {
    offset = number("GDLN_RIG_CLOCK");
    is_broken = number("GDLN_RIG_EIO");
    nosync = getenv("GDLN_RIG_NOSYNC") != NULL;
    const char *name = getenv("GDLN_RIG_SYNCED");
    if (name != NULL) synced = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int64_t seconds_to_add(void) { return offset == NULL ? 0 : *offset; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += seconds_to_add();
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    static int (*real)(struct timeval *, void *);
    if (real == NULL) real = dlsym(RTLD_NEXT, "gettimeofday");
    int result = real(now, zone);
    if (result == 0) now->tv_sec += seconds_to_add();
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}

static int fails(void) {
    if (is_broken == NULL || *is_broken == 0) return 0;
    errno = EIO;
    return 1;
}

static int noted(int file, int result) {
    if (synced < 0 || result != 0) return result;
    char link[64], line[PATH_MAX + 1];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, line, PATH_MAX);
    if (length < 0) return result;
    line[length] = '\n';
    if (write(synced, line, (size_t)length + 1) < 0) abort();
    return result;
}

int fsync(int file) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fsync");
    if (fails()) return -1;
    return nosync ? 0 : noted(file, real(file));
}

int fdatasync(int file) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fdatasync");
    if (fails()) return -1;
    return nosync ? 0 : noted(file, real(file));
}
