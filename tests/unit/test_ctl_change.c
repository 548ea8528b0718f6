/* SPDX-License-Identifier: MIT */
/*
 * test_ctl_change.c - waiting for what was changed, with a sluiced that answers from a list and
 * sleeps that take no time.
 */
#include "supervisor/ctl/ctl_change.h"
#include "common/base/log.h"
#include "tests/fakes/fake_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* --- the fakes --- */

static const char *const *answers; /* texts of JSON; the last one is given for ever */
static unsigned asked;

json_t *
client_ask(struct client *client UNUSED, const char *command, json_t *arguments, int *exit_code)
{
	const char *answer = answers[0];

	assert_string_equal(command, "status");
	json_decref(arguments);
	asked++;
	if (answers[1] != NULL)
		answers++;
	*exit_code = answer[0] != '\0' ? 0 : EX_UNAVAILABLE;
	return answer[0] != '\0' ? json_loads(answer, 0, NULL) : NULL;
}

int
usleep(useconds_t microseconds)
{
	fake_time_advance(microseconds / 1000);
	return 0;
}

/* --- the tests --- */

static const struct option_row row_timeout = {
	.name = "timeout", .value = "1s", .help = "h", .kind = OPTION_DURATION, .usual = 20};
static const struct option_row row_no_wait = {.name = "no-wait", .help = "h"};

/*
 * Finish a change of lake/1, called as "scale OPTION"; text gets what was printed and said. Returns
 * the exit code.
 */
static int
finish(const char *const *list, bool json, bool dry_run, const char *option, char text[1024])
{
	static const struct target target = {.role = ROLE_LAKE, .index = 1};
	const struct ctl_change change = {
		.targets = &target, .target_count = 1, .dry_run = dry_run, .done = "ready"};
	char verb[] = "scale", words[32], error[64], *argv[] = {verb, words, NULL};
	char *printed = NULL;
	struct client client = {.fd = -1};
	struct call call = {.client = &client};
	int code, saved = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
	size_t size;

	answers = list;
	asked = 0;
	snprintf(words, sizeof(words), "%s", option);
	assert_int_equal(options_read(&call.options,
				      OPTION_LIST(&row_timeout, &row_no_wait, &option_json),
				      option[0] != '\0' ? 2 : 1, argv, error, sizeof(error)),
			 0);
	call.output = (struct output){.stream = open_memstream(&printed, &size), .json = json};
	text[0] = '\0';
	dup2(nowhere, STDERR_FILENO);
	log_capture(error, sizeof(error));
	fake_time_start(3600000);
	code = ctl_change_finish(&call, &change, json_object());
	fake_time_stop();
	log_capture(NULL, 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(nowhere);
	fclose(call.output.stream);
	snprintf(text, 1024, "%s|%s", printed, error);
	free(printed);
	options_free(&call.options);
	return code;
}

#define SLOT(index, rest) \
	"{\"role\": \"lake\", \"slot\": " index ", \"name\": \"lake/" index "\", " rest "}"
#define SLOTS(slots) "{\"slots\": [" slots "]}"
#define READY "\"wanted\": true, \"state\": \"RUNNING\", \"ready\": true"
#define NOT_READY \
	"\"wanted\": true, \"state\": \"RUNNING\", \"ready\": false, \"last_error\": \"mysql 2006\""

/* The other children do not matter. */
static void
test_it_becomes_ready(void **state UNUSED)
{
	static const char *const list[] = {
		SLOTS(SLOT("0", NOT_READY) ", " SLOT("1",
						     "\"wanted\": true, \"state\": \"STARTING\"")),
		SLOTS(SLOT("0", NOT_READY) ", " SLOT("1", NOT_READY)),
		SLOTS(SLOT("0", NOT_READY) ", " SLOT("1", READY ", \"restart_pending\": true")),
		SLOTS(SLOT("0", NOT_READY) ", " SLOT("1", READY ", \"pause_wanted\": true")),
		SLOTS(SLOT("0", NOT_READY) ", " SLOT("1", READY)),
		NULL};
	char text[1024];

	assert_int_equal(finish(list, false, false, "--timeout=1h", text), CTL_OK);
	assert_int_equal(asked, 5);
	assert_int_equal(strncmp(text, " ... ready in 0.", 16), 0);
}

static void
test_it_is_stopped(void **state UNUSED)
{
	static const char *const list[] = {
		SLOTS(SLOT("1", "\"wanted\": false, \"state\": \"STOPPING\"")),
		SLOTS(SLOT("1", "\"wanted\": false, \"state\": \"STOPPED\"")), NULL};
	char text[1024];

	assert_int_equal(finish(list, false, false, "", text), CTL_OK);
	assert_int_equal(asked, 2);
}

static void
test_it_turns_out_fatal(void **state UNUSED)
{
	static const char *const list[] = {
		SLOTS(SLOT("1", "\"wanted\": true, \"state\": \"FATAL\", \"last_error\": \"no\"")),
		NULL};
	char text[1024];

	assert_int_equal(finish(list, false, false, "", text), CTL_FAILED);
	assert_string_equal(text, " ... not ready\n|not ready after 0.0s: lake/1 is FATAL: no\n");
}

static void
test_the_time_is_up(void **state UNUSED)
{
	static const char *const list[] = {SLOTS(SLOT("1", NOT_READY)), NULL};
	char text[1024];

	assert_int_equal(finish(list, false, false, "", text), EX_TEMPFAIL);
	assert_non_null(strstr(text, "|not ready after 0.1s: lake/1 is RUNNING, but not ready: "));
	assert_int_equal(finish(list, true, false, "--timeout=0", text), EX_TEMPFAIL);
	assert_int_equal(asked, 1);
	assert_non_null(strstr(text, "\"settled\": false"));
}

static void
test_sluiced_goes_away(void **state UNUSED)
{
	static const char *const list[] = {SLOTS(SLOT("1", NOT_READY)), "", NULL};
	char text[1024];

	assert_int_equal(finish(list, false, false, "", text), EX_UNAVAILABLE);
	assert_non_null(strstr(text, "sluiced does not answer any more"));
}

static void
test_nobody_waits(void **state UNUSED)
{
	static const char *const list[] = {SLOTS(""), NULL};
	char text[1024];

	assert_int_equal(finish(list, false, true, "", text), CTL_OK);
	assert_string_equal(text, " (not done)\n|");
	assert_int_equal(finish(list, false, false, "--no-wait", text), CTL_OK);
	assert_string_equal(text, "\n|");
	assert_int_equal(finish(list, true, false, "--no-wait", text), CTL_OK);
	assert_string_equal(text, "{\n  \"settled\": false,\n  \"waited_s\": 0.0\n}\n|");
	assert_int_equal(asked, 0);
}

static void
test_json_says_how_it_ended(void **state UNUSED)
{
	static const char *const list[] = {SLOTS(SLOT("1", READY)), NULL};
	char text[1024];

	assert_int_equal(finish(list, true, false, "", text), CTL_OK);
	assert_non_null(strstr(text, "\"settled\": true"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_becomes_ready),
		cmocka_unit_test(test_it_is_stopped),
		cmocka_unit_test(test_it_turns_out_fatal),
		cmocka_unit_test(test_the_time_is_up),
		cmocka_unit_test(test_sluiced_goes_away),
		cmocka_unit_test(test_nobody_waits),
		cmocka_unit_test(test_json_says_how_it_ended),
	};

	return cmocka_run_group_tests_name("ctl_change", tests, NULL, NULL);
}
