/* SPDX-License-Identifier: MIT */
/*
 * ctl.h - the verbs of sluicectl that watch and steer: one function per row of the table in
 * sluicectl_verbs.c, each in the file of its verb. What they print and their exit codes are the
 * row's help.
 */
#ifndef SUPERVISOR_CTL_CTL_H
#define SUPERVISOR_CTL_CTL_H

#include "supervisor/cli/verbs.h"

int ctl_status(struct call *call);
int ctl_top(struct call *call);
int ctl_queues(struct call *call);
int ctl_inputs(struct call *call);
int ctl_events(struct call *call);
int ctl_health(struct call *call);
int ctl_metrics(struct call *call);
int ctl_scale(struct call *call);
int ctl_start(struct call *call);
int ctl_stop(struct call *call);
int ctl_restart(struct call *call);
int ctl_pause(struct call *call);
int ctl_resume(struct call *call);
int ctl_reload(struct call *call);
int ctl_shutdown(struct call *call);
int ctl_version(struct call *call);
int ctl_completion(struct call *call);
int ctl_config_check(struct call *call);
int ctl_config_show(struct call *call);
int ctl_config_diff(struct call *call);
int ctl_db_status(struct call *call);
int ctl_db_migrate(struct call *call);
int ctl_topology_apply(struct call *call);
int ctl_topology_check(struct call *call);
int ctl_topology_export(struct call *call);

#endif
