/* SPDX-License-Identifier: MIT */
/*
 * log_parse.c - matching lines against formats. The rules are in the header.
 *
 * A format is a list of items, read from left to right without going back. The one choice there is,
 * where the request ends, is made in match_request(), which tries the items behind it from each
 * place in question; the number of tries is bounded.
 */
#include "clean_worker/log_parse.h"
#include "clean_worker/field_shape.h"
#include "clean_worker/request_line.h"

#include <stdlib.h>
#include <string.h>

/* Places tried as the end of a request that the server did not escape, see match_unescaped(). */
#define MAX_TRIES 32

struct match {
	const struct log_format *format;
	struct span line;
	size_t at; /* all bytes before it are matched */
	struct access_line *out;
	enum reason reason;	  /* of the try that came furthest */
	struct parse_error error; /* .expected is NULL as long as none has stopped */
};

/* Matching stops here; of several tries the one that came furthest tells people most. */
static bool
stop_at(struct match *m, enum reason reason, size_t offset, const char *expected)
{
	if (m->error.expected == NULL || offset > m->error.offset) {
		m->reason = reason;
		m->error = (struct parse_error){.offset = offset, .expected = expected};
	}
	return false;
}

static struct span
rest_of(const struct match *m)
{
	return (struct span){.ptr = m->line.ptr + m->at, .len = m->line.len - m->at};
}

static bool
is_ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
starts_with(struct span text, struct span start)
{
	return text.len >= start.len && memcmp(text.ptr, start.ptr, start.len) == 0;
}

/* The field is the next len bytes, if they can be that. */
static bool
match_field(struct match *m, const struct log_directive *directive, size_t len)
{
	struct span value = {.ptr = m->line.ptr + m->at, .len = len};

	if (directive->shape != NULL && !directive->shape(value))
		return stop_at(m, REASON_PARSE_NO_MATCH, m->at, directive->expected);
	m->at += len;
	if (directive->field == LOG_NO_FIELD)
		return true;
	if (directive->dash_is_null && len == 1 && value.ptr[0] == '-')
		value = SPAN_NULL;
	memcpy((char *)m->out + directive->field, &value, sizeof(value));
	return true;
}

static bool
match_literal(struct match *m, const struct log_item *item)
{
	struct span rest = rest_of(m);
	size_t same = 0;

	while (same < item->literal.len && same < rest.len &&
	       rest.ptr[same] == item->literal.ptr[same])
		same++;
	m->at += same;
	if (same == item->literal.len)
		return true;
	return stop_at(m, REASON_PARSE_NO_MATCH, m->at,
		       item->directive != NULL ? item->directive->after
					       : "what the format starts with");
}

/* Bytes up to the first one of the literal behind the item, or to the end of the line. */
static size_t
text_len(struct span rest, const struct log_item *item)
{
	char end_byte = item->literal.len > 0 ? item->literal.ptr[0] : ' ';
	const char *end = rest.len > 0 ? memchr(rest.ptr, end_byte, rest.len) : NULL;

	return end != NULL ? (size_t)(end - rest.ptr) : rest.len;
}

static bool
match_text(struct match *m, const struct log_item *item)
{
	size_t len = text_len(rest_of(m), item);

	if (len == 0)
		return stop_at(m, REASON_PARSE_NO_MATCH, m->at, item->directive->expected);
	return match_field(m, item->directive, len);
}

/*
 * lighttpd writes the virtual host where others write the ident; it is an address when the client
 * asked for one. A client by name is another matter: that is a virtual host, and the client behind it.
 */
static bool
match_ident(struct match *m, const struct log_item *item)
{
	struct span rest = rest_of(m), ident = {.ptr = rest.ptr, .len = text_len(rest, item)};

	if (!field_shape_is_address(ident) || !field_shape_is_address(m->out->host))
		return match_text(m, item);
	m->at += ident.len;
	return true;
}

