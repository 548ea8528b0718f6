/* SPDX-License-Identifier: MIT */
/*
 * dlq_select.c - which dead letters a verb means.
 */
#include "supervisor/dlq/dlq_select.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_id.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void
dlq_select_free(struct dlq_select *select)
{
	for (size_t i = 0; i < STAGE_COUNT; i++)
		free(select->ids[i].ids);
	free(select->prefixes);
	if (select->has_match)
		regfree(&select->match);
	*select = (struct dlq_select){.by_id = false};
}

static void
add_id(struct dlq_select *select, enum stage_id queue, uint64_t id)
{
	struct dlq_id_list *list = &select->ids[queue];

	if (list->count == list->size) {
		list->size = MAX((size_t)64, list->size * 2);
		list->ids = xreallocarray(list->ids, list->size, sizeof(*list->ids));
	}
	list->ids[list->count++] = id;
}

int
dlq_select_add(struct dlq_select *select, const char *text, char *error, size_t error_size)
{
	enum stage_id queue;
	unsigned digits;
	uint32_t group;
	uint64_t id;

	if (dlq_group_parse(text, &group) == 0) {
		if (select->has_group && select->group != group) {
			snprintf(error, error_size, "one group at a time, not \"%.40s\" too", text);
			return -1;
		}
		select->group = group;
		select->has_group = true;
		return 0;
	}
	if (dlq_id_parse(text, &queue, &id, &digits) != 0) {
		char why[128];

		dlq_id_explain(text, why, sizeof(why));
		snprintf(error, error_size,
			 "\"%.40s\" is no id: %s (`sluicectl dlq list` prints ids)", text, why);
		return -1;
	}
	select->by_id = true;
	if (digits == DLQ_ID_DIGITS) {
		add_id(select, queue, id);
		return 0;
	}
	if (select->prefix_count == DLQ_PREFIXES_MAX) {
		snprintf(error, error_size, "more than %d shortened ids; give whole ones",
			 DLQ_PREFIXES_MAX);
		return -1;
	}
	if (select->prefixes == NULL)
		select->prefixes = xcalloc(DLQ_PREFIXES_MAX, sizeof(*select->prefixes));
	select->prefixes[select->prefix_count++] =
		(struct dlq_prefix){.queue = queue, .digits = digits, .prefix = id};
	return 0;
}

static int
dlq_select_add_line(struct dlq_select *select, char *line, char *error, size_t error_size)
{
	int result = 0;

	line += strspn(line, " \t\r\n");
	if (line[0] == '{') {
		json_t *object = json_loads(line, JSON_ALLOW_NUL, NULL);
		const char *id = json_string_value(json_object_get(object, "id"));

		result = dlq_select_add(select, id != NULL ? id : "{", error, error_size);
		json_decref(object);
	} else {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] != '\0')
			result = dlq_select_add(select, line, error, error_size);
	}
	return result;
}

int
dlq_select_read(struct dlq_select *select, FILE *in, char *error, size_t error_size)
{
	char *line = NULL;
	size_t size = 0;
	int result = 0;

	select->by_id = true; /* none at all means none, not all */
	while (result == 0 && getline(&line, &size, in) >= 0)
		result = dlq_select_add_line(select, line, error, error_size);
	free(line);
	return result;
}

int
dlq_select_set_regex(struct dlq_select *select, const char *regex, char *error, size_t error_size)
{
	regex_t compiled;
	int code = regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB);

	if (code != 0) {
		int len =
			snprintf(error, error_size, "\"%.80s\" is no regular expression: ", regex);

		regerror(code, &compiled, error + len, error_size - (size_t)len);
		return -1;
	}
	if (select->has_match)
		regfree(&select->match);
	select->match = compiled;
	select->has_match = true;
	return 0;
}

