/* SPDX-License-Identifier: MIT */
/*
 * audit_dead.h - all dead letters of a queue, for `sluicectl audit`; they stay where they are.
 */
#ifndef SUPERVISOR_AUDIT_AUDIT_DEAD_H
#define SUPERVISOR_AUDIT_AUDIT_DEAD_H

#include "common/broker/broker.h"
#include "supervisor/audit/audit.h"

/* False ends the walk. */
typedef bool audit_dead_fn(void *context, enum stage_id queue, const struct message *message);

/*
 * Give each dead letter to the function. Letters that somebody else holds just now (another
 * sluicectl, a management tool) are not seen; unseen gets their number.
 */
enum outcome audit_dead_walk(const struct broker_settings *settings, enum stage_id queue,
			     audit_dead_fn *take, void *context, uint32_t *unseen,
			     struct failure *failure) MUST_CHECK;

#endif
