#include "include/ckernels.h"
#include "cfloats.h"
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

// A round is one `gdln_crew_run`. Its number, left of how many threads still owe their leave, tells
// a waiting thread that there is one. Nobody leaves a round before all threads have: a thread that
// slept through a round would otherwise take the next one's items for the last one's.
//
// A thread that waits looks again and again for some microseconds, since the next round mostly
// follows at once; then it lets others run between its looks, so that a host with more threads than
// processors does not spend them on waiting; and then it sleeps in the kernel.
//
// Every thread begins with a share of neighbouring items of its own, and then helps with the
// others'. Rounds cut their items along the same domains, so most of what a thread reads it wrote
// itself a round before, and finds in its own cache.

enum { LOOKS = 400, YIELDS = 100, CACHE_LINE = 64 };

typedef struct {
    _Alignas(CACHE_LINE) _Atomic ptrdiff_t next;
    ptrdiff_t end;
} share;

struct gdln_crew {
    ptrdiff_t threads;
    _Atomic uint32_t round;     // Bumped when work stands ready, and once at the end.
    _Atomic uint32_t working;   // Threads, the caller apart, that are not done with the round.
    _Atomic uint32_t sleeping;  // Threads that may be asleep in the kernel.
    share *shares;              // By thread.
    void (*work)(void *, ptrdiff_t, ptrdiff_t);
    void *context;
    int isEnding;
    pthread_t *ids;
    ptrdiff_t started;
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Returns when *word is not `old` (or no longer, for all that is known: callers look again).
static void wait_for_change(gdln_crew *crew, _Atomic uint32_t *word, uint32_t old) {
    for (int i = 0; i < LOOKS + YIELDS; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != old) return;
        if (i < LOOKS) relax();
        else sched_yield();
    }
#if defined(__linux__)
    // Either the kernel sees the new word, or who wrote it sees that somebody sleeps.
    atomic_fetch_add(&crew->sleeping, 1);
    syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT_PRIVATE, old, 0, 0, 0);
    atomic_fetch_sub(&crew->sleeping, 1);
#else
    (void)crew;
#endif
}

/// Expects the word to be written with sequential consistency.
static void wake(gdln_crew *crew, _Atomic uint32_t *word) {
#if defined(__linux__)
    if (atomic_load(&crew->sleeping) == 0) return;
    syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
#else
    (void)crew, (void)word;
#endif
}

static void take_items(gdln_crew *crew, ptrdiff_t thread) {
    for (ptrdiff_t other = 0; other < crew->threads; other++) {
        share *from = &crew->shares[(thread + other) % crew->threads];
        for (;;) {
            ptrdiff_t item = atomic_fetch_add_explicit(&from->next, 1, memory_order_relaxed);
            if (item >= from->end) break;
            crew->work(crew->context, item, thread);
        }
    }
}

typedef struct {
    gdln_crew *crew;
    ptrdiff_t thread;
} member;

static void *serve(void *argument) {
    member me = *(member *)argument;
    free(argument);
    gdln_crew *crew = me.crew;
    uint32_t seen = 0;
    for (;;) {
        uint32_t round;
        while ((round = atomic_load_explicit(&crew->round, memory_order_acquire)) == seen)
            wait_for_change(crew, &crew->round, seen);
        seen = round;
        if (crew->isEnding) return 0;
        // In every round: it may be inherited, and a library may change it at any time.
        gdln_set_default_float_environment();
        take_items(crew, me.thread);
        if (atomic_fetch_sub(&crew->working, 1) == 1) wake(crew, &crew->working);
    }
}

gdln_crew *gdln_crew_make(ptrdiff_t threads) {
    gdln_crew *crew = calloc(1, sizeof *crew);
    if (!crew) return 0;
    crew->threads = threads;
    crew->ids = calloc((size_t)threads, sizeof *crew->ids);
    crew->shares = aligned_alloc(CACHE_LINE, (size_t)threads * sizeof *crew->shares);
    for (ptrdiff_t t = 1; crew->ids && crew->shares && t < threads; t++) {
        member *me = malloc(sizeof *me);
        if (!me) break;
        *me = (member){crew, t};
        if (pthread_create(&crew->ids[t], 0, serve, me)) { free(me); break; }
        crew->started++;
    }
    if (crew->ids && crew->shares && crew->started == threads - 1) return crew;
    gdln_crew_free(crew);
    return 0;
}

void gdln_crew_free(gdln_crew *crew) {
    crew->isEnding = 1;
    atomic_fetch_add(&crew->round, 1);
    wake(crew, &crew->round);
    for (ptrdiff_t t = 1; t <= crew->started; t++) pthread_join(crew->ids[t], 0);
    free(crew->ids);
    free(crew->shares);
    free(crew);
}

void gdln_crew_run(gdln_crew *crew, ptrdiff_t items,
                   void (*work)(void *, ptrdiff_t, ptrdiff_t), void *context) {
    crew->work = work;
    crew->context = context;
    for (ptrdiff_t t = 0; t < crew->threads; t++) {
        atomic_store_explicit(
            &crew->shares[t].next, t * items / crew->threads, memory_order_relaxed);
        crew->shares[t].end = (t + 1) * items / crew->threads;
    }
    if (crew->threads == 1 || items == 1) {
        take_items(crew, 0);
        return;
    }
    atomic_store_explicit(&crew->working, (uint32_t)(crew->threads - 1), memory_order_relaxed);
    atomic_fetch_add(&crew->round, 1);
    wake(crew, &crew->round);
    take_items(crew, 0);
    uint32_t left;
    while ((left = atomic_load_explicit(&crew->working, memory_order_acquire)) != 0)
        wait_for_change(crew, &crew->working, left);
}
