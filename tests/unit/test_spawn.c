/* SPDX-License-Identifier: MIT */
/*
 * test_spawn.c - children as they find themselves: arguments, descriptors, signals; and those that
 * never become their program.
 *
 * The programs are shell scripts in a folder of their own.
 */
#include "supervisor/daemon/spawn.h"
#include "common/base/log.h"
#include "common/settings/settings_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char folder[64], program[96], out[96], conf[96];
	struct spawner spawner;
	struct slot slots[SLOT_COUNT];
	struct slot *slot; /* lake/2 */
};

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Children that are started from now on get this file's settings. */
static int
set_settings(struct fixture *fixture, const char *text)
{
	struct settings *settings;
	char error[256];
	int result;

	write_file(fixture->conf, text);
	assert_int_equal(settings_load(fixture->conf, &settings), 0);
	result = spawner_set_settings(&fixture->spawner, settings, error, sizeof(error));
	settings_free(&settings);
	return result;
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/test_spawn.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->program, sizeof(fixture->program), "%s/sluice-lake-worker",
		 fixture->folder);
	snprintf(fixture->out, sizeof(fixture->out), "%s/out", fixture->folder);
	snprintf(fixture->conf, sizeof(fixture->conf), "%s/sluice.conf", fixture->folder);
	spawner_init(&fixture->spawner, fixture->conf);
	free(fixture->spawner.program_folder);
	fixture->spawner.program_folder = strdup(fixture->folder);
	slots_init(fixture->slots, fixture->spawner.pages);
	fixture->slot = &fixture->slots[role_table[ROLE_LAKE].first_slot + 2];
	assert_int_equal(set_settings(fixture, "lake : { batch_rows = 77; };\n"), 0);
	setenv("OUT", fixture->out, 1);
	*state = fixture;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	spawner_close(&fixture->spawner);
	unlink(fixture->program);
	unlink(fixture->out);
	unlink(fixture->conf);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static void
write_program(struct fixture *fixture, const char *script)
{
	write_file(fixture->program, script);
	chmod(fixture->program, 0755);
}

static int
wait_for(pid_t pid)
{
	int wait_status;

	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	return wait_status;
}

/* Run the slot's program to its end, and return what it has put into $OUT, in new memory. */
static char *
run(struct fixture *fixture)
{
	char *text = calloc(1, 1 << 16);
	pid_t pid = 0;
	FILE *file;

	assert_int_equal(spawner_spawn(&fixture->spawner, fixture->slot, &pid), SPAWN_OK);
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(spawner_exec_result(&fixture->spawner, fixture->slot), SPAWN_OK);
	file = fopen(fixture->out, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	fclose(file);
	return text;
}

static void
assert_has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("no \"%s\" in:\n%s", line, text);
}

static void
test_what_a_child_finds(void **state)
{
	struct fixture *fixture = *state;
	char line[160], *text, *ignored;
	sigset_t blocked, before;

	write_program(fixture, "#!/bin/sh\n"
			       "{ echo \"arguments: $*\"\n"
			       "ls -l /proc/$$/fd\n"
			       "grep -E '^Sig(Blk|Ign)' /proc/self/status\n"
			       "[ \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$ ] && echo own group\n"
			       "grep batch_rows /proc/self/fd/5; } >\"$OUT\" 2>&1\n");
	/* As in sluiced: signals are blocked or ignored, and many descriptors are open. */
	sigfillset(&blocked);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	text = run(fixture);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	snprintf(line, sizeof(line), "arguments: -c %s --slot %u:lake/2\n", fixture->conf,
		 fixture->slot->number);
	assert_has(text, line);
	assert_has(text, " 3 -> /memfd:sluice-status");
	assert_has(text, " 4 -> pipe:");
	assert_has(text, " 5 -> /memfd:sluice-settings");
	for (int fd = 6; fd <= 9; fd++) {
		snprintf(line, sizeof(line), " %d -> ", fd);
		assert_null(strstr(text, line));
	}
	assert_has(text, "SigBlk:\t0000000000000000");
	/* 32 and 33 are libc's, which lets nobody touch them: as whoever runs the test has left them. */
	ignored = strstr(text, "SigIgn:");
	assert_non_null(ignored);
	assert_int_equal(strtoull(ignored + 7, NULL, 16) & ~(UINT64_C(3) << 31), 0);
	assert_has(text, "own group");
	assert_has(text, "batch_rows = 77;");
	free(text);

	/* Whoever is started after a reload has the new settings. */
	assert_int_equal(set_settings(fixture, "lake : { batch_rows = 88; };\n"), 0);
	text = run(fixture);
	assert_has(text, "batch_rows = 88;");
	free(text);
}

/* The copy is for ever: no child can change what its successors get. */
static void
test_settings_are_sealed(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(write(fixture->spawner.settings_fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fixture->spawner.settings_fd, 0), -1);
}

