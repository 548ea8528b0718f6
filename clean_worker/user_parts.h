/* SPDX-License-Identifier: MIT */
/*
 * user_parts.h - what a user name tells: the domain, when it is an e-mail address.
 */
#ifndef CLEAN_WORKER_USER_PARTS_H
#define CLEAN_WORKER_USER_PARTS_H

#include "common/base/span.h"

/*
 * The domain of a user that is an e-mail address, as written, else SPAN_NULL; a span into the user.
 * An address has at most 254 bytes, no blanks or control bytes, and exactly one '@' with something
 * before it, without '=', ',', '/' and ':' in it, and a domain after it: two or more labels of 1 to 63
 * ASCII letters, digits and hyphens joined by dots, none of which starts or ends with a hyphen, and
 * which are no IPv4 address together.
 */
struct span user_parts_email_domain(struct span user);

#endif
