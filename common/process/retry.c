/* SPDX-License-Identifier: MIT */
/*
 * retry.c - waiting for a server to come back while the broker connection is kept alive.
 */
#include "common/process/retry.h"
#include "common/base/clock.h"

/* Neither may a short trouble spoil a drain nor an outage block it. */
enum { STOPPING_RETRIES_MAX = 3 };

bool
retry_wait(const struct keepalive *keepalive, struct process *process, struct outage *outage,
	   const struct failure *failure, unsigned tries)
{
	int64_t wait_ms = outage_note(outage, failure, process->status);
	int64_t end_ms = clock_mono_ms() + wait_ms;

	if (process->stop)
		return !process->stop_now && tries <= STOPPING_RETRIES_MAX;
	while (clock_mono_ms() < end_ms && !process->stop) {
		struct pollfd watched = {.fd = keepalive->fd(keepalive->context), .events = POLLIN};

		process_wait(process, &watched, 1, end_ms - clock_mono_ms());
		if (!keepalive->serve(keepalive->context))
			return false;
	}
	return !process->stop_now;
}
