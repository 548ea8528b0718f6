/* SPDX-License-Identifier: MIT */
/*
 * operate.h - what operators ask of children: start, stop, restart, pause; and what a reload does.
 */
#ifndef SUPERVISOR_DAEMON_OPERATE_H
#define SUPERVISOR_DAEMON_OPERATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/defs.h"
#include "supervisor/daemon/pool.h"

/*
 * A role with a wanted count of 0, or a child beyond the count, is an error: -1 with the reason in
 * error. Restart is rolling: one child at a time, the next when the one before is ready; it ends
 * early when one turns out FATAL.
 */
int operate_start(struct pool *pool, const struct target *target, char *error,
		  size_t error_size) MUST_CHECK;
int operate_stop(struct pool *pool, const struct target *target, char *error,
		 size_t error_size) MUST_CHECK;
int operate_restart(struct pool *pool, const struct target *target, char *error,
		    size_t error_size) MUST_CHECK;

/*
 * Let the children of a role take no more work; what is in hand is finished. One child alone is an
 * error: which worker of a role takes a message is the broker's choice.
 */
int operate_pause(struct pool *pool, const struct target *target, char *error,
		  size_t error_size) MUST_CHECK;
int operate_resume(struct pool *pool, const struct target *target, char *error,
		   size_t error_size) MUST_CHECK;

/*
 * After a reload: a rolling restart of the children of these roles (bits) that are not held; FATAL
 * ones of the others are tried again.
 */
void operate_renew(struct pool *pool, unsigned role_bits);

#endif
