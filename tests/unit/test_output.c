/* SPDX-License-Identifier: MIT */
/*
 * test_output.c - the same answer as text and as JSON.
 */
#include "supervisor/cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* An output into memory. */
struct memory {
	struct output output;
	char *text;
	size_t size;
};

static void
open_memory(struct memory *memory, bool json)
{
	memory->output.stream = open_memstream(&memory->text, &memory->size);
	memory->output.json = json;
	assert_non_null(memory->output.stream);
}

static void
assert_printed(struct memory *memory, const char *text)
{
	fclose(memory->output.stream);
	assert_string_equal(memory->text, text);
	free(memory->text);
}

static void
print_name(const json_t *data, FILE *out)
{
	fprintf(out, "name: %s\n", json_string_value(json_object_get(data, "name")));
}

static int made;

static json_t *
make_number(const void *record)
{
	made++;
	return json_pack("{s:i}", "number", *(const int *)record);
}

static void
print_number(const void *record, FILE *out)
{
	fprintf(out, "number %d\n", *(const int *)record);
}

static void
test_value(void **state UNUSED)
{
	json_t *data = json_pack("{s:s, s:f}", "name", "a", "share", 0.1);
	struct memory memory;

	open_memory(&memory, false);
	output_value(&memory.output, data, print_name);
	output_value(&memory.output, data, NULL);
	assert_printed(&memory, "name: a\n");
	open_memory(&memory, true);
	output_value(&memory.output, data, print_name);
	assert_printed(&memory, "{\n  \"name\": \"a\",\n  \"share\": 0.1\n}\n");
	json_decref(data);
}

/* JSON is made only for those who want it; records are lines. */
static void
test_answer_and_records(void **state UNUSED)
{
	struct memory memory;
	int one = 1, two = 2;

	made = 0;
	open_memory(&memory, false);
	output_answer(&memory.output, &one, make_number, print_number);
	output_record(&memory.output, &two, make_number, print_number);
	assert_printed(&memory, "number 1\nnumber 2\n");
	assert_int_equal(made, 0);
	open_memory(&memory, true);
	output_answer(&memory.output, &one, make_number, print_number);
	output_record(&memory.output, &one, make_number, print_number);
	output_record(&memory.output, &two, make_number, print_number);
	assert_printed(&memory, "{\n  \"number\": 1\n}\n{\"number\":1}\n{\"number\":2}\n");
	assert_int_equal(made, 3);
}

static void
test_notes_are_for_people(void **state UNUSED)
{
	struct memory memory;

	open_memory(&memory, false);
	output_note(&memory.output, "%d of %d", 1, 2);
	assert_printed(&memory, "1 of 2");
	open_memory(&memory, true);
	output_note(&memory.output, "%d of %d", 1, 2);
	assert_printed(&memory, "");
}

/* Whatever is in a text, a terminal gets printable ASCII. */
static void
test_json_is_harmless(void **state UNUSED)
{
	json_t *data = json_string("\x1b[2J\x7f\x7fx\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81");
	struct memory memory;

	open_memory(&memory, true);
	assert_int_equal(output_write_json(memory.output.stream, data, JSON_COMPACT), 0);
	assert_printed(&memory, "\"\\u001B[2J\\u007f\\u007fx\\u009B\\u202E\\uDB40\\uDC01\"");
	json_decref(data);
}

static void
test_colour(void **state UNUSED)
{
	setenv("NO_COLOR", "1", 1);
	assert_false(output_has_colour());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_answer_and_records),
		cmocka_unit_test(test_notes_are_for_people),
		cmocka_unit_test(test_json_is_harmless),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
