"""What a row of the fault suite stands on: a site with lines flowing into it, and its verdict at the end.

    @row("kill -9 of the broker", short=True)
    def broker_kill(bench):
        with bench.flow() as flow:          # sluiced runs, lines come in
            flow.wait_stored(1000)
            ... inject ...
            ... heal ...
            flow.healed()                   # from here on the seconds to recover count
                                            # the end of the block waits for the rest and judges
"""
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
from harness import BUILD, ROOT, Failed, Site, check, client_library, generate, wait_until  # noqa: E402
from judge import KINDS, Expected, judge  # noqa: E402

FAULTS_BUILD = os.environ.get("FAULTS_BUILD", os.path.join(BUILD, "faults"))
USER = "fault_worker"
SETTINGS = {
    # small units, so that each row has hundreds of frames and transactions to be hit between
    "producer_frame_lines": 16, "producer_window_frames": 64,
    "lake_prefetch": 64, "clean_prefetch": 64, "lake_batch_rows": 500, "clean_batch_rows": 500,
    # the waits of the real world, shortened
    "broker_heartbeat_s": 4, "broker_retry_min_ms": 100, "database_retry_min_ms": 100,
    "supervisor_restart_max_ms": 1000,
}
# a sanitizer build wants to be asked before something is loaded ahead of it
PRELOAD = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
ROWS = []


def row(title, short=False, slow=False, faults=False):
    """Register a function as a row. short: also in `make check`; slow: over a minute; faults: needs FAULTS=1."""
    def register(function):
        ROWS.append({"name": function.__name__, "title": title, "short": short, "slow": slow,
                     "faults": faults, "function": function})
        return function
    return register


