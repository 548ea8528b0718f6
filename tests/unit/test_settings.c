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

#include "common/settings/settings.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"
#include "common/settings/settings_files.h"
#include "common/settings/settings_password.h"
#include "common/settings/settings_template.h"

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
write_beside(const char *name, const char *text)
{
	char beside[96];
	FILE *file;

	snprintf(beside, sizeof(beside), "%s/%s", folder, name);
	file = fopen(beside, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A number is what is written, wherever it stands and whatever stands around it. */
static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t lake, clean; /* workers */
	} cases[] = {
		{"lake : { workers = 2; }; clean : { workers = 4; };", 2, 4},
		{"lake : { workers = 3; workers_ = 0; };", -1, -1},
		{"clean : { workers = 4 } lake : { workers = 2 }", 2, 4},
		{"lake={workers=5}clean={workers=6}", 5, 6},
		{"lake : { autoscale_max = 9; workers = 5; };", 5, 2},
		{"lake : { workers = 5; autoscale_max = 9; };", 5, 2},
		{"lake : { workers\n=\n\n 5; };", 5, 2},
		{"lake : { workers = # workers = 7\n 5; };", 5, 2},
		{"lake : { workers = // workers = 7\n 5; };", 5, 2},
		{"/* workers = 1 */ lake : { workers /* = 7 */ = /* 8 \" */ 5 /* 9; */; };", 5, 2},
		{"# workers = 99999999999\nlake : { workers = 5; };", 5, 2},
		{"lake : { workers = 5; # clean.workers = 99999999999\n};", 5, 2},
		{"events = [ \"workers = 7\", \"a\\\"1\" ]; lake : { workers = 5; };", 5, 2},
		{"events = [ \"\\\\\", \"7\" \"8 // 9\" ]; lake : { workers = 5; };", 5, 2},
		{"events = [ \"# 7\n 8 /* 9\" ]; lake : { workers = 5; };", 5, 2},
		{"events = [ \"\\x41\\n7\" ]; lake : { workers = 5; };", 5, 2},
		{"inputs = ( { path = \"1\"; }, { path = \"/2/*3\"; } ); lake : { workers = 5; };",
		 5, 2},
		{"lake : { workers = 0x10; };", 16, 2},
		{"lake : { workers = 0X1f; };", 31, 2},
		{"lake : { workers = 0x1FL; };", 31, 2},
		{"lake : { workers = 5L; }; clean : { workers = 6LL; };", 5, 6},
		{"lake : { workers = +5; };", 5, 2},
		{"lake : { workers = -0; };", 0, 2},
		{"lake : { workers = 010; };", 10, 2},
		{"lake : { workers = 0000000000000000000000000000005; };", 5, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings *s = load(cases[i].text);

		if (cases[i].lake < 0) {
			assert_null(s);
			continue;
		}
		if (s == NULL || s->lake.workers != cases[i].lake ||
		    s->clean.workers != cases[i].clean)
			fail_msg("%s\n  gives %d and %d\n%s", cases[i].text,
				 s != NULL ? (int)s->lake.workers : -1,
				 s != NULL ? (int)s->clean.workers : -1, messages);
		settings_free(&s);
	}
}

/* A number that does not fit is refused as what it is, never taken for another one. */
static void
test_numbers_that_do_not_fit(void **state)
{
	static const struct {
		const char *number, *message;
	} cases[] = {
		{"3000000000", "producer.max_line_bytes = 3000000000 is out of range"},
		{"3000000000L", "producer.max_line_bytes = 3000000000 is out of range"},
		{"4294968320", "producer.max_line_bytes = 4294968320 is out of range"},
		{"\n\t4294968320", "producer.max_line_bytes = 4294968320 is out of range"},
		{"/* 1024 */ 4294968320 # 1024\n", "= 4294968320 is out of range"},
		{"4294968320L", "= 4294968320 is out of range"},
		{"-4294966272", "= -4294966272 is out of range"},
		{"-1024", "= -1024 is out of range"},
		{"0x100000400", "= 4294968320 is out of range"},
		{"0x100000400L", "= 4294968320 is out of range"},
		{"0xFFFFFFFF", "= 4294967295 is out of range"},
		{"9223372036854775807L", "= 9223372036854775807 is out of range"},
		{"-9223372036854775808L", "= -9223372036854775808 is out of range"},
		/* beyond 64 bits; a syntax error for some versions of libconfig */
		{"18446744073709552640L", "test.conf:1: "},
		{"0x10000000000000400L", "test.conf:1: "},
		{"1e5", "producer.max_line_bytes is a fraction"},
		{"2048.", "producer.max_line_bytes is a fraction"},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "producer : { max_line_bytes = %s; };",
			 cases[i].number);
		assert_refused(text, cases[i].message);
	}
	/* others on the line, before and behind, are not taken for it */
	assert_refused("producer : { frame_lines = 5; max_line_bytes = 4294968320; check_s = 7; };",
		       "producer.max_line_bytes = 4294968320 is out of range");
	/* nor are fractions and names with digits in them, or what is unknown */
	assert_refused("a1 = 1.5; b-2 = [ 3, 4 ]; c = ( 5, -6.e7, ( 0x8 ), { d9 = 10; } );\n"
		       "lake : { workers = 4294967297; };",
		       "test.conf:2: lake.workers = 4294967297 is out of range");
}

