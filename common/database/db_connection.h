/* SPDX-License-Identifier: MIT */
/*
 * db_connection.h - the inside of a connection, for db.c and db_insert.c. Nobody else includes it.
 */
#ifndef COMMON_DATABASE_DB_CONNECTION_H
#define COMMON_DATABASE_DB_CONNECTION_H

#include <mysql.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/process/outcome.h"

struct db {
	MYSQL *mysql;
	char address[300];
	uint64_t max_allowed_packet; /* of the server */
	bool can_bind_arrays;	     /* the server knows MariaDB's bulk operations */
	bool lost;
	int64_t limit_ms; /* no call waits longer for the server */
	int64_t begun_ms; /* CLOCK_MONOTONIC, when the call began that runs now */
};

/* Before each call that waits for the server: db_connection_fail() asks how long ago that was. */
void db_connection_begin(struct db *db);

/* Fill the failure from the connection's or a statement's last error; notes when it is lost, and
 * whether that was our own time limit: a client library calls both "lost connection". */
enum outcome db_connection_fail(struct db *db, const char *doing, unsigned number, const char *text,
				struct failure *failure);

#endif
