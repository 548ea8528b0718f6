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

		/* The name of an interface: "eth0", of a VLAN "eth0.100". */
		for (size_t i = len + 1; i < text.len; i++)
			if (!is(text.ptr[i], HOST) && text.ptr[i] != '.')
				return false;
		if (len + 1 == text.len)
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
	if (is_ipv4(text))
		return true;
	return text.len > 0 && memchr(text.ptr, ':', text.len) != NULL && is_ipv6(text);
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

/* "[10/Oct/2020:13:" without an end: a line that was cut in its time, and another one behind it. */
static bool
begins_with_cut_time(struct span text)
{
	return text.len > 1 && text.ptr[0] == '[' && is(text.ptr[1], DIGIT) &&
	       memchr(text.ptr, ']', text.len) == NULL;
}

/*
 * "jan192.0.2.2", "[10/Oct/192.0.2.2": a line that was cut, and the address that another one begins
 * with. Not "CN=192.0.2.2" or "jane@192.0.2.2", which is a value.
 */
static bool
ends_with_address(struct span text)
{
	enum { IPV4_MIN = sizeof("0.0.0.0") - 1, IPV4_DOTS = 3, IPV6_COLONS_MIN = 3 };
	size_t start = text.len < INET6_ADDRSTRLEN ? 0 : text.len - INET6_ADDRSTRLEN + 1;
	size_t colons = 0, dots = 0;

	if (text.len <= IPV4_MIN || !is(text.ptr[text.len - 1], HEX))
		return false;
	for (size_t i = start; i < text.len; i++) {
		colons += text.ptr[i] == ':';
		dots += text.ptr[i] == '.';
	}
	if (dots < IPV4_DOTS && colons < IPV6_COLONS_MIN)
		return false;
	for (size_t i = MAX(start, (size_t)1); i + IPV4_MIN <= text.len; i++) {
		struct span tail = {text.ptr + i, text.len - i};

		if (is_ipv4(tail) || (colons >= IPV6_COLONS_MIN && is_ipv6(tail)))
			return text.ptr[i - 1] != '=' && text.ptr[i - 1] != '@';
	}
	return false;
}

/* What tells that something stands before the line, or a line inside it. */
static bool
is_foreign_word(struct span word)
{
	return field_shape_is_address(word) || begins_with_time_of_day(word) ||
	       begins_with_date(word) || ends_with_address(word);
}

bool
field_shape_is_word(struct span text)
{
	if (all_are(text, LETTER | DIGIT) || span_equals(text, SPAN_LITERAL("-")))
		return true;
	if (text.len == 0 || is_foreign_word(text) || text.ptr[0] == '[' ||
	    text.ptr[text.len - 1] == ':' || memchr(text.ptr, '\0', text.len) != NULL)
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

static bool
has_capital(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] >= 'A' && word.ptr[i] <= 'Z')
			return true;
	return false;
}

/* A client that a line further in begins with: a host's name, not "Foo" of "Foo - Bar". */
static bool
looks_like_client(struct span word)
{
	return is_host_name(word) &&
	       (memchr(word.ptr, '.', word.len) != NULL || !has_capital(word));
}

/* "www.example.org", a virtual host behind the user; not "Jr.", "J.R.R." or "Inc.". */
static bool
looks_like_virtual_host(struct span word)
{
	const char *dot = memrchr(word.ptr, '.', word.len);

	return dot != NULL && word.ptr + word.len - dot > 2 && !has_capital(word) &&
	       is_host_name(word);
}

bool
field_shape_is_user(struct span text)
{
	struct span word, before = SPAN_NULL;
	struct log_time time;
	size_t words = 0;
	bool certificate = false; /* "CN=foo - bar" */

	if (memchr(text.ptr, '\0', text.len) != NULL)
		return false; /* a hole in the file, and another line behind it */
	if (memchr(text.ptr, ' ', text.len) == NULL)
		return true; /* a user of one word is anything that a server lets in */
	if (log_time_find(text, &time) != LOG_TIME_NO_FORM)
		return false;
	for (size_t at = 0; next_word(text, &at, &word); before = word, words++) {
		bool dash = span_equals(word, SPAN_LITERAL("-"));

		if (is_foreign_word(word) || begins_with_cut_time(word) ||
		    word.ptr[word.len - 1] == ':')
			return false;
		certificate |= memchr(word.ptr, '=', word.len) != NULL;
		if (dash && (words == 0 || (!certificate && looks_like_client(before))))
			return false;
	}
	return words < 2 || !(span_equals(before, SPAN_LITERAL("-")) ||
			      (!certificate && looks_like_virtual_host(before)));
}
