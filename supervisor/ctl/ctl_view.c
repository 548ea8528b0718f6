/* SPDX-License-Identifier: MIT */
/*
 * ctl_view.c - a status as lines of text.
 */
#include "supervisor/ctl/ctl_view.h"
#include "common/base/visible_text.h"
#include "common/process/histogram.h"
#include "supervisor/cli/member.h"
#include "supervisor/cli/text_wrap.h"
#include "supervisor/ctl/ctl_dead.h"
#include "supervisor/shared/roles.h"
#include "supervisor/shared/human.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns before LAST ERROR, and what stands before one that goes below its child. */
enum { SLOT_WIDTH = 79, ERROR_INDENT = 2, EVENT_INDENT = 22, STAGE_WIDTH = 129 };

static struct ctl_view_line *ctl_view_add(struct ctl_view *view, enum ctl_view_style style,
					  const char *format, ...) PRINTF_LIKE(3, 4);

static struct ctl_view_line *
ctl_view_add(struct ctl_view *view, enum ctl_view_style style, const char *format, ...)
{
	struct ctl_view_line *line = &view->lines[MIN(view->count, (size_t)VIEW_LINES - 1)];
	char *visible;
	va_list args;

	*line = (struct ctl_view_line){.style = style};
	va_start(args, format);
	vsnprintf(line->text, sizeof(line->text), format, args);
	va_end(args);
	visible = visible_text_new(span_of(line->text), 0);
	snprintf(line->text, sizeof(line->text), "%s", visible);
	free(visible);
	if (view->count < VIEW_LINES)
		view->count++;
	return line;
}

static const json_t *
ctl_view_role(const json_t *status, unsigned role)
{
	return json_object_get(json_object_get(status, "roles"), role_table[role].name);
}

/* --- latencies --- */

static double
ctl_view_new_count(const json_t *before, const json_t *after, size_t bucket)
{
	double now = json_number_value(json_array_get(json_object_get(after, "counts"), bucket));
	double then = json_number_value(json_array_get(json_object_get(before, "counts"), bucket));

	return MAX(0.0, now - then);
}

double
ctl_view_quantile(const json_t *before, const json_t *after, double share)
{
	const json_t *bounds = json_object_get(after, "bounds");
	size_t count = json_array_size(bounds);
	double total = 0, so_far = 0, lower = 0, bound = 0;

	for (size_t i = 0; i <= count; i++)
		total += ctl_view_new_count(before, after, i);
	if (total <= 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		double here = ctl_view_new_count(before, after, i);

		lower = bound;
		bound = json_number_value(json_array_get(bounds, i));
		if (here > 0 && so_far + here >= share * total)
			return lower + (bound - lower) * (share * total - so_far) / here;
		so_far += here;
	}
	return bound;
}

static const char *
ctl_view_quantiles(const json_t *before, const json_t *role, const char *name, char *out,
		   size_t out_size)
{
	const json_t *then = json_object_get(before, name), *now = json_object_get(role, name);
	double half = ctl_view_quantile(then, now, 0.5), most = ctl_view_quantile(then, now, 0.99);
	char a[32], b[32];

	if (half < 0) { /* nothing lately: since sluiced began */
		half = ctl_view_quantile(NULL, now, 0.5);
		most = ctl_view_quantile(NULL, now, 0.99);
	}
	if (half < 0) {
		snprintf(out, out_size, "-");
		return out;
	}
	if (most < 1)
		snprintf(out, out_size, "%.0f/%.0fms", half * 1000, most * 1000);
	else
		snprintf(out, out_size, "%s/%s",
			 human_duration((int64_t)(half * 1000), a, sizeof(a)),
			 human_duration((int64_t)(most * 1000), b, sizeof(b)));
	return out;
}

/* --- parts --- */

