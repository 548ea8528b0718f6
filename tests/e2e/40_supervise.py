"""The supervisor: status, scaling, states, and one supervisor per state directory."""
import json
import os
import signal

from harness import Site, check, check_equal, generate, wait_until


def test_status(stack):
    with Site(stack) as site:
        site.write_log(generate(100, seed=31))
        site.start_sluiced()
        site.settle(100, 100)
        done = site.ctl("status")
        check_equal(done.returncode, 0, "status")
        for word in ("STAGE", "producer", "lake", "clean", "RUNNING", "yes"):
            check(word in done.stdout, f"no {word} in\n{done.stdout}")
        slots = site.slots()
        check_equal(sorted((s["role"], s["slot"]) for s in slots),
                    [("clean", 0), ("clean", 1), ("lake", 0), ("lake", 1), ("producer", 0)], "slots")
        wait_until(lambda: sum(s["counters"]["rows_stored"] for s in site.slots("lake")) == 100, 10, "rows counted")
        check_equal(sum(s["counters"]["lines_confirmed"] for s in site.slots("producer")), 100, "lines confirmed")


def test_scale(stack):
    lines = generate(20000, seed=32)
    with Site(stack) as site:
        site.start_sluiced()
        site.write_log(lines)
        before = {(s["role"], s["slot"]): s["pid"] for s in site.slots()}
        done = site.ctl("scale", "lake=4", "clean=3")
        check_equal(done.returncode, 0, f"scale up: {done.stderr}")
        check_equal((len(site.slots("lake")), len(site.slots("clean"))), (4, 3), "workers after scaling up")
        check(site.all_ready(), "scale has not waited until all are ready")
        after = {(s["role"], s["slot"]): s["pid"] for s in site.slots()}
        check_equal({k: after[k] for k in before}, before, "those that were there are untouched")
        done = site.ctl("scale", "lake=1", "clean=1")
        check_equal(done.returncode, 0, f"scale down: {done.stderr}")
        check_equal((len(site.slots("lake")), len(site.slots("clean"))), (1, 1), "workers after scaling down")
        site.settle(20000, 20000)
        check_equal(site.ctl("scale", "lake=many").returncode, 64, "a wrong count")
        check_equal(site.ctl("scale", "lakes=2").returncode, 64, "a wrong role")
        check_equal(site.ctl("scale", "lake=65").returncode, 64, "too many")
        done = site.ctl("scale", "lake=0", "clean=0")
        check_equal(done.returncode, 0, f"scale to nothing: {done.stderr}")


def test_second_supervisor_is_refused(stack):
    with Site(stack) as site:
        first = site.start_sluiced()
        second = site.run("sluiced")
        check(second.returncode not in (0, 78), f"the second supervisor: {second.returncode} {second.stderr}")
        check(str(first.pid) in second.stderr, f"it does not say who is there: {second.stderr}")
        check(site.all_ready(), "the first one still works")


def test_bad_role_is_fatal_without_a_storm(stack):
    """Workers that exit with EX_CONFIG are not started again; the status says why."""
    with Site(stack) as site:
        stack.sql("DROP TABLE IF EXISTS held_migrations")
        stack.sql("RENAME TABLE schema_migrations TO held_migrations")
        try:
            site.start("sluiced")
            wait_until(lambda: [s["state"] for s in site.slots("lake")] == ["FATAL", "FATAL"], 20, "lake workers are FATAL")
            check("db migrate" in json.dumps(site.status()), "status does not say what to do")
            deaths = len([line for line in site.errors().splitlines() if "lake/" in line and "died" in line])
            check(deaths <= 2, f"{deaths} deaths of lake workers: a restart storm")
        finally:
            stack.sql("RENAME TABLE held_migrations TO schema_migrations")
        done = site.ctl("start", "all")
        check_equal(done.returncode, 0, f"start all: {done.stderr}")
        wait_until(site.all_ready, 20, "all are ready after the repair")


def test_hung_child_is_replaced(stack):
    with Site(stack, supervisor_hang_s=5) as site:
        site.start_sluiced()
        victim = site.slots("lake")[0]["pid"]
        os.kill(victim, signal.SIGSTOP)
        wait_until(lambda: site.all_ready() and site.slots("lake")[0]["pid"] not in (0, None, victim), 40, "a new lake/0")
        site.write_log(generate(100, seed=33))
        site.settle(100, 100)


def test_reload(stack):
    lines = generate(2000, seed=34)
    with Site(stack) as site:
        sluiced = site.start_sluiced()
        site.write_log(lines[:1000])
        before = {(s["role"], s["slot"]): s["pid"] for s in site.slots()}
        with open(site.conf, "a") as file:
            file.write("nonsense = 1;\n")
        done = site.ctl("-s", site.socket, "reload")
        check_equal(done.returncode, 78, f"reload of a bad file: {done.stdout} {done.stderr}")
        check_equal({(s["role"], s["slot"]): s["pid"] for s in site.slots()}, before, "nothing has changed")
        site.write_conf(lake_batch_rows=100, clean_workers=3)
        done = site.ctl("reload")
        check_equal(done.returncode, 0, f"reload of a good file: {done.stderr}")
        wait_until(lambda: site.all_ready() and len(site.slots("clean")) == 3, 20, "three clean workers")
        after = {(s["role"], s["slot"]): s["pid"] for s in site.slots()}
        wait_until(lambda: all(s["pid"] and s["pid"] != before[("lake", s["slot"])] for s in site.slots("lake")), 20,
                   "lake workers are new")
        check_equal(after[("producer", 0)], before[("producer", 0)], "the producer is untouched")
        check_equal(after[("clean", 0)], before[("clean", 0)], "clean/0 is untouched")
        site.write_log(lines[1000:])
        site.settle(2000, 2000)
        sluiced.send_signal(signal.SIGHUP)
        wait_until(site.all_ready, 20, "all ready after HUP")
