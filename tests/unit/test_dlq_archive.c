/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_archive.c - files of dropped letters: whole lines only, one writer, nothing overwritten.
 */
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define FILE_NAME "clean-dropped" DLQ_ARCHIVE_SUFFIX

static char state_dir[64];

static int
make_folder(void **state)
{
	(void)state;
	snprintf(state_dir, sizeof(state_dir), "/tmp/sluice-test-XXXXXX");
	return mkdtemp(state_dir) != NULL ? 0 : -1;
}

static char *
path_of(const char *name)
{
	return xasprintf("%s/" DLQ_ARCHIVE_FOLDER "/%s", state_dir, name);
}

/* How many files are in the archive's folder; with remove they are removed. */
static int
count_files(bool remove)
{
	char *folder = path_of("");
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *path = path_of(entry->d_name);

		if (entry->d_name[0] != '.') {
			count++;
			if (remove)
				unlink(path);
		}
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	free(folder);
	return count;
}

static int
remove_folder(void **state)
{
	char *folder = path_of("");

	(void)state;
	count_files(true);
	rmdir(folder);
	free(folder);
	return rmdir(state_dir);
}

static void
write_file(const char *text, size_t len)
{
	char *folder = path_of(""), *path = path_of(FILE_NAME);
	FILE *file;

	(void)mkdir(folder, 0700);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	free(folder);
	free(path);
}

static void
assert_content(const char *wanted)
{
	char *path = path_of(FILE_NAME), text[512] = "";
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	(void)!fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	assert_string_equal(text, wanted);
	free(path);
}

static struct dlq_archive *
open_archive(void)
{
	char error[512] = "";
	struct dlq_archive *archive =
		dlq_archive_open(state_dir, STAGE_CLEAN, "dropped", error, sizeof(error));

	assert_string_equal(error, "");
	assert_non_null(archive);
	return archive;
}

static void
add(struct dlq_archive *archive, int number)
{
	json_t *entry = json_pack("{s:i}", "n", number);

	assert_int_equal(dlq_archive_add(archive, entry), 0);
	json_decref(entry);
}

static void
test_append(void **state)
{
	struct dlq_archive *archive = open_archive();
	struct stat info;

	(void)state;
	add(archive, 1);
	assert_int_equal(dlq_archive_sync(archive), 0);
	assert_content("{\"n\":1}\n");
	assert_int_equal(stat(dlq_archive_path(archive), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	dlq_archive_close(&archive);
	assert_null(archive);
	archive = open_archive();
	add(archive, 2);
	assert_int_equal(dlq_archive_sync(archive), 0);
	dlq_archive_close(&archive);
	assert_content("{\"n\":1}\n{\"n\":2}\n");
	dlq_archive_close(&archive); /* NULL is fine */
}

/* A crash in the middle of a line: its letter is still in the queue. */
static void
test_torn_line(void **state)
{
	static const char torn[] = "{\"n\":1}\n{\"n\":2,\"body\":\"half";
	char long_line[10000];
	struct dlq_archive *archive;

	(void)state;
	write_file(torn, strlen(torn));
	archive = open_archive();
	add(archive, 3);
	dlq_archive_close(&archive);
	assert_content("{\"n\":1}\n{\"n\":3}\n");

	/* longer than what is read at once, and no line end at all */
	memset(long_line, 'x', sizeof(long_line));
	write_file(long_line, sizeof(long_line));
	archive = open_archive();
	add(archive, 4);
	dlq_archive_close(&archive);
	assert_content("{\"n\":4}\n");
	memcpy(long_line, "first\n", 6);
	write_file(long_line, sizeof(long_line));
	archive = open_archive();
	dlq_archive_close(&archive);
	assert_content("first\n");
}

static void
test_rotation(void **state)
{
	char *path = path_of(FILE_NAME);
	struct dlq_archive *archive = open_archive();
	struct stat info;
	int fd;

	(void)state;
	dlq_archive_close(&archive);
	/* a file with a hole, as large as one may become */
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "\n", 1, DLQ_ARCHIVE_BYTES - 1), 1);
	close(fd);
	archive = open_archive();
	assert_int_equal(count_files(false), 2);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, 0);
	add(archive, 1);
	dlq_archive_close(&archive);
	assert_content("{\"n\":1}\n");
	/* twice within a second: the name of the first one is taken */
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "\n", 1, DLQ_ARCHIVE_BYTES - 1), 1);
	close(fd);
	archive = open_archive();
	dlq_archive_close(&archive);
	assert_int_equal(count_files(false), 3);
	free(path);
}

static void
test_one_writer(void **state)
{
	struct dlq_archive *archive = open_archive();
	char *folder = path_of("");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	dlq_archive_close(&archive);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	fd = dlq_archive_lock(folder);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(dlq_archive_lock("/nowhere/at/all"), -1);
	free(folder);
}

static void
test_refused(void **state)
{
	char error[512] = "", *folder = path_of(""), *path = path_of(FILE_NAME);

	(void)state;
	assert_null(dlq_archive_open("/proc/self/no", STAGE_LAKE, "edited", error, sizeof(error)));
	assert_non_null(strstr(error, "/proc/self/no/dead-letters/lake-edited.ndjson"));
	assert_non_null(strstr(error, "supervisor.state_dir"));
	/* somebody's link in place of the file is not followed */
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	error[0] = '\0';
	assert_null(dlq_archive_open(state_dir, STAGE_CLEAN, "dropped", error, sizeof(error)));
	assert_true(error[0] != '\0');
	free(folder);
	free(path);
}

/* What does not reach the disk must not be taken for safe. */
static void
test_disk_full(void **state)
{
	struct dlq_archive *archive = open_archive();
	char *path = path_of(FILE_NAME), body[2048];
	json_t *entry;
	int full = open("/dev/full", O_WRONLY), fd = -1;
	int result;

	(void)state;
	assert_true(full >= 0);
	for (int i = 0; i < 64 && fd < 0; i++) {
		char link[64], target[256] = "";

		snprintf(link, sizeof(link), "/proc/self/fd/%d", i);
		(void)!readlink(link, target, sizeof(target) - 1);
		fd = strcmp(target, path) == 0 ? i : -1;
	}
	assert_true(fd >= 0);
	assert_int_equal(dup2(full, fd), fd);
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	entry = json_pack("{s:s}", "body", body);
	result = dlq_archive_add(archive, entry);
	assert_true(result != 0 || dlq_archive_sync(archive) != 0);
	json_decref(entry);
	dlq_archive_close(&archive);
	close(full);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_append, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_torn_line, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_rotation, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_one_writer, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_refused, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_disk_full, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("dlq_archive", tests, NULL, NULL);
}
