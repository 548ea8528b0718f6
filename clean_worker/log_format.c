/* SPDX-License-Identifier: MIT */
/*
 * log_format.c - format strings into items, and the built-in formats. Called at start, not per
 * line.
 *
 * A new directive is a row of the table of directives and a field in struct access_line; a new
 * format is a row of the table of built-in ones, and its name in SETTINGS_FORMATS.
 */
#include "clean_worker/log_format.h"
#include "clean_worker/access_line.h"
#include "clean_worker/field_shape.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIELD(name) offsetof(struct access_line, name)

/* What people are told when the field does not match, and when the text after it does not. */
#define TELL(what, name) .expected = (what), .after = "what the format has after the " name
#define STATUS_TEXT "a three-digit status after the request's closing quote"

static const struct log_directive directives[] = {
	{.text = "%h",
	 .kind = ITEM_HOST,
	 .field = FIELD(host),
	 TELL("the client's address or host name", "host")},
	{.text = "%l",
	 .kind = ITEM_IDENT,
	 .field = LOG_NO_FIELD,
	 .shape = field_shape_is_word,
	 TELL("the ident field", "ident field")},
	{.text = "%{ezproxy-session}i",
	 .kind = ITEM_TEXT,
	 .field = FIELD(session),
	 .dash_is_null = true,
	 .shape = field_shape_is_word,
	 TELL("the session", "session")},
	{.text = "%u",
	 .kind = ITEM_TEXT,
	 .field = FIELD(user),
	 .dash_is_null = true,
	 .shape = field_shape_is_user,
	 TELL("the user", "user")},
	{.text = "%t",
	 .kind = ITEM_TIME,
	 .field = LOG_NO_FIELD,
	 TELL("the time, as [10/Oct/2000:13:55:36 -0700]", "time")},
	{.text = "%r",
	 .kind = ITEM_REQUEST,
	 .field = FIELD(request),
	 TELL("the request's closing quote", "request")},
	{.text = "%s", .kind = ITEM_STATUS, .field = LOG_NO_FIELD, TELL(STATUS_TEXT, "status")},
	{.text = "%>s", .kind = ITEM_STATUS, .field = LOG_NO_FIELD, TELL(STATUS_TEXT, "status")},
	{.text = "%b",
	 .kind = ITEM_SIZE,
	 .field = LOG_NO_FIELD,
	 TELL("the size: digits, or -", "size")},
	{.text = "%{Referer}i",
	 .kind = ITEM_TEXT,
	 .field = FIELD(referer),
	 .dash_is_null = true,
	 TELL("the referer and its closing quote", "referer")},
	{.text = "%{User-Agent}i",
	 .kind = ITEM_TEXT,
	 .field = FIELD(user_agent),
	 .dash_is_null = true,
	 TELL("the user agent and its closing quote", "user agent")},
};

/* Any %{Name}i that is not in the table. */
static const struct log_directive other_header = {
	.text = "%{Name}i",
	.kind = ITEM_TEXT,
	.field = LOG_NO_FIELD,
	TELL("the value of a header", "value of a header")};
/* The directive at p, and its length; NULL when there is none. Header names have no case. */
static const struct log_directive *
directive_at(const char *p, size_t *len)
{
	if (p[1] == '{') {
		const char *close = strchr(p, '}');
		if (close == NULL || close[1] != 'i' || close == p + 2)
			return NULL;
		*len = (size_t)(close + 2 - p);
	} else {
		*len = p[1] == '>' ? 3 : 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(directives); i++) {
		const char *text = directives[i].text;
		bool same =
			p[1] == '{' ? strncasecmp(text, p, *len) == 0 : strncmp(text, p, *len) == 0;
		if (strlen(text) == *len && same)
			return &directives[i];
	}
	return p[1] == '{' ? &other_header : NULL;
}

/*
 * The string as items, one after the other; NULL, or what is wrong with the directive at *position.
 */
static const char *
read_items(struct log_format *format, const char **position)
{
	const struct log_directive *before = NULL;

	for (const char *p = format->string; *p != '\0';) {
		struct log_item *item = &format->items[format->item_count];
		size_t len = strcspn(p, "%");
		*position = p;
		if (format->item_count == LOG_FORMAT_ITEMS_MAX)
			return "the format has too many parts";
		if (len > 0 || p[1] == '%') {
			/* Of "%%" the first % is a literal of its own, the second is passed by. */
			size_t text_len = len > 0 ? len : 1;
			*item = (struct log_item){.directive = before, .literal = {p, text_len}};
			p += len > 0 ? len : 2;
		} else {
			item->kind = ITEM_TEXT;
			item->directive = directive_at(p, &len);
			if (item->directive == NULL)
				return "unknown directive";
			if (format->item_count > 0 && item[-1].kind != ITEM_LITERAL)
				return "nothing stands between this directive and the one before";
			for (size_t i = 0; i < format->item_count; i++) {
				if (format->items[i].kind != ITEM_LITERAL &&
				    item->directive != &other_header &&
				    format->items[i].directive == item->directive)
					return "the same directive a second time";
			}
			item->kind = item->directive->kind;
			before = item->directive;
			p += len;
		}
		format->item_count++;
	}
	*position = NULL;
	return NULL;
}

