/* SPDX-License-Identifier: MIT */
/*
 * ctl_view.h - what `sluicectl top` shows, as lines of text: a terminal gets them again and again,
 * anything else once.
 */
#ifndef SUPERVISOR_CTL_CTL_VIEW_H
#define SUPERVISOR_CTL_CTL_VIEW_H

#include <jansson.h>
#include <stddef.h>

enum { VIEW_LINES = 256, VIEW_WIDTH = 512 };

enum ctl_view_style { VIEW_PLAIN, VIEW_HEADING, VIEW_GOOD, VIEW_WARNING, VIEW_BAD };

struct ctl_view_line {
	char text[VIEW_WIDTH];
	enum ctl_view_style style;
	const json_t *slot; /* the line is about this child; borrowed from the status */
};

struct ctl_view {
	struct ctl_view_line lines[VIEW_LINES];
	size_t count;
	size_t width; /* of the screen, 0 = any; what does not fit has fewer columns or goes below */
};

/*
 * Make the lines. before is an earlier status (NULL = none): latencies are those of the time
 * between the two. events is the list of `events`, of which the last are shown, in at
 * most max_lines lines.
 */
void ctl_view_make(struct ctl_view *view, const json_t *before, const json_t *status,
		   const json_t *events, size_t max_lines);

/*
 * The value below which the share (0 to 1) of a histogram's new observations lie, from its buckets,
 * in seconds; -1 = there were none. Above the last bound: the last bound.
 */
double ctl_view_quantile(const json_t *before, const json_t *after, double share);

#endif