class Feeder(threading.Thread):
    """Appends lines to a file at a pace, until told to hurry; can be held."""

    def __init__(self, path, lines, per_second):
        super().__init__(daemon=True)
        self.path, self.lines, self.per_second = path, lines, per_second
        self.fed = 0
        self.go = threading.Event()
        self.go.set()
        self.fast = threading.Event()

    def run(self):
        step = max(1, self.per_second // 50)
        with open(self.path, "ab", buffering=0) as file:
            while self.fed < len(self.lines):
                self.go.wait()
                count = len(self.lines) if self.fast.is_set() else step
                file.write(b"".join(line + b"\n" for line in self.lines[self.fed:self.fed + count]))
                self.fed = min(len(self.lines), self.fed + count)
                self.fast.wait(0.02)

    def hurry(self):
        self.fast.set()
        self.go.set()
        self.join()


class Flow(Site):
    def __init__(self, bench, lines=6000, bad=500, seed=None, per_second=2500, start=True, env=None,
                 build=None, programs=("sluiced",), timeout=60, feed=None, bad_every=None, **settings):
        super().__init__(bench.stack, **{**SETTINGS, **bench.database_user(), **settings})
        self.bench, self.timeout, self.build, self.start_at_once, self.env = bench, timeout, build, start, env
        self.programs = programs
        self.expected = Expected()
        if feed is None:
            feed = generate(lines, seed=seed or bench.seed, bad=bad)
            self.expected.add(feed, bad)
        self.feeder = Feeder(self.log, feed, per_second)
        self.banked = {}
        self.healed_at = None
        self.sluiced = None
        self.done = False

    def __enter__(self):
        if self.build:
            self.swap_build()
        open(self.log, "ab").close()
        if self.start_at_once:
            self.sluiced = self.start_sluiced(env=self.env)
        self.feeder.start()
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.finish()
        finally:
            self.feeder.hurry()
            harness.BUILD = BUILD
            kind = kind or sys.exc_info()[0]
            super().__exit__(kind, error, trace)
        return False

    def swap_build(self):
        if not os.path.exists(os.path.join(self.build, "sluiced")):
            raise Failed(f"no programs in {self.build}: make FAULTS=1 BUILD={os.path.relpath(self.build, ROOT)}")
        harness.BUILD = self.build

    # --- while it flows ------------------------------------------------------------------------------

    def wait_stored(self, rows, table="raw_log", timeout=30):
        wait_until(lambda: self.stored(table) >= rows, timeout, f"{rows} rows in {table}", pause=0.2)

    def wait_fed(self, more):
        """So many lines more have been written to the file, or all of them."""
        goal = min(self.feeder.fed + more, len(self.feeder.lines))
        wait_until(lambda: self.feeder.fed >= goal, 60, f"{goal} lines fed", pause=0.005)

    def pids(self, role=None):
        return [s["pid"] for s in self.slots(role) if s["pid"]]

    def errors_say(self, *words):
        return any(all(word in line for word in words) for line in self.errors().splitlines())

    def wait_said(self, *words, timeout=30):
        wait_until(lambda: self.errors_say(*words), timeout, f"a log line with {words}")

    def wait_waiting(self, role, timeout=30):
        """Some child of the role is not ready, and says why; none has died."""
        def waiting():
            slots = self.slots(role)
            return slots and any(s["last_error"] for s in slots)
        wait_until(waiting, timeout, f"{role} notices", pause=0.2)

    def check_nobody_died(self):
        deaths = {f"{s['role']}/{s['slot']}": s["restarts"] for s in self.slots() if s["restarts"]}
        check(not deaths, f"children have died: {deaths}")

    def bank(self):
        """Keep the counters of a supervisor that is about to go."""
        for slot in self.slots():
            for name, value in slot["counters"].items():
                self.banked[name] = self.banked.get(name, 0) + value

    def restart(self):
        self.sluiced = self.start_sluiced(env=self.env)

    def total(self, counter):
        return self.banked.get(counter, 0) + sum(s["counters"].get(counter, 0) for s in self.slots())

    def healed(self):
        self.healed_at = time.monotonic()

    # --- the end -------------------------------------------------------------------------------------

    def depths(self):
        queues = self.stack.api("GET", "queues/%2F?columns=name,messages") or []
        return {q["name"]: q.get("messages", -1) for q in queues}

    def is_settled(self):
        wanted = len(self.expected.all())
        depths = self.depths()
        return all(self.stored(table) + depths.get(f"queue-data-{kind}.dead", 0) >= wanted and
                   depths.get(f"queue-data-{kind}") == 0 for kind, table in KINDS)

    def finish(self):
        """Feed the rest, wait until all is settled, judge; record the verdict."""
        if self.done:
            return
        self.done = True
        self.healed_at = self.healed_at or time.monotonic()
        self.feeder.hurry()
        late = ""
        try:
            wait_until(self.is_settled, self.timeout, "every line is a row or a dead letter", pause=0.2)
            if self.sluiced is not None and self.sluiced.poll() is None:
                wait_until(self.all_ready, 30, "all children are ready again")
        except Failed as error:
            late = str(error)
        seconds = time.monotonic() - self.healed_at
        audit = self.audit()
        figures = {"lines": len(self.expected.all()), "confirmed": self.total("lines_confirmed"),
                   "absorbed": self.total("rows_known"), "seconds": seconds}
        verdict = judge(self.stack, self.expected)
        self.bench.record(figures, verdict)
        problems = verdict.examples + ([late] if late else []) + ([audit] if audit else [])
        if problems:
            raise Failed("; ".join(problems) + f"; queues: {self.depths()}")

    def audit(self):
        """What `sluicectl audit` finds missing, as a text; "" when nothing is."""
        done = self.ctl("audit", self.log, "--json", timeout=120)
        if done.returncode == 0:
            return ""
        return f"sluicectl audit: exit code {done.returncode}: {done.stdout[-600:]} {done.stderr[-600:]}"


class Bench:
    """One per row: the stack, the row's seed, and the place where its figures go."""

    def __init__(self, stack, seed):
        self.stack, self.seed = stack, seed
        self.figures, self.verdict = None, None
        self.note = ""

    def flow(self, **more):
        return Flow(self, **more)

    def record(self, figures, verdict):
        if self.figures is None:
            self.figures, self.verdict = figures, verdict
            return
        for name, value in figures.items():     # several flows in one row: add up
            self.figures[name] += value
        for kind, _ in KINDS:
            self.verdict.stored[kind] += verdict.stored[kind]
            self.verdict.dead[kind] += verdict.dead[kind]
        self.verdict.missing += verdict.missing
        self.verdict.unexpected += verdict.unexpected

    def passed(self):
        return self.verdict is not None and not self.verdict.missing and not self.verdict.unexpected

    def database_user(self):
        """Workers get a user with the rights that they need and no more, as the manual tells."""
        return {"database_user": USER, "database_password_file": os.path.join(self.stack.folder, "database.pass")}


def prepare(stack):
    """Tables, topology, and the workers' user, on a new stack."""
    with Site(stack) as site:
        site.migrate()
        check(site.ctl("topology", "apply").returncode == 0, "topology apply")
    with open(os.path.join(stack.folder, "database.pass")) as file:
        password = file.read().strip()
    name = stack.env["STACK_DB_NAME"]
    stack.admin(f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{password}'; "
                f"GRANT SELECT, INSERT, UPDATE ON {name}.* TO {USER}@'%'")


class Proxy:
    """tests/fault_proxy in front of the broker or the database; see there for the commands."""

    def __init__(self, port):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests", "fault_proxy"), f"127.0.0.1:{port}"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.address = "127.0.0.1:" + self.process.stdout.readline().split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        answer = self.process.stdout.readline().strip()
        check(not answer.startswith("what?"), f"fault_proxy: {answer}")
        return answer

    def stats(self):
        return {name: int(value) for name, value in (word.split("=") for word in self.tell("stats").split())}
