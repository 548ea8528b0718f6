/* SPDX-License-Identifier: MIT */
/* The checkpoint's parser: any bytes; what it accepts survives the way to text and back. */
#include "producer/checkpoint.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checkpoint first, second;
	char why[256];
	char *text;
	size_t len;

	if (checkpoint_parse(&first, (const char *)data, size, why, sizeof(why)) !=
	    CHECKPOINT_GOOD) {
		FUZZ_CHECK(first.count == 0 && why[0] != '\0');
		return 0;
	}
	text = checkpoint_format(&first, &len);
	FUZZ_CHECK(checkpoint_parse(&second, text, len, why, sizeof(why)) == CHECKPOINT_GOOD);
	FUZZ_CHECK(second.count == first.count);
	for (size_t i = 0; i < first.count; i++) {
		FUZZ_CHECK(strcmp(first.entries[i].path, second.entries[i].path) == 0);
		FUZZ_CHECK(first.entries[i].offset == second.entries[i].offset);
		FUZZ_CHECK(first.entries[i].marker == second.entries[i].marker);
	}
	free(text);
	checkpoint_clear(&first);
	checkpoint_clear(&second);
	return 0;
}
