/* SPDX-License-Identifier: MIT */
/*
 * fuzz_text.c - libFuzzer: any bytes as a text that is shown, looked up or decoded.
 */
#include "common/base/base64.h"
#include "common/base/host.h"
#include "common/base/nearest.h"
#include "common/base/utf8.h"
#include "common/base/visible_text.h"
#include "tests/fuzz/fuzz.h"

/* What is shown is UTF-8 without control characters. */
static void
check_visible(struct span text, size_t max)
{
	char *visible = visible_text_new(text, max);

	FUZZ_CHECK(utf8_valid(span_of(visible)));
	for (const char *c = visible; *c != '\0'; c++)
		FUZZ_CHECK(((unsigned char)*c >= ' ' || *c == '\t') && *c != 0x7f);
	free(visible);
}

static void
check_base64(struct span bytes)
{
	size_t len;
	char *text = base64_encode(bytes), *decoded = base64_decode(text, &len);

	FUZZ_CHECK(decoded != NULL && span_equals((struct span){decoded, len}, bytes));
	free(decoded);
	free(text);
}

static void
check_host(const char *text)
{
	char host[HOST_SIZE];
	int port;

	if (host_split(text, 5672, host, sizeof(host), &port) != 0)
		return;
	FUZZ_CHECK(strlen(host) < sizeof(host) && port >= 1 && port <= 65535);
}

/* The first line against the rest. */
static void
check_nearest(char *text)
{
	char *rest = text, *word = strsep(&rest, "\n");
	const char *other = rest != NULL ? rest : "";
	struct nearest nearest = {.word = word};

	FUZZ_CHECK(nearest_distance(word, other) == nearest_distance(other, word));
	FUZZ_CHECK(strlen(word) > 63 || nearest_distance(word, word) == 0);
	(void)nearest_consider(&nearest, other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = fuzz_span(data, size);
	char *copy = fuzz_copy(bytes), *text = xstrndup(bytes.ptr, bytes.len);
	struct span exact = {.ptr = copy, .len = size};
	size_t len;

	check_visible(exact, 0);
	check_visible(exact, 7);
	check_base64(exact);
	free(base64_decode(text, &len));
	check_host(text);
	check_nearest(text);
	free(text);
	free(copy);
	return 0;
}
