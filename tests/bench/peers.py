"""The others: a Python pipeline of the usual form, and rsyslog. Each gets the same lines on the same servers."""
import glob
import os
import shutil
import subprocess
import time
import urllib.parse

from machine import Failed, check_equal, wait_until

PYTHON = "/usr/bin/python3"  # the one that Debian's packages are for
RSYSLOGD = "/usr/sbin/rsyslogd"
PIPELINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python_pipeline.py")
PEER_DATABASE = "BENCH_PEERS"

RSYSLOG_CONF = r"""
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="ommysql")
template(name="insert" type="list" option.sql="on") {{
    constant(value="INSERT INTO raw_log (log) VALUES ('") property(name="msg") constant(value="')")
}}
ruleset(name="store" queue.type="LinkedList" queue.size="100000" queue.dequeueBatchSize="1000"
        queue.workerThreads="2" queue.workerThreadMinimumMessages="1000") {{
    action(type="ommysql" server="127.0.0.1" serverport="{port}" db="{database}" uid="{user}" pwd="{password}"
           template="insert")
}}
input(type="imfile" file="{folder}/live.log" tag="bench" ruleset="store" needParse="off")
"""


def need_packages():
    """What Debian's packages have to bring for the peers; Failed with the command that helps."""
    imports = subprocess.run([PYTHON, "-c", "import pika, pymysql, sqlalchemy"], capture_output=True)
    modules = glob.glob("/usr/lib/*/rsyslog/ommysql.so")
    if imports.returncode != 0 or not modules or not os.path.exists(RSYSLOGD):
        raise Failed("packages are missing: sh etc/bootstrap install bench")


def make_database(machine):
    machine.stack.admin(f"DROP DATABASE IF EXISTS {PEER_DATABASE}; "
                        f"CREATE DATABASE {PEER_DATABASE} CHARACTER SET utf8mb4; "
                        f"GRANT ALL ON {PEER_DATABASE}.* TO {machine.stack.env['STACK_USER']}@'%'")


# --- Python ------------------------------------------------------------------------------------------------

def python_environment(machine):
    env = machine.stack.env
    login = f"{env['STACK_USER']}:{urllib.parse.quote(env['STACK_PASSWORD'])}"
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
            "PIPELINE_AMQP": f"amqp://{login}@127.0.0.1:{env['STACK_AMQP_PORT']}/%2F",
            "PIPELINE_DATABASE": f"mysql+pymysql://{login}@127.0.0.1:{env['STACK_DB_PORT']}/{PEER_DATABASE}"
                                 "?charset=utf8mb4"}


def python_lps(machine, lines):
    """From the first line published to the last row committed; all were connected before."""
    make_database(machine)
    environment = python_environment(machine)

    def run(*args, **more):
        return subprocess.Popen([PYTHON, PIPELINE, *args], env=environment, **more)

    if run("declare").wait() != 0:
        raise Failed("the Python pipeline could not make its queues and tables")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    programs = [run(*words, **pipes) for words in (("publish", machine.log(lines)), ("store", "lake", str(lines)),
                                                   ("store", "clean", str(lines)))]
    for program in programs:
        program.stdout.readline()
    begin = time.monotonic()
    for program in programs:
        program.stdin.write(b"begin\n")
        program.stdin.close()
    codes = [program.wait() for program in programs]
    seconds = time.monotonic() - begin
    for program in programs:
        program.stdout.close()
    check_equal(codes, [0, 0, 0], "exit codes of the Python pipeline")
    check_equal(machine.database.count(f"{PEER_DATABASE}.raw_log"), lines, "rows of the Python pipeline")
    return lines / seconds


# --- rsyslog -----------------------------------------------------------------------------------------------

def rsyslog_lps(machine, lines):
    """From the moment the log appears to the last row committed."""
    make_database(machine)
    machine.database.value(f"CREATE TABLE {PEER_DATABASE}.raw_log (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, "
                           # a text column would lose lines: rsyslog drops what the database rejects
                           "log MEDIUMBLOB NOT NULL) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4")
    folder = os.path.join(machine.folder, "rsyslog")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    env = machine.stack.env
    conf = os.path.join(folder, "rsyslog.conf")
    with open(conf, "w") as file:
        file.write(RSYSLOG_CONF.format(folder=folder, port=env["STACK_DB_PORT"], database=PEER_DATABASE,
                                       user=env["STACK_USER"], password=env["STACK_PASSWORD"]))
    pid_file = os.path.join(folder, "pid")
    with open(os.path.join(folder, "output"), "w") as output:
        rsyslog = subprocess.Popen([RSYSLOGD, "-n", "-f", conf, "-i", pid_file], stdout=output,
                                   stderr=output)
    try:
        wait_until(lambda: os.path.exists(pid_file) and os.listdir(f"/proc/{rsyslog.pid}/task")[1:], 20,
                   "rsyslog has started")
        os.link(machine.log(lines), os.path.join(folder, "live.log"))
        begin = time.monotonic()
        table = f"{PEER_DATABASE}.raw_log"
        # the highest number is cheap to ask for; all rows are there a batch or so later
        wait_until(lambda: int(machine.database.value(f"SELECT COALESCE(MAX(id), 0) FROM {table}")) >= lines, 300,
                   f"rsyslog has stored {lines} lines", pause=0.02)
        wait_until(lambda: machine.database.count(table) >= lines, 60, "the last batches of rsyslog", pause=0.005)
        seconds = time.monotonic() - begin
    finally:
        rsyslog.terminate()
        rsyslog.wait()
    check_equal(machine.database.count(table), lines, "rows of rsyslog")
    return lines / seconds
