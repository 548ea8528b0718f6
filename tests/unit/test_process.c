/* SPDX-License-Identifier: MIT */
/*
 * test_process.c - a program of ours alone and under a supervisor: options, signals, waiting, and
 * the end of the supervisor.
 *
 * Descriptors 3 to 6 of the test become what sluiced would hand over.
 */
#include "common/process/process.h"
#include "common/base/clock.h"
#include "common/process/handover.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { PAGES = 4, PAGE = 2 };

static const struct process_description lake = {
	.role = "lake", .program = "sluice-lake-worker", .purpose = "It does nothing."};
static const struct process_description producer = {.role = "producer",
						    .program = "sluice-producer",
						    .purpose = "It does nothing.",
						    .has_once = true};

struct fixture {
	char path[64]; /* of a settings file */
	struct process process;
	struct status_page *pages; /* as sluiced sees them */
	int life_write;
};

static void
write_text(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static struct status_page *
page_of(struct fixture *fixture, unsigned index)
{
	return (struct status_page *)((char *)fixture->pages + index * STATUS_PAGE_SIZE);
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int fd;

	snprintf(fixture->path, sizeof(fixture->path), "/tmp/test_process.XXXXXX");
	fd = mkstemp(fixture->path);
	write_text(fd, "supervisor : { drain_s = 7; };\n"
		       "log : { level = \"error\"; };\n");
	close(fd);
	fixture->life_write = -1;
	*state = fixture;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;

	settings_free(&fixture->process.settings);
	if (fixture->process.supervised)
		munmap(fixture->pages, (size_t)PAGES * STATUS_PAGE_SIZE);
	if (fixture->process.status != NULL)
		munmap(fixture->process.status, STATUS_PAGE_SIZE);
	if (fixture->process.signal_fd > 0)
		close(fixture->process.signal_fd);
	if (fixture->life_write >= 0)
		close(fixture->life_write);
	close_range(HANDOVER_STATUS_FD, HANDOVER_REPORT_FD, 0);
	unlink(fixture->path);
	free(fixture);
	return 0;
}

static char *
copy_word(char out[128], const char *word)
{
	snprintf(out, 128, "%s", word);
	return out;
}

/* Up to four words of a command line, ended by NULL. */
static void
start(struct fixture *fixture, const struct process_description *description,
      const char *const words[5])
{
	static char copies[5][128];
	char *argv[6] = {copy_word(copies[0], "test")};
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = copy_word(copies[argc], words[argc - 1]);
	optind = 0; /* getopt_long() begins anew */
	process_start(&fixture->process, description, argc, argv);
}

static void
start_alone(struct fixture *fixture)
{
	start(fixture, &lake, (const char *const[5]){"-c", fixture->path});
}

/* Descriptor fd as descriptor to, however they lie. */
static void
move_fd(int fd, int to)
{
	int high = fcntl(fd, F_DUPFD, 20);

	assert_true(high >= 20);
	close(fd);
	assert_int_equal(dup2(high, to), to);
	close(high);
}

/* What sluiced hands over, with settings that differ from the file's. */
static void
hand_over(struct fixture *fixture, uint32_t version)
{
	size_t size = (size_t)PAGES * STATUS_PAGE_SIZE;
	int ends[2], fd;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fixture->life_write = fcntl(ends[1], F_DUPFD_CLOEXEC, 30);
	close(ends[1]);
	move_fd(ends[0], HANDOVER_LIFE_FD);
	fd = memfd_create("pages", 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	fixture->pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(fixture->pages, MAP_FAILED);
	page_of(fixture, PAGE)->version = version;
	move_fd(fd, HANDOVER_STATUS_FD);
	fd = memfd_create("settings", 0);
	write_text(fd, "supervisor : { drain_s = 9; };\nlog : { level = \"error\"; };\n");
	move_fd(fd, HANDOVER_SETTINGS_FD);
}

static void
start_supervised(struct fixture *fixture)
{
	hand_over(fixture, STATUS_VERSION);
	start(fixture, &lake, (const char *const[5]){"-c", fixture->path, "--slot", "2:lake/1"});
}

/* --- the start --- */

static void
test_alone(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = &fixture->process;

	start_alone(fixture);
	assert_string_equal(process->name, "lake");
	assert_false(process->supervised || process->once || process->stop || process->stop_now);
	assert_int_equal(process->supervisor_fd, -1);
	assert_int_equal(process->settings->supervisor.drain_s, 7);
	assert_int_equal(process->status->report, REPORT_STARTING);
}

static void
test_once(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, &producer, (const char *const[5]){"-c", fixture->path, "--once"});
	assert_true(fixture->process.once);
}

/* The page is that of the slot, and what sluiced has accepted counts, not the file. */
static void
test_supervised(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = &fixture->process;

	start_supervised(fixture);
	assert_string_equal(process->name, "lake/1");
	assert_true(process->supervised);
	assert_int_equal(process->settings->supervisor.drain_s, 9);
	assert_string_equal(process->settings->path, fixture->path);
	assert_int_equal(fcntl(HANDOVER_STATUS_FD, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(HANDOVER_LIFE_FD, F_GETFD), FD_CLOEXEC);
	status_add(process->status, COUNTER_BATCHES, 3);
	status_set_report(process->status, REPORT_READY);
	for (unsigned i = 0; i < PAGES; i++)
		assert_int_equal(status_counter(page_of(fixture, i), COUNTER_BATCHES),
				 i == PAGE ? 3 : 0);
	assert_int_equal(page_of(fixture, PAGE)->report, REPORT_READY);
}

/* What a start with these words ends with, in a process of its own that says nothing. */
static int
exit_code_of(struct fixture *fixture, const struct process_description *description,
	     const char *const words[5])
{
	int wait_status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		start(fixture, description, words);
		_exit(99); /* it goes on */
	}
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	assert_true(WIFEXITED(wait_status));
	return WEXITSTATUS(wait_status);
}

static void
test_wrong_starts(void **state)
{
	struct fixture *fixture = *state;
	const char *path = fixture->path;
	const struct {
		const struct process_description *description;
		const char *words[5];
		int exit_code;
	} cases[] = {
		{&lake, {"-c", path}, 99},
		{&lake, {"--help"}, EX_OK},
		{&lake, {"--version"}, EX_OK},
		{&lake, {"--nonsense"}, EX_USAGE},
		{&lake, {"-c", path, "more"}, EX_USAGE},
		{&lake, {"-c", path, "--once"}, EX_USAGE},
		{&lake, {"-c", "/nowhere/sluice.conf"}, EX_CONFIG},
		{&lake, {"--slot", "2:lake/1"}, 99},
		{&lake, {"--slot", "lake/1"}, EX_USAGE},
		{&lake, {"--slot", "2:"}, EX_USAGE},
		{&lake, {"--slot", "1:lake/0"}, EX_USAGE}, /* its page is of another version */
		{&lake, {"--slot", "4:lake/3"}, EX_USAGE}, /* there is no such page */
		{&lake, {"--slot", "9999:lake/3"}, EX_USAGE},
	};

	hand_over(fixture, STATUS_VERSION);
	page_of(fixture, 1)->version = STATUS_VERSION + 1;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int exit_code = exit_code_of(fixture, cases[i].description, cases[i].words);

		if (exit_code != cases[i].exit_code)
			fail_msg("case %zu (%s): %d", i, cases[i].words[0], exit_code);
	}
	munmap(fixture->pages, (size_t)PAGES * STATUS_PAGE_SIZE);
}

