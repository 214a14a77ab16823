// Members of a consumer group of Redis Streams: each reads COUNT new entries with XREADGROUP and acknowledges them with XACK,
// sent together with the next XREADGROUP, until there is nothing left.
//
//   redis-group PORT MEMBERS COUNT RECORDS
//
// The stream is `events`, the group `readers`; both must be there. Prints {"records":RECORDS,"seconds":SECONDS}. Every entry
// must be read once and acknowledged once.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct member {
    int descriptor;
    int number;
    int count;
    long read;
    long acknowledged;
    char *bytes;
    size_t begin, end, room;
    pthread_t thread;
};

static pthread_barrier_t barrier;

static void fail(const char *what) {
    fprintf(stderr, "redis-group: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int connect_to(int port) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

static void send_all(struct member *member, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = write(member->descriptor, bytes, count);
        if (sent <= 0) fail("cannot send");
        bytes += sent;
        count -= sent;
    }
}

// Makes sure that so many bytes from `begin` on are there; what was there may move.
static void need(struct member *member, size_t count) {
    while (member->end - member->begin < count) {
        if (member->begin > 0) {
            memmove(member->bytes, member->bytes + member->begin, member->end - member->begin);
            member->end -= member->begin;
            member->begin = 0;
        }
        if (member->end == member->room) member->bytes = realloc(member->bytes, member->room *= 2);
        ssize_t found = read(member->descriptor, member->bytes + member->end, member->room - member->end);
        if (found <= 0) fail("the connection ended");
        member->end += found;
    }
}

// The number of the next line, which begins with this sign: :1, *2, $3.
static long number(struct member *member, char sign) {
    size_t length = 0;
    for (;;) {
        need(member, length + 1);
        if (member->bytes[member->begin + length] == '\n') break;
        length++;
    }
    char *line = member->bytes + member->begin;
    if (line[0] != sign) {
        fprintf(stderr, "redis-group: %.*s\n", (int)length, line);
        exit(1);
    }
    member->begin += length + 1;
    return atol(line + 1);
}

// The next text; valid until the next call.
static const char *text(struct member *member, long *length) {
    *length = number(member, '$');
    need(member, *length + 2);
    const char *found = member->bytes + member->begin;
    member->begin += *length + 2;
    return found;
}

static void *work(void *argument) {
    struct member *member = argument;
    char name[32], ask[256];
    int name_length = snprintf(name, sizeof name, "member-%d", member->number);
    int ask_length = snprintf(ask, sizeof ask,
        "*9\r\n$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n$7\r\nreaders\r\n$%d\r\n%s\r\n$5\r\nCOUNT\r\n$%d\r\n%d\r\n"
        "$7\r\nSTREAMS\r\n$6\r\nevents\r\n$1\r\n>\r\n",
        name_length, name, snprintf(NULL, 0, "%d", member->count), member->count);
    char *acknowledge = malloc(256 + (size_t)member->count * 64);
    size_t length = 0;
    long expected = 0;
    pthread_barrier_wait(&barrier);
    for (;;) {
        memcpy(acknowledge + length, ask, ask_length);
        send_all(member, acknowledge, length + ask_length);
        if (expected > 0) {
            if (number(member, ':') != expected) fail("not everything was acknowledged");
            member->acknowledged += expected;
        }
        // One stream: its name and its entries; an array of -1 when there is nothing new.
        if (number(member, '*') < 0) break;
        long size;
        number(member, '*');
        text(member, &size);
        expected = number(member, '*');
        length = sprintf(acknowledge, "*%ld\r\n$4\r\nXACK\r\n$6\r\nevents\r\n$7\r\nreaders\r\n", expected + 3);
        for (long entry = 0; entry < expected; entry++) {
            number(member, '*');
            const char *id = text(member, &size);
            length += sprintf(acknowledge + length, "$%ld\r\n%.*s\r\n", size, (int)size, id);
            for (long fields = number(member, '*'); fields > 0; fields--) text(member, &size);
        }
        member->read += expected;
    }
    pthread_barrier_wait(&barrier);
    free(acknowledge);
    return NULL;
}

int main(int count, char **words) {
    if (count != 5 || atoi(words[2]) < 1 || atoi(words[2]) > 64 || atoi(words[3]) < 1) {
        fprintf(stderr, "usage: redis-group PORT MEMBERS COUNT RECORDS\n");
        return 2;
    }
    int members_count = atoi(words[2]);
    struct member members[64] = {0};
    pthread_barrier_init(&barrier, NULL, members_count + 1);
    for (int index = 0; index < members_count; index++) {
        struct member *member = &members[index];
        *member = (struct member){.descriptor = connect_to(atoi(words[1])), .number = index, .count = atoi(words[3])};
        member->room = 1 << 20;
        member->bytes = malloc(member->room);
        pthread_create(&member->thread, NULL, work, member);
    }
    pthread_barrier_wait(&barrier);
    double begin = now();
    pthread_barrier_wait(&barrier);
    double seconds = now() - begin;
    long read = 0, acknowledged = 0;
    for (int index = 0; index < members_count; index++) {
        pthread_join(members[index].thread, NULL);
        read += members[index].read;
        acknowledged += members[index].acknowledged;
    }
    if (read != atol(words[4]) || acknowledged != read) {
        fprintf(stderr, "redis-group: %ld were read, %ld acknowledged, of %s\n", read, acknowledged, words[4]);
        return 1;
    }
    printf("{\"records\":%ld,\"seconds\":%f}\n", read, seconds);
    return 0;
}
