/* SPDX-License-Identifier: MIT */
/*
 * fake_mysql.c - a MySQL client library without a server.
 */
#include "tests/fakes/fake_mysql.h"
#include "common/base/defs.h"
#include "common/base/xalloc.h"

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
	unsigned error;
	uint64_t packet;
	bool can_bind_arrays;
	const char *answer;
	char packet_text[24];
	char *row[1];
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
	if (fake.fails != NULL && strcmp(fake.fails, function) == 0 && ++fake.seen == fake.fails_at)
		fake.error = fake.fails_with;
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
	if (memmem(sql, len, "max_allowed_packet", strlen("max_allowed_packet")) != NULL)
		fake.row[0] = fake.packet_text;
	else if (fake.answer != NULL)
		fake.row[0] = (char *)(uintptr_t)fake.answer;
	fake.array_size = 1;
	for (unsigned long i = 0; i + 1 < len; i++)
		fake.array_size += sql[i] == ')' && sql[i + 1] == ',';
	return 0;
}

MYSQL_RES *STDCALL
mysql_store_result(MYSQL *mysql UNUSED)
{
	return fake.has_result ? (MYSQL_RES *)(void *)&fake : NULL;
}

MYSQL_ROW STDCALL
mysql_fetch_row(MYSQL_RES *result UNUSED)
{
	bool has_row = fake.has_row;

	fake.has_row = false;
	return has_row ? fake.row : NULL;
}

unsigned STDCALL
mysql_num_fields(MYSQL_RES *result UNUSED)
{
	return 1;
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
