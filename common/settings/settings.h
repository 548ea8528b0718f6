/* SPDX-License-Identifier: MIT */
/*
 * settings.h - the settings file, the environment over it, and the defaults under it.
 *
 * What there is to set stands in settings.def, once. A struct settings is read-only after loading
 * and lives until settings_free(). Passwords are not in it: only the names of the files that hold
 * them.
 */
#ifndef COMMON_SETTINGS_SETTINGS_H
#define COMMON_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/defs.h"

#define SETTINGS_DEFAULT_PATH SLUICE_SYSCONFDIR "/sluice.conf"
#define SETTINGS_FORMATS "ezproxy|common|combined"

struct text_list {
	char **items;
	size_t count;
};

enum { IDENTITY_LINE, IDENTITY_POSITION };
enum { DECLARE_CREATE, DECLARE_PASSIVE };
enum { COMPRESSION_NONE, COMPRESSION_LZ4 };
enum { INSERT_AUTO, INSERT_ARRAY, INSERT_VALUES };

struct input_settings {
	char *path;	   /* a file or a glob pattern */
	char *format;	   /* one of SETTINGS_FORMATS */
	char *routing_key; /* "logs" */
};

struct broker_settings {
	struct text_list hosts;
	char *vhost, *user, *password_file;
	int64_t heartbeat_s, delivery_limit, retry_min_ms, retry_max_ms;
	int declare;
};

struct database_settings {
	struct text_list hosts;
	char *name, *user, *password_file;
	int64_t retry_min_ms, retry_max_ms, reject_stop_percent;
	int insert;
};

struct producer_settings {
	int64_t count, frame_lines, frame_bytes, window_frames, max_line_bytes, check_s;
	int compression;
};

struct worker_settings {
	int64_t workers, prefetch, batch_rows, batch_ms;
	int64_t autoscale_min, autoscale_max, autoscale_drain_s;
	int format; /* clean only: index into SETTINGS_FORMATS */
};

struct supervisor_settings {
	char *socket, *state_dir;
	int64_t drain_s, hang_s, restart_min_ms, restart_max_ms, stable_s;
};

struct settings {
	char *path;   /* the file it came from */
	char *folder; /* the folder of that file; relative PATHs start there */
	struct input_settings *inputs;
	size_t input_count;
	struct text_list events;
	int identity;
	struct broker_settings broker;
	struct database_settings database;
	struct producer_settings producer;
#define STAGE(identifier, section, ...) struct worker_settings section;
#include "common/settings/stages.def"
#undef STAGE
	struct supervisor_settings supervisor;
	struct {
		int level, format;
	} log;
	struct setting_origin *origins; /* parallel to the table */
};

/* What has to happen for a changed value to count. */
enum setting_reload {
	RELOAD_LIVE,				    /* a reload applies it at once */
	RELOAD_PRODUCER,			    /* a reload restarts the producer */
#define STAGE(identifier, ...) RELOAD_##identifier, /* ... the workers of this stage */
#include "common/settings/stages.def"
#undef STAGE
	RELOAD_WORKERS,	 /* ... all workers */
	RELOAD_PIPELINE, /* ... producer and workers */
	RELOAD_NEVER,	 /* only a restart of sluiced applies it */
};

enum setting_type { SETTING_NUMBER, SETTING_TEXT, SETTING_PATH, SETTING_LIST, SETTING_CHOICE };

/* One row of the table. */
struct setting {
	const char *section; /* "" = top level */
	const char *name;
	enum setting_type type;
	size_t offset;		  /* of the field in struct settings */
	const char *default_text; /* as written; members of a LIST separated by commas */
	int64_t min, max;
	const char *unit; /* of a CHOICE: the choices */
	enum setting_reload reload;
	const char *help;
};

struct setting_origin {
	enum { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT } kind;
	char *file; /* with @include, not always the main file */
	int line;   /* for ORIGIN_FILE */
};

extern const struct setting setting_table[];
extern const size_t setting_count;

/*
 * Read the file, lay the environment over it, check everything. Each problem is logged as
 * "FILE:LINE: what is wrong, what to do"; all are found, not just the first. Returns 0 and a new
 * struct settings, or -1. An unknown SLUICE_* variable is only warned of: others use that prefix
 * too.
 */
int settings_load(const char *path, struct settings **settings) MUST_CHECK;

/*
 * The same, but the text is that of the file copy (as settings_print() wrote it, so it has no
 * relative paths and no includes); path is only named.
 */
int settings_load_copy(const char *copy, const char *path, struct settings **settings) MUST_CHECK;

/*
 * settings_load() for who can do with supervisor.socket: when the file is not accepted, *socket is
 * what it says of that all the same, in new memory, or NULL if it is no settings file at all.
 */
int settings_load_or_socket(const char *path, struct settings **settings, char **socket) MUST_CHECK;

/* Free and set to NULL; NULL inside is fine. */
void settings_free(struct settings **settings);

/* 0 if the producer has something to read or is switched off; else -1, logged. */
int settings_check_inputs(const struct settings *settings) MUST_CHECK;

/*
 * Look at the files that the settings name, as far as what they start needs them. 0, or -1 when a
 * password cannot be read; logged. An input that shows no file now, or one that cannot be read, is
 * warned of: it may come later.
 */
int settings_check_files(const struct settings *settings) MUST_CHECK;

/* Every value with its origin, as a settings file that can be read back (`sluiced -T`). */
void settings_print(const struct settings *settings, FILE *out);

/* A value as a settings file has it, in new memory. */
char *settings_value_text(const struct settings *settings, const struct setting *row);

/* "/etc/sluice/sluice.conf:12", "default", "environment"; returns out. */
const char *settings_origin_text(const struct setting_origin *origin, char *out, size_t out_size);

/* sluice.conf(5) in mdoc. */
void settings_print_manual(FILE *out);

/* The commented template: what etc/sluice.conf holds. */
void settings_print_template(FILE *out);

/* The name of choice number index of a "a|b|c" list, copied into out. */
const char *settings_choice_name(const char *choices, int index, char *out, size_t out_size);

/* "restarts the lake workers" and so on, for people. */
const char *settings_reload_text(enum setting_reload reload);

/*
 * The first line of a password file, without its line end, into out. "" for file "". Returns 0, or
 * -1 (also when it is empty) with a text in error that names the file (never its content).
 */
int settings_read_password(const char *file, char *out, size_t out_size, char *error,
			   size_t error_size) MUST_CHECK;

#endif
