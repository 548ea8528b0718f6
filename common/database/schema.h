/* SPDX-License-Identifier: MIT */
/*
 * schema.h - the migrations under etc/schema, as they were when the program was built.
 *
 * The table itself is made by etc/embed-schema, so that a program needs no files beside it.
 */
#ifndef COMMON_DATABASE_SCHEMA_H
#define COMMON_DATABASE_SCHEMA_H

struct schema_migration {
	int version;	  /* 1, 2, 3 ... */
	const char *name; /* "001-raw-log" */
	const char *sql;  /* statements, each ended by ";\n" */
};

/* Ascending by version; a version of 0 ends the table. */
extern const struct schema_migration schema_migrations[];

/* The version that this program was built for: that of the last migration. */
int schema_latest(void);

#endif
