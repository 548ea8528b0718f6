/* SPDX-License-Identifier: MIT */
/*
 * audit_key.c - an id of the tables as a key.
 */
#include "supervisor/audit/audit_key.h"

static unsigned
digit_value(char c)
{
	return (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0') & 15;
}

struct audit_key
audit_key_make(const char *hex, uint64_t place)
{
	struct audit_key key = {.place = place};

	for (int i = 0; i < ROW_ID_LEN / 2; i++)
		key.digest[i] =
			(unsigned char)(digit_value(hex[2 * i]) << 4 | digit_value(hex[2 * i + 1]));
	return key;
}
