/* SPDX-License-Identifier: MIT */
/*
 * dlq_reader.h - walk over the dead letters of a queue, leaving each of them there.
 *
 * The letters come in the queue's order and stay unacknowledged; when the reader is closed the
 * broker puts all of them back where they were, as ready as before. A queue with a delivery limit,
 * which would end them, is refused at the opening (delivery_limit.h): looking never kills. A letter
 * leaves the queue only by dlq_reader_ack().
 *
 * While a reader is open it holds the letters that it has read: nobody else sees them. What
 * somebody else holds, it does not see; dlq_reader_missing() says how many that were.
 *
 * How it reads (tried on RabbitMQ 3.10 with 1,000,000 letters of 1 KiB): consumers, one after
 * another on one channel, each filled to its prefetch before the next starts. basic.get is no way:
 * each letter taken and not acknowledged makes the next one slower (20,000: 14 s; the next 20,000:
 * 42 s). A prefetch of 0 stops at 2000; a stated one may be up to 65,535, but the broker then loads
 * that many letters at once and takes ten times their size. When a reader closes or dies, the
 * broker gives the letters back consumer by consumer, in the order of their tags only while there
 * are at most 32 of them: so some 30 consumers share the queue, and more of them a queue with more
 * than 1.8 GiB, whose letters can then change places block by block. Cancelling a consumer and
 * starting it again with a larger prefetch crashed the channel.
 */
#ifndef SUPERVISOR_DLQ_DEAD_LETTER_READER_H
#define SUPERVISOR_DLQ_DEAD_LETTER_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/broker/broker.h"

struct dlq_reader;

/*
 * Connect and start with the first letter of a queue like "queue-data-clean.dead". client_name is
 * shown in the broker's own tools. On failure *reader is NULL.
 */
enum outcome dlq_reader_open(struct dlq_reader **reader, const struct broker_settings *settings,
			     const char *queue, const char *client_name,
			     struct failure *failure) MUST_CHECK;

/*
 * Give back what was not acknowledged, disconnect, free, set to NULL. NULL is fine. The broker
 * works off the acknowledgements sent before first.
 */
void dlq_reader_close(struct dlq_reader **reader);

/*
 * The next letter, now the caller's (delivery_free()); never waits long. *delivery is NULL when
 * there is none yet (dlq_reader_wait()) and when *end is true: all
 * that were in the queue at the opening have been given out; later ones are not.
 */
enum outcome dlq_reader_next(struct dlq_reader *reader, struct delivery **delivery, bool *end,
			     struct failure *failure) MUST_CHECK;

/* Wait for something to come, 50 ms at most. */
void dlq_reader_wait(const struct dlq_reader *reader);

/*
 * Before closing a reader that did not read to the end: in a queue of up to 20,000 letters read on,
 * so that all go back in their order. What is given back goes behind all that was given back
 * before: a look at the first letters of a larger queue moves these behind the others (their ids
 * stay).
 */
void dlq_reader_preserve_order(struct dlq_reader *reader);

/* From now on give out letters that come in later, too; *end is never true again. */
void dlq_reader_follow(struct dlq_reader *reader);

/* This letter (by its delivery's tag) leaves the queue. */
enum outcome dlq_reader_ack(struct dlq_reader *reader, uint64_t tag,
			    struct failure *failure) MUST_CHECK;

uint32_t dlq_reader_missing(const struct dlq_reader *reader);	      /* taken by others */
bool dlq_reader_has_other_consumers(const struct dlq_reader *reader); /* others consume */

/*
 * All of it at once: open, call the function for each letter until it returns false or none is
 * left, close. The delivery is valid during the call only. missing (may be NULL): see above.
 */
typedef bool dlq_reader_fn(void *context, const struct delivery *delivery);
enum outcome dlq_reader_each(const struct broker_settings *settings, const char *queue,
			     const char *client_name, dlq_reader_fn *visit, void *context,
			     uint32_t *missing, struct failure *failure) MUST_CHECK;

#endif
