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
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/host.h"
#include "common/settings/settings.h"

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

static int log_file, saved_stderr;

/* What is logged from here on goes to messages. */
static void
begin_messages(void)
{
	char log[80];

	snprintf(log, sizeof(log), "%s/log", folder);
	log_file = open(log, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(log_file >= 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(log_file, STDERR_FILENO);
}

static void
end_messages(void)
{
	ssize_t got;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	lseek(log_file, 0, SEEK_SET);
	got = read(log_file, messages, sizeof(messages) - 1);
	messages[got > 0 ? got : 0] = '\0';
	close(log_file);
}

/* Load the text as a file; what is logged goes to messages. */
static struct settings *
load(const char *text)
{
	struct settings *settings = NULL;

	write_file(text);
	begin_messages();
	if (settings_load(path, &settings) != 0)
		assert_null(settings);
	end_messages();
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
		{"inputs = ( { path = \"/a\"; format = \"ezproxi\"; } );",
		 "none of ezproxy|common|combined: did you mean \"ezproxy\"?"},
		{"@include \"none.conf\"\n",
		 "test.conf:1: cannot open include file: is it there, and readable?"},
		{"@include \"test.conf\"\n",
		 "include file nesting too deep: does a file include itself?"},
		{"inputs = ( { path = \"a\"; format = \"apache\"; } );",
		 "is none of ezproxy|common|combined"},
		{"\n\nlake : { workers = ; };", "test.conf:3: syntax error"},
		{"broker : { retry_min_ms = 5000; retry_max_ms = 200; };",
		 "broker.retry_min_ms is larger"},
		{"\nbroker : { hosts = [ \"rabbit1:abc\" ]; };",
		 "test.conf:2: broker.hosts: \"rabbit1:abc\" is not host:port"},
		{"database : { hosts = [ \"db:3306\", \"db:99999\" ]; };",
		 "test.conf:1: database.hosts: \"db:99999\" is not host:port or /path/of/socket"},
		{"broker : { hosts = [ \"/run/socket\" ]; };", "\"/run/socket\" is not host:port"},
		{"a = 1;\nlake : { workers = 99; };", "test.conf:2: lake.workers"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].text, cases[i].message);
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *text, *host; /* NULL = refused */
		int port;
	} cases[] = {
		{"rabbit1", "rabbit1", 7},
		{"rabbit1:5672", "rabbit1", 5672},
		{"h:1", "h", 1},
		{"h:65535", "h", 65535},
		{"[::1]", "::1", 7},
		{"[::1]:5672", "::1", 5672},
		{"", NULL, 0},
		{":5672", NULL, 0},
		{"h:", NULL, 0},
		{"h:0", NULL, 0},
		{"h:65536", NULL, 0},
		{"h:99999", NULL, 0},
		{"h:18446744073709551617", NULL, 0},
		{"h:abc", NULL, 0},
		{"h:5672x", NULL, 0},
		{"h:+5", NULL, 0},
		{"h: 5", NULL, 0},
		{"h:-5", NULL, 0},
		{" h:5", NULL, 0},
		{"[::1", NULL, 0},
		{"[]", NULL, 0},
		{"[::1]5", NULL, 0},
		{"[::1]:", NULL, 0},
		{"::1", NULL, 0},
		{"fe80::1", NULL, 0},
		{"amqp://h:5672", NULL, 0},
		{"/run/socket", NULL, 0},
		{"0123456789abcdef", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char host[16];
		int port, result = host_split(cases[i].text, 7, host, sizeof(host), &port);

		if ((result == 0) != (cases[i].host != NULL))
			fail_msg("\"%s\": %d", cases[i].text, result);
		if (result != 0)
			continue;
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
	assert_true(host_is_address("/run/socket", true));
	assert_false(host_is_address("/run/socket", false));
	assert_false(host_is_address("run/socket", true));
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
	setenv("SLUICE_BROKER_HOSTS", "a:1,,b:2", 1);
	assert_refused("", "environment variable SLUICE_BROKER_HOSTS: broker.hosts: \"\" is not ");
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
	write_file("\r\nsecond line\n");
	assert_int_equal(
		settings_read_password(path, password, sizeof(password), error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is empty"));
	assert_int_equal(
		settings_read_password(folder, password, sizeof(password), error, sizeof(error)),
		-1);
	assert_non_null(strstr(error, "Is a directory"));
	write_file("far too long for the buffer\n");
	assert_int_equal(
		settings_read_password(path, password, sizeof(password), error, sizeof(error)), -1);
	assert_null(strstr(error, "far too"));
	assert_int_equal(settings_read_password("/nonexistent", password, sizeof(password), error,
						sizeof(error)),
			 -1);
	assert_non_null(strstr(error, "/nonexistent"));
}

/* Load and check the files that are named; messages holds what the check says. */
static int
check_files(const char *text)
{
	struct settings *settings = load(text);
	int result;

	assert_non_null(settings);
	begin_messages();
	result = settings_check_files(settings);
	end_messages();
	settings_free(&settings);
	return result;
}

static void
test_files(void **state)
{
	static const char good[] = "broker : { password_file = \"test.pass\"; };\n"
				   "database : { password_file = \"\"; };\n";
	char text[1024], name[96];
	FILE *file;

	(void)state;
	snprintf(name, sizeof(name), "%s/test.pass", folder);
	unlink(name);
	assert_int_equal(check_files(good), -1);
	assert_non_null(strstr(messages, "test.conf:1: cannot read the password file /"));
	assert_non_null(strstr(messages, "test.pass: No such file"));
	file = fopen(name, "w");
	assert_int_equal(check_files(good), -1);
	assert_non_null(strstr(messages, "test.pass is empty (broker.password_file"));
	fputs("secret\n", file);
	fclose(file);
	assert_int_equal(chmod(name, 0644), 0);
	assert_int_equal(check_files(good), 0);
	assert_non_null(strstr(messages, "test.pass: any user of this machine can read"));
	assert_int_equal(chmod(name, 0640), 0);
	assert_int_equal(check_files(good), 0);
	assert_string_equal(messages, "");

	/* who starts no workers needs no database, who starts nothing needs no broker */
	snprintf(text, sizeof(text),
		 "broker : { password_file = \"%s\"; };\n"
		 "database : { password_file = \"none.pass\"; };\n"
		 "lake : { workers = 0; };\nclean : { workers = 0; };\n",
		 name);
	assert_int_equal(check_files(text), 0);
	strncat(text, "producer : { count = 0; };\n", sizeof(text) - strlen(text) - 1);
	unlink(name);
	assert_int_equal(check_files(text), 0);
	assert_string_equal(messages, "");
}

static void
test_inputs(void **state)
{
	char text[1024], name[96];

	(void)state;
	snprintf(name, sizeof(name), "%s/loop.log", folder);
	assert_int_equal(symlink("loop.log", name), 0);
	snprintf(
		text, sizeof(text),
		"broker : { password_file = \"\"; };\ndatabase : { password_file = \"\"; };\n"
		"inputs = ( { path = \"%s/loop.*\"; }, { path = \"%s/none.*\"; },\n"
		"  { path = \"%s/no/*.log\"; }, { path = \"%s/test.conf/*.log\"; },\n"
		"  { path = \"%s/test.conf/a\"; }, { path = \"%s\"; }, { path = \"%s/*.conf\"; } );\n",
		folder, folder, folder, folder, folder, folder, folder);
	assert_int_equal(check_files(text), 0);
	assert_non_null(strstr(messages, "/loop.log cannot be read: Too many levels"));
	assert_non_null(strstr(messages, "/none.* now\n"));
	assert_non_null(strstr(messages, "/no: No such file"));
	assert_non_null(strstr(messages, "/test.conf/*.log now: "));
	assert_non_null(strstr(messages, "/test.conf: Not a directory"));
	assert_non_null(strstr(messages, "/test.conf/a: Not a directory"));
	assert_non_null(strstr(messages, "matches no regular file"));
	assert_null(strstr(messages, "*.conf"));
	unlink(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_environment),  cmocka_unit_test(test_print_reads_back),
		cmocka_unit_test(test_shipped_file), cmocka_unit_test(test_password_file),
		cmocka_unit_test(test_hosts),	     cmocka_unit_test(test_files),
		cmocka_unit_test(test_inputs),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
