/* SPDX-License-Identifier: MIT */
/*
 * dlq_canary.c - waiting for the rows, or the return, of the first letters of a retry.
 */
#include "supervisor/dlq/dlq_canary.h"
#include "common/base/clock.h"
#include "common/database/db.h"
#include "common/message/lines.h"
#include "common/message/log_time.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_interrupt.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ROUND_MS = 250, DB_TIMEOUT_S = 10 };

struct canary_line {
	uint64_t frame_id, line_id; /* as which letter it can come back */
	int64_t retries;	    /* when it was sent */
	char md5[MD5_HEX_LEN];
	int64_t time; /* YYYYMMDDhhmmss in UTC: the first column of the key; 0 = none in the line */
	bool stored, returned;
};

struct dlq_canary {
	struct canary_line *lines;
	size_t count;
};

struct dlq_canary *
dlq_canary_new(void)
{
	return xcalloc(1, sizeof(struct dlq_canary));
}

void
dlq_canary_free(struct dlq_canary **canary)
{
	if (*canary == NULL)
		return;
	free((*canary)->lines);
	free(*canary);
	*canary = NULL;
}

void
dlq_canary_add(struct dlq_canary *canary, struct md5 *md5, const struct dlq_letter *letter)
{
	const struct message *message = &letter->delivery->message;
	struct line_reader reader = lines_of(message_lines(message));
	char id[MESSAGE_ID_SIZE];
	struct log_time time;
	struct span text;

	while (lines_next(&reader, &text)) {
		struct canary_line *line;

		canary->lines =
			xreallocarray(canary->lines, canary->count + 1, sizeof(*canary->lines));
		line = &canary->lines[canary->count++];
		message_line_id(message, reader.offset, id);
		*line = (struct canary_line){
			.frame_id = letter->id,
			.line_id = dlq_id_of(md5, letter->queue, span_of(id), text),
			.retries = letter->retries,
			.time = log_time_find(text, &time) == LOG_TIME_OK ? time.utc : 0,
		};
		md5_hex(md5, text, line->md5);
	}
}

static void
note_return(struct dlq_canary *canary, const struct dlq_letter *letter)
{
	for (size_t i = 0; i < canary->count; i++) {
		struct canary_line *line = &canary->lines[i];

		if (letter->retries > line->retries &&
		    (letter->id == line->frame_id || letter->id == line->line_id))
			line->returned = true;
	}
}

static void
note_row(void *context, const char *const *values UNUSED, unsigned count UNUSED)
{
	*(bool *)context = true;
}

static enum outcome
check_rows(struct dlq_canary *canary, struct db *db, const struct stage *names,
	   struct failure *failure)
{
	char sql[256];

	db_rollback(db); /* a transaction sees the rows of its beginning only */
	for (size_t i = 0; i < canary->count; i++) {
		struct canary_line *line = &canary->lines[i];
		int len;

		if (line->stored || line->returned)
			continue;
		len = snprintf(sql, sizeof(sql), "SELECT 1 FROM %s WHERE id = '%.*s'", names->table,
			       MD5_HEX_LEN, line->md5);
		/* by the key; a line without a time has none in clean_log, and 1970 in raw_log */
		snprintf(sql + len, sizeof(sql) - (size_t)len, " AND %s = %" PRId64 " LIMIT 1",
			 names->time_column,
			 line->time != 0 ? line->time : INT64_C(19700101000000));
		if (db_query(db, sql, note_row, &line->stored, failure) != OUTCOME_DONE)
			return failure->outcome;
	}
	return OUTCOME_DONE;
}

static enum outcome
check_letters(struct dlq_canary *canary, struct dlq_move_job *job, int64_t until_ms,
	      struct failure *failure)
{
	while (clock_mono_ms() < until_ms && !dlq_interrupt_seen()) {
		struct delivery *delivery;
		struct dlq_letter letter;
		bool end;

		if (dlq_reader_next(job->reader, &delivery, &end, failure) != OUTCOME_DONE)
			return failure->outcome;
		if (delivery == NULL) {
			dlq_reader_wait(job->reader);
			continue;
		}
		dlq_letter_read(job->run->md5, job->queue, delivery, &letter);
		note_return(canary, &letter);
		delivery_free(&delivery);
	}
	return OUTCOME_DONE;
}

static enum outcome
verdict(const struct dlq_canary *canary, bool last, struct failure *failure)
{
	size_t stored = 0, returned = 0;

	for (size_t i = 0; i < canary->count; i++) {
		stored += canary->lines[i].stored && !canary->lines[i].returned;
		returned += canary->lines[i].returned;
	}
	if (returned > 0 && (stored + returned == canary->count || last))
		return failure_set(failure, OUTCOME_REJECT, CTL_PARTLY,
				   "canary: of %zu lines %zu were stored and %zu came back; the "
				   "other letters were left alone",
				   canary->count, stored, returned);
	if (stored == canary->count)
		return OUTCOME_DONE;
	return failure_set(failure, OUTCOME_RETRY, EX_TEMPFAIL,
			   "canary: of %zu lines %zu were stored, the others are on their way (do "
			   "the workers run?); the other letters were left alone",
			   canary->count, stored);
}

enum outcome
dlq_canary_wait(struct dlq_canary *canary, struct dlq_move_job *job, struct failure *failure)
{
	int64_t end_ms = clock_mono_ms() + job->run->canary_ms;
	struct db *db = NULL;
	enum outcome outcome = db_open(&db, &job->run->settings->database, DB_TIMEOUT_S, failure);
	bool last;

	dlq_reader_follow(job->reader);
	while (outcome == OUTCOME_DONE) {
		last = clock_mono_ms() >= end_ms || dlq_interrupt_seen();
		outcome = check_letters(canary, job, clock_mono_ms() + ROUND_MS, failure);
		if (outcome == OUTCOME_DONE)
			outcome = check_rows(canary, db, &stage_table[job->queue], failure);
		if (outcome != OUTCOME_DONE)
			break;
		outcome = verdict(canary, last, failure);
		if (outcome != OUTCOME_RETRY || last)
			break;
		outcome = OUTCOME_DONE;
	}
	db_close(&db);
	return outcome;
}
