/* SPDX-License-Identifier: MIT */
/*
 * log_format.h - access-log formats, as Apache and EZproxy write them: a format string taken apart
 * into items, for log_parse.c to read lines by.
 */
#ifndef CLEAN_WORKER_LOG_FORMAT_H
#define CLEAN_WORKER_LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"
#include "common/base/span.h"

#define LOG_FORMAT_ITEMS_MAX 48

enum log_item_kind {
	ITEM_LITERAL,
	ITEM_TEXT,	/* to the first byte of the literal that follows */
	ITEM_IDENT,	/* the same, or a virtual host that is an address (lighttpd) */
	ITEM_HOST,	/* the same, or a list of addresses */
	ITEM_QUOTED,	/* to the closing quote, which starts the literal that follows */
	ITEM_USER_TIME, /* a user that may hold blanks, the literal, and the time */
	ITEM_TIME,
	ITEM_REQUEST,
	ITEM_STATUS,
	ITEM_SIZE,
};

#define LOG_NO_FIELD SIZE_MAX

struct log_directive {
	const char *text;
	enum log_item_kind kind;
	size_t field;		    /* offset of a span in struct access_line, or LOG_NO_FIELD */
	bool dash_is_null;	    /* "-" is no value */
	bool (*shape)(struct span); /* field_shape.h: what can stand there; NULL = anything */
	const char *expected;	    /* what had to stand where matching stopped */
	const char *after;	    /* the same for the literal that follows the field */
};

struct log_item {
	enum log_item_kind kind;
	const struct log_directive *directive; /* of a literal: the one before it, or NULL */
	struct span literal;		  /* of a field: the one that follows it, may be empty */
	const struct log_directive *time; /* of ITEM_USER_TIME, and ... */
	struct span behind_time;	  /* ... the literal after the time */
};

struct log_format {
	char *name;
	char *string; /* the literals are spans into it */
	struct span optional_tail;
	bool raw_quotes; /* the server does not escape `"` in the request */
	size_t item_count;
	size_t request; /* which item it is; the two behind it are there too */
	struct log_item items[LOG_FORMAT_ITEMS_MAX];
};

/*
 * Compile a format string of %h %l %u %t %r %s %>s %b %% and %{Name}i (ezproxy-session, Referer,
 * User-Agent in any case; others, and %l, are read and dropped). It must have %h, %t, "%r" in
 * quotes and, behind that, a status; each of them at most once, and some text between any two.
 * On failure NULL, and *error (free() it) says what is wrong with which directive at which
 * position, counted from 1. Free with log_format_free().
 */
struct log_format *log_format_compile(const char *name, const char *string,
				      char **error) MUST_CHECK;

/* Frees and sets to NULL; not for what log_format_find() gave. */
void log_format_free(struct log_format **format);

/*
 * A built-in format: "common", "combined", or "ezproxy", whose lines may end in " -"; NULL when
 * there is none of that name. They are compiled on the first call and live as long as the process.
 */
const struct log_format *log_format_find(struct span name);

/* Built-in format number i, from 0; NULL when there are no more. */
const struct log_format *log_format_at(size_t i);

/* The name it was compiled with. */
const char *log_format_name(const struct log_format *format);

#endif
