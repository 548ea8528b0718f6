/* SPDX-License-Identifier: MIT */
/*
 * make_log.c - writes a made-up access log for tests, demos and measurements.
 *
 * The same options give the same bytes on every machine: the random numbers are our own, in
 * integers. Most lines are ordinary; a few are the odd ones that real servers write (raw quotes and
 * braces in a URL, TLS bytes as a request, bytes that are not UTF-8, very long URLs, equal lines),
 * and --bad plants lines that no parser can take.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define LINE_MAX_BYTES 16384
#define LONG_URL_BYTES 8192
#define NAMES 65536 /* size of the table that a rank is drawn from */
#define HOSTS 400
#define PATHS 5000
#define CLIENTS 3000

enum format { FORMAT_EZPROXY, FORMAT_COMBINED, FORMAT_COMMON };

struct options {
	uint64_t lines;
	uint64_t seed;
	uint64_t bad_every;
	uint64_t lines_per_s;
	int64_t start_time;
	enum format format;
	bool unique;
};

/* One log line while it is made, and what the next ones depend on. */
struct maker {
	struct options options;
	uint64_t random[4];
	uint64_t number; /* of this line, from 1 */
	char *end;	 /* where the next byte goes */
	char line[LINE_MAX_BYTES];
	char time[2][40]; /* the two zones, made once a second */
	int64_t time_of;
	uint16_t host_rank[NAMES];
	uint16_t path_rank[NAMES];
	uint16_t client_rank[NAMES];
};

/* --- random numbers: xoshiro256**, seeded by splitmix64 --- */

