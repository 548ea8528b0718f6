/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_options.c - what stands behind a verb of `sluicectl dlq`, in the run of that verb.
 */
#include "supervisor/dlq/dlq_options.h"
#include "common/base/log.h"
#include "supervisor/dlq/dlq_verbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* A call of a verb, kept until the next one: its words are borrowed by the run. */
static char words[256], *argv[16], said[256];
static struct call call;

/* Reads "list clean --limit 3"; the messages go into said. Returns the exit code. */
static int
read_line(struct dlq_run *run, const char *line, bool takes_file)
{
	int argc = 0, code, saved = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
	char *rest = NULL;

	options_free(&call.options);
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	call.verb = dlq_verbs;
	while (strcmp(call.verb->name, argv[0]) != 0)
		call.verb++;
	snprintf(call.name, sizeof(call.name), "dlq %s", argv[0]);
	*run = (struct dlq_run){.call = &call};
	assert_int_equal(
		options_read(&call.options, call.verb->options, argc, argv, said, sizeof(said)), 0);
	dup2(nowhere, STDERR_FILENO);
	log_capture(said, sizeof(said));
	code = dlq_options_read(run, takes_file);
	log_capture(NULL, 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(nowhere);
	return code;
}

static void
test_members(void **state UNUSED)
{
	struct dlq_run run;

	assert_int_equal(read_line(&run,
				   "retry --all --canary 20 --canary-timeout 5s --rate 500/s "
				   "--split --limit 7 --with-held --format ezproxy -n",
				   false),
			 0);
	assert_true(run.select.all && run.split && run.select.with_held && run.dry_run);
	assert_false(run.select.only_held || run.keep_format || run.ids_only || run.csv);
	assert_int_equal(run.canary, 20);
	assert_int_equal(run.canary_ms, 5000);
	assert_int_equal(run.rate, 500);
	assert_int_equal(run.limit, 7);
	assert_string_equal(run.format, "ezproxy");
	dlq_select_free(&run.select);
	assert_int_equal(read_line(&run,
				   "export --source /a --reason parse.no_match --since 1970-01-02 "
				   "--until @90000 --csv --out x --match BREW --held",
				   false),
			 0);
	assert_string_equal(run.select.source, "/a");
	assert_string_equal(run.select.reason, "parse.no_match");
	assert_string_equal(run.out, "x");
	assert_int_equal(run.select.since_s, 86400);
	assert_int_equal(run.select.until_s, 90000);
	assert_true(run.csv && run.select.has_match && run.select.only_held);
	dlq_select_free(&run.select);
}

static void
test_words(void **state UNUSED)
{
	struct dlq_run run;

	assert_int_equal(read_line(&run, "list queue-data-clean.dead", false), 0);
	assert_true(run.select.queue[STAGE_CLEAN] && !run.select.queue[STAGE_LAKE]);
	dlq_select_free(&run.select);
	assert_int_equal(read_line(&run, "list lake g000000a", false), 0);
	assert_true(run.select.queue[STAGE_LAKE] && run.select.has_group);
	assert_int_equal(run.select.group, 10);
	dlq_select_free(&run.select);
	/* a file may have the name of a queue */
	assert_int_equal(read_line(&run, "restore clean l0001", true), 0);
	assert_string_equal(run.file, "clean");
	assert_true(run.select.by_id && !run.select.queue[STAGE_CLEAN]);
	dlq_select_free(&run.select);
	assert_int_equal(read_line(&run, "import", true), 0);
	assert_null(run.file);
	dlq_select_free(&run.select);
}

static void
test_what_is_wrong_is_said(void **state UNUSED)
{
	static const struct {
		const char *line, *said;
	} cases[] = {
		{"list cleen", "dlq list: \"cleen\" is no queue: did you mean \"clean\"?"},
		{"list x1", "dlq list: \"x1\" is no id"},
		{"list --since yesterday", "dlq list: \"yesterday\" is no time"},
		{"list --since 1h --until 2h", "dlq list: --since is later than --until"},
		{"list --match (", "dlq list: "},
		{"list --group 12", "dlq list: \"12\" is no group"},
		{"list --group g0000001 --group g0000002", "dlq list: one group at a time"},
		{"check --format xml", "dlq check: \"xml\" is none of "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dlq_run run;

		assert_int_equal(read_line(&run, cases[i].line, false), EX_USAGE);
		assert_int_equal(strncmp(said, cases[i].said, strlen(cases[i].said)), 0);
		dlq_select_free(&run.select);
	}
}

/* Letters of others may have reasons that Sluice does not know: only a warning. */
static void
test_an_unknown_reason_is_a_warning(void **state UNUSED)
{
	struct dlq_run run;

	assert_int_equal(read_line(&run, "list --reason parse.nomatch", false), 0);
	assert_non_null(strstr(said, "did you mean \"parse.no_match\"?"));
	assert_string_equal(run.select.reason, "parse.nomatch");
	dlq_select_free(&run.select);
	assert_int_equal(read_line(&run, "list --reason broker.delivery_limit", false), 0);
	assert_string_equal(said, "");
	dlq_select_free(&run.select);
}

/* Each option of each verb goes somewhere. */
static void
test_every_option_is_read(void **state UNUSED)
{
	static const struct {
		const char *name, *value;
	} special[] = {{"since", "1h"},
		       {"until", "1h"},
		       {"match", "a"},
		       {"group", "g0000001"},
		       {"format", "ezproxy"}};

	for (const struct verb *verb = dlq_verbs; verb->name != NULL; verb++) {
		for (const struct option_row *const *row = verb->options; *row != NULL; row++) {
			const char *value = "1";
			struct dlq_run run;
			char line[64];

			for (size_t i = 0; i < ARRAY_LEN(special); i++)
				if (strcmp(special[i].name, (*row)->name) == 0)
					value = special[i].value;
			snprintf(line, sizeof(line), "%s --%s%s%s", verb->name, (*row)->name,
				 (*row)->kind == OPTION_FLAG ? "" : "=",
				 (*row)->kind == OPTION_FLAG ? "" : value);
			assert_int_equal(read_line(&run, line, false), 0);
			dlq_select_free(&run.select);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_what_is_wrong_is_said),
		cmocka_unit_test(test_an_unknown_reason_is_a_warning),
		cmocka_unit_test(test_every_option_is_read),
	};
	int failed = cmocka_run_group_tests_name("dlq_options", tests, NULL, NULL);

	options_free(&call.options);
	return failed;
}
