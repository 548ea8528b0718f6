/* SPDX-License-Identifier: MIT */
/*
 * user_parts.c - e-mail addresses among user names.
 */
#include "clean_worker/user_parts.h"
#include "clean_worker/field_shape.h"

#define MAX_ADDRESS_LEN 254
#define MAX_LABEL_LEN 63

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_label(const char *p, size_t len)
{
	if (len < 1 || len > MAX_LABEL_LEN || p[0] == '-' || p[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_letter_or_digit(p[i]) && p[i] != '-')
			return false;
	}
	return true;
}

static bool
is_domain(struct span domain)
{
	size_t labels = 0;

	for (size_t start = 0; start <= domain.len; labels++) {
		size_t end = start;
		while (end < domain.len && domain.ptr[end] != '.')
			end++;
		if (!is_label(domain.ptr + start, end - start))
			return false;
		start = end + 1;
	}
	return labels >= 2;
}

/*
 * Not every form of RFC 5321: what has '=' or ',' in it is the name of a certificate
 * ("/C=US/CN=A B/emailAddress=a@example.org", "CN=A,E=a@example.org"), what has '/' or ':' is one
 * too, or a Kerberos service ("host/web1@EXAMPLE.ORG"), or a URI.
 */
static bool
is_local_part(struct span local)
{
	for (size_t i = 0; i < local.len; i++) {
		if ((unsigned char)local.ptr[i] <= ' ' || local.ptr[i] == '\x7f' ||
		    memchr("=,/:", local.ptr[i], 4) != NULL)
			return false;
	}
	return local.len > 0;
}

struct span
user_parts_email_domain(struct span user)
{
	if (user.len == 0 || user.len > MAX_ADDRESS_LEN)
		return SPAN_NULL;
	const char *at = memchr(user.ptr, '@', user.len);
	if (at == NULL)
		return SPAN_NULL;
	struct span local = {.ptr = user.ptr, .len = (size_t)(at - user.ptr)};
	struct span domain = {.ptr = at + 1, .len = user.len - local.len - 1};
	/* A second '@' is in the domain and no letter: that it is one only is seen there. */
	return is_local_part(local) && is_domain(domain) && !field_shape_is_address(domain)
		       ? domain
		       : SPAN_NULL;
}
