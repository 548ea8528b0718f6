/* SPDX-License-Identifier: MIT */
/*
 * test_log.c - what is written of an event, and what of its repeats.
 */
#include "common/base/log.h"
#include "common/base/defs.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What log_...() calls wrote to standard error, in new memory. */
struct stolen {
	int saved, fd;
};

static struct stolen
steal_stderr(void)
{
	FILE *file = tmpfile();
	struct stolen stolen = {.saved = dup(STDERR_FILENO), .fd = dup(fileno(file))};

	fclose(file);
	dup2(stolen.fd, STDERR_FILENO);
	return stolen;
}

static char *
give_back(struct stolen *stolen)
{
	char *text = calloc(1, 65536);
	ssize_t got = pread(stolen->fd, text, 65535, 0);

	assert_true(got >= 0);
	dup2(stolen->saved, STDERR_FILENO);
	close(stolen->saved);
	close(stolen->fd);
	return text;
}

static unsigned
count_of(const char *text, const char *what)
{
	unsigned count = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		count++;
	return count;
}

static void
test_log_repeats(void **state UNUSED)
{
	struct stolen stolen = steal_stderr();
	char *text;

	log_open("test", LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	for (int i = 0; i < 1000; i++)
		log_error("the same again");
	for (int i = 0; i < 20; i++) /* pushes it out, which tells how often it was said */
		log_error("another one, number %d", i);
	text = give_back(&stolen);
	assert_int_equal(count_of(text, "msg=\"the same again\""), 5);
	assert_int_equal(count_of(text, "said 995 times more within a minute: the same again"), 1);
	assert_int_equal(count_of(text, "another one"), 20);
	assert_string_equal(log_last_error(), "another one, number 19");
	free(text);
}

/* How often it was said is told when the minute is over, not hours later when something else happens. */
static void
test_log_repeats_of_a_minute(void **state UNUSED)
{
	struct stolen stolen = steal_stderr();
	char *text;

	fake_time_start(INT64_C(3600) * 1000);
	log_open("test", LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	for (int i = 0; i < 10; i++)
		log_error("ten times");
	log_tick();
	fake_time_advance(59000);
	log_tick(); /* not over yet */
	fake_time_advance(1000);
	log_tick();
	log_tick();
	text = give_back(&stolen);
	assert_int_equal(count_of(text, "msg=\"ten times\""), 5);
	assert_int_equal(count_of(text, "said 5 times more within a minute: ten times"), 1);
	free(text);

	stolen = steal_stderr();
	log_error("ten times"); /* in the same place; nothing of before is said again */
	fake_time_stop();
	text = give_back(&stolen);
	assert_int_equal(count_of(text, "ten times"), 1);
	free(text);
}

static void
test_log_journal(void **state UNUSED)
{
	struct stolen stolen = steal_stderr();
	struct stat found;
	char stream[64], *text;

	fstat(STDERR_FILENO, &found);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)found.st_dev,
		 (unsigned long long)found.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("test", LOG_LEVEL_INFO, LOG_STYLE_JSON);
	log_error("one bad thing");
	log_info("one good thing");
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_open("test", LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	log_info("to something else");
	unsetenv("JOURNAL_STREAM");
	text = give_back(&stolen);
	assert_int_equal(strncmp(text, "<3>{\"ts\":", 9), 0);
	assert_int_equal(count_of(text, "\n<6>{\"ts\":"), 1);
	assert_int_equal(count_of(text, "\nts="), 1);
	free(text);
}

static void
test_log_capture(void **state UNUSED)
{
	struct stolen stolen = steal_stderr();
	char caught[20];

	log_capture(caught, sizeof(caught));
	log_error("first");
	log_info("not this");
	log_warning("second, which is too long");
	log_capture(NULL, 0);
	log_error("third");
	free(give_back(&stolen));
	assert_string_equal(caught, "first\nsecond, which");
}

/* In every style: no byte of foreign text that a terminal obeys, or that turns text round. */
static void
test_log_escapes(void **state UNUSED)
{
	static const char foreign[] =
		"\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81\xff \"\\ \xc3\xbc";
	struct stolen stolen = steal_stderr();
	char *text;

	log_open("", LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	log_set_program("test");
	log_error("%s\nsecond line", foreign);
	log_open("test", LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	log_error("%s", foreign);
	log_configure(LOG_LEVEL_INFO, LOG_STYLE_JSON);
	log_error("again %s", foreign);
	text = give_back(&stolen);
	assert_non_null(strstr(text, "test: \\x1B[2J\\x7F\\u{9B}\\u{202E}\\u{E0001}\\xFF \"\\ "
				     "\xc3\xbc\nsecond line\n"));
	assert_int_equal(count_of(text, "\\u001b[2J\\u007f\\u009b\\u202e\\udb40\\udc01\\\\xFF "
					"\\\"\\\\ \xc3\xbc\""),
			 2);
	free(text);
}

/* Standard error is a pipe that nobody reads for a while. */
static void
test_log_nobody_reads(void **state UNUSED)
{
	int saved = dup(STDERR_FILENO), ends[2];
	uint64_t dropped = log_dropped();
	static char text[1 << 20];
	char notice[80];
	unsigned kept;
	ssize_t got;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_open("test", LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	for (int i = 0; i < 5000; i++)
		log_info("line %d of many", i);
	dropped = log_dropped() - dropped;
	assert_true(dropped > 0 && dropped < 5000);
	log_tick(); /* no room yet */
	got = read(ends[0], text, sizeof(text) - 1);
	assert_true(got > 0);
	text[got] = '\0';
	kept = count_of(text, "of many");
	assert_null(strstr(text, "dropped"));
	assert_int_equal(kept + dropped, 5000);
	log_tick();
	log_tick(); /* said once */
	log_info("on we go");
	got = read(ends[0], text, sizeof(text) - 1);
	text[MAX(got, 0)] = '\0';
	dup2(saved, STDERR_FILENO);
	close(saved);
	log_open("test", LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	close(ends[0]);
	snprintf(notice, sizeof(notice), "msg=\"%u log lines were dropped: for ",
		 (unsigned)dropped);
	assert_int_equal(count_of(text, notice), 1);
	assert_int_equal(count_of(text, "msg=\"on we go\""), 1);
	assert_true(strstr(text, "dropped") < strstr(text, "on we go"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_repeats_of_a_minute),
		cmocka_unit_test(test_log_repeats),
		cmocka_unit_test(test_log_journal),
		cmocka_unit_test(test_log_capture),
		cmocka_unit_test(test_log_escapes),
		cmocka_unit_test(test_log_nobody_reads),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
