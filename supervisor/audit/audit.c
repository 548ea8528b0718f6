/* SPDX-License-Identifier: MIT */
/*
 * audit.c - lines against rows and letters.
 *
 * Each line is looked up in both tables in the order of the files, which is more or less the order
 * of the primary keys; with what was found it goes into a sorter by MD5. Dead letters go into one
 * sorter per queue, archived ones into another. Then all of them are read side by side. What is
 * nowhere yet is looked for among all rows of its days (audit_scan.h) before it is called missing.
 */
#include "supervisor/audit/audit.h"
#include "clean_worker/log_format.h"
#include "clean_worker/log_parse.h"
#include "common/message/lines.h"
#include "common/message/log_time.h"
#include "common/base/md5.h"
#include "common/message/origin.h"
#include "common/message/reason.h"
#include "common/base/xalloc.h"
#include "supervisor/audit/audit_key.h"
#include "supervisor/audit/audit_lookup.h"
#include "supervisor/audit/audit_scan.h"
#include "supervisor/audit/sorter.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MEMORY = 32 << 20, LETTERS_MEMORY = 8 << 20 };

/* As in lake_worker/raw_row.h: the time of a line that has none. */
#define NO_TIME INT64_C(19700101000000)

struct record {
	struct audit_key key;
	int64_t offset;
	uint32_t file;
	int32_t day; /* of its time; of a line without one: of the last line before it that has one */
	bool unfinished, too_long;
	bool stored[STAGE_COUNT], elsewhere[STAGE_COUNT];
	bool dead[STAGE_COUNT], archived[STAGE_COUNT];
};

struct letters {
	struct sorter *keys;
	const struct audit_key *next;
};

struct audit {
	struct db *db;
	bool position;
	int64_t max_line_bytes;
	size_t limit;
	struct md5 *md5;
	struct audit_lookup lookups[STAGE_COUNT];
	struct record batch[AUDIT_LOOKUP_MAX];
	size_t batch_count;
	int32_t last_day;
	struct sorter *lines, *rest; /* rest: what is nowhere yet */
	struct audit_scan *scans[STAGE_COUNT];
	struct letters letters[STAGE_COUNT][AUDIT_LOCATIONS];
	struct audit_result result;
};

struct audit *
audit_new(struct db *db, const struct settings *settings, size_t limit)
{
	struct audit *audit = xcalloc(1, sizeof(*audit));

	audit->db = db;
	audit->position = settings->identity == IDENTITY_POSITION;
	audit->max_line_bytes = settings->producer.max_line_bytes;
	audit->limit = limit;
	audit->md5 = md5_new();
	audit->lines = sorter_new(sizeof(struct record), sizeof(struct audit_key), LINES_MEMORY);
	audit->rest = sorter_new(sizeof(struct record), sizeof(struct audit_key), LINES_MEMORY);
	for (int q = 0; q < STAGE_COUNT; q++) {
		for (int h = 0; h < AUDIT_LOCATIONS; h++)
			audit->letters[q][h].keys = sorter_new(
				sizeof(struct audit_key), sizeof(struct audit_key), LETTERS_MEMORY);
		audit->scans[q] = audit_scan_new(audit->position);
		audit->lookups[q].table = stage_table[q].table;
		audit->lookups[q].time_column = stage_table[q].time_column;
		audit->lookups[q].by_origin = audit->position;
	}
	audit->result.missing = xcalloc(limit + 1, sizeof(*audit->result.missing));
	return audit;
}

void
audit_free(struct audit **audit)
{
	struct audit *old = *audit;

	if (old == NULL)
		return;
	md5_free(&old->md5);
	sorter_free(&old->lines);
	sorter_free(&old->rest);
	for (int q = 0; q < STAGE_COUNT; q++) {
		audit_scan_free(&old->scans[q]);
		for (int h = 0; h < AUDIT_LOCATIONS; h++)
			sorter_free(&old->letters[q][h].keys);
	}
	free(old->result.missing);
	free(old);
	*audit = NULL;
}

/* --- lines --- */

static void
make_key(struct audit *audit, struct span bytes, uint64_t place, struct audit_key *key,
	 char hex[MD5_HEX_LEN])
{
	md5_hex(audit->md5, bytes, hex);
	*key = audit_key_make(hex, place);
}

static void
add_lookup(struct audit *audit, enum stage_id queue, struct record *record,
	   const char hex[MD5_HEX_LEN], int64_t timestamp, uint64_t origin)
{
	struct audit_lookup *lookup = &audit->lookups[queue];
	struct audit_row *row = &lookup->rows[lookup->count++];

	memcpy(row->id, hex, ROW_ID_LEN);
	row->timestamp = timestamp;
	row->origin = origin;
	row->found = &record->stored[queue];
}

