/* SPDX-License-Identifier: MIT */
/*
 * sluicectl_verbs.c - THE table of verbs. Overview, help, suggestions, completion and the check of
 * sluicectl(1) come from it. The verbs of dlq are in dlq_verbs.c.
 */
#include "supervisor/sluicectl_verbs.h"
#include "common/settings/settings.h"
#include "supervisor/audit/ctl_audit.h"
#include "supervisor/cli/watch.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/dlq/dlq_verbs.h"

/* What may be typed for ROLE and for ROLE=COUNT. */
static const char role_words[] = "all producer"
#define STAGE(identifier, section, ...) " " #section
#include "common/settings/stages.def"
#undef STAGE
	;
static const char count_words[] = "producer="
#define STAGE(identifier, section, ...) " " #section "="
#include "common/settings/stages.def"
#undef STAGE
	;

#define SAY_WHOM "say whom: ROLE, ROLE/N or all"

/* --- options --- */

static const struct option_row option_check = {.name = "check",
					       .help = "print only what is not as wanted"};
static const struct option_row option_acknowledge = {
	.name = "acknowledge", .help = "tell no longer of the files that were never read"};
static const struct option_row option_follow = {.name = "follow",
						.help = "go on with what happens, until Ctrl-C"};
static const struct option_row option_last = {.name = "last",
					      .value = "N",
					      .help = "only the last N events",
					      .kind = OPTION_NUMBER,
					      .usual = -1};
static const struct option_row option_current = {.name = "current",
						 .value = "ROLE=COUNT",
						 .help = "do nothing unless so many are wanted now",
						 .kind = OPTION_TEXT};
static const struct option_row option_dry_run = {
	.name = "dry-run", .letter = 'n', .help = "only say what would be done"};
/* A rolling restart lets every child finish its work, one after the other. */
#define TIMEOUT(text, ms)                             \
	{.name = "timeout",                           \
	 .value = text,                               \
	 .help = "how long to wait until it is done", \
	 .kind = OPTION_DURATION,                     \
	 .usual = ms}
static const struct option_row option_timeout_scale = TIMEOUT("30s", 30000);
static const struct option_row option_timeout = TIMEOUT("60s", 60000);
static const struct option_row option_timeout_rolling = TIMEOUT("600s", 600000);
static const struct option_row option_now = {.name = "now",
					     .help = "do not let the children finish"};
static const struct option_row option_no_wait = {.name = "no-wait",
						 .help = "do not wait until it is done"};
static const struct option_row option_user = {.name = "user",
					      .value = "NAME",
					      .help = "of the database, instead of database.user",
					      .kind = OPTION_TEXT};
static const struct option_row option_password_file = {
	.name = "password-file",
	.value = "FILE",
	.help = "with the password of --user; \"\" for no password",
	.kind = OPTION_TEXT};
static const struct option_row option_format = {
	.name = "format",
	.value = "NAME",
	.help = "of the lines, instead of that of the input whose path fits",
	.choices = SETTINGS_FORMATS,
	.kind = OPTION_TEXT};
static const struct option_row option_file_id = {
	.name = "file-id",
	.value = "ID",
	.help = "of a packed file or standard input, with identity = \"position\"",
	.kind = OPTION_TEXT};
static const struct option_row option_broker_version = {
	.name = "broker-version",
	.value = "MAJOR",
	.help = "3 or 4: print what this version of RabbitMQ takes, and ask no broker",
	.kind = OPTION_NUMBER,
	.min = 3,
	.max = 99};
static const struct option_row option_limit = {.name = "limit",
					       .value = "N",
					       .help = "print so many missing lines",
					       .kind = OPTION_NUMBER,
					       .max = 100000,
					       .usual = 20};

#define LIMIT(row, option, what)               \
	static const struct option_row row = { \
		.name = option, .value = "N", .help = what, .kind = OPTION_NUMBER}
