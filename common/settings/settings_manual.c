/* SPDX-License-Identifier: MIT */
/*
 * settings_manual.c - sluice.conf(5) from the table of settings: `sluiced --man-settings` prints
 * what etc/man/sluice.conf.5 holds.
 */
#include "common/settings/settings_manual.h"
#include "common/settings/settings.h"

#include <string.h>

static const char HEAD[] =
	".\\\" Made by sluiced --man-settings from common/settings/settings.def: change that, not this.\n"
	".Dd November 23, 2026\n"
	".Dt SLUICE.CONF 5\n"
	".Os Sluice\n"
	".Sh NAME\n"
	".Nm sluice.conf\n"
	".Nd settings of Sluice\n"
	".Sh DESCRIPTION\n"
	"All programs of Sluice read one settings file, in the format of libconfig.\n"
	"What is missing in it has its default.\n"
	"An unknown name, a wrong type or a value out of range is refused with file, line and the\n"
	"nearest known name; nothing is started then, and a running\n"
	".Xr sluiced 8\n"
	"keeps the settings it has.\n"
	".Pp\n"
	"The environment overrides the file:\n"
	".Ev SLUICE_LAKE_WORKERS\n"
	"is\n"
	".Ic workers\n"
	"in the section\n"
	".Ic lake ;\n"
	"members of a list are separated by commas.\n"
	"Relative paths start at the folder of the settings file.\n"
	".Pp\n"
	"Passwords are never settings: a setting names the file whose first line is the password.\n"
	".Ss Inputs\n"
	".Ic inputs\n"
	"is a list of groups, one for each file or pattern of files to read:\n"
	".Bl -tag -width Ds\n"
	".It Ic path\n"
	"a file or a pattern; must be given.\n"
	"A relative one starts at the folder of the settings file, as those of password files do.\n"
	".It Ic format\n"
	"one of " SETTINGS_FORMATS ".\n"
	"Default: that of\n"
	".Ic clean.format ;\n"
	"unless that is set, a warning says so.\n"
	".It Ic routing_key\n"
	"routing key of its messages.\n"
	"Default: logs.\n"
	".El\n"
	".Pp\n"
	"A reload that changes them restarts the producer.\n";

static const char TAIL[] =
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa " SLUICE_SYSCONFDIR "/sluice.conf"
	"\n"
	"the file that is read without\n"
	".Fl c .\n"
	".El\n"
	".Sh EXAMPLES\n"
	"A host that reads, and stores with two workers of each kind:\n"
	".Bd -literal -offset indent\n"
	"inputs = ( { path = \"/var/log/ezproxy/*.log\"; format = \"ezproxy\"; } );\n"
	"broker   : { hosts = [ \"rabbit1:5672\", \"rabbit2:5672\" ]; user = \"sluice\"; };\n"
	"database : { hosts = [ \"db1:3306\" ]; name = \"DB_LOGS\"; user = \"sluice\"; };\n"
	".Ed\n"
	".Pp\n"
	"A host that only stores, with 1 to 8 clean workers as the load asks for:\n"
	".Bd -literal -offset indent\n"
	"producer : { count = 0; };\n"
	"clean    : { workers = 1; autoscale_max = 8; };\n"
	".Ed\n"
	".Sh SEE ALSO\n"
	".Xr sluicectl 1 ,\n"
	".Xr sluiced 8\n";

/* mdoc takes a line that starts with a dot or a quote as a request, and "\" as an escape. */
static void
print_text(const char *text, FILE *out)
{
	if (text[0] == '.' || text[0] == '\'')
		fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
}

static void
print_range_sentence(const struct setting *setting, FILE *out)
{
	switch (setting->type) {
	case SETTING_NUMBER:
		fprintf(out, "A number of %s, %lld to %lld.\n", setting->unit,
			(long long)setting->min, (long long)setting->max);
		break;
	case SETTING_CHOICE:
		fprintf(out, "One of %s.\n", setting->unit);
		break;
	case SETTING_LIST:
		fprintf(out, "A list of %s.\n", setting->unit);
		break;
	case SETTING_PATH:
		fprintf(out, "A path.\n");
		break;
	case SETTING_TEXT:
		fprintf(out, "A text.\n");
		break;
	}
}

static void
print_setting(const struct setting *setting, FILE *out)
{
	const char *text = setting->default_text;
	const char *effect = settings_reload_text(setting->reload);

	fprintf(out, ".It Ic %s\n", setting->name);
	print_text(setting->help, out);
	fprintf(out, ".\n");
	print_range_sentence(setting, out);
	fprintf(out, "Default: ");
	if (text[0] == '\0')
		fprintf(out, "%s", setting->type == SETTING_LIST ? "none" : "empty");
	else
		print_text(text, out);
	fprintf(out, ".\nIf changed: %s.\n", effect);
}

void
settings_manual_print(FILE *out)
{
	const char *section = NULL;

	fputs(HEAD, out);
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *setting = &setting_table[i];

		if (section == NULL || strcmp(section, setting->section) != 0) {
			if (section != NULL)
				fprintf(out, ".El\n");
			section = setting->section;
			if (section[0] == '\0')
				fprintf(out, ".Ss Without a section\n");
			else
				fprintf(out, ".Ss Section %s\n", section);
			fprintf(out, ".Bl -tag -width Ds\n");
		}
		print_setting(setting, out);
	}
	fprintf(out, ".El\n");
	fputs(TAIL, out);
}
