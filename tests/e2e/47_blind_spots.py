"""What operators must see: a share of rejected lines, a log that nobody reads, a control socket that was deleted."""
import json

from harness import Site, check, check_equal, generate, wait_until


def events(site, kind=None):
    done = site.ctl("-s", site.socket, "events", "--json")
    check_equal(done.returncode, 0, f"events: {done.stderr}")
    return [e for e in map(json.loads, done.stdout.splitlines()) if kind in (None, e["kind"])]


def test_a_wrong_format_is_seen(stack):
    """Every line a dead letter: critical by default, an event at its beginning and at its end."""
    lines = generate(200, seed=471)
    with Site(stack, supervisor_rejected_window_s=10) as site:
        site.write_conf(inputs=[{"path": site.log, "format": "combined"}])
        site.start_sluiced()
        check_equal(site.ctl("health").returncode, 0, "before")
        site.write_log([b"x" + line for line in lines])
        wait_until(lambda: site.status()["roles"]["clean"]["dead_letters"]["state"] == "critical", 20, "the share is critical")
        done = site.ctl("health")
        check_equal(done.returncode, 2, done.stdout)
        check("clean: 100 % of the lines of the last 10s are dead letters (200 of 200), most for parse." in done.stdout,
              done.stdout)
        check_equal(site.ctl("status", "--check").returncode, 1, "status --check")
        letters = site.status()["roles"]["clean"]["dead_letters"]
        check_equal((letters["lines"], letters["rejected"], letters["percent"]), (200, 200, 100), "figures")
        check(letters["reason"].startswith("parse."), letters)
        check(letters["per_minute"] == 200, letters)
        wait_until(lambda: site.status()["roles"]["clean"]["dead_letters"]["waiting"] == 200, 20, "all of them wait")
        check_equal(site.status()["roles"]["lake"]["dead_letters"]["state"], "ok", "the other stage is fine")
        wait_until(lambda: [e for e in events(site, "mended") if e["subject"] == "clean"], 30, "its end is an event")
        begun = events(site, "rejecting")
        check_equal(len(begun), 1, f"one event: {begun}")
        check("100 % of the lines" in begun[0]["text"] and "parse." in begun[0]["text"], begun)
        check_equal(site.ctl("health").returncode, 1, "the letters still wait: a warning")
