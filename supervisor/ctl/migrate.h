/* SPDX-License-Identifier: MIT */
/*
 * migrate.h - bring the tables to the version that this program was built for (sluicectl's side).
 *
 * What was applied stands in the table schema_migrations. Several machines may migrate at once: a
 * lock of the server's lets one of them work while the others wait, then find nothing to do.
 */
#ifndef SUPERVISOR_CTL_MIGRATE_H
#define SUPERVISOR_CTL_MIGRATE_H

#include <stdbool.h>

#include "common/database/db.h"

enum { MIGRATIONS_MAX = 999 };

struct migrate_state {
	bool applied[MIGRATIONS_MAX + 1]; /* by version */
	int newest;			  /* the highest version applied; 0 = none */
};

/* What the database has; none when there is no schema_migrations yet. Changes nothing. */
enum outcome migrate_read(struct db *db, struct migrate_state *state,
			  struct failure *failure) MUST_CHECK;

/*
 * Apply what is missing, in order; each one recorded when it is done. report (if not NULL) is
 * called with the name of each migration that was applied. FATAL when the database is newer than
 * this program.
 */
enum outcome migrate_apply(struct db *db, void (*report)(const char *name),
			   struct failure *failure) MUST_CHECK;

/*
 * Are the tables that workers write to there, with every column? What is recorded as applied says
 * nothing of a table that was renamed, dropped or changed since. FATAL names it and what to do.
 */
enum outcome migrate_check_tables(struct db *db, struct failure *failure) MUST_CHECK;

#endif
