/* SPDX-License-Identifier: MIT */
/*
 * request.h - one request and one answer of the control protocol, as lines of JSON.
 *
 *   {"v":1,"command":"scale","arguments":{"lake":4}}
 *   {"v":1,"ok":true,"data":{...}}
 *   {"v":1,"ok":false,"error":"lake may be 0 to 64","exit_code":64}
 *
 * Members that are not known are ignored, so both sides may grow. exit_code is what a command line
 * tool should end with (sysexits.h). Whoever changes the meaning of a member raises
 * REQUEST_VERSION.
 */
#ifndef SUPERVISOR_SHARED_REQUEST_H
#define SUPERVISOR_SHARED_REQUEST_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/defs.h"

enum {
	REQUEST_VERSION = 1,
	REQUEST_MAX = 65536,
	COMMAND_NAME_MAX = 32,
	DEATHS_KEPT = 32, /* deaths in the answer to "status": no more are remembered */
};

struct request {
	char command[COMMAND_NAME_MAX];
	json_t *arguments; /* an object, maybe empty; owned */
};

/* Why a command was not done. */
struct request_error {
	int exit_code;
	char text[2048];
};

/*
 * Read a line without its line end. Returns 0, or -1 with error filled; request_clear() is due
 * after 0 only. Any bytes may come in.
 */
int request_parse(const char *line, size_t len, struct request *request,
		  struct request_error *error) MUST_CHECK;
void request_clear(struct request *request);

/* Set the error; returns NULL, which is what a failed command gives back. */
json_t *request_fail(struct request_error *error, int exit_code, const char *format, ...)
	PRINTF_LIKE(3, 4);

/*
 * The answer as a line with its line end, in new memory: data when it is not NULL (it is released),
 * else the error.
 */
char *request_answer(json_t *data, const struct request_error *error);

/* A JSON text of any bytes: what is not UTF-8 is escaped. */
json_t *request_text(const char *text);

/* A time as JSON: "2026-11-23T18:00:00.123Z". */
json_t *request_time(int64_t wall_ms);

/* Let jansson's allocations die as xalloc.h does, so that no call can return NULL for want of
 * memory. */
void request_init(void);

#endif
