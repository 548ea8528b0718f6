#!/usr/bin/env python3
"""Run the end-to-end tests: every function test_* of NN_*.py, in order, each given the shared stack.

    tests/e2e/run.py [PATTERN...]    only tests whose "file.function" contains one of the patterns

Prints TAP. One private stack for all; it is emptied before each test.
"""
import glob
import importlib.util
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
    tests = []
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "[0-9]*.py"))):
        module = load(path)
        for name, function in vars(module).items():
            full = f"{module.__name__}.{name}"
            if name.startswith("test_") and (not patterns or any(p in full for p in patterns)):
                tests.append((full, function))
    return tests


def run_one(number, name, function, stack):
    begin = time.monotonic()
    try:
        stack.empty()
        function(stack)
        print(f"ok {number} - {name} ({time.monotonic() - begin:.1f} s)", flush=True)
        return True
    except Exception as error:
        text = str(error) if isinstance(error, Failed) else traceback.format_exc()
        print("\n".join("#   " + line for line in text.splitlines()))
        print(f"not ok {number} - {name} ({time.monotonic() - begin:.1f} s)", flush=True)
        return False


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tests = find_tests(sys.argv[1:])
    print(f"1..{len(tests)}", flush=True)
    stack = Stack(tempfile.mkdtemp(prefix="sluice-stack-"))
    try:
        with Site(stack) as site:
            site.migrate()
            site.ctl("topology", "apply")
        results = [run_one(n, name, function, stack) for n, (name, function) in enumerate(tests, 1)]
    finally:
        stack.down()
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
