/* SPDX-License-Identifier: MIT */
/*
 * message.c - the table of headers.
 */
#include "message.h"
#include "defs.h"

#include <stddef.h>

const struct message_header message_headers[] = {
#define HEADER(wire_name, field, kind) \
	{.name = (wire_name), .type = HEADER_##kind, .offset = offsetof(struct message, field)},
#include "message.def"
#undef HEADER
};
const size_t message_header_count = ARRAY_LEN(message_headers);
