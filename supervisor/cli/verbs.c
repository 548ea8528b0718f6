/* SPDX-License-Identifier: MIT */
/*
 * verbs.c - finds the verb that is meant, explains it, or runs it.
 */
#include "supervisor/cli/verbs.h"
#include "common/base/log.h"
#include "common/base/nearest.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { HELP_COLUMNS = 100 };

int
verbs_usage(const struct call *call, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s: %s; try: sluicectl %s --help", call->name, text, call->name);
	return call->verb->usage_code != 0 ? call->verb->usage_code : EX_USAGE;
}

/* --- finding --- */

static const struct verb *
verbs_find(const struct verb *verbs, const char *name)
{
	for (; verbs->name != NULL; verbs++)
		if (strcmp(verbs->name, name) == 0)
			return verbs;
	return NULL;
}

/* within: "" for the verbs of sluicectl itself, else the verb that has these, as "dlq". */
static void
verbs_say_unknown(const struct verb *verbs, const char *within, const char *name)
{
	struct nearest nearest = {.word = name};
	const char *colon = within[0] != '\0' ? ": " : "", *space = within[0] != '\0' ? " " : "";

	for (; verbs->name != NULL; verbs++)
		nearest_consider(&nearest, verbs->name);
	if (nearest.best != NULL)
		log_error("%s%sunknown verb \"%s\": did you mean %s?", within, colon, name,
			  nearest.best);
	else
		log_error("%s%sunknown verb \"%s\"; try: sluicectl %s%s--help", within, colon, name,
			  within, space);
}

static void
verbs_say_missing(const struct verb *verb)
{
	char *names = xstrdup("");

	for (const struct verb *own = verb->verbs; own->name != NULL; own++) {
		const char *comma = own == verb->verbs ? "" : own[1].name != NULL ? ", " : " or ";
		char *longer = xasprintf("%s%s%s", names, comma, own->name);

		free(names);
		names = longer;
	}
	log_error("%s: say what: %s; try: sluicectl %s --help", verb->name, names, verb->name);
	free(names);
}

/*
 * Which of argv[1] and the following is the verb of the verb? Options may stand before it, and so
 * may their values: the first word that is one of them, else the first that is no option. Returns
 * its index, or 0.
 */
static int
verbs_find_word(const struct verb *verbs, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (verbs_find(verbs, argv[i]) != NULL)
			return i;
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			return i;
	return 0;
}

/*
 * The verb at argv[0] and, if it has verbs of its own, the one of these that is meant, into call.
 * Its name is left out of argv then; argv[0] stays. Returns 0, or EX_USAGE after a message; with a
 * wish for help a verb of the verb may be missing.
 */
static int
verbs_choose(struct call *call, int *argc, char **argv, bool wants_help)
{
	int at;

	call->verb = verbs_find(call->verbs, argv[0]);
	if (call->verb == NULL) {
		verbs_say_unknown(call->verbs, "", argv[0]);
		return EX_USAGE;
	}
	snprintf(call->name, sizeof(call->name), "%s", call->verb->name);
	if (call->verb->verbs == NULL)
		return 0;
	at = verbs_find_word(call->verb->verbs, *argc, argv);
	if (at == 0) {
		if (!wants_help)
			verbs_say_missing(call->verb);
		return wants_help ? 0 : EX_USAGE;
	}
	call->verb = verbs_find(call->verb->verbs, argv[at]);
	if (call->verb == NULL) {
		verbs_say_unknown(verbs_find(call->verbs, argv[0])->verbs, argv[0], argv[at]);
		return EX_USAGE;
	}
	snprintf(call->name, sizeof(call->name), "%s %s", argv[0], call->verb->name);
	memmove(argv + at, argv + at + 1, (size_t)(*argc - at) * sizeof(*argv));
	(*argc)--;
	return 0;
}

/* --- help --- */

void
verbs_print_overview(const struct verb *verbs, FILE *out)
{
	for (; verbs->name != NULL; verbs++)
		fprintf(out, "  %-10s %.*s\n", verbs->name, (int)strcspn(verbs->help, "\n"),
			verbs->help);
}

