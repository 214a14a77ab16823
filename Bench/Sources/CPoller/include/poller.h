#ifndef MILLRACE_BENCH_POLLER_H
#define MILLRACE_BENCH_POLLER_H

#include <stddef.h>
#include <stdint.h>

/// epoll(7) for Swift, whose Glibc module does not have it. All return what the calls return.
int poller_make(void);
/// Tells from now on when `descriptor` can be read, under a number of the caller's.
int poller_add(int poller, int descriptor, uint32_t number);
/// Tells also when it can be written to, or no more.
int poller_want_writes(int poller, int descriptor, uint32_t number, int wanted);
int poller_remove(int poller, int descriptor);
/// Waits; the numbers of those that can be read, at most `count`.
int poller_wait(int poller, uint32_t *numbers, int count, int milliseconds);
/// The same to the nanosecond, for schedules.
int poller_wait_nanoseconds(int poller, uint32_t *numbers, int count, int64_t nanoseconds);

/// memmem(3): where a text occurs first, -1 where it does not.
long poller_find(const void *bytes, size_t count, const void *text, size_t length);

#endif
