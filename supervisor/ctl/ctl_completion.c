/* SPDX-License-Identifier: MIT */
/*
 * ctl_completion.c - `sluicectl completion`.
 */
#include "supervisor/cli/completion.h"
#include "supervisor/ctl/ctl.h"

int
ctl_completion(struct call *call)
{
	const char *shell = call->options.word_count > 0 ? call->options.words[0] : NULL;
	json_t *data;

	if (shell != NULL && !call->output.json &&
	    completion_print(call->verbs, shell, call->output.stream) == 0)
		return CTL_OK;
	if (shell != NULL || !call->output.json)
		return verbs_usage(call, "say for which shell: bash, zsh or fish; or --json alone");
	data = completion_json(call->verbs);
	output_value(&call->output, data, NULL);
	json_decref(data);
	return CTL_OK;
}
