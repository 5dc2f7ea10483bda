/* What the kernel itself costs: the floor under every figure of sampling.
 *
 *   floor read PID TIMES        seconds of processor time for one read of /proc/PID/statm, kept open, parsed
 *   floor herd COUNT            start COUNT children that do nothing, say "ready", end them when the input ends
 *   floor stall MIB SECONDS     touch MIB, then map and unmap pages; print the latencies' p50, p99 and p99.9 in seconds
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int read_times(const char *pid, long times) {
    char path[64], text[128];
    snprintf(path, sizeof path, "/proc/%s/statm", pid);
    int fd = open(path, O_RDONLY);
    volatile long sum = 0;
    double before = now(CLOCK_THREAD_CPUTIME_ID);
    for (long i = 0; i < times; i++) {
        ssize_t got = pread(fd, text, sizeof text - 1, 0);
        if (got <= 0) return 1;
        text[got] = 0;
        sum += atol(strchr(text, ' ') + 1);
    }
    printf("%.12f\n", (now(CLOCK_THREAD_CPUTIME_ID) - before) / times);
    return 0;
}

static int herd(long count) {
    pid_t *pids = calloc(count, sizeof *pids);
    for (long i = 0; i < count; i++) {
        pids[i] = fork();
        if (pids[i] < 0) return 1;
        if (!pids[i]) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;) pause();
        }
    }
    puts("ready");
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) {}
    for (long i = 0; i < count; i++) kill(pids[i], SIGKILL);
    while (wait(NULL) > 0) {}
    return 0;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int stall(long mib, double seconds) {
    size_t size = (size_t)mib << 20;
    char *held = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (held == MAP_FAILED) return 1;
    for (size_t at = 0; at < size; at += 4096) held[at] = 1;
    puts("ready");
    fflush(stdout);
    char byte;
    long most = 4000000, taken = 0;
    double *latency = malloc(most * sizeof *latency);
    if (read(0, &byte, 1) < 0) return 1;
    double ends = now(CLOCK_MONOTONIC) + seconds;
    while (taken < most) {
        double before = now(CLOCK_MONOTONIC);
        if (before >= ends) break;
        void *page = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *(volatile char *)page = 1;
        munmap(page, 1 << 16);
        latency[taken++] = now(CLOCK_MONOTONIC) - before;
        struct timespec rest = {0, 100000};
        nanosleep(&rest, NULL);
    }
    qsort(latency, taken, sizeof *latency, ascending);
    printf("%.9f %.9f %.9f\n", latency[taken / 2], latency[taken * 99 / 100], latency[taken * 999 / 1000]);
    return 0;
}

int main(int count, char **words) {
    if (count == 4 && !strcmp(words[1], "read")) return read_times(words[2], atol(words[3]));
    if (count == 3 && !strcmp(words[1], "herd")) return herd(atol(words[2]));
    if (count == 4 && !strcmp(words[1], "stall")) return stall(atol(words[2]), atof(words[3]));
    return 2;
}