static void
ctl_view_add_head(struct ctl_view *view, const json_t *status)
{
	char uptime[32];

	human_duration((int64_t)(member_number(status, "uptime_s", 0) * 1000), uptime,
		       sizeof(uptime));
	ctl_view_add(view, VIEW_PLAIN, "sluiced %s, pid %d, up %s%s",
		     member_text(status, "version", "?"), (int)member_number(status, "pid", 0),
		     uptime, member_is_true(status, "draining") ? ", ENDING" : "");
	ctl_view_add(view, VIEW_PLAIN, "%s", "");
}

static double
ctl_view_rate(const json_t *role, size_t which)
{
	return json_number_value(json_array_get(json_object_get(role, "rates"), which));
}

/* The texts of a stage's line. */
struct stage_cells {
	char ready[16], total[32], waiting[32], drain[32], scale[32], batch[64], lag[64];
};

static void
ctl_view_fill_stage(struct stage_cells *cells, const json_t *then, const json_t *role)
{
	const json_t *queue = json_object_get(role, "queue");
	const json_t *limits = json_object_get(role, "autoscale");
	double drain_s = member_number(queue, "drain_s", -1);

	*cells = (struct stage_cells){.waiting = "-", .drain = "-", .scale = "-"};
	snprintf(cells->ready, sizeof(cells->ready), "%d/%d", (int)member_number(role, "ready", 0),
		 (int)member_number(role, "wanted", 0));
	human_count((uint64_t)member_number(role, "total", 0), cells->total, sizeof(cells->total));
	if (member_is_true(queue, "known")) {
		human_count((uint64_t)member_number(queue, "ready", 0), cells->waiting,
			    sizeof(cells->waiting));
		if (drain_s >= 0)
			human_duration((int64_t)(drain_s * 1000), cells->drain,
				       sizeof(cells->drain));
	}
	if (json_is_object(limits))
		snprintf(cells->scale, sizeof(cells->scale), "%d to %d",
			 (int)member_number(limits, "min", 0),
			 (int)member_number(limits, "max", 0));
	ctl_view_quantiles(then, role, histogram_name(HISTOGRAM_BATCH), cells->batch,
			   sizeof(cells->batch));
	ctl_view_quantiles(then, role, histogram_name(HISTOGRAM_LAG), cells->lag,
			   sizeof(cells->lag));
}

static enum ctl_view_style
ctl_view_stage_style(const json_t *role)
{
	double ready = member_number(role, "ready", 0), wanted = member_number(role, "wanted", 0);

	if (member_is_true(role, "paused"))
		return VIEW_WARNING;
	return ready == wanted ? VIEW_GOOD : ready > 0 ? VIEW_WARNING : VIEW_BAD;
}

/* On a narrow screen speeds and limits give way to how long things take. */
static void
ctl_view_add_stages(struct ctl_view *view, const json_t *before, const json_t *status)
{
	bool narrow = view->width > 0 && view->width < STAGE_WIDTH;

	if (narrow)
		ctl_view_add(view, VIEW_HEADING, "%-8s %5s %7s %6s %7s %7s %14s %14s", "STAGE",
			     "READY", "10s/s", "TOTAL", "WAITING", "DRAIN", "BATCH 50/99%",
			     "LAG 50/99%");
	else
		ctl_view_add(view, VIEW_HEADING, "%-9s %7s %8s %8s %8s %9s %8s %8s %11s %15s %15s",
			     "STAGE", "READY", "now/s", "10s/s", "60s/s", "TOTAL", "WAITING",
			     "DRAIN", "AUTOSCALE", "BATCH 50/99%", "LAG 50/99%");
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role = ctl_view_role(status, i);
		const char *name = role_table[i].name;
		bool paused = member_is_true(role, "paused");
		struct stage_cells cells;

		ctl_view_fill_stage(&cells, ctl_view_role(before, i), role);
		if (narrow)
			ctl_view_add(view, ctl_view_stage_style(role),
				     "%-8s %5s %7.0f %6s %7s %7s %14s %14s", name, cells.ready,
				     ctl_view_rate(role, 1), cells.total, cells.waiting,
				     paused ? "PAUSED" : cells.drain, cells.batch, cells.lag);
		else
			ctl_view_add(view, ctl_view_stage_style(role),
				     "%-9s %7s %8.0f %8.0f %8.0f %9s %8s %8s %11s %15s %15s%s",
				     name, cells.ready, ctl_view_rate(role, 0),
				     ctl_view_rate(role, 1), ctl_view_rate(role, 2), cells.total,
				     cells.waiting, cells.drain, cells.scale, cells.batch,
				     cells.lag, paused ? "  PAUSED" : "");
	}
	ctl_view_add(view, VIEW_PLAIN, "%s", "");
}

