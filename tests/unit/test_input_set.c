/* SPDX-License-Identifier: MIT */
/*
 * log_file.c, input_set.c, input_scan.c, input_rotated.c, reader.c together, on real files: which
 * lines come out, whatever happens to the files. Each test has a folder of its own and a small read
 * buffer.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "producer/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { BUFFER = 1024, MAX_LINE = 3000 };

struct world {
	char folder[64];
	struct settings settings;
	struct input_settings inputs[2];
	struct checkpoint checkpoint;
	struct input_set set;
	struct reader reader;
	char *got; /* all bodies, "|" after each frame */
	size_t got_len;
	char last_id[FILE_ID_SIZE];
	bool unverified; /* no check of the bindings speaks for anything */
};

static char *
path_of(struct world *world, const char *name)
{
	static char path[2][160];
	static int turn;

	turn = 1 - turn;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", world->folder, name);
	return path[turn];
}

static void
append(struct world *world, const char *name, const char *text)
{
	FILE *file = fopen(path_of(world, name), "a");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
append_many(struct world *world, const char *name, char byte, size_t count)
{
	FILE *file = fopen(path_of(world, name), "a");

	assert_non_null(file);
	while (count-- > 0)
		fputc(byte, file);
	fclose(file);
}

static void
move(struct world *world, const char *from, const char *to)
{
	assert_int_equal(rename(path_of(world, from), path_of(world, to)), 0);
}

static int
set_up(void **state)
{
	struct world *world = xcalloc(1, sizeof(*world));

	snprintf(world->folder, sizeof(world->folder), "/tmp/sluice-test-inputs-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	world->inputs[0].path = xasprintf("%s/*.log", world->folder);
	world->inputs[1].path = xasprintf("%s/a*", world->folder);
	for (size_t i = 0; i < ARRAY_LEN(world->inputs); i++)
		world->inputs[i].format = world->inputs[i].routing_key = world->inputs[i].path;
	world->settings.inputs = world->inputs;
	world->settings.input_count = 1;
	*state = world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", world->folder);
	assert_int_equal(system(command), 0);
	free(world->inputs[0].path);
	free(world->inputs[1].path);
	free(world->got);
	checkpoint_clear(&world->checkpoint);
	free(world);
	return 0;
}

static void
begin(struct world *world, bool once)
{
	struct frame_limits limits = {.lines = 4, .bytes = 200, .max_line_bytes = MAX_LINE};

	input_set_open(&world->set, &world->settings, &world->checkpoint, once);
	world->set.table.quiet_ms = 0;
	reader_init(&world->reader, &world->set, &limits, BUFFER);
}

/* End as a producer does whose every frame is confirmed. */
static void
end(struct world *world)
{
	input_set_checkpoint(&world->set, &world->checkpoint);
	reader_clear(&world->reader);
	input_set_close(&world->set);
}

static void
note(struct world *world, const struct window_frame *frame, struct span body)
{
	char *own = NULL;

	if (body.ptr == NULL) {
		own = xcalloc(frame->body_len + 1, 1);
		assert_int_equal(log_file_reread(frame->file, frame, own), LOG_FILE_BYTES);
		body = (struct span){own, frame->body_len};
	}
	assert_int_equal(body.len, frame->body_len);
	world->got = xreallocarray(world->got, world->got_len + body.len + 2, 1);
	memcpy(world->got + world->got_len, body.ptr, body.len);
	world->got_len += body.len;
	world->got[world->got_len++] = '|';
	world->got[world->got_len] = '\0';
	memcpy(world->last_id, frame->track->id, FILE_ID_SIZE);
	/* confirmed at once */
	frame->track->confirmed = frame->end;
	frame->track->marker = frame->marker;
	free(own);
}

/* Everything that comes out until nothing more does, time flying meanwhile. */
static const char *
read_all(struct world *world)
{
	struct window_frame frame;
	struct span body;

	world->got_len = 0;
	world->got = xreallocarray(world->got, 1, 1);
	world->got[0] = '\0';
	for (int turn = 0; turn < 4; turn++) {
		world->set.next_poll_ms = world->set.next_scan_ms = 0;
		input_set_turn(&world->set, clock_mono_ms());
		while (reader_next(&world->reader, &frame, &body))
			note(world, &frame, body);
		if (!world->unverified) {
			input_set_asked(&world->set);
			input_set_verified(&world->set);
		}
	}
	return world->got;
}

#define ASSERT_READ(world, want) assert_string_equal(read_all(world), want)

/* A binding was lost: what no check spoke for comes again, also from a file that has ended. */
static void
test_rewind(void **state)
{
	struct world *world = *state;

	append(world, "a.log", "1\n2\n");
	begin(world, false);
	ASSERT_READ(world, "1\n2\n|");
	world->unverified = true;
	append(world, "a.log", "3\n");
	ASSERT_READ(world, "3\n|");
	input_set_asked(&world->set); /* a check goes out ... */
	append(world, "a.log", "4\n");
	append(world, "b.log", "b\n");
	ASSERT_READ(world, "4\n|b\n|");
	input_set_verified(&world->set); /* ... and speaks for what was confirmed then */
	reader_reset(&world->reader);
	input_set_rewind(&world->set);
	ASSERT_READ(world, "4\n|b\n|");
	/* the next run of the producer knows it, too */
	end(world);
	begin(world, false);
	ASSERT_READ(world, "");
	reader_reset(&world->reader);
	input_set_rewind(&world->set);
	ASSERT_READ(world, "4\n|b\n|");
	input_set_asked(&world->set);
	input_set_verified(&world->set);
	reader_reset(&world->reader);
	input_set_rewind(&world->set);
	ASSERT_READ(world, "");
	end(world);
}

/* What was overwritten before it was confirmed cannot come again; what came after it comes once. */
static void
test_rewind_overwritten(void **state)
{
	struct world *world = *state;
	struct window_frame frame;
	struct span body;

	append(world, "a.log", "1\n2\n");
	begin(world, false);
	world->unverified = true;
	assert_true(reader_next(&world->reader, &frame, &body));
	frame.track->frames++; /* on its way */
	assert_int_equal(truncate(path_of(world, "a.log"), 0), 0);
	append(world, "a.log", "n\n");
	ASSERT_READ(world, "n\n|");
	reader_reset(&world->reader);
	input_set_rewind(&world->set);
	ASSERT_READ(world, "n\n|");
	assert_int_equal(world->set.table.count, 1);
	end(world);
	assert_int_equal(world->checkpoint.count, 1);
}

static void
test_lines(void **state)
{
	struct world *world = *state;

	append(world, "a.log", "1\n2\n3\n4\n5\nunfin");
	begin(world, false);
	ASSERT_READ(world, "1\n2\n3\n4\n|5\n|");
	append(world, "a.log", "ished");
	ASSERT_READ(world, "");
	append(world, "a.log", "\n");
	ASSERT_READ(world, "unfinished\n|");
	append(world, "b.log", "b\n"); /* a new file */
	ASSERT_READ(world, "b\n|");
	end(world);
	append(world, "a.log", "6\n");
	begin(world, false);
	ASSERT_READ(world, "6\n|");
	end(world);
}

static void
test_once(void **state)
{
	struct world *world = *state;

	append(world, "a.log", "1\nunfinished");
	begin(world, true);
	ASSERT_READ(world, "1\n|"); /* the rest of the line may come yet */
	assert_true(input_set_all_ended(&world->set));
	end(world);
	append(world, "a.log", " no more\n2\n3");
	begin(world, true);
	ASSERT_READ(world, "unfinished no more\n2\n|");
	assert_true(input_set_all_ended(&world->set));
	end(world);
	begin(world, true);
	world->reader.take_unfinished = true;
	ASSERT_READ(world, "3|");
	assert_true(input_set_all_ended(&world->set));
	end(world);
	begin(world, true);
	ASSERT_READ(world, "");
	assert_true(input_set_all_ended(&world->set));
	end(world);
}

/* A long last line shrinks just before its file's end is taken for its end. */
static void
test_shrinks_at_end(void **state)
{
	struct world *world = *state;
	struct window_frame frame;
	struct span body;

	append_many(world, "a.log", 'l', BUFFER - 100);
	begin(world, false);
	ASSERT_READ(world, "");
	assert_int_equal(truncate(path_of(world, "a.log"), BUFFER - 200), 0);
	world->set.table.files[0]->finish = world->set.table.files[0]->ready = true;
	alarm(10);
	assert_false(reader_next(&world->reader, &frame, &body));
	alarm(0);
	ASSERT_READ(world, "");
	append(world, "a.log", "\n");
	assert_int_equal(strlen(read_all(world)), BUFFER - 200 + 2);
	end(world);
}

/*
 * Lines around the size of the buffer and of the longest line allowed, with and without their end.
 */
static void
test_long_lines(void **state)
{
	static const size_t sizes[] = {BUFFER / 2 - 1, BUFFER / 2, BUFFER / 2 + 1, BUFFER - 1,
				       BUFFER,	       BUFFER + 1, 2 * BUFFER,	   MAX_LINE};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char want[MAX_LINE + 16];

		append(world, "a.log", "x\n");
		append_many(world, "a.log", 'l', sizes[i] / 2);
		begin(world, false);
		ASSERT_READ(world, "x\n|");
		append_many(world, "a.log", 'l', sizes[i] - sizes[i] / 2);
		ASSERT_READ(world, "");
		append(world, "a.log", "\ny\n");
		memset(want, 'l', sizes[i]);
		/* A frame of more than limits.bytes has one line. */
		snprintf(want + sizes[i], 16, "\n|y\n|");
		ASSERT_READ(world, want);
		end(world);
	}
}

/* The buffer's end does not make frames short; a line as long as the buffer still comes out. */
static void
test_full_frames(void **state)
{
	struct world *world = *state;
	const char *frame, *bar;
	size_t frames = 0;

	for (size_t i = 0; i < BUFFER / 2; i++)
		append(world, "a.log", "ab\n"); /* 341 and a byte fill it: no multiple of 4 */
	append(world, "a.log", "x\n");
	append_many(world, "a.log", 'l', MAX_LINE);
	append(world, "a.log", "\ny\n");
	begin(world, false);
	read_all(world);
	for (frame = world->got; (bar = strchr(frame, '|')) != NULL; frame = bar + 1, frames++)
		if (frames < BUFFER / 2 / 4)
			assert_memory_equal(frame, "ab\nab\nab\nab\n|", 13);
	assert_true(frames > BUFFER / 2 / 4);
	assert_int_equal(world->got_len, BUFFER / 2 * 3 + 2 + MAX_LINE + 3 + frames);
	end(world);
}

static void
test_too_long(void **state)
{
	struct world *world = *state;
	struct window_frame first, second;
	struct span body;

	append(world, "a.log", "x\n");
	append_many(world, "a.log", 't', MAX_LINE + 1);
	append(world, "a.log", "\ny\n");
	begin(world, false);
	assert_true(reader_next(&world->reader, &first, &body));
	note(world, &first, body);
	assert_true(reader_next(&world->reader, &first, &body));
	assert_int_equal(first.kind, FRAME_TOO_LONG);
	assert_int_equal(first.stage, STAGE_LAKE);
	assert_true(reader_next(&world->reader, &second, &body));
	assert_int_equal(second.kind, FRAME_TOO_LONG);
	assert_int_equal(second.stage, STAGE_CLEAN);
	assert_int_equal(first.offset, 2);
	assert_int_equal(second.offset, 2);
	assert_int_equal(second.length, MAX_LINE + 2);
	assert_int_equal(second.body_len, MAX_LINE);
	assert_int_equal(first.end, 2); /* alone it moves nothing */
	assert_int_equal(second.end, MAX_LINE + 4);
	assert_int_equal(first.lines + second.lines, 1);
	note(world, &second, body);
	ASSERT_READ(world, "y\n|");
	end(world);
	/* The end of a file can be too long as well. */
	append_many(world, "a.log", 'u', MAX_LINE + 1);
	begin(world, true);
	world->reader.take_unfinished = true;
	read_all(world);
	assert_int_equal(world->got_len, 2 * (MAX_LINE + 1));
	end(world);
	assert_int_equal(world->checkpoint.entries[0].offset, 2 + MAX_LINE + 2 + 2 + MAX_LINE + 1);
}

/* A hole is as large as the log that was truncated: it must not take the time of reading it again. */
static void
test_large_hole(void **state)
{
	struct world *world = *state;
	const off_t size = (off_t)256 << 30;
	struct window_frame frame;
	struct span body;

	append(world, "a.log", "");
	begin(world, false);
	assert_int_equal(truncate(path_of(world, "a.log"), size), 0);
	append(world, "a.log", "xy\n");
	world->set.table.files[0]->scanned = size;
	world->set.table.files[0]->ready = true;
	alarm(20);
	assert_true(reader_next(&world->reader, &frame, &body));
	alarm(0);
	assert_int_equal(frame.offset, size);
	assert_int_equal(frame.body_len, 3);
	end(world);
}

/*
 * Holes: NULs that would make a line too long are no part of it, however many buffers they fill;
 * fewer stay. The line's place is that of its first byte behind them.
 */
static void
test_hole(void **state)
{
	static const size_t sizes[] = {MAX_LINE - 1, MAX_LINE, BUFFER * 3, BUFFER * 50 + 7};
	struct world *world = *state;
	struct window_frame frame;
	struct span body;

	begin(world, false);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct stat found;

		append_many(world, "a.log", 0, sizes[i]);
		append(world, "a.log", "xy\n");
		assert_int_equal(stat(path_of(world, "a.log"), &found), 0);
		world->set.next_poll_ms = world->set.next_scan_ms = 0;
		input_set_turn(&world->set, clock_mono_ms());
		assert_true(reader_next(&world->reader, &frame, &body));
		assert_int_equal(frame.kind, FRAME_LINES);
		assert_int_equal(frame.body_len, 3);
		assert_int_equal(frame.offset, found.st_size - 3);
		note(world, &frame, body);
		assert_string_equal(world->got + world->got_len - 4, "xy\n|");
		append(world, "a.log", "next\n");
		ASSERT_READ(world, "next\n|");
	}
	assert_int_equal(world->reader.nul_bytes, sizes[0] + sizes[1] + sizes[2] + sizes[3]);
	end(world);
}

static void
test_small_hole(void **state)
{
	struct world *world = *state;

	append_many(world, "a.log", 0, MAX_LINE - 2);
	append(world, "a.log", "xy\nz\n");
	begin(world, false);
	read_all(world);
	/* it stays, also where the line is longer than a buffer */
	assert_int_equal(world->got_len, MAX_LINE + 1 + 1 + 2 + 1);
	assert_int_equal(world->reader.nul_bytes, 0);
	end(world);
	assert_int_equal(world->checkpoint.entries[0].offset, MAX_LINE + 3);
}

/* A line that is too long without the NULs before it, too; NULs and nothing else. */
static void
test_hole_and_too_long(void **state)
{
	struct world *world = *state;
	struct window_frame frame;
	struct span body;

	append_many(world, "a.log", 0, MAX_LINE * 2);
	append_many(world, "a.log", 't', MAX_LINE + 1);
	append(world, "a.log", "\ny\n");
	append_many(world, "a.log", 0, MAX_LINE * 2);
	append(world, "a.log", "\n");
	append_many(world, "a.log", 0, MAX_LINE * 2);
	begin(world, true);
	world->reader.take_unfinished = true;
	for (int i = 0; i < 2; i++) {
		assert_true(reader_next(&world->reader, &frame, &body));
		assert_int_equal(frame.kind, FRAME_TOO_LONG);
		assert_int_equal(frame.offset, MAX_LINE * 2);
		note(world, &frame, body);
		assert_int_equal(world->got[world->got_len - 2], 't');
	}
	ASSERT_READ(world, "y\n|\n|");
	assert_true(input_set_all_ended(&world->set));
	assert_int_equal(world->reader.nul_bytes, MAX_LINE * 6);
	end(world);
}

static void
test_rotation(void **state)
{
	struct world *world = *state;
	FILE *writer = fopen(path_of(world, "a.log"), "a");

	fputs("1\n", writer);
	fflush(writer);
	begin(world, false);
	world->set.table.quiet_ms = 1000000;
	ASSERT_READ(world, "1\n|");
	move(world, "a.log", "a.log.1");
	fputs("2\nlast", writer);
	fflush(writer);
	ASSERT_READ(world, "2\n|");
	append(world, "a.log", "new\n");
	fputs("words\n", writer);
	fflush(writer);
	fputs("tail", writer);
	fclose(writer);
	ASSERT_READ(world, "lastwords\n|new\n|");
	world->set.table.quiet_ms = 0;
	ASSERT_READ(world, "tail|");
	assert_int_equal(world->set.table.count, 1); /* the old one is let go */
	assert_int_equal(world->set.table.retained.count, 1);
	end(world);
	begin(world, false);
	ASSERT_READ(world, "");
	end(world);
}

/* text is renamed over a.log, as rsync does. Returns what is said; world->got has what is read. */
static const char *
replace(struct world *world, const char *text)
{
	static char said[1024];

	said[0] = '\0';
	append(world, ".new", text);
	move(world, ".new", "a.log");
	log_capture(said, sizeof(said));
	read_all(world);
	log_capture(NULL, 0);
	return said;
}

/* A file that was read is replaced by a copy of itself: all of it is read, and that is said. */
static void
test_replaced_by_copy(void **state)
{
	struct world *world = *state;
	const char *said;

	world->settings.identity = IDENTITY_POSITION;
	append(world, "a.log", "1\n2\n");
	begin(world, false);
	ASSERT_READ(world, "1\n2\n|");
	said = replace(world, "1\n2\n3\n");
	assert_string_equal(world->got, "1\n2\n3\n|");
	assert_non_null(
		strstr(said, "a.log is a new file that holds, up to byte 4, what was read"));
	assert_non_null(strstr(said, "stored, once more"));
	assert_non_null(
		strstr(input_set_error(&world->set), "a.log holds, up to byte 4, what was"));
	/* equal length; the longest of those that were read counts */
	said = replace(world, "1\n2\n3\n");
	assert_string_equal(world->got, "1\n2\n3\n|");
	assert_non_null(strstr(said, "up to byte 6, what"));
	/* other lines, and too few of them */
	assert_string_equal(replace(world, "1\n"), "");
	assert_string_equal(world->got, "1\n|");
	assert_string_equal(replace(world, "2\n2\n3\n4\n"), "");
	assert_string_equal(world->got, "2\n2\n3\n4\n|");
	/* the trouble is over after a while */
	world->set.scan.copy_ms -= 600000;
	ASSERT_READ(world, "");
	assert_string_equal(input_set_error(&world->set), "");
	/* with one row for equal lines nobody need care */
	world->settings.identity = IDENTITY_LINE;
	assert_string_equal(replace(world, "2\n2\n3\n4\n5\n"), "");
	assert_string_equal(world->got, "2\n2\n3\n4\n|5\n|");
	assert_string_equal(input_set_error(&world->set), "");
	end(world);
}

/* A copy with fewer lines, or one that is still written, while the old file is open. */
static void
test_replaced_by_shorter_copy(void **state)
{
	struct world *world = *state;
	char said[1024] = "";

	world->settings.identity = IDENTITY_POSITION;
	append_many(world, "a.log", 'x', 300);
	append(world, "a.log", "\nlast\n");
	begin(world, false);
	world->set.table.quiet_ms = 1000000;
	read_all(world);
	unlink(path_of(world, "a.log"));
	append_many(world, "a.log", 'x', 270);
	log_capture(said, sizeof(said));
	ASSERT_READ(world, "");
	log_capture(NULL, 0);
	assert_non_null(strstr(said, "a.log is a new file that holds, up to byte 270, what was"));
	append(world, "a.log", "\n");
	assert_int_equal(strlen(read_all(world)), 272);
	end(world);
}

/* The same while the producer is stopped, and for a copy beside it (copytruncate). */
static void
test_copied(void **state)
{
	struct world *world = *state;
	const char *said;

	world->settings.identity = IDENTITY_POSITION;
	world->settings.inputs = &world->inputs[1];
	append(world, "a.log", "1\n2\n");
	begin(world, false);
	ASSERT_READ(world, "1\n2\n|");
	end(world);
	append(world, "new", "1\n2\n3\n");
	move(world, "new", "a.log");
	begin(world, false);
	assert_non_null(
		strstr(input_set_error(&world->set), "a.log holds, up to byte 4, what was"));
	ASSERT_READ(world, "1\n2\n3\n|");
	append(world, "a.log.1", "1\n2\n3\n");
	said = replace(world, "4\n"); /* and rotated meanwhile */
	assert_non_null(strstr(said, "is a new file that holds, up to byte 6"));
	assert_string_equal(strchr(said, '\n'), "\n"); /* and nothing else */
	append(world, "another", "1\n2\n3\n");
	world->set.scan.copy_ms -= 600000;
	ASSERT_READ(world, "1\n2\n3\n|");
	assert_string_equal(input_set_error(&world->set), ""); /* a file of its own */
	end(world);
}

/* Rotation by rename makes no copy, whether the rotated file is matched or not. */
static void
test_rotation_is_no_copy(void **state)
{
	struct world *world = *state;

	world->settings.identity = IDENTITY_POSITION;
	for (int matched = 0; matched < 2; matched++) {
		char said[1024] = "";

		world->settings.inputs = &world->inputs[matched];
		append(world, "a.log", "1\n");
		begin(world, false);
		read_all(world);
		log_capture(said, sizeof(said));
		move(world, "a.log", "a.log.1");
		append(world, "a.log.1", "2\n");
		append(world, "a.log", "3\n4\n5\n");
		ASSERT_READ(world, "2\n|3\n4\n5\n|");
		log_capture(NULL, 0);
		assert_string_equal(said, "");
		end(world);
		checkpoint_clear(&world->checkpoint);
		unlink(path_of(world, "a.log"));
		unlink(path_of(world, "a.log.1"));
	}
}

static void
test_unlinked(void **state)
{
	struct world *world = *state;
	FILE *writer = fopen(path_of(world, "a.log"), "a");

	fputs("1\n", writer);
	fflush(writer);
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	unlink(path_of(world, "a.log"));
	fputs("2\n", writer);
	fclose(writer);
	ASSERT_READ(world, "2\n|");
	end(world);
}

/* With a pattern that matches the rotated names too, nothing is read twice. */
static void
test_rename_within_pattern(void **state)
{
	struct world *world = *state;

	world->settings.inputs = &world->inputs[1];
	append(world, "a.log", "1\n");
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	move(world, "a.log", "a.log.1");
	append(world, "a.log", "2\n");
	append(world, "a.log.1", "1b\n");
	ASSERT_READ(world, "1b\n|2\n|");
	move(world, "a.log.1", "a.log.2");
	move(world, "a.log", "a.log.1");
	append(world, "a.log", "3\n");
	ASSERT_READ(world, "3\n|");
	ASSERT_READ(world, "");
	end(world);
	begin(world, false);
	ASSERT_READ(world, "");
	end(world);
}

static void
test_rotated_while_stopped(void **state)
{
	struct world *world = *state;

	append(world, "a.log", "1\n");
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	end(world);
	append(world, "a.log", "2\n");
	move(world, "a.log", "a.log-20261123");
	append(world, "a.log", "3\n");
	begin(world, false);
	ASSERT_READ(world, "3\n|2\n|");
	end(world);
}

/* Two rotations between two looks: the file in between was never seen under its path. */
static void
test_rotated_twice_while_stopped(void **state)
{
	struct world *world = *state;
	struct file_look look;

	append(world, "a.log", "1\n");
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	assert_int_equal(file_look(-1, path_of(world, "a.log"), &look), 0);
	end(world);
	if (look.identity.birth_ns == 0)
		skip(); /* needs birth times */
	append(world, "a.log", "2\n");
	move(world, "a.log", "a.log.2");
	usleep(20000); /* birth times have the granularity of a clock tick */
	append(world, "a.log", "between\n");
	append(world, "a.log.1.gz", "not lines\n");
	move(world, "a.log", "a.log.1");
	usleep(20000);
	append(world, "a.log", "3\n");
	begin(world, false);
	ASSERT_READ(world, "3\n|between\n|2\n|");
	end(world);
	begin(world, false);
	ASSERT_READ(world, "");
	end(world);
}

static void
test_truncated(void **state)
{
	struct world *world = *state;
	char first_id[FILE_ID_SIZE];

	append(world, "a.log", "1\n2\n");
	begin(world, false);
	ASSERT_READ(world, "1\n2\n|");
	memcpy(first_id, world->last_id, FILE_ID_SIZE);
	assert_int_equal(truncate(path_of(world, "a.log"), 0), 0);
	append(world, "a.log", "3\n");
	ASSERT_READ(world, "3\n|");
	assert_string_not_equal(world->last_id, first_id);
	/* truncated and grown past the old place before anybody looked: the marker tells */
	assert_int_equal(truncate(path_of(world, "a.log"), 0), 0);
	append(world, "a.log", "4\n5\n6\n7\n");
	ASSERT_READ(world, "4\n5\n6\n7\n|");
	assert_int_equal(world->set.table.count, 1);
	end(world);
	assert_int_equal(world->checkpoint.count, 1);
	assert_int_equal(world->checkpoint.entries[0].identity.generation, 2);
	/* the same while stopped: shorter, then other bytes */
	assert_int_equal(truncate(path_of(world, "a.log"), 0), 0);
	append(world, "a.log", "8\n");
	begin(world, false);
	ASSERT_READ(world, "8\n|");
	end(world);
	assert_int_equal(truncate(path_of(world, "a.log"), 0), 0);
	append(world, "a.log", "9\n10\n");
	begin(world, false);
	ASSERT_READ(world, "9\n10\n|");
	end(world);
	assert_int_equal(world->checkpoint.entries[0].identity.generation, 4);
}

/* A new file that got the inode of a removed one is not that one, birth time or not. */
static void
test_inode_reuse(void **state)
{
	struct world *world = *state;
	struct file_look look;

	append(world, "a.log", "1\n2\n");
	begin(world, false);
	ASSERT_READ(world, "1\n2\n|");
	end(world);
	unlink(path_of(world, "a.log"));
	append(world, "a.log", "3\n4\n5\n");
	/* Make the worst of it: same inode, no birth time. */
	assert_int_equal(file_look(-1, path_of(world, "a.log"), &look), 0);
	world->checkpoint.entries[0].identity = look.identity;
	begin(world, false);
	ASSERT_READ(world, "3\n4\n5\n|");
	end(world);
}

static void
test_new_device_number(void **state)
{
	struct world *world = *state;

	append(world, "a.log", "1\n");
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	end(world);
	if (world->checkpoint.entries[0].identity.birth_ns == 0)
		skip();
	world->checkpoint.entries[0].identity.device += 77;
	append(world, "a.log", "2\n");
	begin(world, false);
	ASSERT_READ(world, "2\n|");
	end(world);
}

static void
test_one_file_many_names(void **state)
{
	struct world *world = *state;

	world->settings.input_count = 2;
	append(world, "a.log", "1\n");
	assert_int_equal(symlink("a.log", path_of(world, "z.log")), 0);
	assert_int_equal(link(path_of(world, "a.log"), path_of(world, "hard.log")), 0);
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	assert_int_equal(world->set.table.count, 1);
	end(world);
}

static void
test_not_files(void **state)
{
	struct world *world = *state;

	append(world, "a.log", "1\n");
	append(world, "gz.log", "\x1f\x8b\x08 not lines\n");
	assert_int_equal(mkfifo(path_of(world, "fifo.log"), 0600), 0);
	assert_int_equal(mkdir(path_of(world, "dir.log"), 0700), 0);
	assert_int_equal(symlink("/dev/zero", path_of(world, "zero.log")), 0);
	assert_int_equal(symlink("nowhere", path_of(world, "link.log")), 0);
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	assert_int_equal(world->set.table.count, 1);
	assert_int_equal(world->set.scan.errors.count, 5);
	assert_int_equal(world->set.scan.unreadable, 0);
	end(world);
}

/* A packer makes the file first, and writes to it later, slowly. */
static void
test_packed_at_growth(void **state)
{
	struct world *world = *state;

	free(world->inputs[0].path);
	world->inputs[0].path = xasprintf("%s/a.log*", world->folder);
	append(world, "a.log", "1\n");
	append(world, "a.log.1.gz", "");
	append(world, "a.log.2", "");	       /* a packer's, by content only */
	append(world, "a.log.3.gz", "text\n"); /* a log, whatever its name says */
	append(world, "a.log.4.zst", "");
	append(world, "a.log.5.gz", "text with"); /* not yet known */
	append(world, "a.log.6.br", "text\n");
	begin(world, false);
	ASSERT_READ(world, "1\n|text\n|");
	assert_int_equal(world->set.table.count, 3);
	append(world, "a.log.1.gz", "\x1f");
	append(world, "a.log.2", "\x1f");
	append(world, "a.log.4.zst", "\x28\xb5\x2f");
	ASSERT_READ(world, "");
	append(world, "a.log.1.gz", "\x8b\x08\n\n\n");
	append(world, "a.log.2", "\x8b\x08\n\n\n");
	append(world, "a.log.4.zst", "\xfd\n\n\n");
	append(world, "a.log.5.gz", "out an end\n");
	ASSERT_READ(world, "text without an end\n|");
	append(world, "a.log", "2\n");
	ASSERT_READ(world, "2\n|");
	assert_int_equal(world->set.table.count, 3);
	assert_string_equal(world->set.scan.error, "");
	end(world);
	assert_int_equal(world->checkpoint.count, 3); /* nothing of what is packed */
	/* the same of what comes by copying and truncating */
	begin(world, false);
	assert_int_equal(truncate(path_of(world, "a.log"), 0), 0);
	ASSERT_READ(world, "");
	append(world, "a.log", "PK\x03\x04\n");
	ASSERT_READ(world, "");
	end(world);
}

/* --- packed while nobody looked --- */

/* What gzip makes of size bytes, as far as anybody looks: begins as one, ends with the size. */
static void
append_gzip(struct world *world, const char *name, uint32_t size)
{
	unsigned char bytes[20] = {0x1f, 0x8b, 8};
	FILE *file = fopen(path_of(world, name), "a");

	for (int i = 0; i < 4; i++)
		bytes[16 + i] = (unsigned char)(size >> (8 * i));
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	fclose(file);
}

/* One that was read up to byte 4 is gone when the producer starts again. */
static void
stop_and_remove(struct world *world)
{
	append(world, "a.log", "1\n2\n");
	begin(world, false);
	ASSERT_READ(world, "1\n2\n|");
	end(world);
	assert_int_equal(unlink(path_of(world, "a.log")), 0);
}

static void
assert_unread(struct world *world, int64_t bytes, const char *text)
{
	const struct checkpoint *known = &world->set.table.retained;

	assert_int_equal(known->count, 1);
	assert_non_null(known->entries[0].archive);
	assert_int_equal(known->entries[0].unread, bytes);
	assert_non_null(strstr(world->set.scan.error, text));
}

static void
test_packed_while_stopped(void **state)
{
	struct world *world = *state;

	stop_and_remove(world);
	append_gzip(world, "a.log.1.gz", 104);
	begin(world, false);
	read_all(world);
	assert_unread(world, 100, "a.log.1.gz was packed before 100 bytes of it were read");
	end(world);
	/* it is not forgotten */
	world->checkpoint.entries[0].gone_s = 1;
	begin(world, false);
	read_all(world);
	assert_unread(world, 100, "sluicectl inputs --acknowledge");
	end(world);
	assert_int_equal(world->checkpoint.count, 1);
	/* somebody unpacks it: it has the bytes that were read, and more */
	begin(world, false);
	append(world, "other.log", "1\n2\n3\n");
	ASSERT_READ(world, "1\n2\n3\n|");
	read_all(world);
	assert_string_equal(world->set.scan.error, "");
	assert_null(world->set.table.retained.entries[0].archive);
	end(world);
}

/* With identity = "position", too, each line of what was packed and unpacked is one row. */
static void
test_unpacked_goes_on(void **state)
{
	struct world *world = *state;
	char id[FILE_ID_SIZE];

	append_many(world, "a.log", 'l', 600);
	append(world, "a.log", "\n");
	begin(world, false);
	read_all(world);
	memcpy(id, world->last_id, FILE_ID_SIZE);
	end(world);
	assert_int_equal(unlink(path_of(world, "a.log")), 0);
	append_gzip(world, "a.log.1.gz", 603);
	begin(world, false);
	read_all(world);
	assert_unread(world, 2, "a.log.1.gz was packed before 2 bytes of it were read");
	append_many(world, "new", 'l', 600);
	append(world, "new", "\n2\n");
	move(world, "new", "other.log");
	ASSERT_READ(world, "2\n|");
	assert_string_equal(world->last_id, id);
	assert_string_equal(world->set.scan.error, "");
	assert_int_equal(world->set.table.retained.count, 0);
	end(world);
	begin(world, false);
	append(world, "other.log", "3\n");
	ASSERT_READ(world, "3\n|");
	assert_string_equal(world->last_id, id);
	end(world);
}

/* It is unpacked under our eyes: what was found at first was too short to be told. */
static void
test_unpacked_bit_by_bit(void **state)
{
	struct world *world = *state;

	stop_and_remove(world);
	append_gzip(world, "a.log.1.gz", 6);
	begin(world, false);
	read_all(world);
	assert_unread(world, 2, "a.log.1.gz was packed before 2 bytes of it were read");
	append(world, "other.log", "1\n");
	ASSERT_READ(world, "1\n|");
	assert_unread(world, 2, "a.log.1.gz was packed");
	append(world, "other.log", "2\n3\n");
	ASSERT_READ(world, "2\n3\n|");
	assert_string_equal(world->set.scan.error, "");
	end(world);
}

static void
test_packed_acknowledged(void **state)
{
	struct world *world = *state;

	stop_and_remove(world);
	append(world, "a.log.1.xz",
	       "\xfd"
	       "7zXZ");
	begin(world, false);
	read_all(world);
	assert_unread(world, -1, "an unknown number of bytes");
	input_set_acknowledge(&world->set);
	assert_string_equal(world->set.scan.error, "");
	assert_true(input_set_has_changed(&world->set));
	end(world);
	begin(world, false);
	read_all(world);
	assert_string_equal(world->set.scan.error, "");
	end(world);
}

/* Two rotations meanwhile; archives that are older, or hold what was read, do not count. */
static void
test_packed_twice_while_stopped(void **state)
{
	struct world *world = *state;
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	stop_and_remove(world);
	append_gzip(world, "a.log.3.gz", 5000);
	assert_int_equal(utimensat(AT_FDCWD, path_of(world, "a.log.3.gz"), old, 0), 0);
	append_gzip(world, "a.log.2.gz", 14);
	append_gzip(world, "a.log.1.gz", 30);
	begin(world, false);
	read_all(world);
	assert_unread(world, 10 + 30, "a.log.2.gz and 1 more was packed");
	end(world);
}

static void
test_packed_after_reading(void **state)
{
	struct world *world = *state;

	stop_and_remove(world);
	append_gzip(world, "a.log.1.gz", 4);
	begin(world, false);
	read_all(world);
	assert_string_equal(world->set.scan.error, "");
	assert_null(world->set.table.retained.entries[0].archive);
	end(world);
}

/* --- more files than descriptors --- */

enum { DESCRIPTORS = FILE_TABLE_RESERVE + 8 };

static void
limit_descriptors(struct rlimit *normal, rlim_t count)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, normal), 0);
	limit = *normal;
	limit.rlim_cur = count;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static unsigned
