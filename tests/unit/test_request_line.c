/* SPDX-License-Identifier: MIT */
/*
 * test_request_line.c - requests as they come, and their parts.
 */
#include "clean_worker/request_line.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#define METHOD_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
test_parts(void **state)
{
	static const struct {
		const char *request;
		const char *method, *url, *protocol; /* NULL = none */
	} cases[] = {
		{"GET / HTTP/1.1", "GET", "/", "HTTP/1.1"},
		{"GET http://h/x?y HTTP/2", "GET", "http://h/x?y", "HTTP/2"},
		{"CONNECT h:443 HTTP/1.1", "CONNECT", "h:443", "HTTP/1.1"},
		{"GET /a b  c HTTP/1.0", "GET", "/a b  c", "HTTP/1.0"},
		{"GET /a HTTP/1.1 HTTP/1.1", "GET", "/a HTTP/1.1", "HTTP/1.1"},
		{"GET  HTTP/1.1", NULL, NULL, NULL},
		{"GET HTTP/1.1", NULL, NULL, NULL},
		{"GET / HTTP/1.x", NULL, NULL, NULL},
		{"GET / HTTP/10", NULL, NULL, NULL},
		{"GET / http/1.1", NULL, NULL, NULL},
		{"GET /", "GET", "/", NULL},
		{"GET http://h", "GET", "http://h", NULL},
		{"GET /a b", NULL, NULL, NULL},
		{"GET x", NULL, NULL, NULL},
		{"GET ", NULL, NULL, NULL},
		{"GET", NULL, NULL, NULL},
		{"", NULL, NULL, NULL},
		{"-", NULL, NULL, NULL},
		{" / HTTP/1.1", NULL, NULL, NULL},
		{"G(T / HTTP/1.1", NULL, NULL, NULL},
		{"M-SEARCH * HTTP/1.1", "M-SEARCH", "*", "HTTP/1.1"},
		{"\x16\x03\x01 / HTTP/1.1", NULL, NULL, NULL},
		{METHOD_32 " / HTTP/1.1", METHOD_32, "/", "HTTP/1.1"},
		{METHOD_32 "A / HTTP/1.1", NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct request_line parts = request_line_split(span_of(cases[i].request));

		if (!span_equals(parts.method, span_of(cases[i].method)) ||
		    !span_equals(parts.url, span_of(cases[i].url)) ||
		    !span_equals(parts.protocol, span_of(cases[i].protocol)) ||
		    (parts.method.ptr == NULL) != (cases[i].method == NULL))
			fail_msg("\"%s\": %.*s|%.*s|%.*s", cases[i].request, (int)parts.method.len,
				 parts.method.ptr, (int)parts.url.len, parts.url.ptr,
				 (int)parts.protocol.len, parts.protocol.ptr);
	}
}

static void
test_nul_is_no_method(void **state)
{
	(void)state;
	assert_null(request_line_split(SPAN_LITERAL("G\0T / HTTP/1.1")).method.ptr);
}

static void
test_protocol(void **state)
{
	(void)state;
	assert_int_equal(request_line_protocol_len(SPAN_LITERAL("x HTTP/1.1")), 8);
	assert_int_equal(request_line_protocol_len(SPAN_LITERAL(" HTTP/2")), 6);
	assert_int_equal(request_line_protocol_len(SPAN_LITERAL("HTTP/2")), 0);
	assert_int_equal(request_line_protocol_len(SPAN_LITERAL("xHTTP/2")), 0);
	assert_int_equal(request_line_protocol_len(SPAN_LITERAL("x HTTP/1.1 ")), 0);
	assert_int_equal(request_line_protocol_len(SPAN_LITERAL("")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_nul_is_no_method),
		cmocka_unit_test(test_protocol),
	};

	return cmocka_run_group_tests_name("request_line", tests, NULL, NULL);
}
