/* SPDX-License-Identifier: MIT */
/*
 * test_settings.c - the settings file, the environment over it, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/settings.h"

static char folder[] = "/tmp/sluice-settings-XXXXXX";
static char path[64], messages[8192];

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void
write_file(const char *text)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/test.conf", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Load the text as a file; what is logged goes to messages. */
static struct settings *
load(const char *text)
{
	struct settings *settings = NULL;
	char log[80];
	int saved = dup(STDERR_FILENO), file;
	ssize_t got;

	write_file(text);
	snprintf(log, sizeof(log), "%s/log", folder);
	file = open(log, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0);
	dup2(file, STDERR_FILENO);
	if (settings_load(path, &settings) != 0)
		assert_null(settings);
	dup2(saved, STDERR_FILENO);
	close(saved);
	lseek(file, 0, SEEK_SET);
	got = read(file, messages, sizeof(messages) - 1);
	messages[got > 0 ? got : 0] = '\0';
	close(file);
	return settings;
}

static void
assert_refused(const char *text, const char *message)
{
	struct settings *settings = load(text);

	if (settings != NULL || strstr(messages, message) == NULL)
		fail_msg("%s\n  should be refused with: %s\n  but got: %s", text, message,
			 messages);
}

static void
test_defaults(void **state)
{
	struct settings *s = load("");

	(void)state;
	assert_non_null(s);
	assert_string_equal(messages, "");
	assert_int_equal(s->input_count, 0);
	assert_int_equal(s->events.count, 0);
	assert_int_equal(s->broker.hosts.count, 1);
	assert_string_equal(s->broker.hosts.items[0], "127.0.0.1:5672");
	assert_string_equal(s->broker.password_file, "/etc/sluice/broker.pass");
	assert_int_equal(s->lake.prefetch, 64);
	assert_int_equal(s->clean.batch_rows, 5000);
	assert_int_equal(s->producer.max_line_bytes, 1048576);
	assert_int_equal(s->identity, IDENTITY_LINE);
	settings_free(&s);
	assert_null(s);
}

static void
test_every_type(void **state)
{
	struct settings *s =
		load("inputs = ( { path = \"/a/*.log\"; format = \"combined\"; },\n"
		     "           { path = \"b\"; routing_key = \"other\"; } );\n"
		     "events = [ \"one\", \"two\" ];\n"
		     "identity = \"position\";\n"
		     "broker : { hosts = [ \"h1:1\", \"h2\" ]; password_file = \"p.pass\"; };\n"
		     "lake : { workers = 7; };\n");

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->input_count, 2);
	assert_string_equal(s->inputs[0].format, "combined");
	assert_string_equal(s->inputs[0].routing_key, "logs");
	assert_string_equal(s->inputs[1].format, "ezproxy");
	assert_string_equal(s->inputs[1].routing_key, "other");
	assert_int_equal(s->events.count, 2);
	assert_string_equal(s->events.items[1], "two");
	assert_int_equal(s->identity, IDENTITY_POSITION);
	assert_int_equal(s->broker.hosts.count, 2);
	assert_string_equal(s->broker.hosts.items[1], "h2");
	assert_int_equal(s->lake.workers, 7);
	/* a relative PATH starts at the settings file's folder */
	assert_true(strncmp(s->broker.password_file, folder, strlen(folder)) == 0);
	settings_free(&s);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"\nlake : { worker = 4; };",
		 "test.conf:2: unknown setting lake.worker: did you mean lake.workers?"},
		{"brokr : { };", "test.conf:1: unknown setting brokr: did you mean broker?"},
		{"input = ( );", "did you mean inputs?"},
		{"zzzzzzzz = 1;", "sluiced -T"},
		{"lake : { workers = \"4\"; };",
		 "lake.workers is a text; it must be a whole number"},
		{"lake : { workers = 1.5; };", "lake.workers is a fraction"},
		{"lake : { workers = 65; };",
		 "lake.workers = 65 is out of range: 0 to 64 processes"},
		{"lake : { workers = -1; };", "out of range"},
		{"producer : { max_line_bytes = 3000000000; };", "write an L behind it"},
		{"producer : { max_line_bytes = 4294968320; };", "write an L behind it"},
		{"producer : { max_line_bytes = 4294968320L; };", "out of range"},
		{"identity = \"lines\";",
		 "identity = \"lines\" is none of line|position: did you mean \"line\"?"},
		{"identity = 1;", "identity is a number; it must be a text in quotes"},
		{"broker : { hosts = \"h\"; };",
		 "broker.hosts is a text; it must be a list of texts"},
		{"broker : { hosts = [ ]; };", "broker.hosts has 0 members; it needs 1 to 16"},
		{"broker = 5;", "broker is a number; it must be a group"},
		{"inputs = [ ];", "inputs must be a list"},
		{"inputs = ( { format = \"common\"; } );", "an input needs a path"},
		{"inputs = ( { path = \"a\"; formt = \"common\"; } );",
		 "unknown setting formt in an input: did you mean format?"},
		{"inputs = ( { path = \"a\"; format = \"apache\"; } );",
		 "is none of ezproxy|common|combined"},
		{"\n\nlake : { workers = ; };", "test.conf:3: syntax error"},
		{"broker : { retry_min_ms = 5000; retry_max_ms = 200; };",
		 "broker.retry_min_ms is larger"},
		{"a = 1;\nlake : { workers = 99; };", "test.conf:2: lake.workers"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].text, cases[i].message);
}

