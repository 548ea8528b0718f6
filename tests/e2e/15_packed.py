"""Packed bodies (content_encoding lz4): the producer's, a stranger's, and what cannot be unpacked."""
import base64
import hashlib
import json
import os

from harness import QUEUES, Site, check, check_equal, generate, wait_until

MAGIC = bytes.fromhex("04224d18")
ENCODED = {"content_encoding": "lz4"}


def md5(line):
    return hashlib.md5(line).hexdigest()


def stored_block(data):
    """An LZ4 frame as no library of ours makes it: one block, stored as it is, no size."""
    return MAGIC + bytes.fromhex("604082") + (len(data) | 1 << 31).to_bytes(4, "little") + data + bytes(4)


def first_messages(stack, queue, count):
    """[(body, properties)] of a queue that nobody consumes; they stay there."""
    got = stack.api("POST", f"queues/%2F/{queue}/get", {"count": count, "ackmode": "ack_requeue_true",
                                                        "encoding": "base64"})
    return [(base64.b64decode(m["payload"]), m["properties"]) for m in got]


def dlq(site, *args, want=0):
    done = site.ctl("dlq", *args)
    check_equal(done.returncode, want, f"dlq {args}: {done.stdout} {done.stderr}")
    return done.stdout + done.stderr


def waiting(stack, count):
    return all(stack.queue_counts().get(queue) == count for queue in QUEUES)


def test_the_producer_packs(stack):
    lines = generate(2000, seed=21)
    with Site(stack, lake_workers=0, clean_workers=0, producer_check_s=0) as site:
        site.write_log(lines)
        site.start_sluiced()
        wait_until(lambda: waiting(stack, 2), 30, "two messages in each queue")
        site.write_log([b"a lone line"])
        wait_until(lambda: waiting(stack, 3), 30, "the lone line in each queue")
        for queue in QUEUES:
            (first, properties), _, (lone, plain) = first_messages(stack, queue, 3)
            check_equal(properties["content_encoding"], "lz4", "content_encoding")
            check_equal(properties["headers"]["x-sluice-lines"], 1024, "lines of the first message")
            check(first.startswith(MAGIC) and len(first) < sum(map(len, lines[:1024])) / 2,
                  f"{len(first)} bytes, beginning with {first[:8]!r}")
            check_equal(lone, b"a lone line\n", "the lone line's message")
            check("content_encoding" not in plain, f"the lone line's properties: {plain}")
        done = site.ctl("-s", site.socket, "scale", "lake=1", "clean=1")
        check_equal(done.returncode, 0, done.stderr)
        site.settle(2001, 2000, dead=1)
        check_equal(site.ids("raw_log"), {md5(line) for line in lines + [b"a lone line"]}, "raw_log")
        (body, _, properties), = stack.dead_letters("queue-data-clean")
        check(body == b"a lone line" and "content_encoding" not in properties, "the dead letter is plain")


def test_the_producer_need_not_pack(stack):
    lines = generate(1000, seed=22)
    with Site(stack, lake_workers=0, clean_workers=0, producer_check_s=0, producer_compression="none") as site:
        site.write_log(lines)
        site.start_sluiced()
        wait_until(lambda: waiting(stack, 1), 30, "one message in each queue")
        (body, properties), = first_messages(stack, QUEUES[0], 1)
        check_equal(body, b"".join(line + b"\n" for line in lines), "body")
        check("content_encoding" not in properties, f"properties: {properties}")


def test_packed_by_a_stranger(stack):
    lines = generate(3, seed=23)
    with Site(stack) as site:
        site.start_sluiced()
        stack.publish(stored_block(lines[0] + b"\n") + stored_block(lines[1]), properties=ENCODED)
        # what some clients send with every text
        stack.publish(lines[2], properties={"content_encoding": "utf-8"})
        site.settle(3, 3)
        check_equal(site.ids("raw_log"), {md5(line) for line in lines}, "raw_log")


def test_packed_or_plain_is_the_same(stack):
    """identity = position: a line's place is that in the unpacked body."""
    lines = generate(2, seed=25) * 2
    body = b"".join(line + b"\n" for line in lines)
    headers = {"x-sluice-file": "0123456789abcdef", "x-sluice-offset": 1000, "x-sluice-format": "ezproxy"}
    with Site(stack, identity="position") as site:
        site.start_sluiced()
        stack.publish(stored_block(body), properties={"headers": headers, **ENCODED})
        site.settle(4, 4)
        stack.publish(body, properties={"headers": headers})
        wait_until(lambda: sum(s["counters"]["rows_known"] for s in site.slots()) == 8, 30, "known rows")
        site.settle(4, 4)