count_of(const char *text, char byte)
{
	unsigned count = 0;

	for (; *text != '\0'; text++)
		count += *text == byte;
	return count;
}

static void
test_more_files_than_descriptors(void **state)
{
	struct world *world = *state;
	struct rlimit normal;
	char name[32], moved[32];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "%02d.log", i);
		append(world, name, "x\n");
	}
	limit_descriptors(&normal, DESCRIPTORS);
	begin(world, false);
	assert_int_equal(count_of(read_all(world), 'x'), 50);
	assert_int_equal(world->set.table.count, 50);
	assert_true(file_table_open_count(&world->set.table) <= 8);
	assert_non_null(strstr(world->set.scan.error, "50 files share 8 descriptors"));
	assert_non_null(strstr(world->set.scan.error, "to 82 or more"));
	/* whoever grows is read, wherever it stands */
	for (int i = 0; i < 50; i += 7) {
		snprintf(name, sizeof(name), "%02d.log", i);
		append(world, name, "y\n");
	}
	assert_int_equal(count_of(read_all(world), 'y'), 8);
	/* closed files that grow and are renamed, truncated, removed */
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%02d.log", i);
		snprintf(moved, sizeof(moved), "%02d.log.1", i);
		append(world, name, "z\n");
		move(world, name, moved);
		append(world, name, "z\n");
	}
	for (int i = 20; i < 30; i++) {
		snprintf(name, sizeof(name), "%02d.log", i);
		assert_int_equal(truncate(path_of(world, name), 0), 0);
	}
	for (int i = 30; i < 40; i++) {
		snprintf(name, sizeof(name), "%02d.log", i);
		assert_int_equal(unlink(path_of(world, name)), 0);
	}
	assert_int_equal(count_of(read_all(world), 'z'), 40);
	read_all(world);
	assert_true(file_table_open_count(&world->set.table) <= 8);
	for (int i = 20; i < 30; i++) {
		snprintf(name, sizeof(name), "%02d.log", i);
		append(world, name, "t\n");
	}
	assert_int_equal(count_of(read_all(world), 't'), 10);
	assert_int_equal(world->set.table.count, 40);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &normal), 0);
	read_all(world);
	assert_string_equal(world->set.scan.error, "");
	end(world);
	assert_true(world->checkpoint.count >= 40);
	begin(world, false);
	ASSERT_READ(world, "");
	end(world);
}

