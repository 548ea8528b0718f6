"""Lines that kill or hang their worker: the line becomes a dead letter, its neighbours rows, the pool recovers.

The programs are those of a build with fault points (make FAULTS=1), which this file makes when it has to.
"""
import contextlib
import os
import signal
import subprocess

import harness
from harness import ROOT, Site, check, check_equal, generate, wait_until

FAULTS = os.environ.get("FAULTS_BUILD", os.path.join(harness.BUILD, "faults"))
QUICK = {"supervisor_restart_min_ms": 50, "supervisor_restart_max_ms": 200}


@contextlib.contextmanager
def fault_site(stack, **settings):
    done = subprocess.run(["make", "-j2", "FAULTS=1", f"BUILD={os.path.relpath(FAULTS, ROOT)}"], cwd=ROOT, capture_output=True, text=True)
    check_equal(done.returncode, 0, f"make FAULTS=1: {done.stderr}")
    shipped, harness.BUILD = harness.BUILD, FAULTS
    try:
        with Site(stack, **{**QUICK, **settings}) as site:
            yield site
    finally:
        harness.BUILD = shipped


def with_killer(count, seed, places):
    """Numbered good lines, some of them with the text KILLER in their URL."""
    lines = generate(count, seed=seed)
    for place in places:
        lines[place] = lines[place].replace(b"http", b"http://KILLER/", 1)
    return lines


def dead_of(stack, queue):
    return [(body, headers) for body, headers, _ in stack.dead_letters(queue)]


def run_killer(stack, action, places, deaths, seed, **settings):
    """Lines with a killer among them, all in one go. Returns the site's deaths of lake workers."""
    lines = with_killer(3000, seed, places)
    with fault_site(stack, **settings) as site:
        site.write_log(lines)
        site.start_sluiced(env={"SLUICE_FAULT": f"worker.line:{action}", "SLUICE_FAULT_LINE": "KILLER", "SLUICE_FAULT_ROLE": "lake"})
        # a killer may be a dead letter twice, when the next one in its message kills before the acknowledgement
        wait_until(lambda: stack.queue_counts()["queue-data-lake.dead"] >= len(places), 120, "the killers' dead letters", pause=0.3)
        site.settle(len(lines) - len(places), len(lines))
        wait_until(lambda: stack.queue_counts()["queue-data-lake"] == 0, 30, "the queue is empty", pause=0.3)
        dead = dead_of(stack, "queue-data-lake")
        check_equal({body for body, _ in dead}, {lines[p] for p in places}, "dead letters")
        for _, headers in dead:
            check_equal(headers["x-sluice-reason"], "worker.crashed", "reason")
            check("died with this line in hand" in headers["x-sluice-detail"], headers["x-sluice-detail"])
        check_equal(len(dead_of(stack, "queue-data-clean")), 0, "dead letters of clean")
        wait_until(site.all_ready, 20, "all children are ready again")
        restarts = sum(s["restarts"] for s in site.slots("lake"))
        check(deaths[0] <= restarts <= deaths[1], f"{restarts} deaths, expected {deaths}")
        check_equal(site.ctl("audit", site.log).returncode, 0, "audit")


def test_aborting_line(stack):
    run_killer(stack, "abort", [1700], (2, 4), 71)


def test_exiting_line(stack):
    run_killer(stack, "exit", [0], (2, 4), 72)


def test_killed_line(stack):
    """SIGKILL may be an operator or the kernel: it takes four."""
    run_killer(stack, "kill", [2999], (4, 8), 73)


def test_three_killers_in_one_message(stack):
    run_killer(stack, "abort", [1700, 1710, 1711], (6, 8), 74)


def test_killers_in_many_messages(stack):
    run_killer(stack, "abort", [100, 1100, 2100], (6, 10), 75)


def test_hanging_line(stack):
    run_killer(stack, "hang", [1700], (2, 4), 76, supervisor_hang_s=5, broker_heartbeat_s=2)


def test_foreign_messages(stack):
    """Strangers' messages: without an id, and all with the same id."""
    lines = with_killer(30, 78, [3, 14])
    with fault_site(stack) as site:
        site.start_sluiced(env={"SLUICE_FAULT": "worker.line:abort", "SLUICE_FAULT_LINE": "KILLER", "SLUICE_FAULT_ROLE": "clean"})
        for i in range(0, 30, 3):
            stack.publish(b"\n".join(lines[i:i + 3]), properties={"message_id": "same"} if i < 15 else {})
        wait_until(lambda: stack.queue_counts()["queue-data-clean.dead"] == 2, 60, "dead letters", pause=0.3)
        site.settle(30, 28, 2)
        check_equal(sorted(body for body, _ in dead_of(stack, "queue-data-clean")), sorted([lines[3], lines[14]]), "dead letters")


def test_crash_while_writing(stack):
    """A death in the midst of a batch names nobody; three more find the line, and it alone is dead."""
    lines = with_killer(3000, 79, [1234])
    with fault_site(stack, lake_workers=1) as site:
        site.write_log(lines)
        site.start_sluiced(env={"SLUICE_FAULT": "worker.write:abort", "SLUICE_FAULT_LINE": "KILLER", "SLUICE_FAULT_ROLE": "lake"})
        wait_until(lambda: stack.queue_counts()["queue-data-lake.dead"] == 1, 60, "the dead letter", pause=0.3)
        site.settle(2999, 3000)
        (body, headers), = dead_of(stack, "queue-data-lake")
        check_equal((body, headers["x-sluice-reason"]), (lines[1234], "worker.crashed"), "dead letter")
        check(3 <= site.slots("lake")[0]["restarts"] <= 5, f"{site.slots('lake')}")


def test_operator_kills(stack):
    """kill -9 again and again makes no dead letters and loses nothing."""
    lines = generate(20000, seed=80)
    with Site(stack, **QUICK) as site:
        site.write_log(lines)
        site.start_sluiced()
        for _ in range(12):
            victim = wait_until(lambda: [s["pid"] for s in site.slots("lake") if s["pid"]], 20, "a worker")[0]
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: victim not in [s["pid"] for s in site.slots("lake")], 20, "its death is noticed")
        site.settle(20000, 20000, timeout=120)
        counts = stack.queue_counts()
        check_equal((counts["queue-data-lake.dead"], counts["queue-data-clean.dead"]), (0, 0), "dead letters")


def test_the_shipped_build_has_none(stack):
    for program in ("sluice-producer", "sluice-lake-worker", "sluice-clean-worker", "sluiced", "sluicectl"):
        with open(os.path.join(harness.BUILD, program), "rb") as file:
            check(b"SLUICE_FAULT" not in file.read(), f"{program} has fault points")
