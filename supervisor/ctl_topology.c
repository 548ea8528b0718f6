/* SPDX-License-Identifier: MIT */
/*
 * ctl_topology.c - `sluicectl topology`: declare the exchanges and queues, check them, or print
 * them as a definitions file.
 */
#include "common/log.h"
#include "common/topology.h"
#include "supervisor/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/*
 * A copy of the settings with another broker.declare. Shallow: it borrows all texts, and must not
 * be freed.
 */
static struct settings
with_declare(const struct settings *settings, int declare)
{
	struct settings copy = *settings;

	copy.broker.declare = declare;
	return copy;
}

static int
assert_topology(struct ctl *ctl, int declare, bool as_json, const char *done)
{
	struct settings settings = with_declare(ctl_settings(ctl), declare);
	struct broker *broker = NULL;
	struct failure failure;

	if (broker_open(&broker, &settings.broker, BROKER_ADMIN, "sluicectl topology", &failure) !=
		    OUTCOME_DONE ||
	    topology_assert(broker, &settings, &failure) != OUTCOME_DONE ||
	    topology_assert_spares(broker, &settings, &failure) != OUTCOME_DONE) {
		log_error("%s", failure.text);
		broker_abandon(&broker);
		return failure.exit_code;
	}
	if (as_json) {
		json_t *data = json_pack("{s:s, s:b}", "broker", broker_address(broker), "ok", 1);

		ctl_print_json(data);
		json_decref(data);
	} else {
		printf("broker %s: %s\n", broker_address(broker), done);
	}
	broker_close(&broker);
	return CTL_OK;
}

int
ctl_topology(struct ctl *ctl, int argc, char **argv)
{
	bool as_json;
	int code = ctl_read_json_option(argc, argv, &as_json);

	if (code != 0)
		return code;
	if (optind + 1 != argc)
		return ctl_usage("topology", "one of apply, check, export is needed");
	if (strcmp(argv[optind], "apply") == 0)
		return assert_topology(ctl, DECLARE_CREATE, as_json,
				       "exchanges, queues and bindings are there");
	if (strcmp(argv[optind], "check") == 0)
		return assert_topology(ctl, DECLARE_PASSIVE, as_json,
				       "exchanges and queues are there");
	if (strcmp(argv[optind], "export") == 0) {
		topology_export(ctl_settings(ctl), stdout);
		return CTL_OK;
	}
	return ctl_usage("topology", "\"%s\" is none of apply, check, export", argv[optind]);
}
