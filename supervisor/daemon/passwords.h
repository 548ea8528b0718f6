/* SPDX-License-Identifier: MIT */
/*
 * passwords.h - has a password changed in its file?
 *
 * Programs read a password when they log in, so that the next login has the new one; but a
 * connection that stands is not asked again. sluiced remembers a fingerprint of each password, and a
 * reload restarts those who use one that has changed. The passwords themselves are not kept.
 */
#ifndef SUPERVISOR_DAEMON_PASSWORDS_H
#define SUPERVISOR_DAEMON_PASSWORDS_H

#include <stdint.h>

#include "common/settings/settings.h"

enum { PASSWORD_BROKER, PASSWORD_DATABASE, PASSWORD_COUNT };

/* Fingerprints, 0 = not known; good within this process only. */
struct passwords {
	uint64_t fingerprints[PASSWORD_COUNT];
};

/* Read the files that the settings name; what cannot be read, or is a pipe, is not known. */
struct passwords passwords_read(const struct settings *settings);

/* The row of the settings that names the file of a password. */
const struct setting *passwords_row(unsigned which);

/* Both are known and differ. */
bool passwords_differ(const struct passwords *a, const struct passwords *b, unsigned which);

/* Remember what is known of now; what could not be read stays as it was. */
void passwords_update(struct passwords *passwords, const struct passwords *now);

#endif