static enum ctl_view_style
ctl_view_slot_style(const json_t *slot)
{
	const char *state = member_text(slot, "state", "");

	if (strcmp(state, "FATAL") == 0 || strcmp(state, "BACKOFF") == 0)
		return VIEW_BAD;
	if (member_is_true(slot, "ready") && !member_is_true(slot, "paused"))
		return VIEW_GOOD;
	return VIEW_WARNING;
}

/* An error below its child, indented. */
static void
ctl_view_add_error(struct ctl_view *view, const json_t *slot, const char *error)
{
	char *visible =
		visible_text_new(span_of(error), 0); /* before it is cut: that makes it longer */
	size_t width = view->width > ERROR_INDENT + 1 ? view->width - ERROR_INDENT : 1;

	for (const char *rest = visible; *rest != '\0';) {
		size_t len = text_wrap_len(rest, width);

		ctl_view_add(view, ctl_view_slot_style(slot), "%*s%.*s", ERROR_INDENT, "", (int)len,
			     rest)
			->slot = slot;
		rest += len;
		rest += strspn(rest, " ");
	}
	free(visible);
}

static void
ctl_view_add_slot(struct ctl_view *view, const json_t *slot)
{
	double up = member_number(slot, "uptime_s", -1);
	const char *error = member_text(slot, "last_error", "");
	char uptime[32] = "-", total[32], rejected[32];
	bool fits = view->width == 0 || SLOT_WIDTH + strlen(error) <= view->width;

	if (up >= 0)
		human_duration((int64_t)(up * 1000), uptime, sizeof(uptime));
	human_count((uint64_t)member_number(slot, "total", 0), total, sizeof(total));
	human_count((uint64_t)member_number(slot, "rejected", 0), rejected, sizeof(rejected));
	ctl_view_add(view, ctl_view_slot_style(slot), "%-12s %-9s %-6s %8d %8s %9.1f %9s %9s  %s",
		     member_text(slot, "name", "?"),
		     member_is_true(slot, "paused") ? "PAUSED" : member_text(slot, "state", "?"),
		     member_is_true(slot, "ready") ? "yes" : "no",
		     (int)member_number(slot, "pid", 0), uptime,
		     member_number(slot, "rate_per_s", 0), total, rejected, fits ? error : "")
		->slot = slot;
	if (!fits)
		ctl_view_add_error(view, slot, error);
}

static void
ctl_view_add_slots(struct ctl_view *view, const json_t *status)
{
	const json_t *slot;
	size_t i;

	ctl_view_add(view, VIEW_HEADING, "%-12s %-9s %-6s %8s %8s %9s %9s %9s  %s", "CHILD",
		     "STATE", "READY", "PID", "UPTIME", "RATE/s", "TOTAL", "REJECTED",
		     view->width == 0 || view->width >= SLOT_WIDTH + strlen("LAST ERROR")
			     ? "LAST ERROR"
			     : "");
	json_array_foreach(json_object_get(status, "slots"), i, slot) ctl_view_add_slot(view, slot);
	ctl_view_add(view, VIEW_PLAIN, "%s", "");
}