static int
dlq_select_compare_ids(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

void
dlq_select_sort(struct dlq_select *select)
{
	for (size_t i = 0; i < STAGE_COUNT; i++)
		if (select->ids[i].count > 0)
			qsort(select->ids[i].ids, select->ids[i].count, sizeof(uint64_t),
			      dlq_select_compare_ids);
}

void
dlq_select_note_prefix(struct dlq_select *select, const struct dlq_letter *letter)
{
	for (size_t i = 0; i < select->prefix_count; i++) {
		struct dlq_prefix *p = &select->prefixes[i];

		if (p->queue != letter->queue || !dlq_id_begins(letter->id, p->prefix, p->digits))
			continue;
		p->is_ambiguous = p->is_ambiguous || (p->is_found && p->found != letter->id);
		p->is_found = true;
		p->found = letter->id;
	}
}

int
dlq_select_resolve(struct dlq_select *select, char *error, size_t error_size)
{
	for (size_t i = 0; i < select->prefix_count; i++) {
		const struct dlq_prefix *p = &select->prefixes[i];
		char id[DLQ_ID_SIZE];

		dlq_id_text(p->queue, p->prefix, id);
		id[p->digits + 1] = '\0';
		if (!p->is_found || p->is_ambiguous) {
			snprintf(error, error_size, "%s %s", id,
				 p->is_found ? "is the beginning of several ids; write more of it"
					     : "is the beginning of no id");
			return -1;
		}
		add_id(select, p->queue, p->found);
	}
	select->prefix_count = 0;
	dlq_select_sort(select);
	return 0;
}

bool
dlq_select_has_filters(const struct dlq_select *select)
{
	return select->has_group || select->reason != NULL || select->has_match ||
	       select->since_s != 0 || select->until_s != 0 || select->source != NULL ||
	       select->only_held;
}

bool
dlq_select_wants_queue(const struct dlq_select *select, enum stage_id queue)
{
	bool any = false;

	if (select->by_id) {
		bool wanted = select->ids[queue].count > 0;

		for (size_t i = 0; i < select->prefix_count; i++)
			wanted = wanted || select->prefixes[i].queue == queue;
		return wanted;
	}
	for (size_t i = 0; i < STAGE_COUNT; i++)
		any = any || select->queue[i];
	return !any || select->queue[queue];
}

static bool
has_id(const struct dlq_select *select, const struct dlq_letter *letter)
{
	const struct dlq_id_list *list = &select->ids[letter->queue];

	if (list->count > 0 && bsearch(&letter->id, list->ids, list->count, sizeof(uint64_t),
				       dlq_select_compare_ids) != NULL)
		return true;
	for (size_t i = 0; i < select->prefix_count; i++)
		if (select->prefixes[i].queue == letter->queue &&
		    dlq_id_begins(letter->id, select->prefixes[i].prefix,
				  select->prefixes[i].digits))
			return true;
	return false;
}

/* "/var/log/x/access.log" or its last part. */
static bool
is_source(struct span source, const char *wanted)
{
	size_t len = strlen(wanted);

	return source.ptr != NULL && source.len >= len &&
	       memcmp(source.ptr + source.len - len, wanted, len) == 0 &&
	       (source.len == len || source.ptr[source.len - len - 1] == '/');
}

static bool
matches_regex(const struct dlq_select *select, struct span line)
{
	regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)line.len};
	char *text = xcalloc(line.len + 1, 1); /* the sanitizers' regexec() reads up to a NUL */
	bool result;

	memcpy(text, line.ptr, line.len);
	result = regexec(&select->match, text, 0, &range, REG_STARTEND) == 0;
	free(text);
	return result;
}

static bool
passes_filters(const struct dlq_select *select, const struct dlq_letter *letter)
{
	if (select->reason != NULL && !span_equals(letter->reason, span_of(select->reason)))
		return false;
	if ((select->since_s != 0 && letter->when_s < select->since_s) ||
	    (select->until_s != 0 && letter->when_s > select->until_s))
		return false;
	if (select->source != NULL && !is_source(letter->delivery->message.source, select->source))
		return false;
	if (select->has_group && dlq_group_of(letter) != select->group)
		return false;
	return !select->has_match || matches_regex(select, letter->line);
}

static bool
is_held_out(const struct dlq_select *select, const struct dlq_letter *letter)
{
	return letter->held && !select->with_held && !select->only_held;
}

bool
dlq_select_matches(const struct dlq_select *select, const struct dlq_letter *letter)
{
	if (select->by_id)
		return has_id(select, letter);
	if (is_held_out(select, letter) || (select->only_held && !letter->held))
		return false;
	return passes_filters(select, letter);
}

bool
dlq_select_leaves_held(const struct dlq_select *select, const struct dlq_letter *letter)
{
	return !select->by_id && is_held_out(select, letter) && passes_filters(select, letter);
}

size_t
dlq_select_id_count(const struct dlq_select *select)
{
	size_t count = select->prefix_count;

	for (size_t i = 0; i < STAGE_COUNT; i++)
		count += select->ids[i].count;
	return count;
}
