/* SPDX-License-Identifier: MIT */
/*
 * control_socket.h - the file of the control socket: made, looked after, removed.
 *
 * The file can vanish while sluiced runs, for cleaners of temporary files for example; it is then
 * made again. A file that is another process's is left alone.
 */
#ifndef SUPERVISOR_DAEMON_CONTROL_SOCKET_H
#define SUPERVISOR_DAEMON_CONTROL_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include "common/base/defs.h"

struct control_socket {
	char *path;
	int fd;	      /* listening; -1 = not */
	gid_t group;  /* of the file */
	dev_t device; /* of the file, to tell ours from another's */
	ino_t inode;
};

enum control_socket_state {
	CONTROL_SOCKET_THERE,
	CONTROL_SOCKET_GONE,   /* nothing is there */
	CONTROL_SOCKET_FOREIGN /* something else is there */
};

/*
 * Listen on socket->path: mode 0660, its folder made (0750) if only that is missing, a stale
 * socket replaced. A socket->fd that listens already is closed when the new one works. Returns 0,
 * or an exit code with a text in error, and nothing is changed: EX_UNAVAILABLE when something
 * answers there, EX_CANTCREAT or EX_CONFIG when it cannot be made.
 */
int control_socket_listen(struct control_socket *socket, char *error, size_t error_size) MUST_CHECK;

enum control_socket_state control_socket_look(const struct control_socket *socket);

/* Stop listening and remove the file, if it is ours. */
void control_socket_close(struct control_socket *socket);

#endif
