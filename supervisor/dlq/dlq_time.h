/* SPDX-License-Identifier: MIT */
/*
 * dlq_time.h - times as people write and read them; all in UTC.
 */
#ifndef SUPERVISOR_DLQ_DLQ_TIME_H
#define SUPERVISOR_DLQ_DLQ_TIME_H

#include <stdint.h>

#include "common/base/defs.h"

/*
 * A time: "2026-11-23", "2026-11-23 19:03[:14]" (UTC, as all that is printed; or with +hh:mm),
 * "@SECONDS", or "30s", "5m", "2h", "3d" ago. now_s: the present. Returns 0 or -1.
 */
int dlq_time_parse(const char *text, int64_t now_s, int64_t *out_s) MUST_CHECK;

/* "2026-11-23T19:03:14Z"; dlq_time_or_dash() has "-" for 0, unknown */
const char *dlq_time_text(int64_t when_s, char out[32]);
const char *dlq_time_or_dash(int64_t when_s, char out[32]);

#endif
