/* SPDX-License-Identifier: MIT */
/*
 * bench_broker.c - the ceiling of the broker: the same frames through both queues, and nothing done
 * with them.
 *
 *   bench_broker CONF LOG FRAME_LINES PREFETCH
 *
 * One process publishes with confirms and a window of unconfirmed frames as the producer has; one
 * per queue consumes and acknowledges, many at once. The queues must exist and be empty. Prints
 * {"lines": N, "messages": N, "seconds": S}.
 */
#include "tests/bench/bench.h"
#include "common/broker/broker.h"
#include "common/broker/broker_publish.h"
#include "common/broker/broker_consume.h"
#include "common/base/log.h"
#include "common/broker/topology.h"
#include "common/base/xalloc.h"
#include "common/settings/settings_load.h"
#include "common/settings/stage.h"
#include "producer/frame.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

struct flow {
	const struct settings *settings;
	const char *queue; /* of a consumer */
	const struct span *frames;
	const uint32_t *frame_lines;
	const bool *is_packed;
	size_t frame_count;
	uint16_t prefetch;
};

struct link {
	const struct flow *flow;
	struct broker *broker;
};

static void
wait_readable(const struct broker *broker)
{
	struct pollfd watched = {.fd = broker_fd(broker), .events = POLLIN};

	poll(&watched, 1, 1000);
}

static void *
open_link(const struct flow *flow, enum broker_use use)
{
	struct link *link = xcalloc(1, sizeof(*link));
	struct failure failure = {0};

	link->flow = flow;
	bench_need(broker_open(&link->broker, &flow->settings->broker, use, "bench", &failure),
		   &failure);
	return link;
}

/* --- publishing --- */

static void *
open_publisher(const void *context)
{
	return open_link(context, BROKER_PUBLISH);
}

/* Confirms come in order or `multiple`; all that counts here is how many messages are safe. */
static size_t
take_confirms(struct broker *broker, size_t confirmed)
{
	struct broker_event event;
	struct failure failure = {0};

	for (;;) {
		bench_need(broker_next(broker, &event, &failure), &failure);
		if (event.kind == BROKER_NACKED || event.kind == BROKER_RETURNED)
			fatal_exit(EX_SOFTWARE, "the broker refused a message");
		if (event.kind == BROKER_ACKED)
			confirmed = event.multiple ? MAX(confirmed, event.tag) : confirmed + 1;
		delivery_free(&event.delivery);
		if (event.kind == BROKER_NOTHING)
			return confirmed;
	}
}

static void
publish(struct broker *broker, const struct flow *flow, size_t i)
{
	struct message message = MESSAGE_INIT;
	struct failure failure = {0};
	char id[64];
	uint64_t tag;

	snprintf(id, sizeof(id), "bench:%zu", i);
	message.body = flow->frames[i];
	if (flow->is_packed[i])
		message.content_encoding = SPAN_LITERAL(CONTENT_ENCODING_LZ4);
	message.message_id = span_of(id);
	message.timestamp_s = time(NULL);
	message.source = SPAN_LITERAL("/var/log/bench/access.log");
	message.file_id = SPAN_LITERAL("fe01-1234567-17a2b3c4d5e6f708");
	message.format = SPAN_LITERAL("ezproxy");
	message.offset = (int64_t)i;
	message.lines = flow->frame_lines[i];
	bench_need(broker_publish(broker, TOPOLOGY_EXCHANGE, "logs", &message, &tag, &failure),
		   &failure);
}

static void
run_publisher(void *pointer)
{
	struct link *link = pointer;
	size_t window = (size_t)link->flow->settings->producer.window_frames;
	size_t published = 0, confirmed = 0;

	while (confirmed < link->flow->frame_count) {
		while (published < link->flow->frame_count && published - confirmed < window)
			publish(link->broker, link->flow, published++);
		wait_readable(link->broker);
		confirmed = take_confirms(link->broker, confirmed);
	}
	broker_close(&link->broker);
}

/* --- consuming --- */

