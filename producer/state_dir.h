/* SPDX-License-Identifier: MIT */
/*
 * state_dir.h - the folder in which the producer keeps its checkpoint; one producer at a time.
 *
 *   checkpoint       see checkpoint.h; replaced as a whole, never written in place
 *   checkpoint.new   the next one while it is being written
 *   checkpoint.bad   one that could not be read, set aside for a person to look at
 *   producer.lock    held (flock) while a producer runs; its content means nothing
 */
#ifndef PRODUCER_STATE_DIR_H
#define PRODUCER_STATE_DIR_H

#include "producer/checkpoint.h"

struct state_dir {
	const char *path;
	int fd, lock_fd;
};

/*
 * Open the folder (made when only its last part is missing) and lock it. Ends the program when that
 * cannot be: EX_CANTCREAT, or EX_UNAVAILABLE when another producer has the lock. path is kept.
 */
void state_dir_open(struct state_dir *dir, const char *path);
void state_dir_close(struct state_dir *dir);

/*
 * Load the checkpoint; empty when there is none. One that cannot be understood is set aside and the
 * reading starts from the beginning: rows that exist already are recognised. Ends the program when
 * it cannot be read at all, or (EX_CONFIG) when it is of a newer version.
 */
void state_dir_load(const struct state_dir *dir, struct checkpoint *checkpoint);

/*
 * Replace the checkpoint: temporary file, fsync, rename, fsync of the folder. Returns 0, or -1 with
 * the reason in why; the old one is valid then.
 */
int state_dir_store(const struct state_dir *dir, const struct checkpoint *checkpoint, char *why,
		    size_t why_size) MUST_CHECK;

#endif