static bool
is_between_quotes(const struct log_format *format, size_t i)
{
	if (i == 0 || i + 1 == format->item_count)
		return false;
	struct span left = format->items[i - 1].literal, right = format->items[i + 1].literal;
	return left.ptr[left.len - 1] == '"' && right.ptr[0] == '"';
}

/* Give each field what it must know of its neighbours, and draw user and time together. */
static void
bind_items(struct log_format *format)
{
	for (size_t i = 0; i < format->item_count; i++) {
		struct log_item *item = &format->items[i];
		if (item->kind == ITEM_LITERAL)
			continue;
		if (i + 1 < format->item_count)
			item->literal = item[1].literal;
		if ((item->kind == ITEM_TEXT || item->kind == ITEM_IDENT) &&
		    is_between_quotes(format, i))
			item->kind = ITEM_QUOTED;
	}
	for (size_t i = 0; i + 2 < format->item_count; i++) {
		struct log_item *item = &format->items[i];
		if (item->kind != ITEM_TEXT || item->directive->field != FIELD(user) ||
		    item[2].kind != ITEM_TIME)
			continue;
		item->kind = ITEM_USER_TIME;
		item->time = item[2].directive;
		item->behind_time = item[2].literal;
		format->item_count -= 2;
		memmove(item + 1, item + 3, (format->item_count - i - 1) * sizeof(*item));
	}
}

/* What every format must have; NULL, or what is missing. */
static const char *
check_items(struct log_format *format)
{
	bool has_host = false, has_time = false, has_request = false, has_status = false;

	for (size_t i = 0; i < format->item_count; i++) {
		const struct log_item *item = &format->items[i];
		if (item->kind == ITEM_LITERAL)
			continue;
		has_host |= item->directive->field == FIELD(host);
		has_time |= item->kind == ITEM_TIME || item->kind == ITEM_USER_TIME;
		has_status |= item->kind == ITEM_STATUS && has_request;
		if (item->kind == ITEM_REQUEST) {
			has_request = is_between_quotes(format, i);
			format->request = i;
		}
	}
	if (!has_host)
		return "the host, %h, is missing";
	if (!has_time)
		return "the time, %t, is missing";
	if (!has_request)
		return "the request in quotes, \"%r\", is missing";
	if (!has_status)
		return "a status, %s or %>s, is missing after the request";
	return NULL;
}

void
log_format_free(struct log_format **format)
{
	if (*format == NULL)
		return;
	free((*format)->name);
	free((*format)->string);
	free(*format);
	*format = NULL;
}

/* A line may have optional_tail (static text) after its last item. */
static struct log_format *
compile(const char *name, const char *string, const char *optional_tail, char **error)
{
	struct log_format *format = xcalloc(1, sizeof(*format));
	const char *position = NULL;

	format->name = xstrdup(name);
	format->string = xstrdup(string);
	format->optional_tail = span_of(optional_tail);
	const char *problem = read_items(format, &position);
	if (problem == NULL) {
		bind_items(format);
		problem = check_items(format);
	}
	if (problem == NULL)
		return format;

	if (position == NULL)
		*error = xasprintf("format %s: %s", name, problem);
	else
		*error = xasprintf("format %s: %s: \"%.20s\" at position %zu", name, problem,
				   position, (size_t)(position - format->string) + 1);
	log_format_free(&format);
	return NULL;
}

struct log_format *
log_format_compile(const char *name, const char *string, char **error)
{
	return compile(name, string, "", error);
}

/* All formats that need no setting. */
static const struct {
	const char *name;
	const char *string;
	const char *optional_tail;
	bool raw_quotes;
} builtins[] = {
	{.name = "ezproxy",
	 .string = "%h %{ezproxy-session}i %u %t \"%r\" %s %b",
	 .optional_tail = " -",
	 .raw_quotes = true},
	{.name = "common", .string = "%h %l %u %t \"%r\" %>s %b", .optional_tail = ""},
	{.name = "combined",
	 .string = "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"",
	 .optional_tail = ""},
};

const struct log_format *
log_format_at(size_t i)
{
	static struct log_format *compiled[ARRAY_LEN(builtins)];
	char *error = NULL;

	if (i >= ARRAY_LEN(builtins))
		return NULL;
	if (compiled[i] == NULL) {
		compiled[i] = compile(builtins[i].name, builtins[i].string,
				      builtins[i].optional_tail, &error);
		assert(compiled[i] != NULL);
		compiled[i]->raw_quotes = builtins[i].raw_quotes;
	}
	return compiled[i];
}

const struct log_format *
log_format_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (span_equals(name, span_of(builtins[i].name)))
			return log_format_at(i);
	return NULL;
}

const char *
log_format_name(const struct log_format *format)
{
	return format->name;
}
