/* SPDX-License-Identifier: MIT */
/*
 * command_operate.c - the commands that change which children run.
 */
#include "supervisor/daemon/command_operate.h"
#include "common/base/log.h"
#include "supervisor/daemon/operate.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* --- scale --- */

static bool
is_role(const char *name, enum role_id *role)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (strcmp(role_table[i].name, name) == 0) {
			*role = (enum role_id)i;
			return true;
		}
	}
	return false;
}

/* Read {"lake": 4, ...} into counts, -1 where a role is not named. "current" and "dry_run" are left
 * to the caller. */
static int
read_counts(json_t *object, int counts[ROLE_COUNT], struct request_error *error)
{
	const char *name;
	json_t *value;

	for (unsigned i = 0; i < ROLE_COUNT; i++)
		counts[i] = -1;
	json_object_foreach(object, name, value)
	{
		enum role_id role;
		char roles[ROLE_LIST_MAX];

		if (strcmp(name, "current") == 0 || strcmp(name, "dry_run") == 0)
			continue;
		if (!is_role(name, &role)) {
			request_fail(error, EX_USAGE, "unknown role \"%.32s\": there are %s", name,
				     role_list(roles, sizeof(roles)));
			return -1;
		}
		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > (json_int_t)role_table[role].max) {
			request_fail(error, EX_USAGE, "%s may be 0 to %u", name,
				     role_table[role].max);
			return -1;
		}
		counts[role] = (int)json_integer_value(value);
	}
	return 0;
}

static void
scale_role(struct pool *pool, enum role_id role, unsigned count)
{
	const char *name = role_table[role].name;

	/* The same count again is a word too: it starts what is stopped. It is no change, though. */
	if (count != pool->wanted[role]) {
		log_info("scale %s: %u -> %u, by %s", name, pool->wanted[role], count, pool->actor);
		events_add(&pool->events, EVENT_SCALE, name, pool->actor, "%u -> %u",
			   pool->wanted[role], count);
	} else if (pool_is_held(pool, role)) {
		events_add(&pool->events, EVENT_START, name, pool->actor,
			   "those that were stopped, by scale to %u as before", count);
	}
	pool_scale(pool, role, count);
}

json_t *
command_scale(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	json_t *current = json_object_get(arguments, "current");
	int counts[ROLE_COUNT], expected[ROLE_COUNT];
	json_t *data;

	if (read_counts(arguments, counts, error) != 0)
		return NULL;
	if (current != NULL && !json_is_object(current))
		return request_fail(error, EX_USAGE, "\"current\" must be an object");
	if (read_counts(current, expected, error) != 0)
		return NULL;
	if (supervisor->pool.draining)
		return request_fail(error, EX_UNAVAILABLE, "sluiced is ending");
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (expected[i] >= 0 && (unsigned)expected[i] != supervisor->pool.wanted[i])
			return request_fail(error, EXIT_FAILURE,
					    "%s is %u, not %d as expected: nothing was changed",
					    role_table[i].name, supervisor->pool.wanted[i],
					    expected[i]);
	data = json_object();
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (counts[i] < 0)
			continue;
		json_object_set_new(data, role_table[i].name,
				    json_pack("{s:i, s:i}", "from", (int)supervisor->pool.wanted[i],
					      "to", counts[i]));
		if (!json_is_true(json_object_get(arguments, "dry_run")))
			scale_role(&supervisor->pool, (enum role_id)i, (unsigned)counts[i]);
	}
	return data;
}

/* --- start, stop, restart --- */

typedef int (*operate_fn)(struct pool *pool, const struct target *target, char *error,
			  size_t error_size);

static json_t *
apply_to_target(struct supervisor *supervisor, json_t *arguments, enum event_kind kind,
		operate_fn apply, struct request_error *error)
{
	const char *text = json_string_value(json_object_get(arguments, "target"));
	const char *verb = event_kind_name(kind); /* a command and its event have one name */
	struct target target;

	if (text == NULL)
		return request_fail(error, EX_USAGE, "%s needs a \"target\"", verb);
	error->exit_code = EX_USAGE;
	if (target_parse(text, &target, error->text, sizeof(error->text)) != 0)
		return NULL;
	error->exit_code = EX_DATAERR;
	if (apply(&supervisor->pool, &target, error->text, sizeof(error->text)) != 0)
		return NULL;
	log_info("%s %s, by %s", verb, text, supervisor->pool.actor);
	events_add(&supervisor->pool.events, kind, text, supervisor->pool.actor, "told to %s",
		   verb);
	return json_pack("{s:s}", "target", text);
}

json_t *
command_start(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_START, operate_start, error);
}

json_t *
command_stop(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_STOP, operate_stop, error);
}

json_t *
command_restart(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_RESTART, operate_restart, error);
}

json_t *
command_pause(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_PAUSE, operate_pause, error);
}

json_t *
command_resume(struct supervisor *supervisor, json_t *arguments, struct request_error *error)
{
	return apply_to_target(supervisor, arguments, EVENT_RESUME, operate_resume, error);
}
