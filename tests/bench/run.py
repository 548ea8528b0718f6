#!/usr/bin/env python3
"""Measure Sluice against the limits of this machine and against others, in one run, side by side.

    tests/bench/run.py [--quick] [PATTERN...]    only measurements whose name contains one of the patterns;
                                                 then build/bench.json is not written

One private stack of tests/stack for all (durable as in production: every commit is flushed); before each
measurement tables and queues are empty and nothing is left to flush. A round runs every measurement once, one
after the other; there are 3 to 5 rounds, and medians count. Prints a table, writes build/bench.json. Called by
make bench and make bench-quick. Exit code 0 when all was measured, whether or not targets are met.
"""
import argparse
import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import BUILD, ROOT, Failed, Machine  # noqa: E402
from measures import MEASURES  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402


def options():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("patterns", nargs="*")
    return parser.parse_args()


def plan(quick, patterns):
    """Rounds of (name, function, size)."""
    chosen = [(name, function, small if quick else full) for name, function, full, small in MEASURES
              if not patterns or any(pattern in name for pattern in patterns)]
    rounds = max((size[0] for _, _, size in chosen), default=0)
    return [[(name, function, size[1]) for name, function, size in chosen if number < size[0]]
            for number in range(rounds)]


def measure_all(machine, rounds):
    results = {}
    for number, measures in enumerate(rounds, 1):
        for name, function, size in measures:
            begin = time.monotonic()
            for figure, value in function(machine, size, results).items():
                results.setdefault(figure, []).append(value)
            print(f"round {number} of {len(rounds)}: {name} ({time.monotonic() - begin:.1f} s)", file=sys.stderr,
                  flush=True)
    return results


def warn_of_company():
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"bench: other work runs on this machine (load {load:.1f}): figures are low, ratios mean something",
              file=sys.stderr)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = options()
    machine = None
    warn_of_company()
    try:
        peers.need_packages()
        machine = Machine(os.path.join(ROOT, "var", "bench"), chosen.quick)
        results = measure_all(machine, plan(chosen.quick, chosen.patterns))
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        if machine is not None:
            machine.close()
    figures = report.summarise(results)
    report.print_report(figures, results)
    if not chosen.patterns:
        path = os.path.join(BUILD, "bench.json")
        report.write_json(path, figures, results, chosen.quick)
        print(f"written to {os.path.relpath(path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