/* Also with --once, and where frames on their way hold all descriptors for a while. */
static void
test_once_with_few_descriptors(void **state)
{
	struct world *world = *state;
	struct window_frame frames[60];
	struct rlimit normal;
	struct span body;
	unsigned count = 0;
	char name[32];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "%02d.log", i);
		append(world, name, "x\n");
	}
	limit_descriptors(&normal, DESCRIPTORS);
	begin(world, true);
	while (reader_next(&world->reader, &frames[count], &body))
		frames[count++].track->frames++;
	reader_reset(&world->reader);
	assert_true(count >= 8 && count <= 12);
	assert_false(reader_has_more(&world->reader)); /* or it would be asked without pause */
	assert_false(input_set_all_ended(&world->set));
	for (unsigned i = 0; i < count; i++) {
		frames[i].track->frames--;
		frames[i].track->confirmed = frames[i].end;
		frames[i].track->marker = frames[i].marker;
	}
	assert_true(reader_has_more(&world->reader));
	assert_int_equal(count_of(read_all(world), 'x') + count, 50);
	assert_true(input_set_all_ended(&world->set));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &normal), 0);
	end(world);
}

/* Take descriptors until so many are left; they are given back from *first on. */
static int
hold_descriptors(int *first, int left)
{
	int held = 0, fd;

	*first = -1;
	while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
		if (held++ == 0)
			*first = fd;
	}
	assert_int_equal(errno, EMFILE);
	/* they are not always in a row: the last ones are */
	for (fd = (int)DESCRIPTORS - 1; left > 0; fd--, left--)
		assert_int_equal(close(fd), 0);
	return held;
}

