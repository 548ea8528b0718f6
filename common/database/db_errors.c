/* SPDX-License-Identifier: MIT */
/*
 * db_errors.c - MySQL/MariaDB error number -> outcome.
 *
 * Names are those of mysqld_error.h and errmsg.h. RETRY always means: roll back first. After 1205
 * the transaction is still open, and a later COMMIT would store half a batch.
 */
#include "common/database/db_errors.h"

#include <string.h>

struct error_row {
	unsigned number;
	enum outcome outcome;
	enum reason reason;
	int exit_code;
	bool is_lost; /* the connection is gone */
	const char *advice;
};

#define RETRY(error, text) \
	{.number = (error), .outcome = OUTCOME_RETRY, .exit_code = EX_UNAVAILABLE, .advice = (text)}
#define LOST(error, text)             \
	{.number = (error),           \
	 .outcome = OUTCOME_RETRY,    \
	 .exit_code = EX_UNAVAILABLE, \
	 .is_lost = true,             \
	 .advice = (text)}
#define REJECT(error, why, text)    \
	{.number = (error),         \
	 .outcome = OUTCOME_REJECT, \
	 .reason = REASON_##why,    \
	 .exit_code = EX_DATAERR,   \
	 .advice = (text)}
#define FATAL(error, code, text) \
	{.number = (error), .outcome = OUTCOME_FATAL, .exit_code = (code), .advice = (text)}

/* Oracle's client library uses TLS where the server has it, MariaDB's does not unless told. */
#define TLS_ADVICE "a build with libmysqlclient uses it"

