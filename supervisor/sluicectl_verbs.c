/* SPDX-License-Identifier: MIT */
/*
 * sluicectl_verbs.c - THE table of verbs. Overview, help, suggestions, completion and the check of
 * sluicectl(1) come from it.
 */
#include "supervisor/cli/ctl.h"

#define ROLES "producer lake clean"
#define TARGETS "all " ROLES

const struct ctl_verb ctl_verbs[] = {
	{.name = "status",
	 .synopsis = "[--check] [--watch[=2s]] [--json]",
	 .help = "how every child is, what it has done, and who died lately\n"
		 "READY is what the child says of itself: during an outage of the broker or the "
		 "database it is\n"
		 "no, while STATE stays RUNNING. RATE is over the last seconds. TOTAL counts lines "
		 "confirmed by\n"
		 "the broker (producer) or settled (workers: stored, known already, or rejected).\n"
		 "--check prints only what is not as wanted, and ends with 1 if anything is not.",
	 .example = "sluicectl status --json | jq '.roles.lake.total'",
	 .handler = ctl_status},
	{.name = "top",
	 .synopsis = "[--json]",
	 .help = "live view: rates, queues, time to drain, latencies, dead letters, events\n"
		 "Keys: up and down choose a child, + and - scale its role, r restarts it, p "
		 "pauses or resumes\n"
		 "its role (each asks first), q ends. Without a terminal it prints one snapshot.",
	 .example = "sluicectl top",
	 .handler = ctl_top},
	{.name = "queues",
	 .synopsis = "[--watch[=2s]] [--json]",
	 .help = "what waits at the broker: messages, consumers, growth, age, dead letters\n"
		 "The broker is asked directly. UNACKED, GROWTH, DRAIN and OLDEST are what the "
		 "workers of this\n"
		 "sluiced report; - is unknown. OLDEST is the age of the message taken last.",
	 .example = "sluicectl queues --watch",
	 .handler = ctl_queues},
	{.name = "events",
	 .synopsis = "[--follow] [--last N] [--json]",
	 .help = "what happened, when, by whom and why: deaths, outages, scales, reloads, "
		 "pauses, autoscale\n"
		 "Trouble is an error that a child shows, mended that it is over.\n"
		 "The last 256 are kept until sluiced ends. With --json every event is one line.",
	 .example = "sluicectl events --follow",
	 .handler = ctl_events},
	{.name = "health",
	 .synopsis =
		 "[--queue-warning N] [--queue-critical N] [--age-warning 5m] [--age-critical 1h]\n"
		 "                 [--dead-warning N] [--dead-critical N] [--deaths 10m] [--json]",
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
	 .handler = ctl_health},
	{.name = "metrics",
	 .synopsis = "[--json]",
	 .help = "all figures as Prometheus text\n"
		 "sluice_queue_* are asked by workers: absent while the role has none.\n"
		 "Totals survive the death of a child and a reload; they begin at 0 with a new "
		 "sluiced.",
	 .example = "sluicectl metrics > /var/lib/prometheus/node-exporter/sluice.prom",
	 .handler = ctl_metrics},
	{.name = "scale",
	 .synopsis = "ROLE=COUNT... [--current ROLE=COUNT] [-n | --dry-run] [--timeout 30s]\n"
		     "                [--no-wait] [--json]",
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
	 .words = "producer= lake= clean=",
	 .handler = ctl_scale},
	{.name = "start",
	 .synopsis = "ROLE|ROLE/N|all [--timeout 60s] [--no-wait] [--json]",
	 .help = "start what was stopped, waits for its next start, or is FATAL",
	 .example = "sluicectl start lake/0",
	 .words = TARGETS,
	 .handler = ctl_start},
	{.name = "stop",
	 .synopsis = "ROLE|ROLE/N|all [--timeout 60s] [--no-wait] [--json]",
	 .help = "let children finish what they have in hand and keep them stopped",
	 .example = "sluicectl stop clean",
	 .words = TARGETS,
	 .handler = ctl_stop},
	{.name = "restart",
	 .synopsis = "ROLE|ROLE/N|all [--timeout 600s] [--no-wait] [--json]",
	 .help = "stop and start again, one child at a time",
	 .example = "sluicectl restart all",
	 .words = TARGETS,
	 .handler = ctl_restart},
	{.name = "pause",
	 .synopsis = "ROLE|all [--timeout 60s] [--no-wait] [--json]",
	 .help = "let a role take no more work; what it has in hand is finished\n"
		 "Workers cancel their consumers and stay connected, the producer stops reading; "
		 "what comes in\n"
		 "waits in the queues, or in the log files. It lasts until resume, or until "
		 "sluiced ends.",
	 .example = "sluicectl pause clean",
	 .words = TARGETS,
	 .handler = ctl_pause},
	{.name = "resume",
	 .synopsis = "ROLE|all [--timeout 60s] [--no-wait] [--json]",
	 .help = "go on after a pause",
	 .example = "sluicectl resume clean",
	 .words = TARGETS,
	 .handler = ctl_resume},
	{.name = "reload",
	 .synopsis = "[-n | --dry-run] [--timeout 600s] [--no-wait] [--json]",
	 .help = "read the settings again and restart only whom the changes concern\n"
		 "A file that is not accepted changes nothing (exit code 78). -n only shows what "
		 "would change.",
	 .example = "sluicectl reload -n && sluicectl reload",
	 .handler = ctl_reload},
	{.name = "config",
	 .synopsis = "check | show | diff [--json]",
	 .help = "check the settings file, show every setting and where it comes from, or compare\n"
		 "check and show need no running sluiced. diff shows what differs between the "
		 "running settings\n"
		 "and the file, where either value comes from, and what a reload would do; it ends "
		 "with 1 if\n"
		 "anything differs.",
	 .example = "sluicectl config diff",
	 .words = "check show diff",
	 .handler = ctl_config},
	{.name = "db",
	 .synopsis =
		 "status | migrate [-n | --dry-run] [--user NAME --password-file FILE] [--json]",
	 .help = "the version of the tables; bring them to the one that this program was built "
		 "for\n"
		 "migrate wants CREATE and ALTER rights: name a user who has them, if that is not "
		 "database.user.\n"
		 "status ends with 1 when a migration is missing, with 78 when a table or a column "
		 "has gone since.\n"
		 "This needs no running sluiced.",
	 .example = "sluicectl db migrate",
	 .words = "status migrate",
	 .handler = ctl_db},
	{.name = "topology",
	 .synopsis = "apply | check | export [--json]",
	 .help = "declare exchanges, queues and bindings, check them, or print a definitions file\n"
		 "check looks at exchanges and queues, and sends an empty message to each spare "
		 "binding (logs.#,\n"
		 "#.logs), which a worker takes away; the broker tells nobody about the other "
		 "bindings.\n"
		 "Nothing that is there in another form is changed or deleted. This needs no "
		 "running sluiced.",
	 .example = "sluicectl topology export > definitions.json",
	 .words = "apply check export",
	 .handler = ctl_topology},
	{.name = "dlq",
	 .synopsis = "VERB ... [--json]",
	 .help = "dead letters: groups, list, show, check, retry, edit, hold, drop, export and "
		 "more\n"
		 "This needs no running sluiced.",
	 .example = "sluicectl dlq groups",
	 .handler = ctl_dlq},
	{.name = "audit",
	 .synopsis = "FILE... [--format NAME] [--limit N] [--json]",
	 .help = "read log files again and prove that every line is a row or a dead letter\n"
		 "Counts are of distinct lines. A line that dlq drop or dlq edit took away is "
		 "archived: it is in\n"
		 "supervisor.state_dir/dead-letters/*.ndjson, which you must be allowed to read. A "
		 "line that is\n"
		 "nowhere is missing and printed as FILE:BYTE (the first 20, see --limit); then the "
		 "exit code\n"
		 "is 1. Lines that are still in a queue count as missing. The format is that of the "
		 "input whose\n"
		 "path fits, unless --format says it. Letters are only looked at. TMPDIR (/var/tmp) "
		 "takes about\n"
		 "48 bytes per line. This needs no running sluiced.",
	 .example = "sluicectl audit /var/log/ezproxy/ezp.log && echo all there",
	 .handler = ctl_audit},
	{.name = "version",
	 .synopsis = "[--json]",
	 .help = "versions of sluicectl and of the running sluiced",
	 .example = "sluicectl version",
	 .handler = ctl_version},
	{.name = "completion",
	 .synopsis = "bash | zsh | fish [--json]",
	 .help = "print a script that completes verbs, their words and options\n"
		 "With --json: the verbs, words and options themselves.",
	 .example = "sluicectl completion bash > /etc/bash_completion.d/sluicectl",
	 .words = "bash zsh fish",
	 .handler = ctl_completion},
};
const size_t ctl_verb_count = ARRAY_LEN(ctl_verbs);
