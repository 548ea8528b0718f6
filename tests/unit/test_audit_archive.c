/* SPDX-License-Identifier: MIT */
/*
 * test_audit_archive.c - archives of dropped and edited letters as `sluicectl audit` reads them,
 * also while a writer gives a file another name.
 */
#include "common/base/xalloc.h"
#include "supervisor/audit/audit_archive.h"
#include "supervisor/dlq/dlq_archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define ROTATED "lake-dropped-2026-01-02T03:04:05Z-0.ndjson"

struct seen {
	char *state_dir;
	const char *rename_from, *rename_to; /* at the first letter */
	unsigned letters[STAGE_COUNT], warnings;
	char body[64], file_id[64], reason[64], warning[512];
	int64_t offset;
};

static char *
path_of(const struct seen *seen, const char *name)
{
	return xasprintf("%s/" DLQ_ARCHIVE_FOLDER "/%s", seen->state_dir, name);
}

static void
rename_file(struct seen *seen)
{
	char *from = path_of(seen, seen->rename_from), *to = path_of(seen, seen->rename_to);

	assert_int_equal(rename(from, to), 0);
	seen->rename_from = NULL;
	free(from);
	free(to);
}

static void
copy(char out[64], struct span text)
{
	if (text.ptr == NULL)
		text = SPAN_LITERAL("none");
	snprintf(out, 64, "%.*s", (int)text.len, text.ptr);
}

static void
take(void *context, enum stage_id queue, const struct message *message)
{
	struct seen *seen = context;

	seen->letters[queue]++;
	seen->offset = message->offset;
	copy(seen->body, message->body);
	copy(seen->file_id, message->file_id);
	copy(seen->reason, message->reason);
	if (seen->rename_from != NULL)
		rename_file(seen);
}

static void
warn(void *context, const char *text)
{
	struct seen *seen = context;

	seen->warnings++;
	snprintf(seen->warning, sizeof(seen->warning), "%s", text);
}

static void
walk(struct seen *seen)
{
	const struct audit_archive_reader reader = {
		.on_letter = take, .on_warning = warn, .context = seen};

	audit_archive_walk(seen->state_dir, &reader);
}

static void
write_file(const struct seen *seen, const char *name, const char *text)
{
	char *path = path_of(seen, name);
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
	free(path);
}

static int
make_folder(void **state)
{
	static struct seen seen;
	char state_dir[] = "/tmp/sluice-test-XXXXXX", *folder;

	seen = (struct seen){.offset = -2};
	if (mkdtemp(state_dir) == NULL)
		return -1;
	seen.state_dir = xstrdup(state_dir);
	folder = path_of(&seen, "");
	*state = &seen;
	if (mkdir(folder, 0700) != 0)
		return -1;
	free(folder);
	return 0;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"clean-edited.ndjson", "clean-dropped.ndjson",
					    "lake-dropped.ndjson", ROTATED, ""};
	struct seen *seen = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = path_of(seen, names[i]);

		(void)remove(path);
		free(path);
	}
	assert_int_equal(rmdir(seen->state_dir), 0);
	free(seen->state_dir);
	return 0;
}

#define CLEAN_LETTER "{\"queue\": \"queue-data-clean.dead\", \"body\": \"c\"}\n"
#define LAKE_LETTER "{\"queue\": \"queue-data-lake.dead\", \"body\": \"l\"}\n"

