/* SPDX-License-Identifier: MIT */
/*
 * test_verbs.c - which verb is meant, what it is given, how it is explained; on a table of its own.
 */
#include "supervisor/cli/verbs.h"
#include "common/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* What the last handler saw. */
static struct {
	char name[40], first[40], file[40];
	size_t words;
	bool json, dry_run;
} seen;

static int
remember(struct call *call)
{
	const char *file = options_text(&call->options, "file");

	snprintf(seen.name, sizeof(seen.name), "%s", call->name);
	seen.words = call->options.word_count;
	snprintf(seen.first, sizeof(seen.first), "%s",
		 seen.words > 0 ? call->options.words[0] : "");
	snprintf(seen.file, sizeof(seen.file), "%s", file != NULL ? file : "");
	seen.json = call->output.json;
	seen.dry_run = options_has(&call->options, "dry-run");
	return 42;
}

static const struct option_row row_file = {
	.name = "file", .value = "FILE", .help = "a file to read", .kind = OPTION_TEXT};
static const struct option_row row_dry_run = {
	.name = "dry-run", .letter = 'n', .help = "only say it"};
static const struct option_row row_watch = {
	.name = "watch", .value = "2s", .help = "often", .kind = OPTION_DURATION, .implied = 2000};

#define ROWS OPTION_LIST(&row_file, &row_dry_run, &row_watch, &option_json)

static const struct verb own_verbs[] = {
	{.name = "show", .help = "h", .example = "e", .options = ROWS, .handler = remember},
	{.name = "status",
	 .help = "state of the set\nmore about it",
	 .example = "e",
	 .max_words = 1,
	 .options = ROWS,
	 .handler = remember},
	{.name = NULL},
};
static const struct verb verbs[] = {
	{.name = "status",
	 .help = "how it is\nand more about that",
	 .example = "sluicectl status",
	 .options = ROWS,
	 .handler = remember},
	{.name = "read",
	 .synopsis = "WORD --file FILE",
	 .help = "h",
	 .example = "e",
	 .no_words = "say a word",
	 .max_words = 2,
	 .usage_code = 3,
	 .options = ROWS,
	 .handler = remember},
	{.name = "set", .help = "verbs of its own", .example = "e", .verbs = own_verbs},
	{.name = NULL},
};

static char said[512]; /* to standard error */

