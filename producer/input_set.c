/* SPDX-License-Identifier: MIT */
/*
 * input_set.c - the open files: whose turn it is, what has changed, what has ended.
 */
#include "producer/input_set.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "producer/input_rotated.h"

void
input_set_open(struct input_set *set, const struct settings *settings,
	       struct checkpoint *checkpoint, bool once)
{
	*set = (struct input_set){0};
	file_table_open(&set->table, checkpoint, once);
	input_scan_init(&set->scan, settings, once);
	input_scan_run(&set->scan, &set->table);
	input_rotated_resume(&set->table, settings);
	set->last_scan_ms = clock_mono_ms();
	set->next_scan_ms = set->last_scan_ms + INPUT_SCAN_MS;
	set->next_poll_ms = set->last_scan_ms + INPUT_POLL_MS;
}

void
input_set_close(struct input_set *set)
{
	file_table_close(&set->table);
	input_scan_free(&set->scan);
}

bool
input_set_is_empty(const struct input_set *set)
{
	return set->table.count == 0;
}

unsigned
input_set_unreadable(const struct input_set *set)
{
	return set->scan.unreadable;
}

const char *
input_set_error(const struct input_set *set)
{
	return set->scan.error;
}

void
input_set_acknowledge(struct input_set *set)
{
	for (size_t i = 0; i < set->table.retained.count; i++) {
		struct checkpoint_entry *entry = &set->table.retained.entries[i];

		if (entry->archive == NULL)
			continue;
		log_info("%s: that it was not read to its end is acknowledged", entry->archive);
		checkpoint_forget_archive(entry);
		set->table.changed = true;
	}
	input_scan_sum_up(&set->scan, &set->table);
}

bool
input_set_has_changed(const struct input_set *set)
{
	return set->table.changed;
}

int
input_set_fd(const struct input_set *set)
{
	return set->table.watch.fd;
}

int64_t
input_set_due_ms(const struct input_set *set)
{
	int64_t due_ms = set->next_poll_ms;

	if (!set->table.once)
		due_ms = MIN(due_ms, set->next_scan_ms);
	if (set->folder_changed)
		due_ms = MIN(due_ms, set->last_scan_ms + 20 * set->scan_cost_ms);
	return due_ms;
}

bool
input_set_all_ended(const struct input_set *set)
{
	for (size_t i = 0; i < set->table.count; i++)
		if (set->table.files[i]->state != LOG_FILE_ENDED)
			return false;
	return true;
}

/* True: it holds a descriptor now. False: it has to wait for one, or is gone. */
static bool
open_in_turn(struct input_set *set, struct log_file *file)
{
	switch (file_table_resume(&set->table, file)) {
	case FILE_OPEN:
		return true;
	case FILE_WAITS:
		break;
	case FILE_GONE:
		log_warning("%s was removed while it had no descriptor: what came after byte %lld "
			    "is lost (%lld bytes when it was seen last)",
			    file->path, (long long)file->next,
			    (long long)MAX(0, file->size - file->next));
		file->state = LOG_FILE_ENDED;
		set->table.changed = true;
		break;
	}
	return false;
}

struct log_file *
input_set_next_ready(struct input_set *set)
{
	for (size_t tries = 0; tries < set->table.count; tries++) {
		struct log_file *file = set->table.files[set->turn % set->table.count];

		set->turn = (set->turn + 1) % set->table.count;
		if (file->ready && file->state != LOG_FILE_ENDED && open_in_turn(set, file))
			return file;
	}
	return NULL;
}

bool
input_set_has_ready(const struct input_set *set)
{
	bool has_closed = false;

	for (size_t i = 0; i < set->table.count; i++) {
		const struct log_file *file = set->table.files[i];

		if (!file->ready || file->state == LOG_FILE_ENDED)
			continue;
		if (file->fd >= 0)
			return true;
		has_closed = true;
	}
	return has_closed && file_table_has_room(&set->table);
}

int64_t
input_set_bytes_left(const struct input_set *set)
{
	int64_t left = 0;

	for (size_t i = 0; i < set->table.count; i++)
		if (set->table.files[i]->state != LOG_FILE_ENDED)
			left += MAX(0, set->table.files[i]->size - set->table.files[i]->next);
	return left;
}

void
input_set_replaced(struct input_set *set, struct log_file *file)
{
	struct log_file *successor = log_file_succeed(file);

	if (successor != NULL)
		file_table_add(&set->table, successor);
}

void
input_set_packed(struct input_set *set, struct log_file *file)
{
	log_warning("%s is compressed: nothing of it is read", file->path);
	file->state = LOG_FILE_ENDED;
	file->packed = true;
	set->table.changed = true;
}

/* --- a turn --- */

static void
on_file_changed(void *context, int number)
{
	struct input_set *set = context;

	for (size_t i = 0; i < set->table.count; i++) {
		if (set->table.files[i]->watch != number)
			continue;
		set->table.files[i]->ready = true;
		set->table.files[i]->quiet_since_ms = clock_mono_ms();
		return;
	}
}

