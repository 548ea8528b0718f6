/* SPDX-License-Identifier: MIT */
/*
 * ctl_db.c - `sluicectl db`: look at the tables' version, bring them up to date.
 */
#include "common/base/log.h"
#include "common/database/schema.h"
#include "supervisor/cli/member.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { ANSWER_TIMEOUT_S = 600 };

/* Migrating wants rights that the workers' user may not have; so another one can be named. */
static enum outcome
ctl_db_connect(struct call *call, struct db **db, struct failure *failure)
{
	struct database_settings settings = client_settings(call->client)->database;
	const char *user = options_text(&call->options, "user");
	const char *password_file = options_text(&call->options, "password-file");

	if (user != NULL)
		settings.user = (char *)(uintptr_t)user;
	if (password_file != NULL)
		settings.password_file = (char *)(uintptr_t)password_file;
	if (password_file != NULL && password_file[0] != '\0' && access(password_file, F_OK) != 0)
		return failure_set(failure, OUTCOME_FATAL, EX_NOINPUT, "--password-file %s: %s",
				   password_file, strerror(errno));
	return db_open(db, &settings, ANSWER_TIMEOUT_S, failure);
}

static int
ctl_db_say_failure(const struct failure *failure)
{
	log_error("%s", failure->text);
	return failure->exit_code;
}

/* What both verbs begin with. Returns 0 with the state of the tables, or an exit code. */
static int
ctl_db_open(struct call *call, struct db **db, struct migrate_state *state)
{
	struct failure failure;

	if (options_has(&call->options, "user") && !options_has(&call->options, "password-file"))
		return verbs_usage(call, "--user needs --password-file (\"\" for no password)");
	if (ctl_db_connect(call, db, &failure) == OUTCOME_DONE &&
	    migrate_read(*db, state, &failure) == OUTCOME_DONE)
		return CTL_OK;
	db_close(db);
	return ctl_db_say_failure(&failure);
}

static int
ctl_db_check_tables(struct db *db)
{
	struct failure failure;

	return migrate_check_tables(db, &failure) == OUTCOME_DONE ? CTL_OK
								  : ctl_db_say_failure(&failure);
}

/* --- status --- */

static json_t *
ctl_db_status_data(const struct migrate_state *state, const char *address)
{
	json_t *list = json_array();

	for (const struct schema_migration *m = schema_migrations; m->version != 0; m++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:b}", "version", m->version,
						      "name", m->name, "applied",
						      (int)state->applied[m->version]));
	return json_pack("{s:s, s:i, s:i, s:o}", "database", address, "version", state->newest,
			 "wanted", schema_latest(), "migrations", list);
}

static void
ctl_db_print_status(const json_t *data, FILE *out)
{
	const json_t *migration;
	size_t i;

	fprintf(out, "database %s: version %d, this program wants %d\n",
		member_text(data, "database", "?"), (int)member_number(data, "version", 0),
		(int)member_number(data, "wanted", 0));
	json_array_foreach(json_object_get(data, "migrations"), i, migration)
		fprintf(out, "  %-20s %s\n", member_text(migration, "name", "?"),
			member_is_true(migration, "applied") ? "applied" : "missing");
}

int
ctl_db_status(struct call *call)
{
	struct migrate_state state;
	struct db *db = NULL;
	json_t *data;
	int code = ctl_db_open(call, &db, &state);

	if (code != CTL_OK)
		return code;
	data = ctl_db_status_data(&state, db_address(db));
	output_value(&call->output, data, ctl_db_print_status);
	json_decref(data);
	code = state.newest == schema_latest() ? ctl_db_check_tables(db) : CTL_FAILED;
	db_close(&db);
	return code;
}

/* --- migrate --- */

/* What migrate_apply() reports; one run of sluicectl migrates once. */
static json_t *ctl_db_applied;

static void
ctl_db_report_applied(const char *name)
{
	json_array_append_new(ctl_db_applied, json_string(name));
}

static void
ctl_db_print_migrated(const json_t *data, FILE *out)
{
	bool dry_run = member_is_true(data, "dry_run");
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(data, "applied"), i, name) fprintf(
		out, "%s %s\n", dry_run ? "would apply" : "applied", json_string_value(name));
	if (!dry_run)
		fprintf(out, "database %s is at version %d\n", member_text(data, "database", "?"),
			(int)member_number(data, "wanted", 0));
}

int
ctl_db_migrate(struct call *call)
{
	bool dry_run = options_has(&call->options, "dry-run");
	struct migrate_state state;
	struct failure failure;
	struct db *db = NULL;
	json_t *data;
	int code = ctl_db_open(call, &db, &state);

	if (code != CTL_OK)
		return code;
	ctl_db_applied = json_array();
	data = json_pack("{s:s, s:i, s:b, s:o}", "database", db_address(db), "wanted",
			 schema_latest(), "dry_run", (int)dry_run, "applied", ctl_db_applied);
	for (const struct schema_migration *m = schema_migrations; m->version != 0; m++)
		if (dry_run && !state.applied[m->version])
			ctl_db_report_applied(m->name);
	if (!dry_run && migrate_apply(db, ctl_db_report_applied, &failure) != OUTCOME_DONE)
		code = ctl_db_say_failure(&failure);
	else
		output_value(&call->output, data, ctl_db_print_migrated);
	if (code == CTL_OK && !dry_run)
		code = ctl_db_check_tables(db);
	json_decref(data);
	db_close(&db);
	return code;
}
