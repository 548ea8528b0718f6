/* SPDX-License-Identifier: MIT */
/*
 * settings_password.c - a password from the file that the settings name.
 */
#include "common/settings/settings_password.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int
settings_password_read(const char *file, char *out, size_t out_size, char *error, size_t error_size)
{
	FILE *stream;
	bool cut, failed;

	out[0] = '\0';
	if (file[0] == '\0')
		return 0;
	stream = fopen(file, "re");
	/* a folder can be opened; only reading it fails */
	failed = stream == NULL || (fgets(out, (int)out_size, stream) == NULL && ferror(stream));
	if (failed)
		snprintf(error, error_size, "cannot read the password file %s: %s", file,
			 strerror(errno));
	if (stream != NULL)
		fclose(stream);
	if (failed)
		return -1;
	cut = strlen(out) + 1 >= out_size;
	out[strcspn(out, "\r\n")] = '\0';
	if (!cut && out[0] != '\0')
		return 0;
	snprintf(error, error_size, "the first line of the password file %s is %s", file,
		 cut ? "too long" : "empty");
	return -1;
}
