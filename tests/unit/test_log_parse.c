/* SPDX-License-Identifier: MIT */
/*
 * test_log_parse.c - access-log lines: what is read, where it is cut, and what is told of the
 * rest.
 */
#include "clean_worker/log_parse.h"
#include "common/base/defs.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <time.h>

#define T "[10/Oct/2000:13:55:36 -0700]"
#define UTC INT64_C(20001010205536)

struct good_case {
	const char *format;
	struct span line;
	const char *user; /* NULL: none */
	struct span request;
	const char *method, *url, *protocol;
	unsigned status;
	int64_t size; /* -1: none */
	const char *referer, *user_agent;
};

static const struct good_case good[] = {
#define LINE(f, text) .format = f, .line = SPAN_LITERAL(text)
#define REQUEST(text) .request = SPAN_LITERAL(text)
#define PARTS(m, u, p) .method = m, .url = u, .protocol = p
	{LINE("ezproxy", "h s - " T " \"GET /x HTTP/1.1\" 200 5"), REQUEST("GET /x HTTP/1.1"),
	 PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("ezproxy", "h s jane " T " \"GET /x HTTP/1.1\" 200 5 -"), .user = "jane",
	 REQUEST("GET /x HTTP/1.1"), PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("ezproxy", "h s - " T " \"GET /x HTTP/1.1\" 200 -"), REQUEST("GET /x HTTP/1.1"),
	 PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = -1},
	{LINE("ezproxy", "h s - " T " \"GET /x HTTP/1.1\" 200 - -"), REQUEST("GET /x HTTP/1.1"),
	 PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = -1},
	/* Raw quotes, braces and blanks in the URL, also what looks like the end of a request. */
	{LINE("ezproxy", "h s - " T " \"GET https://e:443/?q={\"a\": \"b\"} HTTP/1.1\" 200 5 -"),
	 REQUEST("GET https://e:443/?q={\"a\": \"b\"} HTTP/1.1"),
	 PARTS("GET", "https://e:443/?q={\"a\": \"b\"}", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("ezproxy", "h s - " T " \"GET /a\" 404 7 -\" 403 x HTTP/1.1\" 200 5 -"),
	 REQUEST("GET /a\" 404 7 -\" 403 x HTTP/1.1"),
	 PARTS("GET", "/a\" 404 7 -\" 403 x", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("ezproxy", "h s - " T " \"GET /a\\\" 200 5"), REQUEST("GET /a\\"),
	 PARTS("GET", "/a\\", NULL), .status = 200, .size = 5},
	{LINE("ezproxy", "h s - " T " \"GET /?q=\"a b\" \"c\" HTTP/1.1\" 200 5 -"),
	 REQUEST("GET /?q=\"a b\" \"c\" HTTP/1.1"), PARTS("GET", "/?q=\"a b\" \"c\"", "HTTP/1.1"),
	 .status = 200, .size = 5},
	{LINE("ezproxy", "h s - " T " \"GET /a HTTP/1.1\" b HTTP/1.1\" 200 5 -"),
	 REQUEST("GET /a HTTP/1.1\" b HTTP/1.1"), PARTS("GET", "/a HTTP/1.1\" b", "HTTP/1.1"),
	 .status = 200, .size = 5},
	/* Users. */
	{LINE("common", "h - john doe " T " \"GET / HTTP/1.0\" 200 1"), .user = "john doe",
	 REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - a [b] c " T " \"GET / HTTP/1.0\" 200 1"), .user = "a [b] c",
	 REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h -  " T " \"GET / HTTP/1.0\" 200 1"), REQUEST("GET / HTTP/1.0"),
	 PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - \"\" " T " \"GET / HTTP/1.0\" 200 1"), REQUEST("GET / HTTP/1.0"),
	 PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - j@e.org " T " \"POST / HTTP/2\" 999 0"), .user = "j@e.org",
	 REQUEST("POST / HTTP/2"), PARTS("POST", "/", "HTTP/2"), .status = 999, .size = 0},
	/* Requests that are none, or half one. */
	{LINE("common", "h - - " T " \"\\x16\\x03\\x01\" 400 226"), REQUEST("\\x16\\x03\\x01"),
	 .status = 400, .size = 226},
	{LINE("common", "h - - " T " \"\x16\x03\x01\0 \xff/ HTTP/1.1\" 400 226"),
	 REQUEST("\x16\x03\x01\0 \xff/ HTTP/1.1"), .status = 400, .size = 226},
	{LINE("common", "h - - " T " \"-\" 408 -"), REQUEST("-"), .status = 408, .size = -1},
	{LINE("common", "h - - " T " \"\" 000 0"), REQUEST(""), .status = 0, .size = 0},
	{LINE("common", "h - - " T " \" \" 000 0"), REQUEST(" "), .status = 0, .size = 0},
	{LINE("common", "h - - " T " \"GET\" 400 0"), REQUEST("GET"), .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"GET \" 400 0"), REQUEST("GET "), .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"GET HTTP/1.1\" 400 0"), REQUEST("GET HTTP/1.1"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"GET  HTTP/1.1\" 400 0"), REQUEST("GET  HTTP/1.1"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"HTTP/1.1\" 400 0"), REQUEST("HTTP/1.1"), .status = 400,
	 .size = 0},
	{LINE("common", "h - - " T " \" HTTP/1.1\" 400 0"), REQUEST(" HTTP/1.1"), .status = 400,
	 .size = 0},
	{LINE("common", "h - - " T " \"GET /x\" 200 0"), REQUEST("GET /x"),
	 PARTS("GET", "/x", NULL), .status = 200, .size = 0},
	{LINE("common", "h - - " T " \"GET http://e/\" 200 0"), REQUEST("GET http://e/"),
	 PARTS("GET", "http://e/", NULL), .status = 200, .size = 0},
	{LINE("common", "h - - " T " \"GET /x y\" 400 0"), REQUEST("GET /x y"), .status = 400,
	 .size = 0},
	{LINE("common", "h - - " T " \"t3 12.1.2\" 400 0"), REQUEST("t3 12.1.2"), .status = 400,
	 .size = 0},
	{LINE("common", "h - - " T " \"OPTIONS / RTSP/1.0\" 400 0"), REQUEST("OPTIONS / RTSP/1.0"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"GET / HTTP/11\" 400 0"), REQUEST("GET / HTTP/11"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"GET / HTTP/1.x\" 400 0"), REQUEST("GET / HTTP/1.x"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"GET / http/1.1\" 400 0"), REQUEST("GET / http/1.1"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"G(T / HTTP/1.1\" 400 0"), REQUEST("G(T / HTTP/1.1"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"M-SEARCH * HTTP/1.1\" 200 0"),
	 REQUEST("M-SEARCH * HTTP/1.1"), PARTS("M-SEARCH", "*", "HTTP/1.1"), .status = 200,
	 .size = 0},
	{LINE("common", "h - - " T " \"get a HTTP/1.1\" 200 0"), REQUEST("get a HTTP/1.1"),
	 PARTS("get", "a", "HTTP/1.1"), .status = 200, .size = 0},
	{LINE("common", "h - - " T " \"abcdefghijabcdefghijabcdefghijab / HTTP/1.1\" 200 0"),
	 REQUEST("abcdefghijabcdefghijabcdefghijab / HTTP/1.1"),
	 PARTS("abcdefghijabcdefghijabcdefghijab", "/", "HTTP/1.1"), .status = 200, .size = 0},
	{LINE("common", "h - - " T " \"abcdefghijabcdefghijabcdefghijabc / HTTP/1.1\" 200 0"),
	 REQUEST("abcdefghijabcdefghijabcdefghijabc / HTTP/1.1"), .status = 200, .size = 0},
	/* Escapes of Apache and nginx stay as they are. */
	{LINE("common", "h - - " T " \"GET /\\\"x\\\" HTTP/1.1\" 200 0"),
	 REQUEST("GET /\\\"x\\\" HTTP/1.1"), PARTS("GET", "/\\\"x\\\"", "HTTP/1.1"), .status = 200,
	 .size = 0},
	{LINE("common", "h - - " T " \"GET /\\\\\" 200 9223372036854775807"), REQUEST("GET /\\\\"),
	 PARTS("GET", "/\\\\", NULL), .status = 200, .size = INT64_MAX},
	{LINE("common", "h - - " T " \"GET / HTTP/1.1\" 200 00000000000000000000000000005"),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5},
	/* combined, escaped: nothing within a field can end it. */
	{LINE("combined", "h - - " T " \"GET / HTTP/1.1\" 200 5 \"http://r/\" \"Moz (x) y\""),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5,
	 .referer = "http://r/", .user_agent = "Moz (x) y"},
	{LINE("combined", "h - - " T " \"GET / HTTP/1.1\" 200 - \"-\" \"-\""),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = -1},
	{LINE("combined", "h - - " T " \"GET / HTTP/1.1\" 200 5 \"\" \"\""),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5,
	 .referer = "", .user_agent = ""},
	{LINE("combined",
	      "h - - " T
	      " \"GET / HTTP/1.1\" 200 5 \"-\" \"x HTTP/1.1\\\" 404 7 \\\"a\\\" \\\"b\""),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5,
	 .user_agent = "x HTTP/1.1\\\" 404 7 \\\"a\\\" \\\"b"},
	{LINE("combined",
	      "h - - " T " \"GET /\\\" 404 7 \\\"a HTTP/1.1\" 200 5 \"r\\\\\" \"u\\\\\""),
	 REQUEST("GET /\\\" 404 7 \\\"a HTTP/1.1"), PARTS("GET", "/\\\" 404 7 \\\"a", "HTTP/1.1"),
	 .status = 200, .size = 5, .referer = "r\\\\", .user_agent = "u\\\\"},
	/* Blanks: around the user, inside the request, behind the line. */
	{LINE("common", "h - first.last  " T " \"GET / HTTP/1.0\" 200 1"), .user = "first.last",
	 REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h -   a b   " T " \"GET / HTTP/1.0\" 200 1"), .user = "a b",
	 REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - -  " T " \"GET / HTTP/1.0\" 200 1"), REQUEST("GET / HTTP/1.0"),
	 PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - \"\"  " T " \"GET / HTTP/1.0\" 200 1"), REQUEST("GET / HTTP/1.0"),
	 PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - - " T " \"GET  /x HTTP/1.1\" 200 5"), REQUEST("GET  /x HTTP/1.1"),
	 PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("common", "h - - " T " \"GET /x  HTTP/1.1\" 200 5"), REQUEST("GET /x  HTTP/1.1"),
	 PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("common", "h - - " T " \"GET   /x y   HTTP/1.1\" 200 5"),
	 REQUEST("GET   /x y   HTTP/1.1"), PARTS("GET", "/x y", "HTTP/1.1"), .status = 200,
	 .size = 5},
	{LINE("common", "h - - " T " \"  GET /x HTTP/1.1 \" 200 5"), REQUEST("  GET /x HTTP/1.1 "),
	 PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("common", "h - - " T " \"GET   HTTP/1.1\" 400 0"), REQUEST("GET   HTTP/1.1"),
	 .status = 400, .size = 0},
	{LINE("common", "h - - " T " \"GET / HTTP/1.1\" 200 5 "), REQUEST("GET / HTTP/1.1"),
	 PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("common", "h - - " T " \"GET / HTTP/1.1\" 200 -  \t"), REQUEST("GET / HTTP/1.1"),
	 PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = -1},
	{LINE("ezproxy", "h s - " T " \"GET /x HTTP/1.1\" 200 5 - "), REQUEST("GET /x HTTP/1.1"),
	 PARTS("GET", "/x", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("combined", "h - - " T " \"GET / HTTP/1.1\" 200 5 \"r\" \"u\" "),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5,
	 .referer = "r", .user_agent = "u"},
	/* What a file from elsewhere, or a crash, leaves in front. */
	{LINE("common", "\xef\xbb\xbfh - - " T " \"GET / HTTP/1.1\" 200 5"),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("common", "\0\0\0h - - " T " \"GET / HTTP/1.1\" 200 5"), REQUEST("GET / HTTP/1.1"),
	 PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5},
	{LINE("ezproxy", "\0\xef\xbb\xbfh s - " T " \"GET / HTTP/1.1\" 200 5"),
	 REQUEST("GET / HTTP/1.1"), PARTS("GET", "/", "HTTP/1.1"), .status = 200, .size = 5},
	/* Users that a server can let in. */
	{LINE("common", "h - DOMAIN\\jane " T " \"GET / HTTP/1.0\" 200 1"), .user = "DOMAIN\\jane",
	 REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - zo\xc3\xab d'Arc " T " \"GET / HTTP/1.0\" 200 1"),
	 .user = "zo\xc3\xab d'Arc", REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"),
	 .status = 200, .size = 1},
	{LINE("common",
	      "h - /C=US/O=Foo - Bar/CN=J D/emailAddress=j@e.org " T " \"GET / HTTP/1.0\" 200 1"),
	 .user = "/C=US/O=Foo - Bar/CN=J D/emailAddress=j@e.org", REQUEST("GET / HTTP/1.0"),
	 PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - CN=Doe, John, O=Example Inc., C=US " T " \"GET / HTTP/1.0\" 200 1"),
	 .user = "CN=Doe, John, O=Example Inc., C=US", REQUEST("GET / HTTP/1.0"),
	 PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - Doe, Jane - External " T " \"GET / HTTP/1.0\" 200 1"),
	 .user = "Doe, Jane - External", REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"),
	 .status = 200, .size = 1},
	{LINE("common", "h - /O=acme - x/CN=www.example.org - y z.example.org " T
			" \"GET / HTTP/1.0\" 200 1"),
	 .user = "/O=acme - x/CN=www.example.org - y z.example.org", REQUEST("GET / HTTP/1.0"),
	 PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - /O=J D/CN=192.0.2.7 " T " \"GET / HTTP/1.0\" 200 1"),
	 .user = "/O=J D/CN=192.0.2.7", REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"),
	 .status = 200, .size = 1},
	{LINE("common", "h - Tolkien J.R.R. " T " \"GET / HTTP/1.0\" 200 1"),
	 .user = "Tolkien J.R.R.", REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"),
	 .status = 200, .size = 1},
	{LINE("common", "h - acme inc. " T " \"GET / HTTP/1.0\" 200 1"), .user = "acme inc.",
	 REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
	{LINE("common", "h - jane [2] x " T " \"GET / HTTP/1.0\" 200 1"), .user = "jane [2] x",
	 REQUEST("GET / HTTP/1.0"), PARTS("GET", "/", "HTTP/1.0"), .status = 200, .size = 1},
};