/*
 * A list of addresses, as proxies make it (X-Forwarded-For): the host is the first address of it.
 * Members end at a comma, with or without a blank behind it; the last one where any host ends.
 */
static bool
match_forwarded(struct match *m, const struct log_item *item)
{
	struct span first = SPAN_NULL;

	for (bool more = true; more;) {
		struct span rest = rest_of(m), member = {.ptr = rest.ptr};
		size_t end = text_len(rest, item);
		const char *comma = memchr(rest.ptr, ',', end);

		more = comma != NULL;
		member.len = more ? (size_t)(comma - rest.ptr) : end;
		if (!field_shape_is_forwarded(member))
			return stop_at(m, REASON_PARSE_NO_MATCH, m->at, "an address of a list");
		if (first.ptr == NULL && field_shape_is_address(member))
			first = member;
		m->at += member.len + more;
		if (more && m->at < m->line.len && m->line.ptr[m->at] == ' ')
			m->at++;
	}
	if (first.ptr == NULL)
		return stop_at(m, REASON_PARSE_NO_MATCH, m->at, "a list with an address in it");
	m->out->host = first;
	return true;
}

static bool
match_host(struct match *m, const struct log_item *item)
{
	struct span rest = rest_of(m), host = {.ptr = rest.ptr, .len = text_len(rest, item)};

	if (field_shape_is_host(host))
		return match_field(m, item->directive, host.len);
	if (host.len > 0 && memchr(host.ptr, ',', host.len) != NULL)
		return match_forwarded(m, item);
	return stop_at(m, REASON_PARSE_NO_MATCH, m->at, item->directive->expected);
}

/* The first quote that no backslash escapes. */
static const char *
find_unescaped_quote(struct span text)
{
	for (size_t at = 0; at < text.len; at++) {
		const char *quote = memchr(text.ptr + at, '"', text.len - at);
		if (quote == NULL)
			return NULL;
		size_t found = (size_t)(quote - text.ptr), backslashes = 0;
		while (backslashes < found - at && quote[-1 - (ptrdiff_t)backslashes] == '\\')
			backslashes++;
		if (backslashes % 2 == 0)
			return quote;
		at = found;
	}
	return NULL;
}

static bool
match_quoted(struct match *m, const struct log_item *item)
{
	struct span rest = rest_of(m);
	const char *end = find_unescaped_quote(rest);

	if (end == NULL)
		return stop_at(m, REASON_PARSE_NO_MATCH, m->line.len, item->directive->expected);
	return match_field(m, item->directive, (size_t)(end - rest.ptr));
}

/* Is "[time]" at the start of the text, as far as can be told from its form? */
static enum log_time_result
bracketed_time(struct span text, struct log_time *out)
{
	if (text.len < LOG_TIME_LEN + 2 || text.ptr[0] != '[' || text.ptr[LOG_TIME_LEN + 1] != ']')
		return LOG_TIME_NO_FORM;
	return log_time_parse((struct span){.ptr = text.ptr + 1, .len = LOG_TIME_LEN}, out);
}

static bool
match_bracketed_time(struct match *m, enum log_time_result result,
		     const struct log_directive *directive)
{
	switch (result) {
	case LOG_TIME_OK:
		m->at += LOG_TIME_LEN + 2;
		return true;
	case LOG_TIME_NO_DATE:
		return stop_at(m, REASON_PARSE_BAD_TIME, m->at + 1, "a time that exists");
	case LOG_TIME_NO_FORM:
		break;
	}
	return stop_at(m, REASON_PARSE_NO_MATCH, m->at, directive->expected);
}

/*
 * A user who is an address, and a client who is none: a virtual host, and the client where the user
 * belongs (nginx's `$host - $remote_addr [$time_local]`).
 */
static bool
is_client_behind_host(const struct match *m, struct span user)
{
	return field_shape_is_address(user) && m->out->host.ptr != NULL &&
	       !field_shape_is_address(m->out->host);
}

