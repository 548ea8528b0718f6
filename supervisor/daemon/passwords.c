/* SPDX-License-Identifier: MIT */
/*
 * passwords.c - fingerprints of passwords.
 */
#include "supervisor/daemon/passwords.h"
#include "common/base/log.h"
#include "common/settings/settings_password.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

static const size_t file_offsets[PASSWORD_COUNT] = {
	[PASSWORD_BROKER] = offsetof(struct settings, broker.password_file),
	[PASSWORD_DATABASE] = offsetof(struct settings, database.password_file),
};

/* FNV-1a from a secret start, so that it tells nothing outside of this process. */
static uint64_t
fingerprint_of(const char *password)
{
	static uint64_t start;
	uint64_t hash;

	if (start == 0 && getrandom(&start, sizeof(start), GRND_NONBLOCK) != sizeof(start))
		start = (uint64_t)(uintptr_t)&start;
	hash = start;
	for (const unsigned char *p = (const unsigned char *)password; *p != '\0'; p++)
		hash = (hash ^ *p) * 0x100000001b3u;
	return hash != 0 ? hash : 1;
}

const struct setting *
passwords_row(unsigned which)
{
	size_t i = 0;

	assert(which < PASSWORD_COUNT);
	while (setting_table[i].offset != file_offsets[which])
		i++;
	return &setting_table[i];
}

/* To open a pipe is to wait for whoever writes there, and takes it from those who need it. */
static bool
is_pipe(const char *file)
{
	struct stat found;

	return stat(file, &found) == 0 && S_ISFIFO(found.st_mode);
}

struct passwords
passwords_read(const struct settings *settings)
{
	struct passwords passwords = {.fingerprints = {0}};

	for (unsigned i = 0; i < PASSWORD_COUNT; i++) {
		const char *file = *(char *const *)settings_value(settings, passwords_row(i));
		char password[256], error[512];

		if (is_pipe(file))
			continue;
		if (settings_password_read(file, password, sizeof(password), error,
					   sizeof(error)) == 0)
			passwords.fingerprints[i] = fingerprint_of(password);
		else
			log_debug("%s", error); /* who needs it says so louder */
		explicit_bzero(password, sizeof(password));
	}
	return passwords;
}

bool
passwords_differ(const struct passwords *a, const struct passwords *b, unsigned which)
{
	assert(which < PASSWORD_COUNT);
	return a->fingerprints[which] != 0 && b->fingerprints[which] != 0 &&
	       a->fingerprints[which] != b->fingerprints[which];
}

void
passwords_update(struct passwords *passwords, const struct passwords *now)
{
	for (unsigned i = 0; i < PASSWORD_COUNT; i++)
		if (now->fingerprints[i] != 0)
			passwords->fingerprints[i] = now->fingerprints[i];
}
