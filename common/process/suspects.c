/* SPDX-License-Identifier: MIT */
/*
 * suspects.c - notes about lines that workers died with.
 */
#include "common/process/suspects.h"
#include "common/base/defs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
suspect_name(const struct message *message, char out[SUSPECT_NAME_MAX])
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a 64 */
	int len = (int)MIN(message->message_id.len, (size_t)255);
	const char *id = message->message_id.ptr != NULL ? message->message_id.ptr : "";

	if (message->file_id.ptr != NULL && len > 0) {
		snprintf(out, SUSPECT_NAME_MAX, "%.*s", len, id);
		return;
	}
	for (size_t i = 0; i < message->body.len; i++)
		hash = (hash ^ (unsigned char)message->body.ptr[i]) * 0x100000001b3u;
	snprintf(out, SUSPECT_NAME_MAX, "%.*s#%016" PRIx64, len, id, hash);
}

void
suspects_note(struct suspects *suspects, const char *name, uint32_t line, uint32_t weight,
	      int64_t now_ms)
{
	struct suspect *note = &suspects->list[0];

	for (size_t i = 0; i < SUSPECTS_MAX; i++) {
		struct suspect *suspect = &suspects->list[i];

		if (suspect->noted_ms != 0 && suspect->line == line &&
		    strcmp(suspect->name, name) == 0) {
			note = suspect;
			break;
		}
		if (suspect->noted_ms < note->noted_ms)
			note = suspect;
	}
	if (note->noted_ms == 0 || note->line != line || strcmp(note->name, name) != 0) {
		*note = (struct suspect){.line = line};
		snprintf(note->name, sizeof(note->name), "%s", name);
	}
	note->deaths++;
	note->weight += weight;
	note->noted_ms = MAX(now_ms, 1);
}

bool
suspects_expire(struct suspects *suspects, int64_t now_ms)
{
	bool any = false;

	for (size_t i = 0; i < SUSPECTS_MAX; i++) {
		struct suspect *suspect = &suspects->list[i];

		if (suspect->noted_ms != 0 && now_ms - suspect->noted_ms >= SUSPECT_EXPIRES_MS)
			*suspect = (struct suspect){.noted_ms = 0};
		any = any || suspect->noted_ms != 0;
	}
	return any;
}

bool
suspects_has(const struct suspects *suspects, const char *name)
{
	for (size_t i = 0; i < SUSPECTS_MAX; i++)
		if (suspects->list[i].noted_ms != 0 && strcmp(suspects->list[i].name, name) == 0)
			return true;
	return false;
}

const struct suspect *
suspects_guilty(const struct suspects *suspects, const char *name, uint32_t line)
{
	for (size_t i = 0; i < SUSPECTS_MAX; i++) {
		const struct suspect *suspect = &suspects->list[i];

		if (suspect->noted_ms != 0 && suspect->line == line &&
		    suspect->weight >= SUSPECT_WEIGHT_GUILTY && strcmp(suspect->name, name) == 0)
			return suspect;
	}
	return NULL;
}
