/* SPDX-License-Identifier: MIT */
/*
 * db_errors.c - MySQL/MariaDB error number -> outcome.
 *
 * Names are those of mysqld_error.h and errmsg.h, of either family: tests/db-errors compares them with
 * the headers that are there. What can be about one row of many, because a CHECK, a trigger or a
 * partition says it, is not here: the store finds out (store.h). RETRY always means: roll back first. After 1205
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
	RETRY(1020, ""), /* ER_CHECKREAD */
	RETRY(1021, "the database's disk is full"), /* ER_DISK_FULL */
	RETRY(1026, ""), /* ER_ERROR_ON_WRITE */
	RETRY(1030, ""), /* ER_GET_ERRNO */
	RETRY(1037, ""), /* ER_OUTOFMEMORY */
	RETRY(1038, "raise sort_buffer_size"), /* ER_OUT_OF_SORTMEMORY */
	RETRY(1040, "raise max_connections"), /* ER_CON_COUNT_ERROR */
	RETRY(1041, ""), /* ER_OUT_OF_RESOURCES */
	LOST(1042, ""), /* ER_BAD_HOST_ERROR */
	LOST(1043, ""), /* ER_HANDSHAKE_ERROR */
	RETRY(1047, ""), /* ER_UNKNOWN_COM_ERROR */
	LOST(1053, ""), /* ER_SERVER_SHUTDOWN */
	LOST(1077, ""), /* ER_NORMAL_SHUTDOWN */
	RETRY(1114, "the database's disk is full"), /* ER_RECORD_FILE_FULL */
	RETRY(1135, "the server can start no thread"), /* ER_CANT_CREATE_THREAD */
	LOST(1152, ""), /* ER_ABORTING_CONNECTION */
	LOST(1156, ""), /* ER_NET_PACKETS_OUT_OF_ORDER */
	RETRY(1158, ""), /* ER_NET_READ_ERROR */
	RETRY(1159, ""), /* ER_NET_READ_INTERRUPTED */
	RETRY(1160, ""), /* ER_NET_ERROR_ON_WRITE */
	RETRY(1161, ""), /* ER_NET_WRITE_INTERRUPTED */
	RETRY(1180, ""), /* ER_ERROR_DURING_COMMIT */
	LOST(1184, "is the server's init_connect in order?"), /* ER_NEW_ABORTING_CONNECTION */
	RETRY(1194, "the table needs CHECK TABLE, REPAIR TABLE"), /* ER_CRASHED_ON_USAGE */
	RETRY(1195, "the table needs CHECK TABLE, REPAIR TABLE"), /* ER_CRASHED_ON_REPAIR */
	RETRY(1203, "raise max_user_connections"), /* ER_TOO_MANY_USER_CONNECTIONS */
	RETRY(1205, ""), /* ER_LOCK_WAIT_TIMEOUT */
	RETRY(1206, "raise innodb_buffer_pool_size"), /* ER_LOCK_TABLE_FULL */
	RETRY(1213, ""), /* ER_LOCK_DEADLOCK */
	RETRY(1223, "somebody holds FLUSH TABLES WITH READ LOCK"), /* ER_CANT_UPDATE_WITH_READLOCK */
	RETRY(1226, "the database user's hourly limit"), /* ER_USER_LIMIT_REACHED */
	RETRY(1290, "the database is read-only"), /* ER_OPTION_PREVENTS_STATEMENT */
	RETRY(1297, ""), /* ER_GET_TEMPORARY_ERRMSG */
	RETRY(1317, ""), /* ER_QUERY_INTERRUPTED */
	RETRY(1412, ""), /* ER_TABLE_DEF_CHANGED */
	RETRY(1613, ""), /* ER_XA_RBTIMEOUT */
	RETRY(1614, ""), /* ER_XA_RBDEADLOCK */
	RETRY(1615, ""), /* ER_NEED_REPREPARE */
	RETRY(1637, ""), /* ER_TOO_MANY_CONCURRENT_TRXS */
	RETRY(1689, ""), /* ER_LOCK_ABORTED */
	RETRY(1792, "the database is read-only"), /* ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION */
	RETRY(1836, "the database is read-only"), /* ER_READ_ONLY_MODE */
	RETRY(1874, "the database is read-only"), /* ER_INNODB_READ_ONLY */
	RETRY(1878, "the database's disk is full"), /* ER_TEMP_FILE_WRITE_FAILURE */
	LOST(1927, ""), /* ER_CONNECTION_KILLED */
	RETRY(1969, ""), /* ER_STATEMENT_TIMEOUT */
	RETRY(2001, ""), /* CR_SOCKET_CREATE_ERROR */
	LOST(2002, "is the database running there? database.hosts says where"), /* CR_CONNECTION_ERROR */
	LOST(2003, "is the database running there? database.hosts says where"), /* CR_CONN_HOST_ERROR */
	RETRY(2004, ""), /* CR_IPSOCK_ERROR */
	RETRY(2005, "database.hosts says where"), /* CR_UNKNOWN_HOST */
	LOST(2006, ""), /* CR_SERVER_GONE_ERROR */
	RETRY(2008, ""), /* CR_OUT_OF_MEMORY */
	LOST(2012, ""), /* CR_SERVER_HANDSHAKE_ERR */
	LOST(2013, ""), /* CR_SERVER_LOST */
	LOST(2014, ""), /* CR_COMMANDS_OUT_OF_SYNC */
	LOST(2055, ""), /* CR_SERVER_LOST_EXTENDED */
	RETRY(3015, ""), /* ER_ENGINE_OUT_OF_MEMORY */
	RETRY(3019, "the undo log is full"), /* ER_INNODB_UNDO_LOG_FULL */
	RETRY(3024, ""), /* ER_QUERY_TIMEOUT */
	LOST(3032, "the server is in offline mode"), /* ER_SERVER_OFFLINE_MODE */
	RETRY(3100, ""), /* ER_RUN_HOOK_ERROR */
	RETRY(3101, "group replication"), /* ER_TRANSACTION_ROLLBACK_DURING_COMMIT */
	LOST(3169, ""), /* ER_SESSION_WAS_KILLED */
	RETRY(3170, ""), /* ER_CAPACITY_EXCEEDED */
	RETRY(3572, ""), /* ER_LOCK_NOWAIT */
	RETRY(3675, "the database's disk is full"), /* ER_DISK_FULL_NOWAIT */
	LOST(4031, ""), /* ER_CLIENT_INTERACTION_TIMEOUT */
	RETRY(4145, "a backup runs"), /* ER_BACKUP_LOCK_IS_ACTIVE */

	/* this row can never be stored */
	REJECT(1048, DB_NULL, ""), /* ER_BAD_NULL_ERROR */
	REJECT(1153, DB_PACKET_TOO_BIG, "raise max_allowed_packet"), /* ER_NET_PACKET_TOO_LARGE */
	REJECT(1264, DB_OUT_OF_RANGE, ""), /* ER_WARN_DATA_OUT_OF_RANGE */
	REJECT(1265, DB_BAD_VALUE, ""), /* WARN_DATA_TRUNCATED */
	REJECT(1292, DB_BAD_VALUE, ""), /* ER_TRUNCATED_WRONG_VALUE */
	REJECT(1300, DB_BAD_VALUE, ""), /* ER_INVALID_CHARACTER_STRING */
	REJECT(1366, DB_BAD_VALUE, ""), /* ER_TRUNCATED_WRONG_VALUE_FOR_FIELD */
	REJECT(1406, DB_DATA_TOO_LONG, ""), /* ER_DATA_TOO_LONG */
	REJECT(3988, DB_BAD_VALUE, ""), /* ER_IMPOSSIBLE_STRING_CONVERSION */

	/* schema, permission, configuration: for a person */
	FATAL(1044, EX_NOPERM, "grant database.user its rights on database.name"), /* ER_DBACCESS_DENIED_ERROR */
	FATAL(1045, EX_NOPERM, "check database.user and its password file; if it has REQUIRE SSL, " TLS_ADVICE), /* ER_ACCESS_DENIED_ERROR */
	FATAL(1046, EX_CONFIG, "database.name says which"), /* ER_NO_DB_ERROR */
	FATAL(1049, EX_CONFIG, "database.name says which; CREATE DATABASE makes it"), /* ER_BAD_DB_ERROR */
	FATAL(1054, EX_CONFIG, "the table has been changed: see `sluicectl db status`"), /* ER_BAD_FIELD_ERROR */
	FATAL(1064, EX_SOFTWARE, "this server does not understand Sluice's SQL"), /* ER_PARSE_ERROR */
	FATAL(1115, EX_CONFIG, "the server knows no utf8mb4"), /* ER_UNKNOWN_CHARACTER_SET */
	FATAL(1129, EX_NOPERM, "the server blocks this host: FLUSH HOSTS there"), /* ER_HOST_IS_BLOCKED */
	FATAL(1130, EX_NOPERM, "the server does not let this host in"), /* ER_HOST_NOT_PRIVILEGED */
	FATAL(1136, EX_CONFIG, "the table has been changed: see `sluicectl db status`"), /* ER_WRONG_VALUE_COUNT_ON_ROW */
	FATAL(1142, EX_NOPERM, "grant database.user SELECT, INSERT and UPDATE"), /* ER_TABLEACCESS_DENIED_ERROR */
	FATAL(1143, EX_NOPERM, "grant database.user SELECT, INSERT and UPDATE"), /* ER_COLUMNACCESS_DENIED_ERROR */
	FATAL(1146, EX_CONFIG, "make the tables with `sluicectl db migrate`"), /* ER_NO_SUCH_TABLE */
	FATAL(1193, EX_CONFIG, "this server does not know what a session of Sluice needs"), /* ER_UNKNOWN_SYSTEM_VARIABLE */
	FATAL(1231, EX_CONFIG, "this server does not know what a session of Sluice needs"), /* ER_WRONG_VALUE_FOR_VAR */
	FATAL(1251, EX_CONFIG, "the client library does not know how this user logs in"), /* ER_NOT_SUPPORTED_AUTH_MODE */
	FATAL(1273, EX_CONFIG, "the server knows no utf8mb4_general_ci"), /* ER_UNKNOWN_COLLATION */
	FATAL(1286, EX_CONFIG, "the tables need InnoDB"), /* ER_UNKNOWN_STORAGE_ENGINE */
	FATAL(1288, EX_CONFIG, "a view stands in the place of the table"), /* ER_NON_UPDATABLE_TABLE */
	FATAL(1298, EX_CONFIG, ""), /* ER_UNKNOWN_TIME_ZONE */
	FATAL(1356, EX_CONFIG, "a view stands in the place of the table"), /* ER_VIEW_INVALID */
	FATAL(1471, EX_CONFIG, "a view stands in the place of the table"), /* ER_NON_INSERTABLE_TABLE */
	FATAL(1698, EX_NOPERM, "check database.user and its password file"), /* ER_ACCESS_DENIED_NO_PASSWORD_ERROR */
	FATAL(1812, EX_CONFIG, ""), /* ER_TABLESPACE_MISSING */
	FATAL(1814, EX_CONFIG, ""), /* ER_TABLESPACE_DISCARDED */
	FATAL(1820, EX_NOPERM, "the user's password has expired"), /* ER_MUST_CHANGE_PASSWORD */
	FATAL(1862, EX_NOPERM, "the user's password has expired"), /* ER_MUST_CHANGE_PASSWORD_LOGIN */
	FATAL(1932, EX_CONFIG, ""), /* ER_NO_SUCH_TABLE_IN_ENGINE */
	FATAL(2026, EX_CONFIG, ""), /* CR_SSL_CONNECTION_ERROR */
	FATAL(2059, EX_CONFIG, ""), /* CR_AUTH_PLUGIN_CANNOT_LOAD */
	FATAL(2061, EX_NOPERM, "check how the server authenticates database.user"), /* CR_AUTH_PLUGIN_ERR */
	FATAL(3118, EX_NOPERM, "ALTER USER ... ACCOUNT UNLOCK"), /* ER_ACCOUNT_HAS_BEEN_LOCKED */
	FATAL(3159, EX_NOPERM, "the server wants TLS (require_secure_transport); " TLS_ADVICE), /* ER_SECURE_TRANSPORT_REQUIRED */
	FATAL(3750, EX_CONFIG, ""), /* ER_TABLE_WITHOUT_PK */
	FATAL(4150, EX_NOPERM, "too many wrong passwords: FLUSH PRIVILEGES there"), /* ER_USER_IS_BLOCKED */
	FATAL(4151, EX_NOPERM, "ALTER USER ... ACCOUNT UNLOCK"), /* ER_ACCOUNT_HAS_BEEN_LOCKED */
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
