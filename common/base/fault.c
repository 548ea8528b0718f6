/* SPDX-License-Identifier: MIT */
/*
 * fault.c - deaths on request, in test builds only.
 */
#include "common/base/fault.h"

#ifdef SLUICE_FAULTS

#include "common/base/defs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { SLEEP_S = 3 };

enum action {
	ACTION_ABORT,
	ACTION_EXIT,
	ACTION_KILL,
	ACTION_HANG,
	ACTION_SPIN,
	ACTION_SLEEP,
	ACTION_FAIL
};

static const char *const action_names[] = {
	[ACTION_ABORT] = "abort", [ACTION_EXIT] = "exit", [ACTION_KILL] = "kill",
	[ACTION_HANG] = "hang",	  [ACTION_SPIN] = "spin", [ACTION_SLEEP] = "sleep",
	[ACTION_FAIL] = "fail",
};

static struct {
	bool is_read, is_armed;
	char name[64];
	enum action action;
	unsigned long at, reached;
	const char *role, *line, *once;
} armed;
static char own_role[64];

void
fault_set_role(const char *role)
{
	snprintf(own_role, sizeof(own_role), "%s", role);
}

/* Without the log: an allocation may be what fails. */
static void
fault_say(const char *what)
{
	dprintf(STDERR_FILENO, "fault: %s[%d]: %s: %s\n",
		own_role[0] != '\0' ? own_role : program_invocation_short_name, (int)getpid(),
		armed.name, what);
}

/* "NAME:ACTION[:N]" */
static void
fault_read_environment(void)
{
	const char *text = getenv("SLUICE_FAULT");
	char action[16] = "", name[64] = "";
	unsigned long at = 1;
	bool known = false;

	armed.is_read = true;
	armed.role = getenv("SLUICE_FAULT_ROLE");
	armed.line = getenv("SLUICE_FAULT_LINE");
	armed.once = getenv("SLUICE_FAULT_ONCE");
	if (text == NULL || text[0] == '\0')
		return;
	if (sscanf(text, "%63[^:]:%15[^:]:%lu", name, action, &at) >= 2)
		for (size_t i = 0; i < ARRAY_LEN(action_names); i++)
			if (strcmp(action, action_names[i]) == 0) {
				armed.action = (enum action)i;
				known = true;
			}
	snprintf(armed.name, sizeof(armed.name), "%s", name);
	armed.at = at;
	armed.is_armed = known && at > 0;
	if (!armed.is_armed) {
		fault_say("SLUICE_FAULT is not NAME:ACTION[:N]");
		_exit(EX_USAGE);
	}
}

/* "lake" is every "lake/N". */
static bool
fault_is_meant(void)
{
	const char *role = own_role[0] != '\0' ? own_role : program_invocation_short_name;
	size_t len;

	if (armed.role == NULL || armed.role[0] == '\0')
		return true;
	len = strlen(armed.role);
	return strncmp(role, armed.role, len) == 0 && (role[len] == '\0' || role[len] == '/');
}

/* Is it the time of this place? */
static bool
is_due(const char *name)
{
	int fd;

	if (!armed.is_read)
		fault_read_environment();
	if (!armed.is_armed || strcmp(name, armed.name) != 0 || !fault_is_meant() ||
	    ++armed.reached != armed.at)
		return false;
	if (armed.once == NULL || armed.once[0] == '\0')
		return true;
	fd = open(armed.once, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void
fault_act(void)
{
	fault_say(action_names[armed.action]);
	switch (armed.action) {
	case ACTION_ABORT:
		abort();
	case ACTION_EXIT:
		_exit(EX_SOFTWARE);
	case ACTION_KILL:
		raise(SIGKILL);
		break;
	case ACTION_HANG:
		for (;;)
			pause();
	case ACTION_SPIN:
		for (volatile int spin = 0;; spin = !spin)
			;
	case ACTION_SLEEP:
		sleep(SLEEP_S);
		break;
	case ACTION_FAIL:
		break;
	}
}

void
fault_point(const char *name)
{
	if (is_due(name))
		fault_act();
}

void
fault_line(const char *name, struct span line)
{
	if (!armed.is_read)
		fault_read_environment();
	if (armed.line != NULL && armed.line[0] != '\0' &&
	    (line.len == 0 || memmem(line.ptr, line.len, armed.line, strlen(armed.line)) == NULL))
		return;
	fault_point(name);
}

bool
fault_fails(const char *name)
{
	if (!is_due(name))
		return false;
	fault_act();
	return true;
}

#else

/* A file without anything in it is not C. */
extern const int fault_is_not_built;

#endif
