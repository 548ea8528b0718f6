/* SPDX-License-Identifier: MIT */
/*
 * test_md5.c - the test suite of RFC 1321, one context for all.
 */
#include "common/base/md5.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
test_digests(void **state)
{
	static const struct {
		struct span bytes;
		const char *digest;
	} cases[] = {
		{SPAN_LITERAL(""), "d41d8cd98f00b204e9800998ecf8427e"},
		{SPAN_LITERAL("a"), "0cc175b9c0f1b6a831c399e269772661"},
		{SPAN_LITERAL("abc"), "900150983cd24fb0d6963f7d28e17f72"},
		{SPAN_LITERAL("message digest"), "f96b697d7cb7938d525a2f31aaf161d0"},
		{SPAN_LITERAL("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
		 "d174ab98d277d9f5a5611c2c9f419d9f"},
		{SPAN_LITERAL("a\0b"), "70350f6027bce3713f6b76473084309b"},
	};
	struct md5 *md5 = md5_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char hex[MD5_HEX_LEN + 1] = {[MD5_HEX_LEN] = '!'};

		md5_hex(md5, cases[i].bytes, hex);
		assert_memory_equal(hex, cases[i].digest, MD5_HEX_LEN);
		assert_int_equal(hex[MD5_HEX_LEN], '!');
	}
	md5_free(&md5);
	assert_null(md5);
	md5_free(&md5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digests),
	};

	return cmocka_run_group_tests_name("md5", tests, NULL, NULL);
}
