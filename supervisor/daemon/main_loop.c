/* SPDX-License-Identifier: MIT */
/*
 * main_loop.c - signals, control socket, children: whatever is due.
 *
 * It talks to no network and holds no data: whatever happens to it, the children finish what they
 * have and the next sluiced starts others.
 */
#include "supervisor/daemon/main_loop.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "supervisor/daemon/notify.h"
#include "supervisor/daemon/reload.h"
#include "supervisor/shared/human.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void
main_loop_reap(struct supervisor *supervisor)
{
	int wait_status;
	pid_t pid;

	/* One SIGCHLD may stand for many deaths. */
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
		pool_reap(&supervisor->pool, pid, wait_status);
}

/* Without its file nobody can ask sluiced. */
static void
main_loop_check_socket(struct supervisor *supervisor, bool now)
{
	const char *path = supervisor->control.socket.path;
	char error[512];

	switch (control_check(&supervisor->control, now, clock_mono_ms(), error, sizeof(error))) {
	case CONTROL_NO_NEWS:
		break;
	case CONTROL_MADE_AGAIN:
		log_warning("the control socket %s was gone: made again", path);
		events_add(&supervisor->pool.events, EVENT_SOCKET, "sluiced", "",
			   "the control socket %s was gone: made again", path);
		break;
	case CONTROL_LOST:
		log_error("the control socket %s is gone: %s", path, error);
		events_add(&supervisor->pool.events, EVENT_SOCKET, "sluiced", "",
			   "the control socket %s is gone: %s", path, error);
		break;
	}
}

static void
main_loop_reload(struct supervisor *supervisor)
{
	struct request_error error;

	snprintf(supervisor->pool.actor, sizeof(supervisor->pool.actor), "signal HUP");
	notify_reloading();
	json_decref(reload_settings(supervisor, &error));
	notify_send("READY=1");
	supervisor->pool.actor[0] = '\0';
}

/* USR1: there is no log file to open again; whoever has only the log at hand sees how it is. */
static void
main_loop_log_status(const struct pool *pool)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		const struct slot *slot = &pool->slots[i];
		char total[32], error[STATUS_TEXT_MAX];

		if (!pool_wants(pool, slot) && slot->pid == 0)
			continue;
		slot_read_error(slot, clock_mono_ms(), error, sizeof(error));
		log_info("%s: %s%s, pid %ld, %.1f/s, %s done%s%s", slot->name,
			 child_state_name(slot->child.state),
			 slot_is_paused(slot)  ? ", paused"
			 : slot_is_ready(slot) ? ", ready"
					       : ", not ready",
			 (long)slot->pid, rate_per_s(&slot->rate, RATE_SHORT_S),
			 human_count(slot_total(slot), total, sizeof(total)),
			 error[0] != '\0' ? ": " : "", error);
	}
}

static void
main_loop_read_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			supervisor_end(supervisor, false, "signal");
			break;
		case SIGQUIT:
			supervisor_end(supervisor, true, "signal");
			break;
		case SIGHUP:
			main_loop_check_socket(supervisor, true);
			main_loop_reload(supervisor);
			break;
		case SIGCHLD:
			main_loop_reap(supervisor);
			break;
		case SIGUSR1:
			main_loop_log_status(&supervisor->pool);
			break;
		default:
			break;
		}
	}
}

/* "producer 1 of 1 ready, lake 2 of 2 ready (paused), ..."; systemd is told when it changes. */
static void
notify_status(struct supervisor *supervisor)
{
	const struct pool *pool = &supervisor->pool;
	char text[sizeof(supervisor->status_sent)] = "";
	size_t used = 0;

	for (unsigned role = 0; role < ROLE_COUNT && !pool->draining; role++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %u of %u ready%s",
					 role > 0 ? ", " : "", role_table[role].name,
					 load_ready(pool->slots, (enum role_id)role),
					 pool->wanted[role],
					 pool->loads[role].paused ? " (paused)" : "");
	}
	if (text[0] == '\0' || strcmp(text, supervisor->status_sent) == 0)
		return;
	snprintf(supervisor->status_sent, sizeof(supervisor->status_sent), "%s", text);
	notify_send("STATUS=%s", text);
}

static void
main_loop_turn(struct supervisor *supervisor)
{
	struct pollfd fds[2 + CONTROL_CLIENTS];
	int64_t now_ms = clock_mono_ms();
	int64_t timeout_ms = control_timeout_ms(&supervisor->control, now_ms,
						pool_timeout_ms(&supervisor->pool, now_ms));
	size_t count;

	timeout_ms = notify_timeout_ms(now_ms, timeout_ms);
	fds[0] = (struct pollfd){.fd = supervisor->signal_fd, .events = POLLIN};
	count = control_poll(&supervisor->control, fds + 1);
	if (poll(fds, (nfds_t)(1 + count), (int)timeout_ms) < 0) {
		if (errno != EINTR)
			fatal("poll: %s", strerror(errno));
		return;
	}
	if (fds[0].revents != 0)
		main_loop_read_signals(supervisor);
	control_handle(&supervisor->control, fds + 1, count, clock_mono_ms());
	pool_tick(&supervisor->pool, clock_mono_ms());
	main_loop_check_socket(supervisor, false);
	notify_watchdog(clock_mono_ms());
	log_tick();
	notify_status(supervisor);
}

void
main_loop_run(struct supervisor *supervisor)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		pool_scale(&supervisor->pool, (enum role_id)role,
			   role_wanted((enum role_id)role, supervisor->settings));
	events_add(&supervisor->pool.events, EVENT_BEGIN, "sluiced", "", "version %s, pid %ld",
		   SLUICE_VERSION, (long)getpid());
	notify_send("READY=1");
	while (!supervisor->pool.draining || !pool_is_empty(&supervisor->pool))
		main_loop_turn(supervisor);
	log_info("ended");
}
