/* SPDX-License-Identifier: MIT */
/*
 * test_settings.c - the settings file, the environment over it, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/settings_text.h"

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
	assert_non_null(strstr(messages, "names no format: its lines are taken for ezproxy"));
	/* a relative path starts there, too */
	assert_true(strncmp(s->inputs[1].path, folder, strlen(folder)) == 0);
	assert_string_equal(s->inputs[1].path + strlen(folder), "/b");
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

/* Who has chosen clean.format has chosen the inputs' too. */
static void
test_format_of_input(void **state)
{
	struct settings *s =
		load("inputs = ( { path = \"/a\"; }, { path = \"/b\"; format = \"common\"; } );\n"
		     "clean : { format = \"combined\"; };\n");

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->inputs[0].format, "combined");
	assert_string_equal(s->inputs[1].format, "common");
	assert_string_equal(messages, "");
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
		assert_null(strstr(messages, "is not found behind"));
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

/* libconfig says where, not what. */
static void
test_duplicates(void **state)
{
	(void)state;
	assert_refused("lake : { workers = 1;\n workers = 2; };",
		       ":2: \"workers\" stands twice in its section");
	assert_refused("lake : { workers = 1; prefetch = 3; workers = 2; };",
		       ":1: \"workers\" stands twice in its section");
	assert_refused("lake : { workers = 1; };\nlake :\n{ prefetch = 2; };",
		       "\"lake\" stands twice in its section");
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_format_of_input),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_that_do_not_fit),
		cmocka_unit_test(test_numbers_of_other_files),
		cmocka_unit_test(test_not_a_settings_file),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
