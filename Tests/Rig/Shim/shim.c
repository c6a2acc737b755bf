/* Loaded into a coordinator before the C library, to do to it what a machine could: turn the wall
 * clock while it runs (GDLN_RIG_CLOCK names a file of one 64-bit number, the seconds to add), take
 * a sync for done that was not (GDLN_RIG_NOSYNC), and fail every sync as a broken disk does while
 * the number in a file is not 0 (GDLN_RIG_EIO). Or only to write down the path of every file that
 * was synced, a line each (GDLN_RIG_SYNCED names the file). Or to let one call go wrong, the n-th
 * of those that change a file below a folder or answer a client (GDLN_RIG_NTH names a file of a
 * number, GDLN_RIG_BELOW the folder). Everything else is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset;
static volatile int64_t *is_broken;
static int64_t *nth;
static const char *below;
static int nosync;
static int synced = -1;

/* The number in the file that the environment names; NULL where it names none. */
static void *number(const char *variable) {
    const char *name = getenv(variable);
    if (name == NULL) return NULL;
    int file = open(name, O_RDWR | O_CLOEXEC);
    if (file < 0) abort();
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) abort();
    close(file);
    return page;
}

__attribute__((constructor)) static void begin(void) {
    offset = number("GDLN_RIG_CLOCK");
    is_broken = number("GDLN_RIG_EIO");
    nosync = getenv("GDLN_RIG_NOSYNC") != NULL;
    nth = number("GDLN_RIG_NTH");
    below = getenv("GDLN_RIG_BELOW");
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

/* What happens to a call: nothing, the end of the process before it is made, an error, or only a
 * part of what it was to do. Above the count in the number that `nth` points to. */
enum effect { NONE, END, BROKEN, FULL, PART, INTERRUPTED };

/* Counts this call, if one is waited for, and says what is to happen to it. */
static enum effect counted(int answers_client) {
    int64_t value = __atomic_load_n(nth, __ATOMIC_SEQ_CST);
    do {
        if ((uint32_t)value == 0 || (answers_client && value >> 32 != END)) return NONE;
    } while (!__atomic_compare_exchange_n(
        nth, &value, value - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    if ((uint32_t)value != 1) return NONE;
    if (value >> 32 == END) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    return (enum effect)(value >> 32);
}

static int is_waited_for(void) {
    return nth != NULL && (uint32_t)__atomic_load_n(nth, __ATOMIC_SEQ_CST) != 0;
}

static enum effect effect_on_path(const char *path) {
    char full[2 * PATH_MAX + 2];
    if (!is_waited_for()) return NONE;
    full[0] = 0;
    if (path[0] != '/' && getcwd(full, PATH_MAX) != NULL) strcat(full, "/");
    strncat(full, path, PATH_MAX);
    return strncmp(full, below, strlen(below)) == 0 ? counted(0) : NONE;
}

static enum effect effect_on(int file) {
    char link[64], path[PATH_MAX + 1];
    struct stat status;
    if (!is_waited_for() || fstat(file, &status) != 0) return NONE;
    if (S_ISSOCK(status.st_mode)) return counted(1);
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return NONE;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX);
    if (length < 0) return NONE;
    path[length] = 0;
    return effect_on_path(path);
}

/* Whether the call goes wrong, with errno set. What has no part to do goes wrong instead. */
static int goes_wrong(enum effect effect, int may_be_partial) {
    if (effect == NONE || (effect == PART && may_be_partial)) return 0;
    if (effect == INTERRUPTED && !may_be_partial) effect = BROKEN;
    errno = effect == FULL ? ENOSPC : effect == INTERRUPTED ? EINTR : EIO;
    return 1;
}

static size_t part(enum effect effect, size_t count) {
    return effect == PART && count > 1 ? count / 2 : count;
}

#define REAL(name, ...)                                    \
    static __VA_ARGS__;                                    \
    if (real == NULL) real = dlsym(RTLD_NEXT, name)

ssize_t write(int file, const void *bytes, size_t count) {
    REAL("write", ssize_t (*real)(int, const void *, size_t));
    enum effect effect = effect_on(file);
    return goes_wrong(effect, 1) ? -1 : real(file, bytes, part(effect, count));
}

ssize_t writev(int file, const struct iovec *vectors, int count) {
    REAL("writev", ssize_t (*real)(int, const struct iovec *, int));
    return goes_wrong(effect_on(file), 0) ? -1 : real(file, vectors, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    REAL("pwrite", ssize_t (*real)(int, const void *, size_t, off_t));
    enum effect effect = effect_on(file);
    return goes_wrong(effect, 1) ? -1 : real(file, bytes, part(effect, count), offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    REAL("pwrite64", ssize_t (*real)(int, const void *, size_t, off64_t));
    enum effect effect = effect_on(file);
    return goes_wrong(effect, 1) ? -1 : real(file, bytes, part(effect, count), offset);
}

int ftruncate(int file, off_t size) {
    REAL("ftruncate", int (*real)(int, off_t));
    return goes_wrong(effect_on(file), 0) ? -1 : real(file, size);
}

int ftruncate64(int file, off64_t size) {
    REAL("ftruncate64", int (*real)(int, off64_t));
    return goes_wrong(effect_on(file), 0) ? -1 : real(file, size);
}

int rename(const char *from, const char *to) {
    REAL("rename", int (*real)(const char *, const char *));
    return goes_wrong(effect_on_path(to), 0) ? -1 : real(from, to);
}

int unlink(const char *path) {
    REAL("unlink", int (*real)(const char *));
    return goes_wrong(effect_on_path(path), 0) ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL("mkdir", int (*real)(const char *, mode_t));
    return goes_wrong(effect_on_path(path), 0) ? -1 : real(path, mode);
}

static mode_t mode_of(int flags, va_list rest) {
    int makes = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
    return makes ? (mode_t)va_arg(rest, int) : 0;
}

#define OPEN(name)                                                             \
    int name(const char *path, int flags, ...) {                               \
        REAL(#name, int (*real)(const char *, int, ...));                      \
        va_list rest;                                                          \
        va_start(rest, flags);                                                 \
        mode_t mode = mode_of(flags, rest);                                    \
        va_end(rest);                                                          \
        if (flags & O_CREAT && goes_wrong(effect_on_path(path), 0)) return -1; \
        return real(path, flags, mode);                                        \
    }

OPEN(open)
OPEN(open64)

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
    if (fails() || goes_wrong(effect_on(file), 0)) return -1;
    return nosync ? 0 : noted(file, real(file));
}

int fdatasync(int file) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fdatasync");
    if (fails() || goes_wrong(effect_on(file), 0)) return -1;
    return nosync ? 0 : noted(file, real(file));
}