/* In memory of exactly its size, so that a sanitizer sees reads past the end. */
static struct span
exact_copy(struct span text)
{
	char *bytes = malloc(text.len > 0 ? text.len : 1);

	assert_non_null(bytes);
	memcpy(bytes, text.ptr, text.len);
	return (struct span){bytes, text.len};
}

static void
assert_text(struct span got, const char *want)
{
	assert_true((got.ptr != NULL) == (want != NULL));
	assert_true(span_equals(got, span_of(want)));
}

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const struct good_case *c = &good[i];
		struct span line = exact_copy(c->line);
		const struct log_format *format = log_format_find(span_of(c->format));
		struct access_line out;
		struct parse_error error = {.expected = ""};
		print_message("%s: %s\n", c->format, c->line.ptr);
		enum reason reason = log_parse(format, line, &out, &error);
		if (reason != REASON_NONE)
			print_error("at %zu: %s\n", error.offset, error.expected);
		assert_int_equal(reason, REASON_NONE);
		assert_text(out.host, "h");
		assert_text(out.session, strcmp(c->format, "ezproxy") == 0 ? "s" : NULL);
		assert_text(out.user, c->user);
		assert_int_equal(out.time.utc, UTC);
		assert_true(span_equals(out.request, c->request));
		assert_text(out.method, c->method);
		assert_text(out.url, c->url);
		assert_text(out.protocol, c->protocol);
		assert_int_equal(out.status, c->status);
		assert_int_equal(out.has_size, c->size >= 0);
		assert_int_equal(out.size, c->size >= 0 ? c->size : 0);
		assert_text(out.referer, c->referer);
		assert_text(out.user_agent, c->user_agent);
		free((void *)(uintptr_t)line.ptr);
	}
}

