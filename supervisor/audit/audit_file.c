/* SPDX-License-Identifier: MIT */
/*
 * audit_file.c - reading a log file again.
 */
#include "supervisor/audit/audit_file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "producer/checkpoint.h"
#include "supervisor/dlq/dlq_format.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 20, SKIP_BYTES = 65536, CHECKPOINT_MAX = 64 << 20 };

/* --- its name at the producer --- */

static char *
read_checkpoint(const char *state_dir, size_t *len)
{
	char *path = xasprintf("%s/" CHECKPOINT_NAME, state_dir), *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;

	free(path);
	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < CHECKPOINT_MAX) {
		ssize_t got;

		text = xcalloc((size_t)info.st_size + 1, 1);
		got = read(fd, text, (size_t)info.st_size);
		*len = got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return text;
}

/* The checkpoint knows which generation of its inode the file is; without one it is the first. */
static void
find_id(struct audit_file *file, const struct file_identity *identity, const char *state_dir)
{
	struct checkpoint checkpoint;
	char why[256];
	size_t len;
	char *text = read_checkpoint(state_dir, &len);
	uint32_t newest = 0;

	file_identity_format(identity, file->id);
	if (text == NULL)
		return;
	if (checkpoint_parse(&checkpoint, text, len, why, sizeof(why)) == CHECKPOINT_GOOD)
		for (size_t i = 0; i < checkpoint.count; i++) {
			const struct checkpoint_entry *entry = &checkpoint.entries[i];

			if (!file_identity_same(&entry->identity, identity) ||
			    entry->identity.generation < newest)
				continue;
			newest = entry->identity.generation;
			snprintf(file->id, sizeof(file->id), "%s", entry->id);
		}
	checkpoint_clear(&checkpoint);
	free(text);
}

/* --- open and read --- */

static int
refuse(struct audit_file *file, int exit_code, const char *why)
{
	log_error("%s: %s", file->path, why);
	audit_file_close(file);
	return exit_code;
}

