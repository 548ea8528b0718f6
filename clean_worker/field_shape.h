/* SPDX-License-Identifier: MIT */
/*
 * field_shape.h - what can stand in the unquoted fields of an access-log line: so that a line of
 * another shape (a virtual host in front, a syslog or container prefix, two lines written into each
 * other) is seen, and not read as a row with its parts in the wrong columns.
 *
 * The rules refuse what no server writes; whatever a server can write passes.
 */
#ifndef CLEAN_WORKER_FIELD_SHAPE_H
#define CLEAN_WORKER_FIELD_SHAPE_H

#include <stdbool.h>

#include "common/base/span.h"

/* An IPv4 address in dotted decimal, or an IPv6 address (RFC 4291), maybe with a zone (%eth0). */
bool field_shape_is_address(struct span text);

/*
 * A client as %h can be: an address, "unix:" (nginx behind a socket), "-", or a host name: labels
 * of letters, digits, '-' and '_' (RFC 1123, and what is seen), the last of which is no number.
 */
bool field_shape_is_host(struct span text);

/* A member of a list of X-Forwarded-For: an address, "unknown" (as squid writes) or "-". */
bool field_shape_is_forwarded(struct span text);

/*
 * One word that a server puts between client and user: an ident (RFC 1413), a session. Not an
 * address or what ends with one, a time of day, something in brackets, or NULs: these are what stands
 * there in lines that have something in front, or another line inside.
 */
bool field_shape_is_word(struct span text);

/*
 * A user, which may hold blanks (names, names of certificates). Not when one of its words is or ends
 * with an address ("jan192.0.2.2"), or is a time of day, the beginning of a [time] or a syslog tag
 * ("nginx:"); not when it begins or ends with a lone "-", or a host name stands before one: these
 * are a client, an ident and a user of a line further in; not when its last word is a virtual host's
 * name. Not when a [time] or a NUL stands in it.
 */
bool field_shape_is_user(struct span text);

#endif
