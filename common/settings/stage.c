/* SPDX-License-Identifier: MIT */
/*
 * stage.c - the table of stages, and looking one up.
 */
#include "common/settings/stage.h"

#include <stddef.h>
#include <string.h>

const struct stage stage_table[STAGE_COUNT] = {
#define STAGE(id, section, program_, queue_, table_, time_, spare_a, spare_b, check_a, check_b) \
	[STAGE_##id] = {                                                                        \
		.name = #section,                                                               \
		.program = program_,                                                            \
		.queue = queue_,                                                                \
		.dead_queue = queue_ ".dead",                                                   \
		.table = table_,                                                                \
		.time_column = time_,                                                           \
		.spare_before = spare_a,                                                        \
		.spare_behind = spare_b,                                                        \
		.check_before = check_a,                                                        \
		.check_behind = check_b,                                                        \
		.reload = RELOAD_##id,                                                          \
		.settings_offset = offsetof(struct settings, section),                          \
	},
#include "common/settings/stages.def"
#undef STAGE
};

const struct worker_settings *
stage_settings(enum stage_id stage, const struct settings *settings)
{
	const void *section = (const char *)settings + stage_table[stage].settings_offset;

	return section;
}

int
stage_find(const char *text, enum stage_id *stage)
{
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		if (strcmp(text, stage_table[i].name) != 0 &&
		    strcmp(text, stage_table[i].queue) != 0 &&
		    strcmp(text, stage_table[i].dead_queue) != 0)
			continue;
		*stage = (enum stage_id)i;
		return 0;
	}
	return -1;
}

int
stage_by_initial(char initial, enum stage_id *stage)
{
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		if (stage_table[i].name[0] != initial)
			continue;
		*stage = (enum stage_id)i;
		return 0;
	}
	return -1;
}
