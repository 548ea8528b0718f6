/* SPDX-License-Identifier: MIT */
/*
 * test_control.c - the control socket against clients that are slow, greedy, rude or many.
 */
#include "supervisor/daemon/control.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "supervisor/shared/request.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct fixture {
	char folder[64], path[96];
	struct control control;
	size_t answer_len; /* 0 = echo */
	unsigned answered;
};

/* "<LINE>" for a line, "too long" for a beginning of one; or answer_len bytes. */
static char *
echo(void *context, const struct peer *peer, const char *line, size_t len, bool complete)
{
	struct fixture *fixture = context;

	fixture->answered++;
	assert_int_equal(peer->uid, geteuid());
	assert_true(peer->may_operate);
	if (!complete)
		return xstrdup("too long\n");
	if (fixture->answer_len > 0) {
		char *answer = xcalloc(fixture->answer_len + 1, 1);

		memset(answer, 'x', fixture->answer_len - 1);
		answer[fixture->answer_len - 1] = '\n';
		return answer;
	}
	return xasprintf("<%.*s>\n", (int)len, line);
}

static int
open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/test_control.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/run/control.sock", fixture->folder);
	control_open(&fixture->control, fixture->path, echo, fixture);
	*state = fixture;
	return 0;
}

static int
close_fixture(void **state)
{
	struct fixture *fixture = *state;
	char run[96];

	control_close(&fixture->control);
	assert_int_equal(access(fixture->path, F_OK), -1);
	snprintf(run, sizeof(run), "%s/run", fixture->folder);
	rmdir(run);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static int
dial(struct fixture *fixture)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Some turns of the main loop, as if it were now_ms. */
static void
turns_at(struct fixture *fixture, int count, int64_t now_ms)
{
	struct pollfd fds[1 + CONTROL_CLIENTS];

	for (int i = 0; i < count; i++) {
		size_t used = control_poll(&fixture->control, fds);

		if (poll(fds, (nfds_t)used, 0) >= 0)
			control_handle(&fixture->control, fds, used, now_ms);
	}
}

static void
turns(struct fixture *fixture, int count)
{
	turns_at(fixture, count, clock_mono_ms());
}

static void
expect(int fd, const char *text)
{
	char got[512];
	ssize_t len = recv(fd, got, sizeof(got) - 1, 0);

	got[MAX(len, 0)] = '\0';
	assert_string_equal(got, text);
}

static bool
is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 0;
}

static void
write_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void
test_lines(void **state)
{
	struct fixture *fixture = *state;
	int fd = dial(fixture);

	write_text(fd, "one\ntwo\n\nthr");
	turns(fixture, 3);
	expect(fd, "<one>\n<two>\n<>\n");
	write_text(fd, "ee");
	turns(fixture, 2);
	assert_int_equal(fixture->answered, 3);
	write_text(fd, "\n");
	turns(fixture, 2);
	expect(fd, "<three>\n");
	/* A client that has said all still gets its answer. */
	write_text(fd, "last\n");
	shutdown(fd, SHUT_WR);
	turns(fixture, 3);
	expect(fd, "<last>\n");
	assert_true(is_closed(fd));
	close(fd);
}

