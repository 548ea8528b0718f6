/* SPDX-License-Identifier: MIT */
/*
 * test_notify.c - what systemd hears, on a socket that stands for its own.
 */
#include "supervisor/daemon/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int systemd = -1; /* its end */
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void
expect(const char *text)
{
	char got[600] = "";
	ssize_t len = recv(systemd, got, sizeof(got) - 1, MSG_DONTWAIT);

	if (text == NULL) {
		assert_int_equal(len, -1);
		assert_int_equal(errno, EAGAIN);
	} else {
		assert_string_equal(got, text);
	}
}

static int
listen_as_systemd(void **state UNUSED)
{
	systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/test_notify.%ld",
		 (long)getpid());
	unlink(address.sun_path);
	return bind(systemd, (const struct sockaddr *)&address, sizeof(address));
}

static int
end_systemd(void **state UNUSED)
{
	close(systemd);
	return unlink(address.sun_path);
}

/* Not started by systemd: nothing happens, and no timeout gets shorter. */
static void
test_without_systemd(void **state UNUSED)
{
	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "1000", 1);
	notify_open();
	notify_send("READY=1");
	notify_watchdog(1000);
	assert_int_equal(notify_timeout_ms(1000, 777), 777);
	expect(NULL);
}

static void
test_under_systemd(void **state UNUSED)
{
	char got[200] = "", pid[32];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "20000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_open();
	/* Children are not asked. */
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	notify_send("READY=1\nSTATUS=%d of %d", 1, 2);
	expect("READY=1\nSTATUS=1 of 2");
	notify_reloading();
	assert_true(recv(systemd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
	assert_int_equal(strncmp(got, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	assert_true(strtoll(got + 27, NULL, 10) > 0);

	/* A sign of life each time that half of the 20 s are over. */
	assert_int_equal(notify_timeout_ms(50000, 777777), 0);
	notify_watchdog(50000);
	expect("WATCHDOG=1");
	notify_watchdog(59999);
	expect(NULL);
	assert_int_equal(notify_timeout_ms(59000, 777777), 1000);
	assert_int_equal(notify_timeout_ms(59000, 500), 500);
	notify_watchdog(60000);
	expect("WATCHDOG=1");
}

/* A systemd that does not read stops nobody. */
static void
test_full_socket(void **state UNUSED)
{
	for (int i = 0; i < 10000; i++)
		notify_send("STATUS=%d", i);
	expect("STATUS=0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_systemd), /* before the others: it stays opened */
		cmocka_unit_test(test_under_systemd),
		cmocka_unit_test(test_full_socket),
	};

	return cmocka_run_group_tests_name("notify", tests, listen_as_systemd, end_systemd);
}
