"""Faults of our own processes."""
import os
import random
import resource
import signal
import subprocess
import time

from flow import BUILD, FAULTS_BUILD, PRELOAD, Failed, check, row, wait_until
from harness import check_equal

SHIMS = os.path.join(BUILD, "tests", "shims")
KILLS = 50


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def gone(pids):
    return not any(os.path.exists(f"/proc/{pid}/exe") for pid in pids)


@row("no fault at all")
def nothing(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)


def kill_often(bench, role, times=KILLS):
    """Each kill comes a random number of lines after somebody of the role is alive again."""
    rng = random.Random(bench.seed)
    with bench.flow(lines=40 * times + 10000, per_second=1500, supervisor_restart_min_ms=20, supervisor_restart_max_ms=100) as flow:
        for _ in range(times):
            victim = rng.choice(wait_until(lambda: flow.pids(role), 20, f"a living {role}"))
            flow.wait_fed(rng.randrange(10, 400))
            kill(victim)
        flow.healed()
        wait_until(flow.all_ready, 20, "all are ready again")
        check(sum(s["restarts"] for s in flow.slots(role)) > times // 2, "the victims were not restarted")


@row("kill -9 of the producer, 50 times")
def kill_producer(bench):
    kill_often(bench, "producer")


@row("kill -9 of a lake worker, 50 times")
def kill_lake_worker(bench):
    kill_often(bench, "lake")


@row("kill -9 of a clean worker, 50 times")
def kill_clean_worker(bench):
    kill_often(bench, "clean")


def supervisor_kills(bench, times, lines):
    rng = random.Random(bench.seed)
    with bench.flow(lines=lines, per_second=1000) as flow:
        for _ in range(times):
            flow.wait_fed(rng.randrange(10, 300))
            flow.bank()
            old = flow.pids()
            kill(flow.sluiced.pid)
            flow.sluiced.wait()
            flow.restart()      # at once: the old children may still drain
            wait_until(lambda: gone(old), 30, "the old children are gone")
        flow.healed()


@row("kill -9 of sluiced, 50 times, a new one at once")
def kill_supervisor(bench):
    supervisor_kills(bench, KILLS, 40 * KILLS + 10000)


def fill_pipe(fd):
    """As a reader that stopped lets it be filled; the flags of the others' description stay."""
    own = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(own, b"x" * 4096)
    except BlockingIOError:
        os.close(own)


@row("nobody reads the log: standard error is a full pipe, connections are closed", short=True)
def stderr_stalls(bench):
    reading, writing = os.pipe()
    try:
        with bench.flow(start=False, lines=12000, per_second=1000, log_level="debug") as flow:
            flow.sluiced = subprocess.Popen([os.path.join(BUILD, "sluiced"), "-c", flow.conf], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=writing)
            flow.processes.append(flow.sluiced)
            wait_until(flow.all_ready, 30, "all are ready")
            fill_pipe(writing)
            flow.stack.ctl("close_all_connections", "fault")
            flow.wait_fed(1000)
            stored = flow.stored("clean_log")
            flow.wait_stored(stored + 500, "clean_log")
            wait_until(lambda: flow.total("log_lines_dropped") > 0, 30, "log lines are dropped")
            flow.healed()
            flow.check_nobody_died()
    finally:
        os.close(reading)
        os.close(writing)


@row("the control socket is deleted, 10 times, while lines flow", short=True)
def control_socket_deleted(bench):
    with bench.flow() as flow:
        for _ in range(10):
            flow.wait_fed(100)
            os.unlink(flow.socket)
            wait_until(lambda: os.path.exists(flow.socket), 10, "the socket is made again")
        check_equal(flow.ctl("status").returncode, 0, "sluiced answers")
        flow.healed()
        flow.check_nobody_died()


@row("kill -9 of sluiced: children drain and go")
def kill_supervisor_once(bench):
    supervisor_kills(bench, 2, 6000)


# --- armed points, in the test build ---------------------------------------------------------------------


def armed(bench, point, role, action="kill", at=3, times=1, **more):
    """The role dies once at the point, while lines and bad lines flow."""
    once = os.path.join("/tmp", f"sluice-fault-{os.getpid()}")
    if os.path.exists(once):
        os.unlink(once)
    env = {"SLUICE_FAULT": f"{point}:{action}:{at}", "SLUICE_FAULT_ROLE": role, "SLUICE_FAULT_ONCE": once}
    try:
        with bench.flow(build=FAULTS_BUILD, env=env, bad=20, **more) as flow:
            wait_until(lambda: os.path.exists(once), 30, f"{point} is reached")
            flow.healed()
            flow.wait_said("fault:", point)
            wait_until(lambda: any(s["restarts"] for s in flow.slots(role)), 60, f"a new {role}")
    finally:
        if os.path.exists(once):
            os.unlink(once)


@row("killed after the confirm, before the checkpoint", faults=True)
def armed_confirm(bench):
    armed(bench, "producer.after_confirm", "producer")


@row("killed before the checkpoint is renamed", faults=True)
def armed_checkpoint(bench):
    armed(bench, "producer.before_checkpoint_rename", "producer")


@row("killed before COMMIT", faults=True)
def armed_insert(bench):
    armed(bench, "worker.after_insert", "lake", at=10)


@row("killed after COMMIT, before the ack", faults=True)
def armed_commit(bench):
    armed(bench, "worker.after_commit", "clean", at=10)


@row("killed before a dead letter is published", faults=True)
def armed_before_dead(bench):
    armed(bench, "worker.before_publish_dead", "clean", at=5)


@row("killed after the dead letter's confirm, before the ack", faults=True)
def armed_after_dead(bench):
    armed(bench, "worker.after_dead_letter", "clean", at=5)


@row("an endless loop: aborted by the watchdog", faults=True)
def endless_loop(bench):
    armed(bench, "worker.line", "lake", action="spin", at=1000, supervisor_hang_s=5)


@row("a worker hangs in a transaction: aborted by the watchdog", faults=True)
def hang_in_transaction(bench):
    armed(bench, "worker.after_insert", "clean", action="hang", at=10, supervisor_hang_s=5)


@row("an allocation of ours fails, once in each role", faults=True)
def allocation_fails(bench):
    for role, at in (("producer", 10), ("lake", 60), ("clean", 60)):
        armed(bench, "xalloc", role, action="fail", at=at, lines=3000)
        bench.stack.empty()


# --- stopped, hung, starved ------------------------------------------------------------------------------


@row("SIGSTOP past all timeouts, SIGCONT later: late commit and ack")
def zombie(bench):
    """A worker of no supervisor is stopped until the broker has given its messages to others."""
    with bench.flow(broker_heartbeat_s=2) as flow:
        lone = flow.start("sluice-lake-worker")
        flow.wait_said(" role=lake ", "ready:")
        flow.wait_stored(1000)
        before = set(wait_until(lambda: connections(flow, "lake@"), 20, "the lone worker's connection is listed"))
        lone.send_signal(signal.SIGSTOP)
        wait_until(lambda: not before & set(connections(flow, "lake@")), 30, "the broker has given the stopped worker up")
        flow.feeder.hurry()
        lone.send_signal(signal.SIGCONT)
        flow.healed()
        wait_until(lambda: set(connections(flow, "lake@")), 30, "it has connected again")
        check(lone.poll() is None, "the stopped worker has died")


def connections(flow, name):
    """Names of the broker's connections whose client calls itself so."""
    found = flow.stack.api("GET", "connections?columns=name,client_properties") or []
    return [c["name"] for c in found if c.get("client_properties", {}).get("connection_name", "").startswith(name)]


@row("SIGSTOP of a supervised worker: replaced")
def stopped_child(bench):
    with bench.flow(supervisor_hang_s=5) as flow:
        flow.wait_stored(1000)
        victim = flow.slots("clean")[0]["pid"]
        kill(victim, signal.SIGSTOP)
        wait_until(lambda: victim not in flow.pids("clean") and flow.all_ready(), 40, "another clean/0")
        flow.healed()


@row("crash loop at start of one role")
def crash_loop(bench):
    marker = f"/tmp/sluice-crash-{os.getpid()}"
    env = {**PRELOAD, "LD_PRELOAD": os.path.join(SHIMS, "crash_at_start.so"), "SHIM_CRASH_PROGRAM": "sluice-clean-worker",
           "SHIM_CRASH_FILE": marker}
    try:
        with bench.flow(env=env, supervisor_restart_min_ms=50, supervisor_restart_max_ms=400) as flow:
            flow.wait_stored(1000)
            open(marker, "w").close()
            for pid in flow.pids("clean"):
                kill(pid)
            wait_until(lambda: sum(s["restarts"] for s in flow.slots("clean")) >= 8, 30, "eight deaths")
            flow.wait_stored(3000)      # the others work on
            os.unlink(marker)
            flow.healed()
    finally:
        if os.path.exists(marker):
            os.unlink(marker)


@row("a second supervisor on the same state directory")
def second_supervisor(bench):
    with bench.flow(lines=5000) as flow:
        flow.wait_stored(500)
        second = flow.run("sluiced")
        check(second.returncode not in (0, 78), f"the second supervisor: {second.returncode} {second.stderr}")
        lone = flow.run("sluice-producer", "--once")
        check_equal(lone.returncode, 69, f"a second producer: {lone.stderr}")
        flow.healed()


@row("TERM under full load: all confirmed, all acknowledged")
def terminate(bench):
    with bench.flow(per_second=5000, lines=20000) as flow:
        for goal in (2000, 6000, 10000):
            flow.wait_stored(goal)
            flow.bank()
            flow.sluiced.send_signal(signal.SIGTERM)
            check_equal(flow.sluiced.wait(40), 0, "exit code")
            wait_until(lambda: not flow.left_running(), 10, "no child is left")
            check(not flow.errors_say("not confirmed"), "messages were left unconfirmed")
            flow.restart()
        flow.healed()
        wait_until(lambda: flow.feeder.fed == 20000, 30, "all is fed")
        flow.finish()
        check_equal(bench.figures["absorbed"], 0, "rows that came twice: something was left unacknowledged")


def set_limit(pid, more):
    """Leave the process so many free descriptors; returns what undoes it."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + more, before[1]))

    def undo():
        try:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        except ProcessLookupError:
            pass
    return undo


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@row("no file descriptors left: children cannot connect, sluiced cannot start any")
def descriptors(bench):
    with bench.flow(supervisor_restart_min_ms=50, supervisor_hang_s=60) as flow:
        flow.wait_stored(1000)
        lakes, sluiced = flow.pids("lake"), flow.sluiced.pid
        undo = [set_limit(pid, -1) for pid in flow.pids()]
        drop_connections(flow.stack)
        for role in ("producer", "lake", "clean"):
            flow.wait_waiting(role)
        flow.check_nobody_died()
        undo.append(set_limit(sluiced, 0))      # not even a caller gets in
        kill(lakes[0])
        cpu = cpu_seconds(sluiced)
        stopped = time.monotonic()
        wait_until(lambda: time.monotonic() - stopped > 2, 5, "two seconds without descriptors", pause=0.5)
        check(cpu_seconds(sluiced) - cpu < 1, "sluiced spins while it has no descriptors")
        for each in undo:
            each()
        flow.healed()
        wait_until(lambda: any(s["restarts"] for s in flow.slots("lake")) and flow.all_ready(), 30, "all are back")


def drop_connections(stack):
    stack.ctl("-q", "close_all_connections", "fault suite")


def failing_allocations(bench, program, role, last, **more):
    """Each new process of the program fails at a later allocation, its own or a library's: 1, 2, 3 ... last."""
    counter = f"/tmp/sluice-malloc-{os.getpid()}"
    with open(counter, "w") as file:
        file.write("1\n")
    env = {**PRELOAD, "LD_PRELOAD": os.path.join(SHIMS, "malloc_fail.so"), "SHIM_MALLOC_PROGRAM": program,
           "SHIM_MALLOC_COUNTER": counter}

    def reached():
        with open(counter) as file:
            return int(file.read().split()[0])

    def moves_on(before):
        if flow.sluiced.poll() is not None:
            raise Failed(f"sluiced ended with {flow.sluiced.returncode}")
        if any(s["state"] == "FATAL" for s in flow.slots(role)):
            flow.ctl("start", role, "--no-wait")   # a failure at its start looks like a settings problem
        return reached() > before

    try:
        with bench.flow(env=env, lines=120000, per_second=300, start=False, supervisor_restart_min_ms=10,
                        supervisor_restart_max_ms=100, timeout=120, **more) as flow:
            flow.sluiced = flow.start("sluiced", env=env)
            # thousands of starts: rows that run beside this one come first
            os.setpriority(os.PRIO_PROCESS, flow.sluiced.pid, 10)
            wait_until(flow.status, 60, "sluiced answers")
            while reached() <= last:
                now = reached()
                try:
                    wait_until(lambda: moves_on(now), 2, "the next process", pause=0.1)
                except Failed:          # they wait for an allocation that does not come: give the number on
                    for pid in flow.pids(role):
                        kill(pid, signal.SIGTERM)
            os.unlink(counter)          # from here on no allocation fails
            for pid in flow.pids(role):
                kill(pid, signal.SIGTERM)
            flow.ctl("start", role, "--no-wait")
            flow.healed()
            bench.note = f"{last} allocations"
    finally:
        if os.path.exists(counter):
            os.unlink(counter)


# A few more than a process makes until its first line is settled; most are those of the libraries at its start.
@row("n-th allocation of the producer fails, n = 1, 2, 3 ... 460", slow=True)
def malloc_producer(bench):
    failing_allocations(bench, "sluice-producer", "producer", 460)


@row("n-th allocation of a lake worker fails, n = 1, 2, 3 ... 5450", slow=True)
def malloc_lake_worker(bench):
    failing_allocations(bench, "sluice-lake-worker", "lake", 5450, lake_workers=6)


@row("n-th allocation of a clean worker fails, n = 1, 2, 3 ... 6800", slow=True)
def malloc_clean_worker(bench):
    failing_allocations(bench, "sluice-clean-worker", "clean", 6800, clean_workers=6)


@row("more files than descriptors, while the broker's connections are cut")
def files_share_descriptors(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        producer = flow.pids("producer")[0]
        before = resource.prlimit(producer, resource.RLIMIT_NOFILE)
        folder = os.path.dirname(flow.log)
        others = [os.path.join(folder, f"access.log.other{i}") for i in range(60)]
        flow.write_conf(inputs=[{"path": flow.log + "*", "format": "ezproxy"}])
        check(flow.ctl("reload").returncode == 0, "reload")
        wait_until(lambda: flow.pids("producer") and flow.pids("producer")[0] != producer and flow.all_ready(), 40, "a new producer")
        producer = flow.pids("producer")[0]
        resource.prlimit(producer, resource.RLIMIT_NOFILE, (48, before[1]))
        for other in others:
            with open(other, "wb"):
                pass
        wait_until(lambda: "share 16 descriptors" in flow.slots("producer")[0]["last_error"], 30, "it is said")
        for user in flow.stack.api("GET", "connections"):
            flow.stack.api("DELETE", "connections/" + user["name"].replace(" ", "%20").replace(">", "%3E"))
        wait_until(flow.all_ready, 40, "connected again: descriptors were kept for the broker")
        flow.wait_fed(1000)
        for other in others:
            os.unlink(other)
        resource.prlimit(producer, resource.RLIMIT_NOFILE, before)
        wait_until(lambda: flow.slots("producer")[0]["last_error"] == "", 90, "it is over")
        flow.healed()
        flow.finish()
