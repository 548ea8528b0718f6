/* SPDX-License-Identifier: MIT */
/*
 * test_commands.c - requests from the socket: which are done, which are refused, and for whom.
 */
#include "supervisor/daemon/commands.h"
#include "common/base/log.h"
#include "common/settings/settings_load.h"
#include "supervisor/cli/member.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

static enum spawn_result
no_spawn(void *context UNUSED, const struct slot *slot UNUSED, pid_t *pid)
{
	*pid = 4711;
	return SPAWN_OK;
}

static void
no_signal(void *context UNUSED, pid_t pid UNUSED, int signal_number UNUSED)
{
}

/* As a settings file with nothing in it but an input. */
static struct settings *
make_settings(void)
{
	static const char text[] =
		"inputs = ( { path = \"/nowhere/a.log\"; format = \"common\"; } );\n";
	struct settings *settings = NULL;
	int fd = memfd_create("settings", MFD_CLOEXEC);
	char path[32];

	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(settings_load_copy(path, "/nowhere/sluice.conf", &settings), 0);
	close(fd);
	return settings;
}

static int
open_supervisor(void **state)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	struct pool_ops ops = {.spawn = no_spawn, .send_signal = no_signal};

	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	supervisor->settings_path = strdup("/nowhere/sluice.conf");
	supervisor->settings = make_settings();
	supervisor->spawner.settings_fd = -1;
	supervisor->spawner.pages = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	supervisor->spawner.inputs = input_table_private();
	pool_init(&supervisor->pool, &ops, supervisor->spawner.pages);
	pool_scale(&supervisor->pool, ROLE_LAKE, 2);
	*state = supervisor;
	return 0;
}

static int
close_supervisor(void **state)
{
	struct supervisor *supervisor = *state;

	free(supervisor->settings_path);
	settings_free(&supervisor->settings);
	munmap(supervisor->spawner.inputs, INPUT_TABLE_SIZE);
	free(supervisor->spawner.pages);
	free(supervisor);
	return 0;
}

static const struct peer the_operator = {.may_operate = true};
static const struct peer onlooker = {.may_operate = false};

/* The answer, parsed. */
static json_t *
ask(struct supervisor *supervisor, const struct peer *peer, const char *line)
{
	char *answer = commands_answer(supervisor, peer, line, strlen(line), true);
	json_t *root;

	assert_true(answer[strlen(answer) - 1] == '\n');
	assert_ptr_equal(strchr(answer, '\n'), answer + strlen(answer) - 1);
	root = json_loads(answer, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "v")), REQUEST_VERSION);
	free(answer);
	return root;
}

