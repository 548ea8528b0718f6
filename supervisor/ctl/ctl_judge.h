/* SPDX-License-Identifier: MIT */
/*
 * ctl_judge.h - what is not as it should be, read off a status; for `status --check` and `health`.
 */
#ifndef SUPERVISOR_CTL_CTL_JUDGE_H
#define SUPERVISOR_CTL_CTL_JUDGE_H

#include <jansson.h>
#include <stdint.h>

enum ctl_severity { CTL_FINE, CTL_WARNING, CTL_CRITICAL };

/* From which figure on something is a problem; 0 = never. [0] is a warning, [1] critical. */
struct ctl_limits {
	int64_t waiting[2]; /* messages in a queue */
	int64_t age_s[2];   /* of the message taken last */
	int64_t dead[2];    /* dead letters in a queue */
	int64_t deaths_s;   /* somebody died within so many seconds: a warning */
};

/* Appends {"severity": 1, "text": "..."} per problem; returns the worst. */
enum ctl_severity ctl_judge(const json_t *status, const struct ctl_limits *limits,
			    json_t *problems);

#endif
