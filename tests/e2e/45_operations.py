"""Operators at work: pause, dry runs, events, health, metrics, queues, systemd, abuse of the control socket.

SLUICE_LONG=1 makes the sessions under load ten rounds instead of two, and adds what takes its time.
"""
import hashlib
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

from harness import BUILD, DEAD_QUEUES, HAS_SANITIZER, ROOT, Site, check, check_equal, generate, wait_until

LONG = os.environ.get("SLUICE_LONG", "") not in ("", "0")
ROUNDS = 10 if LONG else 2


def ctl_json(site, *args):
    done = site.ctl("-s", site.socket, *args, "--json")
    check(done.stdout, f"{args}: {done.stderr}")
    return json.loads(done.stdout)


def events(site):
    done = site.ctl("-s", site.socket, "events", "--json")
    check_equal(done.returncode, 0, f"events: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def good(site, *args):
    done = site.ctl(*args)
    check_equal(done.returncode, 0, f"sluicectl {' '.join(args)}: {done.stdout} {done.stderr}")
    return done.stdout


def ids_of(lines):
    return {hashlib.md5(line).hexdigest() for line in lines}


def check_nothing_lost(site, stack, lines):
    """The set of lines is the set of rows plus the set of dead letters, for both tables."""
    wanted = ids_of(lines)

    # What is still on its way counts as missing; a killed producer has counted lines that it sent again.
    wait_until(lambda: site.ctl("audit", site.log, timeout=300).returncode == 0, 120, "every line is a row or a dead letter",
               pause=2)
    for table in ("raw_log", "clean_log"):
        strangers = site.ids(table) - wanted
        check(not strangers, f"{len(strangers)} rows in {table} that were never written")


class Proxy:
    """A server behind a proxy that can take it away and bring it back."""

    def __init__(self, target_port):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests", "fault_proxy"), f"127.0.0.1:{target_port}"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.host = f"127.0.0.1:{self.process.stdout.readline().split()[1]}"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.process.stdin.close()
        self.process.wait(20)

    def tell(self, *commands):
        for command in commands:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            self.process.stdout.readline()


def test_pause_and_resume(stack):
    lines = generate(3000, seed=45)
    with Site(stack) as site:
        site.start_sluiced()
        good(site, "pause", "clean")
        slots = site.slots("clean")
        check(all(s["paused"] and s["state"] == "RUNNING" and s["in_hand"] == "" for s in slots), f"paused: {slots}")
        check("PAUSED" in good(site, "status"), "status shows it")
        site.write_log(lines[:1000])
        wait_until(lambda: site.stored("raw_log") == 1000, 30, "lake goes on")
        check_equal(site.stored("clean_log"), 0, "clean rows while clean is paused")
        # A restarted child is paused too, and a killed one.
        good(site, "restart", "clean/0")
        os.kill(site.slots("clean")[1]["pid"], signal.SIGKILL)
        wait_until(lambda: site.all_ready() and all(s["paused"] for s in site.slots("clean")), 20, "successors are paused")
        check_equal(site.stored("clean_log"), 0, "clean rows after restarts")
        good(site, "resume", "clean")
        wait_until(lambda: site.stored("clean_log") == 1000, 30, "clean has caught up")
        good(site, "pause", "producer")
        site.write_log(lines[1000:2000])
        good(site, "pause", "all")
        check_equal(site.stored("raw_log"), 1000, "rows while the producer is paused")
        good(site, "resume", "all")
        site.write_log(lines[2000:])
        site.settle(3000, 3000)
        check_nothing_lost(site, stack, lines)
        done = site.ctl("pause", "lake/0")
        check_equal(done.returncode, 65, "pausing one child of a role")


def use_up_descriptors(pid):
    """Let the process have no descriptor more than it has; returns the limits it had."""
    held = {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")}
    lowest_free = min(set(range(len(held) + 1)) - held)
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    return limits


def test_reload_without_descriptors(stack):
    """sluiced runs out of descriptors: it says so, keeps its settings and its children, and goes on when there are some again."""
    lines = generate(2000, seed=48)
    with Site(stack, supervisor_restart_min_ms=200) as site:
        sluiced = site.start_sluiced()
        site.write_log(lines[:1000])
        site.settle(1000, 1000)
        site.write_conf(lake_workers=3)
        limits = use_up_descriptors(sluiced.pid)
        os.kill(sluiced.pid, signal.SIGHUP)
        wait_until(lambda: "sluiced has no descriptor free" in site.errors(), 10, "the log says what ran out")
        done = site.ctl("-s", site.socket, "reload")
        check_equal(done.returncode, 71, f"reload: {done.stdout}{done.stderr}")
        check("Too many open files" in done.stderr and "the settings stay as they were" in done.stderr, done.stderr)
        check_equal([e["kind"] for e in events(site)].count("refused"), 2, "events of refusal")
        check_equal(len(site.slots("lake")), 2, "lake workers")
        # A child that dies now cannot be replaced yet.
        os.kill(site.slots("lake")[0]["pid"], signal.SIGKILL)
        wait_until(lambda: "cannot make a pipe" in site.slots("lake")[0]["last_error"], 10, "the slot says why it is empty")
        check(sluiced.poll() is None, "sluiced lives")

        resource.prlimit(sluiced.pid, resource.RLIMIT_NOFILE, limits)
        check("lake.workers" in good(site, "reload"), "the change is applied")
        wait_until(lambda: len(site.slots("lake")) == 3 and site.all_ready(), 20, "three lake workers, the dead one's successor too")
        site.write_log(lines[1000:])
        site.settle(2000, 2000)


def test_pause_while_the_database_is_away(stack):
    """The order stands, and is said to stand, when it cannot be carried out now."""
    with Proxy(stack.env["STACK_DB_PORT"]) as proxy, Site(stack, database_hosts=[proxy.host]) as site:
        site.start_sluiced()
        proxy.tell("refuse", "reset")
        site.write_log(generate(100, seed=62))
        wait_until(lambda: not site.all_ready(), 20, "an outage is noticed")
        done = site.ctl("pause", "lake", "--timeout", "1s")
        check_equal((done.returncode, done.stdout), (75, "pause lake ... not paused\n"), f"{done.stderr}")
        check_equal(len(done.stderr.splitlines()), 1, f"one line: {done.stderr}")
        check("lake/" in done.stderr and "the order stands: paused when that is over" in done.stderr, done.stderr)
        proxy.tell("pass")
        wait_until(lambda: all(s["paused"] for s in site.slots("lake")), 20, "it was carried out")
        good(site, "resume", "lake")
        site.settle(100, 100)


def test_pause_under_load_loses_nothing(stack):
    lines = generate(20000, seed=46, bad=20)
    with Site(stack, lake_prefetch=16, clean_prefetch=16, producer_frame_lines=16) as site:
        site.start_sluiced()
        site.write_log(lines)
        for _ in range(5):
            good(site, "pause", "all")
            check(all(s["paused"] for s in site.slots()), "all are paused")
            counts = stack.queue_counts()
            good(site, "resume", "all")
            check(all(count >= 0 for count in counts.values()), "counts")
        check_nothing_lost(site, stack, lines)


def test_dry_runs_change_nothing(stack):
    with Site(stack) as site:
        site.start_sluiced()
        pids = {s["name"]: s["pid"] for s in site.slots()}
        check("lake: 2 -> 5" in good(site, "scale", "lake=5", "-n"), "scale -n")
        check_equal(ctl_json(site, "config", "diff"), [], "no difference")
        site.write_conf(lake_batch_rows=77, supervisor_drain_s=9)
        check("would restart one child at a time: lake" in good(site, "reload", "-n"), "reload -n")
        diff = {d["name"]: d for d in ctl_json(site, "config", "diff")}
        check_equal(sorted(diff), ["lake.batch_rows", "supervisor.drain_s"], "what differs")
        check_equal((diff["lake.batch_rows"]["from"], diff["lake.batch_rows"]["to"]), ("5000", "77"), "values")
        check_equal(diff["lake.batch_rows"]["from_origin"], "default", "where the running value is from")
        check(re.match(re.escape(site.conf) + r":\d+$", diff["lake.batch_rows"]["to_origin"]), f"origin: {diff}")
        check_equal(site.ctl("config", "diff").returncode, 1, "exit code of a difference")
        check_equal({s["name"]: s["pid"] for s in site.slots()}, pids, "nobody was touched")
        site.write_conf(lake_batch_rows="many")
        for args in (("reload", "-n"), ("reload",), ("config", "diff")):
            done = site.ctl("-s", site.socket, *args)
            check_equal(done.returncode, 78, f"{args} of a bad file")
            check("lake.batch_rows is a text; it must be a whole number" in done.stderr, f"{args} says why: {done.stderr}")
        check_equal({s["name"]: s["pid"] for s in site.slots()}, pids, "nobody was touched")


def test_what_needs_a_restart_waits_for_it(stack):
    """A changed state_dir does not reach a child that is started later, and stays visible as a difference."""
    with Site(stack) as site:
        site.start_sluiced()
        site.write_conf(supervisor_state_dir=os.path.join(site.folder, "elsewhere"))
        check("only a restart of sluiced applies: supervisor.state_dir" in good(site, "reload"), "reload says so")
        site.write_log(generate(100, seed=53))
        good(site, "restart", "producer")
        site.settle(100, 100)
        check(not os.path.exists(os.path.join(site.folder, "elsewhere")), "the producer went elsewhere")
        check_equal([d["name"] for d in ctl_json(site, "config", "diff")], ["supervisor.state_dir"], "still a difference")


def test_half_edited_settings_harm_no_child(stack):
    """A child that dies while the file is broken gets the settings that sluiced has accepted."""
    with Site(stack) as site:
        site.start_sluiced()
        with open(site.conf, "a") as file:
            file.write("lake : { batch_rows = \n")
        for slot in site.slots():
            os.kill(slot["pid"], signal.SIGKILL)
        wait_until(lambda: site.all_ready() and all(s["restarts"] == 1 for s in site.slots()), 20, "all are back")
        os.unlink(site.conf)
        os.kill(site.slots("clean")[0]["pid"], signal.SIGKILL)
        wait_until(lambda: site.all_ready() and site.slots("clean")[0]["restarts"] == 2, 20, "back without any file")
        site.write_log(generate(100, seed=47))
        site.settle(100, 100)
        site.write_conf()


def test_a_typo_in_the_settings_blinds_nobody(stack):
    with Site(stack) as site:
        site.start_sluiced()
        with open(site.conf, "a") as file:
            file.write("lakke : { workers = 3; };\n")
        for verb in ("status", "events", "queues", "health", "top", "metrics"):
            done = site.ctl(verb)
            check_equal(done.returncode, 0, f"{verb}: {done.stdout}{done.stderr}")
            check("lakke" in done.stderr, f"{verb} says the problem: {done.stderr}")
            check(f"asking the sluiced at {site.socket}, the supervisor.socket of that file" in done.stderr, done.stderr)
        check("queue-data-lake" in site.ctl("queues").stdout, "queues")
        with open(site.conf, "w") as file:
            file.write("lake : {")
        done = site.ctl("status")
        check("asking the sluiced at /run/sluice/" in done.stderr and "the default" in done.stderr, done.stderr)
        check_equal(done.returncode, 78, "no sluiced there: the file is to be mended")
        check_equal(site.ctl("health").returncode, 3, "health")
        # -s alone will do, also for what asks the broker
        for verb in ("status", "queues"):
            done = subprocess.run([os.path.join(BUILD, "sluicectl"), "-s", site.socket, verb], capture_output=True, text=True)
            check_equal((done.returncode, done.stderr), (0, ""), f"{verb} with -s: {done.stdout}")
        site.write_conf()


def test_wrong_options_are_one_line(stack):
    with Site(stack) as site:
        for words, said in ((("scale", "--timout", "3s", "lake=1"), "scale: unknown option --timout: did you mean --timeout?"),
                            (("status", "--chekc"), "status: unknown option --chekc: did you mean --check?"),
                            (("events", "--last"), "events: --last needs a value"),
                            (("health", "--json=1"), "health: --json takes no value"),
                            (("stop", "-x", "all"), "stop: unknown option -x"),
                            (("audit", "--lmit", "3"), "audit: unknown option --lmit: did you mean --limit?"),
                            (("--nonsense",), "unknown option --nonsense")):
            done = site.ctl(*words)
            check_equal(done.returncode, 3 if words[0] == "health" else 64, f"{words}: {done.stderr}")
            check_equal(len(done.stderr.splitlines()), 1, f"{words}: {done.stderr}")
            check(done.stderr.startswith("sluicectl: " + said), f"{words}: {done.stderr}")


def test_events_tell_the_story(stack):
    with Site(stack) as site:
        site.start_sluiced()
        with open(os.path.join(site.folder, "followed"), "wb") as out:
            follower = subprocess.Popen([os.path.join(BUILD, "sluicectl"), "-s", site.socket, "events", "--follow"],
                                        stdout=out, stdin=subprocess.DEVNULL)
        site.processes.append(follower)
        good(site, "scale", "lake=3")
        os.kill(site.slots("clean")[1]["pid"], signal.SIGKILL)
        wait_until(lambda: site.all_ready() and site.slots("clean")[1]["restarts"] == 1, 20, "clean/1 is back")
        with open(site.conf, "a") as file:
            file.write("nonsense = 1;\n")
        site.ctl("-s", site.socket, "reload")
        site.write_conf(lake_batch_rows=100)
        good(site, "reload")
        good(site, "pause", "lake")
        good(site, "resume", "lake")
        story = [(e["kind"], e["subject"]) for e in events(site)]
        at = 0
        for step in (("begin", "sluiced"), ("ready", "lake/0"), ("scale", "lake"), ("ready", "lake/2"), ("death", "clean/1"),
                     ("ready", "clean/1"), ("refused", "sluiced"), ("reload", "sluiced"), ("ended", "lake/0"),
                     ("pause", "lake"), ("resume", "lake")):
            check(step in story[at:], f"{step} is missing after number {at} of {story}")
            at += story[at:].index(step) + 1
        by = {e["kind"]: e for e in events(site)}
        check(by["scale"]["actor"].endswith(f"(uid {os.getuid()})"), f"who scaled: {by['scale']['actor']}")
        check("signal 9" in by["death"]["text"], f"why it died: {by['death']}")
        check("nonsense" in by["refused"]["text"], f"why it was refused: {by['refused']}")
        check("lake.batch_rows" in by["reload"]["text"], f"what was changed: {by['reload']}")

        def followed():
            with open(os.path.join(site.folder, "followed")) as file:
                return file.read()
        wait_until(lambda: "resume" in followed(), 10, "the follower has seen it all")
        check_equal(len(followed().splitlines()), len(events(site)), "each event was printed once")


def test_outages_are_events(stack):
    with Proxy(stack.env["STACK_DB_PORT"]) as proxy, Site(stack, database_hosts=[proxy.host]) as site:
        site.start_sluiced()
        proxy.tell("refuse", "reset")
        site.write_log(generate(100, seed=60))
        wait_until(lambda: {"lake", "clean"} <= {e["subject"].split("/")[0] for e in events(site) if e["kind"] == "trouble"},
                   20, "both stages are in trouble")
        check(not [e for e in events(site) if e["kind"] == "mended"], "nothing is mended yet")
        told = [e for e in events(site) if e["kind"] == "trouble"]
        check(all(proxy.host in e["text"] for e in told), f"the text is the error: {told}")
        proxy.tell("pass")
        wait_until(lambda: {e["subject"] for e in told} <= {e["subject"] for e in events(site) if e["kind"] == "mended"},
                   20, "each is mended")
        check("mended" in good(site, "events"), "as text")
        story = events(site)
        check(len([e for e in story if e["kind"] == "trouble"]) <= 3 * len(site.slots()), f"a flood: {story}")
        site.settle(100, 100)


def test_health(stack):
    with Site(stack) as site:
        done = site.ctl("health")
        check_equal((done.returncode, done.stdout), (2, "SLUICE CRITICAL - sluiced does not answer\n"), "before the start")
        site.start_sluiced()
        done = site.ctl("health")
        check_equal(done.returncode, 0, f"healthy: {done.stdout}")
        check(done.stdout.startswith("SLUICE OK - producer 1 of 1 ready"), done.stdout)
        check_equal(site.ctl("status", "--check").returncode, 0, "status --check")
        good(site, "pause", "clean")
        check_equal(site.ctl("health").returncode, 1, "paused")
        check_equal(site.ctl("status", "--check").stdout, "clean is paused\n", "status --check")
        good(site, "resume", "clean")
        good(site, "stop", "lake")
        done = site.ctl("health")
        check_equal(done.returncode, 2, f"no lake: {done.stdout}")
        good(site, "start", "lake")
        site.write_log([b"nonsense"] * 3)
        wait_until(lambda: site.status()["roles"]["clean"]["queue"]["dead"] > 0, 20, "dead letters are seen")
        done = site.ctl("health")
        check_equal(done.returncode, 1, "dead letters that wait are a warning")
        check("queue-data-clean: 3 dead letters" in done.stdout, done.stdout)
        check_equal(site.ctl("health", "--dead-warning", "1", "--dead-critical", "1").returncode, 2, "dead letters")
        check_equal(site.ctl("health", "--dead-warning", "0").returncode, 0, "healthy without the limit")
        os.kill(site.slots("clean")[0]["pid"], signal.SIGKILL)
        wait_until(lambda: site.all_ready() and site.slots("clean")[0]["restarts"] == 1, 20, "clean/0 is back")
        check_equal(site.ctl("health").returncode, 1, "a death lately")
        check_equal(site.ctl("health", "--deaths", "0", "--dead-warning", "0").returncode, 0, "deaths do not count")
        check_equal(site.ctl("health", "--age-warning", "soon").returncode, 3, "wrong usage")
        check_equal(ctl_json(site, "health")["state"], "WARNING", "as JSON")


def test_a_stage_scaled_away_while_its_queue_is_full(stack):
    with Site(stack, producer_check_s=1, producer_frame_lines=1) as site:
        site.start_sluiced()
        good(site, "scale", "clean=0", "lake=0")
        good(site, "pause", "clean")
        done = site.ctl("status", "--check")
        check_equal(done.returncode, 1, f"scaled to 0: {done.stdout}")
        check("no lake is wanted while the producer runs" in done.stdout, done.stdout)
        check("clean is paused" in done.stdout and "no clean" not in done.stdout, f"a pause is on purpose: {done.stdout}")
        good(site, "resume", "clean")
        check_equal(site.ctl("health").returncode, 1, "health")
        good(site, "scale", "clean=2")
        check("absent while the role has none" in good(site, "metrics"), "metrics say why a series is absent")
        stack.api("PUT", "policies/%2F/small", {"pattern": "^queue-data-lake$", "apply-to": "queues", "definition": {"max-length": 5}})
        try:
            lines, written = generate(20000, seed=61), 0

            def is_named():
                nonlocal written
                site.write_log(lines[written:written + 50])  # the limit is a soft one: it takes several rounds
                written = min(written + 50, len(lines))
                return "queue queue-data-lake is full" in site.slots("producer")[0]["last_error"]
            wait_until(is_named, 40, "the producer names the full queue", pause=0.2)
            check("queue-data-lake is full" in site.ctl("health").stdout, "health says it too")
            check([e for e in events(site) if e["kind"] == "trouble" and e["subject"] == "producer/0"], "an event")
            good(site, "scale", "lake=2")
        finally:
            stack.api("DELETE", "policies/%2F/small")
        site.settle(written, written)
        wait_until(lambda: site.slots("producer")[0]["last_error"] == "", 20, "all is well again")
        wait_until(lambda: [e for e in events(site) if e["kind"] == "mended"], 10, "mended")


def test_metrics_survive_deaths_and_reloads(stack):
    def figures():
        found = {}
        for line in good(site, "metrics").splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found
    with Site(stack) as site:
        site.start_sluiced()
        site.write_log(generate(2000, seed=48) + [b"nonsense"])
        wanted = {'sluice_lines_in_total{role="clean"}': 2001, 'sluice_lines_confirmed_total{role="producer"}': 2001,
                  'sluice_dead_letters_total{role="clean",reason="parse.no_match"}': 1}
        wait_until(lambda: wanted.items() <= figures().items(), 30, f"{wanted}")
        site.settle(2001, 2000, dead=1)
        before = figures()
        check(before['sluice_lag_seconds_count{role="lake"}'] > 0, "lag was measured")
        check_equal(before['sluice_lag_seconds_bucket{role="lake",le="+Inf"}'], before['sluice_lag_seconds_count{role="lake"}'], "+Inf")
        check(before['sluice_batch_duration_seconds_count{role="clean"}'] > 0, "batches were measured")
        for slot in site.slots():
            os.kill(slot["pid"], signal.SIGKILL)
        wait_until(lambda: site.all_ready() and all(s["restarts"] == 1 for s in site.slots()), 20, "all are back")
        site.write_conf(lake_batch_rows=100)
        good(site, "reload")
        after = figures()
        for name, value in before.items():
            if "_total" in name or "_count" in name or "_bucket" in name:
                check(after[name] >= value, f"{name} went down from {value} to {after[name]}")
        check_equal(sum(after[f'sluice_child_deaths_total{{role="{role}"}}'] for role in ("producer", "lake", "clean")), 5, "deaths")


def test_queues(stack):
    with Site(stack) as site:
        site.start_sluiced()
        good(site, "pause", "clean")
        site.write_log(generate(500, seed=49) + [b"nonsense"])
        wait_until(lambda: site.stored("raw_log") == 501, 20, "lake has all")
        wait_until(lambda: site.status()["roles"]["clean"]["queue"]["ready"] > 0, 20, "sluiced knows of the depth")
        queues = {q["name"]: q for q in ctl_json(site, "queues")["queues"]}
        check_equal(sorted(queues), sorted(DEAD_QUEUES + ("queue-data-clean", "queue-data-lake")), "which")
        check(queues["queue-data-clean"]["ready"] > 0, f"clean waits: {queues}")
        check_equal(queues["queue-data-clean"]["consumers"], 0, "consumers of a paused role")
        check_equal(queues["queue-data-lake"]["consumers"], 2, "consumers of lake")
        good(site, "resume", "clean")
        wait_until(lambda: site.stored("clean_log") == 500, 20, "clean has all")
        # Without the broker the workers' last word, without sluiced the broker's.
        os.rename(os.path.join(stack.folder, "broker.pass"), os.path.join(stack.folder, "broker.hidden"))
        try:
            done = site.ctl("queues")
            check_equal(done.returncode, 0, f"without the password: {done.stderr}")
            check("showing what the workers saw last" in done.stderr, done.stderr)
        finally:
            os.rename(os.path.join(stack.folder, "broker.hidden"), os.path.join(stack.folder, "broker.pass"))
    with Site(stack) as site:
        check_equal(site.ctl("queues").returncode, 0, "without sluiced")
    with Proxy(stack.env["STACK_AMQP_PORT"]) as proxy, Site(stack, broker_hosts=[proxy.host]) as site:
        site.start_sluiced()
        wait_until(lambda: site.status()["roles"]["lake"]["queue"]["known"], 20, "the workers have looked")
        proxy.tell("refuse", "reset")
        done = site.ctl("queues")
        check_equal(done.returncode, 69, f"the broker is away: {done.stderr}")
        check("queue-data-lake" in done.stdout and "showing what the workers saw last" in done.stderr, done.stderr)
        proxy.tell("pass")
        wait_until(lambda: site.ctl("queues").returncode == 0, 20, "it is back")


def test_autoscale(stack):
    with Site(stack, clean_workers=1, clean_autoscale_max=3, clean_autoscale_drain_s=1, producer_frame_lines=1,
              clean_prefetch=2) as site:
        site.start_sluiced()
        good(site, "pause", "clean")
        site.write_log(generate(6000, seed=50))
        wait_until(lambda: site.status()["roles"]["clean"]["queue"]["ready"] == 6000, 60, "the backlog is seen")
        good(site, "resume", "clean")
        wait_until(lambda: len(site.slots("clean")) > 1, 20, "autoscale has added a worker")
        event = [e for e in events(site) if e["kind"] == "autoscale"][0]
        check_equal((event["subject"], event["actor"]), ("clean", "autoscale"), "the event")
        check("messages wait" in event["text"], f"its reason: {event['text']}")
        site.settle(6000, 6000)


def use_top(site):
    """Scale lake by one in the full-screen view, as a person would."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", LINES="40", COLUMNS="200")
        os.execv(os.path.join(BUILD, "sluicectl"), ["sluicectl", "-c", site.conf, "top"])
    # Only what has changed is drawn again, so each word is waited for when it must be new.
    screen, steps = b"", [(b"q end", b"+"), (b"its maximum", b"j+"), (b"scale lake from 2 to 3?", b"y"), (b": done", b"q")]
    end = time.monotonic() + 30
    try:
        while True:
            if select.select([terminal], [], [], 0.2)[0]:
                screen += os.read(terminal, 65536)
            if steps and steps[0][0] in screen:
                os.write(terminal, steps.pop(0)[1])
                screen = b""
            check(time.monotonic() < end, f"top did not show {steps[:1]}, but {screen[-2000:]!r}")
    except OSError:  # the other side has closed the terminal
        pass
    finally:
        if steps:
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        os.close(terminal)
    check_equal((steps, status), ([], 0), "top: steps not taken, exit status")


def test_watch_top_and_completion(stack):
    with Site(stack) as site:
        site.start_sluiced()
        out = subprocess.run(["timeout", "1.5", os.path.join(BUILD, "sluicectl"), "-c", site.conf, "status", "--watch=300ms"],
                             capture_output=True, text=True).stdout
        check(out.count("STAGE") >= 3, f"status --watch: {out}")
        top = good(site, "top")
        for word in ("STAGE", "CHILD", "DEAD LETTERS", "EVENTS", "lake/1", "ready"):
            check(word in top, f"{word} is not in a snapshot of top: {top}")
        use_top(site)
        wait_until(lambda: site.all_ready() and len(site.slots("lake")) == 3, 20, "top has scaled lake")
        verbs = [v["verb"] for v in json.loads(site.ctl("completion", "--json").stdout)]
        for verb in verbs:
            done = site.ctl(verb, "--help")
            check(done.returncode == 0 and "example: sluicectl " in done.stdout, f"{verb} --help")
        script = good(site, "completion", "bash") + "COMP_WORDS=(sluicectl sc); COMP_CWORD=1; _sluicectl; echo ${COMPREPLY[@]}\n"
        check_equal(subprocess.run(["bash", "-c", script], capture_output=True, text=True).stdout, "scale\n", "bash completes")
        done = site.ctl("statsu")
        check(done.returncode == 64 and "did you mean status?" in done.stderr, done.stderr)


def test_manual_pages(stack):
    pages = [os.path.join(ROOT, "etc/man", name) for name in sorted(os.listdir(os.path.join(ROOT, "etc/man")))]
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
    check_equal((done.returncode, done.stdout), (0, ""), "mandoc")


def test_systemd_is_told(stack):
    with Site(stack) as site:
        path = os.path.join(site.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(20)
            sluiced = site.start_sluiced(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})

            def until(word, times=1):
                seen = []
                while sum(word in text for text in seen) < times:
                    seen.append(notify.recv(4096).decode())
                return seen
            until("READY=1")
            until("STATUS=producer 1 of 1 ready, lake 2 of 2 ready, clean 2 of 2 ready")
            until("WATCHDOG=1", times=3)
            with open(f"/proc/{site.slots('lake')[0]['pid']}/environ", "rb") as file:
                check(b"NOTIFY_SOCKET" not in file.read(), "a child could speak for sluiced")
            sluiced.send_signal(signal.SIGHUP)
            check(any("MONOTONIC_USEC=" in text for text in until("RELOADING=1")), "RELOADING has its time")
            until("READY=1")
            sluiced.terminate()
            until("STOPPING=1")


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_control_socket_abuse(stack):
    """Garbage, a megabyte without a line end, a thousand connections, a client that never reads."""
    def ask_status():
        begin = time.monotonic()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(site.socket)
            client.settimeout(10)
            client.sendall(b'{"v":1,"command":"status"}\n')
            text = b""
            while not text.endswith(b"\n"):
                text += client.recv(1 << 20)
        check(json.loads(text)["ok"], text)
        slowest.append((time.monotonic() - begin) * 1000)

    with Site(stack) as site:
        sluiced = site.start_sluiced()
        slowest = []
        for _ in range(20):
            ask_status()
        memory = rss_kib(sluiced.pid)
        with socket.socket(socket.AF_UNIX) as deaf:  # asks and asks, and never reads
            deaf.connect(site.socket)
            deaf.setblocking(False)
            for _ in range(20000):
                try:
                    deaf.send(b'{"v":1,"command":"status"}\n' * 20)
                except (BlockingIOError, BrokenPipeError):
                    break
            for garbage in (b"\0" * 5000 + b"\n", b"{" * 60000 + b"\n", os.urandom(30000) + b"\n", b"[" * 60000 + b"\n",
                            b"x" * 1000000):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(site.socket)
                    client.settimeout(10)
                    try:
                        client.sendall(garbage)
                        client.recv(65536)
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                ask_status()
            many = []
            for _ in range(1000):
                client = socket.socket(socket.AF_UNIX)
                client.connect(site.socket)
                many.append(client)
                if len(many) % 100 == 0:
                    ask_status()
            for client in many:
                client.close()
            ask_status()
        print(f"# slowest of {len(slowest)} status answers: {max(slowest):.1f} ms; memory {memory} -> {rss_kib(sluiced.pid)} KiB")
        check(max(slowest) < (100 if LONG else 1000), f"a status took {max(slowest):.0f} ms")
        check(HAS_SANITIZER or rss_kib(sluiced.pid) < memory + 1024, "memory grew by more than a mebibyte")
        site.write_log(generate(100, seed=51))
        site.settle(100, 100)


class Load:
    """Lines appended to the log all the time, some of them bad."""

    def __init__(self, site, seed):
        self.site, self.lines, self.stop = site, [], threading.Event()
        # one in so many is bad; audit looks at no more than 2000 dead letters
        self.source = generate(400000 if LONG else 60000, seed=seed, bad=1000 if LONG else 100)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stop.is_set() and len(self.lines) < len(self.source):
            part = self.source[len(self.lines):len(self.lines) + 200]
            self.site.write_log(part)
            self.lines += part
            self.stop.wait(0.1)

    def end(self):
        self.stop.set()
        self.thread.join()
        return self.lines


def test_session_under_load(stack):
    """1 -> 4 -> 1 workers, good and bad reloads, each worker killed, all under load: nothing is lost."""
    with Site(stack, lake_workers=1, clean_workers=1) as site:
        site.start_sluiced()
        load = Load(site, 52)
        try:
            for number in range(ROUNDS):
                good(site, "scale", "lake=4", "clean=4")
                check_equal([len(site.slots(r)) for r in ("lake", "clean")], [4, 4], "after scaling up")
                check(site.all_ready(), "all are ready when scale returns")
                for slot in site.slots():
                    os.kill(slot["pid"], signal.SIGKILL)
                    wait_until(lambda: {s["name"]: s["pid"] for s in site.slots()}.get(slot["name"]) not in (None, slot["pid"])
                               and site.all_ready(), 30, f"{slot['name']} is back")
                site.write_conf(lake_batch_rows=1000 + number, lake_workers=4, clean_workers=4)
                good(site, "reload")
                with open(site.conf, "a") as file:
                    file.write("lake : { };\n")
                check_equal(site.ctl("-s", site.socket, "reload").returncode, 78, "a bad file")
                check(site.all_ready(), "all are ready after a bad file")
                site.write_conf(lake_batch_rows=1000 + number, lake_workers=4, clean_workers=4)
                good(site, "scale", "lake=1", "clean=1")
                check_equal([len(site.slots(r)) for r in ("lake", "clean")], [1, 1], "after scaling down")
        finally:
            lines = load.end()
        kinds = [e["kind"] for e in events(site)]
        for kind in ("scale", "death", "reload", "refused", "ended"):
            check(kind in kinds, f"no {kind} among the events")
        check_equal(site.status()["roles"]["lake"]["wanted"], 1, "wanted at the end")
        check_nothing_lost(site, stack, lines)
        print(f"# {len(lines)} lines, {ROUNDS} rounds, {9 * ROUNDS} kills")


def test_sixteen_workers_cost_the_supervisor_little(stack):
    with Site(stack, lake_workers=8, clean_workers=8) as site:
        sluiced = site.start_sluiced()
        seconds = 20 if LONG else 4
        pids = [sluiced.pid] + [s["pid"] for s in site.slots()]
        begin, wall = [cpu_s(pid) for pid in pids], time.monotonic()
        wait_until(lambda: time.monotonic() - wall >= seconds, seconds + 5, "time to pass", pause=0.5)
        share = [100 * (cpu_s(pid) - b) / (time.monotonic() - wall) for pid, b in zip(pids, begin)]
        print(f"# sluiced with 16 idle workers: {rss_kib(sluiced.pid)} KiB, {share[0]:.2f} % CPU; workers {max(share[1:]):.2f} % at most")
        check(HAS_SANITIZER or rss_kib(sluiced.pid) < 8192, "memory of sluiced")
        check(share[0] < 5, "CPU of sluiced")


LOOP = r"""
#define _GNU_SOURCE
#include <poll.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    static int (*real)(struct pollfd *, nfds_t, int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "poll");
    const char *path = getenv("LOOP_WHEN");
    if (path && access(path, F_OK) == 0) for (;;) ;
    return real(fds, count, timeout);
}
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size) { (void)size; return poll(fds, count, timeout); }
"""


def test_orphan_in_a_loop_ends(stack):
    """A worker that hangs when sluiced is killed is ended by its last alarm."""
    if not LONG:
        return
    with Site(stack, supervisor_drain_s=1, lake_workers=1, clean_workers=1) as site, tempfile.TemporaryDirectory() as folder:
        source, library, flag = (os.path.join(folder, n) for n in ("loop.c", "loop.so", "flag"))
        with open(source, "w") as file:
            file.write(LOOP)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        sluiced = site.start_sluiced(env={"LD_PRELOAD": library, "LOOP_WHEN": flag})
        worker = site.slots("lake")[0]["pid"]
        sluiced.send_signal(signal.SIGSTOP)  # so that it does not abort them first
        open(flag, "w").close()
        wait_until(lambda: cpu_s(worker) > 1, 30, "the worker loops")
        sluiced.kill()
        wait_until(lambda: not site.left_running(), 30, "no orphan is left")
