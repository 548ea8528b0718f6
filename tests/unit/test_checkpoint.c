/* SPDX-License-Identifier: MIT */
/*
 * test_checkpoint.c - what is formatted is parsed back; what is not complete is not believed.
 */
#include "producer/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRY(path_text)                                             \
	((struct checkpoint_entry){.path = (path_text),              \
				   .id = "0123456789abcdef",         \
				   .identity = {.device = 2049,      \
						.inode = UINT64_MAX, \
						.birth_ns = 17,      \
						.generation = 3},    \
				   .offset = 52311,                  \
				   .marker = UINT64_C(0xfedcba9876543210)})

#define FILE_TEXT(fields) "{\"version\":1,\"files\":[{" fields "}]}"
#define GOOD_FIELDS                                                                          \
	"\"id\":\"0123456789abcdef\",\"device\":1,\"inode\":2,\"birth\":3,\"generation\":0," \
	"\"marker\":\"0123456789abcdef\""

static const struct {
	const char *name, *text;
	enum checkpoint_parse want;
	size_t count;
} cases[] = {
	{"empty", "", CHECKPOINT_BAD, 0},
	{"zeros", "   ", CHECKPOINT_BAD, 0},
	{"torn", "{\"version\":1,\"files\":[{\"path\":\"/a\"", CHECKPOINT_BAD, 0},
	{"something else", "[1,2,3]", CHECKPOINT_BAD, 0},
	{"no version", "{\"files\":[]}", CHECKPOINT_BAD, 0},
	{"version 0", "{\"version\":0,\"files\":[]}", CHECKPOINT_BAD, 0},
	{"no files", "{\"version\":1}", CHECKPOINT_BAD, 0},
	{"newer", "{\"version\":2,\"files\":{}}", CHECKPOINT_NEWER, 0},
	{"no file", "{\"version\":1,\"files\":[]}", CHECKPOINT_GOOD, 0},
	{"one", FILE_TEXT("\"path\":\"/a\",\"offset\":7," GOOD_FIELDS), CHECKPOINT_GOOD, 1},
	{"more fields", FILE_TEXT("\"x\":[],\"path\":\"/a\",\"offset\":7," GOOD_FIELDS),
	 CHECKPOINT_GOOD, 1},
	{"hex path", FILE_TEXT("\"path_hex\":\"2fff\",\"offset\":7," GOOD_FIELDS), CHECKPOINT_GOOD,
	 1},
	{"bad hex path", FILE_TEXT("\"path_hex\":\"2ff\",\"offset\":7," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
	{"hex path with NUL", FILE_TEXT("\"path_hex\":\"2f00\",\"offset\":7," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
	{"no path", FILE_TEXT("\"offset\":7," GOOD_FIELDS), CHECKPOINT_BAD, 0},
	{"no offset", FILE_TEXT("\"path\":\"/a\"," GOOD_FIELDS), CHECKPOINT_BAD, 0},
	{"negative offset", FILE_TEXT("\"path\":\"/a\",\"offset\":-1," GOOD_FIELDS), CHECKPOINT_BAD,
	 0},
	{"offset is a text", FILE_TEXT("\"path\":\"/a\",\"offset\":\"7\"," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
	{"offset twice", FILE_TEXT("\"path\":\"/a\",\"offset\":7,\"offset\":8," GOOD_FIELDS),
	 CHECKPOINT_BAD, 0},
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct checkpoint checkpoint;
		char why[256] = "";
		enum checkpoint_parse got = checkpoint_parse(
			&checkpoint, cases[i].text, strlen(cases[i].text), why, sizeof(why));

		if (got != cases[i].want || checkpoint.count != cases[i].count)
			fail_msg("%s: got %d, %zu entries (%s)", cases[i].name, (int)got,
				 checkpoint.count, why);
		assert_true(got == CHECKPOINT_GOOD || why[0] != '\0');
		checkpoint_clear(&checkpoint);
	}
}

static void
assert_same(const struct checkpoint_entry *a, const struct checkpoint_entry *b)
{
	assert_string_equal(a->path, b->path);
	assert_string_equal(a->id, b->id);
	assert_true(file_identity_same(&a->identity, &b->identity));
	assert_int_equal(a->identity.generation, b->identity.generation);
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->marker, b->marker);
	assert_int_equal(a->verified, b->verified);
	assert_int_equal(a->verified_marker, b->verified_marker);
	assert_int_equal(a->gone_s, b->gone_s);
}

static void
test_there_and_back(void **state)
{
	static char paths[][32] = {"/var/log/a.log", "/with \"quotes\" \\ and \n", "/caf\xc3\xa9",
				   "/not utf-8 \xff\xfe"};
	struct checkpoint out = {0}, in;
	char why[256];
	size_t len;
	char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct checkpoint_entry entry = ENTRY(paths[i]);

		entry.gone_s = (int64_t)i;
		checkpoint_add(&out, &entry);
	}
	text = checkpoint_format(&out, &len);
	assert_int_equal(len, strlen(text));
	assert_int_equal(checkpoint_parse(&in, text, len, why, sizeof(why)), CHECKPOINT_GOOD);
	assert_int_equal(in.count, out.count);
	for (size_t i = 0; i < in.count; i++)
		assert_same(&in.entries[i], &out.entries[i]);
	/* Cut anywhere, it is never taken for a whole one. */
	for (size_t cut = 0; cut + 2 < len; cut++) {
		struct checkpoint part;

		assert_int_equal(checkpoint_parse(&part, text, cut, why, sizeof(why)),
				 CHECKPOINT_BAD);
	}
	free(text);
	checkpoint_clear(&in);
	checkpoint_clear(&out);
}

static void
test_expire(void **state)
{
	struct checkpoint checkpoint = {0};
	char path[] = "/a";

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct checkpoint_entry entry = ENTRY(path);

		entry.gone_s = i * 100; /* the first one is there still */
		checkpoint_add(&checkpoint, &entry);
	}
	checkpoint_expire(&checkpoint, 300, 100); /* 100 and 200 are too old */
	assert_int_equal(checkpoint.count, 8);
	checkpoint_expire(&checkpoint, 300, 2);
	assert_int_equal(checkpoint.count, 3);
	for (size_t i = 0; i < checkpoint.count; i++)
		assert_true(checkpoint.entries[i].gone_s == 0 ||
			    checkpoint.entries[i].gone_s >= 800);
	checkpoint_clear(&checkpoint);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