#define LIMIT_AGE(row, option, text, ms, what) \
	static const struct option_row row = { \
		.name = option, .value = text, .help = what, .kind = OPTION_DURATION, .usual = ms}
LIMIT(option_queue_warning, "queue-warning", "so many messages (each of many lines) are a warning");
LIMIT(option_queue_critical, "queue-critical",
      "so many messages (each of many lines) are critical");
LIMIT_AGE(option_age_warning, "age-warning", "5m", 0, "a message as old as this is a warning");
LIMIT_AGE(option_age_critical, "age-critical", "1h", 0, "a message as old as this is critical");
static const struct option_row option_dead_warning = {
	.name = "dead-warning",
	.value = "N",
	.help = "so many waiting dead letters are a warning; 0 = never",
	.kind = OPTION_NUMBER,
	.usual = 1};
LIMIT(option_dead_critical, "dead-critical", "so many dead letters are critical");
LIMIT_AGE(option_deaths, "deaths", "10m", 600000, "a death within this time is a warning");

#define WAITING &option_no_wait, &option_json

/* --- verbs --- */

static const struct verb config_verbs[] = {
	{.name = "check",
	 .help = "is the settings file accepted, with all the files that it names?\n"
		 "Says for each input how many files its pattern matches, how many are readable and "
		 "packed, and how\n"
		 "many of their first lines its format takes; that is no reason to refuse the "
		 "settings. This needs no running sluiced.",
	 .example = "sluicectl config check",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_config_check},
	{.name = "show",
	 .help = "every setting, and where it comes from\n"
		 "This needs no running sluiced.",
	 .example = "sluicectl config show --json | jq '.[\"lake.workers\"]'",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_config_show},
	{.name = "diff",
	 .help = "what differs between the running settings and the file, and what a reload would "
		 "do\n"
		 "It ends with 1 if anything differs.",
	 .example = "sluicectl config diff",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_config_diff},
	{.name = NULL},
};

static const struct verb db_verbs[] = {
	{.name = "status",
	 .help = "which migrations are applied, and which are missing\n"
		 "It ends with 1 when a migration is missing, with 78 when a table or a column has "
		 "gone since.",
	 .example = "sluicectl db status",
	 .options = OPTION_LIST(&option_user, &option_password_file, &option_json),
	 .handler = ctl_db_status},
	{.name = "migrate",
	 .help = "bring the tables to the version that this program was built for\n"
		 "It wants CREATE and ALTER rights: name a user who has them, if that is not "
		 "database.user.",
	 .example = "sluicectl db migrate --user root --password-file /root/database.pass",
	 .options = OPTION_LIST(&option_dry_run, &option_user, &option_password_file, &option_json),
	 .handler = ctl_db_migrate},
	{.name = NULL},
};

static const struct verb topology_verbs[] = {
	{.name = "apply",
	 .help = "declare exchanges, queues and bindings\n"
		 "What is there in another form is neither changed nor deleted.",
	 .example = "sluicectl topology apply",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_topology_apply},
	{.name = "check",
	 .help = "are exchanges, queues and spare bindings there?\n"
		 "An empty message goes to each spare binding (logs.#, #.logs), which a worker "
		 "takes away; the\n"
		 "broker tells nobody about the other bindings.",
	 .example = "sluicectl topology check",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_topology_check},
	{.name = "export",
	 .help = "print exchanges, queues and bindings as a definitions file of RabbitMQ, in JSON\n"
		 "RabbitMQ 4 has to be told that dead letters may be looked at any number of "
		 "times, what 3.x\n"
		 "does not understand: the broker is asked for its version.",
	 .example = "sluicectl topology export > definitions.json",
	 .options = OPTION_LIST(&option_broker_version, &option_json),
	 .handler = ctl_topology_export},
	{.name = NULL},
};