/* A closed file that was renamed, and cannot be opened for now, is not gone. */
static void
test_cannot_be_opened_again(void **state)
{
	struct world *world = *state;
	struct rlimit normal;
	int first;

	append(world, "a.log", "1\n");
	limit_descriptors(&normal, DESCRIPTORS);
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	assert_int_equal(log_file_suspend(world->set.table.files[0]), 0);
	append(world, "a.log", "2\n");
	move(world, "a.log", "a.log.1");
	assert_true(hold_descriptors(&first, 1) > 0);
	world->set.table.files[0]->ready = true;
	assert_null(input_set_next_ready(&world->set));
	assert_int_equal(world->set.table.files[0]->state, LOG_FILE_FOLLOWED);
	for (int fd = first; fd < (int)DESCRIPTORS; fd++)
		if (fd != world->set.table.watch.fd)
			close(fd);
	ASSERT_READ(world, "2\n|");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &normal), 0);
	end(world);
}

/* A file that was renamed while nobody looked, in a folder that cannot be read for now. */
static void
test_rotated_into_unreadable(void **state)
{
	struct world *world = *state;

	free(world->inputs[0].path);
	world->inputs[0].path = xasprintf("%s/sub/*.log", world->folder);
	assert_int_equal(mkdir(path_of(world, "sub"), 0700), 0);
	append(world, "sub/a.log", "1\n");
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	end(world);
	append(world, "sub/a.log", "2\n");
	move(world, "sub/a.log", "sub/a.log.1");
	move(world, "sub", "elsewhere");
	assert_int_equal(symlink("sub", path_of(world, "sub")), 0);
	begin(world, false);
	ASSERT_READ(world, "");
	end(world);
	assert_int_equal(unlink(path_of(world, "sub")), 0);
	move(world, "elsewhere", "sub");
	begin(world, false);
	ASSERT_READ(world, "2\n|");
	end(world);
}