/* A text that may be long: in lines between whose words it is broken, all but the first indented. */
static void
ctl_view_add_wrapped(struct ctl_view *view, enum ctl_view_style style, const char *text,
		     size_t indent)
{
	char *visible = visible_text_new(span_of(text), 0);
	const char *rest = visible;
	size_t before = 0;

	if (view->width <= indent + 1) {
		ctl_view_add(view, style, "%s", visible);
		free(visible);
		return;
	}
	do {
		size_t len = text_wrap_len(rest, view->width - before);

		ctl_view_add(view, style, "%*s%.*s", (int)before, "", (int)len, rest);
		rest += len;
		rest += strspn(rest, " ");
		before = indent;
	} while (*rest != '\0');
	free(visible);
}

/* Those that wait, and below, what was rejected since sluiced began. */
static void
ctl_view_add_dead_letters(struct ctl_view *view, const json_t *status)
{
	char made[VIEW_WIDTH] = "made:";
	size_t bare = strlen(made), used = bare;

	ctl_view_add(view, VIEW_HEADING, "DEAD LETTERS");
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role = ctl_view_role(status, i);
		char text[CTL_DEAD_TEXT], line[CTL_DEAD_TEXT + 32];
		const char *reason;
		json_t *value;
		enum ctl_severity severity;

		if (role_table[i].queue == NULL)
			continue;
		severity = ctl_dead_describe(role, text);
		snprintf(line, sizeof(line), "%-8s %s", role_table[i].name, text);
		ctl_view_add_wrapped(view,
				     severity == CTL_FINE      ? VIEW_PLAIN
				     : severity == CTL_WARNING ? VIEW_WARNING
							       : VIEW_BAD,
				     line, ERROR_INDENT);
		json_object_foreach(json_object_get(role, "rejected_by_reason"), reason, value)
		{
			if (used < sizeof(made))
				used += (size_t)snprintf(made + used, sizeof(made) - used,
							 "%s %s %s %lld", used > bare ? "," : "",
							 role_table[i].name, reason,
							 (long long)json_integer_value(value));
		}
	}
	if (used > bare)
		ctl_view_add_wrapped(view, VIEW_PLAIN, made, ERROR_INDENT);
	ctl_view_add(view, VIEW_PLAIN, "%s", "");
}

static void
ctl_view_event_text(const json_t *event, char out[VIEW_WIDTH])
{
	const char *actor = member_text(event, "actor", "");

	snprintf(out, VIEW_WIDTH, "%.19sZ  %-9s %-9s %s%s%s", member_text(event, "at", "?"),
		 member_text(event, "kind", "?"), member_text(event, "subject", "?"),
		 member_text(event, "text", ""), actor[0] != '\0' ? ", by " : "", actor);
}

/* The newest ones for which there is room. */
static void
ctl_view_add_events(struct ctl_view *view, const json_t *events, size_t max_lines)
{
	size_t count = json_array_size(events), first = count, start;
	char text[VIEW_WIDTH];

	ctl_view_add(view, VIEW_HEADING, "EVENTS");
	start = view->count;
	for (size_t lines = 0; first > 0; first--) {
		ctl_view_event_text(json_array_get(events, first - 1), text);
		ctl_view_add_wrapped(view, VIEW_PLAIN, text, EVENT_INDENT);
		lines += view->count - start;
		view->count = start;
		if (lines > max_lines)
			break;
	}
	for (size_t i = first; i < count; i++) {
		ctl_view_event_text(json_array_get(events, i), text);
		ctl_view_add_wrapped(view, VIEW_PLAIN, text, EVENT_INDENT);
	}
}

void
ctl_view_make(struct ctl_view *view, const json_t *before, const json_t *status,
	      const json_t *events, size_t max_lines)
{
	view->count = 0;
	ctl_view_add_head(view, status);
	ctl_view_add_stages(view, before, status);
	ctl_view_add_slots(view, status);
	ctl_view_add_dead_letters(view, status);
	ctl_view_add_events(view, events, max_lines);
}
