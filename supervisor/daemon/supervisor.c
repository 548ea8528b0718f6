/* SPDX-License-Identifier: MIT */
/*
 * supervisor.c - makes the parts of sluiced, ties them together, frees them.
 */
#include "supervisor/daemon/supervisor.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "supervisor/daemon/daemon_lock.h"
#include "supervisor/daemon/notify.h"
#include "supervisor/shared/request.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
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
supervisor_spawn(void *context, const struct slot *slot, pid_t *pid)
{
	struct supervisor *supervisor = context;

	return spawner_spawn(&supervisor->spawner, slot, pid);
}

static enum spawn_result
supervisor_exec_result(void *context, const struct slot *slot)
{
	struct supervisor *supervisor = context;

	return spawner_exec_result(&supervisor->spawner, slot);
}

static void
supervisor_send_signal(void *context UNUSED, pid_t pid, int signal_number)
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
supervisor_open(struct supervisor *supervisor, const char *path, struct settings *settings,
		control_answer_fn answer)
{
	struct pool_ops ops = {
		.spawn = supervisor_spawn,
		.exec_result = supervisor_exec_result,
		.send_signal = supervisor_send_signal,
		.context = supervisor,
	};
	char error[256];

	request_init();
	supervisor->settings = settings;
	supervisor->passwords = passwords_read(settings);
	supervisor->settings_path = absolute_path(path);
	supervisor->started_ms = clock_mono_ms();
	supervisor->signal_fd = supervisor_open_signal_fd();
	notify_open();
	daemon_lock_acquire(settings->supervisor.state_dir);
	control_open(&supervisor->control, settings->supervisor.socket, answer, supervisor);
	spawner_init(&supervisor->spawner, supervisor->settings_path);
	if (spawner_set_settings(&supervisor->spawner, settings, error, sizeof(error)) != 0)
		fatal("%s", error);
	pool_init(&supervisor->pool, &ops, supervisor->spawner.pages);
	pool_set_policy(&supervisor->pool, settings);
}

void
supervisor_end(struct supervisor *supervisor, bool now, const char *actor)
{
	struct pool *pool = &supervisor->pool;

	now = now || pool->draining;
	if (now) {
		log_warning("ending at once, by %s", actor);
		pool_kill(pool);
	} else {
		log_info("ending, by %s: every child finishes what it has in hand", actor);
		pool_drain(pool);
	}
	notify_send("STOPPING=1\nSTATUS=ending%s", now ? " at once" : "");
	events_add(&pool->events, EVENT_END, "sluiced", actor, "%s",
		   now ? "at once" : "every child finishes what it has in hand");
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
