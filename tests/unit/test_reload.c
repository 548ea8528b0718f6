/* SPDX-License-Identifier: MIT */
/*
 * test_reload.c - what a changed file of settings changes, and what leaves everything as it was.
 */
#include "supervisor/daemon/reload.h"
#include "common/base/log.h"
#include "common/settings/settings_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct settings *
settings_of(const char *text)
{
	char path[] = "/tmp/test_reload.XXXXXX";
	struct settings *settings;

	close(mkstemp(path));
	write_file(path, text);
	assert_int_equal(settings_load(path, &settings), 0);
	unlink(path);
	return settings;
}

static void
test_compare(void **state UNUSED)
{
	static const struct {
		const char *before, *after;
		unsigned roles;
		size_t changed, needs_restart;
	} cases[] = {
		{"", "", 0, 0, 0},
		{"", "lake : { workers = 7; };", 0, 1, 0},
		{"", "lake : { workers = 2; };", 0, 0, 0},
		{"", "lake : { batch_rows = 7; };", 1u << ROLE_LAKE, 1, 0},
		{"", "clean : { format = \"common\"; };", 1u << ROLE_CLEAN, 1, 0},
		{"", "identity = \"position\";", (1u << ROLE_COUNT) - 1, 1, 0},
		{"", "broker : { hosts = [ \"a:1\", \"b:2\" ]; };", 7, 1, 0},
		{"", "supervisor : { socket = \"/x\"; drain_s = 5; };", 0, 2, 1},
		{"", "inputs = ( { path = \"/a\"; } );", 1u << ROLE_PRODUCER, 1, 0},
		{"inputs = ( { path = \"/a\"; } );", "inputs = ( { path = \"/b\"; } );",
		 1u << ROLE_PRODUCER, 1, 0},
		{"inputs = ( { path = \"/a\"; } );",
		 "inputs = ( { path = \"/a\"; format = \"ezproxy\"; } );", 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings *before = settings_of(cases[i].before);
		struct settings *after = settings_of(cases[i].after);
		struct reload_changes changes = reload_compare(before, after);

		if (changes.restart_roles != cases[i].roles ||
		    json_array_size(changes.changed) != cases[i].changed ||
		    json_array_size(changes.needs_restart) != cases[i].needs_restart)
			fail_msg("case %zu: roles %u", i, changes.restart_roles);
		reload_clear(&changes);
		settings_free(&before);
		settings_free(&after);
	}
}

/* --- the whole of it, with children that only exist on paper --- */

/* "FROM -> TO" of all details, one per line. */
static void
assert_details(const char *before_text, const char *after_text, const char *wanted)
{
	struct settings *before = settings_of(before_text), *after = settings_of(after_text);
	struct reload_changes changes = reload_compare(before, after);
	char text[1024] = "";
	size_t used = 0, i;
	json_t *detail;

	json_array_foreach(changes.details, i, detail)
	{
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s -> %s\n",
					 json_string_value(json_object_get(detail, "from")),
					 json_string_value(json_object_get(detail, "to")));
	}
	assert_string_equal(text, wanted);
	assert_string_equal(json_string_value(json_array_get(changes.changed, 0)), "inputs");
	reload_clear(&changes);
	settings_free(&before);
	settings_free(&after);
}

static void
test_inputs_in_detail(void **state UNUSED)
{
#define A(format) "{ path = \"/a\"; format = \"" format "\"; routing_key = \"logs\"; }"
#define B "{ path = \"/b\"; format = \"common\"; routing_key = \"logs\"; }"
	assert_details("inputs = ( " A("common") " );", "inputs = ( " A("combined") " );",
		       A("common") " -> " A("combined") "\n");
	assert_details("inputs = ( " A("common") " );", "inputs = ( " B ", " A("common") " );",
		       "(none) -> " B "\n");
	assert_details("inputs = ( " A("common") ", " B " );", "inputs = ( " A("ezproxy") " );",
		       A("common") " -> " A("ezproxy") "\n" B " -> (none)\n");
	assert_details("inputs = ( " A("common") ", " B " );",
		       "inputs = ( " B ", " A("common") " );",
		       "(the same) -> (in another order)\n");
	/* a path may be there twice */
	assert_details("inputs = ( " A("common") " );",
		       "inputs = ( " A("common") ", " A("combined") " );",
		       "(none) -> " A("combined") "\n");
}