static enum outcome
run_lookups(struct audit *audit, struct failure *failure)
{
	for (int q = 0; q < STAGE_COUNT; q++)
		if (audit_lookup_run(&audit->lookups[q], audit->db, failure) != OUTCOME_DONE)
			return failure->outcome;
	for (size_t i = 0; i < audit->batch_count; i++)
		sorter_add(audit->lines, &audit->batch[i]);
	audit->batch_count = 0;
	return OUTCOME_DONE;
}

/* A batch is full when another line may have more keys than there is room for. */
static bool
batch_is_full(const struct audit *audit)
{
	if (audit->batch_count == AUDIT_LOOKUP_MAX)
		return true;
	for (int q = 0; q < STAGE_COUNT; q++)
		if (audit->lookups[q].count > AUDIT_LOOKUP_MAX)
			return true;
	return false;
}

/*
 * Under which times clean_log may have it: that of its format, or, when it has not the form of that
 * one and was retried with another, those of all formats that take it. Returns how many.
 */
static size_t
clean_times(struct span format, struct span line, struct log_time times[AUDIT_KEYS_PER_LINE])
{
	const struct log_format *parser = log_format_find(format);
	struct access_line access;
	struct parse_error error;
	size_t count = 0;

	if (parser != NULL && log_parse(parser, line, &access, &error) == REASON_NONE) {
		times[0] = access.time;
		return 1;
	}
	for (size_t i = 0; count < AUDIT_KEYS_PER_LINE && (parser = log_format_at(i)) != NULL;
	     i++) {
		bool known = false;

		if (log_parse(parser, line, &access, &error) != REASON_NONE)
			continue;
		for (size_t t = 0; t < count; t++)
			known = known || times[t].utc == access.time.utc;
		if (!known)
			times[count++] = access.time;
	}
	return count;
}

static int32_t
day_of(const struct log_time *time)
{
	int64_t day = time->unix_s / 86400;

	return (int32_t)(time->unix_s % 86400 < 0 ? day - 1 : day);
}

/* The keys under which both tables should have it. */
static void
add_lookups(struct audit *audit, struct record *record, const char hex[MD5_HEX_LEN],
	    struct span format, struct span line, uint64_t origin)
{
	struct log_time time, times[AUDIT_KEYS_PER_LINE];
	size_t count = clean_times(format, line, times);

	if (log_time_find(line, &time) == LOG_TIME_OK) {
		add_lookup(audit, STAGE_LAKE, record, hex, time.utc, origin);
		audit->last_day = day_of(&time);
	} else {
		add_lookup(audit, STAGE_LAKE, record, hex, NO_TIME, origin);
	}
	for (size_t i = 0; i < count; i++)
		add_lookup(audit, STAGE_CLEAN, record, hex, times[i].utc, origin);
	if (count > 0)
		audit->last_day = day_of(&times[0]);
	record->day = audit->last_day;
}

enum outcome
audit_line(struct audit *audit, unsigned file, const char *file_id, struct span format,
	   const struct audit_line *line, struct failure *failure)
{
	struct record *record = &audit->batch[audit->batch_count++];
	uint64_t origin = audit->position ? origin_of(span_of(file_id), line->offset) : 0;
	char hex[MD5_HEX_LEN];

	memset(record, 0, sizeof(*record));
	record->file = file;
	record->offset = line->offset;
	record->unfinished = !line->has_lf;
	audit->result.lines++;
	make_key(audit, line->text, origin, &record->key, hex);
	add_lookups(audit, record, hex, format, line->text, origin);
	if (line->length > audit->max_line_bytes) {
		struct span start = {.ptr = line->start.ptr, .len = (size_t)audit->max_line_bytes};

		record->too_long = true;
		make_key(audit, start, (uint64_t)line->offset + 1, &record->key, hex);
	}
	return batch_is_full(audit) ? run_lookups(audit, failure) : OUTCOME_DONE;
}

/* --- letters --- */

static void
add_letter_line(struct audit *audit, struct letters *letters, const struct message *message,
		struct span line, size_t offset_in_body)
{
	uint64_t place = 0;
	char hex[MD5_HEX_LEN];
	struct audit_key key;

	/* Unsigned: an offset from outside may be any. */
	if (audit->position && message->offset >= 0)
		place = origin_of(message->file_id,
				  (int64_t)((uint64_t)message->offset + offset_in_body));
	make_key(audit, line, place, &key, hex);
	sorter_add(letters->keys, &key);
}

void
audit_letter(struct audit *audit, enum stage_id queue, enum audit_location location,
	     const struct message *message)
{
	struct letters *letters = &audit->letters[queue][location];
	uint64_t *lines = &audit->result.queue[queue].letter_lines[location];
	struct line_reader reader = lines_of(message_lines(message));
	struct span line;
	char hex[MD5_HEX_LEN];
	struct audit_key key;

	if (span_equals(message->reason, span_of(reason_name(REASON_LINE_TOO_LONG))) &&
	    message->offset >= 0) {
		make_key(audit, message->body, (uint64_t)message->offset + 1, &key, hex);
		sorter_add(letters->keys, &key);
	}
	while (lines_next(&reader, &line)) {
		add_letter_line(audit, letters, message, line, reader.offset);
		(*lines)++;
	}
}

