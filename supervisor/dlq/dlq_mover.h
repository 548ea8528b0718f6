/* SPDX-License-Identifier: MIT */
/*
 * dlq_mover.h - messages published and confirmed before the dead letters that they come from are
 * acknowledged.
 *
 * Two connections: a reader's (dlq_reader.h) that acknowledges, and one that publishes with
 * confirms and `mandatory`, to queues by their names through the default exchange. A letter leaves
 * its queue only when every message made from it is confirmed; whatever ends before that (a lost
 * connection, kill -9) leaves it where it was, so it is in two places at worst.
 */
#ifndef SUPERVISOR_DLQ_DLQ_MOVER_H
#define SUPERVISOR_DLQ_DLQ_MOVER_H

#include <jansson.h>

#include "supervisor/dlq/dlq_reader.h"

struct dlq_mover;

/* reader (may be NULL: nothing is acknowledged, as in an import) must live longer. */
enum outcome dlq_mover_open(struct dlq_mover **mover, const struct broker_settings *settings,
			    struct dlq_reader *reader, const char *client_name,
			    struct failure *failure) MUST_CHECK;
void dlq_mover_close(struct dlq_mover **mover); /* NULL is fine */

/*
 * Between begin and end: the messages made from the letter with this tag. publish waits for room;
 * REJECT: this one message cannot be sent (the letter stays). FATAL or RETRY: nothing goes any
 * more.
 */
void dlq_mover_begin(struct dlq_mover *mover, uint64_t letter_tag);
enum outcome dlq_mover_publish(struct dlq_mover *mover, const char *queue, const json_t *properties,
			       struct span body, struct failure *failure) MUST_CHECK;
enum outcome dlq_mover_end(struct dlq_mover *mover, struct failure *failure) MUST_CHECK;

/* Take what the broker says, waiting timeout_ms at most for it. */
enum outcome dlq_mover_serve(struct dlq_mover *mover, int timeout_ms,
			     struct failure *failure) MUST_CHECK;

/* Wait until all is confirmed, and acknowledged to the reader's broker. */
enum outcome dlq_mover_finish(struct dlq_mover *mover, struct failure *failure) MUST_CHECK;

uint64_t dlq_mover_moved(const struct dlq_mover *mover); /* letters that are done */
/* Messages that were published, perhaps, and not confirmed: what may be in two places. */
uint64_t dlq_mover_unconfirmed(const struct dlq_mover *mover);

#endif
