/* SPDX-License-Identifier: MIT */
/*
 * stage.h - the stages of the pipeline, as data; the table is stages.def.
 */
#ifndef COMMON_SETTINGS_STAGE_H
#define COMMON_SETTINGS_STAGE_H

#include "common/base/defs.h"
#include "common/settings/settings.h"

enum stage_id {
#define STAGE(identifier, ...) STAGE_##identifier,
#include "common/settings/stages.def"
#undef STAGE
	STAGE_COUNT
};

struct stage {
	const char *name;	/* "clean" */
	const char *program;	/* "sluice-clean-worker" */
	const char *queue;	/* "queue-data-clean" */
	const char *dead_queue; /* "queue-data-clean.dead" */
	const char *table;	/* "clean_log" */
	const char *time_column;
	const char *spare_before, *spare_behind, *check_before, *check_behind;
	enum setting_reload reload; /* restarts the workers of this stage alone */
	size_t settings_offset;	    /* of its section in struct settings */
};

extern const struct stage stage_table[STAGE_COUNT];

const struct worker_settings *stage_settings(enum stage_id stage, const struct settings *settings);

/* "clean", "queue-data-clean" or "queue-data-clean.dead". Returns 0 or -1. */
int stage_find(const char *text, enum stage_id *stage) MUST_CHECK;

/* The stage whose name begins with this letter. Returns 0 or -1. */
int stage_by_initial(char initial, enum stage_id *stage) MUST_CHECK;

#endif
