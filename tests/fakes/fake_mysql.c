/* SPDX-License-Identifier: MIT */
/*
 * fake_mysql.c - a MySQL client library without a server.
 */
#include "tests/fakes/fake_mysql.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"
#include "tests/fakes/fake_time.h"

#include <inttypes.h>
#include <mysql.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MARIADB_CLIENT_STMT_BULK_OPERATIONS
typedef bool my_bool; /* Oracle's client library */
#endif

static MYSQL connection;

static struct {
	char *record;
	size_t len, size;
	const char *fails;
	unsigned fails_at, seen, fails_with;
	int64_t fails_after_ms;
	const char *sqlstate;
	unsigned error;
	uint64_t packet;
	bool can_bind_arrays;
	const char *answer;
	char packet_text[24];
	struct {
		char name[40], value[120];
	} session[32]; /* what was SET */
	unsigned session_count;
	const char *stubborn, *stubborn_value;
	char *row[32];
	unsigned columns;
	bool has_result, has_row;
	unsigned array_size, marks;
	const MYSQL_BIND *binds;
} fake;

void
fake_mysql_reset(void)
{
	free(fake.record);
	memset(&fake, 0, sizeof(fake));
	fake.packet = 16 << 20;
	fake.can_bind_arrays = true;
	fake.sqlstate = "HY000";
}

void
fake_mysql_fail(const char *function, unsigned nth, unsigned error)
{
	fake.fails = function;
	fake.fails_at = nth;
	fake.fails_with = error;
	fake.seen = 0;
}

void
fake_mysql_set_sqlstate(const char *sqlstate)
{
	fake.sqlstate = sqlstate;
}

void
fake_mysql_set_delay(int64_t ms)
{
	fake.fails_after_ms = ms;
}

void
fake_mysql_set_packet(uint64_t bytes)
{
	fake.packet = bytes;
}

void
fake_mysql_set_arrays(bool can_bind_arrays)
{
	fake.can_bind_arrays = can_bind_arrays;
}

bool
fake_mysql_client_has_arrays(void)
{
#ifdef MARIADB_CLIENT_STMT_BULK_OPERATIONS
	return true;
#else
	return false;
#endif
}

void
fake_mysql_set_answer(const char *value)
{
	fake.answer = value;
}

void
fake_mysql_set_stubborn(const char *variable, const char *value)
{
	fake.stubborn = variable;
	fake.stubborn_value = value;
}

const char *
fake_mysql_record(void)
{
	return fake.record != NULL ? fake.record : "";
}

unsigned
fake_mysql_count(const char *begin)
{
	unsigned count = 0;

	for (const char *line = fake_mysql_record(); line[0] != '\0'; line = strchr(line, '\n') + 1)
		count += strncmp(line, begin, strlen(begin)) == 0;
	return count;
}

static void
add(const char *bytes, size_t len)
{
	if (fake.len + len + 1 > fake.size) {
		fake.size = 2 * (fake.len + len + 1);
		fake.record = xreallocarray(fake.record, fake.size, 1);
	}
	memcpy(fake.record + fake.len, bytes, len);
	fake.len += len;
	fake.record[fake.len] = '\0';
}

static void
add_text(const char *text)
{
	add(text, strlen(text));
}

/* What a call that can fail begins with; 0 = it works. */
static int
begin(const char *function)
{
	fake.error = 0;
	if (fake.fails != NULL && strcmp(fake.fails, function) == 0 &&
	    ++fake.seen == fake.fails_at) {
		fake_time_advance(fake.fails_after_ms);
		fake.error = fake.fails_with;
	}
	return fake.error != 0;
}

/* --- the library --- */

MYSQL *STDCALL
mysql_init(MYSQL *mysql UNUSED)
{
	return &connection;
}

int STDCALL
mysql_options(MYSQL *mysql UNUSED, enum mysql_option option UNUSED, const void *value UNUSED)
{
	return 0;
}

MYSQL *STDCALL
mysql_real_connect(MYSQL *mysql, const char *host, const char *user UNUSED,
		   const char *password UNUSED, const char *name UNUSED, unsigned port,
		   const char *socket, unsigned long flags UNUSED)
{
	char line[200];

	snprintf(line, sizeof(line), "connect %s %u\n", host != NULL ? host : socket, port);
	add_text(line);
	return begin(__func__) == 0 ? mysql : NULL;
}

