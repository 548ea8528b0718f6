/* SPDX-License-Identifier: MIT */
/*
 * fuzz_dlq_select.c - libFuzzer: any lines as what people type or pipe to choose dead letters: ids,
 * groups, times. What is accepted prints as a text that means the same.
 */
#include "supervisor/dlq/dlq_group.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_select.h"
#include "supervisor/dlq/dlq_time.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

static void
check_time(const char *text)
{
	static const int64_t now_s = 1795000000;
	char printed[32];
	int64_t when_s, again_s;

	if (dlq_time_parse(text, now_s, &when_s) != 0)
		return;
	if (when_s < INT64_C(-62135596800) || when_s > INT64_C(253402300799))
		return; /* not of the years 1 to 9999, which have four digits */
	FUZZ_CHECK(dlq_time_parse(dlq_time_text(when_s, printed), now_s, &again_s) == 0);
	FUZZ_CHECK(again_s == when_s);
}

static void
check_id(const char *text)
{
	enum stage_id queue, queue_again;
	unsigned digits, digits_again;
	uint64_t id, id_again;
	char printed[DLQ_ID_SIZE];

	if (dlq_id_parse(text, &queue, &id, &digits) != 0)
		return;
	FUZZ_CHECK(digits >= 4 && digits <= DLQ_ID_DIGITS && dlq_id_begins(id, id, digits));
	FUZZ_CHECK(dlq_id_parse(dlq_id_text(queue, id, printed), &queue_again, &id_again,
				&digits_again) == 0);
	FUZZ_CHECK(queue_again == queue && id_again == id && digits_again == DLQ_ID_DIGITS);
}

static void
check_group(const char *text)
{
	char printed[DLQ_GROUP_SIZE], pattern[DLQ_PATTERN_SIZE];
	uint32_t group, again;

	dlq_group_pattern(span_of(text), pattern);
	FUZZ_CHECK(strlen(pattern) < sizeof(pattern));
	if (dlq_group_parse(text, &group) != 0)
		return;
	FUZZ_CHECK(dlq_group_parse(dlq_group_text(group, printed), &again) == 0 && again == group);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dlq_select select = {.by_id = false};
	char error[256] = "", *text = xcalloc(size + 1, 1), *rest = text, *line;
	FILE *in;

	memcpy(text, fuzz_span(data, size).ptr, size);
	in = fmemopen(text, size + 1, "r");
	if (dlq_select_read(&select, in, error, sizeof(error)) != 0)
		FUZZ_CHECK(error[0] != '\0');
	fclose(in);
	while ((line = strsep(&rest, "\n")) != NULL) {
		check_time(line);
		check_id(line);
		check_group(line);
		if (dlq_select_add(&select, line, error, sizeof(error)) != 0)
			FUZZ_CHECK(error[0] != '\0');
	}
	dlq_select_sort(&select);
	(void)dlq_select_resolve(&select, error, sizeof(error));
	dlq_select_free(&select);
	free(text);
	return 0;
}
