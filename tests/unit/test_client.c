/* SPDX-License-Identifier: MIT */
/*
 * test_client.c - requests to sluiced and what becomes of its answers; the test is the other end of
 * the connection.
 */
#include "supervisor/cli/client.h"
#include "common/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

static char said[1024]; /* to standard error */

/* Asks, with what is said in said. */
static json_t *
ask(struct client *client, json_t *arguments, int *exit_code)
{
	int saved = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
	json_t *data;

	dup2(nowhere, STDERR_FILENO);
	log_capture(said, sizeof(said));
	data = client_ask(client, "scale", arguments, exit_code);
	log_capture(NULL, 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(nowhere);
	return data;
}

/* A client that is connected to *sluiced, where the answer waits already; NULL = it was closed. */
static struct client
connected(const char *answer, int *sluiced)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*sluiced = ends[1];
	if (answer != NULL)
		assert_int_equal(write(ends[1], answer, strlen(answer)), strlen(answer));
	else
		shutdown(ends[1], SHUT_RDWR);
	return (struct client){.socket_path = "/run/s", .fd = ends[0]};
}

static void
test_an_answer(void **state UNUSED)
{
	int sluiced, exit_code;
	struct client client = connected("{\"v\":1,\"ok\":true,\"data\":{\"lake\":4}}\n", &sluiced);
	char request[256] = "";
	json_t *data = ask(&client, json_pack("{s:i}", "lake", 4), &exit_code);

	assert_int_equal(exit_code, 0);
	assert_int_equal(json_integer_value(json_object_get(data, "lake")), 4);
	json_decref(data);
	assert_true(read(sluiced, request, sizeof(request) - 1) > 0);
	assert_string_equal(request,
			    "{\"v\":1,\"command\":\"scale\",\"arguments\":{\"lake\":4}}\n");
	/* one connection serves all requests */
	assert_int_equal(write(sluiced, "{\"ok\":true,\"data\":{}}\n", 22), 22);
	data = ask(&client, NULL, &exit_code);
	assert_non_null(data);
	json_decref(data);
	client_close(&client);
	close(sluiced);
}

static void
test_a_refusal(void **state UNUSED)
{
	static const char answer[] =
		"{\"ok\":false,\"error\":\"not\\u001b[2J\\nfor two reasons\",\"exit_code\":78}\n";
	int sluiced, exit_code;
	struct client client = connected(answer, &sluiced);

	assert_null(ask(&client, NULL, &exit_code));
	assert_int_equal(exit_code, 78);
	assert_string_equal(said, "not\x1b[2J\nfor two reasons\n"); /* the log escapes it */
	assert_string_equal(client.refusal, "not\x1b[2J");
	/* behind a screen it is told by whoever has the screen */
	client.on_screen = true;
	assert_int_equal(write(sluiced, answer, strlen(answer)), strlen(answer));
	assert_null(ask(&client, NULL, &exit_code));
	assert_string_equal(said, "");
	client_close(&client);
	close(sluiced);
}

static void
test_answers_that_are_none(void **state UNUSED)
{
	static const char *const answers[] = {NULL, "{\"ok\":tr", "hello\n", "\n",
					      "{\"ok\":true,\"ok\":true}\n"};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		int sluiced, exit_code = 0;
		struct client client = connected(answers[i], &sluiced);

		shutdown(sluiced, SHUT_WR);
		assert_null(ask(&client, NULL, &exit_code));
		assert_int_equal(exit_code, EX_UNAVAILABLE);
		assert_int_equal(client.fd, -1);
		assert_int_equal(strncmp(said, "sluiced does not answer on /run/s", 33), 0);
		close(sluiced);
	}
}

/* Something without "ok", without data, or with another type of it, is a failure, not a crash. */
static void
test_answers_without_sense(void **state UNUSED)
{
	static const char *const answers[] = {"{}\n", "[]\n", "{\"ok\":true}\n",
					      "{\"ok\":true,\"data\":[]}\n",
					      "{\"ok\":1,\"data\":{}}\n"};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		int sluiced, exit_code = 0;
		struct client client = connected(answers[i], &sluiced);

		assert_null(ask(&client, NULL, &exit_code));
		assert_int_equal(exit_code, 1);
		assert_string_equal(said, "sluiced gave no reason\n");
		client_close(&client);
		close(sluiced);
	}
}

static void
test_nobody_is_there(void **state UNUSED)
{
	char too_long[200];
	struct client client = {.socket_path = "/nowhere/sluice.sock", .fd = -1};
	int exit_code = 0;

	assert_null(ask(&client, json_object(), &exit_code));
	assert_int_equal(exit_code, EX_UNAVAILABLE);
	assert_non_null(strstr(said, "is it running?"));
	client.quiet = true;
	assert_null(ask(&client, NULL, &exit_code));
	assert_int_equal(exit_code, EX_UNAVAILABLE);
	assert_string_equal(said, "");
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	client.socket_path = too_long;
	assert_null(ask(&client, NULL, &exit_code));
	assert_int_equal(exit_code, EX_CONFIG);
	client_close(&client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer),
		cmocka_unit_test(test_a_refusal),
		cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_answers_without_sense),
		cmocka_unit_test(test_nobody_is_there),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
