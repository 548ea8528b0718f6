/* SPDX-License-Identifier: MIT */
/*
 * checkpoint.c - entries <-> JSON; the only file of the producer that knows jansson. What the disk
 * does with it is the matter of state_dir.c.
 */
#include "producer/checkpoint.h"
#include "common/base/xalloc.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
checkpoint_add(struct checkpoint *checkpoint, const struct checkpoint_entry *entry)
{
	if (checkpoint->count == checkpoint->room) {
		checkpoint->room = MAX(16, checkpoint->room * 2);
		checkpoint->entries = xreallocarray(checkpoint->entries, checkpoint->room,
						    sizeof(*checkpoint->entries));
	}
	checkpoint->entries[checkpoint->count] = *entry;
	if (entry->archive != NULL)
		checkpoint->entries[checkpoint->count].archive = xstrdup(entry->archive);
	checkpoint->entries[checkpoint->count++].path = xstrdup(entry->path);
}

void
checkpoint_remove(struct checkpoint *checkpoint, size_t index)
{
	free(checkpoint->entries[index].path);
	free(checkpoint->entries[index].archive);
	checkpoint->entries[index] = checkpoint->entries[--checkpoint->count];
}

void
checkpoint_forget_archive(struct checkpoint_entry *entry)
{
	free(entry->archive);
	entry->archive = NULL;
	entry->unread = 0;
}

static bool
may_expire(const struct checkpoint_entry *entry)
{
	return entry->gone_s != 0 && entry->archive == NULL;
}

void
checkpoint_expire(struct checkpoint *checkpoint, int64_t oldest_s, size_t keep)
{
	size_t gone = 0;

	for (size_t i = checkpoint->count; i-- > 0;) {
		if (!may_expire(&checkpoint->entries[i]))
			continue;
		if (checkpoint->entries[i].gone_s < oldest_s)
			checkpoint_remove(checkpoint, i);
		else
			gone++;
	}
	for (; gone > keep; gone--) {
		size_t oldest = checkpoint->count;

		for (size_t i = 0; i < checkpoint->count; i++)
			if (may_expire(&checkpoint->entries[i]) &&
			    (oldest == checkpoint->count ||
			     checkpoint->entries[i].gone_s < checkpoint->entries[oldest].gone_s))
				oldest = i;
		checkpoint_remove(checkpoint, oldest);
	}
}

void
checkpoint_reset(struct checkpoint *checkpoint)
{
	while (checkpoint->count > 0)
		checkpoint_remove(checkpoint, checkpoint->count - 1);
}

void
checkpoint_clear(struct checkpoint *checkpoint)
{
	checkpoint_reset(checkpoint);
	free(checkpoint->entries);
	*checkpoint = (struct checkpoint){0};
}

/* --- out --- */

static json_t *
hex_of(const char *bytes)
{
	size_t len = strlen(bytes);
	char *hex = xcalloc(len * 2 + 1, 1);
	json_t *value;

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)bytes[i]);
	value = json_string(hex);
	free(hex);
	return value;
}

/* As name, or name_hex when it is not UTF-8. */
static void
set_path(json_t *object, const char *name, const char *path)
{
	json_t *text = json_string(path);
	char hex_name[32];

	snprintf(hex_name, sizeof(hex_name), "%s_hex", name);
	json_object_set_new(object, text != NULL ? name : hex_name,
			    text != NULL ? text : hex_of(path));
}

static json_t *
entry_to_json(const struct checkpoint_entry *entry)
{
	char marker[17];
	json_t *object;

	snprintf(marker, sizeof(marker), "%016llx", (unsigned long long)entry->marker);
	object = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:I}", "id", entry->id, "device",
		(json_int_t)entry->identity.device, "inode", (json_int_t)entry->identity.inode,
		"birth", (json_int_t)entry->identity.birth_ns, "generation",
		(json_int_t)entry->identity.generation, "offset", (json_int_t)entry->offset,
		"marker", marker, "gone", (json_int_t)entry->gone_s);
	set_path(object, "path", entry->path);
	if (entry->archive != NULL) {
		set_path(object, "archive", entry->archive);
		json_object_set_new(object, "unread", json_integer(entry->unread));
	}
	if (entry->verified < entry->offset) {
		snprintf(marker, sizeof(marker), "%016llx",
			 (unsigned long long)entry->verified_marker);
		json_object_set_new(object, "verified", json_integer(entry->verified));
		json_object_set_new(object, "verified_marker", json_string(marker));
	}
	return object;
}

char *
checkpoint_format(const struct checkpoint *checkpoint, size_t *len)
{
	/* One line per file, so that a person with an editor finds the way. */
	size_t room = 256, used;
	char *text = xcalloc(room, 1);

	used = (size_t)snprintf(text, room, "{\"version\": %d, \"files\": [", CHECKPOINT_VERSION);
	for (size_t i = 0; i < checkpoint->count; i++) {
		json_t *object = entry_to_json(&checkpoint->entries[i]);
		char *line = json_dumps(object, JSON_COMPACT);
		size_t line_len = strlen(line);

		if (used + line_len + 16 > room) {
			room = 2 * room + line_len;
			text = xreallocarray(text, room, 1);
		}
		used += (size_t)snprintf(text + used, room - used, "%s\n%s", i > 0 ? "," : "",
					 line);
		free(line);
		json_decref(object);
	}
	used += (size_t)snprintf(text + used, room - used, "\n]}\n");
	*len = used;
	return text;
}