/* The user and the literal behind it. Blanks around a user are none of it, and "" is no user. */
static bool
match_user(struct match *m, const struct log_item *item, size_t len)
{
	struct span user = span_trim((struct span){.ptr = m->line.ptr + m->at, .len = len}, ' ');

	if (!item->directive->shape(user) || is_client_behind_host(m, user))
		return stop_at(m, REASON_PARSE_NO_MATCH, m->at, item->directive->expected);
	if (user.len == 0 || span_equals(user, SPAN_LITERAL("-")) ||
	    span_equals(user, SPAN_LITERAL("\"\"")))
		user = SPAN_NULL;
	m->out->user = user;
	m->at += len + item->literal.len;
	return true;
}

static bool
match_user_time(struct match *m, const struct log_item *item)
{
	struct span rest = rest_of(m);
	size_t gap = item->literal.len;
	const char *first = NULL;

	for (size_t at = gap; at < rest.len; at++) {
		const char *open = memchr(rest.ptr + at, '[', rest.len - at);
		if (open == NULL)
			break;
		at = (size_t)(open - rest.ptr);
		if (memcmp(open - gap, item->literal.ptr, gap) != 0)
			continue;
		if (first == NULL)
			first = open;
		struct span here = {.ptr = open, .len = rest.len - at};
		enum log_time_result result = bracketed_time(here, &m->out->time);
		if (result == LOG_TIME_NO_FORM)
			continue;
		here = (struct span){open + LOG_TIME_LEN + 2, here.len - LOG_TIME_LEN - 2};
		if (!starts_with(here, item->behind_time)) {
			(void)stop_at(m, REASON_PARSE_NO_MATCH, (size_t)(here.ptr - m->line.ptr),
				      item->time->after);
			continue;
		}
		return match_user(m, item, at - gap) && match_bracketed_time(m, result, item->time);
	}
	return stop_at(m, REASON_PARSE_NO_MATCH,
		       first != NULL ? (size_t)(first - m->line.ptr) : m->at,
		       first != NULL ? item->time->expected : "the user and then the time");
}

static bool
match_status(struct match *m, const struct log_item *item)
{
	struct span rest = rest_of(m);
	unsigned status = 0;

	for (size_t i = 0; i < 3; i++) {
		if (i == rest.len || !is_ascii_digit(rest.ptr[i]))
			return stop_at(m, REASON_PARSE_NO_MATCH, m->at + i,
				       item->directive->expected);
		status = status * 10 + (unsigned)(rest.ptr[i] - '0');
	}
	m->out->status = (uint16_t)status;
	m->at += 3;
	return true;
}

static bool
match_size(struct match *m, const struct log_item *item)
{
	struct span rest = rest_of(m);
	uint64_t size = 0;
	size_t len = 0;

	if (rest.len > 0 && rest.ptr[0] == '-') {
		m->out->has_size = false;
		m->out->size = 0;
		m->at++;
		return true;
	}
	for (; len < rest.len && is_ascii_digit(rest.ptr[len]); len++) {
		unsigned digit = (unsigned)(rest.ptr[len] - '0');
		if (size > ((uint64_t)INT64_MAX - digit) / 10)
			return stop_at(m, REASON_PARSE_BAD_NUMBER, m->at, "a size below 2^63");
		size = size * 10 + digit;
	}
	if (len == 0)
		return stop_at(m, REASON_PARSE_NO_MATCH, m->at, item->directive->expected);
	m->out->has_size = true;
	m->out->size = size;
	m->at += len;
	return true;
}

