/* SPDX-License-Identifier: MIT */
/*
 * reason.c - the names of dead-letter reasons, from reason.def.
 */
#include "common/message/reason.h"
#include "common/base/defs.h"

#include <assert.h>

static const char *const names[REASON_COUNT] = {
	[REASON_NONE] = "none",
#define REASON(identifier, wire_name, meaning) [REASON_##identifier] = (wire_name),
#include "common/message/reason.def"
#undef REASON
};

const char *
reason_name(enum reason reason)
{
	assert((size_t)reason < ARRAY_LEN(names));
	return names[reason];
}