/* Runs "a line of words"; the handler's 42, or another exit code with its message in said. */
static int
run(const char *line)
{
	struct client client = {.fd = -1};
	char copy[128], *argv[10], *rest = NULL;
	int argc = 0, code, saved = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	memset(&seen, 0, sizeof(seen));
	dup2(nowhere, STDERR_FILENO);
	log_capture(said, sizeof(said));
	code = verbs_run(verbs, &client, argc, argv);
	log_capture(NULL, 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(nowhere);
	said[strcspn(said, "\n")] = '\0';
	return code;
}

static void
test_handlers_are_called(void **state UNUSED)
{
	assert_int_equal(run("status"), 42);
	assert_string_equal(seen.name, "status");
	assert_false(seen.json || seen.dry_run);
	assert_int_equal(run("read --json one -n two --file=x"), 42);
	assert_true(seen.json && seen.dry_run && seen.words == 2);
	assert_string_equal(seen.first, "one");
	assert_string_equal(seen.file, "x");
}

static void
test_verbs_of_verbs(void **state UNUSED)
{
	assert_int_equal(run("set status word"), 42);
	assert_string_equal(seen.name, "set status");
	assert_string_equal(seen.first, "word");
	/* options may stand before it, and their values */
	assert_int_equal(run("set --file a -n show"), 42);
	assert_string_equal(seen.name, "set show");
	assert_string_equal(seen.file, "a");
	assert_true(seen.dry_run && seen.words == 0);
}

static void
test_what_is_wrong_is_said(void **state UNUSED)
{
	static const struct {
		const char *line;
		int code;
		const char *said;
	} cases[] = {
		{"statsu", EX_USAGE, "unknown verb \"statsu\": did you mean status?"},
		{"xyzzy", EX_USAGE, "unknown verb \"xyzzy\"; try: sluicectl --help"},
		{"set", EX_USAGE, "set: say what: show or status; try: sluicectl set --help"},
		{"set -n", EX_USAGE, "set: say what: show or status; try: sluicectl set --help"},
		{"set shwo", EX_USAGE, "set: unknown verb \"shwo\": did you mean show?"},
		{"set xyzzy", EX_USAGE, "set: unknown verb \"xyzzy\"; try: sluicectl set --help"},
		{"set show --dry", 42, ""}, /* getopt_long() takes what is unambiguous */
		{"set show --jsno", EX_USAGE,
		 "set show: unknown option --jsno: did you mean --json?; try: sluicectl set show "
		 "--help"},
		{"status word", EX_USAGE,
		 "status: unexpected argument \"word\"; try: sluicectl status --help"},
		{"read", 3, "read: say a word; try: sluicectl read --help"},
		{"read a b c", 3, "read: unexpected argument \"c\"; try: sluicectl read --help"},
		{"read --file", 3, "read: --file needs a value; try: sluicectl read --help"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(run(cases[i].line), cases[i].code);
		assert_string_equal(said, cases[i].said);
		assert_int_equal(seen.name[0] != '\0', cases[i].code == 42);
	}
}

static char *
help_of(const struct verb *verb, const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	verbs_print_help(verb, name, out);
	fclose(out);
	return text;
}

static void
test_help(void **state UNUSED)
{
	char *text = help_of(&verbs[0], "status");

	assert_string_equal(
		text,
		"usage: sluicectl status [--file FILE] [-n | --dry-run] [--watch[=2s]] [--json]\n"
		"\n"
		"how it is\nand more about that\n"
		"\n"
		"  --file FILE                a file to read\n"
		"  -n, --dry-run              only say it\n"
		"  --watch[=2s]               often\n"
		"  --json                     print JSON\n"
		"\n"
		"example: sluicectl status\n");
	free(text);
	/* what the synopsis names is not named once more */
	text = help_of(&verbs[1], "read");
	assert_non_null(strstr(text, "sluicectl read WORD --file FILE [-n | --dry-run]"));
	free(text);
	text = help_of(&verbs[2], "set");
	assert_non_null(strstr(text, "usage: sluicectl set VERB ...\n"));
	assert_non_null(strstr(text, "  status     state of the set\n"));
	assert_null(strstr(text, "more about it"));
	free(text);
}

static void
test_a_long_usage_is_wrapped(void **state UNUSED)
{
	const struct option_row *const *rows =
		OPTION_LIST(&row_file, &row_file, &row_file, &row_file, &row_file, &row_file,
			    &row_file, &row_file);
	const struct verb verb = {.name = "x", .help = "h", .example = "e", .options = rows};
	char *text = help_of(&verb, "a-longer-name");
	size_t first = strcspn(text, "\n");

	assert_true(first <= 100);
	assert_int_equal(strspn(text + first + 1, " "), strlen("usage: sluicectl a-longer-name "));
	free(text);
}

/* Asked for in any way, and instead of everything else. */
static void
test_help_is_asked_for(void **state UNUSED)
{
	static const char *const lines[] = {"help status", "status --help", "status -h word",
					    "help set",	   "set --help",    "help set status",
					    "set show -h", "read --help"};
	int saved = dup(STDOUT_FILENO);

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		FILE *file = tmpfile();
		char text[2048] = "";
		int code;

		fflush(stdout);
		dup2(fileno(file), STDOUT_FILENO);
		code = run(lines[i]);
		fflush(stdout);
		dup2(saved, STDOUT_FILENO);
		rewind(file);
		assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
		fclose(file);
		assert_int_equal(code, CTL_OK);
		assert_string_equal(seen.name, "");
		assert_int_equal(strncmp(text, "usage: sluicectl ", 17), 0);
		if (strstr(lines[i], "set") != NULL)
			assert_int_equal(strncmp(text + 17, "set", 3), 0);
		if (strcmp(lines[i], "help set status") == 0)
			assert_int_equal(strncmp(text + 17, "set status", 10), 0);
	}
	close(saved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handlers_are_called),
		cmocka_unit_test(test_verbs_of_verbs),
		cmocka_unit_test(test_what_is_wrong_is_said),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_a_long_usage_is_wrapped),
		cmocka_unit_test(test_help_is_asked_for),
	};

	return cmocka_run_group_tests_name("verbs", tests, NULL, NULL);
}
