/* SPDX-License-Identifier: MIT */
/*
 * status_phrase.h - what an HTTP status means, in the words of the registry.
 */
#ifndef CLEAN_WORKER_STATUS_PHRASE_H
#define CLEAN_WORKER_STATUS_PHRASE_H

/*
 * The description in the IANA HTTP Status Code Registry, which follows RFC 9110 ("Not Found", 413
 * "Content Too Large"); "Invalid status" for every other number, also for those that the registry
 * marks as unused (306, 418) or holds for a time only. Never NULL.
 */
const char *status_phrase(unsigned status);

#endif
