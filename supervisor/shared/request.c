/* SPDX-License-Identifier: MIT */
/*
 * request.c - one request and one answer of the control protocol.
 */
#include "supervisor/shared/request.h"
#include "common/base/utf8.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static void *
allocate_or_die(size_t size)
{
	return xcalloc(1, size);
}

void
request_init(void)
{
	json_set_alloc_funcs(allocate_or_die, free);
}

json_t *
request_fail(struct request_error *error, int exit_code, const char *format, ...)
{
	va_list args;

	error->exit_code = exit_code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return NULL;
}

static int
read_members(const json_t *root, struct request *request, struct request_error *error)
{
	const json_t *version = json_object_get(root, "v");
	const char *command = json_string_value(json_object_get(root, "command"));
	json_t *arguments = json_object_get(root, "arguments");

	if (!json_is_object(root)) {
		request_fail(error, EX_USAGE, "a request is a JSON object on one line");
		return -1;
	}
	if (!json_is_integer(version) || json_integer_value(version) != REQUEST_VERSION) {
		request_fail(
			error, EX_USAGE,
			"this is sluiced %s, which speaks version %d of the control protocol only",
			SLUICE_VERSION, REQUEST_VERSION);
		return -1;
	}
	if (command == NULL || strlen(command) >= sizeof(request->command)) {
		request_fail(error, EX_USAGE, "a request needs a \"command\"");
		return -1;
	}
	if (arguments != NULL && !json_is_object(arguments)) {
		request_fail(error, EX_USAGE, "\"arguments\" must be an object");
		return -1;
	}
	snprintf(request->command, sizeof(request->command), "%s", command);
	request->arguments = arguments != NULL ? json_incref(arguments) : json_object();
	return 0;
}

int
request_parse(const char *line, size_t len, struct request *request, struct request_error *error)
{
	json_error_t json_error;
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &json_error);
	int result;

	*request = (struct request){0};
	if (root == NULL) {
		request_fail(error, EX_USAGE, "not JSON: %s", json_error.text);
		return -1;
	}
	result = read_members(root, request, error);
	json_decref(root);
	return result;
}

void
request_clear(struct request *request)
{
	json_decref(request->arguments);
	*request = (struct request){0};
}

json_t *
request_text(const char *text)
{
	struct span in = span_of(text);
	char *valid = xcalloc(utf8_escaped_len(in) + 1, 1);
	json_t *json;

	json = json_stringn(valid, utf8_escape(in, valid, utf8_escaped_len(in)));
	free(valid);
	return json;
}

json_t *
request_time(int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm utc;
	char text[40] = "";
	size_t used;

	if (gmtime_r(&seconds, &utc) == NULL)
		return json_null();
	used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, sizeof(text) - used, ".%03dZ", (int)(wall_ms % 1000));
	return json_string(text);
}

char *
request_answer(json_t *data, const struct request_error *error)
{
	json_t *root;
	char *text, *line;

	if (data != NULL)
		root = json_pack("{s:i, s:b, s:o}", "v", REQUEST_VERSION, "ok", 1, "data", data);
	else
		root = json_pack("{s:i, s:b, s:o, s:i}", "v", REQUEST_VERSION, "ok", 0, "error",
				 request_text(error->text), "exit_code", error->exit_code);
	text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9));
	assert(text != NULL);
	line = xasprintf("%s\n", text);
	free(text);
	json_decref(root);
	return line;
}
