/* SPDX-License-Identifier: MIT */
/*
 * completion.c - scripts for shells.
 */
#include "supervisor/cli/completion.h"
#include "common/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* A copy of the list with one word more; frees the list. */
static char *
completion_add_word(char *list, const char *before, const char *word)
{
	char *longer = xasprintf("%s%s%s%s", list, list[0] != '\0' ? " " : "", before, word);

	free(list);
	return longer;
}

/* "--help --check --watch", in new memory. */
static char *
completion_options(const struct verb *verb)
{
	char *list = xstrdup("--help");

	for (const struct option_row *const *row = verb->options; row != NULL && *row != NULL;
	     row++)
		list = completion_add_word(list, "--", (*row)->name);
	return list;
}

static char *
completion_names(const struct verb *verbs)
{
	char *list = xstrdup("");

	for (; verbs->name != NULL; verbs++)
		list = completion_add_word(list, "", verbs->name);
	return list;
}

/* All that may follow a verb: the names of its verbs or its words, then its options. */
static char *
completion_words(const struct verb *verb)
{
	char *options = completion_options(verb), *list;

	if (verb->verbs != NULL)
		list = completion_names(verb->verbs);
	else
		list = xstrdup(verb->words != NULL ? verb->words : "");
	list = completion_add_word(list, "", options);
	free(options);
	return list;
}

/* --- bash --- */

/* The children of the running sluiced; files are offered when no option is being typed. */
#define BASH_CHILDREN \
	" words+=\" $(sluicectl status 2>/dev/null | awk '$2 ~ /^[0-9]+$/ { print $1 \"/\" $2 }')\""
#define BASH_FILES " [[ $word == -* ]] || { COMPREPLY=($(compgen -f -- \"$word\")); return; }"

/* pattern: "scale/" and so on, what the script calls the verb. */
static void
completion_bash_verb(const struct verb *verb, const char *pattern, FILE *out)
{
	char *words = completion_words(verb);

	fprintf(out, "    %s) words='%s'%s%s ;;\n", pattern, words,
		verb->takes_children ? ";" BASH_CHILDREN : "",
		verb->takes_files ? ";" BASH_FILES : "");
	free(words);
}

/* What bash may offer for the value of an option, whatever verb it is of: files, or its choices. */
static void
completion_bash_values(const struct verb *verbs, FILE *out)
{
	for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
		if (verb->verbs != NULL)
			completion_bash_values(verb->verbs, out);
		for (const struct option_row *const *row = verb->options;
		     row != NULL && *row != NULL; row++) {
			if ((*row)->choices != NULL) {
				fprintf(out, "    --%s) COMPREPLY=($(compgen -W '", (*row)->name);
				for (const char *c = (*row)->choices; *c != '\0'; c++)
					fputc(*c == '|' ? ' ' : *c, out);
				fputs("' -- \"$word\")); return ;;\n", out);
			} else if ((*row)->value != NULL && strcmp((*row)->value, "FILE") == 0) {
				fprintf(out,
					"    --%s) COMPREPLY=($(compgen -f -- \"$word\")); "
					"return ;;\n",
					(*row)->name);
			}
		}
	}
}

static void
completion_print_bash(const struct verb *verbs, FILE *out)
{
	char *names = completion_names(verbs);

	fputs("# bash completion for sluicectl: sluicectl completion bash\n"
	      "_sluicectl() {\n"
	      "    local word=${COMP_WORDS[COMP_CWORD]} verb= sub= words= i\n"
	      "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "        case ${COMP_WORDS[i]} in\n"
	      "        -c | -s) ((i++)) ;;\n"
	      "        -*) ;;\n"
	      "        *) if [[ $verb ]]; then sub=${COMP_WORDS[i]}; break; fi; "
	      "verb=${COMP_WORDS[i]} ;;\n"
	      "        esac\n"
	      "    done\n"
	      "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
	      "    -c | -s) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n",
	      out);
	completion_bash_values(verbs, out);
	fprintf(out,
		"    esac\n"
		"    case $verb/$sub in\n"
		"    /) words='help %s -c -s --help --version' ;;\n",
		names);
	free(names);
	for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
		char *pattern = xasprintf("%s/%s", verb->name, verb->verbs != NULL ? "" : "*");

		completion_bash_verb(verb, pattern, out);
		free(pattern);
		for (const struct verb *own = verb->verbs; own != NULL && own->name != NULL;
		     own++) {
			pattern = xasprintf("%s/%s", verb->name, own->name);
			completion_bash_verb(own, pattern, out);
			free(pattern);
		}
	}
	fputs("    esac\n"
	      "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
	      "    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace\n"
	      "    return 0\n"
	      "}\n"
	      "complete -F _sluicectl sluicectl\n",
	      out);
}

/* --- zsh and fish --- */