/* All formats on every good line cut at every place. */
static void
test_cut(void **state)
{
	static const char *const names[] = {"ezproxy", "common", "combined"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		for (size_t n = 0; n < good[i].line.len * ARRAY_LEN(names); n++) {
			struct span line = {good[i].line.ptr, n / ARRAY_LEN(names)};
			const char *name = names[n % ARRAY_LEN(names)];
			struct access_line out;
			struct parse_error error = {.expected = NULL};
			line = exact_copy(line);
			enum reason reason =
				log_parse(log_format_find(span_of(name)), line, &out, &error);
			if (reason != REASON_NONE) {
				assert_int_equal(reason, REASON_PARSE_NO_MATCH);
				assert_non_null(error.expected);
				assert_between(error.offset, 0, line.len);
			}
			free((void *)(uintptr_t)line.ptr);
		}
	}
}

/* Who the client is, before ` - - [time] "GET / HTTP/1.1" 200 5`. NULL: not a line of this form. */
static const struct {
	const char *before, *host;
} hosts[] = {
	{"192.0.2.1", "192.0.2.1"},
	{"::1", "::1"},
	{"2001:db8::7", "2001:db8::7"},
	{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	{"fe80::1%eth0", "fe80::1%eth0"},
	{"fe80::1%eth0.100", "fe80::1%eth0.100"},
	{"fe80::1%", NULL},
	{"fe80::1%a/b", NULL},
	{"localhost", "localhost"},
	{"dsl-1.example_net.example.org.", "dsl-1.example_net.example.org."},
	{"1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa"},
	{"unix:", "unix:"},
	{"-", "-"},
	/* lists of addresses: the first one */
	{"192.0.2.1, 198.51.100.7", "192.0.2.1"},
	{"192.0.2.1,198.51.100.7", "192.0.2.1"},
	{"192.0.2.1, 198.51.100.7, 203.0.113.9", "192.0.2.1"},
	{"2001:db8::7, 192.0.2.1", "2001:db8::7"},
	{"unknown, 192.0.2.1", "192.0.2.1"},
	{"-, 192.0.2.1", "192.0.2.1"},
	{"unknown, -", NULL},
	{"192.0.2.1, example.org", NULL},
	{"192.0.2.1,", NULL},
	{"192.0.2.1, ", NULL},
	{", 192.0.2.1", NULL},
	{"192.0.2.1, 198.51.100.7 x", NULL},
	/* no client */
	{"www.example.org:443", NULL},
	{"192.0.2.1:4711", NULL},
	{"[2001:db8::7]:443", NULL},
	{"192.0.2", NULL},
	{"192.0.2.256", NULL},
	{"192.0.2.01", NULL},
	{"192.0.2.1.9", NULL},
	{"2001:db8::7::1", NULL},
	{"1602338136.123", NULL},
	{"access.log:192.0.2.1", NULL},
	{"<34>1", NULL},
	{"\"192.0.2.1", NULL},
	{"a..b", NULL},
	{"-a.org", NULL},
	{"ex\xc3\xa9.org", NULL},
	/* something in front: a virtual host, syslog, a container's runtime, a date */
	{"www.example.org 192.0.2.10", NULL},
	{"www.example.org:443 192.0.2.10", NULL},
	{"www.example.org client.example.net", NULL},
	{"192.0.2.1 192.0.2.10", NULL},
	{"web1 client1", NULL},
	{"Nov 26 10:00:00 web1 nginx: 192.0.2.1", NULL},
	{"Nov 26 10:00:00 web1 nginx[12]: client.example.net", NULL},
	{"Nov  6 10:00:00 web1 nginx: 192.0.2.1", NULL},
	{"<190>Nov 26 10:00:00 web1 nginx: 192.0.2.1", NULL},
	{"2026-11-26T10:00:00.000000000Z stdout F 192.0.2.1", NULL},
	{"2026-11-26T10:00:00+01:00 web1 nginx: 192.0.2.1", NULL},
	{"2026-11-26 10:00:00 192.0.2.1", NULL},
	{"2026-11-26 10:00:00 client.example.net", NULL},
	{"[pod/web-1/nginx] 192.0.2.1", NULL},
	{"web-1 | 192.0.2.1", NULL},
	{"web-1  | client", NULL},
	/* two lines written into each other */
	{"192.0.2.1 - - 192.0.2.2", NULL},
	{"192.0.2.1 -192.0.2.2", NULL},
	{"192.0192.0.2.2", NULL},
	{"192.0.2.1 - - [10/Oct/2000:13:55:36 -07192.0.2.2", NULL},
	{"192.0.2.1 - - " T " 192.0.2.2", NULL},
	{"192.0.2.1 - jan192.0.2.2", NULL},
	{"192.0.2.1 - jan2001:db8::2", NULL},
	{"192.0.2.1 - jane [10/Oct/2000:13:55:36 -07192.0.2.2", NULL},
	{"192.0.2.1 - jane [10/Oct/2000:13:client", NULL},
	{"192.0.2.1 - jane [1client", NULL},
	{"client1 - janclient2", NULL},
	{"192.0.2.1 - /C=US/O=Fo192.0.2.2", NULL},
	{"2001:db8::1 - /C=US/CN=J 2001:db8::2", NULL},
	/* a prefix, and a client of one label */
	{"stdout F client", NULL},
	{"web1 httpd[123] client", NULL},
	{"Thu Nov 26 client", NULL},
};

/*
 * Idents and sessions, and users, of lines that are none of this form; or an ident that is none of
 * ours. NULL: a row.
 */
static const struct {
	const char *format, *before, *expected;
} words[] = {
	{"common", "192.0.2.1 198.51.100.7 -", NULL}, /* lighttpd: the virtual host */
	{"common", "192.0.2.1 2001:db8::7 jane", NULL},
	{"common", "192.0.2.1 www.example.org -", NULL},
	{"common", "192.0.2.1 www.example.org:8080 -", NULL},
	{"common", "www.example.org 192.0.2.1 -", "the ident field"},
	{"ezproxy", "192.0.2.1 198.51.100.7 -", "the session"},
	{"ezproxy", "192.0.2.1 se198.51.100.7 AbC jane", "the session"},
	{"ezproxy", "192.0.2.1 AbC ja198.51.100.7 DeF bob", "the user"},
	{"ezproxy", "192.0.2.1 AbC /C=US/O=Fo198.51.100.7 DeF bob", "the user"},
	{"ezproxy", "192.0.2.1 AbC jane [10/Oct/2198.51.100.7 DeF bob", "the user"},
	{"ezproxy", "192.0.2.1 AbC jane [10/Oct/2client DeF bob", "the user"},
	{"common", "192.0.2.1 - - www.example.org", "the user"},
	{"common", "192.0.2.1 - jane www.example.org", "the user"}, /* nginx: $host */
	{"common", "192.0.2.1 - first.last", NULL},
	{"common", "192.0.2.1 - 192.0.2.7", NULL},
	{"common", "www.example.org - 192.0.2.1", "the user"}, /* nginx: $host - $remote_addr */
	{"common", "www.example.org - 2001:db8::7", "the user"},
	{"common", "- - 192.0.2.1", "the user"},
	{"ezproxy", "192.0.2.1 AbC 192.0.2.1", NULL},
};

static void
test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct access_line out;
		struct parse_error error = {.expected = NULL};
		char line[300];
		enum reason reason;

		snprintf(line, sizeof(line), "%s %s \"GET / HTTP/1.1\" 200 5", words[i].before, T);
		print_message("%s: %s\n", words[i].format, line);
		reason = log_parse(log_format_find(span_of(words[i].format)), span_of(line), &out,
				   &error);
		if (words[i].expected == NULL) {
			assert_int_equal(reason, REASON_NONE);
			assert_text(out.host, "192.0.2.1");
		} else {
			assert_int_equal(reason, REASON_PARSE_NO_MATCH);
			assert_string_equal(error.expected, words[i].expected);
		}
	}
}

