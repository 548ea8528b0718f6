/* SPDX-License-Identifier: MIT */
/* The checkpoint's parser: any bytes; what it accepts survives the way to text and back. */
#include "producer/checkpoint.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checkpoint first, second;
	char why[256];
	char *text;
	size_t len;

	if (checkpoint_parse(&first, (const char *)data, size, why, sizeof(why)) !=
	    CHECKPOINT_GOOD) {
		if (first.count != 0 || why[0] == '\0')
			abort();
		return 0;
	}
	text = checkpoint_format(&first, &len);
	if (checkpoint_parse(&second, text, len, why, sizeof(why)) != CHECKPOINT_GOOD ||
	    second.count != first.count)
		abort();
	for (size_t i = 0; i < first.count; i++)
		if (strcmp(first.entries[i].path, second.entries[i].path) != 0 ||
		    first.entries[i].offset != second.entries[i].offset ||
		    first.entries[i].marker != second.entries[i].marker)
			abort();
	free(text);
	checkpoint_clear(&first);
	checkpoint_clear(&second);
	return 0;
}
