/* SPDX-License-Identifier: MIT */
/*
 * dlq_headers.h - the headers of a message that is sent again, held or edited; pure, on the JSON of
 * common/broker/delivery_json.h.
 *
 * A message sent again forgets why it died (x-sluice-stage, -reason, -detail, -attempts,
 * -last-failed, -worker, x-death and its kin), so that a new death states its own cause; it keeps
 * x-sluice-first-failed, all foreign headers and properties, and counts in x-sluice-retries.
 */
#ifndef SUPERVISOR_DLQ_DLQ_HEADERS_H
#define SUPERVISOR_DLQ_DLQ_HEADERS_H

#include <jansson.h>

#include "supervisor/dlq/dlq_letter.h"

/* format: new value of x-sluice-format; NULL = as it is. Changes properties. */
void dlq_headers_resend(json_t *properties, int64_t retries, const char *format);

/* One line of a frame: its own message-id, offset and count of lines. */
void dlq_headers_split(json_t *properties, const struct message *message, size_t offset_in_body);

/* by: who, at_s: when; NULL = no longer held. */
void dlq_headers_hold(json_t *properties, const char *by, int64_t at_s);

/* The line as it was (its first 4096 bytes), who changed it, and when. */
void dlq_headers_edit(json_t *properties, struct span original, const char *by, int64_t at_s);

/* "root@host", with the one behind sudo: "anna as root@host". */
const char *dlq_headers_operator(char out[256]);

#endif