/* The same by another user of the line further in, so that no "- -" gives it away. */
static void
test_hosts(void **state)
{
	static const char *const users[] = {" - -", " - jane", " - \"\""};
	static const char *const formats[] = {"common", "ezproxy"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts) * ARRAY_LEN(users) * ARRAY_LEN(formats); i++) {
		const char *before = hosts[i % ARRAY_LEN(hosts)].before;
		const char *host = hosts[i % ARRAY_LEN(hosts)].host;
		const char *user = users[i / ARRAY_LEN(hosts) % ARRAY_LEN(users)];
		const char *name = formats[i / ARRAY_LEN(hosts) / ARRAY_LEN(users)];
		struct access_line out;
		struct parse_error error;
		char line[300];
		enum reason reason;

		snprintf(line, sizeof(line), "%s%s %s \"GET / HTTP/1.1\" 200 5", before, user, T);
		reason = log_parse(log_format_find(span_of(name)), span_of(line), &out, &error);
		if (reason != (host != NULL ? REASON_NONE : REASON_PARSE_NO_MATCH))
			fail_msg("%s: %s: %s", name, line, reason_name(reason));
		if (host != NULL)
			assert_text(out.host, host);
	}
}

#define BAD_STATUS "a three-digit status after the request's closing quote"
#define BAD_CLOSE "the request's closing quote"
#define BAD_TIME "the time, as [10/Oct/2000:13:55:36 -0700]"
#define BAD_END "the end of the line"
#define BAD_FIELDS "no further quoted fields"
#define BAD_INSIDE "one line, but another one stands inside the request"

