/* SPDX-License-Identifier: MIT */
/*
 * control.h - the control socket: who may talk to sluiced, and in which portions.
 *
 * A client sends requests of one line each and gets one line for each (request.h). Nothing that a
 * client does or leaves undone costs more than its buffers: at most CONTROL_CLIENTS at a time (a
 * newcomer puts out the one that has been waiting longest), a request of at most REQUEST_MAX bytes,
 * one answer in the making, and CONTROL_TIMEOUT_MS from request to request.
 */
#ifndef SUPERVISOR_DAEMON_CONTROL_H
#define SUPERVISOR_DAEMON_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/alert.h"
#include "common/base/defs.h"
#include "supervisor/daemon/control_socket.h"

enum { CONTROL_CLIENTS = 64, CONTROL_TIMEOUT_MS = 30000 };

/* Who is on the other side. */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	bool may_operate;
};

/*
 * Make the answer (new memory, ended by "\n") to a line without its line end. complete is false
 * when the line was too long, and line its beginning.
 */
typedef char *(*control_answer_fn)(void *context, const struct peer *peer, const char *line,
				   size_t len, bool complete);

struct client {
	int fd; /* -1 = free place */
	struct peer peer;
	int64_t deadline_ms;
	char *in;
	size_t in_used, in_size;
	char *out; /* the rest of an answer; while there is one, nothing is read */
	size_t out_sent, out_len;
	bool last; /* close when out is sent */
};

struct control {
	struct control_socket socket; /* members of its group may operate */
	int64_t check_ms;	      /* when its file is looked at next */
	struct alert lost;	      /* its file is gone and cannot be made again */
	int spare_fd;		      /* given up for a client when no other is free; -1 = it is */
	int64_t accept_again_ms; /* until then nobody is let in, for want of descriptors; 0 = now */
	control_answer_fn answer;
	void *context;
	struct client clients[CONTROL_CLIENTS];
};

/*
 * Listen on path (control_socket.h). Ends sluiced with EX_UNAVAILABLE when something answers there
 * already, EX_CANTCREAT or EX_CONFIG when it cannot be made.
 */
void control_open(struct control *control, const char *path, control_answer_fn answer,
		  void *context);

enum control_check { CONTROL_NO_NEWS, CONTROL_MADE_AGAIN, CONTROL_LOST };

/*
 * Is the file of the socket still there? Looks every two seconds, or now. One that is gone is made
 * again: CONTROL_MADE_AGAIN. When that fails: CONTROL_LOST once, then once a minute, and why is in
 * error. Clients that are connected stay.
 */
enum control_check control_check(struct control *control, bool now, int64_t now_ms, char *error,
				 size_t error_size);

/* Close all and remove the socket file. */
void control_close(struct control *control);

/* Fill at most 1 + CONTROL_CLIENTS places of fds; returns how many. */
size_t control_poll(const struct control *control, struct pollfd *fds);

/* Do what is due, with the fds as poll(2) left them. */
void control_handle(struct control *control, const struct pollfd *fds, size_t count,
		    int64_t now_ms);

/* Milliseconds to the next client deadline, limit_ms if none is nearer. */
int64_t control_timeout_ms(const struct control *control, int64_t now_ms, int64_t limit_ms);

#endif
