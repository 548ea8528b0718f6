/* SPDX-License-Identifier: MIT */
/*
 * reader.c - choosing the file whose turn it is, filling the buffer, cutting frames from it.
 */
#include "producer/reader.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/message/log_time.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LOOKED_AT = 4096 }; /* bytes of a line in which its time is looked for */

void
reader_init(struct reader *reader, struct input_set *inputs, const struct frame_limits *limits,
	    size_t capacity)
{
	assert(capacity >= 2 * FILE_MARKER_BYTES);
	*reader = (struct reader){
		.inputs = inputs,
		.limits = *limits,
		.buffer = xcalloc(capacity, 1),
		.capacity = capacity,
	};
}

void
reader_clear(struct reader *reader)
{
	if (reader->file != NULL)
		reader->file->in_buffer = false;
	free(reader->buffer);
	*reader = (struct reader){0};
}

/* The marker of an offset, from the buffer if it holds the bytes, else from the file. */
static uint64_t
marker_of(const struct reader *reader, int64_t offset)
{
	int64_t want = MIN(offset, FILE_MARKER_BYTES), start = offset - want;
	uint64_t marker;

	if (start >= reader->from && offset <= reader->from + (int64_t)reader->used)
		return file_marker(reader->buffer + (start - reader->from), (size_t)want);
	/* If that fails the file has just been truncated; no marker fits, which is noticed next
	 * time. */
	return file_marker_read(reader->file->fd, offset, &marker) == 0 ? marker
									: ~FILE_MARKER_NONE;
}

/* For people: what time the last line bears; a line whose end alone would cost much has none. */
static void
note_line_time(struct log_file *file, struct span body)
{
	size_t end = body.len > 0 && body.ptr[body.len - 1] == '\n' ? body.len - 1 : body.len;
	size_t start = end, least = end > LINE_LOOKED_AT ? end - LINE_LOOKED_AT : 0;
	struct log_time time;

	while (start > least && body.ptr[start - 1] != '\n')
		start--;
	file->has_line_time =
		log_time_find((struct span){body.ptr + start, end - start}, &time) == LOG_TIME_OK;
	if (file->has_line_time)
		file->line_s = time.unix_s;
}

/* Cut [file->next, end) as one frame; end is a line's end or the end of the file. */
static void
cut_frame(struct reader *reader, int64_t end, uint32_t lines, struct window_frame *frame,
	  struct span *body)
{
	struct log_file *file = reader->file;
	uint64_t marker = marker_of(reader, end);

	*frame = (struct window_frame){
		.track = &file->track,
		.file = file,
		.kind = FRAME_LINES,
		.offset = file->next,
		.length = end - file->next,
		.body_len = (size_t)(end - file->next),
		.end = end,
		.marker = marker,
		.lines = lines,
	};
	*body = SPAN_NULL;
	if (file->next >= reader->from) {
		*body = (struct span){reader->buffer + (file->next - reader->from),
				      frame->body_len};
		note_line_time(file, *body);
	}
	log_file_advance(file, end, marker);
}

/*
 * How many NULs there are from the start of the line on, up to end. The hole may have any size: where
 * the file system knows that nothing was written it is not read.
 */
static int64_t
count_nuls(const struct log_file *file, int64_t end)
{
	char chunk[65536];
	int64_t at = file->next;

	while (at < end) {
		off_t data = lseek(file->fd, at, SEEK_DATA);
		size_t want;
		ssize_t got, nuls = 0;

		if (data > at) {
			at = MIN((int64_t)data, end);
			continue;
		}
		want = (size_t)MIN((int64_t)sizeof(chunk), end - at);
		got = pread(file->fd, chunk, want, at);
		if (got > 0 && chunk[0] == '\0' && memcmp(chunk, chunk + 1, (size_t)got - 1) == 0)
			nuls = got;
		while (nuls < got && chunk[nuls] == '\0')
			nuls++;
		at += nuls;
		if (got <= 0 || nuls < got)
			break;
	}
	return at - file->next;
}

/* The line that ends at end begins behind the NULs before it. */
static void
pass_nuls(struct reader *reader, int64_t end)
{
	struct log_file *file = reader->file;
	int64_t nuls = count_nuls(file, end), scanned = file->scanned;

	if (nuls == 0)
		return;
	log_warning("%s: %lld NUL bytes before a line, from byte %lld to %lld, are passed over: "
		    "a hole that a crash or a truncated file left",
		    file->path, (long long)nuls, (long long)file->next,
		    (long long)(file->next + nuls));
	reader->nul_bytes += (uint64_t)nuls;
	log_file_advance(file, file->next + nuls, marker_of(reader, file->next + nuls));
	file->scanned = MAX(scanned, file->next);
}

static void
next_too_long(struct reader *reader, struct window_frame *frame)
{
	*frame = reader->too_long;
	frame->stage = (enum stage_id)(STAGE_COUNT - reader->too_long_left--);
	if (reader->too_long_left > 0) {
		frame->lines = 0;
		frame->end = frame->offset;
	}
}

/*
 * A line over the limit: its start goes to the dead-letter queue of each stage. Only the last
 * message moves the checkpoint over the line.
 */
static void
cut_too_long(struct reader *reader, int64_t end, struct window_frame *frame, struct span *body)
{
	cut_frame(reader, end, 1, frame, body);
	*body = SPAN_NULL;
	frame->body_len = reader->limits.max_line_bytes;
	frame->kind = FRAME_TOO_LONG;
	reader->too_long = *frame;
	reader->too_long_left = STAGE_COUNT;
	next_too_long(reader, frame);
}

static bool
is_too_long(const struct reader *reader, int64_t end, bool has_lf)
{
	return end - reader->file->next - (has_lf ? 1 : 0) > (int64_t)reader->limits.max_line_bytes;
}

