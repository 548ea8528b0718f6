/* SPDX-License-Identifier: MIT */
/*
 * test_handover.c - descriptors that get their numbers, wherever they were; the option of the slot.
 */
#include "common/process/handover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_slot_option(void **state UNUSED)
{
	static const struct {
		const char *text;
		int number; /* -1 = refused */
		const char *name;
	} cases[] = {
		{"0:lake/0", 0, "lake/0"},
		{"128:clean/63", 128, "clean/63"},
		{"7:a:b", 7, "a:b"},
		{.text = "", .number = -1},
		{.text = "7", .number = -1},
		{.text = "7:", .number = -1},
		{.text = ":lake/0", .number = -1},
		{.text = "-1:lake/0", .number = -1},
		{.text = " 1:lake/0", .number = -1},
		{.text = "+1:lake/0", .number = -1},
		{.text = "0x1:lake/0", .number = -1},
		{.text = "4294967296:lake/0", .number = -1},
		{.text = "1:a-name-that-is-longer-than-any-slot-has", .number = -1},
	};
	char text[HANDOVER_SLOT_MAX], name[HANDOVER_SLOT_MAX];
	unsigned number = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int result = handover_parse_slot(cases[i].text, &number, name);

		if (result != (cases[i].number < 0 ? -1 : 0))
			fail_msg("\"%s\": %d", cases[i].text, result);
		if (result != 0)
			continue;
		assert_int_equal(number, cases[i].number);
		assert_string_equal(name, cases[i].name);
	}
	assert_int_equal(
		handover_parse_slot(handover_format_slot(35, "lake/34", text), &number, name), 0);
	assert_int_equal(number, 35);
	assert_string_equal(name, "lake/34");
}

/* In a process of its own, since descriptors are closed wholesale: what work returns. */
static int
in_child(int (*work)(void))
{
	int wait_status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(work());
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFEXITED(wait_status));
	return WEXITSTATUS(wait_status);
}

/* A file that can be told from others, as descriptor fd. */
static ino_t
file_at(int fd)
{
	int file = memfd_create("test", MFD_CLOEXEC);
	struct stat found = {.st_ino = 0};

	fstat(file, &found);
	if (file != fd) {
		dup3(file, fd, O_CLOEXEC);
		close(file);
	}
	return found.st_ino;
}

static bool
is_at(ino_t inode, int fd, int flags)
{
	struct stat found;

	return fstat(fd, &found) == 0 && found.st_ino == inode && fcntl(fd, F_GETFD) == flags;
}

/* Each is where another one is to go. */
static int
give_crosswise(void)
{
	struct handover handover = {.status = HANDOVER_REPORT_FD,
				    .life = HANDOVER_SETTINGS_FD,
				    .settings = HANDOVER_STATUS_FD,
				    .report = HANDOVER_LIFE_FD};
	ino_t status, life, settings, report;

	close_range(HANDOVER_STATUS_FD, ~0u, 0);
	status = file_at(handover.status);
	life = file_at(handover.life);
	settings = file_at(handover.settings);
	report = file_at(handover.report);
	file_at(50);
	if (handover_give(&handover) != 0)
		return 1;
	if (!is_at(status, HANDOVER_STATUS_FD, 0) || !is_at(life, HANDOVER_LIFE_FD, 0) ||
	    !is_at(settings, HANDOVER_SETTINGS_FD, 0))
		return 2;
	if (handover.report != HANDOVER_REPORT_FD || !is_at(report, HANDOVER_REPORT_FD, FD_CLOEXEC))
		return 3;
	for (int fd = HANDOVER_END_FD; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 4;
	handover_take();
	return is_at(status, HANDOVER_STATUS_FD, FD_CLOEXEC) &&
			       is_at(life, HANDOVER_LIFE_FD, FD_CLOEXEC) &&
			       is_at(settings, HANDOVER_SETTINGS_FD, FD_CLOEXEC)
		       ? 0
		       : 5;
}

/* Why it failed can still be told, whichever descriptor it failed for. */
static int
give_without_room(void)
{
	for (unsigned room = 0; room < 4; room++) {
		struct handover handover = {.status = 20, .life = 21, .settings = 22, .report = 23};
		struct rlimit normal, low;
		ino_t report;
		int result;

		close_range(HANDOVER_STATUS_FD, ~0u, 0);
		for (int fd = 20; fd < 23; fd++)
			file_at(fd);
		report = file_at(handover.report);
		getrlimit(RLIMIT_NOFILE, &normal);
		low = (struct rlimit){.rlim_cur = HANDOVER_END_FD + room,
				      .rlim_max = normal.rlim_max};
		setrlimit(RLIMIT_NOFILE, &low);
		result = handover_give(&handover);
		if (result != -1 || (errno != EMFILE && errno != EINVAL))
			return 1;
		if (!is_at(report, handover.report, FD_CLOEXEC))
			return 2;
		setrlimit(RLIMIT_NOFILE, &normal);
	}
	return 0;
}

static void
test_give(void **state UNUSED)
{
	assert_int_equal(in_child(give_crosswise), 0);
	assert_int_equal(in_child(give_without_room), 0);
}

static void
test_settings_path(void **state UNUSED)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", HANDOVER_SETTINGS_FD);
	assert_string_equal(handover_settings_path(), path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_option),
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_settings_path),
	};

	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
