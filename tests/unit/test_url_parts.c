/* SPDX-License-Identifier: MIT */
/*
 * test_url_parts.c - scheme and host of what stands in request lines.
 */
#include "clean_worker/url_parts.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>

#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

struct url_case {
	const char *method;
	struct span url;
	const char *schema;
	const char *host;
};

static const struct url_case cases[] = {
#define GET(url, schema, host) {"GET", SPAN_LITERAL(url), schema, host}
#define CONNECT(url, host) {"CONNECT", SPAN_LITERAL(url), NULL, host}
	GET("http://example.org", "http", "example.org"),
	GET("http://example.org/", "http", "example.org"),
	GET("https://example.org:443/a?b=http://x/#c", "https", "example.org"),
	GET("https://example.org?q", "https", "example.org"),
	GET("https://example.org#f", "https", "example.org"),
	GET("HTTPS://WWW.Example.ORG/X", "HTTPS", "WWW.Example.ORG"),
	GET("http://user:pass@example.org:80/", "http", "example.org"),
	GET("http://user@example.org/", "http", "example.org"),
	GET("http://192.0.2.7:8080/", "http", "192.0.2.7"),
	GET("http://127.1/", "http", "127.1"),
	GET("http://[2001:db8::1]/", "http", "2001:db8::1"),
	GET("http://[2001:db8::1]:8080/", "http", "2001:db8::1"),
	GET("http://u:p@[fe80::1%25eth0]:80/", "http", "fe80::1"),
	GET("ws://example.org/chat", "ws", "example.org"),
	GET("x-own+1.0://example.org/", "x-own+1.0", "example.org"),
	GET("file:///etc/passwd", "file", NULL),
	GET("http://example.org/a b", "http", "example.org"),
	GET("http://example.org/\"{}|\\^", "http", "example.org"),
	GET("http://example.org/\xff\x01", "http", "example.org"),
	GET("http://example.org./", "http", "example.org."),
	GET("http://" HUNDRED HUNDRED ".org/", "http", HUNDRED HUNDRED ".org"),
	/* What is no absolute URL, or none that curl takes. */
	GET("", NULL, NULL),
	GET("-", NULL, NULL),
	GET("*", NULL, NULL),
	GET("/", NULL, NULL),
	GET("/index.html", NULL, NULL),
	GET("/go?to=http://example.org/", NULL, NULL),
	GET("//example.org/x", NULL, NULL),
	GET("example.org:443", NULL, NULL),
	GET("mailto:jane@example.org", NULL, NULL),
	GET("://example.org", NULL, NULL),
	GET("http:", NULL, NULL),
	GET("http:/", NULL, NULL),
	GET("http://", NULL, NULL),
	GET("http:///x", NULL, NULL),
	GET("http://ex ample.org/", NULL, NULL),
	GET("http://exa\"mple.org/", NULL, NULL),
	GET("http://exam\0ple.org/", NULL, NULL),
	GET("http://example.org:99999/", "http", "example.org"),
	GET("http://example.org:65536/", "http", "example.org"),
	GET("https://[2001:db8::7]:99999/", "https", "2001:db8::7"),
	GET("http://u:p@example.org:184467440737095516160", "http", "example.org"),
	GET("http://example.org:99999:99999/", NULL, NULL),
	GET("http://:99999/", NULL, NULL),
	GET("http://example.org:80x/", NULL, NULL),
	GET("http://[2001:db8::1/", NULL, NULL),
	GET("http://[zz]/", NULL, NULL),
	GET("h\"p://example.org/", NULL, NULL),
	GET(HUNDRED "://example.org/", NULL, NULL),
	GET("http://" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED "/", NULL, NULL),
	/* CONNECT has an authority and no scheme. */
	CONNECT("example.org:443", "example.org"),
	CONNECT("example.org", "example.org"),
	CONNECT("[2001:db8::1]:443", "2001:db8::1"),
	CONNECT("192.0.2.7:443", "192.0.2.7"),
	CONNECT("example.org:99999", "example.org"),
	CONNECT("example.org:443/x", NULL),
	CONNECT("/x", NULL),
	CONNECT("-", "-"),
	CONNECT(":443", NULL),
	{"CONNECT", SPAN_LITERAL("https://example.org/"), "https", "example.org"},
	{NULL, SPAN_LITERAL("http://example.org/"), "http", "example.org"},
	{"GET", {.ptr = NULL}, NULL, NULL},
};

static void
check(struct url_cache *cache, const struct url_case *url_case)
{
	struct span url = {.len = url_case->url.len};
	char *bytes = malloc(url.len > 0 ? url.len : 1);
	if (url.len > 0)
		memcpy(bytes, url_case->url.ptr, url.len);
	url.ptr = bytes;
	struct url_parts parts = url_parts_split(cache, span_of(url_case->method), url);

	assert_true((parts.schema.ptr != NULL) == (url_case->schema != NULL));
	assert_true((parts.host.ptr != NULL) == (url_case->host != NULL));
	assert_true(span_equals(parts.schema, span_of(url_case->schema)));
	assert_true(span_equals(parts.host, span_of(url_case->host)));
	assert_true(parts.host.ptr == NULL ||
		    (parts.host.ptr >= bytes && parts.host.ptr < bytes + url.len));
	free(bytes);
}

static void
test_cases(void **state)
{
	struct url_cache *cache = url_cache_new();

	(void)state;
	/* Twice: the second answer is the remembered one. */
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			print_message("%s %s\n", cases[i].method, cases[i].url.ptr);
			check(cache, &cases[i]);
		}
	}
	url_cache_free(&cache);
	assert_null(cache);
}

/* Every prefix of every URL, in memory of exactly its size. */
static void
test_cut(void **state)
{
	struct url_cache *cache = url_cache_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t len = 0; len < cases[i].url.len; len++) {
			char *bytes = malloc(len > 0 ? len : 1);
			memcpy(bytes, cases[i].url.ptr, len);
			struct span url = {bytes, len};
			(void)url_parts_split(cache, span_of(cases[i].method), url);
			free(bytes);
		}
	}
	url_cache_free(&cache);
}

/* More authorities than the cache has places: what pushes another out never gets its answer. */
static void
test_many(void **state)
{
	struct url_cache *cache = url_cache_new();

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 20000; i++) {
			char url[64], host[32];
			snprintf(host, sizeof(host), "h%0*d.example", i % 9 + 1, i);
			snprintf(url, sizeof(url), "http://%s%s:8%d/x", i % 2 ? "me@" : "", host,
				 i % 7);
			struct url_parts parts =
				url_parts_split(cache, SPAN_LITERAL("GET"), span_of(url));
			assert_true(span_equals(parts.host, span_of(host)));
		}
	}
	url_cache_free(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("url_parts", tests, NULL, NULL);
}