/* How packed files begin, and the program that unpacks them from its standard input. */
static const struct packing {
	const char *suffix, *program;
	unsigned char magic_len;
	unsigned char magic[6];
} packings[] = {
	{".gz", "gzip", 2, {0x1f, 0x8b}},
	{".Z", "gzip", 2, {0x1f, 0x9d}},
	{".zip", "gzip", 4, {'P', 'K', 3, 4}}, /* of one member, as gzip(1) says */
	{".bz2", "bzip2", 3, {'B', 'Z', 'h'}},
	{".xz", "xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
	{".lzma", "xz", 3, {0x5d, 0, 0}},
	{".zst", "zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}},
	{".lz4", "lz4", 4, {0x04, 0x22, 0x4d, 0x18}},
};

enum { NOT_PACKED = -1, UNPACKER_ENDED = -1 };

/* By its first bytes: which of the table. */
static int
find_packing(const void *start, ssize_t got)
{
	for (size_t i = 0; i < ARRAY_LEN(packings); i++)
		if (got >= packings[i].magic_len &&
		    memcmp(start, packings[i].magic, packings[i].magic_len) == 0)
			return (int)i;
	return NOT_PACKED;
}

/* From here on the file's descriptor is a pipe with its text. 0, or -1 with errno. */
static int
start_unpacker(struct audit_file *file)
{
	const char *program = packings[file->packing].program;
	char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)"-dc", NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, file->fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	error = posix_spawnp(&file->unpacker, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	close(file->fd);
	file->fd = ends[0];
	if (error == 0)
		return 0;
	file->unpacker = 0;
	errno = error;
	return -1;
}

bool
audit_file_is_stream(const struct audit_file *file)
{
	return file->limit == INT64_MAX;
}

/* Standard input, which the shell may have opened on a file or made a pipe. */
static int
open_standard_input(struct audit_file *file)
{
	file->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (file->fd < 0)
		return refuse(file, EX_NOINPUT, strerror(errno));
	if (isatty(file->fd))
		return refuse(file, EX_USAGE,
			      "standard input is a terminal: give it a file or a pipe");
	file->limit = INT64_MAX;
	return 0;
}

static int
open_named(struct audit_file *file, const char *state_dir)
{
	struct file_look look;

	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0 || file_look(file->fd, file->path, &look) != 0)
		return refuse(file, EX_NOINPUT, strerror(errno));
	if (!S_ISREG(look.mode))
		return refuse(file, EX_NOINPUT, "it is not a regular file");
	file->size = file->limit = look.size;
	if (state_dir != NULL)
		find_id(file, &look.identity, state_dir);
	return 0;
}

int
audit_file_open(struct audit_file *file, const char *path, const char *state_dir)
{
	unsigned char start[6];
	int code;

	*file = (struct audit_file){
		.path = path, .fd = -1, .packing = NOT_PACKED, .max_line_bytes = AUDIT_LINE_MAX};
	code = strcmp(path, "-") == 0 ? open_standard_input(file) : open_named(file, state_dir);
	if (code != 0)
		return code;
	file->packing = find_packing(start, pread(file->fd, start, sizeof(start), 0));
	if (file->packing != NOT_PACKED)
		file->limit = INT64_MAX;
	file->buffer_size = 2 * READ_BYTES;
	file->buffer = xreallocarray(NULL, file->buffer_size, 1);
	posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void
audit_file_close(struct audit_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	if (file->unpacker > 0) /* it ends, for nobody reads */
		waitpid(file->unpacker, NULL, 0);
	file->unpacker = 0;
	free(file->buffer);
	file->buffer = NULL;
}

/* How the unpacker has ended: a file that is cut off or damaged must not pass for a shorter one. */
static int
end_unpacker(struct audit_file *file)
{
	int status = 0;

	if (file->unpacker <= 0)
		return 0;
	waitpid(file->unpacker, &status, 0);
	file->unpacker = UNPACKER_ENDED;
	if (status == 0)
		return 0;
	errno = EBADMSG;
	return -1;
}

/* As read(2), of what the limit leaves; also the end of the unpacker is looked at. */
static ssize_t
read_some(struct audit_file *file, char *out, size_t room)
{
	ssize_t got;

	if (file->packing != NOT_PACKED && file->read_to == 0 && file->unpacker == 0 &&
	    start_unpacker(file) != 0)
		return -1;
	room = (size_t)MIN((int64_t)room, file->limit - file->read_to);
	if (room == 0)
		return 0;
	do
		got = read(file->fd, out, room);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return end_unpacker(file);
	if (got > 0 && file->read_to == 0 && file->packing == NOT_PACKED &&
	    find_packing(out, got) != NOT_PACKED) {
		errno = EILSEQ; /* from a pipe, into which nothing can be put back */
		return -1;
	}
	if (got > 0)
		file->read_to += got;
	return got;
}

/* More bytes behind those in the buffer. 1, 0 at the end, -1 with errno. */
static int
read_more(struct audit_file *file)
{
	ssize_t got;

	if (file->start > 0) {
		memmove(file->buffer, file->buffer + file->start, file->used - file->start);
		file->used -= file->start;
		file->start = 0;
	}
	if (file->buffer_size - file->used < READ_BYTES) {
		file->buffer_size *= 2;
		file->buffer = xreallocarray(file->buffer, file->buffer_size, 1);
	}
	got = read_some(file, file->buffer + file->used, file->buffer_size - file->used);
	if (got <= 0)
		return (int)got;
	file->used += (size_t)got;
	return 1;
}

/*
 * The line does not end within AUDIT_LINE_MAX: look for its end without keeping it. What was read
 * behind the end stays in the buffer.
 */
static int
skip_long_line(struct audit_file *file, struct audit_line *line)
{
	size_t kept = line->start.len;

	line->length = (int64_t)kept;
	for (;;) {
		/* The line's first bytes stay where the caller reads them. */
		char *from = file->buffer + file->start + kept;
		ssize_t got = read_some(file, from, SKIP_BYTES);
		const char *lf;

		if (got < 0)
			return -1;
		lf = got > 0 ? memchr(from, '\n', (size_t)got) : NULL;
		line->has_lf = lf != NULL;
		line->length += lf != NULL ? lf - from : got;
		if (lf == NULL && got > 0)
			continue;
		file->used = file->start + kept + (size_t)got;
		file->start += kept + (lf != NULL ? (size_t)(lf - from) + 1 : 0);
		return 1;
	}
}

void
audit_file_explain(const struct audit_file *file, int error, char *out, size_t out_size)
{
	if (file->packing == NOT_PACKED && error == EILSEQ)
		snprintf(out, out_size,
			 "it is packed: name the file, or unpack it before the pipe (zcat)");
	else if (file->packing == NOT_PACKED)
		snprintf(out, out_size, "%s", strerror(error));
	else if (error == EBADMSG)
		snprintf(out, out_size,
			 "%s does not unpack it to its end: it is cut off or damaged",
			 packings[file->packing].program);
	else
		snprintf(out, out_size, "it is packed, and cannot be unpacked by %s: %s",
			 packings[file->packing].program, strerror(error));
}

/* The line is too long for the producer, which begins it behind a hole. Returns the bytes of that. */
static size_t
pass_nuls(struct audit_file *file, size_t len)
{
	size_t nuls = 0;

	while (nuls < len && file->buffer[file->start + nuls] == '\0')
		nuls++;
	file->start += nuls;
	return nuls;
}

int
audit_file_next(struct audit_file *file, struct audit_line *line)
{
	size_t looked = 0, len;
	const char *lf = NULL;
	bool passed = false;
	int more = 1;

	for (;;) {
		const char *from = file->buffer + file->start + looked;

		len = file->used - file->start;
		lf = len > looked ? memchr(from, '\n', len - looked) : NULL;
		if (lf != NULL)
			len = (size_t)(lf - (file->buffer + file->start));
		passed = passed || len > (size_t)file->max_line_bytes;
		if (passed)
			len -= pass_nuls(file, len);
		if (lf != NULL || len >= AUDIT_LINE_MAX + 2)
			break;
		looked = len;
		more = read_more(file);
		if (more < 0)
			return -1;
		if (more == 0)
			break;
	}
	if (lf == NULL && file->used == file->start)
		return 0;
	if (lf == NULL && file->buffer_size - file->used < SKIP_BYTES) {
		file->buffer_size += SKIP_BYTES;
		file->buffer = xreallocarray(file->buffer, file->buffer_size, 1);
	}
	*line = (struct audit_line){
		.offset = file->read_to - (int64_t)(file->used - file->start),
		.has_lf = lf != NULL,
	};
	line->start.ptr = file->buffer + file->start;
	line->start.len = lf != NULL ? (size_t)(lf - line->start.ptr) : file->used - file->start;
	line->length = (int64_t)line->start.len;
	if (lf == NULL && more != 0) {
		more = skip_long_line(file, line);
	} else {
		file->start += line->start.len + (lf != NULL);
		more = 1;
	}
	line->text = line->start;
	if (line->has_lf && line->text.len > 0 && line->text.ptr[line->text.len - 1] == '\r' &&
	    line->length == (int64_t)line->text.len)
		line->text.len--;
	return more;
}

/* --- its format --- */

/* The path of an input, or, of a packed file, the one it had before it was packed. */
static const char *
format_of_path(const struct settings *settings, const char *path)
{
	const char *format = dlq_format_of_input(settings, span_of(path));
	struct span name = span_of(path);

	for (size_t i = 0; i < ARRAY_LEN(packings) && format == NULL; i++) {
		size_t len = strlen(packings[i].suffix);

		if (name.len > len &&
		    memcmp(name.ptr + name.len - len, packings[i].suffix, len) == 0)
			format = dlq_format_of_input(
				settings, (struct span){.ptr = name.ptr, .len = name.len - len});
	}
	return format;
}

const char *
audit_file_format(const struct settings *settings, const char *path)
{
	const char *format = format_of_path(settings, path);
	char *real;

	if (format != NULL)
		return format;
	real = realpath(path, NULL);
	if (real != NULL)
		format = format_of_path(settings, real);
	free(real);
	if (format != NULL || settings->input_count == 0)
		return format;
	for (size_t i = 1; i < settings->input_count; i++)
		if (strcmp(settings->inputs[i].format, settings->inputs[0].format) != 0)
			return NULL;
	return settings->inputs[0].format;
}
