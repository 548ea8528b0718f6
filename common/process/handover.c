/* SPDX-License-Identifier: MIT */
/*
 * handover.c - what sluiced hands over to a child.
 */
#include "common/process/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
handover_format_slot(unsigned number, const char *name, char out[HANDOVER_SLOT_MAX])
{
	snprintf(out, HANDOVER_SLOT_MAX, "%u:%s", number, name);
	return out;
}

int
handover_parse_slot(const char *text, unsigned *number, char *name)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 4 || text[digits] != ':' || text[digits + 1] == '\0' ||
	    strlen(text) >= HANDOVER_SLOT_MAX)
		return -1;
	*number = (unsigned)strtoul(text, NULL, 10);
	snprintf(name, HANDOVER_SLOT_MAX, "%s", text + digits + 1);
	return 0;
}

int
handover_give(struct handover *handover)
{
	const struct {
		int *from, to, flags;
	} rows[] = {
		{&handover->status, HANDOVER_STATUS_FD, 0},
		{&handover->life, HANDOVER_LIFE_FD, 0},
		{&handover->settings, HANDOVER_SETTINGS_FD, 0},
		{&handover->report, HANDOVER_REPORT_FD, O_CLOEXEC},
	};

	/* First all out of the way: one may be where another one goes. */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int copy = fcntl(*rows[i].from, F_DUPFD_CLOEXEC, HANDOVER_END_FD);

		if (copy < 0)
			return -1;
		*rows[i].from = copy;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (dup3(*rows[i].from, rows[i].to, rows[i].flags) < 0)
			return -1;
		*rows[i].from = rows[i].to;
	}
	return close_range(HANDOVER_END_FD, ~0u, 0);
}

void
handover_take(void)
{
	fcntl(HANDOVER_STATUS_FD, F_SETFD, FD_CLOEXEC);
	fcntl(HANDOVER_LIFE_FD, F_SETFD, FD_CLOEXEC);
	fcntl(HANDOVER_SETTINGS_FD, F_SETFD, FD_CLOEXEC);
}

const char *
handover_settings_path(void)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", HANDOVER_SETTINGS_FD);
	return path;
}