static void
poll_files(struct input_set *set, int64_t now_ms)
{
	/* A successor is added at the end and needs no look now. */
	for (size_t i = 0, count = set->table.count; i < count; i++) {
		struct log_file *file = set->table.files[i];

		if (file->state == LOG_FILE_ENDED)
			continue;
		if (log_file_poll(file) != 0) {
			input_set_replaced(set, file);
			continue;
		}
		if (file->state == LOG_FILE_ROTATED && !file->finish &&
		    now_ms - file->quiet_since_ms >= set->table.quiet_ms) {
			file->finish = true;
			file->ready = true;
		}
	}
}

/* Files that have ended and have nothing on its way any more become entries to be remembered. */
static void
remove_ended(struct input_set *set)
{
	for (size_t i = set->table.count; i-- > 0;) {
		struct log_file *file = set->table.files[i];

		if (file->state != LOG_FILE_ENDED || file->track.frames > 0 || file->in_buffer ||
		    file->verified.offset < file->track.confirmed)
			continue;
		if (!file->packed && !file_table_has_successor(&set->table, file)) {
			struct checkpoint_entry entry = log_file_entry(file);

			entry.gone_s = clock_wall_ms() / 1000;
			checkpoint_add(&set->table.retained, &entry);
			if (entry.offset >= file->size)
				log_info("%s is read to its end, byte %lld", file->path,
					 (long long)entry.offset);
		}
		file_table_remove(&set->table, i);
	}
}

void
input_set_turn(struct input_set *set, int64_t now_ms)
{
	if (file_watch_take(&set->table.watch, on_file_changed, set))
		set->folder_changed = true;
	if (now_ms >= set->next_poll_ms) {
		file_table_trim(&set->table);
		poll_files(set, now_ms);
		set->next_poll_ms = now_ms + INPUT_POLL_MS;
	}
	if (set->table.once)
		return;
	remove_ended(set);
	/* A busy folder must not keep us looking through it all the time. */
	if (now_ms >= set->next_scan_ms ||
	    (set->folder_changed && now_ms - set->last_scan_ms >= 20 * set->scan_cost_ms)) {
		set->folder_changed = false;
		input_scan_run(&set->scan, &set->table);
		set->scan_cost_ms = clock_mono_ms() - now_ms;
		set->last_scan_ms = now_ms;
		set->next_scan_ms = now_ms + INPUT_SCAN_MS;
	}
}

void
input_set_asked(struct input_set *set)
{
	for (size_t i = 0; i < set->table.count; i++)
		log_file_asked(set->table.files[i]);
}

void
input_set_verified(struct input_set *set)
{
	for (size_t i = 0; i < set->table.count; i++) {
		struct log_file *file = set->table.files[i];

		set->table.changed =
			set->table.changed || file->asked.offset != file->verified.offset;
		log_file_verified(file);
	}
}

/* What is at its path now is its successor's, which reads it: nothing of this one can come again. */
static void
give_up(struct log_file *file)
{
	long long from = file->verified.offset, to = file->next;

	file->asked = file->verified;
	file->track.confirmed = file->verified.offset;
	file->track.marker = file->verified.marker;
	if (from < to)
		log_error("%s: bytes %lld to %lld may have reached only one queue or none, and the "
			  "file was truncated or overwritten since: they cannot be sent again",
			  file->path, from, to);
}

void
input_set_rewind(struct input_set *set)
{
	for (size_t i = 0; i < set->table.count; i++) {
		struct log_file *file = set->table.files[i];
		long long from = file->verified.offset, to = file->track.confirmed;

		file->track.frames = 0; /* the window was emptied */
		if (file_table_has_successor(&set->table, file))
			give_up(file);
		else if (log_file_rewind(file) > 0)
			log_warning("%s: bytes %lld to %lld may have reached only one queue: they "
				    "are sent again",
				    file->path, from, to);
	}
	set->table.changed = true;
}

void
input_set_checkpoint(struct input_set *set, struct checkpoint *checkpoint)
{
	int64_t now_s = clock_wall_ms() / 1000;

	checkpoint_expire(&set->table.retained, now_s - INPUT_KEEP_GONE_S, INPUT_KEEP_GONE);
	checkpoint_reset(checkpoint);
	for (size_t i = 0; i < set->table.retained.count; i++)
		checkpoint_add(checkpoint, &set->table.retained.entries[i]);
	for (size_t i = 0; i < set->table.count; i++) {
		struct checkpoint_entry entry = log_file_entry(set->table.files[i]);

		if (!set->table.files[i]->packed &&
		    !file_table_has_successor(&set->table, set->table.files[i]))
			checkpoint_add(checkpoint, &entry);
	}
	set->table.changed = false;
}
