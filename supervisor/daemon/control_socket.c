/* SPDX-License-Identifier: MIT */
/*
 * control_socket.c - the file of the control socket.
 */
#include "supervisor/daemon/control_socket.h"
#include "common/base/xalloc.h"
#include "supervisor/daemon/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static int
make_folder_of(const char *path, char *error, size_t error_size)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int result;

	if (slash == NULL || slash == path)
		return 0;
	folder = xstrndup(path, (size_t)(slash - path));
	result = folder_try(folder, error, error_size);
	free(folder);
	return result;
}

/* A socket file outlives a sluiced that was killed: only connecting tells whether somebody is
 * there. */
static int
remove_stale(const struct sockaddr_un *address, char *error, size_t error_size)
{
	const char *path = address->sun_path;
	struct stat found;
	int fd, why;

	if (lstat(path, &found) != 0)
		return 0;
	if (!S_ISSOCK(found.st_mode)) {
		snprintf(error, error_size,
			 "%s is there and is no socket: remove it, or set supervisor.socket", path);
		return EX_CANTCREAT;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		snprintf(error, error_size, "cannot make a socket: %s", strerror(errno));
		return EX_OSERR;
	}
	why = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
	close(fd);
	/* EAGAIN is a full backlog: somebody is there, too busy to accept. */
	if (why == 0 || why == EAGAIN) {
		snprintf(error, error_size, "another sluiced answers on %s", path);
		return EX_UNAVAILABLE;
	}
	/* A socket of another kind, or one that we may not connect to, is in use for all we know. */
	if (why != ECONNREFUSED && why != ENOENT) {
		snprintf(error, error_size,
			 "another program has the socket %s (%s): end it, or set "
			 "supervisor.socket",
			 path, strerror(why));
		return EX_CANTCREAT;
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		snprintf(error, error_size, "cannot remove the stale socket %s: %s", path,
			 strerror(errno));
		return EX_CANTCREAT;
	}
	return 0;
}

/* Returns the listening descriptor, -1 with errno set. */
static int
bind_and_listen(const struct sockaddr_un *address, struct stat *made)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int result, why;

	if (fd < 0)
		return -1;
	mask = umask(0117);
	result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	umask(mask);
	if (result == 0 && listen(fd, BACKLOG) == 0 && lstat(address->sun_path, made) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

int
control_socket_listen(struct control_socket *socket, char *error, size_t error_size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat made;
	int fd, result;

	if (strlen(socket->path) >= sizeof(address.sun_path)) {
		snprintf(error, error_size, "supervisor.socket is longer than %zu bytes: %s",
			 sizeof(address.sun_path) - 1, socket->path);
		return EX_CONFIG;
	}
	memcpy(address.sun_path, socket->path, strlen(socket->path) + 1);
	result = make_folder_of(socket->path, error, error_size);
	if (result == 0)
		result = remove_stale(&address, error, error_size);
	if (result != 0)
		return result;
	fd = bind_and_listen(&address, &made);
	if (fd < 0) {
		snprintf(error, error_size, "cannot listen on %s: %s", socket->path,
			 strerror(errno));
		return EX_CANTCREAT;
	}
	if (socket->fd >= 0)
		close(socket->fd);
	socket->fd = fd;
	socket->group = made.st_gid;
	socket->device = made.st_dev;
	socket->inode = made.st_ino;
	return 0;
}

enum control_socket_state
control_socket_look(const struct control_socket *socket)
{
	struct stat found;

	if (lstat(socket->path, &found) != 0)
		return CONTROL_SOCKET_GONE;
	return found.st_dev == socket->device && found.st_ino == socket->inode
		       ? CONTROL_SOCKET_THERE
		       : CONTROL_SOCKET_FOREIGN;
}

void
control_socket_close(struct control_socket *socket)
{
	/* A successor may already have put its own socket there. */
	if (control_socket_look(socket) == CONTROL_SOCKET_THERE)
		unlink(socket->path);
	close(socket->fd);
	socket->fd = -1;
	free(socket->path);
	socket->path = NULL;
}
