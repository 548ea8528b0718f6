/* SPDX-License-Identifier: MIT */
/*
 * log_guess.c - the built-in formats tried on the line, and on the line without its first words.
 */
#include "clean_worker/log_guess.h"
#include "common/base/defs.h"

#include <stdio.h>
#include <string.h>

enum {
	PREFIX_WORDS_MAX = 10,	/* "Nov 26 10:00:00 web1 nginx[12]: " has five */
	LINE_MAX_BYTES = 65536, /* longer lines are not guessed at */
};

/*
 * How well the text fits the format: by its number of items, a session in it counts; 0 = not at
 * all.
 */
static size_t
fit(const struct log_format *format, struct span text)
{
	struct access_line access;
	struct parse_error error;

	if (log_parse(format, text, &access, &error) != REASON_NONE)
		return 0;
	return 2 * format->item_count + (access.session.ptr != NULL);
}

/* The format that the whole of the text fits best; of equal ones the later. NULL = none. */
static const struct log_format *
find_form(struct span text)
{
	const struct log_format *found = NULL, *format;
	size_t best = 1;

	for (size_t i = 0; (format = log_format_at(i)) != NULL; i++) {
		size_t fits = fit(format, text);

		if (fits >= best) {
			best = fits;
			found = format;
		}
	}
	return found;
}

/* The format that the line has behind its first words; *prefix is how many bytes these have. */
static const struct log_format *
find_behind_prefix(struct span line, size_t *prefix)
{
	*prefix = 0;
	for (int words = 0; words < PREFIX_WORDS_MAX; words++) {
		const struct log_format *format;
		const char *blank = memchr(line.ptr + *prefix, ' ', line.len - *prefix);

		if (blank == NULL)
			return NULL;
		*prefix = (size_t)(blank - line.ptr);
		while (*prefix < line.len && line.ptr[*prefix] == ' ')
			(*prefix)++;
		format = find_form((struct span){line.ptr + *prefix, line.len - *prefix});
		if (format != NULL)
			return format;
	}
	return NULL;
}

/* Did it fit to its end, and quoted fields follow? */
static bool
has_more_fields(struct span line, const struct parse_error *error)
{
	return error->offset + 2 < line.len && memcmp(line.ptr + error->offset, " \"", 2) == 0 &&
	       strcmp(error->expected, LOG_PARSE_END) == 0;
}

const char *
log_guess(const struct log_format *format, struct span line, const struct parse_error *error,
	  char out[LOG_GUESS_SIZE])
{
	const struct log_format *other;
	size_t prefix;

	out[0] = '\0';
	if (line.len > LINE_MAX_BYTES)
		return out;
	other = find_form(line);
	if (other != NULL) {
		snprintf(out, LOG_GUESS_SIZE, "the line has the form of %s",
			 log_format_name(other));
	} else if (has_more_fields(line, error)) {
		snprintf(out, LOG_GUESS_SIZE,
			 "the line has the form of %s with further fields at its end, as nginx's "
			 "log_format main or LiteSpeed write them",
			 log_format_name(format));
	} else if ((other = find_behind_prefix(line, &prefix)) != NULL) {
		snprintf(
			out, LOG_GUESS_SIZE,
			"the line has the form of %s behind its first %zu bytes (a virtual host, or "
			"the prefix of syslog or a container)",
			log_format_name(other), prefix);
	} else if (line.len > 0 && line.ptr[0] == '{') {
		snprintf(out, LOG_GUESS_SIZE, "the line looks like JSON");
	} else if (line.len > 0 && line.ptr[0] == '#') {
		snprintf(out, LOG_GUESS_SIZE,
			 "the line looks like a comment, as W3C logs have them");
	}
	return out;
}
