/* SPDX-License-Identifier: MIT */
/*
 * log_writer.c - writing without waiting.
 */
#include "common/base/log_writer.h"
#include "common/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 1000,    /* this long, all in all, a slow reader is waited for ... */
	PATIENCE_IN_MS = 10000 /* ... within so long */
};
_Static_assert((int)LOG_WRITER_LINE_MAX <= (int)PIPE_BUF, "a line is written to a pipe as one");

static struct {
	enum { WRITE, SEND, SPLICE, POLL } way;
	int fd;		/* to write to; with OWN it is ours */
	bool own;	/* close it */
	int through[2]; /* SPLICE: our own pipe */
	char rest[LOG_WRITER_LINE_MAX];
	size_t rest_len; /* of a line that was begun */
	int64_t window_ms;
	int64_t waited_ms;
} writer = {.way = WRITE, .fd = STDERR_FILENO, .through = {-1, -1}};

static void
log_writer_close(void)
{
	if (writer.own)
		close(writer.fd);
	for (int i = 0; i < 2; i++) {
		if (writer.through[i] >= 0)
			close(writer.through[i]);
		writer.through[i] = -1;
	}
	writer.own = false;
	writer.rest_len = 0;
	writer.waited_ms = 0;
}

static int
open_anew(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void
log_writer_open(int fd)
{
	struct stat found;
	int anew;

	log_writer_close();
	writer.fd = fd;
	writer.way = WRITE;
	if (fstat(fd, &found) != 0 || S_ISREG(found.st_mode))
		return;
	if (S_ISSOCK(found.st_mode)) {
		writer.way = SEND;
		return;
	}
	anew = open_anew(fd);
	if (anew >= 0) {
		writer.fd = anew;
		writer.own = true;
	} else if (S_ISFIFO(found.st_mode) && pipe2(writer.through, O_CLOEXEC | O_NONBLOCK) == 0) {
		writer.way = SPLICE;
	} else {
		writer.way = POLL;
	}
}

static bool
has_room(int64_t timeout_ms)
{
	struct pollfd room = {.fd = writer.fd, .events = POLLOUT};

	return poll(&room, 1, (int)timeout_ms) > 0;
}

/* What is already in our own pipe counts as written when it arrives, so it never stays there. */
static ssize_t
splice_through(const char *line, size_t len)
{
	ssize_t sent;

	if (!has_room(0)) {
		errno = EAGAIN;
		return -1;
	}
	if (write(writer.through[1], line, len) != (ssize_t)len)
		return -1;
	sent = splice(writer.through[0], NULL, writer.fd, NULL, len, SPLICE_F_NONBLOCK);
	if (sent != (ssize_t)len) {
		char unsent[LOG_WRITER_LINE_MAX];
		int error = errno;
		ssize_t got = read(writer.through[0], unsent, sizeof(unsent));

		(void)got;
		errno = error;
	}
	return sent;
}

static ssize_t
put_some(const char *line, size_t len)
{
	switch (writer.way) {
	case SEND:
		return send(writer.fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case SPLICE:
		return splice_through(line, len);
	case POLL:
		if (!has_room(0)) {
			errno = EAGAIN;
			return -1;
		}
		break;
	default:
		break;
	}
	return write(writer.fd, line, len);
}

/* Wait for room, while there is patience; false: there is none any more. */
static bool
wait_for_room(void)
{
	int64_t begin_ms = clock_mono_ms();
	bool room;

	if (begin_ms - writer.window_ms >= PATIENCE_IN_MS) {
		writer.window_ms = begin_ms;
		writer.waited_ms = 0;
	}
	if (writer.waited_ms >= PATIENCE_MS)
		return false;
	room = has_room(PATIENCE_MS - writer.waited_ms);
	writer.waited_ms += clock_mono_ms() - begin_ms;
	return room;
}

/* How much of it was written; less than all: there is no room. */
static size_t
put_all(const char *line, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t sent = put_some(line + done, len - done);

		if (sent > 0)
			done += (size_t)sent;
		else if (sent < 0 && errno == EINTR)
			continue;
		else if (sent == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
			return len; /* there is nobody to tell */
		else if (!wait_for_room())
			break;
	}
	return done;
}

bool
log_writer_put(const char *line, size_t len)
{
	size_t done;

	assert(len <= LOG_WRITER_LINE_MAX);
	if (writer.rest_len > 0) {
		done = put_all(writer.rest, writer.rest_len);
		writer.rest_len -= done;
		memmove(writer.rest, writer.rest + done, writer.rest_len);
		if (writer.rest_len > 0)
			return false;
	}
	done = put_all(line, len);
	if (done == 0)
		return false;
	writer.rest_len = len - done;
	memcpy(writer.rest, line + done, writer.rest_len);
	return true;
}
