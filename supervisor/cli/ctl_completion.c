/* SPDX-License-Identifier: MIT */
/*
 * ctl_completion.c - `sluicectl completion`: scripts for shells, made from the table of verbs.
 *
 * Options are read out of a verb's synopsis, so they cannot differ from what its help says.
 */
#include "common/base/xalloc.h"
#include "supervisor/cli/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "--check --watch --json", in new memory. */
static char *
options_of(const struct ctl_verb *verb)
{
	char *out = xstrdup("--help");

	for (const char *p = verb->synopsis; (p = strstr(p, "--")) != NULL;) {
		size_t len = 2 + strspn(p + 2, "abcdefghijklmnopqrstuvwxyz-");
		char *longer = xasprintf("%s %.*s", out, (int)len, p);

		free(out);
		out = longer;
		p += len;
	}
	return out;
}

static void
print_verb_names(void)
{
	for (size_t i = 0; i < ctl_verb_count; i++)
		printf("%s%s", i > 0 ? " " : "", ctl_verbs[i].name);
}

static void
print_bash(void)
{
	printf("# bash completion for sluicectl: sluicectl completion bash\n"
	       "_sluicectl() {\n"
	       "    local word=${COMP_WORDS[COMP_CWORD]} verb= words= i\n"
	       "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "        case ${COMP_WORDS[i]} in\n"
	       "        -c | -s) ((i++)) ;;\n"
	       "        -*) ;;\n"
	       "        *) verb=${COMP_WORDS[i]}; break ;;\n"
	       "        esac\n"
	       "    done\n"
	       "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
	       "    -c | -s) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
	       "    esac\n"
	       "    case $verb in\n"
	       "    '') words='help ");
	print_verb_names();
	printf(" -c -s --help --version' ;;\n");
	for (size_t i = 0; i < ctl_verb_count; i++) {
		char *options = options_of(&ctl_verbs[i]);

		printf("    %s) words='%s%s%s' ;;\n", ctl_verbs[i].name,
		       ctl_verbs[i].words != NULL ? ctl_verbs[i].words : "",
		       ctl_verbs[i].words != NULL ? " " : "", options);
		free(options);
	}
	printf("    esac\n"
	       "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
	       "    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace\n"
	       "    return 0\n"
	       "}\n"
	       "complete -F _sluicectl sluicectl\n");
}

static void
ctl_completion_print_quoted(const char *text)
{
	for (; *text != '\0' && *text != '\n'; text++)
		printf(strchr("'\\[]:", *text) != NULL ? *text == '\'' ? "'\\''" : "\\%c" : "%c",
		       *text);
}

static void
print_zsh(void)
{
	printf("#compdef sluicectl\n"
	       "# zsh completion for sluicectl: sluicectl completion zsh\n"
	       "_sluicectl() {\n"
	       "    local state verb\n"
	       "    local -a verbs\n"
	       "    verbs=(\n");
	for (size_t i = 0; i < ctl_verb_count; i++) {
		printf("        '%s:", ctl_verbs[i].name);
		ctl_completion_print_quoted(ctl_verbs[i].help);
		printf("'\n");
	}
	printf("    )\n"
	       "    _arguments -C '-c[settings file]:file:_files' '-s[control socket]:file:_files' "
	       "\\\n"
	       "        '1: :->verb' '*: :->word'\n"
	       "    case $state in\n"
	       "    verb) _describe verb verbs ;;\n"
	       "    word)\n"
	       "        case ${words[1]} in\n");
	for (size_t i = 0; i < ctl_verb_count; i++) {
		char *options = options_of(&ctl_verbs[i]);

		printf("        %s) compadd -- %s %s ;;\n", ctl_verbs[i].name,
		       ctl_verbs[i].words != NULL ? ctl_verbs[i].words : "", options);
		free(options);
	}
	printf("        esac ;;\n"
	       "    esac\n"
	       "}\n"
	       "_sluicectl \"$@\"\n");
}

/* Words, or the options without their dashes, one `complete` each. */
static void
print_fish_verb(const struct ctl_verb *verb)
{
	char *options = options_of(verb), *rest = NULL;

	printf("complete -c sluicectl -f -n __fish_use_subcommand -a %s -d '", verb->name);
	ctl_completion_print_quoted(verb->help);
	printf("'\n");
	if (verb->words != NULL)
		printf("complete -c sluicectl -f -n '__fish_seen_subcommand_from %s' -a '%s'\n",
		       verb->name, verb->words);
	for (char *option = strtok_r(options, " ", &rest); option != NULL;
	     option = strtok_r(NULL, " ", &rest))
		printf("complete -c sluicectl -n '__fish_seen_subcommand_from %s' -l %s\n",
		       verb->name, option + 2);
	free(options);
}

static void
print_fish(void)
{
	printf("# fish completion for sluicectl: sluicectl completion fish\n"
	       "complete -c sluicectl -s c -r -d 'settings file'\n"
	       "complete -c sluicectl -s s -r -d 'control socket'\n");
	for (size_t i = 0; i < ctl_verb_count; i++)
		print_fish_verb(&ctl_verbs[i]);
}

static void
print_all_json(void)
{
	json_t *all = json_array();

	for (size_t i = 0; i < ctl_verb_count; i++) {
		char *options = options_of(&ctl_verbs[i]);

		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s}", "verb", ctl_verbs[i].name, "words",
				       ctl_verbs[i].words != NULL ? ctl_verbs[i].words : "",
				       "options", options));
		free(options);
	}
	ctl_print_json(all);
	json_decref(all);
}

int
ctl_completion(struct ctl *ctl UNUSED, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "bash") == 0)
		print_bash();
	else if (argc == 2 && strcmp(argv[1], "zsh") == 0)
		print_zsh();
	else if (argc == 2 && strcmp(argv[1], "fish") == 0)
		print_fish();
	else if (argc == 2 && strcmp(argv[1], "--json") == 0)
		print_all_json();
	else
		return ctl_usage(argv[0], "say for which shell: bash, zsh or fish");
	return CTL_OK;
}
