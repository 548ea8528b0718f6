/* SPDX-License-Identifier: MIT */
/*
 * settings_files.c - the files that the settings name: passwords and inputs.
 */
#include "common/settings/settings_files.h"
#include "common/base/log.h"
#include "common/base/pattern.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_password.h"
#include "common/settings/settings_print.h"
#include "common/settings/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMED_MAX = 10 }; /* unreadable files of one pattern that are named */

/* --- passwords --- */

static bool
has_workers(const struct settings *settings)
{
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		const struct worker_settings *stage = stage_settings((enum stage_id)i, settings);

		if (stage->workers > 0 || stage->autoscale_max > 0)
			return true;
	}
	return false;
}

/* Others on this machine could log in as us; it works all the same. */
static void
warn_of_readers(const char *file)
{
	struct stat found;

	if (stat(file, &found) == 0 && (found.st_mode & S_IROTH) != 0)
		log_warning("%s: any user of this machine can read this password: chmod o= %s",
			    file, file);
}

/* The password of a section; who needs none of it, like a host without workers, may lack it. */
static int
check_password(const struct settings *settings, const struct setting *row)
{
	static const char *const origins[] = {
		[ORIGIN_DEFAULT] = ", by default",
		[ORIGIN_FILE] = "",
		[ORIGIN_ENVIRONMENT] = ", from the environment",
	};
	const char *file = *(char *const *)((const char *)settings + row->offset);
	const struct setting_origin *origin = &settings->origins[row - setting_table];
	char password[256], error[384], where[4200];

	if (!has_workers(settings) &&
	    (strcmp(row->section, "database") == 0 || settings->producer.count == 0))
		return 0;
	if (settings_password_read(file, password, sizeof(password), error, sizeof(error)) == 0) {
		explicit_bzero(password, sizeof(password));
		warn_of_readers(file);
		return 0;
	}
	if (origin->kind == ORIGIN_FILE)
		settings_origin_text(origin, where, sizeof(where));
	else
		snprintf(where, sizeof(where), "%s", settings->path);
	log_error("%s: %s (%s.password_file%s; \"\" means that there is no password)", where, error,
		  row->section, origins[origin->kind]);
	return -1;
}

/* --- inputs --- */

/* 0, or the errno of why a match cannot be read; *is_file: would the producer want to? */
static int
try_to_read(const char *path, bool *is_file)
{
	struct stat found;
	int fd;

	*is_file = false;
	if (stat(path, &found) != 0)
		return errno;
	*is_file = S_ISREG(found.st_mode);
	if (!*is_file)
		return 0; /* opening a FIFO would block */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void
check_matches(const struct input_settings *input, const glob_t *matches)
{
	size_t files = 0, failed = 0;

	for (size_t i = 0; i < matches->gl_pathc; i++) {
		bool is_file;
		int error = try_to_read(matches->gl_pathv[i], &is_file);

		files += is_file;
		if (error != 0 && failed++ < NAMED_MAX)
			log_warning("inputs: %s cannot be read: %s", matches->gl_pathv[i],
				    strerror(error));
	}
	if (failed > NAMED_MAX)
		log_warning("inputs: %zu more files that %s matches cannot be read",
			    failed - NAMED_MAX, input->path);
	if (files == 0 && failed == 0)
		log_warning("inputs: %s matches no regular file: nothing is read from it",
			    input->path);
}

static void
check_input(const struct input_settings *input)
{
	glob_t matches = {0};
	char *where;
	int error;

	if (glob(input->path, 0, NULL, &matches) == 0) {
		check_matches(input, &matches);
	} else {
		error = pattern_obstacle(input->path, &where);
		if (error != 0)
			log_warning("inputs: nothing matches %s now: %s: %s", input->path, where,
				    strerror(error));
		else
			log_warning("inputs: nothing matches %s now", input->path);
		free(where);
	}
	globfree(&matches);
}

int
settings_files_check(const struct settings *settings)
{
	int result = 0;

	for (size_t i = 0; i < setting_count; i++)
		if (strcmp(setting_table[i].name, "password_file") == 0 &&
		    check_password(settings, &setting_table[i]) != 0)
			result = -1;
	for (size_t i = 0; i < settings->input_count && settings->producer.count > 0; i++)
		check_input(&settings->inputs[i]);
	return result;
}
