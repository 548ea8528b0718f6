/* SPDX-License-Identifier: MIT */
/*
 * content_encoding.h - message bodies in fewer bytes: LZ4 frames (lz4_Frame_format.md, version
 * 1.6.x), named by the AMQP property content_encoding, as in `lz4 -d`. The only file that knows
 * <lz4frame.h> is content_encoding.c.
 *
 * The producer packs what is worth it (producer.compression); every reader takes packed and plain
 * bodies alike. A short body always is plain, so a lone line can be read in any tool.
 */
#ifndef COMMON_MESSAGE_CONTENT_ENCODING_H
#define COMMON_MESSAGE_CONTENT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/span.h"

#define CONTENT_ENCODING_LZ4 "lz4"

enum {
	CONTENT_ENCODING_WORTH_BYTES = 1024, /* a shorter body is not packed */
	/*
	 * No larger body is unpacked: it is the most that a producer sends, and a line of it, as a
	 * plain dead letter, the most that RabbitMQ 4 takes (max_message_size).
	 */
	CONTENT_ENCODING_UNPACKED_MAX = (16 << 20) + 1,
};

/* Where bodies are packed into; start from {0}. Keeps its memory from one body to the next. */
struct packer {
	char *bytes;
	size_t size;
};

/*
 * Pack a body; false when it is better sent as it is: short, no smaller afterwards, or too little
 * memory. *packed points into the packer and is valid until its next use.
 */
bool packer_pack(struct packer *packer, struct span body, struct span *packed);

/* Give the memory back. */
void packer_free(struct packer *packer);

/*
 * Does a body of this content_encoding have to be unpacked before its lines can be read? Names that
 * are none of a compression ("utf-8", "identity", as some clients send) say no; case is ignored.
 */
bool content_encoding_is_packed(struct span name);

/* The memory that unpacking takes, for one body after the other. */
struct unpacker;

struct unpacker *unpacker_new(void); /* never NULL */

/* Free and set to NULL; NULL is fine. */
void unpacker_free(struct unpacker **unpacker);

/*
 * Unpack a body of this content_encoding. NULL: *bytes (from malloc(), the caller's; never NULL)
 * has *len bytes. Otherwise what is wrong, for people, a static text, and *bytes and *len are as
 * before: an encoding unknown here, bytes that are no whole LZ4 frame, a body too large. Too little
 * memory is fatal.
 */
const char *unpacker_unpack(struct unpacker *unpacker, struct span name, struct span packed,
			    char **bytes, size_t *len);

#endif
