/* SPDX-License-Identifier: MIT */
/*
 * supervisor.h - sluiced as a whole: its parts, which main loop, commands and reload work on.
 */
#ifndef SUPERVISOR_DAEMON_SUPERVISOR_H
#define SUPERVISOR_DAEMON_SUPERVISOR_H

#include <stdint.h>

#include "common/settings/settings.h"
#include "supervisor/daemon/control.h"
#include "supervisor/daemon/passwords.h"
#include "supervisor/daemon/pool.h"
#include "supervisor/daemon/spawn.h"

struct supervisor {
	char *settings_path; /* absolute; links are followed anew at each reload */
	struct settings *settings;
	struct passwords passwords; /* as the last reload found them */
	struct spawner spawner;
	struct pool pool;
	struct control control;
	int signal_fd;
	int64_t started_ms;
	char status_sent[160]; /* what systemd was told last */
};

/*
 * Take the lock, make pages and socket, where answer answers (with the supervisor as its context).
 * The settings, read from the file path, are owned from now on. Ends sluiced on failure.
 */
void supervisor_open(struct supervisor *supervisor, const char *path, struct settings *settings,
		     control_answer_fn answer);

/*
 * Let all children finish what they have in hand, or, when told so again or now is true, end at
 * once; when they are gone, the main loop ends. actor: on whose word.
 */
void supervisor_end(struct supervisor *supervisor, bool now, const char *actor);

/* Remove the socket, free all. */
void supervisor_close(struct supervisor *supervisor);

#endif
