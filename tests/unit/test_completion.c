/* SPDX-License-Identifier: MIT */
/*
 * test_completion.c - what shells are told: bash is asked itself, the scripts for zsh and fish are
 * read.
 */
#include "supervisor/cli/completion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option_row row_out = {
	.name = "out", .value = "FILE", .help = "somebody's file", .kind = OPTION_TEXT};
static const struct option_row row_format = {.name = "format",
					     .value = "NAME",
					     .help = "which",
					     .choices = "common|combined",
					     .kind = OPTION_TEXT};
static const struct option_row row_dry_run = {
	.name = "dry-run", .letter = 'n', .help = "only say it"};

static const struct verb own_verbs[] = {
	{.name = "list", .help = "the: list", .options = OPTION_LIST(&row_out, &option_json)},
	{.name = "status", .help = "of it", .words = "lake clean"},
	{.name = NULL},
};
static const struct verb verbs[] = {
	{.name = "status", .help = "what's up\nmore", .options = OPTION_LIST(&option_json)},
	{.name = "scale",
	 .help = "how many",
	 .words = "lake= clean=",
	 .options = OPTION_LIST(&row_dry_run)},
	{.name = "dlq", .help = "letters", .verbs = own_verbs},
	{.name = "audit",
	 .help = "files",
	 .takes_files = true,
	 .options = OPTION_LIST(&row_format)},
	{.name = NULL},
};

static char *
script_for(const char *shell)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(completion_print(verbs, shell, out), 0);
	fclose(out);
	return text;
}

/* What bash offers for the words, of which the last one is being typed. */
static void
assert_bash_offers(const char *words, const char *offered)
{
	char path[] = "/tmp/test_completion.XXXXXX", command[512], got[512] = "";
	char *script = script_for("bash");
	int fd = mkstemp(path);
	FILE *bash;

	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	free(script);
	snprintf(command, sizeof(command),
		 "bash -c 'compopt() { :; }; . %s; COMP_WORDS=(sluicectl %s); "
		 "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sluicectl; echo \"${COMPREPLY[*]}\"'",
		 path, words);
	bash = popen(command, "r");
	assert_non_null(bash);
	assert_non_null(fgets(got, sizeof(got), bash));
	assert_int_equal(pclose(bash), 0);
	unlink(path);
	got[strcspn(got, "\n")] = '\0';
	assert_string_equal(got, offered);
}

static void
test_bash(void **state UNUSED)
{
	assert_bash_offers("s", "status scale");
	assert_bash_offers("he", "help");
	assert_bash_offers("-c file st", "status");
	assert_bash_offers("status --", "--help --json");
	assert_bash_offers("scale l", "lake=");
	assert_bash_offers("scale lake=2 --d", "--dry-run");
	assert_bash_offers("dlq l", "list");
	assert_bash_offers("dlq list --o", "--out");
	assert_bash_offers("dlq --json list --o", "--out");
	assert_bash_offers("dlq status c", "clean");
	assert_bash_offers("dlq nonsense --o", "");
	assert_bash_offers("audit /proc/versio", "/proc/version");
	assert_bash_offers("audit --f", "--format");
	assert_bash_offers("audit --format com", "common combined");
	assert_bash_offers("dlq list --out /proc/versio", "/proc/version");
}

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in %s", part, text);
}

static void
test_zsh(void **state UNUSED)
{
	char *script = script_for("zsh");

	assert_has(script, "'status:what'\\''s up'\n");
	assert_has(script, "status/*) compadd -- --help --json ;;");
	assert_has(script, "dlq/) compadd -- list status --help ;;");
	assert_has(script, "dlq/list) compadd -- --help --out --json ;;");
	assert_has(script, "dlq/status) compadd -- lake clean --help ;;");
	assert_null(strstr(script, "more"));
	free(script);
}

static void
test_fish(void **state UNUSED)
{
	char *script = script_for("fish");

	assert_has(script, "-n '__fish_use_subcommand' -a 'status' -d 'what'\\''s up'\n");
	/* "dlq status" is not "status" */
	assert_has(script, "-n '__fish_seen_subcommand_from status; and not "
			   "__fish_seen_subcommand_from dlq' -l json -d 'print JSON'\n");
	assert_has(script, "-l dry-run -s n -d 'only say it'\n");
	assert_has(script,
		   "-n '__fish_seen_subcommand_from dlq; and "
		   "__fish_seen_subcommand_from list' -l out -r -d 'somebody'\\''s file'\n");
	assert_has(script, "-a 'lake clean'\n");
	free(script);
}

static void
test_other_shells(void **state UNUSED)
{
	assert_int_equal(completion_print(verbs, "csh", stdout), -1);
	assert_int_equal(completion_print(verbs, "", stdout), -1);
}

static void
test_json(void **state UNUSED)
{
	json_t *got = completion_json(verbs);
	json_t *wanted = json_loads(
		"[{\"verb\": \"status\", \"words\": \"\", \"options\": \"--help --json\"},"
		" {\"verb\": \"scale\", \"words\": \"lake= clean=\", \"options\": \"--help "
		"--dry-run\"},"
		" {\"verb\": \"dlq\", \"words\": \"\", \"options\": \"--help\", \"verbs\": ["
		"  {\"verb\": \"list\", \"words\": \"\", \"options\": \"--help --out --json\"},"
		"  {\"verb\": \"status\", \"words\": \"lake clean\", \"options\": \"--help\"}]},"
		" {\"verb\": \"audit\", \"words\": \"\", \"options\": \"--help --format\"}]",
		0, NULL);

	assert_non_null(wanted);
	assert_true(json_equal(got, wanted));
	json_decref(got);
	json_decref(wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bash),	     cmocka_unit_test(test_zsh),
		cmocka_unit_test(test_fish),	     cmocka_unit_test(test_json),
		cmocka_unit_test(test_other_shells),
	};

	return cmocka_run_group_tests_name("completion", tests, NULL, NULL);
}