/* When sluiced is gone, however it went, the pipe ends: children do not hold its other end. */
static void
test_the_pipe_ends_with_sluiced(void **state)
{
	struct fixture *fixture = *state;
	struct slot *other = fixture->slot + 1;
	pid_t pid = 0, other_pid = 0;

	write_program(fixture, "#!/bin/sh\nread line <&4 && exit 1\nexit 7\n");
	assert_int_equal(spawner_spawn(&fixture->spawner, fixture->slot, &pid), SPAWN_OK);
	assert_int_equal(spawner_spawn(&fixture->spawner, other, &other_pid), SPAWN_OK);
	close(fixture->spawner.life_write);
	assert_int_equal(wait_for(pid), 7 << 8);
	assert_int_equal(wait_for(other_pid), 7 << 8);
	fixture->spawner.life_write = dup(STDERR_FILENO); /* for spawner_close() */
}

static void
assert_last_error(const struct fixture *fixture, const char *part)
{
	char text[STATUS_TEXT_MAX];

	status_read_text(&fixture->slot->page->last_error, text, sizeof(text));
	assert_has(text, part);
	assert_has(text, fixture->program);
}

static enum spawn_result
result_of_start(struct fixture *fixture)
{
	pid_t pid = 0;

	assert_int_equal(spawner_spawn(&fixture->spawner, fixture->slot, &pid), SPAWN_OK);
	assert_int_equal(wait_for(pid), EXIT_FAILURE << 8);
	return spawner_exec_result(&fixture->spawner, fixture->slot);
}

static void
test_no_program(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(result_of_start(fixture), SPAWN_NEVER);
	assert_last_error(fixture, "cannot execute");
	assert_last_error(fixture, "No such file");
	write_file(fixture->program, "#!/bin/sh\n"); /* without the right to execute it */
	assert_int_equal(result_of_start(fixture), SPAWN_NEVER);
	assert_last_error(fixture, "Permission denied");
}

/* As an installation has it: sbin/sluiced and bin/sluice-lake-worker. */
static void
test_program_in_bin(void **state)
{
	struct fixture *fixture = *state;
	char folder[96];

	write_program(fixture, "#!/bin/sh\necho here >\"$OUT\"\n");
	snprintf(folder, sizeof(folder), "%s/bin", fixture->folder);
	assert_int_equal(symlink(fixture->folder, folder), 0);
	free(fixture->spawner.program_folder);
	fixture->spawner.program_folder = strdup("/nowhere/sbin");
	assert_int_equal(result_of_start(fixture), SPAWN_NEVER);
	free(fixture->spawner.program_folder);
	snprintf(folder, sizeof(folder), "%s/sbin", fixture->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	fixture->spawner.program_folder = strdup(folder);
	free(run(fixture));
	rmdir(folder);
	snprintf(folder, sizeof(folder), "%s/bin", fixture->folder);
	unlink(folder);
}

/* With so many descriptors left, starting fails here or in the child; later it works. */
static void
test_too_few_descriptors(void **state)
{
	struct fixture *fixture = *state;

	write_program(fixture, "#!/bin/sh\necho here >\"$OUT\"\n");
	for (unsigned left = 0; left <= 2; left++) {
		int lowest = dup(STDERR_FILENO);
		struct rlimit normal, low;
		enum spawn_result result;
		pid_t pid = 0;

		close(lowest);
		getrlimit(RLIMIT_NOFILE, &normal);
		low = (struct rlimit){.rlim_cur = (rlim_t)lowest + left,
				      .rlim_max = normal.rlim_max};
		setrlimit(RLIMIT_NOFILE, &low);
		result = spawner_spawn(&fixture->spawner, fixture->slot, &pid);
		if (result == SPAWN_OK) {
			wait_for(pid);
			result = spawner_exec_result(&fixture->spawner, fixture->slot);
		}
		setrlimit(RLIMIT_NOFILE, &normal);
		assert_int_equal(result, SPAWN_LATER);
		assert_last_error(fixture, left < 2 ? "cannot make a pipe for"
						    : "cannot place descriptors for");
	}
	free(run(fixture));
}

static void
test_settings_without_descriptor(void **state)
{
	struct fixture *fixture = *state;
	int lowest, before = fixture->spawner.settings_fd;
	struct rlimit normal, low;
	struct settings *settings;
	char error[256] = "";

	assert_int_equal(settings_load(fixture->conf, &settings), 0);
	lowest = dup(STDERR_FILENO);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &normal);
	low = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = normal.rlim_max};
	setrlimit(RLIMIT_NOFILE, &low);
	assert_int_equal(spawner_set_settings(&fixture->spawner, settings, error, sizeof(error)),
			 -1);
	setrlimit(RLIMIT_NOFILE, &normal);
	assert_has(error, "Too many open files");
	assert_int_equal(fixture->spawner.settings_fd, before);
	assert_int_equal(spawner_set_settings(&fixture->spawner, settings, error, sizeof(error)),
			 0);
	settings_free(&settings);
}

#define SPAWN_TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SPAWN_TEST(test_what_a_child_finds),
		SPAWN_TEST(test_settings_are_sealed),
		SPAWN_TEST(test_the_pipe_ends_with_sluiced),
		SPAWN_TEST(test_no_program),
		SPAWN_TEST(test_program_in_bin),
		SPAWN_TEST(test_too_few_descriptors),
		SPAWN_TEST(test_settings_without_descriptor),
	};

	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
