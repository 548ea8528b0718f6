/* SPDX-License-Identifier: MIT */
/*
 * control.c - the control socket.
 *
 * A client is in one of two states: being read from (out == NULL) until a line is complete, or being
 * written to until its answer is gone. Thus a client that asks without reading is not listened to.
 */
#include "supervisor/daemon/control.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/shared/request.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	ACCEPT_AT_ONCE = 64,
	FIRST_BUFFER = 1024,
	ACCEPT_PAUSE_MS = 500,
	CONTROL_CHECK_MS = 2000, /* how often the socket's file is looked at */
};

/*
 * sluiced without a free descriptor is when operators need to be heard: the spare one is for them.
 * It is taken whenever there is none.
 */
static void
control_reserve(struct control *control)
{
	if (control->spare_fd < 0)
		control->spare_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

void
control_open(struct control *control, const char *path, control_answer_fn answer, void *context)
{
	char error[512];
	int result;

	*control = (struct control){.socket = {.path = xstrdup(path), .fd = -1},
				    .answer = answer,
				    .context = context,
				    .spare_fd = -1};
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	result = control_socket_listen(&control->socket, error, sizeof(error));
	if (result != 0)
		fatal_exit(result, "%s", error);
	control_reserve(control);
}

enum control_check
control_check(struct control *control, bool now, int64_t now_ms, char *error, size_t error_size)
{
	const struct alert_policy *policy = &alert_every_minute;

	if (!now && now_ms < control->check_ms)
		return CONTROL_NO_NEWS;
	control->check_ms = now_ms + CONTROL_CHECK_MS;
	if (control_socket_look(&control->socket) == CONTROL_SOCKET_THERE) {
		alert_clear(&control->lost, now_ms);
		return CONTROL_NO_NEWS;
	}
	/* one that is another's and stale is replaced, one that answers is not */
	if (control_socket_listen(&control->socket, error, error_size) != 0)
		return alert_raise(&control->lost, policy, alert_cause_of(error), now_ms)
			       ? CONTROL_LOST
			       : CONTROL_NO_NEWS;
	alert_clear(&control->lost, now_ms);
	return CONTROL_MADE_AGAIN;
}

static void
drop(struct client *client)
{
	close(client->fd);
	free(client->in);
	free(client->out);
	*client = (struct client){.fd = -1};
}

void
control_close(struct control *control)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			drop(&control->clients[i]);
	control_socket_close(&control->socket);
	if (control->spare_fd >= 0)
		close(control->spare_fd);
}

/* --- who is there --- */

static bool
is_in_group(int fd, gid_t group)
{
	gid_t *groups = NULL;
	socklen_t size = 0;
	bool found = false;

	/* The first call only says how large the answer is. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
		return false;
	groups = xcalloc(1, size);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
		for (size_t i = 0; i < size / sizeof(*groups); i++)
			found = found || groups[i] == group;
	free(groups);
	return found;
}

static int
read_peer(const struct control *control, int fd, struct peer *peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
		return -1;
	*peer = (struct peer){
		.uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
	peer->may_operate = peer->uid == 0 || peer->uid == geteuid() ||
			    peer->gid == control->socket.group ||
			    is_in_group(fd, control->socket.group);
	return 0;
}

/* A free place; the one that waits longest gives way when there is none. */
static struct client *
control_make_room(struct control *control)
{
	struct client *oldest = &control->clients[0];

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = &control->clients[i];

		if (client->fd < 0)
			return client;
		if (client->deadline_ms < oldest->deadline_ms)
			oldest = client;
	}
	log_debug("control socket: more than %d clients, closing the one that waits longest",
		  CONTROL_CLIENTS);
	drop(oldest);
	return oldest;
}