/* --- in --- */

static int
parse_hex64(const char *text, uint64_t *value)
{
	char *end;

	if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return -1;
	*value = strtoull(text, &end, 16);
	return 0;
}

/* The path in new memory, or NULL. */
static char *
parse_path(const json_t *object, const char *name, const char *hex_name)
{
	const char *path = json_string_value(json_object_get(object, name));
	const char *hex = json_string_value(json_object_get(object, hex_name));
	size_t len;
	char *bytes;

	if (path != NULL)
		return path[0] != '\0' ? xstrdup(path) : NULL;
	if (hex == NULL || hex[0] == '\0')
		return NULL;
	len = strlen(hex);
	if (len % 2 != 0 || strspn(hex, "0123456789abcdef") != len)
		return NULL;
	bytes = xcalloc(len / 2 + 1, 1);
	for (size_t i = 0; i < len / 2; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes[i] = (char)strtoul(pair, NULL, 16);
		if (bytes[i] == '\0') {
			free(bytes);
			return NULL;
		}
	}
	return bytes;
}

static int
parse_entry(json_t *object, struct checkpoint *checkpoint)
{
	struct checkpoint_entry entry = {0};
	json_int_t device, inode, birth, generation, offset, verified = -1, gone = 0;
	const char *id, *marker, *verified_marker = NULL;
	uint64_t id_value;

	if (json_unpack(object, "{s:s, s:I, s:I, s:I, s:I, s:I, s:s, s?I, s?I, s?s}", "id", &id,
			"device", &device, "inode", &inode, "birth", &birth, "generation",
			&generation, "offset", &offset, "marker", &marker, "gone", &gone,
			"verified", &verified, "verified_marker", &verified_marker) != 0)
		return -1;
	if (offset < 0 || gone < 0 || generation < 0 || generation > UINT32_MAX ||
	    parse_hex64(id, &id_value) != 0 || parse_hex64(marker, &entry.marker) != 0)
		return -1;
	entry.verified = offset;
	entry.verified_marker = entry.marker;
	if (verified >= 0 && verified < offset && verified_marker != NULL &&
	    parse_hex64(verified_marker, &entry.verified_marker) == 0)
		entry.verified = verified;
	entry.path = parse_path(object, "path", "path_hex");
	if (entry.path == NULL)
		return -1;
	snprintf(entry.id, sizeof(entry.id), "%s", id);
	entry.identity = (struct file_identity){
		.device = (uint64_t)device,
		.inode = (uint64_t)inode,
		.birth_ns = birth,
		.generation = (uint32_t)generation,
	};
	entry.offset = offset;
	entry.gone_s = gone;
	entry.archive = parse_path(object, "archive", "archive_hex");
	if (entry.archive != NULL)
		entry.unread = json_integer_value(json_object_get(object, "unread"));
	checkpoint_add(checkpoint, &entry);
	free(entry.archive);
	free(entry.path);
	return 0;
}

static enum checkpoint_parse
parse_root(json_t *root, struct checkpoint *checkpoint, char *why, size_t why_size)
{
	json_t *files = json_object_get(root, "files");
	json_t *version = json_object_get(root, "version");

	if (!json_is_integer(version) || json_integer_value(version) < 1) {
		snprintf(why, why_size, "it has no version");
		return CHECKPOINT_BAD;
	}
	if (json_integer_value(version) > CHECKPOINT_VERSION) {
		snprintf(why, why_size, "it has version %lld, this program knows version %d",
			 (long long)json_integer_value(version), CHECKPOINT_VERSION);
		return CHECKPOINT_NEWER;
	}
	if (!json_is_array(files)) {
		snprintf(why, why_size, "it has no list of files");
		return CHECKPOINT_BAD;
	}
	for (size_t i = 0; i < json_array_size(files); i++) {
		if (parse_entry(json_array_get(files, i), checkpoint) == 0)
			continue;
		checkpoint_reset(checkpoint);
		snprintf(why, why_size, "entry %zu is not complete or has a value out of range",
			 i + 1);
		return CHECKPOINT_BAD;
	}
	return CHECKPOINT_GOOD;
}

enum checkpoint_parse
checkpoint_parse(struct checkpoint *checkpoint, const char *text, size_t len, char *why,
		 size_t why_size)
{
	enum checkpoint_parse result;
	json_error_t error;
	json_t *root;

	*checkpoint = (struct checkpoint){0};
	if (len == 0) {
		snprintf(why, why_size, "it is empty");
		return CHECKPOINT_BAD;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		snprintf(why, why_size, "line %d: %s", error.line, error.text);
		return CHECKPOINT_BAD;
	}
	result = parse_root(root, checkpoint, why, why_size);
	json_decref(root);
	if (result != CHECKPOINT_GOOD)
		checkpoint_clear(checkpoint);
	return result;
}
