/* SPDX-License-Identifier: MIT */
/*
 * deaths.c - a ring of the last deaths.
 */
#include "supervisor/daemon/deaths.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct death *
deaths_next(struct deaths *deaths, enum role_id role)
{
	struct death *death = &deaths->ring[deaths->count++ % DEATHS_KEPT];

	deaths->by_role[role]++;
	*death = (struct death){.why = ""};
	return death;
}

const struct death *
deaths_get(const struct deaths *deaths, size_t age)
{
	if (age >= deaths->count || age >= DEATHS_KEPT)
		return NULL;
	return &deaths->ring[(deaths->count - 1 - age) % DEATHS_KEPT];
}

const char *
death_cause(int exit_code, int signal, char *out, size_t out_size)
{
	static const struct {
		int exit_code;
		const char *meaning;
	} meanings[] = {
		{EX_USAGE, " (wrong options: are all programs of one version?)"},
		{EX_NOINPUT, " (nothing to read: its own log line says what)"},
		{EX_UNAVAILABLE, " (not reachable: its own log line says what)"},
		{EX_SOFTWARE, " (internal error)"},
		{EX_OSERR, " (the system refused something)"},
		{EX_CANTCREAT, " (a file cannot be made: its own log line says which)"},
		{EX_TEMPFAIL, " (not done in time: its own log line says what)"},
		{EX_NOPERM, " (no permission: its own log line says for what)"},
		{EX_CONFIG, " (set up wrongly: its own log line says how)"},
	};
	const char *meaning = "";

	if (signal != 0) {
		snprintf(out, out_size, "signal %d (%s)", signal, strsignal(signal));
		return out;
	}
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].exit_code == exit_code)
			meaning = meanings[i].meaning;
	snprintf(out, out_size, "exit code %d%s", exit_code, meaning);
	return out;
}
