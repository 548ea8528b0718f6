/* SPDX-License-Identifier: MIT */
/*
 * field_shape.c - looked at for each line, so without allocation, and quickly for what is usual.
 */
#include "clean_worker/field_shape.h"
#include "common/base/defs.h"
#include "common/message/log_time.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* What a byte can be part of. */
enum { LETTER = 1, DIGIT = 2, HEX = 4, HOST = 8 };

static const uint8_t classes[256] = {
	['0' ... '9'] = DIGIT | HEX | HOST,
	['a' ... 'f'] = LETTER | HEX | HOST,
	['g' ... 'z'] = LETTER | HOST,
	['A' ... 'F'] = LETTER | HEX | HOST,
	['G' ... 'Z'] = LETTER | HOST,
	['-'] = HOST,
	['_'] = HOST,
};

static bool
is(char c, uint8_t class)
{
	return (classes[(unsigned char)c] & class) != 0;
}

static bool
all_are(struct span text, uint8_t class)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is(text.ptr[i], class))
			return false;
	return text.len > 0;
}

/* Four numbers up to 255, without needless zeros. */
static bool
is_ipv4(struct span text)
{
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		unsigned number = 0;
		size_t start = at;

		while (at < text.len && at - start < 3 && is(text.ptr[at], DIGIT))
			number = number * 10 + (unsigned)(text.ptr[at++] - '0');
		if (at == start || number > 255 || (at - start > 1 && text.ptr[start] == '0'))
			return false;
		if (part < 3 && (at == text.len || text.ptr[at++] != '.'))
			return false;
	}
	return at == text.len;
}

static bool
is_ipv6(struct span text)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;
	const char *zone = memchr(text.ptr, '%', text.len);

	if (zone != NULL) {
		size_t len = (size_t)(zone - text.ptr);

		if (!all_are((struct span){zone + 1, text.len - len - 1}, HOST))
			return false;
		text.len = len;
	}
	if (text.len < 2 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return strlen(copy) == text.len && inet_pton(AF_INET6, copy, &address) == 1;
}

bool
field_shape_is_address(struct span text)
{
	if (text.len == 0)
		return false;
	if (memchr(text.ptr, ':', text.len) == NULL)
		return is_ipv4(text);
	return is_ipv6(text);
}

/* Is it a host name? Of a name in lower case and dots, at least; see the header. */
static bool
is_host_name(struct span text)
{
	size_t start = 0;
	struct span label = SPAN_NULL;

	if (text.len > 0 && text.ptr[text.len - 1] == '.')
		text.len--; /* the root */
	if (text.len == 0 || text.len > 253)
		return false;
	for (size_t at = 0; at <= text.len; at++) {
		if (at < text.len && text.ptr[at] != '.')
			continue;
		label = (struct span){text.ptr + start, at - start};
		if (label.len > 63 || !all_are(label, HOST) || label.ptr[0] == '-')
			return false;
		start = at + 1;
	}
	return !all_are(label, DIGIT);
}

bool
field_shape_is_host(struct span text)
{
	return field_shape_is_address(text) || is_host_name(text) ||
	       span_equals(text, SPAN_LITERAL("-")) || span_equals(text, SPAN_LITERAL("unix:"));
}

bool
field_shape_is_forwarded(struct span text)
{
	return field_shape_is_address(text) || span_equals(text, SPAN_LITERAL("unknown")) ||
	       span_equals(text, SPAN_LITERAL("-"));
}

/* "10:00:00", maybe with more behind it: ".123", "Z", "+0000". */
static bool
begins_with_time_of_day(struct span text)
{
	static const char form[] = "00:00:00";

	if (text.len < sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? !is(text.ptr[i], DIGIT) : text.ptr[i] != form[i])
			return false;
	return true;
}

/* "2026-11-26", alone or as the beginning of a time as ISO 8601 has it. */
static bool
begins_with_date(struct span text)
{
	static const char form[] = "0000-00-00";

	if (text.len < sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? !is(text.ptr[i], DIGIT) : text.ptr[i] != form[i])
			return false;
	return text.len == sizeof(form) - 1 || text.ptr[sizeof(form) - 1] == 'T';
}

/* What tells that something stands before the line, or a line inside it. */
static bool
is_foreign_word(struct span word)
{
	return field_shape_is_address(word) || begins_with_time_of_day(word) ||
	       begins_with_date(word);
}

bool
field_shape_is_word(struct span text)
{
	if (span_equals(text, SPAN_LITERAL("-")))
		return true;
	if (text.len == 0 || is_foreign_word(text) || text.ptr[0] == '[' ||
	    text.ptr[text.len - 1] == ':')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (is(text.ptr[i], LETTER | DIGIT) || (unsigned char)text.ptr[i] >= 0x80)
			return true;
	return false; /* nothing but punctuation: "|" of a container's prefix */
}

/* The next word at *at; false when there is none. */
static bool
next_word(struct span text, size_t *at, struct span *word)
{
	while (*at < text.len && text.ptr[*at] == ' ')
		(*at)++;
	*word = (struct span){text.ptr + *at, 0};
	while (*at < text.len && text.ptr[*at] != ' ') {
		(*at)++;
		word->len++;
	}
	return word->len > 0;
}

/* A client that a line further in begins with: a name of several labels, not "Foo" of "Foo - Bar". */
static bool
looks_like_client(struct span word)
{
	return memchr(word.ptr, '.', word.len) != NULL && is_host_name(word);
}

bool
field_shape_is_user(struct span text)
{
	struct span word, before = SPAN_NULL;
	struct log_time time;
	size_t words = 0;

	if (memchr(text.ptr, ' ', text.len) == NULL)
		return true; /* a user of one word is anything that a server lets in */
	if (log_time_find(text, &time) != LOG_TIME_NO_FORM)
		return false;
	for (size_t at = 0; next_word(text, &at, &word); before = word, words++) {
		bool dash = span_equals(word, SPAN_LITERAL("-"));

		if (is_foreign_word(word) || word.ptr[word.len - 1] == ':')
			return false;
		if (dash && (words == 0 || looks_like_client(before)))
			return false;
	}
	return words < 2 || !span_equals(before, SPAN_LITERAL("-"));
}
