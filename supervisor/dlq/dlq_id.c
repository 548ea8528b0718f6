/* SPDX-License-Identifier: MIT */
/*
 * dlq_id.c - ids from what a letter is, and back from what people type.
 */
#include "supervisor/dlq/dlq_id.h"

#include <inttypes.h>
#include <stdio.h>

enum { DIGITS_MIN = 4 };

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

uint64_t
dlq_id_of(struct md5 *md5, enum stage_id queue, struct span message_id, struct span body)
{
	char text[512], body_md5[MD5_HEX_LEN], digest[MD5_HEX_LEN];
	uint64_t id = 0;
	int len;

	md5_hex(md5, body, body_md5);
	len = snprintf(text, sizeof(text), "%s\n%.*s\n%.*s", stage_table[queue].name, MD5_HEX_LEN,
		       body_md5, (int)MIN(message_id.len, (size_t)255),
		       message_id.ptr != NULL ? message_id.ptr : "");
	md5_hex(md5, (struct span){text, (size_t)len}, digest);
	for (int i = 0; i < DLQ_ID_DIGITS; i++)
		id = id << 4 | (uint64_t)hex_value(digest[i]);
	return id;
}

const char *
dlq_id_text(enum stage_id queue, uint64_t id, char out[DLQ_ID_SIZE])
{
	snprintf(out, DLQ_ID_SIZE, "%c%015" PRIx64, stage_table[queue].name[0], id);
	return out;
}

int
dlq_id_parse(const char *text, enum stage_id *queue, uint64_t *id, unsigned *digits)
{
	if (stage_by_initial(text[0], queue) != 0)
		return -1;
	*id = 0;
	for (*digits = 0; text[*digits + 1] != '\0'; (*digits)++) {
		int value = hex_value(text[*digits + 1]);

		if (value < 0 || *digits == DLQ_ID_DIGITS)
			return -1;
		*id = *id << 4 | (uint64_t)value;
	}
	*id <<= 4 * (DLQ_ID_DIGITS - *digits);
	return *digits >= DIGITS_MIN ? 0 : -1;
}

void
dlq_id_explain(const char *text, char *out, size_t out_size)
{
	enum stage_id queue;
	size_t digits = 0;

	if (stage_by_initial(text[0], &queue) != 0) {
		snprintf(out, out_size, "it does not begin with the letter of a stage (l, c)");
		return;
	}
	while (hex_value(text[digits + 1]) >= 0)
		digits++;
	if (text[digits + 1] != '\0')
		snprintf(out, out_size, "\"%.1s\" is no hex digit (0 to 9, a to f)",
			 text + digits + 1);
	else if (digits > DLQ_ID_DIGITS)
		snprintf(out, out_size, "it has %zu digits, %d are the most", digits,
			 DLQ_ID_DIGITS);
	else
		snprintf(out, out_size, "it has %zu digit%s, at least %d are needed: type %zu more",
			 digits, PLURAL(digits), DIGITS_MIN, DIGITS_MIN - digits);
}

bool
dlq_id_begins(uint64_t id, uint64_t prefix, unsigned digits)
{
	unsigned rest = 4 * (DLQ_ID_DIGITS - digits);

	return id >> rest == prefix >> rest;
}