static uint64_t
mix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A value that depends on n alone: the properties of client n, path n, ... */
static uint64_t
property(uint64_t kind, uint64_t n)
{
	uint64_t state = kind << 32 ^ n;

	return mix(&state);
}

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t
draw(struct maker *m)
{
	uint64_t *s = m->random;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* 0 .. n - 1 */
static uint32_t
below(struct maker *m, uint32_t n)
{
	return (uint32_t)((draw(m) >> 32) * n >> 32);
}

static bool
one_in(struct maker *m, uint32_t n)
{
	return below(m, n) == 0;
}

/* Fill a table so that a random entry of it is rank r with a weight of 1 / (r + 3): Zipf's law. */
static void
fill_ranks(uint16_t *table, uint32_t ranks)
{
	uint64_t total = 0, reached = 0;
	uint32_t at = 0;

	for (uint32_t rank = 0; rank < ranks; rank++)
		total += (UINT64_C(1) << 32) / (rank + 3);
	for (uint32_t rank = 0; rank < ranks; rank++) {
		reached += (UINT64_C(1) << 32) / (rank + 3);
		uint32_t until = (uint32_t)(reached * NAMES / total);
		while (at < until)
			table[at++] = (uint16_t)rank;
	}
	while (at < NAMES)
		table[at++] = 0;
}

static uint32_t
ranked(struct maker *m, const uint16_t *table)
{
	return table[draw(m) >> 48];
}

/* --- appending to the line --- */

static void
put_bytes(struct maker *m, const char *bytes, size_t count)
{
	memcpy(m->end, bytes, count);
	m->end += count;
}

static void
put(struct maker *m, const char *text)
{
	put_bytes(m, text, strlen(text));
}

static void
put_char(struct maker *m, char c)
{
	*m->end++ = c;
}

static void
put_number(struct maker *m, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	put_bytes(m, digits + at, sizeof(digits) - at);
}

static void
put_hex(struct maker *m, uint64_t value, int digits)
{
	while (digits-- > 0)
		put_char(m, "0123456789abcdef"[value >> (4 * digits) & 15]);
}

#define PICK(m, table) ((table)[below((m), (uint32_t)ARRAY_LEN(table))])

/* --- fields --- */

static void
put_client(struct maker *m, uint32_t client)
{
	uint64_t bits = property(1, client);

	if (client % 16 == 5) {
		put(m, "2001:db8:");
		put_hex(m, bits >> 16 & 0xffff, 4);
		put(m, "::");
		put_hex(m, bits & 0xfff, 3);
		return;
	}
	put_number(m, 11 + bits % 180);
	put_char(m, '.');
	put_number(m, bits >> 16 & 255);
	put_char(m, '.');
	put_number(m, bits >> 24 & 255);
	put_char(m, '.');
	put_number(m, 1 + (bits >> 32) % 254);
}

static void
put_user(struct maker *m, uint32_t client)
{
	static const char *const names[] = {"anna",   "jdoe",	"m.weber", "priya",
					    "chen_l", "o.haas", "sofia",   "tkumar",
					    "lucas",  "ines",	"guest",   "r.silva"};
	static const char *const domains[] = {"example.edu", "uni.example.org", "mail.example.com",
					      "students.example.ac.uk"};
	uint64_t bits = property(2, client);

	if (bits % 10 < 4) {
		put_char(m, '-');
		return;
	}
	put(m, names[(bits >> 8) % ARRAY_LEN(names)]);
	put_number(m, client);
	if (bits % 10 < 7)
		return;
	put_char(m, '@');
	put(m, domains[(bits >> 16) % ARRAY_LEN(domains)]);
}

/* A client keeps its session for some thousand lines. */
static void
put_session(struct maker *m, uint32_t client)
{
	static const char letters[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint64_t bits = property(3, client ^ m->number / 4096 << 16);

	if (bits % 8 == 0) {
		put_char(m, '-');
		return;
	}
	for (int i = 0; i < 15; i++) {
		put_char(m, letters[bits % (sizeof(letters) - 1)]);
		bits = i == 7 ? property(4, bits) : bits / 62;
	}
}

static void
put_host(struct maker *m, uint32_t host)
{
	static const char *const first[] = {"www", "search", "link",  "journals",
					    "api", "static", "books", "data"};
	static const char *const last[] = {"example.com", "example.org", "example.net",
					   "publisher.example"};
	uint64_t bits = property(5, host);

	put(m, first[bits % ARRAY_LEN(first)]);
	put_char(m, '.');
	put(m, "site");
	put_number(m, host);
	put_char(m, '.');
	put(m, last[(bits >> 8) % ARRAY_LEN(last)]);
}

static void
put_path(struct maker *m, uint32_t path)
{
	static const char *const parts[] = {"article", "doi",	 "pdf",	    "search",	"static",
					    "issue",   "volume", "content", "images",	"js",
					    "css",     "api",	 "v1",	    "abstract", "login"};
	static const char *const ends[] = {".pdf", ".html", ".js", ".css", ".png", "", "", "/"};
	uint64_t bits = property(6, path);
	int depth = path == 0 ? 0 : 1 + (int)(bits % 3);

	for (int i = 0; i < depth; i++) {
		put_char(m, '/');
		put(m, parts[(bits >> (8 + 8 * i)) % ARRAY_LEN(parts)]);
	}
	put_char(m, '/');
	if (path == 0)
		return;
	put_number(m, path);
	put(m, ends[(bits >> 40) % ARRAY_LEN(ends)]);
}

/* What real URLs hold although they should not: raw quotes, braces, UTF-8, bytes that are not. */
static void
put_odd_query(struct maker *m)
{
	static const char *const odd[] = {
		"q=\"climate change\"",
		"filter={\"year\":[2020,2023],\"open\":true}",
		"q={{title}}",
		"q=\" 200 15",
		"q=M\xc3\xbcller+Gru\xc3\x9f",
		"q=\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"q=\xf0\x9f\x93\x9a",
		"q=caf\xe9",
		"q=\xff\xfe\xc3\x28",
		"q=%E2%82%AC&sort=year|desc",
		"q=a\\\"b\\\\c",
		"redirect=https://login.example.org/?next=/a?b=c#d",
	};

	put(m, PICK(m, odd));
}

static void
put_long_query(struct maker *m)
{
	uint32_t count = 500 + below(m, LONG_URL_BYTES - 1000);

	put(m, "token=");
	for (uint32_t i = 0; i < count; i += 8)
		put_hex(m, draw(m), 8);
}

static void
put_query(struct maker *m)
{
	char separator = '?';

	if (m->options.unique) {
		put(m, "?n=");
		put_number(m, m->number);
		separator = '&';
	}
	uint32_t kind = below(m, 20000);
	if (kind > 5000)
		return;
	put_char(m, separator);
	if (kind < 2) {
		put_long_query(m);
	} else if (kind < 40) {
		put_odd_query(m);
	} else {
		put(m, "page=");
		put_number(m, 1 + kind % 50);
		put(m, "&id=");
		put_hex(m, draw(m), 6);
	}
}

/* Requests that are no request; with --unique a number makes them differ. */
static void
put_garbage_request(struct maker *m)
{
	static const char *const garbage[] = {
		"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03",
		"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\x8f",
		"-",
		"",
		"GET /no-protocol",
		"SSH-2.0-Go",
		"\\x03\\x00\\x00/*\\xE0\\x00\\x00\\x00\\x00\\x00Cookie: mstshash=Administr",
		"PRI * HTTP/2.0",
	};

	put(m, PICK(m, garbage));
	if (m->options.unique) {
		put_char(m, ' ');
		put_number(m, m->number);
	}
}

static void
put_request(struct maker *m)
{
	static const char *const methods[] = {"POST", "HEAD", "OPTIONS", "PUT", "CONNECT"};
	uint32_t kind = below(m, 1000);

	if (kind < 3) {
		put_garbage_request(m);
		return;
	}
	put(m, kind < 900 ? "GET" : kind < 970 ? "POST" : PICK(m, methods));
	put_char(m, ' ');
	if (m->options.format == FORMAT_EZPROXY) {
		bool secure = below(m, 10) < 8;
		put(m, secure ? "https://" : "http://");
		put_host(m, ranked(m, m->host_rank));
		put(m, secure ? ":443" : ":80");
	}
	put_path(m, ranked(m, m->path_rank));
	put_query(m);
	put(m, kind % 50 == 7 ? " HTTP/1.0" : kind % 9 == 4 ? " HTTP/2.0" : " HTTP/1.1");
}

static void
put_status(struct maker *m)
{
	static const char *const statuses[] = {
		"200", "200", "200", "200", "200", "200", "200", "200", "200", "200", "200", "200",
		"200", "200", "302", "302", "302", "304", "304", "304", "304", "301", "404", "404"};
	static const char *const rare[] = {"206", "400", "401", "403", "405", "429",
					   "499", "500", "502", "503", "504", "204"};

	put(m, one_in(m, 30) ? PICK(m, rare) : PICK(m, statuses));
}

/* Sizes whose logarithm has the shape of a bell, around 64 KiB, seldom beyond 32 bits; or "-". */
static void
put_size(struct maker *m)
{
	uint64_t bits = draw(m);
	uint32_t power = 4;

	if (bits % 16 == 0) {
		put_char(m, '-');
		return;
	}
	for (int shift = 8; shift < 40; shift += 4)
		power += (uint32_t)(bits >> shift & 3); /* eight times 0 .. 3 */
	if (one_in(m, 50000))
		power = 31; /* beyond what 32 bits hold */
	put_number(m, (UINT64_C(1) << power) + (draw(m) & ((UINT64_C(1) << power) - 1)));
}

static void
put_referer_and_agent(struct maker *m)
{
	static const char *const agents[] = {
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/120.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
		"Gecko) Version/17.1 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
		"Mozilla/5.0 (compatible; ExampleBot/2.1; +http://bot.example.com/about)",
		"curl/7.88.1",
		"-",
		"strange \\\"agent\\\" \\x22",
	};

	put(m, " \"");
	if (one_in(m, 3)) {
		put_char(m, '-');
	} else {
		put(m, "https://");
		put_host(m, ranked(m, m->host_rank));
		put_path(m, ranked(m, m->path_rank));
	}
	put(m, "\" \"");
	put(m, one_in(m, 200) ? agents[6] : agents[below(m, 6)]);
	put_char(m, '"');
}

/* --- time --- */

/* Days since 1970 to a date of the Gregorian calendar. */
static void
date_of(int64_t days, int *year, int *month, int *day)
{
	days += 719468; /* since 0000-03-01 */
	int64_t era = days / 146097;
	int64_t in_era = days - era * 146097;
	int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
	int64_t from_march = (5 * in_year + 2) / 153;

	*day = (int)(in_year - (153 * from_march + 2) / 5 + 1);
	*month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
	*year = (int)(years + era * 400 + (*month <= 2));
}

static void
format_time(char *text, size_t size, int64_t utc, int offset_minutes)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t local = utc + offset_minutes * 60;
	int in_day = (int)(local % 86400);
	int zone = abs(offset_minutes);
	int year, month, day;

	date_of(local / 86400, &year, &month, &day);
	snprintf(text, size, "[%02d/%s/%04d:%02d:%02d:%02d %c%02d%02d]", day, months[month - 1],
		 year, in_day / 3600, in_day / 60 % 60, in_day % 60, offset_minutes < 0 ? '-' : '+',
		 zone / 60, zone % 60);
}

static void
put_time(struct maker *m)
{
	int64_t now = m->options.start_time + (int64_t)((m->number - 1) / m->options.lines_per_s);

	if (now != m->time_of) {
		m->time_of = now;
		format_time(m->time[0], sizeof(m->time[0]), now, 60);
		format_time(m->time[1], sizeof(m->time[1]), now, -330);
	}
	put(m, m->time[one_in(m, 64)]);
}

/* --- lines --- */

static void
make_line(struct maker *m)
{
	uint32_t client = ranked(m, m->client_rank);

	put_client(m, client);
	put_char(m, ' ');
	if (m->options.format == FORMAT_EZPROXY)
		put_session(m, client);
	else
		put_char(m, '-');
	put_char(m, ' ');
	put_user(m, client);
	put_char(m, ' ');
	put_time(m);
	put(m, " \"");
	put_request(m);
	put(m, "\" ");
	put_status(m);
	put_char(m, ' ');
	put_size(m);
	if (m->options.format == FORMAT_COMBINED)
		put_referer_and_agent(m);
	else if (m->options.format == FORMAT_EZPROXY && one_in(m, 10))
		put(m, " -");
}

/*
 * A line that no parser can take: one of five kinds in turn. The number keeps such lines distinct.
 */
static void
make_bad_line(struct maker *m)
{
	uint64_t kind = m->number / m->options.bad_every % 5;
	bool session = m->options.format == FORMAT_EZPROXY;

	switch (kind) {
	case 0:
		put(m, "this is no access log line, number ");
		put_number(m, m->number);
		return;
	case 1:
		put(m, session ? "192.0.2.1 aB3dE5gH7jK9mN1 " : "192.0.2.1 - ");
		put(m, "jdoe [31/Feb/2023:25:61:00 +0100] \"GET "
		       "https://www.example.org:443/bad-date/");
		put_number(m, m->number);
		put(m, " HTTP/1.1\" 200 1234");
		break;
	case 2:
		put(m, session ? "192.0.2.2 - - " : "192.0.2.2 - - ");
		put_time(m);
		put(m, " \"GET https://www.example.org:443/bad-status/");
		put_number(m, m->number);
		put(m, " HTTP/1.1\" OK 1234");
		break;
	case 3:
		put(m, "192.0.2.3 - - ");
		put_time(m);
		put(m, " \"GET https://www.example.org:443/cut-short/");
		put_number(m, m->number);
		return;
	default:
		put(m, "192.0.2.4 - - [");
		put_number(m, m->number);
		return;
	}
	if (m->options.format == FORMAT_COMBINED)
		put(m, " \"-\" \"curl/7.88.1\"");
}

static void
start_maker(struct maker *m, const struct options *options)
{
	uint64_t state = options->seed;

	m->options = *options;
	m->time_of = INT64_MIN;
	for (size_t i = 0; i < ARRAY_LEN(m->random); i++)
		m->random[i] = mix(&state);
	fill_ranks(m->host_rank, HOSTS);
	fill_ranks(m->path_rank, PATHS);
	fill_ranks(m->client_rank, CLIENTS);
}

static int
write_log(struct maker *m)
{
	/* bad lines are not repeated: their number is what was asked for */
	bool can_repeat = false;

	for (m->number = 1; m->number <= m->options.lines; m->number++) {
		bool bad = m->options.bad_every > 0 && m->number % m->options.bad_every == 0;
		bool again = !bad && can_repeat && one_in(m, 2000);

		if (!again) {
			m->end = m->line;
			if (bad)
				make_bad_line(m);
			else
				make_line(m);
			put_char(m, '\n');
		}
		can_repeat = !bad && !m->options.unique;
		if (fwrite(m->line, (size_t)(m->end - m->line), 1, stdout) != 1)
			return -1;
	}
	return fflush(stdout) == 0 ? 0 : -1;
}

/* --- command line --- */

static void
usage(FILE *out)
{
	fputs("usage: make_log [option...] > FILE\n"
	      "  --lines N           how many lines (20000)\n"
	      "  --seed S            other seeds give other lines (1)\n"
	      "  --format F          ezproxy, combined or common (ezproxy)\n"
	      "  --bad N             every Nth line is malformed; 0: none (0)\n"
	      "  --unique            no two lines are equal\n"
	      "  --rate N            lines per second of the log's own clock (50)\n"
	      "  --start-time EPOCH  the first line's time, in seconds since 1970 (1677628800)\n",
	      out);
}

static uint64_t
number_argument(const char *name, const char *text, uint64_t min, uint64_t max)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value < min ||
	    value > max) {
		fprintf(stderr,
			"make_log: %s wants a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"\n",
			name, min, max, text);
		exit(64);
	}
	return value;
}

