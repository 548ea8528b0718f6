"""Bindings that are deleted while lines flow: healed, and what went past is sent again."""
import json
import os
import signal
import threading
import time

from harness import Site, check, check_equal, generate, wait_until

EXCHANGE = "topic-exchange-logs"
KEYS = {"queue-data-lake": ("logs", "logs.#"), "queue-data-clean": ("logs", "#.logs")}


def bindings(stack, queue):
    return {b["routing_key"] for b in stack.api("GET", f"bindings/%2F/e/{EXCHANGE}/q/{queue}")}


def unbind(stack, queue, *keys):
    for b in stack.api("GET", f"bindings/%2F/e/{EXCHANGE}/q/{queue}"):
        if b["routing_key"] in keys:
            name = b["properties_key"].replace("%", "%25").replace("#", "%23")
            stack.api("DELETE", f"bindings/%2F/e/{EXCHANGE}/q/{queue}/{name}")
    check(not bindings(stack, queue) & set(keys), f"{queue} is still bound")


def audit(site):
    done = site.ctl("audit", site.log)
    return done.returncode == 0


class Writer:
    """Appends lines a few at a time until told to stop."""
    def __init__(self, site, lines):
        self.site, self.lines, self.written, self.stop = site, lines, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while self.written < len(self.lines) and not self.stop.is_set():
            self.site.write_log(self.lines[self.written:self.written + 20])
            self.written += 20
            time.sleep(0.02)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def test_one_binding_lost(stack):
    """The spare one carries everything on."""
    with Site(stack) as site, Writer(site, generate(3000, seed=90)) as writer:
        site.start_sluiced()
        for queue, keys in KEYS.items():
            wait_until(lambda: set(keys) <= bindings(stack, queue), 20, "both bindings")
            unbind(stack, queue, "logs")
        wait_until(lambda: writer.written == 3000, 30, "all is written")
        site.settle(3000, 3000)
        check("may have reached only one queue" not in site.errors(), "something was sent again")


def test_all_bindings_of_a_queue_lost(stack):
    for queue, keys in KEYS.items():
        stack.empty()
        with Site(stack, producer_check_s=1) as site, Writer(site, generate(6000, seed=91)) as writer:
            site.start_sluiced()
            wait_until(lambda: set(keys) <= bindings(stack, queue) and site.stored("raw_log") > 500, 20, "lines flow")
            unbind(stack, queue, *keys)
            wait_until(lambda: set(keys) <= bindings(stack, queue), 20, "the bindings are back")
            wait_until(lambda: "may have reached only one queue: they are sent again" in site.errors(), 10, "it is said")
            wait_until(lambda: writer.written == 6000, 60, "all is written")
            site.settle(6000, 6000)
            check(audit(site), "audit")
            known = sum(s["counters"]["rows_known"] for s in site.slots())
            check(known > 0, "nothing was sent twice: the other queue must have had it before")


def test_producer_dies_meanwhile(stack):
    """The checkpoint remembers what is not sure; the next producer sends it again."""
    queue = "queue-data-clean"
    lines = generate(2000, seed=92)
    with Site(stack, producer_check_s=3600) as site:
        site.write_log(lines[:1000])
        site.start_sluiced()
        site.settle(1000, 1000)
        unbind(stack, queue, *KEYS[queue])
        site.write_log(lines[1000:])
        wait_until(lambda: site.stored("raw_log") == 2000, 20, "all rows of raw_log")
        def offset():
            with open(os.path.join(site.folder, "state", "checkpoint")) as file:
                return json.load(file)["files"][0]["offset"]
        wait_until(lambda: offset() == os.path.getsize(site.log), 20, "the checkpoint")
        check_equal(site.stored("clean_log"), 1000, "rows of clean_log")
        os.kill(site.slots("producer")[0]["pid"], signal.SIGKILL)
        site.settle(2000, 2000)
        check(audit(site), "audit")


def test_once(stack):
    """--once does not end before it knows."""
    queue = "queue-data-lake"
    with Site(stack, producer_check_s=3600) as site:
        site.write_log(generate(20000, seed=93))
        producer = site.start("sluice-producer", "--once")
        wait_until(lambda: stack.queue_counts()["queue-data-lake"] > 0, 20, "it publishes", pause=0)
        unbind(stack, queue, *KEYS[queue])
        check_equal(producer.wait(60), 0, "exit code")
        site.start("sluice-lake-worker")
        site.start("sluice-clean-worker")
        site.settle(20000, 20000)


def test_passive_without_spares(stack):
    with Site(stack, broker_declare="passive", producer_check_s=1) as site:
        for queue, keys in KEYS.items():
            unbind(stack, queue, keys[1])
        site.write_log(generate(500, seed=94))
        site.start_sluiced()
        site.settle(500, 500)
        check("has no spare bindings" in site.errors(), "it is not said")


def test_no_checks(stack):
    with Site(stack, producer_check_s=0) as site:
        site.write_log(generate(500, seed=95))
        site.start_sluiced()
        site.settle(500, 500)
