/* SPDX-License-Identifier: MIT */
/*
 * dlq_headers.c - headers of messages that are sent again.
 */
#include "supervisor/dlq/dlq_headers.h"
#include "common/base/base64.h"
#include "common/base/utf8.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ORIGINAL_BYTES_MAX = 4096 }; /* what workers pass on of a header */

/* Exact names, and beginnings that end in '*'. */
static const char *const dropped_headers[] = {
	"x-sluice-stage",  "x-sluice-reason", "x-sluice-detail",  "x-sluice-attempts",
	"x-sluice-worker", "x-sluice-held",   "x-death",	  "x-sluice-last-failed",
	"x-first-death-*", "x-last-death-*",  "x-delivery-count", "x-acquired-count",
};

static json_t *
headers_of(json_t *properties)
{
	json_t *headers = json_object_get(properties, "headers");

	if (!json_is_object(headers)) {
		headers = json_object();
		json_object_set_new(properties, "headers", headers);
	}
	return headers;
}

static bool
is_dropped_header(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(dropped_headers); i++) {
		size_t len = strlen(dropped_headers[i]);

		if (strcmp(name, dropped_headers[i]) == 0 ||
		    (dropped_headers[i][len - 1] == '*' &&
		     strncmp(name, dropped_headers[i], len - 1) == 0))
			return true;
	}
	return false;
}

void
dlq_headers_resend(json_t *properties, int64_t retries, const char *format)
{
	json_t *headers = headers_of(properties), *value;
	const char *name;
	void *next;

	json_object_foreach_safe(headers, next, name, value)
	{
		if (is_dropped_header(name))
			json_object_del(headers, name);
	}
	json_object_set_new(headers, "x-sluice-retries", json_integer(retries));
	if (format != NULL)
		json_object_set_new(headers, "x-sluice-format", json_string(format));
}

void
dlq_headers_split(json_t *properties, const struct message *message, size_t offset_in_body)
{
	json_t *headers = headers_of(properties);
	char id[MESSAGE_ID_SIZE];

	message_line_id(message, offset_in_body, id);
	if (utf8_valid(span_of(id)))
		json_object_set_new(properties, "message_id", json_string(id));
	if (message->offset >= 0)
		json_object_set_new(headers, "x-sluice-offset",
				    json_integer(message->offset + (int64_t)offset_in_body));
	json_object_set_new(headers, "x-sluice-lines", json_integer(1));
}

static json_t *
dlq_headers_time_json(int64_t at_s)
{
	return json_pack("{s:I}", "$time", (json_int_t)at_s);
}

void
dlq_headers_hold(json_t *properties, const char *by, int64_t at_s)
{
	json_t *headers = headers_of(properties);
	char text[320];

	if (by == NULL) {
		json_object_del(headers, DLQ_HELD_HEADER);
		return;
	}
	snprintf(text, sizeof(text), "%s @%lld", by, (long long)at_s);
	json_object_set_new(headers, DLQ_HELD_HEADER, json_string(text));
}

void
dlq_headers_edit(json_t *properties, struct span original, const char *by, int64_t at_s)
{
	json_t *headers = headers_of(properties), *text;
	struct span kept = {original.ptr, MIN(original.len, (size_t)ORIGINAL_BYTES_MAX)};

	if (utf8_valid(kept) && memchr(kept.ptr, '\0', kept.len) == NULL) {
		text = json_stringn(kept.ptr, kept.len);
	} else {
		char *coded = base64_encode(kept);

		text = json_pack("{s:s}", "$text", coded);
		free(coded);
	}
	/* Of a line edited twice, what the server wrote is the original. */
	if (json_object_get(headers, "x-sluice-original") == NULL)
		json_object_set(headers, "x-sluice-original", text);
	json_decref(text);
	json_object_set_new(headers, "x-sluice-edited-by", json_string(by));
	json_object_set_new(headers, "x-sluice-edited-at", dlq_headers_time_json(at_s));
}

const char *
dlq_headers_operator(char out[256])
{
	const struct passwd *user = getpwuid(geteuid());
	const char *behind = getenv("SUDO_USER");
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(out, 256, "%.60s%s%.60s@%s", behind != NULL ? behind : "",
		 behind != NULL ? " as " : "", user != NULL ? user->pw_name : "?", host);
	if (!utf8_valid(span_of(out)))
		snprintf(out, 256, "uid %ld", (long)geteuid());
	return out;
}
