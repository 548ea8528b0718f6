/* SPDX-License-Identifier: MIT */
/*
 * test_options.c - options and words of a command line, right and wrong.
 */
#include "supervisor/cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const struct option_row row_check = {.name = "check", .help = "h"};
static const struct option_row row_dry = {.name = "dry-run", .letter = 'n', .help = "h"};
static const struct option_row row_file = {
	.name = "file", .letter = 'f', .value = "FILE", .help = "h", .kind = OPTION_TEXT};
static const struct option_row row_last = {
	.name = "last", .value = "N", .help = "h", .kind = OPTION_NUMBER};
static const struct option_row row_limit = {
	.name = "limit", .value = "N", .help = "h", .kind = OPTION_NUMBER, .max = 100, .usual = 20};
static const struct option_row row_rate = {
	.name = "rate", .value = "N/s", .help = "h", .kind = OPTION_NUMBER, .unit = "/s", .min = 1};
static const struct option_row row_timeout = {
	.name = "timeout", .value = "30s", .help = "h", .kind = OPTION_DURATION};
static const struct option_row row_watch = {.name = "watch",
					    .value = "2s",
					    .help = "h",
					    .kind = OPTION_DURATION,
					    .min = 100,
					    .implied = 2000};

static const struct option_row *const rows[] = {&row_check,   &row_dry,	  &row_file,
						&row_last,    &row_limit, &row_rate,
						&row_timeout, &row_watch, NULL};

enum { WORDS_MAX = 8 };

/* The words are those of the line, divided at spaces; line must live as long as options. */
static int
read_line(struct options *options, char *line, char *error, size_t error_size)
{
	static char verb[] = "verb";
	static char *argv[WORDS_MAX + 2];
	char *rest = NULL;
	int argc = 0;

	argv[argc++] = verb;
	for (char *word = strtok_r(line, " ", &rest); word != NULL && argc <= WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_read(options, rows, argc, argv, error, error_size);
}

static void
test_what_was_given(void **state UNUSED)
{
	char line[] = "one --file=a -n two --last 7 --file b";
	struct options options;
	char error[128] = "";

	assert_int_equal(read_line(&options, line, error, sizeof(error)), 0);
	assert_true(options_has(&options, "dry-run"));
	assert_false(options_has(&options, "check"));
	assert_string_equal(options_text(&options, "file"), "b");
	assert_null(options_text(&options, "watch"));
	assert_int_equal(options_number(&options, "last"), 7);
	assert_int_equal(options_number(&options, "limit"), 20);
	assert_int_equal(options.word_count, 2);
	assert_string_equal(options.words[0], "one");
	assert_string_equal(options.words[1], "two");
	assert_int_equal(options.value_count, 4);
	options_free(&options);
}

static void
test_numbers_and_durations(void **state UNUSED)
{
	char line[] = "--watch --rate 5/s --timeout 2m --limit 100";
	char again[] = "--watch=300ms --rate=5 -- --check -n";
	struct options options;
	char error[128];

	assert_int_equal(read_line(&options, line, error, sizeof(error)), 0);
	assert_int_equal(options_number(&options, "watch"), 2000);
	assert_int_equal(options_number(&options, "rate"), 5);
	assert_int_equal(options_number(&options, "timeout"), 120000);
	assert_int_equal(options_number(&options, "limit"), 100);
	options_free(&options);
	assert_int_equal(read_line(&options, again, error, sizeof(error)), 0);
	assert_int_equal(options_number(&options, "watch"), 300);
	assert_false(options_has(&options, "check"));
	assert_int_equal(options.word_count, 2);
	options_free(&options);
}

static void
test_what_is_wrong_is_said(void **state UNUSED)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{"--chekc", "unknown option --chekc: did you mean --check?"},
		{"--xyzzy=3", "unknown option --xyzzy"},
		{"--chekc=1", "unknown option --chekc: did you mean --check?"},
		{"-x", "unknown option -x"},
		{"-nx", "unknown option -x"},
		{"--last", "--last needs a value"},
		{"-f", "-f needs a value"},
		{"--check=1", "--check takes no value"},
		{"--last=x", "--last: \"x\" is no number"},
		{"--last -1", "--last: \"-1\" is no number"},
		{"--last 1/s", "--last: \"1/s\" is no number"},
		{"--limit=101", "--limit may be 0 to 100, not \"101\""},
		{"--rate=0/s", "--rate: \"0/s\" is no number from 1"},
		{"--timeout soon", "--timeout: \"soon\" is no duration, as 30s or 2m"},
		{"--watch=99ms", "--watch: \"99ms\" is no duration of 100ms or more, as 2s"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct options options;
		char line[64], error[128] = "";
		int result;

		strncpy(line, cases[i].line, sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		result = read_line(&options, line, error, sizeof(error));
		options_free(&options);
		assert_string_equal(error, cases[i].error);
		assert_int_equal(result, -1);
	}
}

static void
test_without_a_table(void **state UNUSED)
{
	static char verb[] = "verb", word[] = "word", option[] = "--json";
	char *argv[] = {verb, word, NULL}, *wrong[] = {verb, option, NULL};
	struct options options;
	char error[128];

	assert_int_equal(options_read(&options, NULL, 2, argv, error, sizeof(error)), 0);
	assert_int_equal(options.word_count, 1);
	options_free(&options);
	assert_int_equal(options_read(&options, NULL, 2, wrong, error, sizeof(error)), -1);
	assert_string_equal(error, "unknown option --json");
	options_free(&options);
}

static void
test_durations(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1 = refused */
	} cases[] = {
		{"30s", 30000},	 {"30", 30000}, {"500ms", 500}, {"2m", 120000},
		{"1h", 3600000}, {"0", 0},	{"", -1},	{"s", -1},
		{"-1s", -1},	 {"1d", -1},	{"1.5s", -1},	{"9999999999s", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = -1;

		if (options_parse_duration(cases[i].text, &ms) != 0)
			ms = -1;
		assert_int_equal(ms, cases[i].ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_given),
		cmocka_unit_test(test_numbers_and_durations),
		cmocka_unit_test(test_what_is_wrong_is_said),
		cmocka_unit_test(test_without_a_table),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
