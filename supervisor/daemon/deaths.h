/* SPDX-License-Identifier: MIT */
/*
 * deaths.h - the last children that ended without having been asked to, for `sluicectl status`.
 */
#ifndef SUPERVISOR_DAEMON_DEATHS_H
#define SUPERVISOR_DAEMON_DEATHS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/process/status.h"
#include "supervisor/shared/request.h"
#include "supervisor/shared/roles.h"

struct death {
	int64_t wall_ms;
	char name[SLOT_NAME_MAX]; /* "lake/0" */
	pid_t pid;
	int exit_code; /* when signal is 0 */
	int signal;
	const char *why; /* how it was ending when it died (obituary.c); "" = by itself; static */
	int64_t uptime_ms;
	char in_hand[STATUS_TEXT_MAX]; /* what it was working on; "" = nothing */
};

struct deaths {
	struct death ring[DEATHS_KEPT];
	uint64_t by_role[ROLE_COUNT];
	uint64_t count; /* all so far; the newest is ring[(count - 1) % DEATHS_KEPT] */
};

/* The place for the next death, emptied, replacing the oldest one. */
struct death *deaths_next(struct deaths *deaths, enum role_id role);

/* A death by its age, 0 = the newest; NULL when so many are not recorded. */
const struct death *deaths_get(const struct deaths *deaths, size_t age);

/* "signal 9 (Killed)" or "exit code 78 (set up wrongly: ...)"; returns out. */
const char *death_cause(int exit_code, int signal, char *out, size_t out_size);

#endif
