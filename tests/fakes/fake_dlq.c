/* SPDX-License-Identifier: MIT */
/*
 * fake_dlq.c - around a verb of `sluicectl dlq`.
 */
#include "tests/fakes/fake_dlq.h"
#include "common/base/xalloc.h"
#include "supervisor/dlq/dlq_archive.h"
#include "supervisor/dlq/dlq_entry.h"
#include "tests/fakes/fake_broker.h"
#include "tests/fakes/fake_time.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake_dlq fake_dlq;

static const struct verb verb = {.name = "test"};

static char *
path_of(const char *name)
{
	return xasprintf("%s/" DLQ_ARCHIVE_FOLDER "/%s", fake_dlq.state_dir, name);
}

void
fake_dlq_start(void)
{
	fake_reset();
	fake_broker_reset();
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		fake_broker_add_queue(stage_table[i].queue);
		fake_broker_add_queue(stage_table[i].dead_queue);
	}
	fake_dlq = (struct fake_dlq){.printed = NULL};
	snprintf(fake_dlq.state_dir, sizeof(fake_dlq.state_dir), "/tmp/sluice-test-XXXXXX");
	if (mkdtemp(fake_dlq.state_dir) == NULL)
		abort();
	fake_dlq.settings.supervisor.state_dir = fake_dlq.state_dir;
	fake_dlq.call.output.stream = open_memstream(&fake_dlq.printed, &fake_dlq.printed_len);
	fake_dlq.call.verb = &verb;
	snprintf(fake_dlq.call.name, sizeof(fake_dlq.call.name), "dlq test");
	fake_dlq.run.md5 = md5_new();
	fake_time_start(10000000);
	fake_dlq_begin_run();
}

void
fake_dlq_begin_run(void)
{
	struct md5 *md5 = fake_dlq.run.md5;

	dlq_select_free(&fake_dlq.run.select);
	fake_dlq.run = (struct dlq_run){.call = &fake_dlq.call,
					.settings = &fake_dlq.settings,
					.md5 = md5,
					.canary_ms = 60000};
}

void
fake_dlq_stop(void)
{
	char *folder = path_of("");
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	assert(fake_broker_connections() == 0);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *path = path_of(entry->d_name);

		if (entry->d_name[0] != '.')
			unlink(path);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(folder);
	rmdir(fake_dlq.state_dir);
	free(folder);
	dlq_select_free(&fake_dlq.run.select);
	md5_free(&fake_dlq.run.md5);
	fclose(fake_dlq.call.output.stream);
	free(fake_dlq.printed);
	fake_time_on_wait(NULL, NULL);
	fake_time_stop();
	fake_reset();
}

const char *
fake_dlq_printed(void)
{
	fflush(fake_dlq.call.output.stream);
	return fake_dlq.printed;
}

void
fake_dlq_put(const char *body)
{
	struct message message = MESSAGE_INIT;
	char *id = xasprintf("f:%s", body);

	message.message_id = span_of(id);
	message.reason = SPAN_LITERAL("parse.no_match");
	message.body = span_of(body);
	fake_broker_put(stage_table[STAGE_CLEAN].dead_queue, &message);
	free(id);
}

size_t
fake_dlq_count(const char *queue, const char *body)
{
	struct delivery *delivery;
	size_t count = 0;

	for (size_t i = 0; (delivery = fake_broker_look(queue, i)) != NULL; i++) {
		count += span_equals(delivery->message.body, span_of(body));
		delivery_free(&delivery);
	}
	return count;
}

size_t
fake_dlq_count_archived(const char *name, const char *body)
{
	char *path = path_of(name), *line = NULL, error[256];
	FILE *file = fopen(path, "rb");
	size_t size = 0, count = 0;
	ssize_t len;

	while (file != NULL && (len = getline(&line, &size, file)) > 0) {
		struct dlq_entry entry;

		if (dlq_entry_parse(line, (size_t)len, &entry, error, sizeof(error)) != 0)
			continue;
		count += span_equals((struct span){entry.body, entry.body_len}, span_of(body));
		dlq_entry_free(&entry);
	}
	if (file != NULL)
		fclose(file);
	free(line);
	free(path);
	return count;
}
