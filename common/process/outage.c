/* SPDX-License-Identifier: MIT */
/*
 * outage.c - a server that does not answer or refuses.
 */
#include "common/process/outage.h"
#include "common/base/clock.h"
#include "common/base/log.h"

int64_t
outage_note(struct outage *outage, const struct failure *failure, struct status_page *status)
{
	struct alert *alert = &outage->alert;
	bool is_first = !alert->is_active;
	int64_t now_ms = clock_mono_ms();
	int64_t wait_ms = failure->outcome == OUTCOME_FATAL ? outage->backoff.max_ms
							    : backoff_next_ms(&outage->backoff);

	status_set_error(status, failure->text);
	status_add(status, COUNTER_RETRIES, 1);
	if (atomic_load(&status->report) == REPORT_READY)
		status_set_report(status, REPORT_WAITING);
	if (!alert_raise(alert, &alert_every_minute, failure->outcome, now_ms))
		return wait_ms;
	if (is_first)
		log_warning("%s; trying again, the next time in %.1f s", failure->text,
			    (double)wait_ms / 1000);
	else
		log_warning("%s; for %lld s now, still trying", failure->text,
			    (long long)((now_ms - alert->since_ms) / 1000));
	return wait_ms;
}

void
outage_over(struct outage *outage, const char *what, struct status_page *status)
{
	int64_t now_ms = clock_mono_ms();

	backoff_reset(&outage->backoff);
	if (!alert_clear(&outage->alert, now_ms))
		return;
	log_info("%s again, after %.1f s", what, (double)(now_ms - outage->alert.since_ms) / 1000);
	status_set_error(status, "");
	if (atomic_load(&status->report) == REPORT_WAITING)
		status_set_report(status, REPORT_READY);
}