static void
test_mode_and_folder(void **state)
{
	struct fixture *fixture = *state;
	struct stat found;

	assert_int_equal(stat(fixture->path, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0660);
}

static void
test_longest_request(void **state)
{
	struct fixture *fixture = *state;
	char *line = xcalloc(REQUEST_MAX + 2, 1);
	int fd = dial(fixture);

	/* With its line end it just fits. */
	memset(line, 'a', REQUEST_MAX);
	line[REQUEST_MAX - 1] = '\n';
	write_text(fd, line);
	fixture->answer_len = 10;
	turns(fixture, 20);
	expect(fd, "xxxxxxxxx\n");

	line[REQUEST_MAX - 1] = 'a';
	write_text(fd, line);
	turns(fixture, 20);
	expect(fd, "too long\n");
	assert_true(is_closed(fd));
	close(fd);
	free(line);
}

/* Requests of somebody who does not read are left where they are. */
static void
test_who_never_reads_is_not_listened_to(void **state)
{
	struct fixture *fixture = *state;
	int fd = dial(fixture), other = dial(fixture);
	unsigned answered;

	fixture->answer_len = 1 << 20;
	for (int i = 0; i < 100; i++)
		write_text(fd, "give\ngive\ngive\ngive\ngive\n");
	turns(fixture, 10);
	answered = fixture->answered;
	assert_between(answered, 1, 10);
	turns(fixture, 10);
	assert_int_equal(fixture->answered, answered);
	fixture->answer_len = 0;
	write_text(other, "me\n");
	turns(fixture, 3);
	expect(other, "<me>\n");
	close(fd);
	close(other);
	turns(fixture, 3);
	assert_int_equal(control_timeout_ms(&fixture->control, clock_mono_ms(), 12345), 12345);
}

static void
test_timeout(void **state)
{
	struct fixture *fixture = *state;
	int64_t now_ms = clock_mono_ms();
	int idle = dial(fixture), slow = dial(fixture), good;

	turns_at(fixture, 2, now_ms);
	write_text(slow, "a");
	turns_at(fixture, 2, now_ms + CONTROL_TIMEOUT_MS / 2);
	good = dial(fixture);
	turns_at(fixture, 2, now_ms + CONTROL_TIMEOUT_MS / 2);
	/* A byte now and then buys no time. */
	write_text(slow, "b");
	turns_at(fixture, 2, now_ms + CONTROL_TIMEOUT_MS);
	assert_true(is_closed(idle));
	assert_true(is_closed(slow));
	write_text(good, "x\n");
	turns_at(fixture, 2, now_ms + CONTROL_TIMEOUT_MS);
	expect(good, "<x>\n");
	assert_int_equal(control_timeout_ms(&fixture->control, now_ms + CONTROL_TIMEOUT_MS, 99999),
			 CONTROL_TIMEOUT_MS);
	close(idle);
	close(slow);
	close(good);
}

static void
test_newcomers_put_out_the_oldest(void **state)
{
	struct fixture *fixture = *state;
	int fds[CONTROL_CLIENTS + 1];
	int64_t now_ms = clock_mono_ms();

	for (int i = 0; i <= CONTROL_CLIENTS; i++) {
		fds[i] = dial(fixture);
		turns_at(fixture, 1, now_ms + i);
	}
	assert_true(is_closed(fds[0]));
	for (int i = 1; i <= CONTROL_CLIENTS; i++)
		write_text(fds[i], "here\n");
	turns_at(fixture, 2, now_ms);
	for (int i = 1; i <= CONTROL_CLIENTS; i++)
		expect(fds[i], "<here>\n");
	for (int i = 0; i <= CONTROL_CLIENTS; i++)
		close(fds[i]);
}

/*
 * Without a free descriptor the spare one lets one client in; the next waits for it to be free
 * again, and meanwhile poll() must not come back at once for ever.
 */
static void
test_no_free_descriptor(void **state)
{
	struct fixture *fixture = *state;
	int first = dial(fixture), second = dial(fixture), lowest = dup(first);
	int64_t now_ms = clock_mono_ms();
	struct pollfd fds[1 + CONTROL_CLIENTS];
	struct rlimit normal, none;

	close(lowest);
	getrlimit(RLIMIT_NOFILE, &normal);
	none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = normal.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	write_text(first, "first\n");
	write_text(second, "second\n");
	turns_at(fixture, 4, now_ms);
	expect(first, "<first>\n");
	assert_int_equal(fixture->answered, 1);
	assert_int_equal(fixture->control.spare_fd, -1);
	control_poll(&fixture->control, fds);
	assert_int_equal(fds[0].fd, -1);
	assert_between(control_timeout_ms(&fixture->control, now_ms, 99999), 1, 1000);

	/* The client's descriptor becomes the spare one, and that of the test the second client's. */
	close(first);
	turns_at(fixture, 4, now_ms + 1000);
	expect(second, "<second>\n");
	assert_true(fixture->control.spare_fd >= 0);
	setrlimit(RLIMIT_NOFILE, &normal);
	close(second);
	turns_at(fixture, 4, now_ms + 2000);
	assert_int_equal(control_timeout_ms(&fixture->control, now_ms, 12345), 12345);
}

/* The file of a sluiced that was killed is in nobody's way. */
static void
test_stale_socket(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	close(fixture->control.socket.fd);
	close(fixture->control.spare_fd);
	free(fixture->control.socket.path);
	control_open(&fixture->control, fixture->path, echo, fixture);
	fd = dial(fixture);
	write_text(fd, "there\n");
	turns(fixture, 3);
	expect(fd, "<there>\n");
	close(fd);
}

/* Nor is one in ours that only does not answer as sluiced would: it is left alone. */
static void
test_socket_of_another_kind(void **state)
{
	struct fixture *fixture = *state;
	struct control *control = &fixture->control;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int64_t now_ms = clock_mono_ms();
	struct stat before, after;
	char error[512];

	unlink(fixture->path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(lstat(fixture->path, &before), 0);
	assert_int_equal(control_check(control, true, now_ms, error, sizeof(error)), CONTROL_LOST);
	assert_non_null(strstr(error, "another program has the socket "));
	assert_int_equal(lstat(fixture->path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	close(fd);
	unlink(fixture->path);
}

/* A cleaner of temporary files came by, with the folder too; who is connected stays. */
static void
test_file_gone(void **state)
{
	struct fixture *fixture = *state;
	struct control *control = &fixture->control;
	int before = dial(fixture), after;
	int64_t now_ms = clock_mono_ms();
	char error[256], run[96];

	turns(fixture, 2);
	assert_int_equal(control_check(control, true, now_ms, error, sizeof(error)),
			 CONTROL_NO_NEWS);
	unlink(fixture->path);
	snprintf(run, sizeof(run), "%s/run", fixture->folder);
	assert_int_equal(rmdir(run), 0);
	/* not due yet */
	assert_int_equal(control_check(control, false, now_ms + 1000, error, sizeof(error)),
			 CONTROL_NO_NEWS);
	assert_int_equal(control_check(control, false, now_ms + 2000, error, sizeof(error)),
			 CONTROL_MADE_AGAIN);
	assert_int_equal(control_check(control, true, now_ms + 2000, error, sizeof(error)),
			 CONTROL_NO_NEWS);
	after = dial(fixture);
	write_text(before, "old\n");
	write_text(after, "new\n");
	turns(fixture, 4);
	expect(before, "<old>\n");
	expect(after, "<new>\n");
	close(before);
	close(after);
}

/* What is not ours is left alone, and that is said once a minute. */
static void
test_file_of_another(void **state)
{
	struct fixture *fixture = *state;
	struct control *control = &fixture->control, another;
	int64_t now_ms = clock_mono_ms();
	char error[256];
	int fd;

	unlink(fixture->path);
	control_open(&another, fixture->path, echo, fixture);
	assert_int_equal(control_check(control, true, now_ms, error, sizeof(error)), CONTROL_LOST);
	assert_non_null(strstr(error, "another sluiced answers on "));
	assert_int_equal(control_check(control, true, now_ms + 3000, error, sizeof(error)),
			 CONTROL_NO_NEWS);
	assert_int_equal(control_check(control, true, now_ms + 60000, error, sizeof(error)),
			 CONTROL_LOST);
	/* closing ours leaves its file: it is the other's that goes with it */
	assert_int_equal(control_socket_look(&control->socket), CONTROL_SOCKET_FOREIGN);
	control_close(&another);
	fd = open(fixture->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(control_check(control, true, now_ms + 70000, error, sizeof(error)),
			 CONTROL_LOST);
	assert_non_null(strstr(error, "is there and is no socket"));
	close(fd);
	unlink(fixture->path);
	assert_int_equal(control_check(control, true, now_ms + 80000, error, sizeof(error)),
			 CONTROL_MADE_AGAIN);
}

#define CONTROL_TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONTROL_TEST(test_lines),
		CONTROL_TEST(test_mode_and_folder),
		CONTROL_TEST(test_longest_request),
		CONTROL_TEST(test_who_never_reads_is_not_listened_to),
		CONTROL_TEST(test_timeout),
		CONTROL_TEST(test_newcomers_put_out_the_oldest),
		CONTROL_TEST(test_no_free_descriptor),
		CONTROL_TEST(test_stale_socket),
		CONTROL_TEST(test_socket_of_another_kind),
		CONTROL_TEST(test_file_gone),
		CONTROL_TEST(test_file_of_another),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