static void
assert_error(struct world *world, const char *what, const char *why)
{
	char text[STATUS_TEXT_MAX] = "";

	for (int scans = 0; scans < 3; scans++) {
		read_all(world);
		if (what[0] != '\0')
			snprintf(text, sizeof(text), "inputs: %s/%s cannot be read: %s",
				 world->folder, what, why);
		assert_string_equal(world->set.scan.error, text);
	}
}

/* What cannot be read is told until it can be. Links that go round are so for root too. */
static void
test_error(void **state)
{
	struct world *world = *state;

	free(world->inputs[1].path);
	world->inputs[1].path = xasprintf("%s/sub/*.log", world->folder);
	world->settings.input_count = 2;
	append(world, "a.log", "1\n");
	append(world, "sub", "not a folder");
	assert_int_equal(symlink("loop.log", path_of(world, "loop.log")), 0);
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	assert_int_equal(world->set.scan.unreadable, 2);
	assert_error(world, "loop.log", "Too many levels of symbolic links; nor can 1 more");
	assert_int_equal(unlink(path_of(world, "loop.log")), 0);
	assert_error(world, "sub", "Not a directory");
	assert_int_equal(unlink(path_of(world, "sub")), 0);
	assert_error(world, "sub", "No such file or directory");
	assert_int_equal(mkdir(path_of(world, "sub"), 0700), 0);
	assert_error(world, "", "");
	append(world, "sub/b.log", "2\n");
	ASSERT_READ(world, "2\n|");
	end(world);
}

