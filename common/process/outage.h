/* SPDX-License-Identifier: MIT */
/*
 * outage.h - a server that does not answer or refuses: how long to wait, what the log and the
 * status say of it, and when.
 */
#ifndef COMMON_PROCESS_OUTAGE_H
#define COMMON_PROCESS_OUTAGE_H

#include <stdint.h>

#include "common/base/alert.h"
#include "common/base/backoff.h"
#include "common/process/outcome.h"
#include "common/process/status.h"

struct outage {
	struct backoff backoff; /* set min_ms and max_ms, leave the rest 0 */
	struct alert alert;	/* its cause is the outcome */
};

/*
 * It failed (again): log when it is time, put the text into the status page, report WAITING if the
 * page said READY. Returns how long to wait before the next try: backed off for RETRY, max_ms for
 * FATAL, which only a person can mend.
 */
int64_t outage_note(struct outage *outage, const struct failure *failure,
		    struct status_page *status);

/* It works: log that if the outage was logged, clear the status text, report READY. */
void outage_over(struct outage *outage, const char *what, struct status_page *status);

#endif
