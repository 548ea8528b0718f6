/* SPDX-License-Identifier: MIT */
/*
 * db_errors.c - MySQL/MariaDB error number -> outcome.
 *
 * Names are those of mysqld_error.h and errmsg.h. RETRY always means: roll back first. After 1205
 * the transaction is still open, and a later COMMIT would store half a batch.
 */
#include "db_errors.h"

static const struct {
	unsigned number;
	enum outcome outcome;
	enum reason reason;
	int exit_code;
	const char *advice;
} errors[] = {
	/* passing: the server, the connection, a lock, space */
	{1021, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "the database's disk is full"},
	{1026, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_ERROR_ON_WRITE */
	{1030, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_GET_ERRNO */
	{1037, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_OUTOFMEMORY */
	{1040, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "raise max_connections"},
	{1041, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_OUT_OF_RESOURCES */
	{1047, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_UNKNOWN_COM_ERROR: Galera */
	{1053, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_SERVER_SHUTDOWN */
	{1114, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "the database's disk is full"},
	{1158, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_NET_READ_ERROR */
	{1159, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_NET_READ_INTERRUPTED */
	{1160, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_NET_ERROR_ON_WRITE */
	{1161, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_NET_WRITE_INTERRUPTED */
	{1203, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "raise max_user_connections"},
	{1205, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_LOCK_WAIT_TIMEOUT */
	{1213, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_LOCK_DEADLOCK */
	{1226, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "the database user's hourly limit"},
	{1290, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "the database is read-only"},
	{1317, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_QUERY_INTERRUPTED */
	{1792, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "the database is read-only"},
	{1836, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, "the database is read-only"},
	{1927, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_CONNECTION_KILLED */
	{1969, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_STATEMENT_TIMEOUT */
	{2002, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE,
	 "is the database running there? database.hosts says where"},
	{2003, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE,
	 "is the database running there? database.hosts says where"},
	{2005, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE,
	 "database.hosts says where"},				/* CR_UNKNOWN_HOST */
	{2006, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* CR_SERVER_GONE_ERROR */
	{2013, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* CR_SERVER_LOST */
	{2055, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* CR_SERVER_LOST_EXTENDED */
	{3024, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_QUERY_TIMEOUT */
	{4031, OUTCOME_RETRY, REASON_NONE, EX_UNAVAILABLE, ""}, /* ER_CLIENT_INTERACTION_TIMEOUT */

	/* this row can never be stored */
	{1048, OUTCOME_REJECT, REASON_DB_NULL, EX_DATAERR, ""},
	{1153, OUTCOME_REJECT, REASON_DB_PACKET_TOO_BIG, EX_DATAERR, "raise max_allowed_packet"},
	{1264, OUTCOME_REJECT, REASON_DB_OUT_OF_RANGE, EX_DATAERR, ""},
	{1265, OUTCOME_REJECT, REASON_DB_BAD_VALUE, EX_DATAERR, ""},
	{1292, OUTCOME_REJECT, REASON_DB_BAD_VALUE, EX_DATAERR, ""},
	{1300, OUTCOME_REJECT, REASON_DB_BAD_VALUE, EX_DATAERR, ""},
	{1366, OUTCOME_REJECT, REASON_DB_BAD_VALUE, EX_DATAERR, ""},
	{1406, OUTCOME_REJECT, REASON_DB_DATA_TOO_LONG, EX_DATAERR, ""},
	{3988, OUTCOME_REJECT, REASON_DB_BAD_VALUE, EX_DATAERR, ""},

	/* schema, permission, configuration: for a person */
	{1044, OUTCOME_FATAL, REASON_NONE, EX_NOPERM,
	 "grant database.user its rights on database.name"},
	{1045, OUTCOME_FATAL, REASON_NONE, EX_NOPERM, "check database.user and its password file"},
	{1049, OUTCOME_FATAL, REASON_NONE, EX_CONFIG,
	 "database.name says which; CREATE DATABASE makes it"},
	{1054, OUTCOME_FATAL, REASON_NONE, EX_CONFIG,
	 "the table has been changed: see `sluicectl db status`"},
	{1064, OUTCOME_FATAL, REASON_NONE, EX_SOFTWARE,
	 "this server does not understand Sluice's SQL"},
	{1129, OUTCOME_FATAL, REASON_NONE, EX_NOPERM,
	 "the server blocks this host: FLUSH HOSTS there"},
	{1130, OUTCOME_FATAL, REASON_NONE, EX_NOPERM, "the server does not let this host in"},
	{1136, OUTCOME_FATAL, REASON_NONE, EX_CONFIG,
	 "the table has been changed: see `sluicectl db status`"},
	{1142, OUTCOME_FATAL, REASON_NONE, EX_NOPERM,
	 "grant database.user SELECT, INSERT and UPDATE"},
	{1146, OUTCOME_FATAL, REASON_NONE, EX_CONFIG,
	 "make the tables with `sluicectl db migrate`"},
	{1298, OUTCOME_FATAL, REASON_NONE, EX_CONFIG, ""}, /* ER_UNKNOWN_TIME_ZONE */
	{1698, OUTCOME_FATAL, REASON_NONE, EX_NOPERM, "check database.user and its password file"},
	{2026, OUTCOME_FATAL, REASON_NONE, EX_CONFIG, ""}, /* CR_SSL_CONNECTION_ERROR */
	{2059, OUTCOME_FATAL, REASON_NONE, EX_CONFIG, ""}, /* CR_AUTH_PLUGIN_CANNOT_LOAD */
};

void
db_classify_error(unsigned number, struct failure *failure)
{
	failure->code = (int)number;
	failure->outcome = OUTCOME_RETRY;
	failure->reason = REASON_NONE;
	failure->exit_code = EX_UNAVAILABLE;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (errors[i].number == number) {
			failure->outcome = errors[i].outcome;
			failure->reason = errors[i].reason;
			failure->exit_code = errors[i].exit_code;
		}
	}
}

bool
db_error_is_known(unsigned number)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].number == number)
			return true;
	return false;
}

const char *
db_error_advice(unsigned number)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].number == number)
			return errors[i].advice;
	return "";
}
