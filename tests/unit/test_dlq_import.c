/* SPDX-License-Identifier: MIT */
/*
 * test_dlq_import.c - letters from files back into their queue: each once, whatever fails between.
 */
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_id.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_dlq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <cmocka.h>

#define DEAD "queue-data-clean.dead"
#define ARCHIVE "clean-dropped.ndjson"
#define LETTER(body) "{\"queue\": \"clean\", \"body\": \"" body "\"}\n"

enum { LETTERS = 3 };

static const char *const bodies[LETTERS] = {"one", "two", "three"};
static char *path;

static void
write_archive(const char *text)
{
	char *folder = xasprintf("%s/" DLQ_ARCHIVE_FOLDER, fake_dlq.state_dir);
	FILE *file;

	(void)mkdir(folder, 0700);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(folder);
}

static int
setup(void **state)
{
	(void)state;
	fake_dlq_start();
	path = xasprintf("%s/" DLQ_ARCHIVE_FOLDER "/" ARCHIVE, fake_dlq.state_dir);
	write_archive(LETTER("one") LETTER("two") "\n" LETTER("three"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(path);
	fake_dlq_stop();
	return 0;
}

static int
import(void)
{
	fake_dlq_begin_run();
	fake_dlq.run.file = path;
	return dlq_import(&fake_dlq.run);
}

/* By the name of the archive alone. */
static int
restore(void)
{
	fake_dlq_begin_run();
	fake_dlq.run.file = ARCHIVE;
	return dlq_restore(&fake_dlq.run);
}

static void
assert_each_once(void)
{
	assert_int_equal(fake_broker_ready(DEAD), LETTERS);
	for (size_t i = 0; i < LETTERS; i++)
		assert_int_equal(fake_dlq_count(DEAD, bodies[i]), 1);
}

static void
test_import(void **state)
{
	(void)state;
	assert_int_equal(import(), CTL_OK);
	assert_string_equal(fake_dlq_printed(), "3 of 3 letters put into their queue\n");
	assert_each_once();
	/* once more: they are there already */
	assert_int_equal(import(), CTL_OK);
	assert_non_null(strstr(fake_dlq_printed(), "3 letters are in their queue already\n"));
	assert_each_once();
	/* unless it is asked for */
	fake_dlq_begin_run();
	fake_dlq.run.file = path;
	fake_dlq.run.allow_duplicates = true;
	assert_int_equal(dlq_import(&fake_dlq.run), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), 2 * LETTERS);
}

/* As often as a letter is in the file, so often it is put there. */
static void
test_equal_letters(void **state)
{
	(void)state;
	write_archive(LETTER("one") LETTER("one") LETTER("one"));
	fake_broker_put_text(DEAD, "one");
	assert_int_equal(import(), CTL_OK);
	assert_int_equal(fake_dlq_count(DEAD, "one"), 3);
}

static void
test_malformed(void **state)
{
	(void)state;
	write_archive(LETTER("one") "{torn\n" LETTER("two"));
	assert_int_equal(import(), CTL_PARTLY);
	assert_int_equal(fake_broker_ready(DEAD), 2);
	write_archive("no letter at all\n");
	assert_int_equal(import(), EX_DATAERR);
	assert_int_equal(fake_broker_ready(DEAD), 2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(import(), EX_NOINPUT);
	fake_dlq_begin_run();
	assert_int_equal(dlq_import(&fake_dlq.run), EX_USAGE);
}

/* What cannot be sent stays in its archive, and is said. */
static void
test_cannot_be_sent(void **state)
{
	(void)state;
	write_archive(LETTER("one") "{\"queue\": \"clean\", \"body\": \"two\", \"properties\": "
				    "{\"headers\": {\"x\": {\"$text\": \"no base64!\"}}}}\n");
	assert_int_equal(restore(), CTL_PARTLY);
	assert_int_equal(fake_dlq.run.failed, 1);
	assert_int_equal(fake_dlq_count(DEAD, "one"), 1);
	assert_int_equal(fake_dlq_count_archived(ARCHIVE, "one"), 0);
	assert_int_equal(fake_dlq_count_archived(ARCHIVE, "two"), 1);
}

static void
test_restore(void **state)
{
	(void)state;
	write_archive(LETTER("one") LETTER("two") LETTER("three"));
	assert_int_equal(restore(), CTL_OK);
	assert_string_equal(fake_dlq_printed(), "3 of 3 letters put back into their queue\n");
	assert_each_once();
	assert_int_equal(access(path, F_OK), -1); /* nothing is left in it */
	assert_int_equal(restore(), EX_NOINPUT);
}

static void
test_restore_some(void **state)
{
	char error[256], id[DLQ_ID_SIZE];
	struct md5 *md5 = md5_new();

	(void)state;
	fake_dlq_begin_run();
	fake_dlq.run.file = ARCHIVE;
	dlq_id_text(STAGE_CLEAN, dlq_id_of(md5, STAGE_CLEAN, SPAN_NULL, SPAN_LITERAL("two")), id);
	id[6] = '\0'; /* its beginning will do */
	assert_int_equal(dlq_select_add(&fake_dlq.run.select, id, error, sizeof(error)), 0);
	assert_int_equal(dlq_restore(&fake_dlq.run), CTL_OK);
	assert_int_equal(fake_broker_ready(DEAD), 1);
	assert_int_equal(fake_dlq_count(DEAD, "two"), 1);
	assert_int_equal(fake_dlq_count_archived(ARCHIVE, "one"), 1);
	assert_int_equal(fake_dlq_count_archived(ARCHIVE, "two"), 0);
	assert_int_equal(fake_dlq_count_archived(ARCHIVE, "three"), 1);
	md5_free(&md5);
}

static void
test_dry_run(void **state)
{
	(void)state;
	fake_dlq.run.file = ARCHIVE;
	fake_dlq.run.dry_run = true;
	assert_int_equal(dlq_restore(&fake_dlq.run), CTL_OK);
	assert_string_equal(fake_dlq_printed(), "3 letters would be put back into their queue\n");
	assert_int_equal(fake_broker_ready(DEAD), 0);
	assert_int_equal(access(path, F_OK), 0);
}

/* Whichever call fails: nothing is in neither place, and a second run makes all good. */
static void
test_each_call_fails(void **state)
{
	bool failed = true;
	unsigned n;

	(void)state;
	for (n = 1; failed; n++) {
		for (int has_effect = 0; has_effect < 2; has_effect++) {
			int code;

			setup(NULL);
			fake_fail(&(struct fake_fault){
				.nth = n, .outcome = OUTCOME_RETRY, .has_effect = has_effect != 0});
			code = restore();
			failed = fake_calls(NULL) >= n;
			for (size_t i = 0; i < LETTERS; i++)
				assert_true(fake_dlq_count(DEAD, bodies[i]) +
						    fake_dlq_count_archived(ARCHIVE, bodies[i]) >=
					    1);
			if (failed && access(path, F_OK) == 0)
				code = restore();
			assert_int_equal(code, CTL_OK);
			assert_each_once();
			teardown(NULL);
		}
	}
	assert_true(n > 2 * LETTERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_import, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_letters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cannot_be_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore_some, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dry_run, setup, teardown),
		cmocka_unit_test(test_each_call_fails),
	};

	return cmocka_run_group_tests_name("dlq_import", tests, NULL, NULL);
}
