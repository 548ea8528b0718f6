/* SPDX-License-Identifier: MIT */
/*
 * ctl_top.c - `sluicectl top`: the view of ctl_view.c on a full screen, with keys. The only file
 * that knows ncurses, and it is built without it too: then, or when standard output is no terminal,
 * the verb prints one snapshot.
 */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/visible_text.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/member.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/ctl_view.h"
#include "supervisor/shared/roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef WITH_NCURSES
#include <ncurses.h>
#endif

enum { SNAPSHOT_EVENTS = 10 };

/* status: with the events in it. */
static void
ctl_top_print(const json_t *status, FILE *out)
{
	struct ctl_view *view = xcalloc(1, sizeof(*view));

	ctl_view_make(view, NULL, status, json_object_get(status, "events"), SNAPSHOT_EVENTS);
	for (size_t i = 0; i < view->count; i++)
		fprintf(out, "%s\n", view->lines[i].text);
	free(view);
}

static int
ctl_top_snapshot(struct call *call)
{
	json_t *data = NULL;
	int exit_code;
	json_t *status = client_ask(call->client, "status", NULL, &exit_code);

	if (status != NULL)
		data = client_ask(call->client, "events", NULL, &exit_code);
	if (data != NULL) {
		json_object_set(status, "events", json_object_get(data, "events"));
		output_value(&call->output, status, ctl_top_print);
	}
	json_decref(data);
	json_decref(status);
	return exit_code;
}

#ifdef WITH_NCURSES

enum { REFRESH_MS = 1000, COMPARE_MS = 10000, MESSAGE_MS = 5000 };

/* What a key does, once it is confirmed. */
struct ctl_top_action {
	const char *command;
	json_t *arguments;
	char question[160];
};

struct top {
	struct client *client;
	struct ctl_view view;
	json_t *status, *events, *before; /* before: the status that latencies are counted from */
	int64_t before_ms, message_ms;
	size_t selected; /* among the children */
	struct ctl_top_action action;
	char message[448];
	int exit_code;
};

static void
ctl_top_say(struct top *top, const char *text)
{
	char *visible = visible_text_new(span_of(text), 0);

	snprintf(top->message, sizeof(top->message), "%s", visible);
	free(visible);
	top->message_ms = clock_mono_ms();
}

/* sluiced may be away for a moment: the last picture stays, with a word about it. */
static bool
ctl_top_refresh(struct top *top)
{
	int64_t now_ms = clock_mono_ms();
	json_t *status = client_ask(top->client, "status", NULL, &top->exit_code), *data = NULL;

	if (status != NULL)
		data = client_ask(top->client, "events", NULL, &top->exit_code);
	if (data == NULL) {
		json_decref(status);
		ctl_top_say(top, "sluiced does not answer");
		return top->status != NULL;
	}
	if (top->before == NULL || now_ms - top->before_ms >= COMPARE_MS) {
		json_decref(top->before);
		top->before = json_incref(top->status != NULL ? top->status : status);
		top->before_ms = now_ms;
	}
	json_decref(top->status);
	json_decref(top->events);
	top->status = status;
	top->events = json_incref(json_object_get(data, "events"));
	json_decref(data);
	return true;
}

static const json_t *
ctl_top_selected_slot(const struct top *top)
{
	return json_array_get(json_object_get(top->status, "slots"), top->selected);
}

static attr_t
ctl_top_attribute(enum ctl_view_style style)
{
	switch (style) {
	case VIEW_HEADING:
		return A_BOLD;
	case VIEW_GOOD:
		return (attr_t)COLOR_PAIR(1);
	case VIEW_WARNING:
		return (attr_t)COLOR_PAIR(2);
	case VIEW_BAD:
		return (attr_t)COLOR_PAIR(3) | A_BOLD;
	default:
		return A_NORMAL;
	}
}

static void
ctl_top_draw(struct top *top)
{
	const char *foot = "up/down choose   + - scale   r restart   p pause/resume   q end";
	size_t rows = (size_t)MAX(LINES - 1, 1);
	const json_t *selected = ctl_top_selected_slot(top);

	/* As many events as there is room for. */
	top->view.width = (size_t)COLS;
	ctl_view_make(&top->view, top->before, top->status, top->events, 0);
	ctl_view_make(&top->view, top->before, top->status, top->events,
		      rows > top->view.count ? rows - top->view.count : 0);
	erase();
	for (size_t i = 0; i < top->view.count && i < rows; i++) {
		const struct ctl_view_line *line = &top->view.lines[i];
		attr_t attr = ctl_top_attribute(line->style);

		if (line->slot != NULL && line->slot == selected)
			attr |= A_REVERSE;
		attrset((int)attr);
		mvaddnstr((int)i, 0, line->text, COLS);
	}
	attrset((int)A_REVERSE);
	if (top->action.command != NULL)
		mvprintw(LINES - 1, 0, "%s  y/n", top->action.question);
	else if (clock_mono_ms() - top->message_ms < MESSAGE_MS)
		mvaddnstr(LINES - 1, 0, top->message, COLS);
	else
		mvaddnstr(LINES - 1, 0, foot, COLS);
	attrset((int)A_NORMAL);
	refresh();
}