static bool
match_item(struct match *m, const struct log_item *item)
{
	switch (item->kind) {
	case ITEM_LITERAL:
		return match_literal(m, item);
	case ITEM_TEXT:
		return match_text(m, item);
	case ITEM_IDENT:
		return match_ident(m, item);
	case ITEM_HOST:
		return match_host(m, item);
	case ITEM_QUOTED:
		return match_quoted(m, item);
	case ITEM_USER_TIME:
		return match_user_time(m, item);
	case ITEM_TIME:
		return match_bracketed_time(m, bracketed_time(rest_of(m), &m->out->time),
					    item->directive);
	case ITEM_STATUS:
		return match_status(m, item);
	case ITEM_SIZE:
		return match_size(m, item);
	case ITEM_REQUEST:
		break; /* is never among the items of a run, see log_parse() */
	}
	abort();
}

static bool
match_items(struct match *m, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (!match_item(m, &m->format->items[i]))
			return false;
	}
	return true;
}

/* Try the request up to this quote: all the rest of the line has to fit the rest of the format. */
static bool
try_request(struct match *m, size_t start, const char *quote)
{
	const struct log_format *format = m->format;

	m->at = start;
	if (!match_field(m, format->items[format->request].directive,
			 (size_t)(quote - m->line.ptr) - start) ||
	    !match_items(m, format->request + 1, format->item_count))
		return false;
	struct span rest = rest_of(m);
	if (rest.len == 0 || span_equals(rest, format->optional_tail))
		return true;
	return stop_at(m, REASON_PARSE_NO_MATCH, m->at, LOG_PARSE_END);
}

/*
 * Can a quote be the request's last? A cheap test, before all the rest is tried from there.
 */
static bool
status_follows(const struct match *m, const char *quote)
{
	const struct log_item *request = &m->format->items[m->format->request];
	struct span rest = {.ptr = quote, .len = (size_t)(m->line.ptr + m->line.len - quote)};

	if (!starts_with(rest, request->literal))
		return false;
	return request[2].kind != ITEM_STATUS ||
	       (rest.len > request->literal.len && is_ascii_digit(rest.ptr[request->literal.len]));
}

/*
 * The last place that fits. Only a line made for it has more than a few places to try; their number
 * is bounded, because each try may look at all the rest of the line.
 */
static bool
match_unescaped(struct match *m, size_t start, bool need_protocol)
{
	size_t end = m->line.len;

	for (int tries = 0; tries < MAX_TRIES && end > start;) {
		const char *quote = memrchr(m->line.ptr + start, '"', end - start);
		if (quote == NULL)
			return false;
		end = (size_t)(quote - m->line.ptr);
		struct span request = {.ptr = m->line.ptr + start, .len = end - start};
		if (!status_follows(m, quote) ||
		    (need_protocol && request_line_protocol_len(request) == 0))
			continue;
		if (try_request(m, start, quote))
			return true;
		tries++;
	}
	return false;
}

/*
 * Where in the request another line stands, two lines having been written into each other: a time
 * and the opening quote behind it. Of a server that escapes the quote ends the request before.
 */
static const char *
find_line_inside(struct span request)
{
	struct log_time time;

	for (size_t at = 0; at < request.len; at++) {
		const char *open = memchr(request.ptr + at, '[', request.len - at);
		if (open == NULL)
			return NULL;
		at = (size_t)(open - request.ptr);
		struct span rest = {.ptr = open, .len = request.len - at};
		if (rest.len >= LOG_TIME_LEN + 4 &&
		    memcmp(rest.ptr + LOG_TIME_LEN + 1, "] \"", 3) == 0 &&
		    bracketed_time(rest, &time) != LOG_TIME_NO_FORM)
			return open;
	}
	return NULL;
}

/* The length of ` 200 5` at the start of the text, with a quoted field behind it; or 0. */
static size_t
status_and_size_len(struct span text)
{
	size_t len = sizeof(" 200 ") - 1;

	if (text.len <= len || text.ptr[0] != ' ' || text.ptr[4] != ' ')
		return 0;
	for (size_t i = 1; i < 4; i++)
		if (!is_ascii_digit(text.ptr[i]))
			return 0;
	if (text.ptr[len] == '-')
		len++;
	else
		while (len < text.len && is_ascii_digit(text.ptr[len]))
			len++;
	return text.len - len >= 2 && memcmp(text.ptr + len, " \"", 2) == 0 ? len : 0;
}

