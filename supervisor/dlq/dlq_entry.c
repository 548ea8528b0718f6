/* SPDX-License-Identifier: MIT */
/*
 * dlq_entry.c - dead letters as lines of JSON.
 */
#include "supervisor/dlq/dlq_entry.h"
#include "common/base/base64.h"
#include "common/base/utf8.h"
#include "common/base/xalloc.h"
#include "common/broker/delivery_json.h"
#include "supervisor/cli/output.h"
#include "supervisor/dlq/dlq_id.h"
#include "supervisor/dlq/dlq_time.h"

#include <stdlib.h>
#include <string.h>

json_t *
dlq_entry_text(struct span text, size_t max)
{
	size_t len = utf8_escaped_len(text);
	char *valid = xcalloc(len + 1, 1);
	json_t *json;

	utf8_escape(text, valid, len);
	if (max > 0 && len > max)
		for (len = max; len > 0 && ((unsigned char)valid[len] & 0xc0) == 0x80;)
			len--;
	json = json_stringn(valid, len);
	free(valid);
	return json;
}

json_t *
dlq_entry_time(int64_t when_s)
{
	char text[32];

	return when_s != 0 ? json_string(dlq_time_text(when_s, text)) : json_null();
}

static void
set_body(json_t *entry, struct span body)
{
	if (utf8_valid(body) && memchr(body.ptr, '\0', body.len) == NULL) {
		json_object_set_new(entry, "body", json_stringn(body.ptr, body.len));
	} else {
		char *text = base64_encode(body);

		json_object_set_new(entry, "body_base64", json_string(text));
		free(text);
	}
}

json_t *
dlq_entry_new(const struct dlq_letter *letter)
{
	json_t *entry = json_object();
	char id[DLQ_ID_SIZE];

	json_object_set_new(entry, "id", json_string(dlq_id_text(letter->queue, letter->id, id)));
	json_object_set_new(entry, "queue", json_string(stage_table[letter->queue].dead_queue));
	json_object_set_new(entry, "when", dlq_entry_time(letter->when_s));
	json_object_set_new(entry, "reason", dlq_entry_text(letter->reason, 0));
	json_object_set_new(entry, "detail", dlq_entry_text(letter->detail, 0));
	json_object_set_new(entry, "properties", delivery_json_properties(letter->delivery));
	set_body(entry, letter->delivery->message.body);
	return entry;
}

int
dlq_entry_print(FILE *out, const json_t *object)
{
	return output_write_json(out, object, JSON_COMPACT) != 0 || fputc('\n', out) == EOF ? -1
											    : 0;
}

static int
read_body(const json_t *object, struct dlq_entry *entry)
{
	const json_t *plain = json_object_get(object, "body");
	const char *coded = json_string_value(json_object_get(object, "body_base64"));

	if (json_is_string(plain)) {
		entry->body_len = json_string_length(plain);
		entry->body = xstrndup(json_string_value(plain), entry->body_len);
	} else if (coded != NULL) {
		entry->body = base64_decode(coded, &entry->body_len);
	}
	return entry->body != NULL ? 0 : -1;
}

int
dlq_entry_parse(const char *line, size_t len, struct dlq_entry *entry, char *error,
		size_t error_size)
{
	json_error_t where;
	json_t *object = json_loadb(line, len, JSON_ALLOW_NUL, &where);
	const char *queue = json_string_value(json_object_get(object, "queue"));
	const char *problem = NULL;

	*entry = (struct dlq_entry){.properties = json_object_get(object, "properties")};
	if (object == NULL)
		problem = where.text;
	else if (queue == NULL || stage_find(queue, &entry->queue) != 0)
		problem = "\"queue\" is no queue of ours";
	else if (entry->properties != NULL && !json_is_object(entry->properties))
		problem = "\"properties\" is no object";
	else if (read_body(object, entry) != 0)
		problem = "neither \"body\" nor \"body_base64\" is there, or it is not base64";
	if (problem != NULL) {
		snprintf(error, error_size, "%s", problem);
		json_decref(object);
		*entry = (struct dlq_entry){.body = NULL};
		return -1;
	}
	if (entry->properties != NULL)
		json_incref(entry->properties);
	else
		entry->properties = json_object();
	json_decref(object);
	return 0;
}

void
dlq_entry_free(struct dlq_entry *entry)
{
	json_decref(entry->properties);
	free(entry->body);
	*entry = (struct dlq_entry){.body = NULL};
}

uint64_t
dlq_entry_id(struct md5 *md5, const struct dlq_entry *entry)
{
	const json_t *value = json_object_get(entry->properties, "message_id");
	const char *coded = json_string_value(json_object_get(value, "$text"));
	struct span id = {json_string_value(value), json_string_length(value)};
	char *bytes = coded != NULL ? base64_decode(coded, &id.len) : NULL;
	uint64_t result;

	if (bytes != NULL)
		id.ptr = bytes;
	result = dlq_id_of(md5, entry->queue, id, (struct span){entry->body, entry->body_len});
	free(bytes);
	return result;
}

static void
set_header(struct message *message, const struct message_header *header, const json_t *value)
{
	void *field = (char *)message + header->offset;

	if (header->type == HEADER_TEXT && json_is_string(value))
		*(struct span *)field =
			(struct span){json_string_value(value), json_string_length(value)};
	if (header->type == HEADER_NUMBER && json_is_integer(value))
		*(int64_t *)field = MAX(json_integer_value(value), -1);
}

struct message
dlq_entry_message(const struct dlq_entry *entry)
{
	const json_t *headers = json_object_get(entry->properties, "headers");
	struct message message = MESSAGE_INIT;

	message.body = (struct span){entry->body, entry->body_len};
	for (size_t i = 0; i < message_header_count; i++)
		set_header(&message, &message_headers[i],
			   json_object_get(headers, message_headers[i].name));
	return message;
}