#define INPUT "inputs = ( { path = \"/nowhere/a.log\"; } );\n"
#define BEFORE INPUT "lake : { workers = 2; };\nsupervisor : { socket = \"/run/a.sock\"; };\n"

static enum spawn_result
paper_spawn(void *context UNUSED, const struct slot *slot UNUSED, pid_t *pid)
{
	*pid = 4711;
	return SPAWN_OK;
}

static void
paper_signal(void *context UNUSED, pid_t pid UNUSED, int signal_number UNUSED)
{
}

static int
open_supervisor(void **state)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	struct pool_ops ops = {.spawn = paper_spawn, .send_signal = paper_signal};
	char path[] = "/tmp/test_reload.XXXXXX", error[256];

	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	close(mkstemp(path));
	write_file(path, BEFORE);
	supervisor->settings_path = strdup(path);
	assert_int_equal(settings_load(path, &supervisor->settings), 0);
	spawner_init(&supervisor->spawner, supervisor->settings_path);
	assert_int_equal(spawner_set_settings(&supervisor->spawner, supervisor->settings, error,
					      sizeof(error)),
			 0);
	pool_init(&supervisor->pool, &ops, supervisor->spawner.pages);
	pool_set_policy(&supervisor->pool, supervisor->settings);
	pool_scale(&supervisor->pool, ROLE_LAKE, 2);
	*state = supervisor;
	return 0;
}

static int
close_supervisor(void **state)
{
	struct supervisor *supervisor = *state;

	unlink(supervisor->settings_path);
	spawner_close(&supervisor->spawner);
	settings_free(&supervisor->settings);
	free(supervisor->settings_path);
	free(supervisor);
	return 0;
}

static const struct event *
last_event(const struct supervisor *supervisor)
{
	return events_get(&supervisor->pool.events, supervisor->pool.events.count);
}

/* The settings that a child started now would get. */
static char *
handed_over(const struct supervisor *supervisor)
{
	char *text = calloc(1, 1 << 16);

	assert_true(pread(supervisor->spawner.settings_fd, text, (1 << 16) - 1, 0) > 0);
	return text;
}

static void
assert_handed_over(const struct supervisor *supervisor, const char *line)
{
	char *text = handed_over(supervisor);

	if (strstr(text, line) == NULL)
		fail_msg("no \"%s\" in %s", line, text);
	free(text);
}

/* A count is applied at once; what only a restart applies stays, also for new children. */
static void
test_applied(void **state)
{
	struct supervisor *supervisor = *state;
	struct request_error error;
	json_t *answer;

	write_file(supervisor->settings_path,
		   INPUT "lake : { workers = 3; batch_rows = 77; };\n"
			 "supervisor : { socket = \"/run/b.sock\"; drain_s = 5; };\n");
	answer = reload_preview(supervisor, &error);
	assert_true(json_is_false(json_object_get(answer, "applied")));
	assert_int_equal(json_array_size(json_object_get(answer, "changed")), 4);
	assert_int_equal(supervisor->pool.wanted[ROLE_LAKE], 2);
	assert_int_equal(supervisor->settings->lake.workers, 2);
	json_decref(answer);

	answer = reload_settings(supervisor, &error);
	assert_true(json_is_true(json_object_get(answer, "applied")));
	assert_int_equal(json_array_size(json_object_get(answer, "needs_restart")), 1);
	assert_int_equal(supervisor->pool.wanted[ROLE_LAKE], 3);
	assert_int_equal(supervisor->pool.policy.drain_ms, 5000);
	assert_int_equal(supervisor->settings->lake.batch_rows, 77);
	assert_string_equal(supervisor->settings->supervisor.socket, "/run/a.sock");
	assert_handed_over(supervisor, "/run/a.sock");
	assert_handed_over(supervisor, "batch_rows = 77;");
	/* The old ones are restarted in turn; the new one has the new settings already. */
	assert_int_equal(pool_slot(&supervisor->pool, ROLE_LAKE, 0)->roll, ROLL_WAITING);
	assert_int_equal(pool_slot(&supervisor->pool, ROLE_LAKE, 2)->roll, ROLL_NONE);
	assert_int_equal(last_event(supervisor)->kind, EVENT_RELOAD);
	json_decref(answer);
}

