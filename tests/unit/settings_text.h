/* SPDX-License-Identifier: MIT */
/*
 * settings_text.h - for tests: a text as a settings file in a folder of its own, and what is logged
 * of it. Goes into one .c file of a test only; after <cmocka.h>.
 */
#ifndef TESTS_UNIT_SETTINGS_TEXT_H
#define TESTS_UNIT_SETTINGS_TEXT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/defs.h"
#include "common/settings/settings_load.h"

static char folder[] = "/tmp/sluice-settings-XXXXXX";
static char path[64], messages[8192];

static UNUSED int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static UNUSED int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static UNUSED void
write_file(const char *text)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/test.conf", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int log_file, saved_stderr;

/* What is logged from here on goes to messages. */
static UNUSED void
begin_messages(void)
{
	char log[80];

	snprintf(log, sizeof(log), "%s/log", folder);
	log_file = open(log, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(log_file >= 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(log_file, STDERR_FILENO);
}

static UNUSED void
end_messages(void)
{
	ssize_t got;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	lseek(log_file, 0, SEEK_SET);
	got = read(log_file, messages, sizeof(messages) - 1);
	messages[got > 0 ? got : 0] = '\0';
	close(log_file);
}

/* Load the text as a file; what is logged goes to messages. */
static UNUSED struct settings *
load(const char *text)
{
	struct settings *settings = NULL;

	write_file(text);
	begin_messages();
	if (settings_load(path, &settings) != 0)
		assert_null(settings);
	end_messages();
	return settings;
}

#endif
