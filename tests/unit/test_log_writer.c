/* SPDX-License-Identifier: MIT */
/*
 * test_log_writer.c - lines on pipes, sockets, terminals and files whose readers do not read.
 */
#include "common/base/log_writer.h"
#include "common/base/clock.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* [0] is read from, [1] is written to; neither is O_NONBLOCK, as a shell makes them. */
struct ends {
	int fds[2];
};

static struct ends
make_pipe(void)
{
	struct ends ends;

	assert_int_equal(pipe2(ends.fds, O_CLOEXEC), 0);
	return ends;
}

/* As a pipe that another user made: to open it again is not permitted. */
static struct ends
make_foreign_pipe(void)
{
	struct ends ends = make_pipe();

	assert_int_equal(fchmod(ends.fds[1], 0), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(NOBODY), 0);
	log_writer_open(ends.fds[1]);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	return ends;
}

static void
close_ends(struct ends *ends)
{
	close(ends->fds[0]);
	close(ends->fds[1]);
	log_writer_open(STDERR_FILENO);
}

static bool
put(unsigned number)
{
	char line[300];
	int len = snprintf(line, sizeof(line), "%06u %0*d\n", number, 200, 0);

	return log_writer_put(line, (size_t)len);
}

/* What can be read now, at most so much; then check that it is whole lines that count up from first. */
static unsigned
read_lines(int fd, unsigned first)
{
	static char text[1 << 20];
	size_t used = 0;
	unsigned count = 0;
	int waiting = 0;

	while (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0) {
		ssize_t got = read(fd, text + used, sizeof(text) - 1 - used);

		assert_true(got > 0);
		used += (size_t)got;
	}
	text[used] = '\0';
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		assert_non_null(strchr(line, '\n'));
		assert_int_equal(strchr(line, '\n') - line, 207);
		assert_int_equal(strtoul(line, NULL, 10), first + count);
		count++;
	}
	return count;
}

/* Fill it, see that nothing blocks and that patience ends; read; go on. */
static void
check_stalled(const struct ends *ends)
{
	unsigned written = 0;
	int64_t begin_ms;

	while (put(written))
		written++;
	assert_true(written >= 4);
	begin_ms = clock_mono_ms();
	for (unsigned i = 0; i < 1000; i++)
		assert_false(put(written));
	assert_true(clock_mono_ms() - begin_ms < 900); /* no waiting any more */
	/* the flag is not ours to set */
	assert_int_equal(fcntl(ends->fds[1], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(read_lines(ends->fds[0], 0), written);
	assert_true(put(written));
	assert_int_equal(read_lines(ends->fds[0], written), 1);
}

static void
test_pipe(void **state UNUSED)
{
	struct ends ends = make_pipe();

	log_writer_open(ends.fds[1]);
	check_stalled(&ends);
	close_ends(&ends);
}

static void
test_pipe_of_another_user(void **state UNUSED)
{
	struct ends ends = make_foreign_pipe();

	check_stalled(&ends);
	close_ends(&ends);
}

static void
test_socket(void **state UNUSED)
{
	struct ends ends;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.fds), 0);
	log_writer_open(ends.fds[1]);
	check_stalled(&ends);
	close_ends(&ends);
}

/* Somebody else filled the pipe between a look and a write: nothing of ours could know. */
static void
test_pipe_filled_by_another(void **state UNUSED)
{
	struct ends ends = make_pipe();
	char much[65536];

	memset(much, 'x', sizeof(much));
	log_writer_open(ends.fds[1]);
	assert_true(put(0));
	assert_int_equal(write(ends.fds[1], much, sizeof(much) - 4096),
			 (ssize_t)sizeof(much) - 4096);
	while (put(1))
		;
	assert_false(put(1));
	close_ends(&ends);
}

/* A terminal that was stopped takes a part of a line: the rest of it comes first. */
static void
test_terminal(void **state UNUSED)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	unsigned written = 0;
	struct termios raw;
	char name[64];

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
	    ptsname_r(master, name, sizeof(name)) != 0)
		skip();
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	log_writer_open(slave);
	while (put(written))
		written++;
	assert_true(written > 0);
	for (unsigned i = 0; i < 100; i++)
		assert_false(put(written));
	{
		/* read on until the line that was begun is whole */
		static char text[1 << 20];
		size_t used = 0;
		ssize_t got;

		fcntl(master, F_SETFL, O_NONBLOCK);
		while ((got = read(master, text + used, sizeof(text) - used)) > 0)
			used += (size_t)got;
		assert_true(put(written));
		for (int tries = 0; tries < 1000 && (used == 0 || used % 208 != 0); tries++)
			while ((got = read(master, text + used, sizeof(text) - used)) > 0)
				used += (size_t)got;
		assert_int_equal(used % 208, 0);
		for (size_t at = 0; at < used; at += 208)
			assert_int_equal(strtoul(text + at, NULL, 10), at / 208);
	}
	close(slave);
	close(master);
	log_writer_open(STDERR_FILENO);
}

static void
test_file(void **state UNUSED)
{
	FILE *file = tmpfile();
	char text[64] = "";

	log_writer_open(fileno(file));
	assert_true(log_writer_put("one\n", 4));
	assert_true(log_writer_put("two\n", 4));
	assert_int_equal(pread(fileno(file), text, sizeof(text), 0), 8);
	assert_string_equal(text, "one\ntwo\n");
	fclose(file);
	log_writer_open(STDERR_FILENO);
}

/* Nobody will ever read it: that is no reason to count. */
static void
test_reader_gone(void **state UNUSED)
{
	struct ends ends = make_pipe();

	log_writer_open(ends.fds[1]);
	close(ends.fds[0]);
	assert_true(put(0));
	ends.fds[0] = dup(STDERR_FILENO);
	close_ends(&ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe),	    cmocka_unit_test(test_pipe_of_another_user),
		cmocka_unit_test(test_socket),	    cmocka_unit_test(test_pipe_filled_by_another),
		cmocka_unit_test(test_terminal),    cmocka_unit_test(test_file),
		cmocka_unit_test(test_reader_gone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("log_writer", tests, NULL, NULL);
}
