/* SPDX-License-Identifier: MIT */
/*
 * log_items.h - a log format taken apart: what log_format.c reads a line by.
 *
 * Nobody else includes this; what a format string may hold, and what the fields mean, is told in
 * log_format.h.
 */
#ifndef CLEAN_WORKER_LOG_ITEMS_H
#define CLEAN_WORKER_LOG_ITEMS_H

#include "common/base/defs.h"
#include "common/base/span.h"

#include <stdint.h>

#define LOG_ITEMS_MAX 48

enum item_kind {
	ITEM_LITERAL,
	ITEM_TEXT,	/* to the first byte of the literal that follows */
	ITEM_QUOTED,	/* to the closing quote, which starts the literal that follows */
	ITEM_USER_TIME, /* a user that may hold blanks, the literal, and the time */
	ITEM_TIME,
	ITEM_REQUEST,
	ITEM_STATUS,
	ITEM_SIZE,
};

#define NO_FIELD SIZE_MAX

struct directive {
	const char *text;
	enum item_kind kind;
	size_t field;	      /* offset of a span in struct access_line, or NO_FIELD */
	bool dash_is_null;    /* "-" is no value */
	const char *expected; /* what had to stand where matching stopped */
	const char *after;    /* the same for the literal that follows the field */
};

struct item {
	enum item_kind kind;
	const struct directive *directive; /* of a literal: the one before it, or NULL */
	struct span literal;		   /* of a field: the one that follows it, may be empty */
	const struct directive *time;	   /* of ITEM_USER_TIME, and ... */
	struct span behind_time;	   /* ... the literal after the time */
	bool ends_format;		   /* nothing comes after the literal */
};

struct log_format {
	char *name;
	char *string; /* the literals are spans into it */
	struct span optional_tail;
	size_t item_count;
	size_t request; /* which item it is; the two behind it are there too */
	struct item items[LOG_ITEMS_MAX];
};

/*
 * Compile a format string. A line may have optional_tail (static text) after its last item. On
 * failure NULL, and *error (free() it) for people. Free with log_items_free().
 */
struct log_format *log_items_compile(const char *name, const char *string,
				     const char *optional_tail, char **error) MUST_CHECK;

/* Frees and sets to NULL; *format may be NULL. */
void log_items_free(struct log_format **format);

#endif
