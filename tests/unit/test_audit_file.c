/* SPDX-License-Identifier: MIT */
/*
 * test_audit_file.c - the lines of a file as the producer counts them, however long, and its format.
 */
#include "common/base/xalloc.h"
#include "supervisor/audit/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <cmocka.h>

static char path[64];
static struct audit_file file;

static int
make_file(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/sluice-test-XXXXXX");
	fd = mkstemp(path);
	return fd >= 0 ? close(fd) : -1;
}

static int
remove_file(void **state)
{
	(void)state;
	audit_file_close(&file);
	return unlink(path);
}

static void
append(const char *text, size_t len)
{
	FILE *out = fopen(path, "ab");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static void
append_many(char c, size_t count)
{
	char *text = xcalloc(count, 1);

	memset(text, c, count);
	append(text, count);
	free(text);
}

static void
assert_line(int64_t offset, int64_t length, const char *text, bool has_lf)
{
	struct audit_line line;

	assert_int_equal(audit_file_next(&file, &line), 1);
	assert_int_equal(line.offset, offset);
	assert_int_equal(line.length, length);
	assert_int_equal(line.has_lf, has_lf);
	if (text != NULL)
		assert_true(span_equals(line.text, span_of(text)));
}

static void
assert_end(void)
{
	struct audit_line line;

	assert_int_equal(audit_file_next(&file, &line), 0);
	assert_int_equal(audit_file_next(&file, &line), 0);
}

static void
test_lines(void **state)
{
	(void)state;
	append("one\n\nthree\r\n\rx\r\r\nlast", 21);
	assert_int_equal(audit_file_open(&file, path, NULL), 0);
	assert_line(0, 3, "one", true);
	assert_line(4, 0, "", true);
	assert_line(5, 6, "three", true);
	assert_line(12, 4, "\rx\r", true);
	assert_line(17, 4, "last", false);
	assert_end();
}

/* What is written after the opening is not looked at; a CR without LF is the line's. */
static void
test_size_at_opening(void **state)
{
	(void)state;
	append("one\nha\r", 7);
	assert_int_equal(audit_file_open(&file, path, NULL), 0);
	append("lf\ntwo\n", 7);
	assert_line(0, 3, "one", true);
	assert_line(4, 3, "ha\r", false);
	assert_end();
}

/* Holes as the producer takes them: see test_hole of test_input_set.c. */
static void
test_holes(void **state)
{
	const int64_t hole = 40000000;

	(void)state;
	append_many(0, 9);
	append("a\n", 2);
	append_many(0, 10);
	append("b\r\n", 3);
	append_many(0, (size_t)hole);
	append("c\n", 2);
	append_many(0, 20);
	append("elevenbytes\n", 12);
	append_many(0, 20);
	append("\n", 1);
	append_many(0, 20);
	assert_int_equal(audit_file_open(&file, path, NULL), 0);
	file.max_line_bytes = 10;
	assert_line(0, 10, NULL, true); /* it stays where the line is short enough with it */
	assert_line(21, 2, "b", true);
	assert_line(24 + hole, 1, "c", true);
	assert_line(46 + hole, 11, "elevenbytes", true);
	assert_line(78 + hole, 0, "", true);
	assert_end();
}

/* Read in pieces, of which the last alone would not be too long. */
static void
test_hole_in_pieces(void **state)
{
	(void)state;
	append_many(0, 3000000);
	append("a\n", 2);
	assert_int_equal(audit_file_open(&file, path, NULL), 0);
	file.max_line_bytes = 1 << 20;
	assert_line(3000000, 1, "a", true);
	assert_end();
}

static void
test_empty(void **state)
{
	(void)state;
	assert_int_equal(audit_file_open(&file, path, NULL), 0);
	assert_end();
}

/* Lines over the edges of what is read at once, and one that is longer than any row may be. */
static void
test_long_lines(void **state)
{
	const int64_t longest = AUDIT_LINE_MAX, over = AUDIT_LINE_MAX + 5000000;

	(void)state;
	append_many('a', 3000000);
	append("\r\n", 2);
	append_many('b', (size_t)longest);
	append("\n", 1);
	append_many('c', (size_t)over);
	append("\nshort\n", 7);
	append_many('d', (size_t)over);
	assert_int_equal(audit_file_open(&file, path, NULL), 0);
	assert_line(0, 3000001, NULL, true);
	assert_line(3000002, longest, NULL, true);
	assert_line(3000003 + longest, over, NULL, true);
	assert_line(3000004 + longest + over, 5, "short", true);
	assert_line(3000010 + longest + over, over, NULL, false);
	assert_end();
}

static void
test_refused(void **state)
{
	(void)state;
	assert_int_equal(audit_file_open(&file, "/no/such/file", NULL), EX_NOINPUT);
	assert_int_equal(audit_file_open(&file, "/tmp", NULL), EX_NOINPUT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(audit_file_open(&file, path, NULL), EX_NOINPUT); /* and does not wait */
}

/* Pack the file by a program of its table; false when this machine has none. */
static bool
pack_by(const char *program)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "command -v %s >/dev/null && %s -c <%s >%s.packed 2>/dev/null && mv %s.packed %s",
		 program, program, path, path, path, path);
	return system(command) == 0;
}