static void
test_numbers_of_other_files(void **state)
{
	struct settings *s;

	(void)state;
	write_beside("workers.inc", "# 7\nworkers = 5; autoscale_max\n= 6;\n");
	s = load("lake : {\n@include \"workers.inc\"\nprefetch = 8; };\n"
		 "clean : { prefetch = 9;\n  @include \"workers.inc\"\n};");
	assert_non_null(s);
	assert_int_equal(s->lake.workers, 5);
	assert_int_equal(s->lake.autoscale_max, 6);
	assert_int_equal(s->lake.prefetch, 8);
	assert_int_equal(s->clean.workers, 5);
	assert_int_equal(s->clean.autoscale_max, 6);
	assert_int_equal(s->clean.prefetch, 9);
	settings_free(&s);
	write_beside("workers.inc", "\n\nworkers\n=\n4294967301;\n");
	assert_refused("lake : {\n@include \"workers.inc\"\n};",
		       "workers.inc:3: lake.workers = 4294967301 is out of range");
	/* a name in one file and its number in another */
	write_beside("workers.inc", "4;\n");
	assert_refused("lake : { workers =\n@include \"workers.inc\"\nprefetch = 8; };",
		       "the number of lake.workers is not found behind its name");
}

static void
test_not_a_settings_file(void **state)
{
	struct settings *settings;

	(void)state;
	write_file("");
	assert_int_equal(settings_load(path, &settings), 0);
	settings_free(&settings);
	begin_messages();
	assert_int_equal(settings_load("/nonexistent/sluice.conf", &settings), -1);
	assert_int_equal(settings_load(folder, &settings), -1);
	end_messages();
	assert_non_null(strstr(messages, "/nonexistent/sluice.conf: No such file"));
	assert_non_null(strstr(messages, ": Is a directory"));
	write_file("lake : { workers = 3; };\n");
	assert_int_equal(truncate(path, 4096), 0);
	begin_messages();
	assert_int_equal(settings_load(path, &settings), -1);
	end_messages();
	assert_non_null(strstr(messages, "NUL byte"));
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
	setenv("SLUICE_LAKE_WORKERS", "4294967297", 1);
	assert_refused("", "lake.workers = 4294967297 is out of range");
	setenv("SLUICE_LAKE_WORKERS", "18446744073709551617", 1);
	assert_refused("", "is not a whole number");
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
	settings_template_print(out);
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
		settings_password_read("", password, sizeof(password), error, sizeof(error)), 0);
	assert_string_equal(password, "");
	write_file("secret\r\nsecond line\n");
	assert_int_equal(
		settings_password_read(path, password, sizeof(password), error, sizeof(error)), 0);
	assert_string_equal(password, "secret");
	write_file("\r\nsecond line\n");
	assert_int_equal(
		settings_password_read(path, password, sizeof(password), error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is empty"));
	assert_int_equal(
		settings_password_read(folder, password, sizeof(password), error, sizeof(error)),
		-1);
	assert_non_null(strstr(error, "Is a directory"));
	write_file("far too long for the buffer\n");
	assert_int_equal(
		settings_password_read(path, password, sizeof(password), error, sizeof(error)), -1);
	assert_null(strstr(error, "far too"));
	assert_int_equal(settings_password_read("/nonexistent", password, sizeof(password), error,
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
	result = settings_files_check(settings);
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
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_that_do_not_fit),
		cmocka_unit_test(test_numbers_of_other_files),
		cmocka_unit_test(test_not_a_settings_file),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_print_reads_back),
		cmocka_unit_test(test_shipped_file),
		cmocka_unit_test(test_password_file),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_inputs),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
