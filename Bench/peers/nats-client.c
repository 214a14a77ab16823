// A client of JetStream as fast as its own C library lets it be.
//
//   nats-client publish URL CONNECTIONS COUNT BYTES   asynchronous publishes, acknowledged all, on so many connections
//   nats-client read URL COUNT                        an ordered push consumer from the first message to that one
//
// Prints {"records":COUNT,"seconds":SECONDS}. Anything else than success of every message is a failure, told on stderr.
#include <nats/nats.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const STREAM = "events";
static const char *const SUBJECT = "events.all";

static void check(natsStatus status, const char *what) {
    if (status == NATS_OK) return;
    fprintf(stderr, "nats-client: %s: %s (%s)\n", what, natsStatus_GetText(status), nats_GetLastError(NULL));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

struct publisher {
    const char *url;
    long count;
    int bytes;
    pthread_t thread;
};

static pthread_barrier_t barrier;
static atomic_long refused;

static void on_refusal(jsCtx *js, jsPubAckErr *error, void *closure) {
    (void)js;
    (void)error;
    (void)closure;
    atomic_fetch_add(&refused, 1);
}

static void *publish(void *argument) {
    struct publisher *publisher = argument;
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    jsOptions options;
    check(natsConnection_ConnectTo(&connection, publisher->url), "connect");
    check(jsOptions_Init(&options), "options");
    options.PublishAsync.MaxPending = 4096;
    options.PublishAsync.ErrHandler = on_refusal;
    check(natsConnection_JetStream(&js, connection, &options), "JetStream");
    char *message = malloc(publisher->bytes);
    for (int index = 0; index < publisher->bytes; index++) message[index] = 'a' + rand() % 26;

    pthread_barrier_wait(&barrier);
    for (long index = 0; index < publisher->count; index++)
        check(js_PublishAsync(js, SUBJECT, message, publisher->bytes, NULL), "publish");
    jsPubOptions complete;
    check(jsPubOptions_Init(&complete), "options");
    complete.MaxWait = 60000;
    check(js_PublishAsyncComplete(js, &complete), "acknowledgements");
    pthread_barrier_wait(&barrier);

    free(message);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
    return NULL;
}

static void make_stream(jsCtx *js) {
    const char *subjects[] = {SUBJECT};
    jsStreamConfig config;
    check(jsStreamConfig_Init(&config), "stream");
    config.Name = STREAM;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    check(js_AddStream(NULL, js, &config, NULL, NULL), "add stream");
}

static long messages(jsCtx *js) {
    jsStreamInfo *info = NULL;
    natsStatus status = js_GetStreamInfo(&info, js, STREAM, NULL, NULL);
    if (status == NATS_NOT_FOUND) return -1;
    check(status, "stream info");
    long count = (long)info->State.Msgs;
    jsStreamInfo_Destroy(info);
    return count;
}

static int publish_all(const char *url, int connections, long count, int bytes) {
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    check(natsConnection_ConnectTo(&connection, url), "connect");
    check(natsConnection_JetStream(&js, connection, NULL), "JetStream");
    long before = messages(js);
    if (before < 0) make_stream(js);
    before = before < 0 ? 0 : before;

    struct publisher publishers[64];
    pthread_barrier_init(&barrier, NULL, connections + 1);
    for (int index = 0; index < connections; index++) {
        publishers[index] = (struct publisher){url, count / connections + (index < count % connections), bytes, 0};
        pthread_create(&publishers[index].thread, NULL, publish, &publishers[index]);
    }
    pthread_barrier_wait(&barrier);
    double begin = now();
    pthread_barrier_wait(&barrier);
    double seconds = now() - begin;
    for (int index = 0; index < connections; index++) pthread_join(publishers[index].thread, NULL);

    long found = messages(js) - before;
    if (atomic_load(&refused) > 0 || found != count) {
        fprintf(stderr, "nats-client: %ld of %ld are there, %ld were refused\n", found, count, atomic_load(&refused));
        return 1;
    }
    printf("{\"records\":%ld,\"seconds\":%f}\n", count, seconds);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
    return 0;
}

struct reading {
    long wanted;
    long count;
    pthread_mutex_t lock;
    pthread_cond_t done;
};

static void on_message(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure) {
    (void)connection;
    (void)subscription;
    struct reading *reading = closure;
    natsMsg_Destroy(message);
    if (++reading->count < reading->wanted) return;
    pthread_mutex_lock(&reading->lock);
    pthread_cond_signal(&reading->done);
    pthread_mutex_unlock(&reading->lock);
}

static int read_all(const char *url, long count) {
    static struct reading reading = {0, 0, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    natsSubscription *subscription = NULL;
    jsSubOptions options;
    reading.wanted = count;
    check(natsConnection_ConnectTo(&connection, url), "connect");
    check(natsConnection_JetStream(&js, connection, NULL), "JetStream");
    check(jsSubOptions_Init(&options), "options");
    options.Ordered = true;

    double begin = now();
    pthread_mutex_lock(&reading.lock);
    check(js_Subscribe(&subscription, js, SUBJECT, on_message, &reading, NULL, &options, NULL), "subscribe");
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 120;
    while (reading.count < count && pthread_cond_timedwait(&reading.done, &reading.lock, &deadline) == 0) {}
    pthread_mutex_unlock(&reading.lock);
    double seconds = now() - begin;
    if (reading.count < count) {
        fprintf(stderr, "nats-client: %ld of %ld came within two minutes\n", reading.count, count);
        return 1;
    }
    printf("{\"records\":%ld,\"seconds\":%f}\n", count, seconds);
    natsSubscription_Destroy(subscription);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
    return 0;
}

int main(int count, char **words) {
    if (count == 6 && strcmp(words[1], "publish") == 0 && atoi(words[3]) > 0 && atoi(words[3]) <= 64)
        return publish_all(words[2], atoi(words[3]), atol(words[4]), atoi(words[5]));
    if (count == 4 && strcmp(words[1], "read") == 0) return read_all(words[2], atol(words[3]));
    fprintf(stderr, "usage: nats-client publish URL CONNECTIONS COUNT BYTES | nats-client read URL COUNT\n");
    return 2;
}
