/* SPDX-License-Identifier: MIT */
/*
 * dlq_select.h - which dead letters a verb means: by id, group, reason, time, source, text.
 *
 * Ids may be a million (read from standard input): 8 bytes each. Beginnings of ids are few; each
 * has to become a whole id (dlq_select_resolve() over all letters) before a verb may change
 * anything.
 */
#ifndef SUPERVISOR_DLQ_DLQ_SELECT_H
#define SUPERVISOR_DLQ_DLQ_SELECT_H

#include <regex.h>
#include <stdio.h>

#include "supervisor/dlq/dlq_letter.h"

enum { DLQ_PREFIXES_MAX = 1000 };

struct dlq_prefix {
	enum stage_id queue;
	unsigned digits;
	uint64_t prefix, found;
	bool is_found, is_ambiguous;
};

struct dlq_select {
	bool queue[STAGE_COUNT]; /* which are looked at; none = all */
	bool by_id, all;
	bool with_held, only_held;
	const char *reason, *source;
	int64_t since_s, until_s; /* 0 = open */
	bool has_group, has_match;
	uint32_t group;
	regex_t match;
	struct dlq_id_list {
		uint64_t *ids; /* sorted after dlq_select_sort() */
		size_t count, size;
	} ids[STAGE_COUNT];
	struct dlq_prefix *prefixes;
	size_t prefix_count;
};

/* Begin with {0}; free with this. */
void dlq_select_free(struct dlq_select *select);

/* An id or its beginning; or a group, "g…", only one. Returns 0, or -1 with the reason in error. */
int dlq_select_add(struct dlq_select *select, const char *text, char *error, size_t error_size);

/* The first word of each line, or the "id" of a JSON object per line. Returns 0 or -1 as above. */
int dlq_select_read(struct dlq_select *select, FILE *in, char *error, size_t error_size);

/* An extended regular expression for the first line of a letter. Returns 0 or -1 as above. */
int dlq_select_set_regex(struct dlq_select *select, const char *regex, char *error,
			 size_t error_size);

/* After the last id, before dlq_select_matches(). */
void dlq_select_sort(struct dlq_select *select);

/* Does a letter's id begin as one of the prefixes? */
void dlq_select_note_prefix(struct dlq_select *select, const struct dlq_letter *letter);

/* Prefixes found once join the ids. Returns 0, or -1: one is unknown or ambiguous, see error. */
int dlq_select_resolve(struct dlq_select *select, char *error, size_t error_size);

/* Is anything chosen by group, reason, time and the like? */
bool dlq_select_has_filters(const struct dlq_select *select);

bool dlq_select_wants_queue(const struct dlq_select *select, enum stage_id queue);
bool dlq_select_matches(const struct dlq_select *select, const struct dlq_letter *letter);

/* Is a letter left out for nothing but being held? */
bool dlq_select_leaves_held(const struct dlq_select *select, const struct dlq_letter *letter);

/* How many ids and beginnings of ids were given. */
size_t dlq_select_id_count(const struct dlq_select *select);

#endif
