#!/usr/bin/env python3
"""Run the fault suite: each row injects one fault while lines flow, heals it, and audits what came out.

    tests/faults/run.py [--list] [--no-slow] [--seed N] [--jobs N] [PATTERN...]    rows whose name contains a pattern

A job has one private stack for its rows; after a row that fails it gets a new one. The last lines are the table
of all rows and "N passed, N failed". Exit code 1 when a row failed. Needs root (small mounts, strace, limits).
"""
import argparse
import glob
import multiprocessing
import os
import queue
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from flow import ROWS, Bench, Failed, prepare  # noqa: E402
from harness import BUILD, Stack, wait_until  # noqa: E402

HEAD = ("fault", "lines in", "confirmed", "stored lake", "clean", "dead lake", "clean", "missing", "unexpected",
        "absorbed", "recover s", "row s", "")


def load_rows():
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rows_*.py"))):
        __import__(os.path.basename(path)[:-3])
    return ROWS


def new_stack():
    stack = Stack(tempfile.mkdtemp(prefix="sluice-faults-"))
    print(f"# {stack.run('versions').strip()}", flush=True)
    prepare(stack)
    # a broker killed within seconds of the first declaration of a quorum queue loses it
    declared = time.monotonic()
    wait_until(lambda: time.monotonic() - declared > 4, 10, "the queues are on disk", pause=1)
    return stack


def is_sound(stack):
    """Does the stack still answer as a new one would?"""
    try:
        stack.read_env()
        stack.empty()
        depths = {q["name"] for q in stack.api("GET", "queues/%2F?columns=name")}
        return len(depths) == 4 and stack.api("GET", "health/checks/alarms") is not None
    except Exception:
        return False


def run_row(row, stack, seed):
    """(bench, seconds, problem or "")"""
    bench = Bench(stack, seed)
    begin = time.monotonic()
    problem = ""
    try:
        row["function"](bench)
        if not bench.passed():
            problem = "no verdict" if bench.verdict is None else "see missing and unexpected"
    except Failed as error:
        problem = str(error)
    except Exception:
        problem = traceback.format_exc()
    return bench, time.monotonic() - begin, problem


def cells(row, bench, seconds, problem):
    f, v = bench.figures, bench.verdict
    if v is None:
        return [row["title"]] + ["-"] * 10 + [f"{seconds:.0f}", "FAILED"]
    return [row["title"], f["lines"], f["confirmed"], v.stored["lake"], v.stored["clean"], v.dead["lake"], v.dead["clean"],
            v.missing, v.unexpected, f["absorbed"], f"{f['seconds']:.1f}", f"{seconds:.0f}", "FAILED" if problem else bench.note]


def print_table(lines):
    lines = [list(map(str, line)) for line in [HEAD] + lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    for line in lines:
        print("  ".join([line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:-1], widths[1:])] + [line[-1]]).rstrip())


def leave(*_):
    """Asked to end: once, so that the stack is taken down and no second signal cuts that short."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def work(rows, numbers, results, seed):
    """One job: its own stack, and row after row until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # a Ctrl-C reaches all; run_all() passes it on
    signal.signal(signal.SIGTERM, leave)
    stack = None
    try:
        while (number := numbers.get()) is not None:
            if stack is None:
                stack = new_stack()
            stack.empty()
            bench, seconds, problem = run_row(rows[number], stack, seed * 1000 + number)
            results.put((number, cells(rows[number], bench, seconds, problem), seconds, problem))
            if problem or not is_sound(stack):
                stack.down()
                stack = None
    finally:
        if stack is not None:
            stack.down()
        results.put(None)


def gather(rows, workers, results):
    """Print what the jobs tell; the table and how many rows failed."""
    table, failed, working = {}, 0, len(workers)
    while working:
        try:
            result = results.get(timeout=5)
        except queue.Empty:
            if any(worker.is_alive() for worker in workers):
                continue
            break       # a job that was killed says nothing any more
        if result is None:
            working -= 1
            continue
        number, table[number], seconds, problem = result
        failed += bool(problem)
        text = "".join(f"#   {line}\n" for line in problem.splitlines())
        print(f"{text}{'not ok' if problem else 'ok'} {number + 1} - {rows[number]['name']} ({seconds:.1f} s)", flush=True)
    return [table[number] for number in sorted(table)], failed + len(rows) - len(table)


def run_all(rows, jobs, seed):
    context = multiprocessing.get_context("fork")
    numbers, results = context.Queue(), context.Queue()
    # the long ones first, so that no job ends long after the others
    for number in sorted(range(len(rows)), key=lambda n: not rows[n]["slow"]):
        numbers.put(number)
    for _ in range(jobs):
        numbers.put(None)
    workers = [context.Process(target=work, args=(rows, numbers, results, seed)) for _ in range(jobs)]

    def end(*_):
        for worker in workers:
            worker.terminate()
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    for worker in workers:
        worker.start()
    table, failed = gather(rows, workers, results)
    for worker in workers:
        worker.join()
    return table, failed


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="print the rows and what they do")
    parser.add_argument("--no-slow", action="store_true", help="leave out the rows that take minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="so many rows at a time, each on a stack of its own")
    parser.add_argument("patterns", nargs="*")
    return parser.parse_args()


def main():
    options = parse_arguments()
    rows = [r for r in load_rows() if not options.patterns or any(p in r["name"] for p in options.patterns)]
    rows = [r for r in rows if not (options.no_slow and r["slow"])]
    if options.list:
        for r in rows:
            print(f"{r['name']:32} {r['title']}{' (slow)' if r['slow'] else ''}{' (short)' if r['short'] else ''}")
        return 0
    if os.geteuid() != 0:
        print("the fault suite needs root: it mounts small file systems, traces processes and sets their limits", file=sys.stderr)
        return 77
    table, failed = run_all(rows, options.jobs, options.seed)
    print()
    print_table(table)
    print(f"\n{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