/*
 * Where in the request one has ended before, so that the line has further quoted fields, and maybe
 * numbers at its end that look like status and size (Apache's combinedio): behind a status and a size;
 * behind a protocol, when there is none at the end; or behind the first word.
 */
static const char *
find_end_inside(struct span request)
{
	const char *blank = memchr(request.ptr, ' ', request.len);
	bool has_protocol = request_line_protocol_len(request) > 0;

	for (size_t at = 0; at < request.len; at++) {
		const char *quote = memchr(request.ptr + at, '"', request.len - at);
		if (quote == NULL)
			return NULL;
		at = (size_t)(quote - request.ptr);
		struct span before = {request.ptr, at}, behind = {quote + 1, request.len - at - 1};
		size_t len = status_and_size_len(behind);

		if (len > 0)
			return behind.ptr + len;
		if (!has_protocol && starts_with(behind, SPAN_LITERAL(" ")) &&
		    request_line_protocol_len(before) > 0)
			return behind.ptr;
		if (blank == behind.ptr && starts_with(behind, SPAN_LITERAL(" \"")))
			return behind.ptr;
	}
	return NULL;
}

static bool
match_raw_request(struct match *m, size_t start)
{
	const char *inside;

	if (!match_unescaped(m, start, true) && !match_unescaped(m, start, false))
		return false;
	m->error.expected = NULL; /* tries that came further have been got over */
	inside = find_line_inside(m->out->request);
	if (inside != NULL)
		return stop_at(m, REASON_PARSE_NO_MATCH, (size_t)(inside - m->line.ptr),
			       "one line, but another one stands inside the request");
	inside = find_end_inside(m->out->request);
	if (inside != NULL)
		return stop_at(m, REASON_PARSE_NO_MATCH, (size_t)(inside - m->line.ptr),
			       "no further quoted fields");
	return true;
}

static bool
match_request(struct match *m)
{
	const struct log_item *request = &m->format->items[m->format->request];
	const char *quote;

	if (m->format->raw_quotes) {
		if (match_raw_request(m, m->at))
			return true;
	} else {
		quote = find_unescaped_quote(rest_of(m));
		if (quote != NULL && try_request(m, m->at, quote))
			return true;
	}
	if (m->error.expected == NULL)
		(void)stop_at(m, REASON_PARSE_NO_MATCH, m->line.len, request->directive->expected);
	return false;
}

/*
 * What stands around a line without being of it: a byte order mark of a file from elsewhere, NULs
 * that a writer left in front (a crash, a file truncated under it), blanks at the end.
 */
static size_t
skip_before(struct span line)
{
	size_t at = 0;

	while (at < line.len && line.ptr[at] == '\0')
		at++;
	if (line.len - at >= 3 && memcmp(line.ptr + at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	return at;
}

static struct span
without_blanks_behind(struct span line)
{
	while (line.len > 0 && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t'))
		line.len--;
	return line;
}

enum reason
log_parse(const struct log_format *format, struct span line, struct access_line *out,
	  struct parse_error *error)
{
	struct match m = {.format = format,
			  .line = without_blanks_behind(line),
			  .at = skip_before(line),
			  .out = out};
	struct request_line parts;

	memset(out, 0, sizeof(*out));
	if (line.len == 0) {
		*error = (struct parse_error){.expected = "a line, but it is empty"};
		return REASON_PARSE_NO_MATCH;
	}
	if (match_items(&m, 0, format->request)) {
		/* What stopped on the way to the request has been got over. */
		m.error = (struct parse_error){.expected = NULL};
		if (match_request(&m)) {
			parts = request_line_split(out->request);
			out->method = parts.method;
			out->url = parts.url;
			out->protocol = parts.protocol;
			return REASON_NONE;
		}
	}
	*error = m.error;
	return m.reason;
}
