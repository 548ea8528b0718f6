/* SPDX-License-Identifier: MIT */
/*
 * reason.h - why a line became a dead letter; the list itself is reason.def.
 */
#ifndef COMMON_MESSAGE_REASON_H
#define COMMON_MESSAGE_REASON_H

enum reason {
	REASON_NONE,
#define REASON(identifier, name, meaning) REASON_##identifier,
#include "common/message/reason.def"
#undef REASON
	REASON_COUNT
};

/* The dotted name as it stands in x-sluice-reason; "none" for REASON_NONE. Never NULL. */
const char *reason_name(enum reason reason);

#endif
