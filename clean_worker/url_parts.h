/* SPDX-License-Identifier: MIT */
/*
 * url_parts.h - scheme and host of the URL in a request line.
 *
 * What a valid URL is, libcurl says. It is asked about "scheme://authority" only (what stands
 * before the path), so an odd path never hides a host; and since asking costs allocations and most
 * of a microsecond, its answers are remembered: as offsets, so that the results are always spans
 * into the caller's own line and live as long as that, whatever becomes of the cache.
 */
#ifndef CLEAN_WORKER_URL_PARTS_H
#define CLEAN_WORKER_URL_PARTS_H

#include "common/base/span.h"

/* A longer host is garbage (DNS names end at 253), and so is a longer scheme://authority. */
#define URL_HOST_MAX 255
#define URL_AUTHORITY_MAX 512

struct url_parts {
	struct span schema; /* "https", as written: the case is not changed */
	struct span host;   /* as written, without user, port, the brackets of IPv6 and its zone */
};

struct url_cache;

/* About half a megabyte that belongs to the caller; free with url_cache_free(). */
struct url_cache *url_cache_new(void);

/* Frees and sets to NULL. */
void url_cache_free(struct url_cache **cache);

/*
 * Split the url of a request. Both parts are SPAN_NULL for what is no absolute URL ("/index.html",
 * "*", what curl calls invalid); only the host for one without ("file:///etc"). The url of the
 * method CONNECT is "host:port": a host and no schema. Either span may be SPAN_NULL.
 */
struct url_parts url_parts_split(struct url_cache *cache, struct span method, struct span url);

#endif