/* A read that fails is told, too; here a folder is in the open file's place. */
static void
test_read_error(void **state)
{
	struct world *world = *state;
	int folder = open(world->folder, O_RDONLY | O_DIRECTORY), fd, kept;

	append(world, "a.log", "1\n");
	begin(world, false);
	ASSERT_READ(world, "1\n|");
	assert_error(world, "", "");
	fd = world->set.table.files[0]->fd;
	kept = dup(fd);
	assert_true(folder >= 0 && kept >= 0);
	assert_int_equal(dup2(folder, fd), fd);
	assert_error(world, "a.log", "Is a directory");
	assert_int_equal(dup2(kept, fd), fd);
	append(world, "a.log", "2\n");
	ASSERT_READ(world, "2\n|");
	assert_error(world, "", "");
	close(kept);
	close(folder);
	end(world);
}

/* What was not confirmed is read again, and bytes that are gone are noticed. */
static void
test_reread(void **state)
{
	struct world *world = *state;
	struct window_frame frame;
	struct span body;
	char buffer[64];

	append(world, "a.log", "one\ntwo\n");
	begin(world, false);
	assert_true(reader_next(&world->reader, &frame, &body));
	move(world, "a.log", "a.log.1");
	assert_int_equal(log_file_reread(frame.file, &frame, buffer), LOG_FILE_BYTES);
	assert_memory_equal(buffer, "one\ntwo\n", 8);
	assert_int_equal(truncate(path_of(world, "a.log.1"), 0), 0);
	assert_int_equal(log_file_reread(frame.file, &frame, buffer), LOG_FILE_REPLACED);
	append(world, "a.log.1", "other\nbytes\n");
	assert_int_equal(log_file_reread(frame.file, &frame, buffer), LOG_FILE_REPLACED);
	end(world);
	assert_int_equal(world->checkpoint.entries[0].offset, 0); /* nothing was confirmed */
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_rewind),
		TEST(test_rewind_overwritten),
		TEST(test_once),
		TEST(test_shrinks_at_end),
		TEST(test_long_lines),
		TEST(test_full_frames),
		TEST(test_too_long),
		TEST(test_large_hole),
		TEST(test_hole),
		TEST(test_small_hole),
		TEST(test_hole_and_too_long),
		TEST(test_rotation),
		TEST(test_replaced_by_copy),
		TEST(test_replaced_by_shorter_copy),
		TEST(test_copied),
		TEST(test_rotation_is_no_copy),
		TEST(test_unlinked),
		TEST(test_rename_within_pattern),
		TEST(test_rotated_while_stopped),
		TEST(test_rotated_twice_while_stopped),
		TEST(test_truncated),
		TEST(test_inode_reuse),
		TEST(test_new_device_number),
		TEST(test_one_file_many_names),
		TEST(test_not_files),
		TEST(test_packed_at_growth),
		TEST(test_packed_while_stopped),
		TEST(test_unpacked_goes_on),
		TEST(test_unpacked_bit_by_bit),
		TEST(test_packed_acknowledged),
		TEST(test_packed_twice_while_stopped),
		TEST(test_packed_after_reading),
		TEST(test_more_files_than_descriptors),
		TEST(test_once_with_few_descriptors),
		TEST(test_cannot_be_opened_again),
		TEST(test_rotated_into_unreadable),
		TEST(test_error),
		TEST(test_read_error),
		TEST(test_reread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
