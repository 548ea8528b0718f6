#!/usr/bin/env python3
"""Build the Debian packages, and live with them: install, set up as README says, upgrade while lines flow, remove, purge.

    tests/package/run.py [SUITE...]        bookworm and trixie, unless told otherwise

The packages of this version and of an older one (this source with another number) are built in the chroot SUITE of
tests/platform, and used in SUITE-clean, which has nothing of Sluice's but what the package brings. Broker and database
are a private stack of this machine. Prints TAP. Needs root.
"""
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import ROOT, Failed, Stack, readme_blocks, version  # noqa: E402

OLDER = "0.1.0"
PLATFORM = os.path.join(ROOT, "tests", "platform")
STORE = os.path.join(ROOT, "var", "platform")
STACK = os.path.join(ROOT, "var", "package-stack")


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def add(self, name, passed):
        self.passed += passed
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.passed + self.failed} - {name}", flush=True)

    def run(self, name, command, log):
        """Everything it says goes to the log; "ok - ..." among it are tests of their own."""
        with open(log, "w") as file:
            code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT).returncode
        with open(log, errors="replace") as file:
            said = file.read().splitlines()
        for line in said:
            if line.startswith("ok - "):
                self.add(f"{name}: {line[5:]}", True)
        if code != 0:
            print("\n".join("#   " + line for line in said[-15:]))
        self.add(f"{name} (all it said: {os.path.relpath(log, ROOT)})", code == 0)
        return code == 0


def write_readme(stack, folder):
    """The blocks of README to paste on Sluice's host; names of servers and accounts are those of the stack."""
    def own(text):
        for old, new in (("rabbit1:5672", f"127.0.0.1:{stack.env['STACK_AMQP_PORT']}"),
                         ("db1:3306", f"127.0.0.1:{stack.env['STACK_DB_PORT']}"),
                         ('"sluice"', '"readme"'), ("add_user sluice", "add_user readme"), ("add_vhost sluice", "add_vhost readme"),
                         ("-p sluice sluice", "-p readme readme"), ("'sluice'@", "'readme'@"), ("DB_LOGS", "README_LOGS")):
            text = text.replace(old, new)
        return text
    at_broker, at_database, _, settings, check, start = [own(text) for _, text in readme_blocks()]
    for name, text in (("settings", settings), ("check", check), ("start", start)):
        with open(os.path.join(folder, name + ".sh"), "w") as file:
            file.write(text)
    for words in (("delete_vhost", "readme"), ("delete_user", "readme")):
        subprocess.run([stack.script, "ctl", stack.folder, *words], capture_output=True)
    stack.admin("DROP DATABASE IF EXISTS README_LOGS; DROP USER IF EXISTS 'readme'@'%'")
    subprocess.run(["sh", "-eu", "-c", f'rabbitmqctl() {{ "{stack.script}" ctl "{stack.folder}" "$@"; }}\n{at_broker}'],
                   check=True, stdout=subprocess.DEVNULL)
    stack.admin(at_database)


def try_suite(suite, stack, results):
    folder = os.path.join(STORE, "package-" + suite)
    os.makedirs(folder, exist_ok=True)
    inside = "tests/package/inside"
    newer = version()
    if not results.run(f"{suite}: build", [PLATFORM, suite, "sh", inside, "build", OLDER, newer], folder + "/build.log"):
        return
    built = os.path.join(STORE, suite, "source", "build", "packages")
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            os.remove(os.path.join(folder, name))
    debs = {}
    for name in sorted(os.listdir(built)):
        shutil.copy(os.path.join(built, name), folder)
        if re.match(r"sluice_.*\.deb$", name):
            debs[name.split("_")[1].split("+")[0]] = f"/sluice/var/platform/package-{suite}/{name}"
    write_readme(stack, folder)
    results.run(f"{suite}: a life", [PLATFORM, suite + "-clean", "sh", inside, "try", OLDER, newer, debs[OLDER], debs[newer],
                                     f"/sluice/var/platform/package-{suite}"], folder + "/try.log")


def main():
    if os.geteuid() != 0:
        print("tests/package needs root: it makes and enters chroots", file=sys.stderr)
        return 77
    results = Results()
    stack = Stack(STACK)
    try:
        for suite in sys.argv[1:] or ["bookworm", "trixie"]:
            try:
                try_suite(suite, stack, results)
            except (Failed, OSError, subprocess.CalledProcessError) as error:
                print(f"#   {error}")
                results.add(suite, False)
    finally:
        stack.down()
    print(f"{results.passed} passed, {results.failed} failed")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
