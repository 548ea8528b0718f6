/* SPDX-License-Identifier: MIT */
/*
 * roles.c - the table of roles.
 */
#include "supervisor/shared/roles.h"
#include "common/base/nearest.h"
#include "common/settings/stage.h"

#include <stdio.h>
#include <string.h>

const struct role role_table[ROLE_COUNT] = {
	[ROLE_PRODUCER] = {.name = "producer",
			   .program = "sluice-producer",
			   .max = ROLE_MAX_PRODUCERS,
			   .first_slot = 0,
			   .wanted_offset = offsetof(struct settings, producer.count)},
#define STAGE(id, section, program_, queue_, ...)                                        \
	[ROLE_##id] = {.name = #section,                                                 \
		       .program = program_,                                              \
		       .max = ROLE_MAX_WORKERS,                                          \
		       .first_slot = ROLE_MAX_PRODUCERS + STAGE_##id * ROLE_MAX_WORKERS, \
		       .wanted_offset = offsetof(struct settings, section.workers),      \
		       .queue = queue_},
#include "common/settings/stages.def"
#undef STAGE
};

unsigned
role_wanted(enum role_id role, const struct settings *settings)
{
	int64_t wanted;

	memcpy(&wanted, (const char *)settings + role_table[role].wanted_offset, sizeof(wanted));
	return (unsigned)MAX(0, MIN(wanted, (int64_t)role_table[role].max));
}

unsigned
role_mask(enum setting_reload reload)
{
	enum { ALL_ROLES = (1u << ROLE_COUNT) - 1 };
	static const unsigned masks[] = {
		[RELOAD_LIVE] = 0,
		[RELOAD_PRODUCER] = 1u << ROLE_PRODUCER,
#define STAGE(id, ...) [RELOAD_##id] = 1u << ROLE_##id,
#include "common/settings/stages.def"
#undef STAGE
		[RELOAD_WORKERS] = ALL_ROLES & ~(1u << ROLE_PRODUCER),
		[RELOAD_PIPELINE] = ALL_ROLES,
		[RELOAD_NEVER] = 0,
	};

	assert((size_t)reload < ARRAY_LEN(masks));
	return masks[reload];
}

uint64_t
role_total(enum role_id role, const struct status_page *page)
{
	if (role == ROLE_PRODUCER)
		return status_counter(page, COUNTER_LINES_CONFIRMED);
	return status_counter(page, COUNTER_ROWS_STORED) +
	       status_counter(page, COUNTER_ROWS_KNOWN) +
	       status_counter(page, COUNTER_LINES_REJECTED);
}

const char *
role_list(char *out, size_t out_size)
{
	size_t len = 0;

	for (unsigned i = 0; i < ROLE_COUNT && len < out_size; i++)
		len += (size_t)snprintf(out + len, out_size - len, "%s%s", role_table[i].name,
					i + 2 < ROLE_COUNT    ? ", "
					: i + 2 == ROLE_COUNT ? " and "
							      : "");
	return out;
}

static int
unknown_role(const char *text, int len, char *error, size_t error_size)
{
	struct nearest nearest;
	char word[32], roles[ROLE_LIST_MAX];

	snprintf(word, sizeof(word), "%.*s", len, text);
	nearest = (struct nearest){.word = word};
	for (size_t i = 0; i < ROLE_COUNT; i++)
		nearest_consider(&nearest, role_table[i].name);
	nearest_consider(&nearest, "all");
	if (nearest.best != NULL)
		snprintf(error, error_size, "unknown role \"%s\": did you mean %s?", word,
			 nearest.best);
	else
		snprintf(error, error_size, "unknown role \"%s\": there are %s", word,
			 role_list(roles, sizeof(roles)));
	return -1;
}

int
target_parse(const char *text, struct target *target, char *error, size_t error_size)
{
	size_t len = strcspn(text, "/");
	const char *digits = text[len] == '/' ? text + len + 1 : NULL;
	unsigned role = 0;
	size_t digit_count;

	*target = (struct target){.index = -1};
	if (strcmp(text, "all") == 0) {
		target->all = true;
		return 0;
	}
	while (role < ROLE_COUNT && (strlen(role_table[role].name) != len ||
				     strncmp(role_table[role].name, text, len) != 0))
		role++;
	if (role == ROLE_COUNT)
		return unknown_role(text, (int)MIN(len, 31u), error, error_size);
	target->role = (enum role_id)role;
	if (digits == NULL)
		return 0;
	digit_count = strspn(digits, "0123456789");
	if (digit_count == 0 || digit_count > 3 || digits[digit_count] != '\0') {
		snprintf(error, error_size, "a child is named %s/NUMBER, with a number from 0",
			 role_table[role].name);
		return -1;
	}
	target->index = 0;
	for (size_t i = 0; i < digit_count; i++)
		target->index = target->index * 10 + (digits[i] - '0');
	if ((unsigned)target->index >= role_table[role].max) {
		snprintf(error, error_size, "%s has the slots %s/0 to %s/%u at most",
			 role_table[role].name, role_table[role].name, role_table[role].name,
			 role_table[role].max - 1);
		return -1;
	}
	return 0;
}
