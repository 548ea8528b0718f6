/* SPDX-License-Identifier: MIT */
/*
 * dlq_text.c - foreign bytes made harmless; times.
 */
#include "supervisor/dlq/dlq_text.h"
#include "common/base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- escaping --- */

/* Characters that a terminal obeys, or that change what the others look like. */
static const struct {
	uint32_t first, last;
} unsafe[] = {
	{0x80, 0x9f},	    /* C1 controls */
	{0xad, 0xad},	    /* soft hyphen */
	{0x61c, 0x61c},	    /* Arabic letter mark */
	{0x180e, 0x180e},   /* Mongolian vowel separator */
	{0x200b, 0x200f},   /* zero width, direction marks */
	{0x2028, 0x202e},   /* separators, embeddings and overrides */
	{0x2060, 0x206f},   /* joiners, isolates */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xfff9, 0xfffb},   /* annotations */
	{0xe0000, 0xe0fff}, /* tags, variation selectors */
};

static bool
is_unsafe(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
		if (c >= unsafe[i].first && c <= unsafe[i].last)
			return true;
	return false;
}

/* Length of the character at p and the character itself; length 0 = not UTF-8. */
static size_t
decode(const char *p, size_t rest, uint32_t *c)
{
	unsigned char lead = (unsigned char)*p;
	size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (len > rest || !utf8_valid((struct span){p, len}))
		return 0;
	*c = len == 1 ? lead : lead & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*c = *c << 6 | ((unsigned char)p[i] & 0x3f);
	return len;
}

void
dlq_print_visible(FILE *out, struct span text, size_t max, size_t *place)
{
	size_t columns = 0, wanted = place != NULL ? *place : SIZE_MAX;

	for (size_t i = 0, len; i < text.len; i += len) {
		uint32_t c = 0;

		if (i <= wanted && place != NULL)
			*place = columns;
		if (max > 0 && columns >= max) {
			fputs("…", out);
			return;
		}
		len = decode(text.ptr + i, text.len - i, &c);
		if (len == 0 || c < 0x20 || c == 0x7f) {
			len = 1;
			columns += (size_t)fprintf(out, "\\x%02X", (unsigned char)text.ptr[i]);
		} else if (is_unsafe(c)) {
			columns += (size_t)fprintf(out, "\\u{%" PRIX32 "}", c);
		} else {
			fwrite(text.ptr + i, 1, len, out);
			columns++;
		}
	}
	if (place != NULL && wanted >= text.len)
		*place = columns;
}

char *
dlq_visible(struct span text, size_t max)
{
	char *out = NULL;
	size_t size;
	FILE *memory = open_memstream(&out, &size);

	if (memory == NULL)
		abort();
	dlq_print_visible(memory, text, max, NULL);
	fclose(memory);
	return out;
}

void
dlq_print_csv(FILE *out, struct span text)
{
	char *visible = dlq_visible(text, 0);
	bool is_formula = text.len > 0 && memchr("=+-@\t\r\n", text.ptr[0], 7) != NULL;

	if (!is_formula && strpbrk(visible, "\",;' ") == NULL) {
		fputs(visible, out);
	} else {
		fputs(is_formula ? "\"'" : "\"", out);
		for (const char *p = visible; *p != '\0'; p++) {
			if (*p == '"')
				fputc('"', out);
			fputc(*p, out);
		}
		fputc('"', out);
	}
	free(visible);
}

/* --- times --- */

static int
parse_ago(const char *text, int64_t now_s, int64_t *out_s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits] == '\0' || text[digits + 1] != '\0')
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit != text[digits])
			continue;
		*out_s = now_s - strtoll(text, NULL, 10) * units[i].seconds;
		return 0;
	}
	return -1;
}

/* "Z", "+01:00", "-0530": seconds east of UTC. */
static int
parse_zone(const char *text, int64_t *seconds)
{
	int hours, minutes, used = 0;
	char sign;

	*seconds = 0;
	if (strcmp(text, "Z") == 0)
		return 0;
	if ((sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 &&
	     sscanf(text, "%c%2d%2d%n", &sign, &hours, &minutes, &used) != 3) ||
	    text[used] != '\0' || (sign != '+' && sign != '-') || hours < 0 || hours > 14 ||
	    minutes < 0 || minutes > 59)
		return -1;
	*seconds = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return 0;
}

int
dlq_parse_time(const char *text, int64_t now_s, int64_t *out_s)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					    "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
	int64_t zone = 0;

	if (parse_ago(text, now_s, out_s) == 0)
		return 0;
	if (text[0] == '@' && strspn(text + 1, "0123456789") == strlen(text + 1) &&
	    strlen(text) > 1 && strlen(text) < 14) {
		*out_s = strtoll(text + 1, NULL, 10);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {.tm_isdst = 0};
		const char *rest = strptime(text, forms[i], &tm);

		if (rest != NULL && (*rest == '\0' || parse_zone(rest, &zone) == 0)) {
			*out_s = timegm(&tm) - zone;
			return 0;
		}
	}
	return -1;
}

const char *
dlq_utc_time(int64_t when_s, char out[32])
{
	time_t when = when_s;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, 32, "-");
	return out;
}

const char *
dlq_when(int64_t when_s, char out[32])
{
	if (when_s != 0)
		return dlq_utc_time(when_s, out);
	snprintf(out, 32, "-");
	return out;
}
