"""A million lines come in while the database is away: nobody grows, and all of them are stored afterwards."""
import threading
import time

from flow import check, generate, row, wait_until

LINES = 1000000
DEFAULTS = {  # what a user has, not the small units of the other rows
    "producer_frame_lines": 1024, "producer_window_frames": 256, "lake_prefetch": 64, "clean_prefetch": 64,
    "lake_batch_rows": 5000, "clean_batch_rows": 5000, "broker_heartbeat_s": 15}
SLACK_KIB = 2048
OUTAGE_S = 30   # long enough that every prefetch window is full well before its middle


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


class Sampler(threading.Thread):
    """Resident memory of each process, ten times a second."""

    def __init__(self, names):
        super().__init__(daemon=True)
        self.names, self.samples, self.stop = names, {pid: [] for pid in names}, threading.Event()
        self.begin = time.monotonic()

    def run(self):
        while not self.stop.wait(0.1):
            for pid in self.names:
                self.samples[pid].append(memory_kib(pid))

    def seconds(self):
        return time.monotonic() - self.begin

    def report(self):
        """[(name, KiB at most in the first half, in the second half)]"""
        halves = ((self.names[pid], s[:len(s) // 2], s[len(s) // 2:]) for pid, s in self.samples.items())
        return [(name, max(first), max(second)) for name, first, second in halves]


@row("backlog of a million lines while the database is away, then stored", slow=True)
def backlog(bench):
    lines = generate(LINES, seed=bench.seed, bad=500)
    with bench.flow(feed=lines, per_second=2000, timeout=300, **DEFAULTS) as flow:
        flow.expected.add(lines, 500)
        flow.wait_stored(1000)
        bench.stack.run("db", "kill")
        flow.wait_waiting("lake")
        names = {s["pid"]: f"{s['role']}/{s['slot']}" for s in flow.slots()}
        names[flow.sluiced.pid] = "sluiced"
        sampler = Sampler(names)
        sampler.start()
        flow.feeder.hurry()
        wait_until(lambda: flow.total("lines_confirmed") >= LINES, 120, "a million lines at the broker", pause=0.5)
        wait_until(lambda: sampler.seconds() > OUTAGE_S, 2 * OUTAGE_S, "the outage has lasted", pause=0.5)
        sampler.stop.set()
        sampler.join()
        flow.check_nobody_died()
        figures = sampler.report()
        print("#   resident memory, KiB at most in the first and second half of the backlog: " +
              ", ".join(f"{name} {early} {most}" for name, early, most in figures), flush=True)
        for name, early, most in figures:
            check(most - early <= SLACK_KIB, f"{name} grew from {early} to {most} KiB")
        bench.stack.run("db", "start")
        flow.healed()
