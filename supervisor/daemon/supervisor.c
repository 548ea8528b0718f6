/* SPDX-License-Identifier: MIT */
/*
 * supervisor.c - the main loop of sluiced: signals, control socket, children.
 *
 * It talks to no network and holds no data: whatever happens to it, the children finish what they
 * have and the next sluiced starts others.
 */
#include "supervisor/daemon/supervisor.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/daemon/commands.h"
#include "supervisor/shared/human.h"
#include "supervisor/daemon/notify.h"
#include "supervisor/daemon/reload.h"
#include "supervisor/shared/request.h"
#include "supervisor/daemon/daemon_lock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int
supervisor_open_signal_fd(void)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, SIGUSR1};
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaddset(&signals, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		fatal("cannot block signals: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("cannot open a signalfd: %s", strerror(errno));
	return fd;
}

static enum spawn_result
spawn_slot(void *context, const struct slot *slot, pid_t *pid)
{
	struct supervisor *supervisor = context;

	return spawner_spawn(&supervisor->spawner, slot, pid);
}

static enum spawn_result
exec_result(void *context, const struct slot *slot)
{
	struct supervisor *supervisor = context;

	return spawner_exec_result(&supervisor->spawner, slot);
}

static void
send_signal(void *context UNUSED, pid_t pid, int signal_number)
{
	/* A pid in a slot has not been waited for, so it cannot be somebody else's. */
	if (kill(pid, signal_number) != 0)
		log_warning("cannot send signal %d to pid %ld: %s", signal_number, (long)pid,
			    strerror(errno));
	/* A stopped process notices nothing but KILL until it goes on. */
	if (signal_number != SIGKILL)
		kill(pid, SIGCONT);
}

static char *
supervisor_answer(void *context, const struct peer *peer, const char *line, size_t len,
		  bool complete)
{
	return commands_answer(context, peer, line, len, complete);
}

static char *
absolute_path(const char *path)
{
	char *folder, *absolute;

	if (path[0] == '/')
		return xstrdup(path);
	folder = getcwd(NULL, 0);
	if (folder == NULL)
		fatal("cannot find the working folder: %s", strerror(errno));
	absolute = xasprintf("%s/%s", folder, path);
	free(folder);
	return absolute;
}

void
supervisor_open(struct supervisor *supervisor, const char *path, struct settings *settings)
{
	struct pool_ops ops = {
		.spawn = spawn_slot,
		.exec_result = exec_result,
		.send_signal = send_signal,
		.context = supervisor,
	};

	request_init();
	supervisor->settings = settings;
	supervisor->settings_path = absolute_path(path);
	supervisor->started_ms = clock_mono_ms();
	supervisor->signal_fd = supervisor_open_signal_fd();
	notify_open();
	daemon_lock_take(settings->supervisor.state_dir);
	control_open(&supervisor->control, settings->supervisor.socket, supervisor_answer,
		     supervisor);
	spawner_init(&supervisor->spawner, supervisor->settings_path);
	spawner_take_settings(&supervisor->spawner, settings);
	pool_init(&supervisor->pool, &ops, supervisor->spawner.pages);
	pool_set_policy(&supervisor->pool, settings);
}

void
supervisor_close(struct supervisor *supervisor)
{
	control_close(&supervisor->control);
	spawner_close(&supervisor->spawner);
	close(supervisor->signal_fd);
	settings_free(&supervisor->settings);
	free(supervisor->settings_path);
}

static void
reap(struct supervisor *supervisor)
{
	int wait_status;
	pid_t pid;

	/* One SIGCHLD may stand for many deaths. */
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
		pool_reap(&supervisor->pool, pid, wait_status);
}

static void
end(struct supervisor *supervisor, bool now)
{
	if (now || supervisor->pool.draining) {
		log_warning("ending at once");
		pool_kill(&supervisor->pool);
	} else {
		log_info("ending: every child finishes what it has in hand");
		pool_drain(&supervisor->pool);
	}
	notify_send("STOPPING=1\nSTATUS=ending%s", now ? " at once" : "");
	events_add(&supervisor->pool.events, EVENT_END, "sluiced", "signal", "%s",
		   now ? "at once" : "every child finishes what it has in hand");
}

static void
reload(struct supervisor *supervisor)
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
log_status(const struct pool *pool)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		const struct slot *slot = &pool->slots[i];
		char total[32], error[STATUS_TEXT_MAX];

		if (!slot_is_wanted(pool, slot) && slot->pid == 0)
			continue;
		status_read_text(&slot->page->last_error, error, sizeof(error));
		log_info("%s: %s%s, pid %ld, %.1f/s, %s done%s%s", slot->name,
			 child_state_name(slot->child.state),
			 slot_is_paused(slot)  ? ", paused"
			 : slot_is_ready(slot) ? ", ready"
					       : ", not ready",
			 (long)slot->pid, rate_per_s(&slot->rate, RATE_SHORT_S),
			 human_count(role_total(slot->role, slot->page), total, sizeof(total)),
			 error[0] != '\0' ? ": " : "", error);
	}
}

static void
supervisor_take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			end(supervisor, false);
			break;
		case SIGQUIT:
			end(supervisor, true);
			break;
		case SIGHUP:
			reload(supervisor);
			break;
		case SIGCHLD:
			reap(supervisor);
			break;
		case SIGUSR1:
			log_status(&supervisor->pool);
			break;
		default:
			break;
		}
	}
}

/* "producer 1 of 1 ready, lake 2 of 2 ready (paused), ..."; systemd is told when it changes. */
static void
tell_systemd(struct supervisor *supervisor)
{
	const struct pool *pool = &supervisor->pool;
	char text[sizeof(supervisor->told)] = "";
	size_t used = 0;

	for (unsigned role = 0; role < ROLE_COUNT && !pool->draining; role++) {
		unsigned ready = 0;

		for (unsigned i = 0; i < role_table[role].max; i++)
			ready += slot_is_ready(&pool->slots[role_table[role].first_slot + i]);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %u of %u ready%s",
					 role > 0 ? ", " : "", role_table[role].name, ready,
					 pool->wanted[role],
					 pool->loads[role].paused ? " (paused)" : "");
	}
	if (text[0] == '\0' || strcmp(text, supervisor->told) == 0)
		return;
	snprintf(supervisor->told, sizeof(supervisor->told), "%s", text);
	notify_send("STATUS=%s", text);
}

static void
supervisor_turn(struct supervisor *supervisor)
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
		supervisor_take_signals(supervisor);
	control_handle(&supervisor->control, fds + 1, count, clock_mono_ms());
	pool_look(&supervisor->pool, clock_mono_ms());
	notify_watchdog(clock_mono_ms());
	tell_systemd(supervisor);
}

void
supervisor_run(struct supervisor *supervisor)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		pool_scale(&supervisor->pool, (enum role_id)role,
			   role_wanted((enum role_id)role, supervisor->settings));
	events_add(&supervisor->pool.events, EVENT_BEGIN, "sluiced", "", "version %s, pid %ld",
		   SLUICE_VERSION, (long)getpid());
	notify_send("READY=1");
	while (!supervisor->pool.draining || !pool_is_empty(&supervisor->pool))
		supervisor_turn(supervisor);
	log_info("ended");
}