static void
test_requests(void **state)
{
	static const struct {
		const char *line;
		int exit_code; /* 0 = ok */
		const char *error;
	} cases[] = {
		{"{\"v\":1,\"command\":\"version\"}", 0, ""},
		{"{\"v\":1,\"command\":\"settings\"}", 0, ""},
		{"{\"v\":1,\"command\":\"version\",\"arguments\":{},\"later\":[1]}", 0, ""},
		{"{\"v\":1,\"command\":\"commands\"}", 0, ""},
		{"{\"v\":1,\"command\":\"status\"}", 0, ""},
		{"", EX_USAGE, "not JSON"},
		{"[]", EX_USAGE, "a request is a JSON object"},
		{"{\"v\":1} {}", EX_USAGE, "not JSON"},
		{"{\"command\":\"version\"}", EX_USAGE, "speaks version 1"},
		{"{\"v\":2,\"command\":\"version\"}", EX_USAGE, "speaks version 1"},
		{"{\"v\":\"1\",\"command\":\"version\"}", EX_USAGE, "speaks version 1"},
		{"{\"v\":1}", EX_USAGE, "needs a \"command\""},
		{"{\"v\":1,\"command\":7}", EX_USAGE, "needs a \"command\""},
		{"{\"v\":1,\"command\":\"a-name-that-is-much-too-long-for-a-command\"}", EX_USAGE,
		 "needs a \"command\""},
		{"{\"v\":1,\"v\":1,\"command\":\"version\"}", EX_USAGE, "not JSON: duplicate"},
		{"{\"v\":1,\"command\":\"version\",\"arguments\":[]}", EX_USAGE,
		 "must be an object"},
		{"{\"v\":1,\"command\":\"statsu\"}", EX_USAGE, "did you mean status?"},
		{"{\"v\":1,\"command\":\"zzzzzzzzz\"}", EX_USAGE, "unknown command \"zzzzzzzzz\""},
		{"{\"v\":1,\"command\":\"scale\",\"arguments\":{\"lake\":65}}", EX_USAGE,
		 "0 to 64"},
		{"{\"v\":1,\"command\":\"scale\",\"arguments\":{\"lake\":-1}}", EX_USAGE,
		 "0 to 64"},
		{"{\"v\":1,\"command\":\"scale\",\"arguments\":{\"lake\":1e1}}", EX_USAGE,
		 "0 to 64"},
		{"{\"v\":1,\"command\":\"scale\",\"arguments\":{\"producer\":2}}", EX_USAGE,
		 "0 to 1"},
		{"{\"v\":1,\"command\":\"scale\",\"arguments\":{\"lake\":3,\"sea\":1}}", EX_USAGE,
		 "unknown role \"sea\""},
		{"{\"v\":1,\"command\":\"scale\",\"arguments\":{\"current\":5}}", EX_USAGE,
		 "\"current\" must"},
		{"{\"v\":1,\"command\":\"scale\",\"arguments\":{\"lake\":3,\"current\":{\"lake\":1}"
		 "}}",
		 1, "lake is 2, not 1 as expected"},
		{"{\"v\":1,\"command\":\"stop\"}", EX_USAGE, "needs a \"target\""},
		{"{\"v\":1,\"command\":\"stop\",\"arguments\":{\"target\":\"lakes\"}}", EX_USAGE,
		 "did you mean lake?"},
		{"{\"v\":1,\"command\":\"stop\",\"arguments\":{\"target\":\"lake/9\"}}", EX_DATAERR,
		 "beyond the wanted count"},
		{"{\"v\":1,\"command\":\"reload\"}", EX_CONFIG, "stay as they were"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *answer = ask(*state, &the_operator, cases[i].line);
		const char *error = member_text(answer, "error", "");

		if (json_is_true(json_object_get(answer, "ok")) != (cases[i].exit_code == 0) ||
		    (int)member_number(answer, "exit_code", 0) != cases[i].exit_code ||
		    strstr(error, cases[i].error) == NULL)
			fail_msg("%s: %s", cases[i].line, error);
		json_decref(answer);
	}
	assert_int_equal(((struct supervisor *)*state)->pool.wanted[ROLE_LAKE], 2);
}

static void
test_who_may_not_operate(void **state)
{
	for (size_t i = 0; i < command_count; i++) {
		char line[128];
		json_t *answer;

		snprintf(line, sizeof(line),
			 "{\"v\":1,\"command\":\"%s\",\"arguments\":{\"target\":\"all\"}}",
			 command_table[i].name);
		answer = ask(*state, &onlooker, line);
		if (command_table[i].permission == PERMISSION_READ)
			assert_int_not_equal((int)member_number(answer, "exit_code", 0), EX_NOPERM);
		else
			assert_int_equal((int)member_number(answer, "exit_code", 0), EX_NOPERM);
		json_decref(answer);
	}
}

static void
test_scale(void **state)
{
	struct supervisor *supervisor = *state;
	json_t *answer = ask(supervisor, &the_operator,
			     "{\"v\":1,\"command\":\"scale\",\"arguments\":{\"lake\":4,\"clean\":1,"
			     "\"current\":{\"lake\":2,\"clean\":0}}}");
	const json_t *lake = json_object_get(json_object_get(answer, "data"), "lake");

	assert_int_equal((int)member_number(lake, "from", -1), 2);
	assert_int_equal((int)member_number(lake, "to", -1), 4);
	assert_int_equal(supervisor->pool.wanted[ROLE_CLEAN], 1);
	json_decref(answer);
}

#define COMMAND_TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_supervisor, close_supervisor)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		COMMAND_TEST(test_requests),
		COMMAND_TEST(test_who_may_not_operate),
		COMMAND_TEST(test_scale),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