def test_a_bomb(stack):
    """A few bytes that would be 39 MiB are a dead letter."""
    block = bytes([0x1f, 0x0a, 1, 0]) + b"\xff" * 256 + b"\0" + bytes([0x50]) + b"\n" * 5
    frame = MAGIC + bytes.fromhex("604082") + (len(block).to_bytes(4, "little") + block) * 600 + bytes(4)
    with Site(stack) as site:
        site.start_sluiced()
        stack.publish(frame, properties=ENCODED)
        wait_until(lambda: all(stack.queue_counts()[f"{queue}.dead"] == 1 for queue in QUEUES), 30, "dead letters")
        (_, headers, _), = stack.dead_letters("queue-data-lake")
        check("larger than 16 MiB" in headers["x-sluice-detail"], headers["x-sluice-detail"])
        check_equal(site.stored("raw_log"), 0, "rows")


def test_what_cannot_be_unpacked(stack):
    whole = stored_block(b"a line\n")
    bad = {whole[:-5]: "lz4", b"no frame at all\nof two lines\n": "lz4", b"\x1f\x8b\x08\0\n\n": "gzip"}
    with Site(stack, lake_workers=1, clean_workers=1) as site:
        site.start_sluiced()
        for body, encoding in bad.items():
            stack.publish(body, properties={"content_encoding": encoding})
        wait_until(lambda: all(stack.queue_counts()[f"{queue}.dead"] == len(bad) for queue in QUEUES), 30,
                   "dead letters in both queues")
        for queue in QUEUES:
            for body, headers, properties in stack.dead_letters(queue):
                check_equal(headers["x-sluice-reason"], "frame.unreadable", "reason")
                check_equal(properties["content_encoding"], bad[body], f"content_encoding of {body!r}")
        check_equal(site.stored("raw_log"), 0, "rows")
        out = dlq(site, "list", "clean", "--json")
        ids = [json.loads(line)["id"] for line in out.splitlines()]
        check_equal(len(ids), len(bad), "letters listed")
        shown = "".join(dlq(site, "show", id) for id in ids)
        for why in ("ends in the middle of an LZ4 frame", "no LZ4 frame", "its content_encoding is unknown here"):
            check(why in shown, f"show says why: {shown}")
        check(f"0 of {len(bad)} letters would pass" in dlq(site, "check", "clean"), "check")
        for verb in (["retry", "--reason", "frame.unreadable", "clean"], ["retry", "--split", *ids],
                     ["edit", ids[1], "--set-line", "x"]):
            text = dlq(site, *verb, want=65 if verb[0] == "edit" else 1)
            check("cannot be unpacked here" in text, f"{verb}: {text}")
        # all the ways there and back leave it as it is
        dlq(site, "drop", *ids)
        dlq(site, "restore", os.path.join(site.folder, "state", "dead-letters", "clean-dropped.ndjson"))
        wait_until(lambda: {b: p["content_encoding"] for b, _, p in stack.dead_letters(QUEUES[1])} == bad, 30,
                   "the letters are as they were")


def test_a_packed_frame_among_the_dead(stack):
    """As the broker puts it there when its delivery limit is reached."""
    lines = generate(2, seed=24)
    body = b"".join(line + b"\n" for line in lines)
    with Site(stack) as site:
        site.start_sluiced()
        stack.publish(stored_block(body), exchange="amq.default", key="queue-data-clean.dead", properties=ENCODED)
        wait_until(lambda: stack.queue_counts()["queue-data-clean.dead"] == 1, 30, "the letter is there")
        letter = json.loads(dlq(site, "list", "clean", "--json"))
        check_equal((letter["lines"], letter["bytes"]), (2, len(body)), "lines and bytes")
        check(lines[1].decode() in dlq(site, "show", letter["id"]), "its lines are shown")
        entry = json.loads(dlq(site, "export", "clean"))
        check_equal(entry["body"].encode(), body, "exported body")
        check("content_encoding" not in entry["properties"], f"properties: {entry['properties']}")
        path = os.path.join(site.folder, "letters.ndjson")
        with open(path, "w") as file:
            file.write(json.dumps(entry) + "\n")
        dlq(site, "retry", "--split", letter["id"])
        site.settle(0, 2)
        check_equal(site.ids("clean_log"), {md5(line) for line in lines}, "clean_log")
        dlq(site, "import", path)
        (again, _, properties), = wait_until(lambda: stack.dead_letters(QUEUES[1]), 30, "the imported letter")
        check(again == body and "content_encoding" not in properties, "imported as it was exported")
