/* SPDX-License-Identifier: MIT */
/*
 * db.c - one connection to MySQL or MariaDB.
 */
#include "common/database/db.h"
#include "common/database/db_connection.h"
#include "common/database/db_errors.h"
#include "common/base/host.h"
#include "common/base/log.h"
#include "common/database/schema.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_password.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_S = 5 };

/*
 * What a session has to be, whatever the server's options, its init_connect or a proxy made of it:
 * said by statement and read back. Strict for every engine, no zero dates: what does not fit is an
 * error, not a silent change. UTC by offset, since named zones need tables. Nothing that switches
 * the tables' own checks off, turns the meaning of a literal, or cuts what is read.
 */
struct session_variable {
	const char *name;
	const char *value; /* as it is read back */
	bool is_text;
};

static const struct session_variable session_variables[] = {
	/* these four are set by SET NAMES, before the others */
	{.name = "character_set_client", .value = "utf8mb4", .is_text = true},
	{.name = "character_set_connection", .value = "utf8mb4", .is_text = true},
	{.name = "character_set_results", .value = "utf8mb4", .is_text = true},
	{.name = "collation_connection", .value = "utf8mb4_general_ci", .is_text = true},
	{.name = "sql_mode", /* in the servers' own order */
	 .value = "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION",
	 .is_text = true},
	{.name = "time_zone", .value = "+00:00", .is_text = true},
	{.name = "autocommit", .value = "0"},
	{.name = "sql_auto_is_null", .value = "0"},
	{.name = "foreign_key_checks", .value = "1"},
	{.name = "unique_checks", .value = "1"},
	{.name = "sql_select_limit", .value = "18446744073709551615"},
	/* A lock is waited for shorter than any timeout of ours. */
	{.name = "innodb_lock_wait_timeout", .value = "5"},
	/* MariaDB's alone: to MySQL, and to a proxy, it is a comment */
	{.name = "check_constraint_checks", .value = "1"},
};
enum {
	SET_BY_NAMES = 4,
	SESSION_VARIABLES = sizeof(session_variables) / sizeof(session_variables[0]),
};

static enum outcome
fail(struct db *db, const char *doing, struct failure *failure)
{
	return db_connection_fail(db, doing, mysql_errno(db->mysql), mysql_error(db->mysql),
				  failure);
}

/* --- connecting --- */

struct target {
	char host[HOST_SIZE];	/* "" with a socket */
	char socket[HOST_SIZE]; /* "" with a host */
	unsigned short port;
};

/* "host", "host:port", "[::1]:port" or "/path/of/socket". Returns 0 or -1. */
static int
parse_target(const char *text, struct target *target)
{
	size_t len = strlen(text);
	int port;

	*target = (struct target){.port = 3306};
	if (text[0] == '/') {
		if (len >= sizeof(target->socket))
			return -1;
		memcpy(target->socket, text, len + 1);
		return 0;
	}
	if (host_split(text, 3306, target->host, sizeof(target->host), &port) != 0)
		return -1;
	target->port = (unsigned short)port;
	return 0;
}

static void
set_options(MYSQL *mysql, int64_t timeout_s)
{
	unsigned connect_s = (unsigned)MIN(timeout_s, (int64_t)CONNECT_TIMEOUT_S),
		 answer_s = (unsigned)timeout_s, off = 0;
	unsigned long packet = 1UL << 30; /* the server's limit is what counts */

	/* Without these a hung server hangs us for ever. */
	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
	/* A rogue server must not be able to ask for files. */
	mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
#ifndef MARIADB_PACKAGE_VERSION
	/*
	 * After a restart MySQL wants a user's password again (caching_sha2_password), and without
	 * TLS encrypted by its public key. MariaDB's library asks for the key by itself.
	 */
	bool get_key = true;

	mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &get_key);
#endif
}

static void
note_number(void *context, const char *const *values, unsigned count)
{
	if (count > 0 && values[0] != NULL)
		*(uint64_t *)context = strtoull(values[0], NULL, 10);
}

