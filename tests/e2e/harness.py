"""What the end-to-end tests stand on: a private stack, a site to run Sluice in, and waiting.

Stack  the private RabbitMQ and database of tests/stack, one for all tests; emptied before each test.
Site   a folder with settings, logs and state; starts sluiced or single programs, ends what it started.
wait_until(condition) polls; no test sleeps for luck.
"""
import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
QUEUES = ("queue-data-lake", "queue-data-clean")
DEAD_QUEUES = tuple(q + ".dead" for q in QUEUES)


def has_sanitizer():
    """The memory that a sanitizer keeps for itself says nothing about the program's."""
    path = os.path.join(BUILD, "sluiced")
    if not os.path.exists(path):
        return False
    with open(path, "rb") as program:
        return b"__asan_init" in program.read()


HAS_SANITIZER = has_sanitizer()


def client_library():
    """Name and version of the MySQL client library that the programs are built with."""
    with open(os.path.join(BUILD, "client-library")) as file:
        return file.read().strip()


class Failed(Exception):
    """A check that did not hold."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def check_equal(got, wanted, what=""):
    if got != wanted:
        raise Failed(f"{what or 'value'}: got {got!r}, wanted {wanted!r}")


def wait_until(condition, timeout=30, what="", pause=0.05):
    """Poll until condition() is true and return it; Failed after timeout seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"not within {timeout} s: {what or condition}; last: {value!r}")
        time.sleep(pause)


