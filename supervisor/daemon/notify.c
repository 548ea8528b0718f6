/* SPDX-License-Identifier: MIT */
/*
 * notify.c - datagrams to systemd.
 */
#include "supervisor/daemon/notify.h"
#include "common/base/clock.h"
#include "common/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int notify_fd = -1;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_len;
static int64_t watchdog_ms; /* half of what systemd allows; 0 = it does not watch */
static int64_t watchdog_due_ms;

static void
read_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (usec != NULL && (pid == NULL || strtol(pid, NULL, 10) == (long)getpid()))
		watchdog_ms = strtoll(usec, NULL, 10) / 2000;
}

void
notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path != NULL && (path[0] == '/' || path[0] == '@') &&
	    strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path) + 1);
		address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
		if (path[0] == '@')
			address.sun_path[0] = '\0'; /* an abstract name */
		notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		read_watchdog();
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_send(const char *format, ...)
{
	char text[512];
	va_list args;

	if (notify_fd < 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (sendto(notify_fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		   address_len) < 0 &&
	    errno != EAGAIN)
		log_warning("cannot tell systemd \"%.40s\": %s", text, strerror(errno));
}

void
notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_send("RELOADING=1\nMONOTONIC_USEC=%lld",
		    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void
notify_watchdog(int64_t now_ms)
{
	if (watchdog_ms == 0 || now_ms < watchdog_due_ms)
		return;
	watchdog_due_ms = now_ms + watchdog_ms;
	notify_send("WATCHDOG=1");
}

int64_t
notify_timeout_ms(int64_t now_ms, int64_t limit_ms)
{
	if (watchdog_ms == 0)
		return limit_ms;
	return MIN(limit_ms, MAX(0, watchdog_due_ms - now_ms));
}
