/* SPDX-License-Identifier: MIT */
/*
 * fault_proxy.c - a TCP proxy that misbehaves on command; the fault suite (tests/faults) puts it in
 * front of the broker or the database.
 *
 *   fault_proxy HOST:PORT      listens on a free port of 127.0.0.1, prints "listening PORT"
 *
 * Commands come on standard input, one per line; each is answered by one line on standard output.
 * The end of standard input ends the proxy.
 *
 *   pass                       behave from now on
 *   cut N                      pass N more bytes of either direction, then close every connection,
 * once reset                      reset (RST) every connection there is stall read nothing more, so
 * that senders block hole                       take everything and throw it away refuse close new
 * connections at once delay MS                   hold every piece for so long slice hand on single
 * bytes drop HEX N                 N times: when a client has sent these bytes, let them pass,
 * throw away what the server answers next, and reset the connection stats connections=N up=N down=N
 * dropped=N cut=N
 *
 * One thread, poll; a direction holds at most PIECE bytes, so a slow receiver slows its sender.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINKS_MAX = 64, PIECE = 65536, PATTERN_MAX = 64 };

enum mode { MODE_PASS, MODE_STALL, MODE_HOLE, MODE_REFUSE };

/* One direction of a connection: bytes read from one end, on their way to the other. */
struct flow {
	char bytes[PIECE];
	size_t from, to; /* what is still to be written */
	int64_t due_ms;	 /* not before */
};

enum { UP, DOWN }; /* client to server, server to client; also: ends[UP] is the client */

struct proxied {
	int ends[2]; /* client, server; -1 = the slot is free */
	struct flow flows[2];
	size_t matched;	  /* bytes of the pattern that the client's last bytes match */
	bool drop_answer; /* the pattern went by: the next answer is lost */
};