/* "SET time_zone = '+00:00', ..." or "SELECT @@max_allowed_packet, @@time_zone, ..."; to be freed. */
static char *
session_sql(bool is_set, int64_t timeout_s)
{
	/* a table's lock too: the server shall say so before we give up and leave it waiting */
	char *sql = is_set ? xasprintf("SET SESSION lock_wait_timeout = %" PRId64,
				       MAX(1, timeout_s - 1))
			   : xasprintf("SELECT @@max_allowed_packet");

	for (size_t i = is_set ? SET_BY_NAMES : 0; i < SESSION_VARIABLES; i++) {
		const struct session_variable *variable = &session_variables[i];
		bool is_mariadbs = i == SESSION_VARIABLES - 1;
		const char *quote = variable->is_text ? "'" : "";
		char *longer =
			is_set ? xasprintf("%s%s, %s = %s%s%s%s", sql,
					   is_mariadbs ? " /*M!100201" : "", variable->name, quote,
					   variable->value, quote, is_mariadbs ? " */" : "")
			       : xasprintf("%s%s, @@%s%s", sql, is_mariadbs ? " /*M!100201" : "",
					   variable->name, is_mariadbs ? " */" : "");

		free(sql);
		sql = longer;
	}
	return sql;
}

struct session_read {
	uint64_t max_allowed_packet;
	const struct session_variable *wrong; /* the first that is not as it was said; or NULL */
	char found[100];
};

static void
read_session(void *context, const char *const *values, unsigned count)
{
	struct session_read *read = context;

	note_number(&read->max_allowed_packet, values, count);
	for (unsigned i = 1; i < count && i <= SESSION_VARIABLES && read->wrong == NULL; i++) {
		const struct session_variable *variable = &session_variables[i - 1];

		if (values[i] != NULL && strcmp(values[i], variable->value) == 0)
			continue;
		read->wrong = variable;
		snprintf(read->found, sizeof(read->found), "%s",
			 values[i] != NULL ? values[i] : "NULL");
	}
	/* MySQL answers without the last one */
	if (count < SESSION_VARIABLES && read->wrong == NULL)
		read->wrong = &session_variables[MAX(count, 1U) - 1];
}

static enum outcome
say_session(struct db *db, bool is_set, int64_t timeout_s, struct session_read *read,
	    struct failure *failure)
{
	char *sql = session_sql(is_set, timeout_s);
	enum outcome outcome = is_set ? db_execute(db, sql, failure)
				      : db_query(db, sql, read_session, read, failure);

	free(sql);
	return outcome;
}

static enum outcome
set_up_session(struct db *db, int64_t timeout_s, struct failure *failure)
{
	struct session_read read = {.wrong = NULL};

	if (db_execute(db, "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci", failure) !=
		    OUTCOME_DONE ||
	    say_session(db, true, timeout_s, NULL, failure) != OUTCOME_DONE ||
	    say_session(db, false, timeout_s, &read, failure) != OUTCOME_DONE)
		return failure->outcome;
	if (read.wrong != NULL)
		return failure_set(
			failure, OUTCOME_FATAL, EX_CONFIG,
			"database %s: the session's %s is \"%s\" although \"%s\" was set: "
			"lines would be stored or read wrongly (does a proxy answer for "
			"the server?)",
			db->address, read.wrong->name, read.found, read.wrong->value);
	db->max_allowed_packet = read.max_allowed_packet;
#ifdef MARIADB_CLIENT_STMT_BULK_OPERATIONS
	unsigned long capabilities = 0;

	if (mariadb_get_infov(db->mysql, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES,
			      &capabilities) == 0)
		db->can_bind_arrays =
			(capabilities & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
#endif
	return OUTCOME_DONE;
}

static enum outcome
db_open_one(struct db *db, const char *host_text, const struct database_settings *settings,
	    int64_t timeout_s, struct failure *failure)
{
	char password[256], error[384], doing[160];
	struct target target;
	MYSQL *connected;

	snprintf(db->address, sizeof(db->address), "%s", host_text);
	if (parse_target(host_text, &target) != 0)
		return failure_set(
			failure, OUTCOME_FATAL, EX_CONFIG,
			"database.hosts: \"%s\" is neither host:port nor /path/of/socket",
			host_text);
	if (settings_password_read(settings->password_file, password, sizeof(password), error,
				   sizeof(error)) != 0)
		return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				   "%s (database.password_file says where)", error);
	db->mysql = mysql_init(NULL);
	if (db->mysql == NULL)
		fatal("out of memory for a database connection");
	set_options(db->mysql, timeout_s);
	db->limit_ms = MIN(timeout_s, (int64_t)CONNECT_TIMEOUT_S) * 1000;
	db_connection_begin(db);
	connected = mysql_real_connect(db->mysql, target.host[0] != '\0' ? target.host : NULL,
				       settings->user, password, settings->name, target.port,
				       target.socket[0] != '\0' ? target.socket : NULL, 0);
	explicit_bzero(password, sizeof(password));
	if (connected == NULL) {
		snprintf(doing, sizeof(doing), "connect as user \"%.50s\" to database \"%.50s\"",
			 settings->user, settings->name);
		return fail(db, doing, failure);
	}
	db->limit_ms = timeout_s * 1000;
	return set_up_session(db, timeout_s, failure);
}