/* --- the comparison --- */

/* Keys are asked for in rising order. */
static bool
has_letter(struct letters *letters, const struct audit_key *key)
{
	int order = -1;

	while (letters->next != NULL && (order = memcmp(letters->next, key, sizeof(*key))) < 0)
		letters->next = sorter_next(letters->keys);
	return letters->next != NULL && order == 0;
}

static int
compare_places(const struct audit_missing *a, const struct audit_missing *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Keep the first ones in the order of the files. */
static void
note_missing(struct audit *audit, const struct record *record, unsigned queues)
{
	struct audit_result *result = &audit->result;
	struct audit_missing missing = {
		.file = record->file, .offset = record->offset, .queues = queues};
	size_t i = result->missing_count;

	while (i > 0 && compare_places(&result->missing[i - 1], &missing) > 0) {
		result->missing[i] = result->missing[i - 1];
		i--;
	}
	result->missing[i] = missing;
	if (result->missing_count < audit->limit)
		result->missing_count++;
}

static void
count_line(struct audit *audit, const struct record *record)
{
	struct audit_result *result = &audit->result;
	unsigned queues = 0;

	for (int q = 0; q < STAGE_COUNT; q++)
		if (!record->stored[q] && !record->dead[q] && !record->archived[q])
			queues |= 1u << q;
	if (record->unfinished && queues == (1u << STAGE_COUNT) - 1) {
		result->unfinished++;
		result->lines--;
		return;
	}
	result->distinct++;
	result->too_long += record->too_long;
	for (int q = 0; q < STAGE_COUNT; q++) {
		bool stored = record->stored[q], dead = record->dead[q];

		result->queue[q].stored += stored;
		result->queue[q].elsewhere += record->elsewhere[q];
		result->queue[q].both += stored && dead;
		result->queue[q].dead += !stored && dead;
		result->queue[q].archived += !stored && !dead && record->archived[q];
		result->queue[q].missing += (queues & 1u << q) != 0;
	}
	if (queues != 0)
		note_missing(audit, record, queues);
}

/* All about this line is known but rows under another time: count it, or look for those first. */
static void
count_or_scan(struct audit *audit, struct record *record)
{
	bool wanted = false;

	for (int q = 0; q < STAGE_COUNT; q++) {
		record->dead[q] = has_letter(&audit->letters[q][AUDIT_DEAD], &record->key);
		record->archived[q] = has_letter(&audit->letters[q][AUDIT_ARCHIVE], &record->key);
		if (record->stored[q] || record->dead[q] || record->archived[q])
			continue;
		audit_scan_want(audit->scans[q], &record->key, record->day);
		wanted = true;
	}
	if (wanted)
		sorter_add(audit->rest, record);
	else
		count_line(audit, record);
}

static enum outcome
count_rest(struct audit *audit, struct failure *failure)
{
	const struct record *record;

	for (int q = 0; q < STAGE_COUNT; q++)
		if (audit_scan_run(audit->scans[q], audit->db, stage_table[q].table,
				   stage_table[q].time_column, failure) != OUTCOME_DONE)
			return failure->outcome;
	while ((record = sorter_next(audit->rest)) != NULL) {
		struct record found = *record;

		for (int q = 0; q < STAGE_COUNT; q++)
			if (!found.stored[q] && audit_scan_has(audit->scans[q], &found.key))
				found.stored[q] = found.elsewhere[q] = true;
		count_line(audit, &found);
	}
	return OUTCOME_DONE;
}

/* The same line again: it is where the other one is. */
static void
merge(struct record *into, const struct record *from)
{
	for (int q = 0; q < STAGE_COUNT; q++)
		into->stored[q] = into->stored[q] || from->stored[q];
	into->unfinished = into->unfinished && from->unfinished;
	if (from->file < into->file || (from->file == into->file && from->offset < into->offset)) {
		into->file = from->file;
		into->offset = from->offset;
	}
}

enum outcome
audit_finish(struct audit *audit, const struct audit_result **result, struct failure *failure)
{
	const struct record *record;
	struct record current;
	bool has_current = false;

	if (run_lookups(audit, failure) != OUTCOME_DONE)
		return failure->outcome;
	for (int q = 0; q < STAGE_COUNT; q++)
		for (int h = 0; h < AUDIT_LOCATIONS; h++)
			audit->letters[q][h].next = sorter_next(audit->letters[q][h].keys);
	while ((record = sorter_next(audit->lines)) != NULL) {
		if (has_current && memcmp(&record->key, &current.key, sizeof(current.key)) == 0) {
			merge(&current, record);
			continue;
		}
		if (has_current)
			count_or_scan(audit, &current);
		current = *record;
		has_current = true;
	}
	if (has_current)
		count_or_scan(audit, &current);
	if (count_rest(audit, failure) != OUTCOME_DONE)
		return failure->outcome;
	*result = &audit->result;
	return OUTCOME_DONE;
}