/*
 * One line that ends at end (its LF, if it has one, is the byte before it). False: there were only
 * NULs.
 */
static bool
cut_line(struct reader *reader, int64_t end, bool has_lf, struct window_frame *frame,
	 struct span *body)
{
	if (is_too_long(reader, end, has_lf))
		pass_nuls(reader, end);
	if (reader->file->next == end)
		return false;
	if (is_too_long(reader, end, has_lf))
		cut_too_long(reader, end, frame, body);
	else
		cut_frame(reader, end, 1, frame, body);
	frame->unfinished = reader->too_long.unfinished = !has_lf;
	return true;
}

/* At the end of the file: nothing more now, or (finish) the unfinished last line and the end. */
static bool
cut_end(struct reader *reader, struct window_frame *frame, struct span *body)
{
	struct log_file *file = reader->file;

	if (!file->finish)
		return false;
	/* It may have grown since the buffer was filled, or shrunk, or be out of reach for now. */
	if (log_file_poll(file) != 0) {
		input_set_replaced(reader->inputs, file);
		return false;
	}
	if (file->ready || file->failed)
		return false;
	file->state = LOG_FILE_ENDED;
	if (file->scanned == file->next)
		return false;
	if (reader->inputs->table.once && !reader->take_unfinished) {
		log_warning("%s: its last line, from byte %lld, has no line end: it is left for "
			    "the next run (--take-unfinished takes it)",
			    file->path, (long long)file->next);
		return false;
	}
	return cut_line(reader, file->scanned, false, frame, body);
}

/* The buffer starts inside a long line: look for its end. */
static bool
cut_long_line(struct reader *reader, struct window_frame *frame, struct span *body)
{
	struct log_file *file = reader->file;
	size_t skip = (size_t)(file->scanned - reader->from);
	const char *lf = memchr(reader->buffer + skip, '\n', reader->used - skip);

	if (lf != NULL) {
		return cut_line(reader, reader->from + (lf - reader->buffer) + 1, true, frame,
				body);
	}
	file->scanned = reader->from + (int64_t)reader->used;
	return reader->at_end && cut_end(reader, frame, body);
}

/*
 * Nothing but the end of the buffer ends the frame: after the next filling it can be longer. A
 * frame at the buffer's start never is short, or one larger than the buffer would never be cut.
 */
static bool
is_cut_short(const struct reader *reader, size_t start, size_t length, uint32_t lines)
{
	size_t end = start + length;

	return start > 0 && !reader->at_end && lines < reader->limits.lines &&
	       memchr(reader->buffer + end, '\n', reader->used - end) == NULL;
}

static bool
cut(struct reader *reader, struct window_frame *frame, struct span *body)
{
	struct log_file *file = reader->file;
	size_t start, length;
	uint32_t lines;

	if (file->next < reader->from)
		return cut_long_line(reader, frame, body);
	start = (size_t)(file->next - reader->from);
	switch (frame_cut(reader->buffer + start, reader->used - start, &reader->limits, &length,
			  &lines)) {
	case FRAME_CUT_LINES:
		if (is_cut_short(reader, start, length, lines))
			return false;
		cut_frame(reader, file->next + (int64_t)length, lines, frame, body);
		return true;
	case FRAME_CUT_TOO_LONG:
		return cut_line(reader, file->next + (int64_t)length, true, frame, body);
	case FRAME_CUT_NONE:
		break;
	}
	file->scanned = reader->from + (int64_t)reader->used;
	return reader->at_end && cut_end(reader, frame, body);
}

/* A file in the buffer must not be freed, though nothing of it may be in the window. */
static void
set_file(struct reader *reader, struct log_file *file)
{
	if (reader->file != NULL)
		reader->file->in_buffer = false;
	reader->file = file;
	if (file != NULL)
		file->in_buffer = true;
}

/* Fill the buffer from the next file that may have something. */
static bool
fill(struct reader *reader)
{
	struct log_file *file;

	while ((file = input_set_next_ready(reader->inputs)) != NULL) {
		/* What is known to hold no line end is read again only while it is short. */
		bool is_long = file->scanned - file->next > (int64_t)reader->capacity / 2;
		int64_t from = is_long ? file->scanned : file->next;
		size_t got = 0;

		switch (log_file_read(file, from, reader->buffer, reader->capacity, &got)) {
		case LOG_FILE_REPLACED:
			input_set_replaced(reader->inputs, file);
			continue;
		case LOG_FILE_PACKED:
			input_set_packed(reader->inputs, file);
			continue;
		case LOG_FILE_FAILED:
			continue;
		case LOG_FILE_BYTES:
		case LOG_FILE_AT_END:
			set_file(reader, file);
			reader->from = from;
			reader->used = got;
			reader->at_end = got < reader->capacity;
			/*
			 * Before the lines are cut: what is written meanwhile makes it ready again.
			 */
			file->ready = !reader->at_end;
			return true;
		}
	}
	return false;
}

void
reader_reset(struct reader *reader)
{
	set_file(reader, NULL);
	reader->too_long_left = 0;
}

bool
reader_next(struct reader *reader, struct window_frame *frame, struct span *body)
{
	if (reader->too_long_left > 0) {
		next_too_long(reader, frame);
		*body = SPAN_NULL;
		return true;
	}
	for (;;) {
		if (reader->file == NULL && !fill(reader))
			return false;
		if (cut(reader, frame, body))
			return true;
		set_file(reader, NULL);
	}
}

bool
reader_has_more(const struct reader *reader)
{
	return reader->too_long_left > 0 || reader->file != NULL ||
	       input_set_has_ready(reader->inputs);
}
