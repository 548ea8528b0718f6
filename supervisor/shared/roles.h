/* SPDX-License-Identifier: MIT */
/*
 * roles.h - the kinds of children, in one table, and how people name them ("lake", "lake/2",
 * "all").
 */
#ifndef SUPERVISOR_SHARED_ROLES_H
#define SUPERVISOR_SHARED_ROLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"
#include "common/settings/settings.h"
#include "common/settings/stage.h"
#include "common/process/status.h"

enum role_id {
	ROLE_PRODUCER,
#define STAGE(identifier, ...) ROLE_##identifier,
#include "common/settings/stages.def"
#undef STAGE
	ROLE_COUNT
};

enum {
	ROLE_MAX_PRODUCERS = 1,
	ROLE_MAX_WORKERS = 64,
	SLOT_COUNT = ROLE_MAX_PRODUCERS + (ROLE_COUNT - 1) * ROLE_MAX_WORKERS,
	SLOT_NAME_MAX = 16,
};

struct role {
	const char *name;
	const char *program;
	unsigned max;	      /* most children */
	unsigned first_slot;  /* its slots, and their status pages, start at this number */
	size_t wanted_offset; /* of the count in struct settings */
	const char *queue;    /* that it empties; NULL = none */
};

extern const struct role role_table[ROLE_COUNT];

/* The stage that the workers of a role serve; not for the producer. */
static inline enum stage_id
role_stage(enum role_id role)
{
	return (enum stage_id)(role - ROLE_PRODUCER - 1);
}

/* "producer, lake and clean"; returns out. */
enum { ROLE_LIST_MAX = 128 };
const char *role_list(char *out, size_t out_size);

/* How many children the settings want. */
unsigned role_wanted(enum role_id role, const struct settings *settings);

/* Which roles a changed setting restarts, as bits (1 << role). */
unsigned role_mask(enum setting_reload reload);

/* What counts as work done: lines confirmed by the broker (producer), rows settled (workers). */
uint64_t role_total(enum role_id role, const struct status_page *page);

/* Whom a command is about. */
struct target {
	bool all;
	enum role_id role; /* unless all */
	int index;	   /* -1 = every child of the role */
};

/* Read "lake", "lake/2" or "all". Returns 0, or -1 with the reason in error. */
int target_parse(const char *text, struct target *target, char *error,
		 size_t error_size) MUST_CHECK;

#endif
