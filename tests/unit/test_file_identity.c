/* SPDX-License-Identifier: MIT */
/*
 * test_file_identity.c - ids and markers, which are in checkpoints and must never change.
 */
#include "producer/file_identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char host[256]; /* of this machine, as far as the tests say */
static int host_error;

int
gethostname(char *name, size_t size)
{
	if (host_error != 0) {
		errno = host_error;
		return -1;
	}
	snprintf(name, size, "%s", host);
	return 0;
}

static const char *
id_of(struct file_identity identity, const char *of_host)
{
	static char id[2][FILE_ID_SIZE];
	static int turn;

	turn = 1 - turn;
	snprintf(host, sizeof(host), "%s", of_host);
	file_identity_format(&identity, id[turn]);
	assert_int_equal(strlen(id[turn]), 16);
	return id[turn];
}

/* Machines made from one image have equal files: their lines are told apart by the host. */
static void
test_format(void **state UNUSED)
{
	struct file_identity a = {.device = 2049, .inode = 131, .birth_ns = 1700000000000000000};
	struct file_identity b = a;

	/* FNV-1a of "web1:2049:131:1700000000000000000:0", worked out elsewhere */
	assert_string_equal(id_of(a, "web1"), "aefac79c893499b6");
	assert_string_equal(id_of(a, "web1"), id_of(b, "web1"));
	assert_string_not_equal(id_of(a, "web1"), id_of(b, "web2"));
	b.generation++;
	assert_string_not_equal(id_of(a, "web1"), id_of(b, "web1"));
	b = a;
	b.birth_ns++;
	assert_string_not_equal(id_of(a, "web1"), id_of(b, "web1"));
	b = a;
	b.inode++;
	assert_string_not_equal(id_of(a, "web1"), id_of(b, "web1"));
	b = a;
	b.device++;
	assert_string_not_equal(id_of(a, "web1"), id_of(b, "web1"));
}

static void
test_format_without_a_name(void **state UNUSED)
{
	struct file_identity identity = {.inode = 1};
	const char *nameless = id_of(identity, "");

	host_error = EPERM;
	assert_string_equal(id_of(identity, "unasked"), nameless);
	host_error = 0;
}

static void
test_marker(void **state UNUSED)
{
	FILE *file = tmpfile();
	int fd = fileno(file);
	char bytes[FILE_MARKER_BYTES + 50] = "";
	uint64_t marker;

	/* FNV-1a's published test values */
	assert_int_equal(file_marker("", 0), UINT64_C(0xcbf29ce484222325));
	assert_int_equal(file_marker("foobar", 6), UINT64_C(0x85944171f73967e8));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	assert_int_equal(pwrite(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(file_marker_read(fd, 0, &marker), 0);
	assert_int_equal(marker, FILE_MARKER_NONE);
	assert_int_equal(file_marker_read(fd, 10, &marker), 0);
	assert_int_equal(marker, file_marker(bytes, 10));
	assert_int_equal(file_marker_read(fd, sizeof(bytes), &marker), 0);
	assert_int_equal(marker, file_marker(bytes + 50, FILE_MARKER_BYTES));
	assert_int_equal(file_marker_read(fd, sizeof(bytes) + 1, &marker), -1);
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_without_a_name),
		cmocka_unit_test(test_marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
