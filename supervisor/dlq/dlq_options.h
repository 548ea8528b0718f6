/* SPDX-License-Identifier: MIT */
/*
 * dlq_options.h - what stands behind a verb of `sluicectl dlq`, read into the run of that verb.
 */
#ifndef SUPERVISOR_DLQ_DLQ_OPTIONS_H
#define SUPERVISOR_DLQ_DLQ_OPTIONS_H

#include "supervisor/dlq/dlq.h"

/*
 * The rows of options that the verbs share; which of them a verb knows stands in dlq_verbs.c. A
 * verb that has an option with a value checks it in dlq_options_read().
 */
extern const struct option_row dlq_option_ids, dlq_option_csv, dlq_option_reason, dlq_option_match,
	dlq_option_since, dlq_option_until, dlq_option_source, dlq_option_held,
	dlq_option_with_held, dlq_option_limit, dlq_option_group, dlq_option_all,
	dlq_option_confirm, dlq_option_canary, dlq_option_canary_timeout, dlq_option_rate,
	dlq_option_split, dlq_option_format, dlq_option_keep_format, dlq_option_set_line,
	dlq_option_line_file, dlq_option_out, dlq_option_again, dlq_option_dry_run;

/*
 * The options and words of run->call into run and its selection: ids, groups, queues, "-" (ids on
 * standard input); takes_file: the first word is the name of a file. Returns 0, or the exit code
 * after a message.
 */
int dlq_options_read(struct dlq_run *run, bool takes_file) MUST_CHECK;

#endif
