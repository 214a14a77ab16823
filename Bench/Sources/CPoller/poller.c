#define _GNU_SOURCE
#include "poller.h"

#include <string.h>
#include <sys/epoll.h>

int poller_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

int poller_add(int poller, int descriptor, uint32_t number) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = number}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int poller_remove(int poller, int descriptor) { return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL); }

int poller_wait(int poller, uint32_t *numbers, int count, int milliseconds) {
    struct epoll_event events[512];
    int found = epoll_wait(poller, events, count < 512 ? count : 512, milliseconds);
    for (int index = 0; index < found; index++) numbers[index] = events[index].data.u32;
    return found;
}

long poller_find(const void *bytes, size_t count, const void *text, size_t length) {
    const char *found = memmem(bytes, count, text, length);
    return found ? found - (const char *)bytes : -1;
}