/* "-n, --dry-run" or "--last N", in new memory; as part of a usage line "[-n | --dry-run]". */
static char *
verbs_option_text(const struct option_row *row, bool in_usage)
{
	char letter[8] = "", value[64] = "";

	if (row->letter != '\0')
		snprintf(letter, sizeof(letter), in_usage ? "-%c | " : "-%c, ", row->letter);
	if (row->value != NULL)
		snprintf(value, sizeof(value), row->implied != 0 ? "[=%s]" : " %s", row->value);
	return xasprintf(in_usage ? "[%s--%s%s]" : "%s--%s%s", letter, row->name, value);
}

static void
verbs_print_part(const char *part, int indent, int *column, FILE *out)
{
	if (*column + 1 + (int)strlen(part) > HELP_COLUMNS)
		*column = fprintf(out, "\n%*s", indent, "") - 1;
	*column += fprintf(out, " %s", part);
}

/* Options that the synopsis names are not listed once more. */
static void
verbs_print_usage(const struct verb *verb, const char *name, FILE *out)
{
	const char *synopsis = verb->verbs != NULL ? "VERB ..." : verb->synopsis;
	int column = fprintf(out, "usage: sluicectl %s", name), indent = column;

	if (synopsis != NULL)
		verbs_print_part(synopsis, indent, &column, out);
	for (const struct option_row *const *row = verb->options; row != NULL && *row != NULL;
	     row++) {
		char *part, option[32];

		snprintf(option, sizeof(option), "--%s", (*row)->name);
		if (synopsis != NULL && strstr(synopsis, option) != NULL)
			continue;
		part = verbs_option_text(*row, true);
		verbs_print_part(part, indent, &column, out);
		free(part);
	}
	fputc('\n', out);
}

static void
verbs_print_options(const struct verb *verb, FILE *out)
{
	if (verb->options == NULL)
		return;
	fputc('\n', out);
	for (const struct option_row *const *row = verb->options; *row != NULL; row++) {
		char *text = verbs_option_text(*row, false);

		fprintf(out, "  %-26s %s\n", text, (*row)->help);
		free(text);
	}
}

void
verbs_print_help(const struct verb *verb, const char *name, FILE *out)
{
	verbs_print_usage(verb, name, out);
	fprintf(out, "\n%s\n", verb->help);
	if (verb->verbs != NULL) {
		fputc('\n', out);
		verbs_print_overview(verb->verbs, out);
		fprintf(out, "\nAbout one of them: sluicectl %s VERB --help\n", name);
	}
	verbs_print_options(verb, out);
	fprintf(out, "\nexample: %s\n", verb->example);
}

static bool
verbs_wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* --- running --- */

static int
verbs_check_words(const struct call *call)
{
	const struct options *options = &call->options;

	if (options->word_count == 0 && call->verb->no_words != NULL)
		return verbs_usage(call, "%s", call->verb->no_words);
	if (options->word_count > (size_t)call->verb->max_words)
		return verbs_usage(call, "unexpected argument \"%s\"",
				   options->words[call->verb->max_words]);
	return 0;
}

static bool
verbs_knows_json(const struct verb *verb)
{
	for (const struct option_row *const *row = verb->options; row != NULL && *row != NULL;
	     row++)
		if (*row == &option_json)
			return true;
	return false;
}

int
verbs_run(const struct verb *verbs, struct client *client, int argc, char **argv)
{
	struct call call = {.client = client, .verbs = verbs, .output = {.stream = stdout}};
	bool wants_help = strcmp(argv[0], "help") == 0;
	char error[256];
	int code;

	if (wants_help) { /* "help dlq list" is "dlq list --help" */
		argv++;
		argc--;
		assert(argc > 0);
	}
	wants_help |= verbs_wants_help(argc, argv);
	code = verbs_choose(&call, &argc, argv, wants_help);
	if (code != 0)
		return code;
	if (wants_help) {
		verbs_print_help(call.verb, call.name, stdout);
		return CTL_OK;
	}
	if (options_read(&call.options, call.verb->options, argc, argv, error, sizeof(error)) != 0)
		code = verbs_usage(&call, "%s", error);
	else
		code = verbs_check_words(&call);
	if (code == 0) {
		call.output.json =
			verbs_knows_json(call.verb) && options_has(&call.options, "json");
		code = call.verb->handler(&call);
	}
	options_free(&call.options);
	return code;
}
