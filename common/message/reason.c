/* SPDX-License-Identifier: MIT */
/*
 * reason.c - names and meanings of dead-letter reasons, from reason.def.
 */
#include "common/message/reason.h"
#include "common/base/defs.h"

#include <assert.h>

static const struct {
	const char *name;
	const char *meaning;
} reasons[REASON_COUNT] = {
	[REASON_NONE] = {"none", "no reason"},
#define REASON(identifier, wire_name, text) [REASON_##identifier] = {wire_name, text},
#include "common/message/reason.def"
#undef REASON
};

const char *
reason_name(enum reason reason)
{
	assert((size_t)reason < ARRAY_LEN(reasons));
	return reasons[reason].name;
}

const char *
reason_meaning(enum reason reason)
{
	assert((size_t)reason < ARRAY_LEN(reasons));
	return reasons[reason].meaning;
}
