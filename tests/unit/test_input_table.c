/* SPDX-License-Identifier: MIT */
/*
 * test_input_table.c - what the producer writes is what sluiced reads.
 */
#include "common/process/input_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
test_there_and_back(void **state UNUSED)
{
	int memfd = memfd_create("pages", MFD_CLOEXEC);
	struct input_table *shared, *in = calloc(1, sizeof(*in)), *out = calloc(1, sizeof(*out));

	assert_int_equal(ftruncate(memfd, INPUT_TABLE_SIZE - 1), 0);
	assert_null(input_table_attach(memfd)); /* it would be a SIGBUS */
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ftruncate(memfd, INPUT_TABLE_SIZE + 3 * 4096), 0);
	shared = input_table_attach(memfd);
	assert_non_null(shared);
	assert_false(input_table_read(shared, out)); /* nobody has written it */
	in->wall_ms = 4711;
	in->behind_bytes = 3;
	in->rows = 2;
	in->row[1].size = 17;
	strcpy(in->row[1].path, "/a");
	in->unread = 1;
	in->unread_row[0].bytes = -1;
	atomic_store(&shared->acknowledged, 5);
	input_table_write(shared, in);
	assert_true(input_table_read(shared, out));
	assert_int_equal(out->wall_ms, 4711);
	assert_int_equal(out->behind_bytes, 3);
	assert_int_equal(out->rows, 2);
	assert_int_equal(out->row[1].size, 17);
	assert_string_equal(out->row[1].path, "/a");
	assert_int_equal(out->unread_row[0].bytes, -1);
	assert_int_equal(shared->acknowledged, 5); /* sluiced's word stays */
	/* whoever writes nonsense is not read beyond the table */
	shared->rows = 1000000;
	assert_true(input_table_read(shared, out));
	assert_int_equal(out->rows, INPUT_TABLE_ROWS);
	/* a writer died inside its write: torn, until the next one has written */
	atomic_store(&shared->sequence, 7);
	assert_false(input_table_read(shared, out));
	input_table_write(shared, in);
	assert_true(input_table_read(shared, out));
	munmap(shared, INPUT_TABLE_SIZE);
	close(memfd);
	free(in);
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
