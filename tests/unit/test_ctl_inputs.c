/* SPDX-License-Identifier: MIT */
/*
 * test_ctl_inputs.c - what `sluicectl inputs` prints of an answer of sluiced.
 */
#include "supervisor/ctl/ctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char *answer; /* NULL: sluiced cannot be reached */
static char asked[32];

json_t *
client_ask(struct client *client UNUSED, const char *command, json_t *arguments, int *exit_code)
{
	snprintf(asked, sizeof(asked), "%s", command);
	json_decref(arguments);
	*exit_code = answer != NULL ? 0 : EX_UNAVAILABLE;
	return answer != NULL ? json_loads(answer, 0, NULL) : NULL;
}

/* `sluicectl inputs OPTION`: its exit code, and what it prints in text. */
static int
run(const char *given, const char *option, char text[4096])
{
	static const struct option_row acknowledge = {.name = "acknowledge", .help = "h"};
	static const struct option_row watch = {
		.name = "watch", .value = "S", .help = "h", .kind = OPTION_NUMBER};
	char verb[] = "inputs", words[32], error[64], *argv[] = {verb, words, NULL};
	struct call call = {0};
	char *printed = NULL;
	size_t size;
	int code;

	answer = given;
	snprintf(words, sizeof(words), "%s", option);
	assert_int_equal(options_read(&call.options,
				      OPTION_LIST(&acknowledge, &watch, &option_json),
				      option[0] != '\0' ? 2 : 1, argv, error, sizeof(error)),
			 0);
	call.output = (struct output){.stream = open_memstream(&printed, &size),
				      .json = strcmp(option, "--json") == 0};
	code = ctl_inputs(&call);
	fclose(call.output.stream);
	snprintf(text, 4096, "%s", printed);
	free(printed);
	options_free(&call.options);
	return code;
}

/* Words and order count here, not how many blanks are between them. */
static void
squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++)
		if (*from != ' ' || (to > text && to[-1] != ' ' && to[-1] != '\n'))
			*to++ = *from;
	*to = '\0';
}

static void
assert_contains(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("no \"%s\" in:\n%s", wanted, text);
}

static void
test_not_known(void **state UNUSED)
{
	char text[4096];

	assert_int_equal(run("{\"known\": false, \"total\": 0, \"files\": []}", "", text), CTL_OK);
	assert_string_equal(text, "no producer has reported since sluiced started\n");
	assert_int_equal(run(NULL, "", text), EX_UNAVAILABLE);
	assert_string_equal(text, "");
}

static void
test_files(void **state UNUSED)
{
	char text[4096];

	assert_int_equal(
		run("{\"known\": true, \"total\": 3, \"open\": 2, \"open_limit\": 96, \"skipped\": 1,"
		    " \"behind_bytes\": 17, \"behind_s\": 2.0, \"files\": ["
		    "{\"path\": \"/a.log\", \"format\": \"ezproxy\", \"state\": \"followed\","
		    " \"size\": 100, \"behind_bytes\": 17, \"behind_s\": 2.0, \"last_read\": null,"
		    " \"last_line\": \"2023-11-14T22:13:20.000Z\", \"error\": \"\"},"
		    "{\"path\": \"/b\\u001b.log\", \"format\": \"f\", \"state\": \"rotated\","
		    " \"size\": 5, \"behind_bytes\": 0, \"behind_s\": 0.0, \"last_read\": null,"
		    " \"last_line\": null, \"error\": \"Input/output error\"}], \"unread\": []}",
		    "", text),
		CTL_OK);
	assert_string_equal(asked, "inputs");
	squeeze(text);
	assert_contains(text, "3 files, 17 bytes and 2.0s behind; 2 open of at most 96;"
			      " 1 path passed over (packed files, folders)\n\n");
	assert_contains(text, "BEHIND B BEHIND SIZE B READ AGO LAST LINE STATE FORMAT FILE\n");
	assert_contains(text, "\n17 2.0s 100 - 2023-11-14T22:13:20Z followed ezproxy /a.log\n");
	/* an error stands for the state, and below in full; a name is harmless on a terminal */
	assert_contains(text, " 5 - - ERROR f /b");
	assert_contains(text, "\nand 1 more, less behind\n");
	assert_contains(text, "/b\\x1B.log: Input/output error\n");
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "never read"));
}

static void
test_one_file(void **state UNUSED)
{
	char text[4096];

	assert_int_equal(run("{\"known\": true, \"total\": 1, \"open\": 1, \"open_limit\": 0,"
			     " \"skipped\": 0, \"behind_bytes\": 0, \"behind_s\": 0.0,"
			     " \"files\": [{\"path\": \"/a\"}], \"unread\": []}",
			     "", text),
			 CTL_OK);
	assert_contains(text, "1 file, 0 bytes and ");
	assert_contains(text, " behind; 1 open\n\n");
	squeeze(text);
	assert_contains(text,
			"\n- - - - - ? ? /a\n"); /* of an older sluiced: what it does not say */
	assert_null(strstr(text, "more, less behind"));
}

static void
test_unread(void **state UNUSED)
{
	char text[4096];

	assert_int_equal(run("{\"known\": true, \"total\": 0, \"files\": [], \"unread\": ["
			     "{\"path\": \"/a\", \"archive\": \"/a.gz\", \"bytes\": 7,"
			     " \"at\": \"2023-11-14T22:13:20.000Z\"},"
			     "{\"path\": \"/b\", \"archive\": \"/b.xz\", \"bytes\": null,"
			     " \"at\": \"2023-11-14T22:13:21.000Z\"}]}",
			     "", text),
			 CTL_OK);
	for (char *c = text; (c = strchr(c, '\n')) != NULL;)
		*c = ' '; /* wherever the terminal's width wraps it */
	squeeze(text);
	assert_contains(text,
			"never read: 7 bytes of /a, packed into /a.gz, seen 2023-11-14T22:13:20Z");
	assert_contains(text, "never read: an unknown number of bytes of /b, packed into /b.xz,"
			      " seen 2023-11-14T22:13:21Z");
	assert_contains(text, "sluicectl inputs --acknowledge ends the warning");
}

static void
test_json(void **state UNUSED)
{
	static const char given[] = "{\"known\": false, \"files\": [{\"path\": \"/\\u00e4\"}]}";
	char text[4096];
	json_t *want = json_loads(given, 0, NULL), *got;

	assert_int_equal(run(given, "--json", text), CTL_OK);
	got = json_loads(text, 0, NULL);
	assert_true(json_equal(got, want));
	json_decref(got);
	json_decref(want);
}

static void
test_acknowledge(void **state UNUSED)
{
	char text[4096];

	assert_int_equal(run("{\"acknowledged\": 1}", "--acknowledge", text), CTL_OK);
	assert_string_equal(asked, "acknowledge");
	assert_string_equal(text, "1 unread file acknowledged\n");
	assert_int_equal(run("{\"acknowledged\": 0}", "--acknowledge", text), CTL_OK);
	assert_string_equal(text, "0 unread files acknowledged\n");
	assert_int_equal(run(NULL, "--acknowledge", text), EX_UNAVAILABLE);
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_known), cmocka_unit_test(test_files),
		cmocka_unit_test(test_one_file),  cmocka_unit_test(test_unread),
		cmocka_unit_test(test_json),	  cmocka_unit_test(test_acknowledge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