class Stack:
    def __init__(self, folder):
        self.folder = folder
        self.script = os.path.join(ROOT, "tests", "stack")
        self.run("up")
        self.read_env()

    def run(self, *args, check_status=True, env=None):
        done = subprocess.run([self.script, args[0], *args[1:], self.folder], capture_output=True, text=True,
                              env={**os.environ, **(env or {})})
        if check_status and done.returncode != 0:
            raise Failed(f"tests/stack {' '.join(args)}: {done.stderr}")
        return done.stdout

    def read_env(self):
        self.env = dict(re.findall(r"^(STACK_\w+)='(.*)'$", self.run("env"), re.M))

    def down(self):
        subprocess.run([self.script, "down", "--delete", self.folder], capture_output=True)

    def sql(self, statement, database=None):
        """Rows as lists of texts; SQL NULL is 'NULL'."""
        args = [self.script, "sql", self.folder, "-N", "-B", "--raw", "-e", statement]
        if database:
            args += [database]
        done = subprocess.run(args, capture_output=True)
        if done.returncode != 0:
            raise Failed(f"SQL {statement}: {done.stderr.decode()}")
        text = done.stdout.decode("utf-8", "replace")
        return [line.split("\t") for line in text.split("\n")[:-1]]

    def number(self, statement):
        rows = self.sql(statement)
        return int(rows[0][0]) if rows else 0

    def has_arrays(self):
        """Both sides know MariaDB's bound arrays."""
        return "libmariadb" in client_library() and self.env["STACK_DATABASE"] == "mariadb"

    def wrong_ids(self):
        """The ids in raw_log that are not the MD5 of their line; MySQL 9 has no MD5() of its own."""
        rows = self.sql("SELECT id, HEX(COALESCE(log_bytes, log)) FROM raw_log")
        return [row[0] for row in rows if hashlib.md5(bytes.fromhex(row[1])).hexdigest() != row[0]]

    def admin(self, statement):
        done = subprocess.run([self.script, "admin", self.folder, "-N", "-B", "-e", statement], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"SQL {statement}: {done.stderr}")
        return done.stdout

    @contextlib.contextmanager
    def held(self, statement):
        """An administrator's session has run this statement (LOCK TABLES ...) and stays open as long as the block."""
        mark = f"held-{os.urandom(6).hex()}"
        holder = subprocess.Popen([self.script, "admin", self.folder, "-N", "-B", "-e", f"{statement}; SELECT SLEEP(600), '{mark}'"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        here = f"SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(600), ''{mark}%'"
        try:
            wait_until(lambda: self.sql(here), 20, f"a session holds {statement}")
            yield
        finally:
            for (number,) in self.sql(here):
                self.admin(f"KILL {number}")
            os.killpg(holder.pid, signal.SIGKILL)
            holder.wait()

    @contextlib.contextmanager
    def without_tls(self):
        """New connections to MySQL are in plain text: for proxies that look into them."""
        if self.env["STACK_DATABASE"] != "mysql":
            yield
            return
        before = self.admin("SELECT @@ssl_cert").strip()
        self.admin("SET GLOBAL ssl_cert = '/nowhere'; ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR")
        try:
            yield
        finally:
            self.admin(f"SET GLOBAL ssl_cert = '{before}'; ALTER INSTANCE RELOAD TLS")

    def api(self, method, path, body=None):
        """The broker's management API; None for 404."""
        url = f"http://127.0.0.1:{self.env['STACK_MANAGEMENT_PORT']}/api/{path}"
        request = urllib.request.Request(url, method=method)
        login = f"{self.env['STACK_USER']}:{self.env['STACK_PASSWORD']}".encode()
        request.add_header("Authorization", "Basic " + base64.b64encode(login).decode())
        request.add_header("Content-Type", "application/json")
        data = json.dumps(body).encode() if body is not None else None
        try:
            with urllib.request.urlopen(request, data, timeout=30) as answer:
                text = answer.read()
                return json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise Failed(f"{method} {path}: {error.code} {error.read()!r}")

    def ctl(self, *args):
        done = subprocess.run([self.script, "ctl", self.folder, *args], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"rabbitmqctl {args}: {done.stdout}{done.stderr}")
        return done.stdout

    def queue_counts(self):
        """Messages per queue, ready and unacknowledged, as they were up to half a second ago."""
        text = self.ctl("-q", "--no-table-headers", "list_queues", "name", "messages")
        return {name: int(count) for name, count in (line.split() for line in text.splitlines() if line)}

    def publish(self, body, exchange="topic-exchange-logs", key="logs", properties=None):
        """Publish one message as a foreign client would, over the management API."""
        answer = self.api("POST", f"exchanges/%2F/{exchange}/publish", {
            "properties": properties or {}, "routing_key": key,
            "payload": base64.b64encode(body).decode(), "payload_encoding": "base64"})
        check(answer and answer["routed"], f"message to {exchange} was not routed")

    def dead_letters(self, queue, count=10000):
        """Look at the dead letters of a queue, leaving them there: list of (body, headers, properties)."""
        got = self.api("POST", f"queues/%2F/{queue}.dead/get", {
            "count": count, "ackmode": "ack_requeue_true", "encoding": "base64"}) or []
        return [(base64.b64decode(m["payload"]) if m["payload_encoding"] == "base64" else m["payload"].encode(),
                 m["properties"].get("headers", {}), m["properties"]) for m in got]

    def empty(self):
        """No rows, no messages; the topology stays, since a quorum queue wants to settle after it is made."""
        for queue in QUEUES + DEAD_QUEUES:
            self.api("DELETE", f"queues/%2F/{queue}/contents")
        for table in ("raw_log", "clean_log"):
            if self.sql(f"SHOW TABLES LIKE '{table}'"):
                self.sql(f"TRUNCATE {table}")


class Site:
    """A folder to run Sluice in. Use as a context manager: everything started is ended, then checked."""

    def __init__(self, stack, **settings):
        self.stack = stack
        self.folder = tempfile.mkdtemp(prefix="sluice-e2e-")
        self.log = os.path.join(self.folder, "access.log")
        self.conf = os.path.join(self.folder, "sluice.conf")
        self.stderr = os.path.join(self.folder, "stderr")
        self.socket = os.path.join(self.folder, "control.sock")
        self.processes = []
        self.settings = settings
        self.write_conf()

    def write_conf(self, inputs=None, extra="", **overrides):
        """Settings for this site; overrides like broker_user="x" replace what the stack's file has."""
        env = self.stack.env
        values = {
            "broker": {"hosts": [f"127.0.0.1:{env['STACK_AMQP_PORT']}"], "user": env["STACK_USER"],
                       "password_file": os.path.join(self.stack.folder, "broker.pass"),
                       "retry_max_ms": 1000},
            "database": {"hosts": [f"127.0.0.1:{env['STACK_DB_PORT']}"], "user": env["STACK_USER"],
                         "name": env["STACK_DB_NAME"], "retry_max_ms": 1000,
                         "password_file": os.path.join(self.stack.folder, "database.pass")},
            "supervisor": {"socket": self.socket,
                           "state_dir": os.path.join(self.folder, "state"), "restart_max_ms": 2000},
        }
        top = {}
        for name, value in {**self.settings, **overrides}.items():
            section, _, key = name.partition("_")
            if section in ("broker", "database", "supervisor", "producer", "lake", "clean", "log"):
                values.setdefault(section, {})[key] = value
            else:
                top[name] = value
        if inputs is None:
            inputs = [{"path": self.log, "format": "ezproxy"}]
        groups = ", ".join("{ " + " ".join(f'{k} = "{v}";' for k, v in i.items()) + " }" for i in inputs)
        lines = [f"inputs = ( {groups} );"]
        lines += [f"{key} = {self.literal(value)};" for key, value in top.items()]
        for section, members in values.items():
            body = " ".join(f"{k} = {self.literal(v)};" for k, v in members.items())
            lines.append(f"{section} : {{ {body} }};")
        with open(self.conf, "w") as file:
            file.write("\n".join(lines) + "\n" + extra)

    @staticmethod
    def literal(value):
        if isinstance(value, list):
            return "[ " + ", ".join(json.dumps(v) for v in value) + " ]"
        return json.dumps(value)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        hung = []
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                hung = self.left_running()
                process.kill()
                process.wait()
        if kind is not None or hung:
            print("\n".join("#   " + line for line in self.errors().splitlines()[-25:]))
        check(not hung, f"still running 20 s after TERM: {hung}")
        wait_until(lambda: not self.left_running(), 20, "every process of the site is gone")
        shutil.rmtree(self.folder, ignore_errors=True)
        return False

    def left_running(self):
        """Processes whose command line names this site's settings."""
        left = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{pid}/stat") as file:
                    state = file.read().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if self.conf.encode() in words and state not in "ZX":
                left.append(int(pid))
        return left

    def errors(self):
        try:
            with open(self.stderr, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def start(self, program, *args, env=None):
        with open(self.stderr, "ab") as log:
            process = subprocess.Popen([os.path.join(BUILD, program), "-c", self.conf, *args], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, env={**os.environ, **(env or {})})
        self.processes.append(process)
        return process

    def run(self, program, *args, timeout=60, env=None):
        """Run to the end; the result has returncode, stdout, stderr as texts."""
        return subprocess.run([os.path.join(BUILD, program), "-c", self.conf, *args], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})})

    def ctl(self, *args, **more):
        return self.run("sluicectl", *args, **more)

    def migrate(self):
        done = self.ctl("db", "migrate")
        check_equal(done.returncode, 0, f"sluicectl db migrate: {done.stderr}")

    def start_sluiced(self, *args, **more):
        process = self.start("sluiced", *args, **more)
        wait_until(lambda: self.all_ready() or process.poll() is not None, 30, "sluiced has all children ready")
        check(process.poll() is None, f"sluiced ended with {process.returncode}")
        return process

    def status(self):
        done = self.ctl("-s", self.socket, "status", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def slots(self, role=None):
        status = self.status()
        return [s for s in status["slots"] if role in (None, s["role"])] if status else []

    def all_ready(self):
        slots = self.slots()
        return bool(slots) and all(s["ready"] for s in slots)

    def write_log(self, lines, path=None, mode="ab"):
        """Append lines (bytes without line ends) to the site's log."""
        with open(path or self.log, mode) as file:
            file.write(b"".join(line + b"\n" for line in lines))

    # --- what came out -------------------------------------------------------------------------------

    def stored(self, table):
        return self.stack.number(f"SELECT COUNT(*) FROM {table}")

    def ids(self, table):
        return {row[0] for row in self.stack.sql(f"SELECT id FROM {table}")}

    def settle(self, raw, clean, dead=0, timeout=60):
        """Wait until so many rows and dead letters are there and nothing is on its way any more."""
        def settled():
            got = self.stored("raw_log"), self.stored("clean_log")
            return got == (raw, clean) or None
        try:
            wait_until(settled, timeout, f"{raw} raw and {clean} clean rows")
        except Failed:
            raise Failed(f"raw_log has {self.stored('raw_log')} of {raw}, clean_log has {self.stored('clean_log')} "
                         f"of {clean} rows; queues: {self.stack.queue_counts()}")
        wait_until(lambda: self.stack.queue_counts().get("queue-data-clean.dead") == dead, timeout,
                   f"{dead} dead letters of clean", pause=0.3)


def version():
    with open(os.path.join(ROOT, "Makefile")) as file:
        return re.search(r"^VERSION := (\S+)$", file.read(), re.M).group(1)


def readme_blocks():
    """The blocks to paste of "Set it up": (language, text) in their order."""
    with open(os.path.join(ROOT, "README.md")) as file:
        section = file.read().partition("\n## Set it up\n")[2].partition("\n### ")[0]
    return re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S)


def generate(lines, seed=1, bad=0, unique=True, format="ezproxy"):
    """Lines (bytes, without line ends) of tests/make_log."""
    args = [os.path.join(BUILD, "tests", "make_log"), "--lines", str(lines), "--seed", str(seed), "--format", format]
    if bad:
        args += ["--bad", str(bad)]
    if unique:
        args += ["--unique"]
    return subprocess.run(args, capture_output=True, check=True).stdout.split(b"\n")[:-1]
