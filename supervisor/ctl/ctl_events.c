/* SPDX-License-Identifier: MIT */
/*
 * ctl_events.c - `sluicectl events` and `metrics`: what sluiced has to tell, printed.
 */
#include "common/base/log.h"
#include "common/base/visible_text.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/member.h"
#include "supervisor/cli/text_wrap.h"
#include "supervisor/ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { FOLLOW_MS = 500, EVENT_INDENT = 22 /* behind the time */ };

static void
ctl_events_print(const void *record, FILE *out)
{
	const json_t *event = record;
	const char *actor = member_text(event, "actor", "");
	char *visible, *line = xasprintf("%.19sZ  %-9s %-10s %s%s%s", member_text(event, "at", "?"),
					 member_text(event, "kind", "?"),
					 member_text(event, "subject", "?"),
					 member_text(event, "text", ""),
					 actor[0] != '\0' ? ", by " : "", actor);

	visible = visible_text_new(span_of(line), 0);
	text_wrap_print(out, visible, out == stdout ? text_wrap_terminal_width() : 0, EVENT_INDENT);
	free(visible);
	free(line);
}

static json_t *
ctl_events_json(const void *record)
{
	return json_incref((json_t *)(uintptr_t)record);
}

/* last: only so many; -1 = all. */
static void
ctl_events_print_all(const struct call *call, const json_t *data, int64_t last)
{
	const json_t *list = json_object_get(data, "events");
	size_t count = json_array_size(list), i = 0;

	if (last >= 0 && (size_t)last < count)
		i = count - (size_t)last;
	else if (member_number(data, "missed", 0) > 0)
		log_warning("%.0f older events are not kept any more",
			    member_number(data, "missed", 0));
	for (; i < count; i++)
		output_record(&call->output, json_array_get(list, i), ctl_events_json,
			      ctl_events_print);
	fflush(stdout);
}

int
ctl_events(struct call *call)
{
	bool follow = options_has(&call->options, "follow");
	int64_t last = options_number(&call->options, "last");
	json_int_t after = 0;
	int exit_code;

	for (;;) {
		json_t *data = client_ask(call->client, "events",
					  json_pack("{s:I}", "after", after), &exit_code);

		if (data == NULL)
			return exit_code;
		ctl_events_print_all(call, data, last);
		after = json_integer_value(json_object_get(data, "last"));
		json_decref(data);
		if (!follow || ferror(stdout))
			return CTL_OK;
		last = -1;
		usleep(FOLLOW_MS * 1000);
	}
}

static void
ctl_metrics_print(const json_t *data, FILE *out)
{
	fputs(member_text(data, "text", ""), out);
}

int
ctl_metrics(struct call *call)
{
	int exit_code;
	json_t *data = client_ask(call->client, "metrics", NULL, &exit_code);

	if (data == NULL)
		return exit_code;
	output_value(&call->output, data, ctl_metrics_print);
	json_decref(data);
	return CTL_OK;
}
