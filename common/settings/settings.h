/* SPDX-License-Identifier: MIT */
/*
 * settings.h - what there is to set: struct settings, and the table of its rows (settings.def).
 *
 * A struct settings comes from settings_load.h, is read-only after that, and lives until
 * settings_free(). Passwords are not in it: only the names of the files that hold them.
 */
#ifndef COMMON_SETTINGS_SETTINGS_H
#define COMMON_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"

#define SETTINGS_FORMATS "ezproxy|common|combined"

/* The file that is read unless another is named: sluice.conf in the SYSCONFDIR that the build got. */
extern const char settings_default_path[];

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
	int64_t rejected_window_s, rejected_warning_percent, rejected_critical_percent;
};

/* Where a value comes from. */
struct setting_origin {
	enum { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT } kind;
	char *file; /* with @include, not always the main file */
	int line;   /* for ORIGIN_FILE */
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

extern const struct setting setting_table[];
extern const size_t setting_count;

/*
 * The field of a row: an int64_t for a NUMBER, an int for a CHOICE, a struct text_list for a LIST,
 * else a char *.
 */
void *settings_field(struct settings *settings, const struct setting *row);
const void *settings_value(const struct settings *settings, const struct setting *row);

/* The full name of a row, "lake.workers", copied into out; returns out. */
const char *settings_name(const struct setting *row, char *out, size_t out_size);

/* The name of choice number index of a "a|b|c" list, copied into out; "" beyond the last one. */
const char *settings_choice_name(const char *choices, int index, char *out, size_t out_size);

/* "restarts the lake workers" and so on, for people. */
const char *settings_reload_text(enum setting_reload reload);

/* 0 if the producer has something to read or is switched off; else -1, logged. */
int settings_check_inputs(const struct settings *settings) MUST_CHECK;

/* Free and set to NULL; NULL inside is fine. */
void settings_free(struct settings **settings);

/* A list of texts: append a copy; free all members, which leaves an empty list. */
void text_list_add(struct text_list *list, const char *text, size_t len);
void text_list_clear(struct text_list *list);

#endif
