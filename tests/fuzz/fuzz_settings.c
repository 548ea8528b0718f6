/* SPDX-License-Identifier: MIT */
/*
 * fuzz_settings.c - libFuzzer: any bytes as a settings file. What is accepted must print itself as
 * a file that is accepted and means the same; that is how children get their settings. And the
 * number of a setting must be found behind its name, as libconfig finds it.
 */
#include "common/base/log.h"
#include "common/settings/settings.h"
#include "common/settings/settings_load.h"
#include "common/settings/settings_print.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 leaks a text that a syntax error cuts off. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

static char *
print(const struct settings *settings, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	settings_print(settings, out);
	fclose(out);
	return text;
}

/* Values without the origins, which differ by nature. */
static void
compare(const struct settings *a, const struct settings *b)
{
	FUZZ_CHECK(a->input_count == b->input_count);
	for (size_t i = 0; i < setting_count; i++) {
		char *left = settings_value_text(a, &setting_table[i]);
		char *right = settings_value_text(b, &setting_table[i]);

		if (strcmp(left, right) != 0) {
			fprintf(stderr, "%s.%s: %s, then %s\n", setting_table[i].section,
				setting_table[i].name, left, right);
			abort();
		}
		free(left);
		free(right);
	}
}

static void
check_copy(const struct settings *settings)
{
	struct settings *again;
	char path[32];
	size_t size;
	char *text = print(settings, &size);
	int fd = fuzz_file((struct span){text, size}, path);

	if (settings_load_copy(path, "/etc/sluice/sluice.conf", &again) != 0) {
		fprintf(stderr, "not accepted again:\n%s\n", text);
		abort();
	}
	compare(settings, again);
	settings_free(&again);
	free(text);
	close(fd);
}

#define NOT_FOUND "is not found behind its name"

/*
 * A file that includes others would read whatever lies around here; one that has our message as a
 * value says nothing about numbers.
 */
static bool
is_unwanted(const uint8_t *data, size_t size)
{
	return memmem(data, size, "@include", 8) != NULL ||
	       memmem(data, size, NOT_FOUND, sizeof(NOT_FOUND) - 1) != NULL;
}

/* The messages about a bad file are not wanted here, those of the fuzzer are. */
static int
load_quietly(const char *path, struct settings **settings)
{
	static int null = -1, saved = -1;
	static char messages[1 << 16];
	int result;

	if (null < 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	}
	dup2(null, STDERR_FILENO);
	log_capture(messages, sizeof(messages));
	result = settings_load_copy(path, "/etc/sluice/sluice.conf", settings);
	log_capture(NULL, 0);
	dup2(saved, STDERR_FILENO);
	if (strstr(messages, NOT_FOUND) != NULL) {
		fprintf(stderr, "%s", messages);
		abort();
	}
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings *settings;
	char path[32];
	int fd;

	if (is_unwanted(data, size))
		return 0;
	fd = fuzz_file(fuzz_span(data, size), path);
	if (load_quietly(path, &settings) == 0) {
		check_copy(settings);
		settings_free(&settings);
	}
	close(fd);
	return 0;
}
