/* SPDX-License-Identifier: MIT */
/*
 * command_status.h - the handler of "status", as commands.h describes it.
 */
#ifndef SUPERVISOR_DAEMON_COMMAND_STATUS_H
#define SUPERVISOR_DAEMON_COMMAND_STATUS_H

#include <jansson.h>

#include "supervisor/daemon/supervisor.h"
#include "supervisor/shared/request.h"

/*
 * How everything is. Members are only ever added; readers ignore those they do not know.
 *
 *   version, pid, uptime_s
 *   settings            path of the file
 *   draining            sluiced is ending
 *   roles               one object per role, by its name:
 *     wanted, configured  counts: now, and in the settings
 *     running, ready      counts: processes, and those that say they are ready
 *     paused              told to take no more work
 *     rate_per_s          over 5 s
 *     rates               [over the last 2 s, 10 s, 60 s]
 *     total, rejected, rejected_by_reason, counters
 *                         sums over all slots, also of children that are gone: they never go down
 *     queue               null without one, or:
 *       name
 *       known               some worker has asked for its depth lately
 *       ready               messages that wait
 *       consumers           of any host
 *       dead                in the dead-letter queue; while somebody looks at them, which the broker
 *                           does not count, at least as many as before
 *       in_hand             of the workers here
 *       oldest_s            age of the oldest that a worker took last and has in hand; null: unknown
 *       taken_per_s         messages that are done, over 10 s
 *       growth_per_s        of ready and in_hand together, over 10 s
 *       drain_s             of both at the present speed; null: never
 *     batch_duration_seconds, lag_seconds
 *                         histograms: bounds, counts, sum; of roles with a queue
 *     autoscale           null, or min, max, drain_s
 *   slots               those that are wanted or in use, in order:
 *     name                "lake/0"
 *     role, slot          "lake", 0
 *     state               STOPPED STARTING RUNNING BACKOFF STOPPING FATAL
 *     wanted
 *     held                stopped by an operator
 *     ready
 *     pause_wanted
 *     paused              nothing is in hand
 *     report              what the child last said: starting ready waiting draining
 *     restart_pending
 *     pid, uptime_s       null without a process
 *     restarts            since sluiced began
 *     restart_in_s        null unless BACKOFF
 *     failures            in a row
 *     rate_per_s          over 5 s
 *     total               producer: lines confirmed; worker: rows stored + known + lines rejected
 *     rejected
 *     counters            each by its name
 *     storing_s           how long it has been storing the batch in flight; null without one
 *     last_error          "" without one; "storing for 12 s: ..." of a batch that takes long
 *     last_error_at       ISO 8601; null without one
 *     in_hand
 *   deaths              the last ones, newest first:
 *     at, name, pid
 *     exit_code, signal   one of them null
 *     cause               for people
 *     why                 "hung" or the like; "" = by itself
 *     uptime_s, in_hand
 */
json_t *command_status(struct supervisor *supervisor, json_t *arguments,
		       struct request_error *error);

#endif
