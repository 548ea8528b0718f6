/* SPDX-License-Identifier: MIT */
/*
 * dlq_archive.c - dead letters as lines of JSON, and the files that keep dropped ones.
 */
#include "supervisor/dlq/dlq_archive.h"
#include "common/base/base64.h"
#include "common/broker/broker_whole.h"
#include "common/base/utf8.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- entries --- */

static json_t *
dlq_archive_text_json(struct span text)
{
	size_t len = utf8_escaped_len(text);
	char *valid = xcalloc(len + 1, 1);
	json_t *json;

	utf8_escape(text, valid, len);
	json = json_stringn(valid, len);
	free(valid);
	return json;
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
	char id[DLQ_ID_SIZE], when[32];

	json_object_set_new(entry, "id", json_string(dlq_id_text(letter->queue, letter->id, id)));
	json_object_set_new(entry, "queue", json_string(dlq_queues[letter->queue].dead));
	json_object_set_new(entry, "when",
			    letter->when_s != 0 ? json_string(dlq_utc_time(letter->when_s, when))
						: json_null());
	json_object_set_new(entry, "reason", dlq_archive_text_json(letter->reason));
	json_object_set_new(entry, "detail", dlq_archive_text_json(letter->detail));
	json_object_set_new(entry, "properties", delivery_properties(letter->delivery));
	set_body(entry, letter->delivery->message.body);
	return entry;
}

/* JSON_ENSURE_ASCII leaves DEL alone. */
static int
write_without_del(const char *buffer, size_t size, void *out)
{
	for (size_t i = 0; i < size;) {
		const char *del = memchr(buffer + i, 0x7f, size - i);
		size_t len = del != NULL ? (size_t)(del - buffer) - i : size - i;

		if (fwrite(buffer + i, 1, len, out) != len)
			return -1;
		if (del != NULL && fputs("\\u007f", out) < 0)
			return -1;
		i += len + (del != NULL);
	}
	return 0;
}

int
dlq_json_line(FILE *out, const json_t *object)
{
	if (json_dump_callback(object, write_without_del, out, JSON_COMPACT | JSON_ENSURE_ASCII) !=
		    0 ||
	    fputc('\n', out) == EOF)
		return -1;
	return 0;
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
	else if (queue == NULL || dlq_queue_find(queue, &entry->queue) != 0)
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
	result = dlq_id(md5, entry->queue, id, (struct span){entry->body, entry->body_len});
	free(bytes);
	return result;
}

static void
dlq_archive_take_header(struct message *message, const struct message_header *header,
			const json_t *value)
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
		dlq_archive_take_header(&message, &message_headers[i],
					json_object_get(headers, message_headers[i].name));
	return message;
}

/* --- files --- */

struct dlq_archive {
	char *folder, *path, *name;
	int lock_fd;
	FILE *file;
	size_t bytes;
};

static int
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd >= 0 ? fsync(fd) : -1;

	if (fd >= 0)
		close(fd);
	return result;
}

int
dlq_archive_lock(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Cut off what stands behind the last line end. */
static int
cut_torn_line(FILE *file, size_t *bytes)
{
	char block[4096];
	off_t end;

	if (fseeko(file, 0, SEEK_END) != 0)
		return -1;
	for (end = ftello(file); end > 0;) {
		size_t len = MIN((size_t)end, sizeof(block));
		const char *newline;

		if (fseeko(file, end - (off_t)len, SEEK_SET) != 0 ||
		    fread(block, 1, len, file) != len)
			return -1;
		newline = memrchr(block, '\n', len);
		end -= (off_t)len;
		if (newline != NULL) {
			end += newline - block + 1;
			break;
		}
	}
	*bytes = (size_t)end;
	return ftruncate(fileno(file), end) != 0 || fseeko(file, end, SEEK_SET) != 0 ? -1 : 0;
}

static int
dlq_archive_open_file(struct dlq_archive *archive)
{
	int fd = open(archive->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	archive->file = fd >= 0 ? fdopen(fd, "r+") : NULL;
	if (archive->file == NULL)
		return -1;
	return cut_torn_line(archive->file, &archive->bytes) != 0 ||
			       sync_folder(archive->folder) != 0
		       ? -1
		       : 0;
}

/* Under a name with the time and a number that is free. */
static int
rotate(struct dlq_archive *archive)
{
	char now[32];

	if (archive->bytes < DLQ_ARCHIVE_BYTES)
		return 0;
	dlq_utc_time(time(NULL), now);
	for (unsigned n = 0; n < 1000; n++) {
		char *aside = xasprintf("%s/%s-%s-%u" DLQ_ARCHIVE_SUFFIX, archive->folder,
					archive->name, now, n);
		int result = renameat2(AT_FDCWD, archive->path, AT_FDCWD, aside, RENAME_NOREPLACE);

		free(aside);
		if (result != 0 && errno == EEXIST)
			continue;
		if (result != 0)
			return -1;
		fclose(archive->file);
		archive->file = NULL;
		return dlq_archive_open_file(archive);
	}
	return -1;
}

struct dlq_archive *
dlq_archive_open(const char *state_dir, enum dlq_queue queue, const char *kind, char *error,
		 size_t error_size)
{
	struct dlq_archive *archive = xcalloc(1, sizeof(*archive));

	archive->folder = xasprintf("%s/" DLQ_ARCHIVE_FOLDER, state_dir);
	archive->name = xasprintf("%s-%s", dlq_queues[queue].name, kind);
	archive->path = xasprintf("%s/%s" DLQ_ARCHIVE_SUFFIX, archive->folder, archive->name);
	(void)mkdir(state_dir, 0750);
	(void)mkdir(archive->folder, 0700);
	archive->lock_fd = dlq_archive_lock(archive->folder);
	if (archive->lock_fd >= 0 && dlq_archive_open_file(archive) == 0 && rotate(archive) == 0 &&
	    sync_folder(state_dir) == 0)
		return archive;
	snprintf(error, error_size, "archive %s: %s (supervisor.state_dir says where)",
		 archive->path, strerror(errno));
	dlq_archive_close(&archive);
	return NULL;
}

int
dlq_archive_add(struct dlq_archive *archive, const json_t *entry)
{
	off_t end;

	if (dlq_json_line(archive->file, entry) != 0)
		return -1;
	end = ftello(archive->file);
	archive->bytes = end > 0 ? (size_t)end : archive->bytes;
	return 0;
}

int
dlq_archive_sync(struct dlq_archive *archive)
{
	if (fflush(archive->file) != 0 || fsync(fileno(archive->file)) != 0)
		return -1;
	return rotate(archive);
}

const char *
dlq_archive_path(const struct dlq_archive *archive)
{
	return archive->path;
}

void
dlq_archive_close(struct dlq_archive **archive)
{
	if (*archive == NULL)
		return;
	if ((*archive)->file != NULL)
		fclose((*archive)->file);
	if ((*archive)->lock_fd >= 0)
		close((*archive)->lock_fd);
	free((*archive)->folder);
	free((*archive)->name);
	free((*archive)->path);
	free(*archive);
	*archive = NULL;
}