/* What was scaled by hand stays, unless the file's own value has changed. */
static void
test_scaled_by_hand(void **state)
{
	struct supervisor *supervisor = *state;
	struct request_error error;

	pool_scale(&supervisor->pool, ROLE_LAKE, 5);
	write_file(supervisor->settings_path, BEFORE "log : { level = \"warning\"; };\n");
	json_decref(reload_settings(supervisor, &error));
	assert_int_equal(supervisor->pool.wanted[ROLE_LAKE], 5);
	write_file(supervisor->settings_path, INPUT "lake : { workers = 1; };\n");
	json_decref(reload_settings(supervisor, &error));
	assert_int_equal(supervisor->pool.wanted[ROLE_LAKE], 1);
}

static void
assert_refused(struct supervisor *supervisor, int exit_code, const char *text)
{
	const struct settings *before = supervisor->settings;
	char *handed_before = handed_over(supervisor), *handed_after;
	uint64_t events = supervisor->pool.events.count;
	struct request_error error;

	assert_null(reload_settings(supervisor, &error));
	assert_int_equal(error.exit_code, exit_code);
	if (strstr(error.text, text) == NULL)
		fail_msg("no \"%s\" in: %s", text, error.text);
	assert_non_null(strstr(error.text, "the settings stay as they were"));
	assert_ptr_equal(supervisor->settings, before);
	assert_string_equal(supervisor->settings->supervisor.socket, "/run/a.sock");
	assert_int_equal(supervisor->settings->lake.workers, 2);
	assert_int_equal(supervisor->pool.wanted[ROLE_LAKE], 2);
	assert_int_equal(pool_slot(&supervisor->pool, ROLE_LAKE, 0)->roll, ROLL_NONE);
	assert_int_equal(supervisor->pool.events.count, events + 1);
	assert_int_equal(last_event(supervisor)->kind, EVENT_REFUSED);
	assert_null(strchr(last_event(supervisor)->text, '\n'));
	handed_after = handed_over(supervisor);
	assert_string_equal(handed_after, handed_before);
	free(handed_before);
	free(handed_after);
}

static void
test_bad_file(void **state)
{
	struct supervisor *supervisor = *state;
	struct request_error error;

	write_file(supervisor->settings_path, INPUT "lake : { workers = 999; wrokers = 1; };\n");
	assert_refused(supervisor, EX_CONFIG, "workers");
	unlink(supervisor->settings_path);
	assert_refused(supervisor, EX_CONFIG, "No such file");
	supervisor->pool.draining = true;
	assert_null(reload_settings(supervisor, &error));
	assert_int_equal(error.exit_code, EX_UNAVAILABLE);
}

#define CHANGED                                             \
	INPUT "lake : { workers = 3; batch_rows = 77; };\n" \
	      "supervisor : { socket = \"/run/b.sock\"; };\n"

static void
test_no_descriptor(void **state)
{
	struct supervisor *supervisor = *state;
	int lowest = dup(STDERR_FILENO);
	struct rlimit normal, none;
	struct request_error error;
	json_t *answer;

	write_file(supervisor->settings_path, CHANGED);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &normal);
	none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = normal.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	assert_refused(supervisor, EX_OSERR, "Too many open files");
	setrlimit(RLIMIT_NOFILE, &normal);
	answer = reload_settings(supervisor, &error);
	assert_non_null(answer);
	assert_int_equal(supervisor->pool.wanted[ROLE_LAKE], 3);
	json_decref(answer);
}

