/* SPDX-License-Identifier: MIT */
/*
 * retry.h - waiting for a server to come back while the broker connection is kept alive.
 */
#ifndef COMMON_PROCESS_RETRY_H
#define COMMON_PROCESS_RETRY_H

#include <stdbool.h>

#include "common/process/outage.h"
#include "common/process/process.h"

/*
 * serve is called with context about every second while something is waited for, and whenever fd()
 * is readable: the broker connection has to be kept alive meanwhile. It returns false when waiting
 * has become pointless.
 */
struct keepalive {
	int (*fd)(void *context);
	bool (*serve)(void *context);
	void *context;
};

enum { RETRY_NONE_LEFT = 1000 }; /* as tries: a process that stops does not go on */

/*
 * Try number tries (from 1) has failed: note the failure, wait as it asks for. False when it is
 * pointless to go on: serve() gave up, or the process stops and enough was tried.
 */
bool retry_wait(const struct keepalive *keepalive, struct process *process, struct outage *outage,
		const struct failure *failure, unsigned tries) MUST_CHECK;

#endif