void STDCALL
mysql_close(MYSQL *mysql UNUSED)
{
	add_text("close\n");
}

unsigned STDCALL
mysql_errno(MYSQL *mysql UNUSED)
{
	return fake.error;
}

const char *STDCALL
mysql_error(MYSQL *mysql UNUSED)
{
	return "as planned";
}

static void
session_set(const char *name, size_t name_len, const char *value, size_t value_len)
{
	if (fake.session_count == ARRAY_LEN(fake.session))
		return;
	snprintf(fake.session[fake.session_count].name, 40, "%.*s", (int)name_len, name);
	snprintf(fake.session[fake.session_count++].value, 120, "%.*s", (int)value_len, value);
}

/* "NAME = VALUE, NAME = 'VALUE'": what of it is within a comment is MariaDB's alone. */
static void
session_set_all(const char *at)
{
	while ((at = strstr(at, " = ")) != NULL) {
		const char *name = at, *value = at + 3;
		size_t len;

		while (name[-1] == '_' || (name[-1] >= 'a' && name[-1] <= 'z'))
			name--;
		at = value;
		len = value[0] == '\'' ? strcspn(++value, "'") : strcspn(value, ", ");
		if (fake.can_bind_arrays || strncmp(name, "check_constraint", 16) != 0)
			session_set(name, strcspn(name, " "), value, len);
	}
}

static char *
session_value(const char *name, size_t len)
{
	if (fake.stubborn != NULL && strlen(fake.stubborn) == len &&
	    strncmp(fake.stubborn, name, len) == 0)
		return (char *)(uintptr_t)fake.stubborn_value;
	for (unsigned i = fake.session_count; i-- > 0;)
		if (strlen(fake.session[i].name) == len &&
		    strncmp(fake.session[i].name, name, len) == 0)
			return fake.session[i].value;
	return NULL;
}

/* "SELECT @@max_allowed_packet, @@NAME, ...": the variables as they were set. */
static void
session_answer(const char *sql)
{
	fake.row[0] = fake.packet_text;
	for (const char *at = strchr(sql, ','); at != NULL; at = strchr(at, ',')) {
		at = strstr(at, "@@") + 2;
		if (fake.can_bind_arrays || strncmp(at, "check_constraint", 16) != 0)
			fake.row[fake.columns++] = session_value(at, strcspn(at, ", "));
	}
}

const char *STDCALL
mysql_sqlstate(MYSQL *mysql UNUSED)
{
	return fake.sqlstate;
}

int STDCALL
mysql_real_query(MYSQL *mysql UNUSED, const char *sql, unsigned long len)
{
	add_text("query ");
	add(sql, len);
	add_text("\n");
	if (begin(__func__) != 0)
		return 1;
	fake.has_result = fake.has_row = strncmp(sql, "SELECT", 6) == 0;
	snprintf(fake.packet_text, sizeof(fake.packet_text), "%" PRIu64, fake.packet);
	fake.row[0] = NULL;
	fake.columns = 1;
	if (strncmp(sql, "SET NAMES utf8mb4 COLLATE ", 26) == 0) {
		session_set("character_set_client", 20, "utf8mb4", 7);
		session_set("character_set_connection", 24, "utf8mb4", 7);
		session_set("character_set_results", 21, "utf8mb4", 7);
		session_set("collation_connection", 20, sql + 26, len - 26);
	} else if (strncmp(sql, "SET SESSION ", 12) == 0) {
		session_set_all(sql);
	} else if (strncmp(sql, "SELECT @@max_allowed_packet", 27) == 0) {
		session_answer(sql);
	} else if (fake.answer != NULL) {
		fake.row[0] = (char *)(uintptr_t)fake.answer;
	}
	fake.array_size = 1;
	for (unsigned long i = 0; i + 1 < len; i++)
		fake.array_size += sql[i] == ')' && sql[i + 1] == ',';
	return 0;
}

MYSQL_RES *STDCALL
mysql_use_result(MYSQL *mysql UNUSED)
{
	return fake.has_result ? (MYSQL_RES *)(void *)&fake : NULL;
}

MYSQL_ROW STDCALL
mysql_fetch_row(MYSQL_RES *result UNUSED)
{
	bool has_row = fake.has_row;

	if (begin(__func__) != 0)
		return NULL;
	fake.has_row = false;
	return has_row ? fake.row : NULL;
}

