/* SPDX-License-Identifier: MIT */
/*
 * md5.c - MD5 by libcrypto.
 *
 * Fetched once with "-fips": under a FIPS provider EVP_md5() fails, and looking the algorithm up
 * for every line costs more than hashing it.
 */
#include "common/base/md5.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct md5 {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

struct md5 *
md5_new(void)
{
	struct md5 *md5 = xcalloc(1, sizeof(*md5));

	md5->algorithm = EVP_MD_fetch(NULL, "MD5", "-fips");
	md5->context = EVP_MD_CTX_new();
	if (md5->algorithm == NULL || md5->context == NULL)
		fatal("libcrypto has no MD5: is its default or legacy provider switched off?");
	return md5;
}

void
md5_free(struct md5 **md5)
{
	if (*md5 == NULL)
		return;
	EVP_MD_CTX_free((*md5)->context);
	EVP_MD_free((*md5)->algorithm);
	free(*md5);
	*md5 = NULL;
}

void
md5_hex(struct md5 *md5, struct span bytes, char out[MD5_HEX_LEN])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_DigestInit_ex2(md5->context, md5->algorithm, NULL) != 1 ||
	    EVP_DigestUpdate(md5->context, bytes.ptr, bytes.len) != 1 ||
	    EVP_DigestFinal_ex(md5->context, digest, &len) != 1 || len != MD5_HEX_LEN / 2)
		fatal("MD5 failed in libcrypto");
	for (unsigned i = 0; i < len; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
}