static struct proxied connections[LINKS_MAX];
static struct sockaddr_in target;
static enum mode mode;
static bool slicing, cutting;
static uint64_t cut_left, delay_ms, drops_left;
static unsigned char pattern[PATTERN_MAX];
static size_t pattern_len;
static uint64_t count_connections, count_bytes[2], count_dropped, count_cut;

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
fail(const char *what)
{
	fprintf(stderr, "fault_proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- connections --- */

static void
hang_up(struct proxied *c, bool reset)
{
	const struct linger abrupt = {.l_onoff = 1, .l_linger = 0};

	for (int i = 0; i < 2; i++) {
		if (reset)
			setsockopt(c->ends[i], SOL_SOCKET, SO_LINGER, &abrupt, sizeof(abrupt));
		close(c->ends[i]);
		c->ends[i] = -1;
	}
}

static void
hang_up_all(bool reset)
{
	for (int i = 0; i < LINKS_MAX; i++)
		if (connections[i].ends[UP] >= 0)
			hang_up(&connections[i], reset);
}

static void
set_up_end(int fd)
{
	const int on = 1;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void
take_client(int listener)
{
	int client = accept(listener, NULL, NULL), server;
	struct proxied *c = NULL;

	if (client < 0)
		return;
	for (int i = 0; i < LINKS_MAX && c == NULL; i++)
		if (connections[i].ends[UP] < 0)
			c = &connections[i];
	server = socket(AF_INET, SOCK_STREAM, 0);
	if (mode == MODE_REFUSE || c == NULL || server < 0 ||
	    connect(server, (const struct sockaddr *)&target, sizeof(target)) != 0) {
		close(client);
		if (server >= 0)
			close(server);
		return;
	}
	set_up_end(client);
	set_up_end(server);
	memset(c, 0, sizeof(*c));
	c->ends[UP] = client;
	c->ends[DOWN] = server;
	count_connections++;
}

/* --- one direction --- */

/* Has the client completed the pattern with these bytes? Good enough for patterns that do not
 * repeat their start. */
static void
look_for_pattern(struct proxied *c, const char *bytes, size_t len)
{
	if (drops_left == 0 || pattern_len == 0)
		return;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		c->matched = byte == pattern[c->matched] ? c->matched + 1 : byte == pattern[0];
		if (c->matched == pattern_len) {
			c->matched = 0;
			c->drop_answer = true;
		}
	}
}

/* Read what has come. False: the connection is over. */
static bool
take_in(struct proxied *c, int direction)
{
	struct flow *flow = &c->flows[direction];
	ssize_t got = read(c->ends[direction], flow->bytes, sizeof(flow->bytes));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	count_bytes[direction] += (uint64_t)got;
	if (direction == UP)
		look_for_pattern(c, flow->bytes, (size_t)got);
	if (direction == DOWN && c->drop_answer && drops_left > 0) {
		drops_left--;
		count_dropped++;
		hang_up(c, true);
		return true;
	}
	if (mode == MODE_HOLE)
		return true;
	flow->from = 0;
	flow->to = (size_t)got;
	flow->due_ms = now_ms() + (int64_t)delay_ms;
	return true;
}

/* Write what is due. False: the connection is over. */
static bool
hand_on(struct proxied *c, int direction)
{
	struct flow *flow = &c->flows[direction];

	while (flow->from < flow->to && flow->due_ms <= now_ms()) {
		size_t len = slicing ? 1 : flow->to - flow->from;
		ssize_t sent;

		if (cutting && len > cut_left)
			len = (size_t)cut_left;
		if (len == 0) {
			cutting = false;
			count_cut++;
			hang_up_all(false);
			return true;
		}
		sent = send(c->ends[!direction], flow->bytes + flow->from, len, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		flow->from += (size_t)sent;
		if (cutting)
			cut_left -= (uint64_t)sent;
	}
	return true;
}

/* --- commands --- */

static void
behave(void)
{
	mode = MODE_PASS;
	slicing = cutting = false;
	delay_ms = drops_left = 0;
}

static bool
set_pattern(const char *hex)
{
	size_t len = strlen(hex) / 2;

	if (len == 0 || len > PATTERN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		pattern[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	pattern_len = len;
	return true;
}

static bool
obey(const char *line)
{
	char word[16] = "", hex[2 * PATTERN_MAX + 1] = "";
	uint64_t number = 0;

	sscanf(line, "%15s %" SCNu64, word, &number);
	if (strcmp(word, "pass") == 0) {
		behave();
	} else if (strcmp(word, "cut") == 0) {
		cutting = true;
		cut_left = number;
	} else if (strcmp(word, "reset") == 0) {
		hang_up_all(true);
	} else if (strcmp(word, "stall") == 0) {
		mode = MODE_STALL;
	} else if (strcmp(word, "hole") == 0) {
		mode = MODE_HOLE;
	} else if (strcmp(word, "refuse") == 0) {
		mode = MODE_REFUSE;
	} else if (strcmp(word, "delay") == 0) {
		delay_ms = number;
	} else if (strcmp(word, "slice") == 0) {
		slicing = true;
	} else if (strcmp(word, "drop") == 0) {
		number = 0;
		if (sscanf(line, "%*s %128s %" SCNu64, hex, &number) != 2 || !set_pattern(hex))
			return false;
		drops_left = number;
	} else if (strcmp(word, "stats") == 0) {
		printf("connections=%" PRIu64 " up=%" PRIu64 " down=%" PRIu64 " dropped=%" PRIu64
		       " cut=%" PRIu64 "\n",
		       count_connections, count_bytes[UP], count_bytes[DOWN], count_dropped,
		       count_cut);
		return true;
	} else {
		return false;
	}
	printf("ok\n");
	return true;
}

/* Standard input is read without stdio, which would hide lines from poll. */
static void
take_commands(void)
{
	static char buffer[4096];
	static size_t used;
	ssize_t got = read(STDIN_FILENO, buffer + used, sizeof(buffer) - 1 - used);
	char *end;

	if (got <= 0)
		exit(0);
	used += (size_t)got;
	buffer[used] = '\0';
	while ((end = strchr(buffer, '\n')) != NULL) {
		*end = '\0';
		if (!obey(buffer))
			printf("what? %s\n", buffer);
		used -= (size_t)(end + 1 - buffer);
		memmove(buffer, end + 1, used + 1);
	}
	fflush(stdout);
}

/* --- the loop --- */

/* What to wait for at one end: room for what is held for it, bytes when nothing is held from it. */
static short
wanted(const struct proxied *c, int end, int64_t *wake_ms)
{
	const struct flow *in = &c->flows[end], *out = &c->flows[!end];
	short events = 0;

	if (mode == MODE_STALL)
		return 0;
	if (in->from == in->to)
		events |= POLLIN;
	if (out->from < out->to && out->due_ms <= now_ms())
		events |= POLLOUT;
	else if (out->from < out->to && out->due_ms < *wake_ms)
		*wake_ms = out->due_ms;
	return events;
}

static void
serve(struct proxied *c, const struct pollfd ends[2])
{
	const short over = POLLERR | POLLNVAL;
	bool alive = ((ends[UP].revents | ends[DOWN].revents) & over) == 0;

	for (int direction = UP; direction <= DOWN && alive; direction++) {
		struct flow *flow = &c->flows[direction];

		if ((ends[direction].revents & (POLLIN | POLLHUP)) != 0 && flow->from == flow->to &&
		    mode != MODE_STALL)
			alive = take_in(c, direction);
		if (c->ends[UP] < 0)
			return;
		if (alive && mode != MODE_STALL)
			alive = hand_on(c, direction);
		if (c->ends[UP] < 0)
			return;
	}
	if (!alive)
		hang_up(c, false);
}

static void
turn(int listener)
{
	struct pollfd all[2 + 2 * LINKS_MAX] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = listener, .events = POLLIN},
	};
	int64_t wake_ms = now_ms() + 1000;

	for (int i = 0; i < LINKS_MAX; i++)
		for (int end = 0; end < 2; end++) {
			struct pollfd *p = &all[2 + 2 * i + end];

			p->fd = connections[i].ends[end];
			p->events = p->fd >= 0 ? wanted(&connections[i], end, &wake_ms) : 0;
			if (p->fd >= 0 && p->events == 0 && mode == MODE_STALL)
				p->fd = -1; /* a hung server does not notice a hang-up either */
		}
	if (poll(all, sizeof(all) / sizeof(all[0]),
		 (int)(wake_ms > now_ms() ? wake_ms - now_ms() : 0)) < 0 &&
	    errno != EINTR)
		fail("poll");
	if (all[0].revents != 0)
		take_commands();
	for (int i = 0; i < LINKS_MAX; i++)
		if (connections[i].ends[UP] >= 0)
			serve(&connections[i], &all[2 + 2 * i]);
	if (all[1].revents != 0)
		take_client(listener);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, LINKS_MAX) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		fail("listen");
	printf("listening %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return listener;
}

int
main(int argc, char **argv)
{
	char *colon = argc == 2 ? strrchr(argv[1], ':') : NULL;
	int listener;

	if (colon == NULL) {
		fprintf(stderr, "usage: fault_proxy HOST:PORT\n");
		return 64;
	}
	*colon = '\0';
	target.sin_family = AF_INET;
	target.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (inet_pton(AF_INET, argv[1], &target.sin_addr) != 1) {
		fprintf(stderr, "fault_proxy: \"%s\" is no IPv4 address\n", argv[1]);
		return 64;
	}
	for (int i = 0; i < LINKS_MAX; i++)
		connections[i].ends[UP] = connections[i].ends[DOWN] = -1;
	listener = listen_somewhere();
	for (;;)
		turn(listener);
}
