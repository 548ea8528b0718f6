/* SPDX-License-Identifier: MIT */
/*
 * ctl_events.c - `sluicectl events` and `metrics`: what sluiced has to tell, printed.
 */
#include "common/base/log.h"
#include "supervisor/cli/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum { OPTION_FOLLOW = 256, OPTION_LAST, OPTION_JSON };
enum { FOLLOW_MS = 500 };

struct event_options {
	bool follow, json;
	int64_t last; /* -1 = all */
};

static int
ctl_events_read_options(struct event_options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"follow", no_argument, NULL, OPTION_FOLLOW},
		{"last", required_argument, NULL, OPTION_LAST},
		{"json", no_argument, NULL, OPTION_JSON},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = ctl_getopt(argc, argv, ":", long_options)) != -1) {
		switch (option) {
		case OPTION_FOLLOW:
			options->follow = true;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_LAST:
			if (ctl_parse_number(optarg, "", &options->last) != 0)
				return ctl_usage(argv[0], "--last: \"%s\" is no number", optarg);
			break;
		default:
			return EX_USAGE;
		}
	}
	return ctl_expect_end(argc, argv);
}

void
ctl_print_event(const json_t *event, FILE *out)
{
	char *text = ctl_visible(ctl_text(event, "text", ""));
	char *actor = ctl_visible(ctl_text(event, "actor", ""));

	fprintf(out, "%.19sZ  %-9s %-10s %s%s%s\n", ctl_text(event, "at", "?"),
		ctl_text(event, "kind", "?"), ctl_text(event, "subject", "?"), text,
		actor[0] != '\0' ? ", by " : "", actor);
	free(text);
	free(actor);
}

static void
print_events(const json_t *data, const struct event_options *options)
{
	const json_t *list = json_object_get(data, "events");
	size_t count = json_array_size(list), i = 0;

	if (options->last >= 0 && (size_t)options->last < count)
		i = count - (size_t)options->last;
	else if (ctl_number(data, "missed", 0) > 0)
		log_warning("%.0f older events are not kept any more",
			    ctl_number(data, "missed", 0));
	for (; i < count; i++) {
		const json_t *event = json_array_get(list, i);

		if (options->json) {
			json_dumpf(event, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			ctl_print_event(event, stdout);
		}
	}
	fflush(stdout);
}

int
ctl_events(struct ctl *ctl, int argc, char **argv)
{
	struct event_options options = {.last = -1};
	int exit_code = ctl_events_read_options(&options, argc, argv);
	json_int_t after = 0;

	while (exit_code == CTL_OK) {
		json_t *data =
			ctl_ask(ctl, "events", json_pack("{s:I}", "after", after), &exit_code);

		if (data == NULL)
			return exit_code;
		print_events(data, &options);
		after = json_integer_value(json_object_get(data, "last"));
		json_decref(data);
		if (!options.follow || ferror(stdout))
			break;
		options.last = -1;
		usleep(FOLLOW_MS * 1000);
	}
	return exit_code;
}

int
ctl_metrics(struct ctl *ctl, int argc, char **argv)
{
	bool as_json;
	int exit_code = ctl_read_json_option(argc, argv, &as_json);
	json_t *data;

	if (exit_code == 0)
		exit_code = ctl_expect_end(argc, argv);
	if (exit_code != 0)
		return exit_code;
	data = ctl_ask(ctl, "metrics", NULL, &exit_code);
	if (data == NULL)
		return exit_code;
	if (as_json)
		ctl_print_json(data);
	else
		fputs(ctl_text(data, "text", ""), stdout);
	json_decref(data);
	return CTL_OK;
}