const struct verb sluicectl_verbs[] = {
	{.name = "status",
	 .help = "how every child is, what it has done, and who died lately\n"
		 "READY is what the child says of itself: during an outage of the broker or the "
		 "database it is\n"
		 "no, while STATE stays RUNNING. RATE is over the last seconds. TOTAL counts lines "
		 "confirmed by\n"
		 "the broker (producer) or settled (workers: stored, known already, or rejected).\n"
		 "--check prints only what is not as wanted, and ends with 1 if anything is not.",
	 .example = "sluicectl status --json | jq '.roles.lake.total'",
	 .options = OPTION_LIST(&option_check, &watch_option, &option_json),
	 .handler = ctl_status},
	{.name = "top",
	 .help = "live view: rates, queues, time to drain, latencies, dead letters, events\n"
		 "Keys: up and down choose a child, + and - scale its role, r restarts it, p "
		 "pauses or resumes\n"
		 "its role (each asks first), q ends. Without a terminal it prints one snapshot.",
	 .example = "sluicectl top",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_top},
	{.name = "queues",
	 .help = "what waits at the broker: messages, consumers, growth, age, dead letters\n"
		 "READY is the broker's own count of messages; a message has up to "
		 "producer.frame_lines lines:\n"
		 "LINES ~ says how many that may be, by the messages until now. A dead letter is "
		 "one line, unless the\n"
		 "broker itself made it of a whole message. UNACKED is in hand: of the workers of "
		 "this sluiced; of dead\n"
		 "letters what somebody is looking at, by the difference to what waited before. "
		 "GROWTH and DRAIN are of\n"
		 "READY and UNACKED together; when the workers have said nothing lately (the "
		 "database hangs), of two\n"
		 "looks at READY. OLDEST is the age of the oldest message in hand. - is unknown; "
		 "DRAIN -: never, at this\n"
		 "speed.",
	 .example = "sluicectl queues --watch",
	 .options = OPTION_LIST(&watch_option, &option_json),
	 .handler = ctl_queues},
	{.name = "inputs",
	 .help = "how far each followed file is read: bytes and time behind, last read, last line\n"
		 "The files that are most behind come first. BEHIND B are bytes that the broker has "
		 "not confirmed yet,\n"
		 "BEHIND how long they have been there, LAST LINE the time that the last line read "
		 "bears. Packed\n"
		 "files whose lines were never read are named below the table until --acknowledge.",
	 .example = "sluicectl inputs --watch",
	 .options = OPTION_LIST(&option_acknowledge, &watch_option, &option_json),
	 .handler = ctl_inputs},
	{.name = "events",
	 .help = "what happened, when, by whom and why: deaths, outages, scales, reloads, "
		 "pauses, autoscale\n"
		 "Trouble is an error that a child shows, mended that it is over.\n"
		 "The last 256 are kept until sluiced ends. With --json every event is one line.",
	 .example = "sluicectl events --follow",
	 .options = OPTION_LIST(&option_follow, &option_last, &option_json),
	 .handler = ctl_events},
	{.name = "health",
	 .help = "one line and an exit code for monitoring: 0 ok, 1 warning, 2 critical, 3 "
		 "unknown\n"
		 "Critical: sluiced does not answer, a child is FATAL, or nobody of a role is "
		 "ready. Warning:\n"
		 "some are not ready, stopped by hand or paused, a stage is scaled to 0 while "
		 "the producer runs,\n"
		 "a ready child has a LAST ERROR, or somebody died within --deaths. The others\n"
		 "are limits on messages that wait, on their age, and on dead letters; unset, they "
		 "do not count.",
	 .example = "sluicectl health --queue-warning 10000 --age-critical 1h",
	 .usage_code = 3, /* unknown, as monitoring plugins say it */
	 .options = OPTION_LIST(&option_queue_warning, &option_queue_critical, &option_age_warning,
				&option_age_critical, &option_dead_warning, &option_dead_critical,
				&option_deaths, &option_json),
	 .handler = ctl_health},
	{.name = "metrics",
	 .help = "all figures as Prometheus text\n"
		 "sluice_queue_* are asked by workers: absent while the role has none.\n"
		 "Totals survive the death of a child and a reload; they begin at 0 with a new "
		 "sluiced.",
	 .example = "sluicectl metrics > /var/lib/prometheus/node-exporter/sluice.prom",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_metrics},
	{.name = "scale",
	 .synopsis = "ROLE=COUNT...",
	 .help = "change how many lake or clean workers run (0 to 64), or the producer (0 or 1)\n"
		 "Only the difference is touched: new ones are started, superfluous ones finish "
		 "what they have\n"
		 "in hand. It waits until all are ready (exit code 75 when that takes longer than "
		 "--timeout).\n"
		 "With --current nothing is done unless so many are wanted now. -n only says what "
		 "would change.\n"
		 "The counts last until sluiced ends; to keep them, put them into the settings "
		 "file.",
	 .example = "sluicectl scale lake=4 clean=8",
	 .words = count_words,
	 .no_words = "say how many of what, as in lake=4",
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(&option_current, &option_dry_run, &option_timeout_scale, WAITING),
	 .handler = ctl_scale},
	{.name = "start",
	 .synopsis = "ROLE|ROLE/N|all",
	 .help = "start what was stopped, waits for its next start, or is FATAL",
	 .example = "sluicectl start lake/0",
	 .words = role_words,
	 .takes_children = true,
	 .no_words = SAY_WHOM,
	 .max_words = 1,
	 .options = OPTION_LIST(&option_timeout, WAITING),
	 .handler = ctl_start},
	{.name = "stop",
	 .synopsis = "ROLE|ROLE/N|all",
	 .help = "let children finish what they have in hand and keep them stopped",
	 .example = "sluicectl stop clean",
	 .words = role_words,
	 .takes_children = true,
	 .no_words = SAY_WHOM,
	 .max_words = 1,
	 .options = OPTION_LIST(&option_timeout, WAITING),
	 .handler = ctl_stop},
	{.name = "restart",
	 .synopsis = "ROLE|ROLE/N|all",
	 .help = "stop and start again, one child at a time",
	 .example = "sluicectl restart all",
	 .words = role_words,
	 .takes_children = true,
	 .no_words = SAY_WHOM,
	 .max_words = 1,
	 .options = OPTION_LIST(&option_timeout_rolling, WAITING),
	 .handler = ctl_restart},
	{.name = "pause",
	 .synopsis = "ROLE|all",
	 .help = "let a role take no more work; what it has in hand is finished\n"
		 "Workers cancel their consumers and stay connected, the producer stops reading; "
		 "what comes in\n"
		 "waits in the queues, or in the log files. It lasts until resume, or until "
		 "sluiced ends.",
	 .example = "sluicectl pause clean",
	 .words = role_words,
	 .no_words = SAY_WHOM,
	 .max_words = 1,
	 .options = OPTION_LIST(&option_timeout, WAITING),
	 .handler = ctl_pause},
	{.name = "resume",
	 .synopsis = "ROLE|all",
	 .help = "go on after a pause",
	 .example = "sluicectl resume clean",
	 .words = role_words,
	 .no_words = SAY_WHOM,
	 .max_words = 1,
	 .options = OPTION_LIST(&option_timeout, WAITING),
	 .handler = ctl_resume},
	{.name = "reload",
	 .help = "read the settings again and restart only whom the changes concern\n"
		 "A file that is not accepted changes nothing (exit code 78). -n only shows what "
		 "would change.",
	 .example = "sluicectl reload -n && sluicectl reload",
	 .options = OPTION_LIST(&option_dry_run, &option_timeout_rolling, WAITING),
	 .handler = ctl_reload},
	{.name = "shutdown",
	 .help = "end sluiced: every child finishes what it has in hand\n"
		 "It waits until sluiced is gone; what was not finished is delivered again to the "
		 "next one. --now does not let the children finish.",
	 .example = "sluicectl shutdown --timeout 5m",
	 .options = OPTION_LIST(&option_now, &option_timeout, WAITING),
	 .handler = ctl_shutdown},
	{.name = "config",
	 .help = "check the settings file, show every setting and where it comes from, or compare\n"
		 "check and show need no running sluiced. diff shows what differs between the "
		 "running settings\n"
		 "and the file, where either value comes from, and what a reload would do; it ends "
		 "with 1 if\n"
		 "anything differs.",
	 .example = "sluicectl config diff",
	 .verbs = config_verbs},
	{.name = "db",
	 .help = "the version of the tables; bring them to the one that this program was built "
		 "for\n"
		 "migrate wants CREATE and ALTER rights: name a user who has them, if that is not "
		 "database.user.\n"
		 "status ends with 1 when a migration is missing, with 78 when a table or a column "
		 "has gone since.\n"
		 "This needs no running sluiced.",
	 .example = "sluicectl db migrate",
	 .verbs = db_verbs},
	{.name = "topology",
	 .help = "declare exchanges, queues and bindings, check them, or print a definitions file\n"
		 "check looks at exchanges and queues, and sends an empty message to each spare "
		 "binding (logs.#,\n"
		 "#.logs), which a worker takes away; the broker tells nobody about the other "
		 "bindings.\n"
		 "Nothing that is there in another form is changed or deleted. This needs no "
		 "running sluiced.",
	 .example = "sluicectl topology export > definitions.json",
	 .verbs = topology_verbs},
	{.name = "dlq",
	 .help = "dead letters: groups, list, show, check, retry, edit, hold, drop, export and "
		 "more\n"
		 "This needs no running sluiced.",
	 .example = "sluicectl dlq groups",
	 .verbs = dlq_verbs},
	{.name = "audit",
	 .synopsis = "FILE...",
	 .help = "read log files again and prove that every line is a row or a dead letter\n"
		 "Packed files (gzip, bzip2, xz, zstd, lz4) are unpacked, - is standard input. "
		 "Counts are of distinct\n"
		 "lines. A row is found wherever it stands: by the time that its line's format "
		 "gives, by those of the\n"
		 "other formats, and at last by its id among all rows from the day before the "
		 "line's own to the day\n"
		 "after it. A line that dlq drop or dlq edit took away is archived: it is in "
		 "supervisor.state_dir/\n"
		 "dead-letters/*.ndjson, which you must be allowed to read. A line that is nowhere "
		 "is missing and\n"
		 "printed as FILE:BYTE (the first 20, see --limit); then the exit code is 1. Lines "
		 "that are still in a\n"
		 "queue count as missing. The format is that of the input whose path fits, unless "
		 "--format says it.\n"
		 "Letters are only looked at. TMPDIR (/var/tmp) takes about 48 bytes per line. This "
		 "needs no running\n"
		 "sluiced.",
	 .example =
		 "sluicectl audit /var/log/ezproxy/ezp.log /var/log/ezproxy/ezp.log.2.gz && echo all there",
	 .takes_files = true,
	 .no_words = "name the log files to read",
	 .max_words = VERB_ANY_WORDS,
	 .options = OPTION_LIST(&option_format, &option_file_id, &option_limit, &option_json),
	 .handler = ctl_audit},
	{.name = "version",
	 .help = "versions of sluicectl and of the running sluiced",
	 .example = "sluicectl version",
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_version},
	{.name = "completion",
	 .synopsis = "bash | zsh | fish",
	 .help = "print a script that completes verbs, their words and options\n"
		 "With --json: the verbs, words and options themselves.",
	 .example = "sluicectl completion bash > /etc/bash_completion.d/sluicectl",
	 .words = "bash zsh fish",
	 .max_words = 1,
	 .options = OPTION_LIST(&option_json),
	 .handler = ctl_completion},
	{.name = NULL},
};