/* The file is good, but there is no memory file for the children's copy of it. */
static void
test_no_memory_file(void **state)
{
	struct supervisor *supervisor = *state;
	struct rlimit normal, none;
	struct request_error error;
	json_t *answer;
	int next_fd;

	write_file(supervisor->settings_path, CHANGED);
	next_fd = dup(STDERR_FILENO);
	close(next_fd);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &normal);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = normal.rlim_max};
	setrlimit(RLIMIT_FSIZE, &none);
	assert_refused(supervisor, EX_OSERR, "cannot make the memory file");
	setrlimit(RLIMIT_FSIZE, &normal);
	signal(SIGXFSZ, SIG_DFL);
	/* No descriptor was left open. */
	assert_int_equal(dup(STDERR_FILENO), next_fd);
	close(next_fd);
	answer = reload_settings(supervisor, &error);
	assert_non_null(answer);
	assert_string_equal(supervisor->settings->supervisor.socket, "/run/a.sock");
	assert_handed_over(supervisor, "batch_rows = 77;");
	json_decref(answer);
}

/* A pipe in the place of a password: sluiced waits for nobody. */
static void
test_password_in_a_pipe(void **state)
{
	struct supervisor *supervisor = *state;
	char folder[] = "/tmp/test_reload_pipe.XXXXXX", file[64], text[512];
	struct request_error error;
	json_t *answer;

	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/pass", folder);
	assert_int_equal(mkfifo(file, 0600), 0);
	snprintf(text, sizeof(text), "%sdatabase : { password_file = \"%s\"; };\n", BEFORE, file);
	write_file(supervisor->settings_path, text);
	alarm(5);
	answer = reload_settings(supervisor, &error);
	alarm(0);
	assert_int_equal(json_array_size(json_object_get(answer, "changed")), 1);
	assert_true(supervisor->passwords.fingerprints[PASSWORD_DATABASE] == 0);
	json_decref(answer);
	unlink(file);
	rmdir(folder);
}

#define RELOAD_TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_supervisor, close_supervisor)

/* Another password in the same file: who logs in with it is restarted, and it is said. */
static void
test_password_changed(void **state)
{
	struct supervisor *supervisor = *state;
	char file[] = "/tmp/test_reload_password.XXXXXX", text[512];
	struct request_error error;
	json_t *answer;

	close(mkstemp(file));
	write_file(file, "first\n");
	snprintf(text, sizeof(text), "%sdatabase : { password_file = \"%s\"; };\n", BEFORE, file);
	write_file(supervisor->settings_path, text);
	json_decref(reload_settings(supervisor, &error));
	write_file(file, "first\n"); /* written anew, but the same */
	answer = reload_settings(supervisor, &error);
	assert_int_equal(json_array_size(json_object_get(answer, "changed")), 0);
	json_decref(answer);

	write_file(file, "second\n");
	answer = reload_preview(supervisor, &error);
	assert_int_equal(json_array_size(json_object_get(answer, "changes")), 1);
	json_decref(answer);
	answer = reload_settings(supervisor, &error);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(answer, "changed"), 0)),
		"database.password_file");
	assert_int_equal(json_array_size(json_object_get(answer, "restarting")), 2);
	assert_null(strstr(json_string_value(json_object_get(
				   json_array_get(json_object_get(answer, "changes"), 0), "to")),
			   "second"));
	json_decref(answer);
	answer = reload_settings(supervisor, &error); /* said once */
	assert_int_equal(json_array_size(json_object_get(answer, "changed")), 0);
	json_decref(answer);

	unlink(file); /* being replaced: no word against what was there */
	answer = reload_settings(supervisor, &error);
	assert_int_equal(json_array_size(json_object_get(answer, "changed")), 0);
	json_decref(answer);
	write_file(file, "third\n");
	answer = reload_settings(supervisor, &error);
	assert_int_equal(json_array_size(json_object_get(answer, "changed")), 1);
	json_decref(answer);
	unlink(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inputs_in_detail),
		RELOAD_TEST(test_password_in_a_pipe),
		cmocka_unit_test_setup_teardown(test_password_changed, open_supervisor,
						close_supervisor),
		cmocka_unit_test(test_compare),
		RELOAD_TEST(test_applied),
		RELOAD_TEST(test_scaled_by_hand),
		RELOAD_TEST(test_bad_file),
		RELOAD_TEST(test_no_descriptor),
		RELOAD_TEST(test_no_memory_file),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
