/* SPDX-License-Identifier: MIT */
/*
 * outage.h - a failure that lasts is said once and then once a minute, and shown in the status.
 */
#ifndef COMMON_PROCESS_OUTAGE_H
#define COMMON_PROCESS_OUTAGE_H

#include <stdint.h>

#include "common/base/backoff.h"
#include "common/process/outcome.h"
#include "common/process/status.h"

struct outage {
	struct backoff backoff; /* set min_ms and max_ms, leave the rest 0 */
	int64_t since_ms;	/* monotonic; 0 = all is well */
	int64_t said_ms;
	enum outcome said; /* what was said last: a change of it is said at once */
};

/*
 * It failed (again): log when it is time, put the text into the status page, report WAITING if the
 * page said READY. Returns how long to wait before the next try: backed off for RETRY, max_ms for
 * FATAL, which only a person can mend.
 */
int64_t outage_note(struct outage *outage, const struct failure *failure,
		    struct status_page *status);

/* It works again: log that if the outage was said, clear the status text, report READY. */
void outage_over(struct outage *outage, const char *what, struct status_page *status);

#endif
