/* SPDX-License-Identifier: MIT */
/*
 * settings_numbers.h - the whole numbers of a settings file as they are written.
 *
 * What libconfig makes of a number that does not fit into 32 or 64 bits, or starts with 0, depends
 * on its version, and can be another number without a word. So the text is read for numbers a
 * second time, and each number of the tree gets what is written for it.
 */
#ifndef COMMON_SETTINGS_SETTINGS_NUMBERS_H
#define COMMON_SETTINGS_SETTINGS_NUMBERS_H

#include <libconfig.h>
#include <stdbool.h>
#include <stdint.h>

struct settings_number {
	int64_t value;
	bool is_too_large;     /* it does not fit into 64 bits, and value means nothing */
	bool has_leading_zero; /* "010" is 10, as the manual of libconfig has it */
};

struct settings_numbers;

/*
 * Find what is written for each number of the tree that libconfig made of text; files that it
 * includes are looked for in folder, and read once more. Never NULL; free with
 * settings_numbers_free(), after the last settings_numbers_get(). Uses the hooks of the tree.
 */
struct settings_numbers *settings_numbers_new(config_setting_t *root, const char *text,
					      const char *folder);

/* Free and set to NULL. */
void settings_numbers_free(struct settings_numbers **numbers);

/*
 * What is written for a number of the tree; NULL when that cannot be told for certain, because a
 * file has changed since, or its name and the number stand in two files.
 */
const struct settings_number *settings_numbers_get(const config_setting_t *setting);

#endif