static void
test_packed(void **state)
{
	static const char *const programs[] = {"gzip", "bzip2", "xz", "zstd", "lz4"};
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		assert_int_equal(truncate(path, 0), 0);
		append("one\r\ntwo\n", 9);
		append_many('x', 3000000);
		append("\nlast", 5);
		if (!pack_by(programs[i]))
			continue;
		seen++;
		assert_int_equal(audit_file_open(&file, path, NULL), 0);
		assert_true(audit_file_is_stream(&file));
		assert_line(0, 4, "one", true);
		assert_line(5, 3, "two", true);
		assert_line(9, 3000000, NULL, true);
		assert_line(3000010, 4, "last", false);
		assert_end();
		audit_file_close(&file);
	}
	assert_true(seen > 0); /* gzip is everywhere */
}

/* A packed file that is cut off is no shorter log. */
static void
test_packed_and_damaged(void **state)
{
	struct audit_line line;
	struct stat info;
	char why[128];
	int got;

	(void)state;
	for (int i = 0; i < 1000; i++)
		append("a line\n", 7);
	assert_true(pack_by("gzip"));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(truncate(path, info.st_size - 4), 0);
	assert_int_equal(audit_file_open(&file, path, NULL), 0);
	while ((got = audit_file_next(&file, &line)) == 1)
		continue;
	assert_int_equal(got, -1);
	audit_file_explain(&file, errno, why, sizeof(why));
	assert_non_null(strstr(why, "cut off"));
}

/* As from a pipe: text is read to its end; what is packed is named. */
static void
test_standard_input(void **state)
{
	struct audit_line line;
	int ends[2], kept = dup(STDIN_FILENO);
	char why[128];

	(void)state;
	for (int packed = 0; packed < 2; packed++) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], packed ? "\x1f\x8b\x08 " : "a\nb\n", 4), 4);
		close(ends[1]);
		assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
		close(ends[0]);
		assert_int_equal(audit_file_open(&file, "-", NULL), 0);
		assert_true(audit_file_is_stream(&file));
		if (packed) {
			assert_int_equal(audit_file_next(&file, &line), -1);
			audit_file_explain(&file, errno, why, sizeof(why));
			assert_non_null(strstr(why, "zcat"));
		} else {
			assert_line(0, 1, "a", true);
			assert_line(2, 1, "b", true);
			assert_end();
		}
		audit_file_close(&file);
	}
	if (kept >= 0) {
		dup2(kept, STDIN_FILENO);
		close(kept);
	}
}

static void
test_formats(void **state)
{
	char pattern_a[] = "/var/log/a/*.log", pattern_b[] = "/var/log/b/*.log";
	char common[] = "common", combined[] = "combined";
	struct input_settings inputs[] = {{.path = pattern_a, .format = common},
					  {.path = pattern_b, .format = combined}};
	struct settings settings = {.inputs = inputs, .input_count = 2};

	(void)state;
	assert_string_equal(audit_file_format(&settings, "/var/log/b/x.log"), "combined");
	assert_string_equal(audit_file_format(&settings, "/var/log/b/x.log-20240101"), "combined");
	assert_null(audit_file_format(&settings, "/elsewhere/x.log"));
	/* one that all inputs share */
	inputs[1].format = common;
	assert_string_equal(audit_file_format(&settings, "/elsewhere/x.log"), "common");
	settings.input_count = 0;
	assert_null(audit_file_format(&settings, "/elsewhere/x.log"));
}

/* By the path itself, or by where its links lead. */
static void
test_format_by_link(void **state)
{
	char folder[] = "/tmp/sluice-test-XXXXXX", format[] = "ezproxy";
	char *log, *pattern, *link;
	struct input_settings inputs[] = {{.format = format}, {.format = format}};
	struct settings settings = {.inputs = inputs, .input_count = 1};
	char other[] = "common";

	(void)state;
	assert_non_null(mkdtemp(folder));
	log = xasprintf("%s/a.log", folder);
	pattern = xasprintf("%s/*.log", folder);
	link = xasprintf("%s/link", folder);
	inputs[0].path = pattern;
	inputs[1].path = other; /* names nothing */
	inputs[1].format = other;
	settings.input_count = 2;
	assert_int_equal(symlink(path, log), 0);
	assert_int_equal(symlink(log, link), 0);
	assert_null(audit_file_format(&settings, link)); /* leads to the file in /tmp */
	assert_int_equal(unlink(log), 0);
	assert_int_equal(close(open(log, O_CREAT | O_WRONLY, 0600)), 0);
	assert_string_equal(audit_file_format(&settings, link), "ezproxy");
	unlink(link);
	unlink(log);
	rmdir(folder);
	free(link);
	free(pattern);
	free(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_size_at_opening, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_empty, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_hole_in_pieces, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_holes, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_long_lines, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_refused, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_packed, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_packed_and_damaged, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_standard_input, make_file, remove_file),
		cmocka_unit_test(test_formats),
		cmocka_unit_test_setup_teardown(test_format_by_link, make_file, remove_file),
	};

	return cmocka_run_group_tests_name("audit_file", tests, NULL, NULL);
}