static void
test_fields(void **state)
{
	struct seen *seen = *state;

	write_file(seen, "clean-edited.ndjson",
		   "{\"queue\": \"queue-data-clean.dead\", \"body_base64\": \"YQpi\", \"reason\": "
		   "\"broker.rejected\", \"properties\": {\"headers\": {\"x-sluice-file\": \"f\", "
		   "\"x-sluice-offset\": 17, \"x-sluice-reason\": \"line.too_long\"}}}\n");
	walk(seen);
	assert_int_equal(seen->letters[STAGE_CLEAN], 1);
	assert_int_equal(seen->letters[STAGE_LAKE], 0);
	assert_string_equal(seen->body, "a\nb");
	assert_string_equal(seen->file_id, "f");
	assert_string_equal(seen->reason, "line.too_long");
	assert_true(seen->offset == 17);

	write_file(seen, "clean-edited.ndjson",
		   "{\"queue\": \"queue-data-lake.dead\", \"body\": \"\", \"properties\": "
		   "{\"headers\": {\"x-sluice-file\": {\"$text\": \"/w==\"}, \"x-sluice-offset\": "
		   "-9}}}\n");
	walk(seen);
	assert_int_equal(seen->letters[STAGE_LAKE], 1);
	assert_string_equal(seen->file_id, "none");
	assert_string_equal(seen->reason, "none");
	assert_true(seen->offset == -1);
	assert_int_equal(seen->warnings, 0);
}

/* Whatever is renamed while another file is read is still read. */
static void
test_rotation(void **state)
{
	struct seen *seen = *state;

	write_file(seen, "clean-dropped.ndjson", CLEAN_LETTER CLEAN_LETTER);
	write_file(seen, "lake-dropped.ndjson", LAKE_LETTER);
	seen->rename_from = "lake-dropped.ndjson";
	seen->rename_to = ROTATED;
	walk(seen);
	assert_int_equal(seen->letters[STAGE_CLEAN], 2);
	assert_int_equal(seen->letters[STAGE_LAKE], 1);
	assert_int_equal(seen->warnings, 0);
}

static void
test_damage(void **state)
{
	struct seen *seen = *state;

	write_file(seen, "lake-dropped.ndjson", LAKE_LETTER "[]\n\n" LAKE_LETTER "{\"queue\"");
	walk(seen);
	assert_int_equal(seen->letters[STAGE_LAKE], 2);
	assert_int_equal(seen->warnings, 1);
	assert_non_null(strstr(seen->warning, "/lake-dropped.ndjson:2: "));
}

static void
test_no_folder(void **state)
{
	const struct audit_archive_reader reader = {
		.on_letter = take, .on_warning = warn, .context = *state};
	struct seen *seen = *state;

	audit_archive_walk("/nonexistent", &reader);
	assert_int_equal(seen->warnings, 0);
	audit_archive_walk("/dev/null", &reader);
	assert_int_equal(seen->warnings, 1);
	assert_non_null(strstr(seen->warning, "archive /dev/null/" DLQ_ARCHIVE_FOLDER ": "));
}

/* As somebody who has no rights of root. */
static void
walk_without_rights(struct seen *seen)
{
	bool is_root = geteuid() == 0;

	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	walk(seen);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
}

static void
test_permissions(void **state)
{
	struct seen *seen = *state;
	char *file = path_of(seen, "clean-dropped.ndjson"), *folder = path_of(seen, "");

	write_file(seen, "clean-dropped.ndjson", CLEAN_LETTER);
	write_file(seen, "lake-dropped.ndjson", LAKE_LETTER);
	assert_int_equal(chmod(seen->state_dir, 0755), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(file, 0), 0);
	walk_without_rights(seen);
	assert_int_equal(seen->letters[STAGE_CLEAN], 0);
	assert_int_equal(seen->letters[STAGE_LAKE], 1);
	assert_int_equal(seen->warnings, 1);
	assert_non_null(strstr(seen->warning, "/clean-dropped.ndjson: Permission denied: "));

	assert_int_equal(chmod(folder, 0), 0);
	walk_without_rights(seen);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(seen->letters[STAGE_LAKE], 1);
	assert_int_equal(seen->warnings, 2);
	assert_non_null(strstr(seen->warning, "/" DLQ_ARCHIVE_FOLDER ": Permission denied: "));
	free(file);
	free(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fields, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_rotation, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_damage, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_no_folder, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_permissions, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("audit_archive", tests, NULL, NULL);
}
