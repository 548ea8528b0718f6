/* SPDX-License-Identifier: MIT */
/*
 * settings_loader.h - one value at a time into struct settings, checked, whatever it comes from.
 */
#ifndef COMMON_SETTINGS_SETTINGS_LOADER_H
#define COMMON_SETTINGS_SETTINGS_LOADER_H

#include "common/base/defs.h"
#include "common/settings/settings.h"

struct settings_loader {
	struct settings *settings; /* what is being filled */
	unsigned problems;	   /* so far; each has been logged */
};

/* Where a value stands, for messages: "sluice.conf:12: " or "environment variable X: ". */
struct settings_location {
	const char *file; /* NULL = the environment */
	int line;
	const char *variable;
};

/* Log a problem and where it is, and count it. */
void settings_loader_problem(struct settings_loader *loader, const struct settings_location *where,
			     const char *format, ...) PRINTF_LIKE(3, 4);

/* Store a NUMBER or a CHOICE; one that is not accepted is a problem. */
void settings_loader_set_number(struct settings_loader *loader,
				const struct settings_location *where, const struct setting *row,
				int64_t value);
void settings_loader_set_choice(struct settings_loader *loader,
				const struct settings_location *where, const struct setting *row,
				const char *text);

/* Store a TEXT or a PATH. */
void settings_loader_set_text(struct settings_loader *loader, const struct setting *row,
			      const char *text);

/* A LIST has got its members: are they as many, and such, as they may be? */
void settings_loader_check_list(struct settings_loader *loader,
				const struct settings_location *where, const struct setting *row);

/*
 * Store a value of any type from text, as a default or a variable has it: numbers are decimal, the
 * members of a list are separated by commas.
 */
void settings_loader_set_from_text(struct settings_loader *loader,
				   const struct settings_location *where, const struct setting *row,
				   const char *text);

enum { SETTINGS_HINT_SIZE = 96 };

/* The index of text in a "a|b|c" list; -1 = it is none, and hint is ": did you mean ...?" or "". */
int settings_loader_find_choice(const char *choices, const char *text,
				char hint[SETTINGS_HINT_SIZE]);

#endif
