#define _GNU_SOURCE
#include "poller.h"

#include <string.h>
#include <sys/epoll.h>
#include <time.h>

int poller_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

int poller_add(int poller, int descriptor, uint32_t number) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = number}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int poller_want_writes(int poller, int descriptor, uint32_t number, int wanted) {
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data = {.u32 = number}};
    return epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event);
}

int poller_remove(int poller, int descriptor) { return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL); }

static int numbers_of(const struct epoll_event *events, int found, uint32_t *numbers) {
    for (int index = 0; index < found; index++) numbers[index] = events[index].data.u32;
    return found;
}

int poller_wait(int poller, uint32_t *numbers, int count, int milliseconds) {
    struct epoll_event events[512];
    return numbers_of(events, epoll_wait(poller, events, count < 512 ? count : 512, milliseconds), numbers);
}

int poller_wait_nanoseconds(int poller, uint32_t *numbers, int count, int64_t nanoseconds) {
    struct epoll_event events[512];
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return numbers_of(events, epoll_pwait2(poller, events, count < 512 ? count : 512, &time, NULL), numbers);
}

long poller_find(const void *bytes, size_t count, const void *text, size_t length) {
    const char *found = memmem(bytes, count, text, length);
    return found ? found - (const char *)bytes : -1;
}
