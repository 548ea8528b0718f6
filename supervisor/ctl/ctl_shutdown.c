/* SPDX-License-Identifier: MIT */
/*
 * ctl_shutdown.c - `sluicectl shutdown`: end sluiced, and wait until it is gone.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "supervisor/cli/member.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/shared/human.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { ASK_AGAIN_MS = 100 };

/* The children that are still there: "lake/0, clean/1". */
static void
ctl_shutdown_name_rest(const json_t *status, char *out, size_t out_size)
{
	const json_t *slot;
	size_t i, used = 0;

	out[0] = '\0';
	json_array_foreach(json_object_get(status, "slots"), i, slot)
	{
		if (json_is_null(json_object_get(slot, "pid")) || used >= out_size)
			continue;
		used += (size_t)snprintf(out + used, out_size - used, "%s%s", used > 0 ? ", " : "",
					 member_text(slot, "name", "?"));
	}
}

/* The socket goes last. Returns CTL_OK, or EX_TEMPFAIL with those that are left in rest. */
static int
ctl_shutdown_wait(struct client *client, int64_t timeout_ms, int64_t *waited_ms, char *rest,
		  size_t rest_size)
{
	int64_t begin_ms = clock_mono_ms();

	client->quiet = true; /* that nobody answers is what is waited for */
	for (;;) {
		int exit_code;
		json_t *status = client_ask(client, "status", NULL, &exit_code);

		*waited_ms = clock_mono_ms() - begin_ms;
		if (status == NULL)
			return CTL_OK;
		ctl_shutdown_name_rest(status, rest, rest_size);
		json_decref(status);
		if (*waited_ms >= timeout_ms)
			return EX_TEMPFAIL;
		usleep(1000 * ASK_AGAIN_MS);
	}
}

int
ctl_shutdown(struct call *call)
{
	bool now = options_has(&call->options, "now");
	bool wait = !options_has(&call->options, "no-wait");
	char rest[256] = "", lasted[32];
	int64_t waited_ms = 0;
	int exit_code;
	json_t *data = client_ask(call->client, "shutdown", json_pack("{s:b}", "now", (int)now),
				  &exit_code);

	if (data == NULL)
		return exit_code;
	output_note(&call->output, "shutdown%s%s", now ? " at once" : "", wait ? " ... " : "\n");
	if (wait)
		exit_code =
			ctl_shutdown_wait(call->client, options_number(&call->options, "timeout"),
					  &waited_ms, rest, sizeof(rest));
	human_duration(waited_ms, lasted, sizeof(lasted));
	if (exit_code != CTL_OK) {
		output_note(&call->output, "not ended\n");
		log_error("not ended after %s; the order stands; still there: %s", lasted,
			  rest[0] != '\0' ? rest : "sluiced");
	} else if (wait) {
		output_note(&call->output, "ended in %s\n", lasted);
	}
	json_object_set_new(data, "settled", json_boolean(wait && exit_code == CTL_OK));
	json_object_set_new(data, "waited_s", json_real((double)waited_ms / 1000));
	output_value(&call->output, data, NULL);
	json_decref(data);
	return exit_code;
}
