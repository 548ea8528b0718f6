/* SPDX-License-Identifier: MIT */
/*
 * outage.c - say it once, then once a minute.
 */
#include "common/process/outage.h"
#include "common/base/clock.h"
#include "common/base/log.h"

enum { SAY_AGAIN_MS = 60 * 1000 };

int64_t
outage_note(struct outage *outage, const struct failure *failure, struct status_page *status)
{
	int64_t now = clock_mono_ms();
	int64_t wait_ms = failure->outcome == OUTCOME_FATAL ? outage->backoff.max_ms
							    : backoff_next_ms(&outage->backoff);

	status_set_error(status, failure->text);
	status_add(status, COUNTER_RETRIES, 1);
	if (atomic_load(&status->report) == REPORT_READY)
		status_set_report(status, REPORT_WAITING);
	if (outage->since_ms == 0) {
		outage->since_ms = now;
		outage->said_ms = now;
		outage->said = failure->outcome;
		log_warning("%s; trying again, the next time in %.1f s", failure->text,
			    (double)wait_ms / 1000);
	} else if (now - outage->said_ms >= SAY_AGAIN_MS || failure->outcome != outage->said) {
		outage->said_ms = now;
		outage->said = failure->outcome;
		log_warning("%s; for %lld s now, still trying", failure->text,
			    (long long)((now - outage->since_ms) / 1000));
	}
	return wait_ms;
}

void
outage_over(struct outage *outage, const char *what, struct status_page *status)
{
	backoff_reset(&outage->backoff);
	if (outage->since_ms == 0)
		return;
	log_info("%s again, after %.1f s", what,
		 (double)(clock_mono_ms() - outage->since_ms) / 1000);
	outage->since_ms = 0;
	status_set_error(status, "");
	if (atomic_load(&status->report) == REPORT_WAITING)
		status_set_report(status, REPORT_READY);
}