static void *
open_consumer(const void *context)
{
	struct link *link = open_link(context, BROKER_CONSUME);
	struct failure failure = {0};

	bench_need(broker_consume(link->broker, link->flow->queue, link->flow->prefetch, &failure),
		   &failure);
	return link;
}

static void
acknowledge(struct broker *broker, uint64_t tag)
{
	struct failure failure = {0};

	bench_need(broker_ack(broker, tag, true, &failure), &failure);
}

static void
run_consumer(void *pointer)
{
	struct link *link = pointer;
	uint64_t tag = 0, acked = 0;
	struct broker_event event;
	struct failure failure = {0};

	while (tag < link->flow->frame_count) {
		bench_need(broker_next(link->broker, &event, &failure), &failure);
		if (event.kind == BROKER_DELIVERY)
			tag = event.delivery->tag;
		delivery_free(&event.delivery);
		if (tag > acked &&
		    (event.kind == BROKER_NOTHING || tag - acked >= link->flow->prefetch / 2u)) {
			acknowledge(link->broker, tag);
			acked = tag;
		}
		if (event.kind == BROKER_NOTHING)
			wait_readable(link->broker);
	}
	if (tag > acked)
		acknowledge(link->broker, tag);
	broker_close(&link->broker);
}

/* --- all --- */

/* Where the frame's packed bytes stay, if it is worth it. */
static bool
pack(struct span *frame)
{
	struct packer packer = {.bytes = NULL};

	if (packer_pack(&packer, *frame, frame))
		return true;
	packer_free(&packer);
	return false;
}

/* Cut and pack the log as the producer does. */
static struct flow
make_frames(const struct settings *settings, struct span log, size_t frame_lines)
{
	const struct frame_limits limits = {
		.lines = frame_lines,
		.bytes = (size_t)settings->producer.frame_bytes,
		.max_line_bytes = (size_t)settings->producer.max_line_bytes,
	};
	struct span *frames = xcalloc(log.len, sizeof(*frames) / 16);
	uint32_t *lines = xcalloc(log.len, sizeof(*lines) / 4);
	bool *is_packed = xcalloc(log.len, sizeof(*is_packed));
	size_t count = 0, length;

	while (frame_cut(log.ptr, log.len, &limits, &length, &lines[count]) == FRAME_CUT_LINES) {
		frames[count] = (struct span){.ptr = log.ptr, .len = length};
		is_packed[count] = pack(&frames[count]);
		count++;
		log = (struct span){.ptr = log.ptr + length, .len = log.len - length};
	}
	return (struct flow){.settings = settings,
			     .frames = frames,
			     .frame_lines = lines,
			     .is_packed = is_packed,
			     .frame_count = count};
}

int
main(int argc, char **argv)
{
	struct settings *settings;
	size_t lines = 0;

	log_set_program("bench_broker");
	if (argc != 5)
		fatal_exit(EX_USAGE, "usage: bench_broker CONF LOG FRAME_LINES PREFETCH");
	if (settings_load(argv[1], &settings) != 0)
		return EX_CONFIG;
	struct flow publisher = make_frames(settings, bench_read_file(argv[2]),
					    bench_number(argv[3], "FRAME_LINES"));
	struct flow lake = publisher, clean;

	lake.prefetch = (uint16_t)bench_number(argv[4], "PREFETCH");
	lake.queue = stage_table[STAGE_LAKE].queue;
	clean = lake;
	clean.queue = stage_table[STAGE_CLEAN].queue;
	const struct bench_job jobs[] = {
		{.prepare = open_publisher, .run = run_publisher, .context = &publisher},
		{.prepare = open_consumer, .run = run_consumer, .context = &lake},
		{.prepare = open_consumer, .run = run_consumer, .context = &clean},
	};
	double seconds = bench_side_by_side(jobs, ARRAY_LEN(jobs));

	for (size_t i = 0; i < publisher.frame_count; i++)
		lines += publisher.frame_lines[i];
	printf("{\"lines\": %zu, \"messages\": %zu, \"seconds\": %.6f}\n", lines,
	       publisher.frame_count, seconds);
	return EX_OK;
}
