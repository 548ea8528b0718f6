/* SPDX-License-Identifier: MIT */
/*
 * dlq.c - `sluicectl dlq`: finds the verb, prints help, runs it. The table of verbs is in
 * dlq_verbs.c.
 */
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void
print_overview(void)
{
	printf("usage: sluicectl dlq VERB ...\n\nLook into dead letters, repair them, send them "
	       "again.\n\n");
	for (size_t i = 0; i < dlq_verb_count; i++)
		printf("  %-8s %.*s\n", dlq_verbs[i].name, (int)strcspn(dlq_verbs[i].help, "\n"),
		       dlq_verbs[i].help);
	printf("\nAbout one of them: sluicectl dlq VERB --help\n\nexample: sluicectl dlq groups\n");
}

static const struct dlq_verb *
dlq_find_verb(const char *name)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; i < dlq_verb_count; i++) {
		if (strcmp(dlq_verbs[i].name, name) == 0)
			return &dlq_verbs[i];
		nearest_consider(&nearest, dlq_verbs[i].name);
	}
	log_error("dlq: unknown verb \"%s\"%s%s; try: sluicectl dlq --help", name,
		  nearest.best != NULL ? ": did you mean " : "",
		  nearest.best != NULL ? nearest.best : "");
	return NULL;
}

int
ctl_dlq(struct ctl *ctl, int argc, char **argv)
{
	struct dlq_run run = {.ctl = ctl, .canary_ms = 60000};
	int code;

	if (argc < 2 || argv[1][0] == '-') {
		print_overview();
		return argc >= 2 && ctl_asks_for_help(argc, argv) ? CTL_OK : EX_USAGE;
	}
	run.verb = dlq_find_verb(argv[1]);
	if (run.verb == NULL)
		return EX_USAGE;
	if (ctl_asks_for_help(argc, argv)) {
		printf("usage: sluicectl dlq %s %s\n\n%s\n\nexample: %s\n", run.verb->name,
		       run.verb->synopsis, run.verb->help, run.verb->example);
		return CTL_OK;
	}
	run.args = xcalloc((size_t)argc, sizeof(*run.args));
	code = dlq_read_options(&run, argc - 1, argv + 1);
	if (code == 0) {
		run.settings = ctl_settings(ctl);
		run.md5 = md5_new();
		code = run.verb->handler(&run);
		md5_free(&run.md5);
	}
	dlq_select_free(&run.select);
	free(run.args);
	return code;
}