static enum format
format_argument(const char *text)
{
	static const char *const names[] = {[FORMAT_EZPROXY] = "ezproxy",
					    [FORMAT_COMBINED] = "combined",
					    [FORMAT_COMMON] = "common"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0)
			return (enum format)i;
	fprintf(stderr, "make_log: there is no format \"%s\"\n", text);
	exit(64);
}

/* Take one option that has a value; false: there is no such option. */
static bool
take_option(struct options *options, const char *name, const char *value)
{
	if (strcmp(name, "--lines") == 0)
		options->lines = number_argument(name, value, 0, INT64_MAX);
	else if (strcmp(name, "--seed") == 0)
		options->seed = number_argument(name, value, 0, UINT64_MAX);
	else if (strcmp(name, "--format") == 0)
		options->format = format_argument(value);
	else if (strcmp(name, "--bad") == 0)
		options->bad_every = number_argument(name, value, 0, INT64_MAX);
	else if (strcmp(name, "--rate") == 0)
		options->lines_per_s = number_argument(name, value, 1, INT64_MAX);
	else if (strcmp(name, "--start-time") == 0)
		options->start_time = (int64_t)number_argument(name, value, 86400, 200000000000);
	else
		return false;
	return true;
}

static struct options
parse_arguments(int argc, char **argv)
{
	struct options options = {
		.lines = 20000, .seed = 1, .lines_per_s = 50, .start_time = 1677628800};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			exit(0);
		}
		if (strcmp(argv[i], "--unique") == 0) {
			options.unique = true;
			continue;
		}
		if (i + 1 == argc || !take_option(&options, argv[i], argv[i + 1])) {
			fprintf(stderr, "make_log: cannot use \"%s\"\n", argv[i]);
			usage(stderr);
			exit(64);
		}
		i++;
	}
	return options;
}

int
main(int argc, char **argv)
{
	static char buffer[1 << 18];
	static struct maker maker;
	struct options options = parse_arguments(argc, argv);

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	start_maker(&maker, &options);
	if (write_log(&maker) != 0) {
		fprintf(stderr, "make_log: cannot write: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
