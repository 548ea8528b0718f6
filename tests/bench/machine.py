"""What the measurements stand on: the private stack brought to the same state before each, the real programs run on
logs made from a seed, and what the kernel says about processes."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from harness import BUILD, ROOT, Failed, Site, Stack, check, check_equal, wait_until  # noqa: E402

TICK_S = 0.01  # between two looks at the counters when the end is near


class Machine:
    """The stack, and logs of any length that all are the start of the same one."""

    def __init__(self, folder, quick=False):
        self.folder = folder
        self.quick = quick
        self.logs = {}
        shutil.rmtree(os.path.join(folder, "logs"), ignore_errors=True)
        os.makedirs(os.path.join(folder, "logs"))
        subprocess.run([os.path.join(ROOT, "tests", "stack"), "down", "--delete", os.path.join(folder, "stack")],
                       capture_output=True)  # what an interrupted run has left
        self.stack = Stack(os.path.join(folder, "stack"))
        self.database = Database(self.stack)
        with Site(self.stack) as site:
            site.migrate()
            applied = site.ctl("topology", "apply")
            check_equal(applied.returncode, 0, f"sluicectl topology apply: {applied.stderr}")

    def close(self):
        self.database.close()
        self.stack.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def reconnect(self):
        """After a stop and start of the database."""
        self.database = Database(self.stack)

    def log(self, lines):
        """Path of a log of so many different lines."""
        if lines not in self.logs:
            path = os.path.join(self.folder, "logs", f"{lines}.log")
            with open(path, "wb") as file:
                subprocess.run([os.path.join(BUILD, "tests", "make_log"), "--lines", str(lines), "--seed", "4",
                                "--unique"], stdout=file, check=True)
            self.logs[lines] = path
        return self.logs[lines]

    def tool(self, name, *args):
        """Run one of the measuring programs; what it printed."""
        done = subprocess.run([os.path.join(BUILD, "tests", "bench", name), *map(str, args)], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise Failed(f"{name}: {done.stderr}")
        return json.loads(done.stdout)

    def level(self, flush=True):
        """Empty tables and queues and, for what writes much to the database, nothing left to flush: every measurement
        finds the servers alike. Flushing takes the server a second or two: a quick run does without."""
        self.stack.empty()
        if self.quick or not flush:
            return
        settings = ("innodb_max_dirty_pages_pct", "innodb_io_capacity", "innodb_io_capacity_max")
        as_it_was = self.database.rows("SELECT " + ", ".join(f"@@{name}" for name in settings))[0]
        self.set_globals(zip(settings[::-1], (20000, 20000, 0)))
        wait_until(lambda: self.database.status("Innodb_buffer_pool_pages_dirty") == 0, 60, "all pages are flushed",
                   pause=0.01)
        self.set_globals(zip(settings, as_it_was))

    def set_globals(self, values):
        for name, value in values:
            self.database.rows(f"SET GLOBAL {name} = {value}")

    def server_pids(self):
        return {"broker": [int(self.stack.env["STACK_BROKER_PID"])], "database": [int(self.stack.env["STACK_DB_PID"])]}


class Database:
    """A client that stays connected: asking is cheap."""

    def __init__(self, stack):
        self.client = subprocess.Popen([stack.script, "sql", stack.folder, "-N", "-B", "--raw", "--unbuffered"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rows(self, statement):
        self.client.stdin.write(statement + ";\nSELECT 'end of rows';\n")
        self.client.stdin.flush()
        rows = []
        for line in self.client.stdout:
            if line == "end of rows\n":
                return rows
            rows.append(line.rstrip("\n").split("\t"))
        raise Failed(f"the database client ended at: {statement}")

    def value(self, statement):
        rows = self.rows(statement)
        return rows[0][0] if rows else None

    def count(self, table):
        return int(self.value(f"SELECT COUNT(*) FROM {table}"))

    def status(self, name):
        return int(self.rows(f"SHOW GLOBAL STATUS LIKE '{name}'")[0][1])

    def close(self):
        self.client.stdin.close()
        self.client.wait()


# --- processes ---------------------------------------------------------------------------------------------

def cpu_s(pids):
    """CPU seconds of all their threads so far."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass  # a thread that has just ended
    return total / 1e9


def memory_kib(pid, field):
    """VmRSS or VmHWM (the most there ever was)."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


# --- Sluice ------------------------------------------------------------------------------------------------

class Run:
    """sluiced with all children ready, and a log that appears when told to. Use as a context manager."""

    def __init__(self, machine, workers=None, **settings):
        self.machine = machine
        if workers is not None:
            settings.update(lake_workers=workers, clean_workers=workers)
        self.site = Site(machine.stack, **settings)
        # beside the logs, not in the site's folder: that may be on another file system, where no link can be made
        self.live = os.path.join(tempfile.mkdtemp(dir=os.path.join(machine.folder, "logs")), "live.log")
        self.site.write_conf(inputs=[{"path": self.live, "format": "ezproxy"}])

    def __enter__(self):
        self.site.__enter__()
        self.sluiced = self.site.start_sluiced()
        self.control = Control(self.site.socket)
        return self

    def __exit__(self, *error):
        if hasattr(self, "control"):
            self.control.close()
        return self.site.__exit__(*error)

    def show(self, lines):
        """The log is there, whole; returns the moment."""
        os.link(self.machine.log(lines), self.live + ".new")
        begin = time.monotonic()
        os.rename(self.live + ".new", self.live)
        return begin

    def settled(self, role):
        """Lines of the role that are rows or dead letters."""
        slots = [s["counters"] for s in self.control.status()["slots"] if s["role"] == role]
        return sum(c["rows_stored"] + c["rows_known"] + c["lines_rejected"] for c in slots)

    def both_settled(self):
        return min(self.settled("lake"), self.settled("clean"))

    def wait_settled(self, lines, timeout=600):
        """The moment from which so many lines are in both tables. Looking costs what is measured: seldom while the end
        is far."""
        begin = time.monotonic()
        done = first = self.both_settled()
        while done < lines:
            spent = time.monotonic() - begin
            check(spent < timeout, f"not within {timeout} s: {lines} lines in both tables, there are {done}")
            left_s = spent * (lines - done) / max(1, done - first)
            time.sleep(min(max(left_s / 4, TICK_S), 0.25))
            done = self.both_settled()
        return time.monotonic()

    def verify(self, lines):
        for table in ("raw_log", "clean_log"):
            check_equal(self.machine.database.count(table), lines, f"rows of {table}")

    def pids(self):
        """Process ids by program."""
        found = {"sluiced": [self.sluiced.pid]}
        for slot in self.control.status()["slots"]:
            found.setdefault(slot["role"], []).append(slot["pid"])
        return found


class Control:
    """A connection to sluiced that stays open."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")

    def status(self):
        self.file.write('{"v":1,"command":"status"}\n')
        self.file.flush()
        return json.loads(self.file.readline())["data"]

    def close(self):
        self.file.close()
        self.socket.close()