/* clang-format off */
static const struct error_row errors[] = {
	/* passing: the server, the connection, a lock, space */
	RETRY(1021, "the database's disk is full"),
	RETRY(1026, ""), /* ER_ERROR_ON_WRITE */
	RETRY(1030, ""), /* ER_GET_ERRNO */
	RETRY(1037, ""), /* ER_OUTOFMEMORY */
	RETRY(1040, "raise max_connections"),
	RETRY(1041, ""), /* ER_OUT_OF_RESOURCES */
	RETRY(1047, ""), /* ER_UNKNOWN_COM_ERROR: Galera */
	LOST(1053, ""), /* ER_SERVER_SHUTDOWN */
	RETRY(1114, "the database's disk is full"),
	RETRY(1158, ""), /* ER_NET_READ_ERROR */
	RETRY(1159, ""), /* ER_NET_READ_INTERRUPTED */
	RETRY(1160, ""), /* ER_NET_ERROR_ON_WRITE */
	RETRY(1161, ""), /* ER_NET_WRITE_INTERRUPTED */
	RETRY(1203, "raise max_user_connections"),
	RETRY(1205, ""), /* ER_LOCK_WAIT_TIMEOUT */
	RETRY(1213, ""), /* ER_LOCK_DEADLOCK */
	RETRY(1226, "the database user's hourly limit"),
	RETRY(1290, "the database is read-only"),
	RETRY(1317, ""), /* ER_QUERY_INTERRUPTED */
	RETRY(1792, "the database is read-only"),
	RETRY(1836, "the database is read-only"),
	LOST(1927, ""), /* ER_CONNECTION_KILLED */
	RETRY(1969, ""), /* ER_STATEMENT_TIMEOUT */
	LOST(2002, "is the database running there? database.hosts says where"),
	LOST(2003, "is the database running there? database.hosts says where"),
	RETRY(2005, "database.hosts says where"), /* CR_UNKNOWN_HOST */
	LOST(2006, ""), /* CR_SERVER_GONE_ERROR */
	LOST(2013, ""), /* CR_SERVER_LOST */
	LOST(2055, ""), /* CR_SERVER_LOST_EXTENDED */
	RETRY(3024, ""), /* ER_QUERY_TIMEOUT */
	LOST(4031, ""), /* ER_CLIENT_INTERACTION_TIMEOUT */

	/* this row can never be stored */
	REJECT(1048, DB_NULL, ""),
	REJECT(1153, DB_PACKET_TOO_BIG, "raise max_allowed_packet"),
	REJECT(1264, DB_OUT_OF_RANGE, ""),
	REJECT(1265, DB_BAD_VALUE, ""),
	REJECT(1292, DB_BAD_VALUE, ""),
	REJECT(1300, DB_BAD_VALUE, ""),
	REJECT(1366, DB_BAD_VALUE, ""),
	REJECT(1406, DB_DATA_TOO_LONG, ""),
	REJECT(3988, DB_BAD_VALUE, ""), /* ER_IMPOSSIBLE_STRING_CONVERSION */

	/* schema, permission, configuration: for a person */
	FATAL(1044, EX_NOPERM, "grant database.user its rights on database.name"),
	FATAL(1045, EX_NOPERM, "check database.user and its password file; if it has REQUIRE SSL, " TLS_ADVICE),
	FATAL(1049, EX_CONFIG, "database.name says which; CREATE DATABASE makes it"),
	FATAL(1054, EX_CONFIG, "the table has been changed: see `sluicectl db status`"),
	FATAL(1064, EX_SOFTWARE, "this server does not understand Sluice's SQL"),
	FATAL(1129, EX_NOPERM, "the server blocks this host: FLUSH HOSTS there"),
	FATAL(1130, EX_NOPERM, "the server does not let this host in"),
	FATAL(1136, EX_CONFIG, "the table has been changed: see `sluicectl db status`"),
	FATAL(1142, EX_NOPERM, "grant database.user SELECT, INSERT and UPDATE"),
	FATAL(1146, EX_CONFIG, "make the tables with `sluicectl db migrate`"),
	FATAL(1298, EX_CONFIG, ""), /* ER_UNKNOWN_TIME_ZONE */
	FATAL(1698, EX_NOPERM, "check database.user and its password file"),
	FATAL(2026, EX_CONFIG, ""), /* CR_SSL_CONNECTION_ERROR */
	FATAL(2059, EX_CONFIG, ""), /* CR_AUTH_PLUGIN_CANNOT_LOAD */
	FATAL(2061, EX_NOPERM, "check how the server authenticates database.user"),
	FATAL(3159, EX_NOPERM, "the server wants TLS (require_secure_transport); " TLS_ADVICE),
};
/* clang-format on */

static const struct error_row *
db_error_find(unsigned number)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].number == number)
			return &errors[i];
	return NULL;
}

void
db_error_classify(unsigned number, struct failure *failure)
{
	const struct error_row *row = db_error_find(number);

	failure->code = (int)number;
	failure->outcome = row != NULL ? row->outcome : OUTCOME_RETRY;
	failure->reason = row != NULL ? row->reason : REASON_NONE;
	failure->exit_code = row != NULL ? row->exit_code : EX_UNAVAILABLE;
}

bool
db_error_is_known(unsigned number)
{
	return db_error_find(number) != NULL;
}

bool
db_error_is_refusal(unsigned number, const char *sqlstate)
{
	/*
	 * CR_MIN_ERROR to CR_MAX_ERROR, and Connector/C's own from CER_MIN_ERROR on. But it says
	 * CR_MALFORMED_PACKET (2027) when a trigger has chosen one of the client's numbers.
	 */
	bool is_clients = number < 1000 || (number >= 2000 && number < 3000 && number != 2027) ||
			  (number >= 5000 && number < 5100);

	if (strcmp(sqlstate, "45000") == 0)
		return true;
	return !is_clients && !db_error_is_known(number);
}

bool
db_error_is_lost(unsigned number)
{
	const struct error_row *row = db_error_find(number);

	return row != NULL && row->is_lost;
}

const char *
db_error_advice(unsigned number)
{
	const struct error_row *row = db_error_find(number);

	return row != NULL ? row->advice : "";
}
