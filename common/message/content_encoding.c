/* SPDX-License-Identifier: MIT */
/*
 * content_encoding.c - LZ4 frames in and out. Whatever comes in may be from a stranger: it costs at
 * most CONTENT_ENCODING_UNPACKED_MAX bytes, whatever it claims.
 */
#include "common/message/content_encoding.h"
#include "common/base/defs.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <lz4frame.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- packing --- */

bool
packer_pack(struct packer *packer, struct span body, struct span *packed)
{
	/* the size tells the reader how much memory it takes */
	const LZ4F_preferences_t preferences = {
		.frameInfo = {.blockSizeID = LZ4F_max256KB, .contentSize = body.len}};
	size_t bound, len;

	if (body.len < CONTENT_ENCODING_WORTH_BYTES)
		return false;
	bound = LZ4F_compressFrameBound(body.len, &preferences);
	if (packer->size < bound) {
		packer->size = bound;
		packer->bytes = xreallocarray(packer->bytes, bound, 1);
	}
	len = LZ4F_compressFrame(packer->bytes, packer->size, body.ptr, body.len, &preferences);
	if (LZ4F_isError(len) || len >= body.len)
		return false;
	*packed = (struct span){.ptr = packer->bytes, .len = len};
	return true;
}

void
packer_free(struct packer *packer)
{
	free(packer->bytes);
	*packer = (struct packer){.bytes = NULL};
}

/* --- unpacking --- */

/* As IANA's registry of HTTP content codings and common clients write them. */
static const char *const packed_names[] = {
	CONTENT_ENCODING_LZ4,
	"gzip",
	"x-gzip",
	"deflate",
	"compress",
	"br",
	"zstd",
	"snappy",
	"bzip2",
	"xz",
};

static bool
is_name(struct span name, const char *wanted)
{
	return name.len == strlen(wanted) && strncasecmp(name.ptr, wanted, name.len) == 0;
}

bool
content_encoding_is_packed(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(packed_names); i++)
		if (is_name(name, packed_names[i]))
			return true;
	return false;
}

struct unpacker {
	LZ4F_dctx *lz4;
};

struct unpacker *
unpacker_new(void)
{
	struct unpacker *unpacker = xcalloc(1, sizeof(*unpacker));

	if (LZ4F_isError(LZ4F_createDecompressionContext(&unpacker->lz4, LZ4F_VERSION)))
		fatal("out of memory for unpacking messages");
	return unpacker;
}

void
unpacker_free(struct unpacker **unpacker)
{
	if (*unpacker == NULL)
		return;
	LZ4F_freeDecompressionContext((*unpacker)->lz4);
	free(*unpacker);
	*unpacker = NULL;
}

struct unpacked {
	char *bytes;
	size_t len, size;
};

static const char TOO_LARGE[] = "unpacked, the body would be larger than 16 MiB";

static const char *
make_room(struct unpacked *out, size_t size)
{
	if (out->size >= CONTENT_ENCODING_UNPACKED_MAX)
		return TOO_LARGE;
	out->size = MIN(size, (size_t)CONTENT_ENCODING_UNPACKED_MAX);
	out->bytes = xreallocarray(out->bytes, out->size, 1);
	return NULL;
}

/* What the frame says, unless it says nothing or lies: LZ4 makes at most 255 bytes of one. */
static size_t
first_guess(const LZ4F_frameInfo_t *info, size_t packed_len)
{
	size_t said = (size_t)info->contentSize;

	return said > 0 && said / 256 <= packed_len ? said : 4 * packed_len;
}

/* Memory that is short is no fault of the body: it must not become a dead letter. */
static void
die_without_memory(size_t code)
{
	if (strcmp(LZ4F_getErrorName(code), "ERROR_allocation_failed") == 0)
		fatal("out of memory for unpacking messages");
}

/* Several frames in a row are one body, as with `lz4 -d`. */
static const char *
unpack_frames(LZ4F_dctx *context, struct span packed, struct unpacked *out)
{
	size_t used = 0, hint = 1;

	while (used < packed.len) {
		size_t in = packed.len - used, made = out->size - out->len;

		hint = LZ4F_decompress(context, out->bytes + out->len, &made, packed.ptr + used,
				       &in, NULL);
		if (LZ4F_isError(hint)) {
			die_without_memory(hint);
			return "the body is a broken LZ4 frame";
		}
		used += in;
		out->len += made;
		if (out->len == out->size && used < packed.len) {
			const char *problem = make_room(out, 2 * out->size);

			if (problem != NULL)
				return problem;
		}
	}
	return hint == 0 ? NULL : "the body ends in the middle of an LZ4 frame";
}

static const char *
unpack_lz4(LZ4F_dctx *context, struct span packed, struct unpacked *out)
{
	LZ4F_frameInfo_t info = {.contentSize = 0};
	size_t header = packed.len;
	const char *problem;

	LZ4F_resetDecompressionContext(context); /* a broken frame may have been the last */
	if (LZ4F_isError(LZ4F_getFrameInfo(context, &info, packed.ptr, &header)))
		return "the body is no LZ4 frame";
	if (info.dictID != 0)
		return "the body is an LZ4 frame that needs a dictionary";
	if (info.contentSize > CONTENT_ENCODING_UNPACKED_MAX)
		return TOO_LARGE;
	problem = make_room(out, first_guess(&info, packed.len));
	if (problem != NULL)
		return problem;
	return unpack_frames(context, (struct span){packed.ptr + header, packed.len - header}, out);
}

const char *
unpacker_unpack(struct unpacker *unpacker, struct span name, struct span packed, char **bytes,
		size_t *len)
{
	struct unpacked out = {.bytes = NULL};
	const char *problem;

	if (!is_name(name, CONTENT_ENCODING_LZ4))
		return "its content_encoding is unknown here";
	problem = unpack_lz4(unpacker->lz4, packed, &out);
	if (problem != NULL) {
		free(out.bytes);
		return problem;
	}
	*bytes = out.bytes;
	*len = out.len;
	return NULL;
}
