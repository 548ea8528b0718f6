/* SPDX-License-Identifier: MIT */
/*
 * status.c - the page of shared memory between a child and the supervisor.
 */
#include "common/process/status.h"
#include "common/base/clock.h"
#include "common/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char *const report_names[REPORT_COUNT] = {
	[REPORT_STARTING] = "starting",
	[REPORT_READY] = "ready",
	[REPORT_WAITING] = "waiting",
	[REPORT_DRAINING] = "draining",
};

static const struct {
	const char *name;
	const char *help;
} counter_table[COUNTER_COUNT] = {
#define COUNTER(identifier, counter, text) [COUNTER_##identifier] = {counter, text},
#include "common/process/counters.def"
#undef COUNTER
};

struct status_page *
status_attach(int memfd, unsigned index)
{
	off_t offset = (off_t)index * STATUS_PAGE_SIZE;
	struct status_page *page;
	struct stat found;

	if (fstat(memfd, &found) != 0)
		return NULL;
	if (found.st_size < offset + STATUS_PAGE_SIZE) { /* reading it would be a SIGBUS */
		errno = EINVAL;
		return NULL;
	}
	page = mmap(NULL, STATUS_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, offset);
	if (page == MAP_FAILED)
		return NULL;
	if (page->version != STATUS_VERSION) {
		munmap(page, STATUS_PAGE_SIZE);
		errno = EPROTO;
		return NULL;
	}
	return page;
}

struct status_page *
status_private(void)
{
	struct status_page *page;

	page = mmap(NULL, STATUS_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (page == MAP_FAILED)
		fatal("cannot map a status page: %s", strerror(errno));
	page->version = STATUS_VERSION;
	return page;
}

void
status_set_report(struct status_page *page, enum child_report report)
{
	atomic_store(&page->report, (uint32_t)report);
}

void
status_beat(struct status_page *page)
{
	atomic_store_explicit(&page->heartbeat_ms, clock_mono_ms(), memory_order_relaxed);
}

static void
write_text(struct status_text *to, const char *text)
{
	/* A predecessor may have died inside its write: start from an even number. */
	uint32_t sequence = (atomic_load(&to->sequence) + 1) & ~1u;

	atomic_store(&to->sequence, sequence + 1);
	atomic_thread_fence(memory_order_seq_cst);
	to->wall_ms = clock_wall_ms();
	snprintf(to->text, sizeof(to->text), "%s", text);
	atomic_thread_fence(memory_order_seq_cst);
	atomic_store(&to->sequence, sequence + 2);
}

void
status_set_error(struct status_page *page, const char *text)
{
	if (text[0] != '\0' || page->last_error.text[0] != '\0')
		write_text(&page->last_error, text);
}

void
status_set_in_hand(struct status_page *page, const char *text)
{
	write_text(&page->in_hand, text);
}

void
status_write_suspects(struct status_page *page, const struct suspects *suspects)
{
	uint32_t sequence = (atomic_load(&page->suspects_sequence) + 1) & ~1u;

	atomic_store(&page->suspects_sequence, sequence + 1);
	atomic_thread_fence(memory_order_seq_cst);
	page->suspects = *suspects;
	atomic_thread_fence(memory_order_seq_cst);
	atomic_store(&page->suspects_sequence, sequence + 2);
}

void
status_read_suspects(struct status_page *page, uint32_t *sequence, struct suspects *suspects)
{
	for (int tries = 0; tries < 100; tries++) {
		uint32_t before = atomic_load(&page->suspects_sequence);

		if (before == *sequence)
			return;
		if (before % 2 != 0)
			continue;
		atomic_thread_fence(memory_order_seq_cst);
		*suspects = page->suspects;
		atomic_thread_fence(memory_order_seq_cst);
		if (atomic_load(&page->suspects_sequence) == before) {
			*sequence = before;
			return;
		}
	}
}

const char *
status_in_hand_text(const struct status_page *page, char *out, size_t out_size)
{
	uint32_t line = atomic_load(&page->in_hand_line);
	size_t len;

	status_read_text(&page->in_hand, out, out_size);
	len = strlen(out);
	if (line != SUSPECT_LINE_NONE && line != SUSPECT_LINE_ALL)
		snprintf(out + len, out_size - len, ", line %u", line);
	else if (line == SUSPECT_LINE_ALL && len == 0)
		snprintf(out, out_size, "a batch");
	return out;
}

uint64_t
status_counter(const struct status_page *page, enum counter counter)
{
	return atomic_load_explicit(&page->counters[counter], memory_order_relaxed);
}

int64_t
status_read_text(const struct status_text *text, char *out, size_t out_size)
{
	for (int tries = 0; tries < 100; tries++) {
		uint32_t before = atomic_load(&text->sequence);
		int64_t wall_ms = text->wall_ms;
		size_t len;

		atomic_thread_fence(memory_order_seq_cst);
		len = strnlen(text->text, sizeof(text->text) - 1);
		len = MIN(len, out_size - 1);
		memcpy(out, text->text, len);
		out[len] = '\0';
		atomic_thread_fence(memory_order_seq_cst);
		if (before % 2 == 0 && atomic_load(&text->sequence) == before)
			return wall_ms;
	}
	out[0] = '\0';
	return 0;
}

const char *
report_name(enum child_report report)
{
	return (size_t)report < REPORT_COUNT ? report_names[report] : "unknown";
}

const char *
counter_name(enum counter counter)
{
	assert((size_t)counter < COUNTER_COUNT);
	return counter_table[counter].name;
}

const char *
counter_help(enum counter counter)
{
	assert((size_t)counter < COUNTER_COUNT);
	return counter_table[counter].help;
}