/* Accept one client; -1 when nobody is there, or no descriptor. */
static int
accept_client(struct control *control, int64_t now_ms)
{
	int fd = accept4(control->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	if (control->spare_fd >= 0) {
		close(control->spare_fd);
		control->spare_fd = -1;
		fd = accept4(control->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			return fd;
	}
	/* Who waits stays in the backlog; poll() must not come back at once for ever. */
	control->accept_again_ms = now_ms + ACCEPT_PAUSE_MS;
	return -1;
}

static void
accept_clients(struct control *control, int64_t now_ms)
{
	/* No more than a backlog in one go: the children must be looked at too. */
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct client *client;
		struct peer peer;
		int fd = accept_client(control, now_ms);

		if (fd < 0)
			return;
		if (read_peer(control, fd, &peer) != 0) {
			close(fd);
			continue;
		}
		client = control_make_room(control);
		*client = (struct client){
			.fd = fd, .peer = peer, .deadline_ms = now_ms + CONTROL_TIMEOUT_MS};
	}
}

/* --- one client --- */

static void
send_rest(struct client *client, int64_t now_ms)
{
	ssize_t sent = send(client->fd, client->out + client->out_sent,
			    client->out_len - client->out_sent, MSG_NOSIGNAL);

	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR)
			drop(client);
		return;
	}
	client->out_sent += (size_t)sent;
	if (client->out_sent < client->out_len)
		return;
	free(client->out);
	client->out = NULL;
	client->deadline_ms = now_ms + CONTROL_TIMEOUT_MS;
	if (client->last)
		drop(client);
}

static void
answer_line(struct control *control, struct client *client, size_t len, bool complete,
	    int64_t now_ms)
{
	client->out = control->answer(control->context, &client->peer, client->in, len, complete);
	client->out_len = strlen(client->out);
	client->out_sent = 0;
	client->last = !complete;
	if (complete) {
		client->in_used -= len + 1;
		memmove(client->in, client->in + len + 1, client->in_used);
	}
	send_rest(client, now_ms);
}

/* Answer all complete lines, as long as the answers can be sent. */
static void
answer_lines(struct control *control, struct client *client, int64_t now_ms)
{
	while (client->fd >= 0 && client->out == NULL && client->in_used > 0) {
		const char *end = memchr(client->in, '\n', client->in_used);

		if (end != NULL)
			answer_line(control, client, (size_t)(end - client->in), true, now_ms);
		else if (client->in_used == REQUEST_MAX)
			answer_line(control, client, client->in_used, false, now_ms);
		else
			return;
	}
}

static void
receive(struct client *client)
{
	ssize_t got;

	if (client->in_used == client->in_size) {
		client->in_size =
			MIN(MAX(2 * client->in_size, (size_t)FIRST_BUFFER), (size_t)REQUEST_MAX);
		client->in = xreallocarray(client->in, client->in_size, 1);
	}
	assert(client->in_used < client->in_size);
	got = recv(client->fd, client->in + client->in_used, client->in_size - client->in_used, 0);
	if (got > 0)
		client->in_used += (size_t)got;
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		drop(client);
}

/* --- for the main loop --- */

size_t
control_poll(const struct control *control, struct pollfd *fds)
{
	size_t count = 0;

	/* poll(2) leaves out a descriptor that is negative. */
	fds[count++] = (struct pollfd){
		.fd = control->accept_again_ms == 0 ? control->socket.fd : -1, .events = POLLIN};
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct client *client = &control->clients[i];

		if (client->fd >= 0)
			fds[count++] = (struct pollfd){
				.fd = client->fd, .events = client->out != NULL ? POLLOUT : POLLIN};
	}
	return count;
}

void
control_handle(struct control *control, const struct pollfd *fds, size_t count, int64_t now_ms)
{
	size_t at = 1;

	/* In the order of control_poll(); newcomers are let in only afterwards. */
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = &control->clients[i];

		if (client->fd < 0)
			continue;
		assert(at < count && fds[at].fd == client->fd);
		if (fds[at].revents != 0) {
			if (client->out != NULL)
				send_rest(client, now_ms);
			else
				receive(client);
			answer_lines(control, client, now_ms);
		}
		at++;
		if (client->fd >= 0 && now_ms >= client->deadline_ms)
			drop(client);
	}
	control_reserve(control);
	if (fds[0].revents != 0)
		accept_clients(control, now_ms);
	else if (now_ms >= control->accept_again_ms)
		control->accept_again_ms = 0;
}

int64_t
control_timeout_ms(const struct control *control, int64_t now_ms, int64_t limit_ms)
{
	if (control->accept_again_ms != 0)
		limit_ms = MIN(limit_ms, MAX(0, control->accept_again_ms - now_ms));
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct client *client = &control->clients[i];

		if (client->fd >= 0)
			limit_ms = MIN(limit_ms, MAX(0, client->deadline_ms - now_ms));
	}
	return limit_ms;
}