/* The ^ stands before the byte where matching stops, and is not in the line. */
static const struct {
	const char *format;
	const char *line;
	enum reason reason;
	const char *expected;
} bad[] = {
	{"common", "^", REASON_PARSE_NO_MATCH, "a line, but it is empty"},
	{"common", "garbage^", REASON_PARSE_NO_MATCH, "what the format has after the host"},
	{"common", "^ - - " T " \"GET /\" 200 5", REASON_PARSE_NO_MATCH,
	 "the client's address or host name"},
	{"common", "h^ ", REASON_PARSE_NO_MATCH, "what the format has after the host"},
	{"ezproxy", "h ^ x", REASON_PARSE_NO_MATCH, "the session"},
	{"ezproxy", "h s^", REASON_PARSE_NO_MATCH, "what the format has after the session"},
	{"common", "h - ^u", REASON_PARSE_NO_MATCH, "the user and then the time"},
	{"common", "h - u ^[x] \"GET /\" 200 5", REASON_PARSE_NO_MATCH, BAD_TIME},
	{"common", "h - u ^[10/Oct/2000:13:55:36] \"GET /\" 200 5", REASON_PARSE_NO_MATCH,
	 BAD_TIME},
	{"common", "h - u " T "^", REASON_PARSE_NO_MATCH, "what the format has after the time"},
	{"common", "h - u " T "^ x \"GET /\" 200 5", REASON_PARSE_NO_MATCH,
	 "what the format has after the time"},
	{"common", "h - u [^32/Oct/2000:13:55:36 -0700] \"GET /\" 200 5", REASON_PARSE_BAD_TIME,
	 "a time that exists"},
	{"ezproxy", "h s u [^10/Oct/2000:13:55:60 -0700] \"GET /\" 200 5", REASON_PARSE_BAD_TIME,
	 "a time that exists"},
	{"common", "h - u " T " \"GET / HTTP/1.1^", REASON_PARSE_NO_MATCH, BAD_CLOSE},
	{"common", "h - u " T " \"GET / HTTP/1.1\"^", REASON_PARSE_NO_MATCH,
	 "what the format has after the request"},
	{"common", "h - u " T " \"GET / HTTP/1.1\" ^x", REASON_PARSE_NO_MATCH, BAD_STATUS},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 20^", REASON_PARSE_NO_MATCH, BAD_STATUS},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 20^x 5", REASON_PARSE_NO_MATCH, BAD_STATUS},
	{"common", "h - u " T " \"GET / HTTP/1.1\" ^- 5", REASON_PARSE_NO_MATCH, BAD_STATUS},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200^1 5", REASON_PARSE_NO_MATCH,
	 "what the format has after the status"},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200^", REASON_PARSE_NO_MATCH,
	 "what the format has after the status"},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200^ ", REASON_PARSE_NO_MATCH,
	 "what the format has after the status"},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200 ^x", REASON_PARSE_NO_MATCH,
	 "the size: digits, or -"},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200 ^+5", REASON_PARSE_NO_MATCH,
	 "the size: digits, or -"},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200 ^9223372036854775808",
	 REASON_PARSE_BAD_NUMBER, "a size below 2^63"},
	{"ezproxy", "h s u " T " \"GET /\"x HTTP/1.1\" 200 ^99999999999999999999999999 -",
	 REASON_PARSE_BAD_NUMBER, "a size below 2^63"},
	{"combined", "h - u " T " \"GET / HTTP/1.1\" 200 ^18446744073709551616 \"r\" \"u\"",
	 REASON_PARSE_BAD_NUMBER, "a size below 2^63"},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200 5^ -", REASON_PARSE_NO_MATCH, BAD_END},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200 5^ \"r\" \"u\"", REASON_PARSE_NO_MATCH,
	 BAD_END},
	{"common", "h - u " T " \"GET / HTTP/1.1\" 200 -^1", REASON_PARSE_NO_MATCH, BAD_END},
	{"ezproxy", "h s u " T " \"GET / HTTP/1.1\" 200 5^ - x", REASON_PARSE_NO_MATCH, BAD_END},
	{"ezproxy", "h s u " T " \"GET / HTTP/1.1\" 200 5^-", REASON_PARSE_NO_MATCH, BAD_END},
	{"ezproxy", "h s u " T " \"GET /\"x\"y HTTP/1.1\" 200 ^x", REASON_PARSE_NO_MATCH,
	 "the size: digits, or -"},
	{"combined", "h - u " T " \"GET / HTTP/1.1\" 200 5^", REASON_PARSE_NO_MATCH,
	 "what the format has after the size"},
	{"combined", "h - u " T " \"GET / HTTP/1.1\" 200 5 \"r\"^", REASON_PARSE_NO_MATCH,
	 "what the format has after the referer"},
	{"combined", "h - u " T " \"GET / HTTP/1.1\" 200 5 \"r\" \"u^", REASON_PARSE_NO_MATCH,
	 "the user agent and its closing quote"},
	{"combined", "h - u " T " \"GET / HTTP/1.1\" 200 5 \"r\" \"u\"^ \"192.0.2.9\"",
	 REASON_PARSE_NO_MATCH, BAD_END},
	{"combined", "h - u " T " \"GET / HTTP/1.1\" 200 5 \"r\" \"u\"^ 0.002",
	 REASON_PARSE_NO_MATCH, BAD_END},
	/* raw quotes are for servers that write them */
	{"combined", "h - - " T " \"GET /\"^a\" HTTP/1.1\" 200 5 \"r\" \"u\"",
	 REASON_PARSE_NO_MATCH, "what the format has after the request"},
	{"combined", "h - - " T " \"GET / HTTP/1.1\" 200 5 \"r?q=\"^a\"\" \"u\"",
	 REASON_PARSE_NO_MATCH, "what the format has after the referer"},
	{"combined", "h - - " T " \"GET / HTTP/1.1\" 404 9 \"r\" \"x\"^ 200 5 \"a\" \"b\"",
	 REASON_PARSE_NO_MATCH, BAD_END},
	/* further quoted fields, and numbers that look like status and size (Apache's combinedio) */
	{"ezproxy", "h - - " T " \"GET / HTTP/1.1\" 200 5^ \"-\" \"UA\" 512 1234",
	 REASON_PARSE_NO_MATCH, BAD_FIELDS},
	{"ezproxy", "h - - " T " \"-\" 408 -^ \"-\" \"-\" 512 1234", REASON_PARSE_NO_MATCH,
	 BAD_FIELDS},
	{"ezproxy", "h - - " T " \"GET /\" 200 5^ \"-\" \"x HTTP/1.1\" 512 1234",
	 REASON_PARSE_NO_MATCH, BAD_FIELDS},
	{"ezproxy", "h - - " T " \"GET / HTTP/1.1\"^ 200 5 0.001 \"UA\" 512 1234",
	 REASON_PARSE_NO_MATCH, BAD_FIELDS},
	{"ezproxy", "h - - " T " \"GET / HTTP/1.1\"^ \"UA\" 200 1234", REASON_PARSE_NO_MATCH,
	 BAD_FIELDS},
	{"ezproxy", "h - - " T " \"GET\"^ \"/\" \"HTTP/1.1\" 200 1234", REASON_PARSE_NO_MATCH,
	 BAD_FIELDS},
	{"ezproxy", "h - - " T " \"www.example.org\"^ \"GET / HTTP/1.1\" 200 1234",
	 REASON_PARSE_NO_MATCH, BAD_FIELDS},
	/* two lines in one */
	{"common", "h - - " T " \"GET /lon192.0.2.2 - - " T " \"^GET /y HTTP/1.1\" 404 7",
	 REASON_PARSE_NO_MATCH, "what the format has after the request"},
	{"ezproxy", "h s - " T " \"GET /lon192.0.2.2 s - ^" T " \"GET /y HTTP/1.1\" 404 7",
	 REASON_PARSE_NO_MATCH, BAD_INSIDE},
	{"ezproxy", "h s - " T " \"GET /a HTTP/1.1\" 200 5h s - ^" T " \"GET /y HTTP/1.1\" 404 7 -",
	 REASON_PARSE_NO_MATCH, BAD_INSIDE},
	{"common", "h - - " T " \"GET /a HTTP/1.1\" 200 5^h - - " T " \"GET /y HTTP/1.1\" 404 7",
	 REASON_PARSE_NO_MATCH, BAD_END},
	{"common", "h - a " T "^ " T " \"GET / HTTP/1.0\" 200 1", REASON_PARSE_NO_MATCH,
	 "what the format has after the time"},
};

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *text = bad[i].line;
		size_t offset = strcspn(text, "^");
		char line[200];
		assert_between(strlen(text), 1, sizeof(line));
		memcpy(line, text, offset);
		memcpy(line + offset, text + offset + 1, strlen(text) - offset - 1);
		struct span copy = exact_copy((struct span){line, strlen(text) - 1});
		struct access_line out;
		struct parse_error error = {.expected = NULL};
		print_message("%s: %s\n", bad[i].format, text);
		assert_int_equal(
			log_parse(log_format_find(span_of(bad[i].format)), copy, &out, &error),
			bad[i].reason);
		assert_string_equal(error.expected, bad[i].expected);
		assert_int_equal(error.offset, offset);
		free((void *)(uintptr_t)copy.ptr);
	}
}