/* --- signals and the supervisor's end --- */

static void
send_and_wait(struct process *process, int number)
{
	kill(getpid(), number);
	process_wait(process, NULL, 0, 1000);
}

static void
test_drain_then_end(void **state)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct fixture *fixture = *state;
		struct process *process = &fixture->process;

		if (i == 0)
			start_alone(fixture);
		process->stop = process->stop_now = false;
		send_and_wait(process, SIGHUP); /* wakes it up, and that is all */
		assert_false(process->stop || process->stop_now);
		send_and_wait(process, numbers[i]);
		assert_true(process->stop && !process->stop_now);
		send_and_wait(process, SIGHUP);
		assert_false(process->stop_now);
		send_and_wait(process, SIGTERM);
		assert_true(process->stop && process->stop_now);
	}
}

/* Two that are read in one go are two as well; QUIT alone is enough. */
static void
test_end_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = &fixture->process;

	start_alone(fixture);
	kill(getpid(), SIGINT);
	send_and_wait(process, SIGTERM);
	assert_true(process->stop && process->stop_now);
	process->stop = process->stop_now = false;
	send_and_wait(process, SIGQUIT);
	assert_true(process->stop && process->stop_now);
}

static void
test_supervisor_dies(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = &fixture->process;

	start_supervised(fixture);
	process_wait(process, NULL, 0, 0);
	assert_false(process->stop);
	close(fixture->life_write);
	fixture->life_write = -1;
	process_wait(process, NULL, 0, 1000);
	assert_true(process->stop && !process->stop_now);
	/* The closed pipe is not looked at again: waiting is waiting. */
	assert_int_equal(process->supervisor_fd, -1);
	process->stop = false;
	process_wait(process, NULL, 0, 1);
	assert_false(process->stop);
}