/* The first line of a help text inside single quotes; escaped are those that the shell wants so. */
static void
completion_print_quoted(const char *text, const char *escaped, FILE *out)
{
	for (; *text != '\0' && *text != '\n'; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr(escaped, *text) != NULL)
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void
completion_zsh_verb(const struct verb *verb, const char *pattern, FILE *out)
{
	char *words = completion_words(verb);

	fprintf(out, "        %s) compadd -- %s%s ;;\n", pattern, words,
		verb->takes_files ? "; _files" : "");
	free(words);
}

static void
completion_print_zsh(const struct verb *verbs, FILE *out)
{
	fputs("#compdef sluicectl\n"
	      "# zsh completion for sluicectl: sluicectl completion zsh\n"
	      "_sluicectl() {\n"
	      "    local state sub\n"
	      "    local -a verbs\n"
	      "    verbs=(\n",
	      out);
	for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
		fprintf(out, "        '%s:", verb->name);
		completion_print_quoted(verb->help, "\\[]:", out);
		fputs("'\n", out);
	}
	fputs("    )\n"
	      "    _arguments -C '-c[settings file]:file:_files' '-s[control socket]:file:_files' "
	      "\\\n"
	      "        '1: :->verb' '*:: :->word'\n"
	      "    case $state in\n"
	      "    verb) _describe verb verbs ;;\n"
	      "    word)\n"
	      "        (( CURRENT > 2 )) && sub=${words[2]}\n"
	      "        case ${words[1]}/$sub in\n",
	      out);
	for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
		char *pattern = xasprintf("%s/%s", verb->name, verb->verbs != NULL ? "" : "*");

		completion_zsh_verb(verb, pattern, out);
		free(pattern);
		for (const struct verb *own = verb->verbs; own != NULL && own->name != NULL;
		     own++) {
			pattern = xasprintf("%s/%s", verb->name, own->name);
			completion_zsh_verb(own, pattern, out);
			free(pattern);
		}
	}
	fputs("        esac ;;\n"
	      "    esac\n"
	      "}\n"
	      "_sluicectl \"$@\"\n",
	      out);
}

static void
completion_fish_line(const char *condition, const char *word, const char *help, FILE *out)
{
	fprintf(out, "complete -c sluicectl -f -n '%s' -a '%s'", condition, word);
	if (help != NULL) {
		fputs(" -d '", out);
		completion_print_quoted(help, "\\", out);
		fputc('\'', out);
	}
	fputc('\n', out);
}

/* What follows a verb, when the condition says that it stands on the line. */
static void
completion_fish_verb(const struct verb *verb, const char *condition, FILE *out)
{
	if (verb->takes_files)
		fprintf(out, "complete -c sluicectl -F -n '%s'\n", condition);
	if (verb->words != NULL)
		completion_fish_line(condition, verb->words, NULL, out);
	for (const struct option_row *const *row = verb->options; row != NULL && *row != NULL;
	     row++) {
		fprintf(out, "complete -c sluicectl -n '%s' -l %s", condition, (*row)->name);
		if ((*row)->letter != '\0')
			fprintf(out, " -s %c", (*row)->letter);
		if ((*row)->kind != OPTION_FLAG && (*row)->implied == 0)
			fputs(" -r", out);
		fputs(" -d '", out);
		completion_print_quoted((*row)->help, "\\", out);
		fputs("'\n", out);
	}
}

/* Verbs of verbs have names that verbs have, too: "db status" is not "status". */
static void
completion_print_fish(const struct verb *verbs, FILE *out)
{
	char *parents = xstrdup("");

	for (const struct verb *verb = verbs; verb->name != NULL; verb++)
		if (verb->verbs != NULL)
			parents = completion_add_word(parents, "", verb->name);
	fputs("# fish completion for sluicectl: sluicectl completion fish\n"
	      "complete -c sluicectl -s c -r -d 'settings file'\n"
	      "complete -c sluicectl -s s -r -d 'control socket'\n"
	      "complete -c sluicectl -l help -d 'explain it'\n",
	      out);
	for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
		char *condition, *names;

		completion_fish_line("__fish_use_subcommand", verb->name, verb->help, out);
		if (verb->verbs == NULL) {
			condition = xasprintf("__fish_seen_subcommand_from %s; and not "
					      "__fish_seen_subcommand_from %s",
					      verb->name, parents[0] != '\0' ? parents : "-");
			completion_fish_verb(verb, condition, out);
			free(condition);
			continue;
		}
		names = completion_names(verb->verbs);
		condition = xasprintf("__fish_seen_subcommand_from %s; and not "
				      "__fish_seen_subcommand_from %s",
				      verb->name, names);
		for (const struct verb *own = verb->verbs; own->name != NULL; own++)
			completion_fish_line(condition, own->name, own->help, out);
		free(condition);
		free(names);
		for (const struct verb *own = verb->verbs; own->name != NULL; own++) {
			condition = xasprintf("__fish_seen_subcommand_from %s; and "
					      "__fish_seen_subcommand_from %s",
					      verb->name, own->name);
			completion_fish_verb(own, condition, out);
			free(condition);
		}
	}
	free(parents);
}

int
completion_print(const struct verb *verbs, const char *shell, FILE *out)
{
	static const struct {
		const char *shell;
		void (*print)(const struct verb *verbs, FILE *out);
	} shells[] = {
		{"bash", completion_print_bash},
		{"zsh", completion_print_zsh},
		{"fish", completion_print_fish},
	};

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (strcmp(shells[i].shell, shell) == 0) {
			shells[i].print(verbs, out);
			return 0;
		}
	}
	return -1;
}

json_t *
completion_json(const struct verb *verbs)
{
	json_t *all = json_array();

	for (; verbs->name != NULL; verbs++) {
		char *options = completion_options(verbs);
		json_t *row =
			json_pack("{s:s, s:s, s:s}", "verb", verbs->name, "words",
				  verbs->words != NULL ? verbs->words : "", "options", options);

		if (verbs->verbs != NULL)
			json_object_set_new(row, "verbs", completion_json(verbs->verbs));
		json_array_append_new(all, row);
		free(options);
	}
	return all;
}
