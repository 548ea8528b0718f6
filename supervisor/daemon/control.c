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
#include "supervisor/daemon/folder.h"

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

enum { BACKLOG = 64, FIRST_BUFFER = 1024, ACCEPT_PAUSE_MS = 500 };

/* --- the listening socket --- */

static void
make_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash != NULL && slash > path) {
		char *folder = xstrndup(path, (size_t)(slash - path));

		folder_make(folder);
		free(folder);
	}
}

/* A socket file outlives a sluiced that was killed: only connecting tells whether somebody is
 * there. */
static void
remove_stale(const struct sockaddr_un *address)
{
	struct stat found;
	int fd;

	if (lstat(address->sun_path, &found) != 0)
		return;
	if (!S_ISSOCK(found.st_mode))
		fatal_exit(EX_CANTCREAT,
			   "%s is there and is no socket: remove it, or set supervisor.socket",
			   address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		fatal("cannot make a socket: %s", strerror(errno));
	/* EAGAIN is a full backlog: somebody is there, too busy to accept. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		fatal_exit(EX_UNAVAILABLE, "another sluiced answers on %s", address->sun_path);
	close(fd);
	if (unlink(address->sun_path) != 0 && errno != ENOENT)
		fatal_exit(EX_CANTCREAT, "cannot remove the stale socket %s: %s", address->sun_path,
			   strerror(errno));
}

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
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat made;
	mode_t mask;
	int result;

	*control = (struct control){.path = xstrdup(path), .answer = answer, .context = context};
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->clients[i].fd = -1;
	if (strlen(path) >= sizeof(address.sun_path))
		fatal_exit(EX_CONFIG, "supervisor.socket is longer than %zu bytes: %s",
			   sizeof(address.sun_path) - 1, path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	make_folder_of(path);
	remove_stale(&address);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		fatal("cannot make a socket: %s", strerror(errno));
	mask = umask(0117);
	result = bind(control->fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (result != 0 || listen(control->fd, BACKLOG) != 0 || lstat(path, &made) != 0)
		fatal_exit(EX_CANTCREAT, "cannot listen on %s: %s", path, strerror(errno));
	control->group = made.st_gid;
	control->device = made.st_dev;
	control->inode = made.st_ino;
	control->spare_fd = -1;
	control_reserve(control);
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
	struct stat found;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			drop(&control->clients[i]);
	/* A successor may already have put its own socket there. */
	if (lstat(control->path, &found) == 0 && found.st_dev == control->device &&
	    found.st_ino == control->inode)
		unlink(control->path);
	close(control->fd);
	if (control->spare_fd >= 0)
		close(control->spare_fd);
	free(control->path);
	control->path = NULL;
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
			    peer->gid == control->group || is_in_group(fd, control->group);
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
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	if (control->spare_fd >= 0) {
		close(control->spare_fd);
		control->spare_fd = -1;
		fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
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
	/* No more than the backlog in one go: the children must be looked at too. */
	for (int i = 0; i < BACKLOG; i++) {
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
	fds[count++] = (struct pollfd){.fd = control->accept_again_ms == 0 ? control->fd : -1,
				       .events = POLLIN};
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