enum outcome
db_open(struct db **out, const struct database_settings *settings, int64_t timeout_s,
	struct failure *failure)
{
	enum outcome outcome = OUTCOME_FATAL;

	*out = NULL;
	for (size_t i = 0; i < settings->hosts.count; i++) {
		struct db *db = xcalloc(1, sizeof(*db));

		outcome = db_open_one(db, settings->hosts.items[i], settings, timeout_s, failure);
		if (outcome == OUTCOME_DONE) {
			*out = db;
			return OUTCOME_DONE;
		}
		db_close(&db);
	}
	return outcome;
}

void
db_close(struct db **db)
{
	if (*db == NULL)
		return;
	if ((*db)->mysql != NULL)
		mysql_close((*db)->mysql);
	free(*db);
	*db = NULL;
}

const char *
db_address(const struct db *db)
{
	return db->address;
}

bool
db_is_lost(const struct db *db)
{
	return db->lost;
}

/* --- statements --- */

static void
db_ignore_row(void *context UNUSED, const char *const *values UNUSED, unsigned count UNUSED)
{
}

enum outcome
db_execute(struct db *db, const char *sql, struct failure *failure)
{
	return db_query(db, sql, db_ignore_row, NULL, failure);
}

enum outcome
db_query(struct db *db, const char *sql, db_row_fn *row, void *context, struct failure *failure)
{
	enum outcome outcome = OUTCOME_DONE;
	char doing[80];
	MYSQL_RES *result;
	MYSQL_ROW values;

	snprintf(doing, sizeof(doing), "\"%.*s\"", (int)MIN(strcspn(sql, "\n("), (size_t)60), sql);
	db_connection_begin(db);
	if (mysql_real_query(db->mysql, sql, strlen(sql)) != 0)
		return fail(db, doing, failure);
	result = mysql_use_result(db->mysql); /* row by row: there may be millions */
	if (result == NULL)
		return mysql_errno(db->mysql) != 0 ? fail(db, doing, failure) : OUTCOME_DONE;
	while ((values = mysql_fetch_row(result)) != NULL) {
		row(context, (const char *const *)values, mysql_num_fields(result));
		db_connection_begin(db);
	}
	if (mysql_errno(db->mysql) != 0)
		outcome = fail(db, doing, failure);
	mysql_free_result(result);
	return outcome;
}

enum outcome
db_commit(struct db *db, struct failure *failure)
{
	db_connection_begin(db);
	if (mysql_commit(db->mysql) != 0)
		return fail(db, "commit", failure);
	return OUTCOME_DONE;
}

void
db_rollback(struct db *db)
{
	struct failure ignored;

	db_connection_begin(db);
	if (!db->lost && mysql_rollback(db->mysql) != 0)
		fail(db, "roll back", &ignored);
}

enum outcome
db_check_schema(struct db *db, struct failure *failure)
{
	uint64_t version = 0;
	enum outcome outcome;

	outcome = db_query(db, "SELECT MAX(version) FROM schema_migrations", note_number, &version,
			   failure);
	if (outcome != OUTCOME_DONE && failure->code != DB_ERROR_NO_SUCH_TABLE)
		return outcome;
	/* the read has opened a transaction whose snapshot would only get old */
	db_rollback(db);
	if (version == (uint64_t)schema_latest())
		return OUTCOME_DONE;
	if (version < (uint64_t)schema_latest())
		return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
				   "database %s: the tables are at version %" PRIu64
				   ", this program needs %d: run `sluicectl db migrate`",
				   db->address, version, schema_latest());
	return failure_set(failure, OUTCOME_FATAL, EX_CONFIG,
			   "database %s: the tables are at version %" PRIu64
			   ", this program knows only %d: upgrade Sluice on this machine",
			   db->address, version, schema_latest());
}
