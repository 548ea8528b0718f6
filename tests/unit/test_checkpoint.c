/* SPDX-License-Identifier: MIT */
/* checkpoint.c and daemon_lock.c: what is written is read back; what is not whole is not believed. */
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

#define FILE_TEXT(fields) "{\"version\":1,\"files\":[{" fields "}]}"
#define GOOD_FIELDS                                                                          \
	"\"id\":\"0123456789abcdef\",\"device\":1,\"inode\":2,\"birth\":3,\"generation\":0," \
	"\"marker\":\"0123456789abcdef\""

static const struct {
	const char *name, *text;
	enum checkpoint_parse want;
	size_t count;
} cases[] = {
	{"empty", "", CHECKPOINT_BAD, 0},
	{"zeros", "   ", CHECKPOINT_BAD, 0},
	{"torn", "{\"version\":1,\"files\":[{\"path\":\"/a\"", CHECKPOINT_BAD, 0},
	{"something else", "[1,2,3]", CHECKPOINT_BAD, 0},
	{"no version", "{\"files\":[]}", CHECKPOINT_BAD, 0},
	{"version 0", "{\"version\":0,\"files\":[]}", CHECKPOINT_BAD, 0},
	{"no files", "{\"version\":1}", CHECKPOINT_BAD, 0},
	{"newer", "{\"version\":2,\"files\":{}}", CHECKPOINT_NEWER, 0},
	{"no file", "{\"version\":1,\"files\":[]}", CHECKPOINT_GOOD, 0},
	{"one", FILE_TEXT("\"path\":\"/a\",\"offset\":7," GOOD_FIELDS), CHECKPOINT_GOOD, 1},
	{"more fields", FILE_TEXT("\"x\":[],\"path\":\"/a\",\"offset\":7," GOOD_FIELDS),
	 CHECKPOINT_GOOD, 1},
	{"hex path", FILE_TEXT("\"path_hex\":\"2fff\",\"offset\":7," GOOD_FIELDS), CHECKPOINT_GOOD,
	 1},
	{"bad hex path", FILE_TEXT("\"path_hex\":\"2ff\",\"offset\":7," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
	{"hex path with NUL", FILE_TEXT("\"path_hex\":\"2f00\",\"offset\":7," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
	{"no path", FILE_TEXT("\"offset\":7," GOOD_FIELDS), CHECKPOINT_BAD, 0},
	{"no offset", FILE_TEXT("\"path\":\"/a\"," GOOD_FIELDS), CHECKPOINT_BAD, 0},
	{"negative offset", FILE_TEXT("\"path\":\"/a\",\"offset\":-1," GOOD_FIELDS), CHECKPOINT_BAD,
	 0},
	{"offset is a text", FILE_TEXT("\"path\":\"/a\",\"offset\":\"7\"," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
	{"offset twice", FILE_TEXT("\"path\":\"/a\",\"offset\":7,\"offset\":8," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct checkpoint checkpoint;
		char why[256] = "";
		enum checkpoint_parse got = checkpoint_parse(
			&checkpoint, cases[i].text, strlen(cases[i].text), why, sizeof(why));

		if (got != cases[i].want || checkpoint.count != cases[i].count)
			fail_msg("%s: got %d, %zu entries (%s)", cases[i].name, (int)got,
				 checkpoint.count, why);
		assert_true(got == CHECKPOINT_GOOD || why[0] != '\0');
		checkpoint_clear(&checkpoint);
	}
}

static void
assert_same(const struct checkpoint_entry *a, const struct checkpoint_entry *b)
{
	assert_string_equal(a->path, b->path);
	assert_string_equal(a->id, b->id);
	assert_true(file_identity_same(&a->identity, &b->identity));
	assert_int_equal(a->identity.generation, b->identity.generation);
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->marker, b->marker);
	assert_int_equal(a->verified, b->verified);
	assert_int_equal(a->verified_marker, b->verified_marker);
	assert_int_equal(a->gone_s, b->gone_s);
}

static void
test_there_and_back(void **state)
{
	static char paths[][32] = {"/var/log/a.log", "/with \"quotes\" \\ and \n", "/caf\xc3\xa9",
				   "/not utf-8 \xff\xfe"};
	struct checkpoint out = {0}, in;
	char why[256];
	size_t len;
	char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct checkpoint_entry entry = ENTRY(paths[i]);

		entry.gone_s = (int64_t)i;
		checkpoint_add(&out, &entry);
	}
	text = checkpoint_format(&out, &len);
	assert_int_equal(len, strlen(text));
	assert_int_equal(checkpoint_parse(&in, text, len, why, sizeof(why)), CHECKPOINT_GOOD);
	assert_int_equal(in.count, out.count);
	for (size_t i = 0; i < in.count; i++)
		assert_same(&in.entries[i], &out.entries[i]);
	/* Cut anywhere, it is never taken for a whole one. */
	for (size_t cut = 0; cut + 2 < len; cut++) {
		struct checkpoint part;

		assert_int_equal(checkpoint_parse(&part, text, cut, why, sizeof(why)),
				 CHECKPOINT_BAD);
	}
	free(text);
	checkpoint_clear(&in);
	checkpoint_clear(&out);
}

static void
test_expire(void **state)
{
	struct checkpoint checkpoint = {0};
	char path[] = "/a";

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct checkpoint_entry entry = ENTRY(path);

		entry.gone_s = i * 100; /* the first one is there still */
		checkpoint_add(&checkpoint, &entry);
	}
	checkpoint_expire(&checkpoint, 300, 100); /* 100 and 200 are too old */
	assert_int_equal(checkpoint.count, 8);
	checkpoint_expire(&checkpoint, 300, 2);
	assert_int_equal(checkpoint.count, 3);
	for (size_t i = 0; i < checkpoint.count; i++)
		assert_true(checkpoint.entries[i].gone_s == 0 ||
			    checkpoint.entries[i].gone_s >= 800);
	checkpoint_clear(&checkpoint);
}

/* --- on disk --- */

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
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_expire),
		cmocka_unit_test_setup_teardown(test_store_and_load, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_is_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_exit_codes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
