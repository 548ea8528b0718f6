/* SPDX-License-Identifier: MIT */
/*
 * dead_letters.h - rejected lines to the dead-letter exchange, confirmed, over a connection of
 * their own.
 *
 * A connection that has ever published is stopped whole under a broker alarm, its acks included, so
 * the worker's consuming connection must never publish. This one is opened with the first rejected
 * line.
 */
#ifndef COMMON_WORKER_DEAD_LETTERS_H
#define COMMON_WORKER_DEAD_LETTERS_H

#include "common/worker/batch.h"
#include "common/process/retry.h"
#include "common/process/process.h"

struct dead_letters;

/*
 * stage: "lake" or "clean"; queue: the queue whose dead letters they are; worker: "lake/0@host".
 * The texts are kept, not copied.
 */
struct dead_letters *dead_letters_new(struct process *process, const char *stage, const char *queue,
				      const char *worker, const struct keepalive *keepalive);
void dead_letters_free(struct dead_letters **dead); /* NULL is fine */

/*
 * Publish the lines and wait until the broker has every one of them safe in the dead-letter queue,
 * however long that takes. DONE, or RETRY when interrupted (the process stops, serve() gave up):
 * then nothing may be acknowledged; a line may then be a dead letter twice, never not at all.
 */
enum outcome dead_letters_publish(struct dead_letters *dead, const struct rejected_line *lines,
				  size_t count) MUST_CHECK;

/*
 * Call about once a second while nothing is published: sends heartbeats, drops a connection that
 * broke (the next dead letter opens a new one).
 */
void dead_letters_keep_alive(struct dead_letters *dead);

#endif
