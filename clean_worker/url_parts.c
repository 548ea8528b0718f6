/* SPDX-License-Identifier: MIT */
/*
 * url_parts.c - the one file that knows libcurl's URL API, and the cache before it.
 *
 * The cache is direct-mapped: one entry per hash, the last key wins. Whoever sends names of one
 * hash makes us ask curl each time, which is slower and nothing else.
 */
#include "clean_worker/url_parts.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>

#define ENTRIES 4096 /* a power of two */
#define KEY_MAX 116  /* an entry is two cache lines; longer keys are not remembered */

/* Where things stand in the key: "scheme://authority", or "host:port" of CONNECT. */
struct answer {
	uint16_t schema_len; /* 0: none */
	uint16_t host_start;
	uint16_t host_len; /* 0: none */
};

struct entry {
	struct answer answer;
	uint16_t key_len; /* 0: the entry is empty */
	char key[KEY_MAX];
};

struct url_cache {
	struct entry entries[ENTRIES];
};

struct url_cache *
url_cache_new(void)
{
	return xcalloc(1, sizeof(struct url_cache));
}

void
url_cache_free(struct url_cache **cache)
{
	free(*cache);
	*cache = NULL;
}

/* Is this a URL for curl, and does it have a host? */
static bool
curl_accepts(const char *text, bool *has_host)
{
	CURLU *url = curl_url();
	char *host = NULL;
	if (url == NULL)
		fatal("out of memory: curl_url");

	CURLUcode code = curl_url_set(url, CURLUPART_URL, text,
				      CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME);
	bool valid = code == CURLUE_OK;
	*has_host = valid && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    host != NULL && host[0] != '\0';
	curl_free(host);
	curl_url_cleanup(url);
	if (code == CURLUE_OUT_OF_MEMORY)
		fatal("out of memory: curl_url_set");
	return valid;
}

/*
 * The host within an authority that curl has accepted. curl itself gives a changed copy (%41
 * decoded, 127.1 completed), but it has seen that the simple rules hold.
 */
static void
find_host(struct span key, size_t authority, struct answer *answer)
{
	const char *text = key.ptr + authority;
	size_t len = key.len - authority, start = 0, end;

	const char *at = memrchr(text, '@', len);
	if (at != NULL)
		start = (size_t)(at - text) + 1;
	const char *stop;
	if (start < len && text[start] == '[') {
		start++;
		stop = memchr(text + start, ']', len - start);
		const char *zone = memchr(text + start, '%', len - start);
		if (zone != NULL && stop != NULL && zone < stop)
			stop = zone;
	} else {
		stop = memchr(text + start, ':', len - start);
	}
	end = stop != NULL ? (size_t)(stop - text) : len;
	if (end - start > URL_HOST_MAX) {
		*answer = (struct answer){.host_len = 0};
		return;
	}
	answer->host_start = (uint16_t)(authority + start);
	answer->host_len = (uint16_t)(end - start);
}

/* Cut a port that is a number off; false when there is none. */
static bool
cut_port(char *text, size_t *len)
{
	size_t digits = 0;

	while (digits < *len && text[*len - 1 - digits] >= '0' && text[*len - 1 - digits] <= '9')
		digits++;
	if (digits == 0 || digits == *len || text[*len - 1 - digits] != ':')
		return false;
	*len -= digits + 1;
	memcpy(text + *len, "/", sizeof("/"));
	return true;
}

static struct answer
ask_curl(struct span key, size_t schema_len)
{
	static const char connect[] = "http://"; /* curl wants a scheme, CONNECT has none */
	char text[sizeof(connect) + URL_AUTHORITY_MAX + 1];
	size_t prefix = schema_len > 0 ? 0 : sizeof(connect) - 1, len = prefix + key.len;
	struct answer answer = {.schema_len = (uint16_t)schema_len};
	bool has_host;

	/* A NUL would end curl's text early: what it says would be about something else. */
	if (memchr(key.ptr, '\0', key.len) != NULL)
		return (struct answer){.schema_len = 0};
	memcpy(text, connect, prefix);
	memcpy(text + prefix, key.ptr, key.len);
	memcpy(text + len, "/", sizeof("/")); /* there is no file: URL without a path */
	/* A port that cannot be (99999) says nothing against scheme and host. */
	if (!curl_accepts(text, &has_host) &&
	    !(cut_port(text, &len) && curl_accepts(text, &has_host)))
		return (struct answer){.schema_len = 0};
	if (has_host)
		find_host(key, schema_len > 0 ? schema_len + 3 : 0, &answer);
	return answer;
}

/* Mixes eight bytes a step: a byte a step would cost more than the rest of the split. */
static size_t
entry_index(struct span key)
{
	uint64_t hash = key.len, word;
	size_t at = 0;

	for (; key.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, key.ptr + at, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, key.ptr + at, key.len - at);
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(hash >> 32) % ENTRIES;
}

static struct answer
answer_for(struct url_cache *cache, struct span key, size_t schema_len)
{
	if (key.len > KEY_MAX)
		return ask_curl(key, schema_len);

	struct entry *entry = &cache->entries[entry_index(key)];
	/* Same bytes, same answer: "://" is in the one kind of key and never in the other. */
	if (entry->key_len != key.len || memcmp(entry->key, key.ptr, key.len) != 0) {
		entry->answer = ask_curl(key, schema_len);
		memcpy(entry->key, key.ptr, key.len);
		entry->key_len = (uint16_t)key.len;
	}
	return entry->answer;
}

/* Length of the scheme when the url starts with "scheme://", else 0. */
static size_t
scheme_len(struct span url)
{
	const char *colon = memchr(url.ptr, ':', url.len < 48 ? url.len : 48);
	if (colon == NULL || colon == url.ptr || url.ptr[0] == '/')
		return 0;
	size_t len = (size_t)(colon - url.ptr);
	return url.len - len >= 3 && colon[1] == '/' && colon[2] == '/' ? len : 0;
}

struct url_parts
url_parts_split(struct url_cache *cache, struct span method, struct span url)
{
	struct url_parts parts = {.schema = SPAN_NULL, .host = SPAN_NULL};
	if (url.len == 0)
		return parts;

	size_t schema_len = scheme_len(url);
	size_t end = schema_len > 0 ? schema_len + 3 : 0;
	if (schema_len == 0 && !span_equals(method, SPAN_LITERAL("CONNECT")))
		return parts;
	while (end < url.len && end <= URL_AUTHORITY_MAX && url.ptr[end] != '/' &&
	       url.ptr[end] != '?' && url.ptr[end] != '#')
		end++;
	/* CONNECT names an authority and nothing else. */
	if (end == 0 || end > URL_AUTHORITY_MAX || (schema_len == 0 && end < url.len))
		return parts;

	struct answer answer =
		answer_for(cache, (struct span){.ptr = url.ptr, .len = end}, schema_len);
	if (answer.schema_len > 0)
		parts.schema = (struct span){.ptr = url.ptr, .len = answer.schema_len};
	if (answer.host_len > 0)
		parts.host =
			(struct span){.ptr = url.ptr + answer.host_start, .len = answer.host_len};
	return parts;
}
