// link RATE DELAY A B: a link between two network namespaces, in place of a kernel's netem: packets of the device tunA in namespace A come
// out of tunB in namespace B, and the other way round, RATE megabits a second and DELAY milliseconds late.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS = 4096, LARGEST = 9100 };

static struct direction
{
    int from, to;
    unsigned head, tail;
    double free;
    struct { double due; int length; char bytes[LARGEST]; } packets[PACKETS];
} directions[2];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int open_device(const char *space)
{
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", space);
    int file = open(path, O_RDONLY);
    if (file < 0 || setns(file, CLONE_NEWNET) < 0)
        fail(path);
    close(file);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    snprintf(request.ifr_name, IFNAMSIZ, "tun%s", space);
    if (device < 0 || ioctl(device, TUNSETIFF, &request) < 0)
        fail("/dev/net/tun");
    return device;
}

int main(int count, char **arguments)
{
    if (count != 5)
        return 2;
    double bytes_a_second = atof(arguments[1]) * 1e6 / 8, delay = atof(arguments[2]) * 1e-3;
    directions[0].from = directions[1].to = open_device(arguments[3]);
    directions[0].to = directions[1].from = open_device(arguments[4]);
    prctl(PR_SET_TIMERSLACK, 1);
    puts("ready");
    fflush(stdout);
    for (;;)
    {
        double next = now() + 1;
        struct pollfd files[2];
        for (int i = 0; i < 2; i++)
        {
            struct direction *d = &directions[i];
            for (; d->tail != d->head && d->packets[d->tail % PACKETS].due <= now(); d->tail++)
                (void)!write(d->to, d->packets[d->tail % PACKETS].bytes, d->packets[d->tail % PACKETS].length);
            // A full queue leaves packets to the device, which drops them when its own is full.
            while (d->head - d->tail < PACKETS)
            {
                int length = read(d->from, d->packets[d->head % PACKETS].bytes, LARGEST);
                if (length <= 0)
                    break;
                double at = now();
                d->free = (d->free > at ? d->free : at) + length / bytes_a_second;
                d->packets[d->head % PACKETS].due = d->free + delay;
                d->packets[d->head++ % PACKETS].length = length;
            }
            if (d->tail != d->head && d->packets[d->tail % PACKETS].due < next)
                next = d->packets[d->tail % PACKETS].due;
            files[i] = (struct pollfd){ .fd = d->from, .events = d->head - d->tail < PACKETS ? POLLIN : 0 };
        }
        double wait = next - now();
        struct timespec timeout = { .tv_sec = (time_t)(wait > 0 ? wait : 0) };
        timeout.tv_nsec = wait > 0 ? (long)((wait - timeout.tv_sec) * 1e9) : 0;
        if (ppoll(files, 2, &timeout, NULL) < 0 && errno != EINTR)
            fail("ppoll");
    }
}