static void
ctl_top_clear_action(struct top *top)
{
	json_decref(top->action.arguments);
	top->action = (struct ctl_top_action){.command = NULL};
}

static int
ctl_top_role_maximum(const char *name)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (strcmp(role_table[i].name, name) == 0)
			return (int)role_table[i].max;
	return 0;
}

static void
ctl_top_propose_scale(struct top *top, const char *role, int by)
{
	const json_t *object = json_object_get(json_object_get(top->status, "roles"), role);
	int wanted = (int)member_number(object, "wanted", 0);

	char text[160];

	if (wanted + by < 0 || wanted + by > ctl_top_role_maximum(role)) {
		snprintf(text, sizeof(text), "%s is at %d, its %s", role, wanted,
			 by < 0 ? "minimum" : "maximum");
		ctl_top_say(top, text);
		return;
	}
	top->action.command = "scale";
	top->action.arguments =
		json_pack("{s:i, s:{s:i}}", role, wanted + by, "current", role, wanted);
	snprintf(top->action.question, sizeof(top->action.question), "scale %s from %d to %d?",
		 role, wanted, wanted + by);
}

static void
ctl_top_propose(struct top *top, int key)
{
	const json_t *slot = ctl_top_selected_slot(top);
	const char *role = member_text(slot, "role", ""), *name = member_text(slot, "name", "");
	bool paused = member_is_true(slot, "pause_wanted");
	struct ctl_top_action *action = &top->action;

	if (slot == NULL)
		return;
	if (key == '+' || key == '-') {
		ctl_top_propose_scale(top, role, key == '+' ? 1 : -1);
	} else if (key == 'r') {
		action->command = "restart";
		action->arguments = json_pack("{s:s}", "target", name);
		snprintf(action->question, sizeof(action->question), "restart %s?", name);
	} else if (key == 'p') {
		action->command = paused ? "resume" : "pause";
		action->arguments = json_pack("{s:s}", "target", role);
		snprintf(action->question, sizeof(action->question), "%s %s?", action->command,
			 role);
	}
}

static void
ctl_top_run_action(struct top *top)
{
	char text[448];
	int exit_code = 0;
	json_t *data;

	top->client->refusal[0] = '\0';
	data = client_ask(top->client, top->action.command, top->action.arguments, &exit_code);

	top->action.arguments = NULL; /* client_ask has released them */
	snprintf(text, sizeof(text), "%s: %s", top->action.question,
		 data != NULL			? "done"
		 : top->client->refusal[0] != 0 ? top->client->refusal
						: "sluiced does not answer");
	ctl_top_say(top, text);
	json_decref(data);
	ctl_top_clear_action(top);
}

/* Returns false when it is time to end. */
static bool
ctl_top_handle_key(struct top *top, int key)
{
	size_t count = json_array_size(json_object_get(top->status, "slots"));

	if (top->action.command != NULL && key != ERR) {
		if (key == 'y' || key == 'Y')
			ctl_top_run_action(top);
		else
			ctl_top_clear_action(top);
		return true;
	}
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case KEY_UP:
	case 'k':
		top->selected -= top->selected > 0 ? 1 : 0;
		break;
	case KEY_DOWN:
	case 'j':
		top->selected += top->selected + 1 < count ? 1 : 0;
		break;
	case '+':
	case '-':
	case 'r':
	case 'p':
		ctl_top_propose(top, key);
		break;
	default:
		break;
	}
	return true;
}

static void
ctl_top_start_screen(void)
{
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	timeout(REFRESH_MS);
	if (has_colors() && output_has_colour()) {
		start_color();
		use_default_colors();
		init_pair(1, COLOR_GREEN, -1);
		init_pair(2, COLOR_YELLOW, -1);
		init_pair(3, COLOR_RED, -1);
	}
}

static int
ctl_top_run(struct client *client)
{
	struct top *top = xcalloc(1, sizeof(*top));
	int64_t next_ms = 0;
	int exit_code, key = ERR;

	top->client = client;
	if (!ctl_top_refresh(top)) { /* said by client_ask: before the screen is taken over */
		exit_code = top->exit_code;
		free(top);
		return exit_code;
	}
	client->quiet = true;
	client->on_screen = true;
	ctl_top_start_screen();
	do {
		if (clock_mono_ms() >= next_ms) {
			ctl_top_refresh(top);
			next_ms = clock_mono_ms() + REFRESH_MS;
		}
		top->selected =
			MIN(top->selected, json_array_size(json_object_get(top->status, "slots")));
		ctl_top_draw(top);
		key = getch();
		if (key != ERR)
			next_ms = 0;
	} while (ctl_top_handle_key(top, key));
	endwin();
	ctl_top_clear_action(top);
	json_decref(top->before);
	json_decref(top->status);
	json_decref(top->events);
	free(top);
	return CTL_OK;
}

#endif

int
ctl_top(struct call *call)
{
#ifdef WITH_NCURSES
	if (!call->output.json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO))
		return ctl_top_run(call->client);
#endif
	return ctl_top_snapshot(call);
}
