"""kill -9 of any process at any time: nothing is lost, counts are exact when it settles."""
import os
import random
import signal

from harness import Site, check, check_equal, generate, wait_until

LINES = 20000


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def run_with_kills(stack, role, kills, seed):
    lines = generate(LINES, seed=seed)
    rng = random.Random(seed)
    with Site(stack, supervisor_restart_max_ms=300, producer_window_frames=8, lake_batch_rows=500, clean_batch_rows=500) as site:
        site.start_sluiced()
        for part in range(kills):
            site.write_log(lines[part * LINES // kills:(part + 1) * LINES // kills])
            goal = rng.randrange(part * LINES // kills, (part + 1) * LINES // kills)
            wait_until(lambda: site.stored("raw_log") >= goal or site.stored("clean_log") >= goal, 30, f"{goal} rows")
            victims = [s for s in site.slots(role) if s["pid"]]
            if victims:
                kill(rng.choice(victims)["pid"])
        site.settle(LINES, LINES, timeout=90)
        wait_until(site.all_ready, 20, "all children are ready again")
        deaths = [s["restarts"] for s in site.slots(role)]
        check(sum(deaths) >= 1, f"nobody of {role} was restarted: {deaths}")


def test_kill_producer(stack):
    run_with_kills(stack, "producer", 5, 21)


def test_kill_lake_worker(stack):
    run_with_kills(stack, "lake", 5, 22)


def test_kill_clean_worker(stack):
    run_with_kills(stack, "clean", 5, 23)


def test_kill_supervisor(stack):
    lines = generate(LINES, seed=24)
    with Site(stack) as site:
        site.write_log(lines)
        for _ in range(3):
            sluiced = site.start_sluiced()
            pids = [s["pid"] for s in site.slots()]
            kill(sluiced.pid)
            sluiced.wait()
            second = site.start_sluiced()
            wait_until(lambda: not any(os.path.exists(f"/proc/{p}") for p in pids), 30, "the old children are gone")
            kill(second.pid)
            second.wait()
        site.start_sluiced()
        site.settle(LINES, LINES)


def test_kill_broker(stack):
    lines = generate(LINES, seed=25)
    with Site(stack) as site:
        site.start_sluiced()
        site.write_log(lines[:LINES // 2])
        wait_until(lambda: site.stored("raw_log") > 1000, 30, "some rows")
        stack.run("broker", "kill")
        site.write_log(lines[LINES // 2:])
        wait_until(lambda: not all(s["ready"] for s in site.slots()), 20, "children notice")
        check(all(s["state"] == "RUNNING" for s in site.slots()), "a child has died for a broker outage")
        stack.run("broker", "start")
        stack.read_env()
        site.settle(LINES, LINES, timeout=90)
        wait_until(site.all_ready, 30, "all children are ready again")


def test_kill_database(stack):
    lines = generate(LINES, seed=26)
    with Site(stack) as site:
        site.start_sluiced()
        site.write_log(lines[:LINES // 2])
        wait_until(lambda: site.stored("raw_log") > 1000, 30, "some rows")
        stack.run("db", "kill")
        site.write_log(lines[LINES // 2:])
        wait_until(lambda: not all(s["ready"] for s in site.slots("lake")), 20, "workers notice")
        check(all(s["state"] == "RUNNING" for s in site.slots()), "a child has died for a database outage")
        stack.run("db", "start")
        stack.read_env()
        site.settle(LINES, LINES, timeout=90)
        wait_until(site.all_ready, 30, "all children are ready again")


def test_terminate_under_load(stack):
    """TERM under full load: exit 0, nothing unacknowledged left, nothing lost."""
    lines = generate(LINES, seed=27)
    with Site(stack) as site:
        site.write_log(lines)
        sluiced = site.start_sluiced()
        wait_until(lambda: site.stored("raw_log") > 1000, 30, "some rows")
        sluiced.send_signal(signal.SIGTERM)
        check_equal(sluiced.wait(40), 0, "exit code")
        wait_until(lambda: not site.left_running(), 10, "no child is left")
        site.start_sluiced()
        site.settle(LINES, LINES)