static void
test_missing_file(void **state)
{
	struct settings *settings;

	(void)state;
	assert_int_equal(settings_load("/nonexistent/sluice.conf", &settings), -1);
}

static void
test_environment(void **state)
{
	struct settings *s;

	(void)state;
	setenv("SLUICE_LAKE_WORKERS", "9", 1);
	setenv("SLUICE_BROKER_HOSTS", "a:1,b:2", 1);
	setenv("SLUICE_IDENTITY", "position", 1);
	setenv("SLUICE_LAKE_WORKRES", "9", 1);
	s = load("lake : { workers = 3; };");
	assert_non_null(s);
	assert_int_equal(s->lake.workers, 9);
	assert_int_equal(s->broker.hosts.count, 2);
	assert_string_equal(s->broker.hosts.items[1], "b:2");
	assert_int_equal(s->identity, IDENTITY_POSITION);
	assert_non_null(strstr(messages, "did you mean SLUICE_LAKE_WORKERS?"));
	settings_free(&s);
	unsetenv("SLUICE_LAKE_WORKRES");
	setenv("SLUICE_LAKE_WORKERS", "many", 1);
	assert_refused("", "environment variable SLUICE_LAKE_WORKERS: lake.workers = \"many\" is "
			   "not a whole number");
	setenv("SLUICE_LAKE_WORKERS", "65", 1);
	assert_refused("", "out of range");
	unsetenv("SLUICE_LAKE_WORKERS");
	unsetenv("SLUICE_BROKER_HOSTS");
	unsetenv("SLUICE_IDENTITY");
}

/* What -T prints is a settings file with the same values. */
static void
test_print_reads_back(void **state)
{
	struct settings *first = load("inputs = ( { path = \"/a \\\"b\\\".log\"; } );\n"
				      "events = [ \"a\\\\b\" ];\nlake : { workers = 5; };\n");
	struct settings *second;
	char *once = NULL, *again = NULL;
	size_t size;
	FILE *out;

	(void)state;
	assert_non_null(first);
	out = open_memstream(&once, &size);
	settings_print(first, out);
	fclose(out);
	assert_non_null(strstr(once, "workers = 5;  # "));
	assert_non_null(strstr(once, "test.conf:3"));
	second = load(once);
	assert_non_null(second);
	out = open_memstream(&again, &size);
	settings_print(second, out);
	fclose(out);
	assert_string_equal(second->inputs[0].path, "/a \"b\".log");
	assert_string_equal(second->events.items[0], "a\\b");
	assert_int_equal(second->lake.workers, 5);
	free(once);
	free(again);
	settings_free(&first);
	settings_free(&second);
}

/* etc/sluice.conf is what the table makes of it, and loads. */
static void
test_shipped_file(void **state)
{
	char *template = NULL, shipped[65536];
	struct settings *settings;
	size_t size, got;
	FILE *out = open_memstream(&template, &size);
	FILE *file = fopen("etc/sluice.conf", "r");

	(void)state;
	settings_print_template(out);
	fclose(out);
	assert_non_null(file);
	got = fread(shipped, 1, sizeof(shipped) - 1, file);
	shipped[got] = '\0';
	fclose(file);
	if (strcmp(template, shipped) != 0)
		fail_msg("etc/sluice.conf differs from the table: build/sluiced --template > "
			 "etc/sluice.conf");
	free(template);
	assert_int_equal(settings_load("etc/sluice.conf", &settings), 0);
	assert_int_equal(settings->input_count, 1);
	settings_free(&settings);
}

static void
test_password_file(void **state)
{
	char password[16], error[256];

	(void)state;
	assert_int_equal(
		settings_read_password("", password, sizeof(password), error, sizeof(error)), 0);
	assert_string_equal(password, "");
	write_file("secret\r\nsecond line\n");
	assert_int_equal(
		settings_read_password(path, password, sizeof(password), error, sizeof(error)), 0);
	assert_string_equal(password, "secret");
	write_file("far too long for the buffer\n");
	assert_int_equal(
		settings_read_password(path, password, sizeof(password), error, sizeof(error)), -1);
	assert_null(strstr(error, "far too"));
	assert_int_equal(settings_read_password("/nonexistent", password, sizeof(password), error,
						sizeof(error)),
			 -1);
	assert_non_null(strstr(error, "/nonexistent"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_environment),  cmocka_unit_test(test_print_reads_back),
		cmocka_unit_test(test_shipped_file), cmocka_unit_test(test_password_file),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