static void
test_own_format(void **state)
{
	static const char string[] =
		"%{X-Forwarded-For}i|\"%u\"|%t 100%% %{user-agent}i;%{REFERER}i %h \"%r\" %b:%>s.";
	static const char text[] =
		"1.2.3.4, 5|\"a \\\"b\"|" T " 100% curl x;http://r h \"GET / HTTP/1.1\" 7:201.";
	char *error = NULL;
	struct log_format *format = log_format_compile("own", string, &error);
	struct access_line out;
	struct parse_error where;

	(void)state;
	assert_non_null(format);
	assert_string_equal(log_format_name(format), "own");
	assert_int_equal(log_parse(format, span_of(text), &out, &where), REASON_NONE);
	assert_text(out.user, "a \\\"b");
	assert_text(out.user_agent, "curl x");
	assert_text(out.referer, "http://r");
	assert_text(out.host, "h");
	assert_text(out.url, "/");
	assert_int_equal(out.status, 201);
	assert_int_equal(out.size, 7);
	log_format_free(&format);
	assert_null(format);
	log_format_free(&format);
}

/* A hole that a crash has left within a line, and another line behind it. */
static void
test_nuls_inside(void **state)
{
	static const struct span lines[] = {
		SPAN_LITERAL("h s ja\0\0h d bob " T " \"GET / HTTP/1.1\" 200 5"),
		SPAN_LITERAL("h s ja\0ne " T " \"GET / HTTP/1.1\" 200 5"),
		SPAN_LITERAL("h s\0\0h d bob " T " \"GET / HTTP/1.1\" 200 5"),
		SPAN_LITERAL("h\0\0h d bob " T " \"GET / HTTP/1.1\" 200 5"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct access_line out;
		struct parse_error error;

		assert_int_equal(
			log_parse(log_format_find(SPAN_LITERAL("ezproxy")), lines[i], &out, &error),
			REASON_PARSE_NO_MATCH);
	}
}

/*
 * A line made to be slow: what is tried is bounded, so a megabyte of it takes no time to speak of.
 */
static void
test_hostile_is_linear(void **state)
{
	static const char *const pieces[] = {"\" 200 5 \"",
					     "\" 200 ",
					     "\"",
					     "\\",
					     " [",
					     " " T " ",
					     "\" 200 5 \"a\" \"b HTTP/1.1"};
	static const char start[] = "h - - " T " \"GET / HTTP/1.1";
	const size_t len = 1 << 18;
	char *bytes = malloc(len);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces) * 2; i++) {
		size_t piece_len = strlen(pieces[i / 2]), at = i % 2 ? sizeof(start) - 1 : 6;
		memcpy(bytes, start, sizeof(start) - 1);
		for (; at + piece_len <= len; at += piece_len)
			memcpy(bytes + at, pieces[i / 2], piece_len);
		struct access_line out;
		struct parse_error error;
		struct span line = {bytes, at};
		clock_t before = clock();
		(void)!log_parse(log_format_find(SPAN_LITERAL("combined")), line, &out, &error);
		(void)!log_parse(log_format_find(SPAN_LITERAL("ezproxy")), line, &out, &error);
		assert_between(clock() - before, 0, 3 * CLOCKS_PER_SEC);
	}
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_hosts),	   cmocka_unit_test(test_words),
		cmocka_unit_test(test_bad),	   cmocka_unit_test(test_nuls_inside),
		cmocka_unit_test(test_own_format), cmocka_unit_test(test_hostile_is_linear),
	};

	return cmocka_run_group_tests_name("log_parse", tests, NULL, NULL);
}
