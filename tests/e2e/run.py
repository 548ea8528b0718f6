#!/usr/bin/env python3
"""Run the end-to-end tests: every function test_* of NN_*.py, each given a private stack.

    tests/e2e/run.py [--jobs N] [PATTERN...]    only tests whose "file.function" contains one of the patterns

Prints TAP. A job (3 of them, unless told otherwise; tests mostly wait) has one stack and takes one file after the other; the stack is
emptied before each test.
"""
import argparse
import contextlib
import glob
import importlib.util
import io
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from harness import Failed, Site, Stack  # noqa: E402


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_tests(patterns):
    """{path: [names of its tests]}"""
    found = {}
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "[0-9]*.py"))):
        module = load(path)
        names = [name for name in vars(module) if name.startswith("test_") and
                 (not patterns or any(p in f"{module.__name__}.{name}" for p in patterns))]
        if names:
            found[path] = names
    return found


def run_one(name, function, stack):
    """(passed, what it printed, with its TAP line left without a number)"""
    output = io.StringIO()
    begin = time.monotonic()
    passed = False
    with contextlib.redirect_stdout(output):
        try:
            stack.empty()
            function(stack)
            passed = True
        except Exception as error:
            text = str(error) if isinstance(error, Failed) else traceback.format_exc()
            print("\n".join("#   " + line for line in text.splitlines()))
    return passed, output.getvalue(), f"{name} ({time.monotonic() - begin:.1f} s)"


def job(paths, found, results, is_first):
    """One process: a stack of its own, files from the common list until there is none left."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stack = Stack(tempfile.mkdtemp(prefix="sluice-stack-"))
    try:
        if is_first:
            print(f"# {stack.run('versions').strip()}", flush=True)
        with Site(stack) as site:
            site.migrate()
            site.ctl("topology", "apply")
        while True:
            path = paths.get()
            if path is None:
                break
            module = load(path)
            for name in found[path]:
                results.put(run_one(f"{module.__name__}.{name}", getattr(module, name), stack))
    finally:
        stack.down()
        results.put(None)


def collect(results, jobs):
    """Print what comes in until every job has ended; how many tests passed, how many failed."""
    passed = failed = 0
    while jobs > 0:
        result = results.get()
        if result is None:
            jobs -= 1
            continue
        passed, failed = passed + result[0], failed + (not result[0])
        print(f"{result[1]}{'ok' if result[0] else 'not ok'} {passed + failed} - {result[2]}", flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = find_tests(options.patterns)
    total = sum(map(len, found.values()))
    print(f"1..{total}", flush=True)
    jobs = max(1, min(options.jobs, len(found)))
    multiprocessing.set_start_method("fork")    # no longer Python's choice by itself since 3.14
    paths, results = multiprocessing.Queue(), multiprocessing.Queue()
    for path in sorted(found, key=lambda p: -os.path.getsize(p)):
        paths.put(path)
    for _ in range(jobs):
        paths.put(None)
    processes = [multiprocessing.Process(target=job, args=(paths, found, results, number == 0)) for number in range(jobs)]
    for process in processes:
        process.start()
    try:
        passed, failed = collect(results, jobs)
    finally:
        for process in processes:
            if process.exitcode is None and sys.exc_info()[0] is not None:
                process.terminate()
            process.join()
    return 0 if failed == 0 and passed == total else 1


if __name__ == "__main__":
    sys.exit(main())
