/* SPDX-License-Identifier: MIT */
/*
 * ctl_db.c - `sluicectl db`: look at the tables' version, bring them up to date.
 */
#include "common/base/log.h"
#include "common/database/schema.h"
#include "supervisor/cli/ctl.h"
#include "supervisor/ctl/migrate.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { OPTION_USER = 256, OPTION_PASSWORD_FILE, OPTION_JSON, ANSWER_TIMEOUT_S = 600 };

struct db_options {
	const char *action;
	char *user, *password_file; /* NULL = those of the settings */
	bool dry_run, json;
};

static int
ctl_db_read_options(struct db_options *options, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"user", required_argument, NULL, OPTION_USER},
		{"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
		{"dry-run", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, OPTION_JSON},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = ctl_getopt(argc, argv, ":n", long_options)) != -1) {
		switch (option) {
		case OPTION_USER:
			options->user = optarg;
			break;
		case OPTION_PASSWORD_FILE:
			options->password_file = optarg;
			break;
		case 'n':
			options->dry_run = true;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		default:
			return EX_USAGE;
		}
	}
	if (optind + 1 != argc)
		return ctl_usage("db", "one of status, migrate is needed");
	options->action = argv[optind];
	if (options->user != NULL && options->password_file == NULL)
		return ctl_usage("db", "--user needs --password-file (\"\" for no password)");
	if (strcmp(options->action, "status") != 0 && strcmp(options->action, "migrate") != 0)
		return ctl_usage("db", "\"%s\" is none of status, migrate", options->action);
	return 0;
}

/* Migrating wants rights that the workers' user may not have; so another one can be named. */
static enum outcome
connect_database(struct ctl *ctl, const struct db_options *options, struct db **db,
		 struct failure *failure)
{
	struct database_settings settings = ctl_settings(ctl)->database;

	if (options->user != NULL)
		settings.user = options->user;
	if (options->password_file != NULL)
		settings.password_file = options->password_file;
	if (options->password_file != NULL && options->password_file[0] != '\0' &&
	    access(options->password_file, F_OK) != 0)
		return failure_set(failure, OUTCOME_FATAL, EX_NOINPUT, "--password-file %s: %s",
				   options->password_file, strerror(errno));
	return db_open(db, &settings, ANSWER_TIMEOUT_S, failure);
}

static int
ctl_db_say_failure(const struct failure *failure)
{
	log_error("%s", failure->text);
	return failure->exit_code;
}

static void
ctl_db_print_status(const struct migrate_state *state, const char *address, bool json)
{
	json_t *list = json_array();

	if (!json)
		printf("database %s: version %d, this program wants %d\n", address, state->newest,
		       schema_latest());
	for (const struct schema_migration *m = schema_migrations; m->version != 0; m++) {
		bool applied = state->applied[m->version];

		if (!json)
			printf("  %-20s %s\n", m->name, applied ? "applied" : "missing");
		json_array_append_new(list, json_pack("{s:i, s:s, s:b}", "version", m->version,
						      "name", m->name, "applied", applied));
	}
	if (json) {
		json_t *all =
			json_pack("{s:s, s:i, s:i, s:o}", "database", address, "version",
				  state->newest, "wanted", schema_latest(), "migrations", list);

		ctl_print_json(all);
		json_decref(all);
		return;
	}
	json_decref(list);
}

/* What migrate_apply() reports; one run of sluicectl migrates once. */
static json_t *applied_names;

static void
report_applied(const char *name)
{
	json_array_append_new(applied_names, json_string(name));
}

static void
print_migrated(const char *address, const struct db_options *options)
{
	const json_t *name;
	size_t i;

	if (options->json) {
		json_t *data = json_pack("{s:s, s:i, s:b, s:O}", "database", address, "wanted",
					 schema_latest(), "dry_run", (int)options->dry_run,
					 "applied", applied_names);

		ctl_print_json(data);
		json_decref(data);
		return;
	}
	json_array_foreach(applied_names, i, name) printf(
		"%s %s\n", options->dry_run ? "would apply" : "applied", json_string_value(name));
	if (!options->dry_run)
		printf("database %s is at version %d\n", address, schema_latest());
}

static int
migrate(struct db *db, const struct migrate_state *state, const struct db_options *options)
{
	struct failure failure;
	int code = CTL_OK;

	applied_names = json_array();
	for (const struct schema_migration *m = schema_migrations; m->version != 0; m++)
		if (options->dry_run && !state->applied[m->version])
			report_applied(m->name);
	if (!options->dry_run && migrate_apply(db, report_applied, &failure) != OUTCOME_DONE)
		code = ctl_db_say_failure(&failure);
	else
		print_migrated(db_address(db), options);
	json_decref(applied_names);
	return code;
}

static int
check_tables(struct db *db)
{
	struct failure failure;

	return migrate_check_tables(db, &failure) == OUTCOME_DONE ? CTL_OK
								  : ctl_db_say_failure(&failure);
}

int
ctl_db(struct ctl *ctl, int argc, char **argv)
{
	struct db_options options = {.action = NULL};
	struct migrate_state state;
	struct failure failure;
	struct db *db = NULL;
	int code = ctl_db_read_options(&options, argc, argv);

	if (code != 0)
		return code;
	if (connect_database(ctl, &options, &db, &failure) != OUTCOME_DONE)
		return ctl_db_say_failure(&failure);
	if (migrate_read(db, &state, &failure) != OUTCOME_DONE) {
		code = ctl_db_say_failure(&failure);
	} else if (strcmp(options.action, "status") == 0) {
		ctl_db_print_status(&state, db_address(db), options.json);
		code = state.newest == schema_latest() ? check_tables(db) : CTL_FAILED;
	} else {
		code = migrate(db, &state, &options);
		if (code == CTL_OK && !options.dry_run)
			code = check_tables(db);
	}
	db_close(&db);
	return code;
}