unsigned STDCALL
mysql_num_fields(MYSQL_RES *result UNUSED)
{
	return fake.columns;
}

void STDCALL
mysql_free_result(MYSQL_RES *result UNUSED)
{
	fake.has_result = false;
}

my_bool STDCALL
mysql_commit(MYSQL *mysql UNUSED)
{
	add_text("commit\n");
	return (my_bool)begin(__func__);
}

my_bool STDCALL
mysql_rollback(MYSQL *mysql UNUSED)
{
	add_text("rollback\n");
	return (my_bool)begin(__func__);
}

my_ulonglong STDCALL
mysql_affected_rows(MYSQL *mysql UNUSED)
{
	return fake.array_size;
}

unsigned long STDCALL
mysql_real_escape_string(MYSQL *mysql UNUSED, char *to, const char *from, unsigned long len)
{
	char *out = to;

	for (unsigned long i = 0; i < len; i++) {
		if (from[i] == '\'' || from[i] == '\\')
			*out++ = '\\';
		*out++ = from[i];
	}
	*out = '\0';
	return (unsigned long)(out - to);
}

#ifdef MARIADB_CLIENT_STMT_BULK_OPERATIONS

my_bool
mariadb_get_infov(MYSQL *mysql UNUSED, enum mariadb_value value UNUSED, void *out, ...)
{
	*(unsigned long *)out =
		fake.can_bind_arrays ? MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32 : 0;
	return 0;
}

MYSQL_STMT *STDCALL
mysql_stmt_init(MYSQL *mysql UNUSED)
{
	return (MYSQL_STMT *)(void *)&fake;
}

int STDCALL
mysql_stmt_prepare(MYSQL_STMT *statement UNUSED, const char *sql, unsigned long len)
{
	add_text("prepare ");
	add(sql, len);
	add_text("\n");
	fake.marks = 0;
	for (unsigned long i = 0; i < len; i++)
		fake.marks += sql[i] == '?';
	return begin(__func__);
}

my_bool STDCALL
mysql_stmt_attr_set(MYSQL_STMT *statement UNUSED, enum enum_stmt_attr_type attribute UNUSED,
		    const void *value)
{
	fake.array_size = *(const unsigned *)value;
	return 0;
}

my_bool STDCALL
mysql_stmt_bind_param(MYSQL_STMT *statement UNUSED, MYSQL_BIND *binds)
{
	fake.binds = binds;
	return (my_bool)begin(__func__);
}

static void
add_bound(const MYSQL_BIND *bind, unsigned row)
{
	char number[32];

	if (bind->u.indicator[row] == STMT_INDICATOR_NULL) {
		add_text("NULL");
	} else if (bind->buffer_type == MYSQL_TYPE_LONGLONG) {
		snprintf(number, sizeof(number), bind->is_unsigned ? "%" PRIu64 : "%" PRId64,
			 ((const int64_t *)bind->buffer)[row]);
		add_text(number);
	} else {
		add(((const char *const *)bind->buffer)[row], bind->length[row]);
	}
}

int STDCALL
mysql_stmt_execute(MYSQL_STMT *statement UNUSED)
{
	char line[32];

	for (unsigned row = 0; row < fake.array_size; row++) {
		add_text("row ");
		for (unsigned i = 0; i < fake.marks; i++) {
			add_text(i > 0 ? "|" : "");
			add_bound(&fake.binds[i], row);
		}
		add_text("\n");
	}
	snprintf(line, sizeof(line), "execute %u\n", fake.array_size);
	add_text(line);
	return begin(__func__);
}

my_ulonglong STDCALL
mysql_stmt_affected_rows(MYSQL_STMT *statement UNUSED)
{
	return fake.array_size;
}

unsigned STDCALL
mysql_stmt_errno(MYSQL_STMT *statement UNUSED)
{
	return fake.error;
}

const char *STDCALL
mysql_stmt_sqlstate(MYSQL_STMT *statement UNUSED)
{
	return fake.sqlstate;
}

const char *STDCALL
mysql_stmt_error(MYSQL_STMT *statement UNUSED)
{
	return "as planned";
}

my_bool STDCALL
mysql_stmt_close(MYSQL_STMT *statement UNUSED)
{
	add_text("close statement\n");
	return 0;
}

#endif
