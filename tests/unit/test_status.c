/* SPDX-License-Identifier: MIT */
/*
 * test_status.c - the page that a child writes and sluiced reads.
 */
#include "common/process/status.h"

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
test_attach(void **state UNUSED)
{
	int memfd = memfd_create("pages", MFD_CLOEXEC);
	uint32_t version = STATUS_VERSION, other = STATUS_VERSION + 1;
	struct status_page *page;

	assert_int_equal(ftruncate(memfd, 3 * STATUS_PAGE_SIZE), 0);
	assert_int_equal(pwrite(memfd, &other, sizeof(other), STATUS_PAGE_SIZE), sizeof(other));
	assert_int_equal(pwrite(memfd, &version, sizeof(version), 2 * STATUS_PAGE_SIZE),
			 sizeof(version));
	errno = 0;
	assert_null(status_attach(memfd, 0)); /* sluiced has not filled it */
	assert_int_equal(errno, EPROTO);
	assert_null(status_attach(memfd, 1));
	assert_int_equal(errno, EPROTO);
	assert_null(status_attach(memfd, 3)); /* beyond the end: reading it would be fatal */
	assert_int_equal(errno, EINVAL);
	assert_null(status_attach(-1, 0));
	assert_int_equal(errno, EBADF);
	page = status_attach(memfd, 2);
	assert_non_null(page);
	munmap(page, STATUS_PAGE_SIZE);
	close(memfd);
}

static void
assert_in_hand(const struct status_page *page, const char *text)
{
	char got[STATUS_TEXT_MAX];

	assert_string_equal(status_in_hand_text(page, got, sizeof(got)), text);
}

static void
test_in_hand(void **state UNUSED)
{
	struct status_page *page = status_private();

	assert_in_hand(page, "");
	status_set_line(page, SUSPECT_LINE_ALL);
	assert_in_hand(page, "a batch");
	status_set_in_hand(page, "id:1");
	assert_in_hand(page, "id:1");
	status_set_line(page, 7);
	assert_in_hand(page, "id:1, line 7");
	status_set_line(page, SUSPECT_LINE_NONE);
	assert_in_hand(page, "id:1");
	munmap(page, STATUS_PAGE_SIZE);
}

/* A child that died inside its write leaves an odd number: unreadable, until its successor writes. */
static void
test_torn_text(void **state UNUSED)
{
	struct status_page *page = status_private();
	char text[STATUS_TEXT_MAX];

	status_set_error(page, "first");
	assert_true(status_read_text(&page->last_error, text, sizeof(text)) > 0);
	assert_string_equal(text, "first");
	page->last_error.sequence++;
	assert_int_equal(status_read_text(&page->last_error, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	status_set_error(page, "second");
	status_read_text(&page->last_error, text, sizeof(text));
	assert_string_equal(text, "second");
	assert_int_equal(page->last_error.sequence % 2, 0);
	munmap(page, STATUS_PAGE_SIZE);
}

/* Whatever is in the page, what is read has an end and fits. */
static void
test_wild_text(void **state UNUSED)
{
	struct status_page *page = status_private();
	char longest[2 * STATUS_TEXT_MAX], text[10];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	status_set_error(page, longest);
	assert_int_equal(page->last_error.text[STATUS_TEXT_MAX - 1], '\0');
	memset(page->last_error.text, 'y', STATUS_TEXT_MAX);
	status_read_text(&page->last_error, text, sizeof(text));
	assert_string_equal(text, "yyyyyyyyy");
	munmap(page, STATUS_PAGE_SIZE);
}

/* Clearing what is clear does not count as a new text. */
static void
test_clearing(void **state UNUSED)
{
	struct status_page *page = status_private();

	status_set_error(page, "");
	assert_int_equal(page->last_error.sequence, 0);
	status_set_error(page, "x");
	status_set_error(page, "");
	assert_int_equal(page->last_error.sequence, 4);
	munmap(page, STATUS_PAGE_SIZE);
}

static void
test_suspects(void **state UNUSED)
{
	struct status_page *page = status_private();
	struct suspects written = {0}, got = {0};
	uint32_t sequence = 0;

	status_read_suspects(page, &sequence, &got); /* never written */
	assert_int_equal(sequence, 0);
	suspects_note(&written, "id:1", 3, SUSPECT_WEIGHT_GUILTY, 1000);
	status_write_suspects(page, &written);
	status_read_suspects(page, &sequence, &got);
	assert_non_null(suspects_guilty(&got, "id:1", 3));
	assert_int_not_equal(sequence, 0);
	/* What is known already is not copied again. */
	got = (struct suspects){0};
	status_read_suspects(page, &sequence, &got);
	assert_false(suspects_has(&got, "id:1"));
	/* While sluiced writes, the child goes on with what it has. */
	page->suspects_sequence++;
	status_read_suspects(page, &sequence, &got);
	assert_false(suspects_has(&got, "id:1"));
	munmap(page, STATUS_PAGE_SIZE);
}

static void
test_names(void **state UNUSED)
{
	assert_string_equal(report_name(REPORT_DRAINING), "draining");
	assert_string_equal(report_name((enum child_report)0xfefefefeu), "unknown");
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		assert_true(counter_name((enum counter)i)[0] != '\0' &&
			    counter_help((enum counter)i)[0] != '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attach),	  cmocka_unit_test(test_in_hand),
		cmocka_unit_test(test_torn_text), cmocka_unit_test(test_wild_text),
		cmocka_unit_test(test_clearing),  cmocka_unit_test(test_suspects),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
