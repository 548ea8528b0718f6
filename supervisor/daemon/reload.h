/* SPDX-License-Identifier: MIT */
/*
 * reload.h - read the settings file again while running.
 */
#ifndef SUPERVISOR_DAEMON_RELOAD_H
#define SUPERVISOR_DAEMON_RELOAD_H

#include <jansson.h>

#include "common/settings/settings.h"
#include "supervisor/shared/request.h"
#include "supervisor/daemon/supervisor.h"

/* What differs between two sets of settings. */
struct reload_changes {
	unsigned restart_roles; /* bits */
	json_t *changed;	/* names: ["lake.batch_rows"] */
	json_t *details; /* [{name, from, to, from_origin, to_origin, effect}]; of inputs one each */
	json_t *needs_restart; /* names of those that only a restart of sluiced applies */
};

/* The result is for reload_clear(). */
struct reload_changes reload_compare(const struct settings *before, const struct settings *after);
void reload_clear(struct reload_changes *changes);

/*
 * Read and check the file again. A bad one changes nothing: NULL, and error lists the problems; so
 * does a lack of descriptors or of memory for the children's copy (EX_OSERR). A good one counts from now on: limits, log level and changed worker counts at once; children that
 * other changes concern are restarted one at a time; a password that changed in its file is a change. A count that was scaled by hand stays unless
 * the file's own value has changed. Returns {"applied": true, "changed": [names], "changes":
 * [details], "restarting": [roles], "needs_restart": [names]}.
 */
json_t *reload_settings(struct supervisor *supervisor, struct request_error *error);

/* What that would do; "applied" is false, nothing changes. */
json_t *reload_preview(struct supervisor *supervisor, struct request_error *error);

#endif