/* One that hangs when the supervisor dies is ended by an alarm, after the time for a drain. */
static void
test_orphan_alarm(void **state)
{
	struct fixture *fixture = *state;

	start_supervised(fixture);
	raise(SIGUSR2);
	assert_between(alarm(0), 9 + 9, 9 + 10);
}

/* --- waiting --- */

static void
test_wait(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = &fixture->process;
	struct pollfd fds[2];
	int ends[2];

	start_alone(fixture);
	assert_int_equal(pipe(ends), 0);
	fds[0] = (struct pollfd){.fd = -1, .events = POLLIN, .revents = POLLIN};
	fds[1] = (struct pollfd){.fd = ends[0], .events = POLLIN, .revents = POLLIN};
	process->status->heartbeat_ms = 0;
	process_wait(process, fds, 2, 1);
	assert_int_equal(fds[0].revents | fds[1].revents, 0);
	assert_true(process->status->heartbeat_ms > 0);
	write_text(ends[1], "x");
	process_wait(process, fds, 2, 1000);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, POLLIN);
	process_wait(process, NULL, 0, -5); /* that is: do not wait */
	close(ends[0]);
	close(ends[1]);
}

/* Who waits has no line in hand: seen by another process while this one is inside. */
static void
test_no_line_in_hand_while_waiting(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = &fixture->process;
	struct pollfd fds = {.events = POLLIN};
	int ends[2];
	pid_t pid;

	start_supervised(fixture);
	status_set_line(process->status, 17);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		while (atomic_load(&process->status->in_hand_line) != SUSPECT_LINE_NONE)
			usleep(1000);
		_exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
	}
	fds.fd = ends[0];
	for (int i = 0; i < 20 && fds.revents == 0; i++)
		process_wait(process, &fds, 1, 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(fds.revents, POLLIN);
	assert_int_equal(process->status->in_hand_line, 17);
	close(ends[0]);
	close(ends[1]);
}

struct idler {
	struct process *process;
	unsigned calls, stop_at, false_at;
};

static bool
idle(void *context)
{
	struct idler *idler = context;

	idler->calls++;
	idler->process->stop = idler->calls == idler->stop_at;
	return idler->calls != idler->false_at;
}

static void
test_pause(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = &fixture->process;
	struct idler idler = {.process = process, .false_at = 5};
	int64_t start_ms;
	int ends[2];

	start_alone(fixture);
	assert_int_equal(pipe(ends), 0);
	write_text(ends[1], "x");
	/* Something to read there is a call each time; false ends the pause early. */
	start_ms = clock_mono_ms();
	process_pause(process, 60000, ends[0], idle, &idler);
	assert_int_equal(idler.calls, 5);
	idler = (struct idler){.process = process, .stop_at = 3};
	process_pause(process, 60000, ends[0], idle, &idler);
	assert_int_equal(idler.calls, 3);
	/* Whoever is to stop does not begin to pause. */
	process_pause(process, 60000, ends[0], idle, &idler);
	assert_int_equal(idler.calls, 3);
	process->stop = false;
	kill(getpid(), SIGTERM);
	process_pause(process, 60000, -1, NULL, NULL);
	assert_true(process->stop);
	assert_true(clock_mono_ms() - start_ms < 60000);
	/* Otherwise it lasts. */
	process->stop = false;
	start_ms = clock_mono_ms();
	process_pause(process, 30, -1, NULL, NULL);
	assert_true(clock_mono_ms() - start_ms >= 30);
	close(ends[0]);
	close(ends[1]);
}

#define PROCESS_TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PROCESS_TEST(test_alone),
		PROCESS_TEST(test_once),
		PROCESS_TEST(test_supervised),
		PROCESS_TEST(test_wrong_starts),
		PROCESS_TEST(test_drain_then_end),
		PROCESS_TEST(test_end_at_once),
		PROCESS_TEST(test_supervisor_dies),
		PROCESS_TEST(test_orphan_alarm),
		PROCESS_TEST(test_wait),
		PROCESS_TEST(test_no_line_in_hand_while_waiting),
		PROCESS_TEST(test_pause),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
