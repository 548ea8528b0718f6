/* SPDX-License-Identifier: MIT */
/*
 * input_table.c - the table of files between the producer and sluiced.
 */
#include "common/process/input_table.h"
#include "common/base/log.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct input_table *
input_table_attach(int memfd)
{
	struct input_table *table;
	struct stat found;

	if (fstat(memfd, &found) != 0)
		return NULL;
	if (found.st_size < INPUT_TABLE_SIZE) { /* reading it would be a SIGBUS */
		errno = EINVAL;
		return NULL;
	}
	table = mmap(NULL, INPUT_TABLE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		     found.st_size - INPUT_TABLE_SIZE);
	return table == MAP_FAILED ? NULL : table;
}

struct input_table *
input_table_private(void)
{
	struct input_table *table = mmap(NULL, INPUT_TABLE_SIZE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (table == MAP_FAILED)
		fatal("cannot map the table of inputs: %s", strerror(errno));
	return table;
}

/* All behind the two words that are not the producer's alone, as far as it is filled. */
static void
copy_contents(struct input_table *to, const struct input_table *from)
{
	size_t start = offsetof(struct input_table, wall_ms);
	size_t rows = MIN(from->rows, (uint32_t)INPUT_TABLE_ROWS);
	size_t unread = MIN(from->unread, (uint32_t)INPUT_TABLE_UNREAD);

	memcpy((char *)to + start, (const char *)from + start,
	       offsetof(struct input_table, row) - start);
	to->rows = (uint32_t)rows;
	to->unread = (uint32_t)unread;
	memcpy(to->row, from->row, rows * sizeof(from->row[0]));
	memcpy(to->unread_row, from->unread_row, unread * sizeof(from->unread_row[0]));
}

void
input_table_write(struct input_table *table, const struct input_table *from)
{
	/* A predecessor may have died inside its write: start from an even number. */
	uint32_t sequence = (atomic_load(&table->sequence) + 1) & ~1u;

	atomic_store(&table->sequence, sequence + 1);
	atomic_thread_fence(memory_order_seq_cst);
	copy_contents(table, from);
	atomic_thread_fence(memory_order_seq_cst);
	atomic_store(&table->sequence, sequence + 2);
}

bool
input_table_read(const struct input_table *table, struct input_table *to)
{
	for (int tries = 0; tries < 100; tries++) {
		uint32_t before = atomic_load(&table->sequence);

		if (before == 0)
			return false;
		if (before % 2 != 0)
			continue;
		atomic_thread_fence(memory_order_seq_cst);
		copy_contents(to, table);
		atomic_thread_fence(memory_order_seq_cst);
		if (atomic_load(&table->sequence) == before)
			return true;
	}
	return false;
}

const char *
input_state_name(enum input_state state)
{
	static const char *const names[INPUT_STATE_COUNT] = {
		[INPUT_FOLLOWED] = "followed",
		[INPUT_ROTATED] = "rotated",
		[INPUT_ENDED] = "ended",
	};

	return (size_t)state < INPUT_STATE_COUNT ? names[state] : "unknown";
}
