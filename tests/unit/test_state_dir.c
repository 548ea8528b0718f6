/* SPDX-License-Identifier: MIT */
/*
 * test_state_dir.c - what is written is read back; what is not complete is not believed.
 */
#include "producer/state_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sluice-test-checkpoint-XXXXXX";

#define ENTRY(path_text)                                             \
	((struct checkpoint_entry){.path = (path_text),              \
				   .id = "0123456789abcdef",         \
				   .identity = {.device = 2049,      \
						.inode = UINT64_MAX, \
						.birth_ns = 17,      \
						.generation = 3},    \
				   .offset = 52311,                  \
				   .marker = UINT64_C(0xfedcba9876543210)})

static int
set_up(void **state)
{
	struct state_dir *dir = calloc(1, sizeof(*dir));
	static char path[sizeof(folder)];

	memcpy(path, folder, sizeof(folder));
	assert_non_null(mkdtemp(path));
	state_dir_open(dir, path);
	*state = dir;
	return 0;
}

static int
tear_down(void **state)
{
	struct state_dir *dir = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir->path);
	assert_int_equal(system(command), 0);
	state_dir_close(dir);
	free(dir);
	return 0;
}

static void
write_checkpoint(const struct state_dir *dir, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/checkpoint", dir->path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static bool
has_file(const struct state_dir *dir, const char *name)
{
	char path[128];
	struct stat info;

	snprintf(path, sizeof(path), "%s/%s", dir->path, name);
	return lstat(path, &info) == 0;
}

static size_t
load_count(const struct state_dir *dir)
{
	struct checkpoint checkpoint;
	size_t count;

	state_dir_load(dir, &checkpoint);
	count = checkpoint.count;
	checkpoint_clear(&checkpoint);
	return count;
}

static int
store_one(const struct state_dir *dir, int64_t offset)
{
	struct checkpoint checkpoint = {0};
	char path[] = "/a", why[256] = "";
	struct checkpoint_entry entry = ENTRY(path);
	int result;

	entry.offset = offset;
	checkpoint_add(&checkpoint, &entry);
	result = state_dir_store(dir, &checkpoint, why, sizeof(why));
	assert_true(result == 0 || why[0] != '\0');
	checkpoint_clear(&checkpoint);
	return result;
}

static void
test_store_and_load(void **state)
{
	const struct state_dir *dir = *state;
	struct stat info;
	char path[128];

	assert_int_equal(load_count(dir), 0);
	assert_int_equal(store_one(dir, 5), 0);
	assert_int_equal(store_one(dir, 6), 0);
	assert_int_equal(load_count(dir), 1);
	assert_false(has_file(dir, "checkpoint.new"));
	snprintf(path, sizeof(path), "%s/checkpoint", dir->path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777 & ~0640u, 0);
}

static void
test_bad_is_set_aside(void **state)
{
	const struct state_dir *dir = *state;

	write_checkpoint(dir, "");
	assert_int_equal(load_count(dir), 0);
	assert_true(has_file(dir, "checkpoint.bad"));
	assert_false(has_file(dir, "checkpoint"));
	write_checkpoint(dir, "{\"version\":1,\"fil");
	assert_int_equal(load_count(dir), 0);
	assert_false(has_file(dir, "checkpoint"));
}

/* A planted link is replaced, never written through. */
static void
test_no_links(void **state)
{
	const struct state_dir *dir = *state;
	char link[128], target[128];

	snprintf(link, sizeof(link), "%s/checkpoint.new", dir->path);
	snprintf(target, sizeof(target), "%s/victim", dir->path);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(store_one(dir, 5), 0);
	assert_false(has_file(dir, "victim"));
	assert_int_equal(load_count(dir), 1);
}

/* A full disk, as a limit on the size of files: the old checkpoint stays. */
static void
test_full_disk(void **state)
{
	const struct state_dir *dir = *state;
	struct rlimit before, tight = {.rlim_cur = 16, .rlim_max = RLIM_INFINITY};
	struct checkpoint checkpoint;

	assert_int_equal(store_one(dir, 5), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(store_one(dir, 6), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	state_dir_load(dir, &checkpoint);
	assert_int_equal(checkpoint.count, 1);
	assert_int_equal(checkpoint.entries[0].offset, 5);
	checkpoint_clear(&checkpoint);
	assert_int_equal(store_one(dir, 6), 0);
}

static int
exit_code_of(void (*run)(const struct state_dir *dir), const struct state_dir *dir)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		run(dir);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
open_again(const struct state_dir *dir)
{
	struct state_dir second;

	state_dir_open(&second, dir->path);
}

static void
load_it(const struct state_dir *dir)
{
	load_count(dir);
}

static void
test_exit_codes(void **state)
{
	const struct state_dir *dir = *state;

	assert_int_equal(exit_code_of(open_again, dir), EX_UNAVAILABLE); /* the lock */
	write_checkpoint(dir, "{\"version\":99,\"files\":[]}");
	assert_int_equal(exit_code_of(load_it, dir), EX_CONFIG);
	assert_true(has_file(dir, "checkpoint"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_store_and_load, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_is_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_exit_codes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
