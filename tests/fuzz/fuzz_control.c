/* SPDX-License-Identifier: MIT */
/*
 * fuzz_control.c - libFuzzer: any bytes as a request to sluiced, through parser, dispatch and
 * handlers, with children that only exist on paper.
 *
 * Every answer must be one line of JSON that says ok or why not.
 */
#include "common/base/log.h"
#include "common/process/input_table.h"
#include "common/settings/settings_load.h"
#include "supervisor/daemon/commands.h"
#include "tests/fuzz/fuzz.h"

static enum spawn_result
no_spawn(void *context UNUSED, const struct slot *slot UNUSED, pid_t *pid)
{
	static pid_t next = 1;

	*pid = next++;
	return SPAWN_OK;
}

static void
no_signal(void *context UNUSED, pid_t pid UNUSED, int signal_number UNUSED)
{
}

static struct settings *
make_settings(void)
{
	struct settings *settings;
	char path[32];
	int fd = fuzz_file(SPAN_LITERAL("identity = \"line\";\n"), path);

	FUZZ_CHECK(settings_load_copy(path, "/nowhere/sluice.conf", &settings) == 0);
	close(fd);
	return settings;
}

static struct supervisor *
make_supervisor(void)
{
	static struct supervisor supervisor;
	struct pool_ops ops = {.spawn = no_spawn, .send_signal = no_signal};

	log_open("fuzz", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	request_init();
	supervisor.settings_path = xstrdup("/nowhere/sluice.conf");
	supervisor.settings = make_settings();
	supervisor.spawner.settings_fd = -1;
	supervisor.spawner.pages = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	supervisor.spawner.inputs = input_table_private();
	pool_init(&supervisor.pool, &ops, supervisor.spawner.pages);
	pool_scale(&supervisor.pool, ROLE_LAKE, 2);
	return &supervisor;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct supervisor *supervisor;
	/* The first byte is who asks. */
	struct peer peer = {.may_operate = size > 0 && data[0] % 2 == 0};
	char *answer;
	json_t *root;

	if (supervisor == NULL)
		supervisor = make_supervisor();
	if (size == 0)
		return 0;
	answer = commands_answer(supervisor, &peer, (const char *)data + 1, size - 1, true);
	FUZZ_CHECK(strchr(answer, '\n') == answer + strlen(answer) - 1);
	root = json_loads(answer, JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(json_is_boolean(json_object_get(root, "ok")));
	FUZZ_CHECK(json_is_true(json_object_get(root, "ok")) ==
		   json_is_object(json_object_get(root, "data")));
	json_decref(root);
	free(answer);
	return 0;
}
