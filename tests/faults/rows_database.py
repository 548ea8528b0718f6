"""Faults of the database and of the way to it."""
import os
import signal
import subprocess
import tempfile
import threading

import servers
from flow import USER, Failed, Proxy, client_library, check, generate, row, wait_until
from judge import line_id
from servers import cut_ten_times, hung, reset_ten_times, slice_then_delay


def hold_open(stack, statement, seconds=600):
    """A second connection that runs the statement and then sleeps in the same session."""
    return subprocess.Popen([stack.script, "admin", stack.folder, "-N", "-B", "-e", f"{statement}; SELECT SLEEP({seconds})"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def let_go(stack, *holders):
    """End these sessions at the server too: the client's end alone does not wake a SLEEP."""
    for holder in holders:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()
    for (number,) in stack.sql("SELECT id FROM information_schema.processlist WHERE info LIKE '%SLEEP(%' AND id <> CONNECTION_ID()"):
        try:
            stack.admin(f"KILL {number}")
        except Failed:
            pass


def sessions(stack, which="TRUE"):
    return [int(number) for (number,) in stack.sql(
        f"SELECT id FROM information_schema.processlist WHERE user = '{USER}' AND ({which})")]


def kill_sessions(stack):
    for number in sessions(stack, "info IS NULL OR info NOT LIKE '%SLEEP(%'"):
        try:
            stack.admin(f"KILL {number}")
        except Failed:
            pass        # it is gone already


@row("database: kill -9")
def db_kill(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.run("db", "kill")
        flow.wait_waiting("lake")
        flow.check_nobody_died()
        bench.stack.run("db", "start")
        flow.healed()


@row("database: stopped and started, three times")
def db_restart(bench):
    with bench.flow(lines=15000) as flow:
        for goal in (1000, 4000, 8000):
            flow.wait_stored(goal)
            bench.stack.run("db", "stop")
            flow.wait_waiting("clean")
            bench.stack.run("db", "start")
        flow.healed()
        flow.check_nobody_died()


def hang(bench, seconds, **settings):
    with bench.flow(lines=12000, per_second=1000, **settings) as flow:
        flow.wait_stored(1000)
        before = worker_connections(bench.stack)
        with hung(int(bench.stack.env["STACK_DB_PID"]), seconds):
            flow.check_nobody_died()
            if before:
                check(before <= worker_connections(bench.stack), "a worker has lost its broker connection")
        flow.healed()


def worker_connections(stack):
    found = stack.api("GET", "connections?columns=name,client_properties") or []
    names = {c["name"]: c.get("client_properties", {}).get("connection_name", "") for c in found}
    return {n for n, client in names.items() if client.startswith(("lake/", "clean/")) and "dead" not in client}


@row("database: hung for 20 s (SIGSTOP), broker connections kept")
def db_hung(bench):
    hang(bench, 20)


@row("database: hung for 120 s (SIGSTOP), broker connections kept", slow=True)
def db_hung_long(bench):
    hang(bench, 120, broker_heartbeat_s=15)


@row("database: the reply to COMMIT is lost, 20 times", short=True)
def db_commit_lost(bench):
    with bench.stack.without_tls(), Proxy(bench.stack.env["STACK_DB_PORT"]) as proxy, \
            bench.flow(database_hosts=[proxy.address]) as flow:
        flow.wait_stored(1000)
        # how each client library writes it
        commit = b"COMMIT" if "libmariadb" in client_library() else b"commit"
        proxy.tell(f"drop {commit.hex()} 20")
        wait_until(lambda: proxy.stats()["dropped"] == 20, 60, "twenty lost replies")
        flow.healed()
        flow.finish()
        check(bench.figures["absorbed"] > 0, "no row came twice: were the replies really lost?")


def through_proxy(bench, inject, **more):
    servers.through_proxy(bench, "STACK_DB_PORT", "database_hosts", inject, **more)


@row("database: connections reset, 10 times")
def db_reset(bench):
    through_proxy(bench, reset_ten_times)


@row("database: cut in the middle of a packet, 10 times")
def db_cut(bench):
    through_proxy(bench, cut_ten_times(20000), lines=20000)


@row("database: packets in single bytes, then slow")
def db_slices(bench):
    through_proxy(bench, slice_then_delay)


@row("database: swallows everything (black hole)")
def db_hole(bench):
    def inject(proxy, flow):
        proxy.tell("hole")
        flow.wait_waiting("lake")
        flow.wait_waiting("clean")
        flow.check_nobody_died()
        proxy.tell("reset")
    through_proxy(bench, inject)


@row("database: does not read (stall)")
def db_stall(bench):
    def inject(proxy, flow):
        proxy.tell("stall")
        flow.wait_waiting("lake")
        flow.wait_waiting("clean")
        flow.check_nobody_died()
    through_proxy(bench, inject)


@row("database: KILL of all connections, 15 times")
def db_sessions_killed(bench):
    with bench.flow() as flow:
        flow.wait_stored(500)
        for _ in range(15):
            flow.wait_fed(300)
            kill_sessions(bench.stack)
        flow.healed()


@row("database: lock waits and deadlocks, batches redelivered")
def db_locks(bench):
    """Somebody updates the tables row by row in random order; another holds a lock for longer than we wait."""
    stop = threading.Event()
    trouble = []

    def disturb(table, order):
        while not stop.is_set():
            try:
                bench.stack.admin(f"START TRANSACTION; UPDATE {table} SET origin = origin WHERE id > '8' ORDER BY {order} LIMIT 300; "
                                  f"UPDATE {table} SET origin = origin WHERE id < '8' ORDER BY {order} DESC LIMIT 300; COMMIT")
            except Failed as error:
                trouble.append(str(error))
    with bench.flow(lines=12000, lake_workers=3, clean_workers=3) as flow:
        flow.wait_stored(1000)
        threads = [threading.Thread(target=disturb, args=a) for a in
                   (("raw_log", "id"), ("raw_log", "timestamp_utc DESC"), ("clean_log", "id"))]
        for thread in threads:
            thread.start()
        holder = hold_open(bench.stack, "SET innodb_lock_wait_timeout = 50; START TRANSACTION; "
                                        "SELECT COUNT(*) FROM raw_log FOR UPDATE; SELECT COUNT(*) FROM clean_log FOR UPDATE")
        try:
            for number in range(4):     # redelivery: workers die with batches unacknowledged
                flow.wait_fed(500)
                for pid in flow.pids("lake" if number % 2 else "clean")[:1]:
                    os.kill(pid, signal.SIGKILL)
            wait_until(lambda: any("1205" in (s["last_error"] or "") for s in flow.slots()), 40, "a lock wait that timed out")
        finally:
            let_go(bench.stack, holder)
            stop.set()
            for thread in threads:
                thread.join()
        flow.healed()


@row("database: read_only")
def db_read_only(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.admin("SET GLOBAL read_only = 1")
        try:
            wait_until(lambda: any("1290" in (s["last_error"] or "") for s in flow.slots("lake")), 30, "1290 in the status")
            flow.check_nobody_died()
        finally:
            bench.stack.admin("SET GLOBAL read_only = 0")
        flow.healed()


@row("database: disk full, then room again")
def db_disk_full(bench):
    """raw_log lives on a small file system of its own for this row."""
    folder = tempfile.mkdtemp(prefix="sluice-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=14m,mode=777", "none", folder], check=True)
    create = "\n".join("\t".join(line) for line in bench.stack.sql("SHOW CREATE TABLE raw_log")).split("\t", 1)[1]
    try:
        bench.stack.admin("RENAME TABLE raw_log TO raw_log_held")
        bench.stack.admin(f"{create} DATA DIRECTORY = '{folder}'")
        with bench.flow(lines=40000, per_second=10000, timeout=120) as flow:
            wait_until(lambda: any("1114" in (s["last_error"] or "") for s in flow.slots("lake")), 60, "1114 in the status")
            flow.check_nobody_died()
            flow.wait_stored(flow.stored("clean_log") + 1, "clean_log")     # the other table goes on
            subprocess.run(["mount", "-o", "remount,size=200m", folder], check=True)
            flow.healed()
    finally:
        bench.stack.admin("DROP TABLE IF EXISTS raw_log; RENAME TABLE raw_log_held TO raw_log")
        subprocess.run(["umount", "-l", folder], check=True)
        os.rmdir(folder)


@row("database: max_allowed_packet 64 KiB, one line larger than that")
def db_small_packets(bench):
    huge = generate(1, seed=99)[0].replace(b"GET ", b"GET /" + b"x" * 100000, 1)
    before = bench.stack.sql("SELECT @@max_allowed_packet")[0][0]
    bench.stack.admin("SET GLOBAL max_allowed_packet = 65536")
    try:
        with bench.flow() as flow:
            flow.wait_stored(1000)
            flow.expected.either.add(line_id(huge))
            flow.write_log([huge])
            flow.healed()
    finally:
        bench.stack.admin(f"SET GLOBAL max_allowed_packet = {before}")


@row("database: tables renamed away and back", short=True)
def db_table_away(bench):
    with bench.flow() as flow:
        for table, role in (("raw_log", "lake"), ("clean_log", "clean")):
            flow.wait_stored(1000, table)
            bench.stack.admin(f"RENAME TABLE {table} TO held_away")
            try:
                wait_until(lambda: any("1146" in (s["last_error"] or "") for s in flow.slots(role)), 30, "1146 in the status")
            finally:
                bench.stack.admin(f"RENAME TABLE held_away TO {table}")
        flow.healed()
        flow.check_nobody_died()


@row("database: a column is missing")
def db_column_missing(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.admin("ALTER TABLE raw_log RENAME COLUMN log_bytes TO held")
        try:
            wait_until(lambda: any("1054" in (s["last_error"] or "") for s in flow.slots("lake")), 30, "1054 in the status")
            flow.check_nobody_died()
        finally:
            bench.stack.admin("ALTER TABLE raw_log RENAME COLUMN held TO log_bytes")
        flow.healed()


@row("database: grant revoked")
def db_grant_revoked(bench):
    name = bench.stack.env["STACK_DB_NAME"]
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.admin(f"REVOKE INSERT ON {name}.* FROM {USER}@'%'")
        try:
            kill_sessions(bench.stack)      # rights are read when a session begins
            wait_until(lambda: any("1142" in (s["last_error"] or "") for s in flow.slots("lake")), 30, "1142 in the status")
            flow.check_nobody_died()
        finally:
            bench.stack.admin(f"GRANT INSERT ON {name}.* TO {USER}@'%'")
        flow.healed()


@row("database: password changed and changed back")
def db_password(bench):
    with open(os.path.join(bench.stack.folder, "database.pass")) as file:
        password = file.read().strip()
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.admin(f"ALTER USER {USER}@'%' IDENTIFIED BY 'another'")
        try:
            kill_sessions(bench.stack)
            wait_until(lambda: any("1045" in (s["last_error"] or "") for s in flow.slots("lake")), 30, "1045 in the status")
            flow.check_nobody_died()
        finally:
            bench.stack.admin(f"ALTER USER {USER}@'%' IDENTIFIED BY '{password}'")
        flow.healed()


@row("database: max_connections used up by others")
def db_max_connections(bench):
    stack, places = bench.stack, 10
    before = stack.sql("SELECT @@max_connections")[0][0]
    with bench.flow() as flow:
        flow.wait_stored(1000)
        # as the workers' user: others have one connection more
        client = [stack.script, "sql", stack.folder, f"--user={USER}", "-e", "SELECT SLEEP(600)"]
        holders = [subprocess.Popen(client, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
                   for _ in range(places)]
        try:
            wait_until(lambda: len(sessions(stack, "info LIKE '%SLEEP(%'")) == places, 20, "the others' sessions", pause=0.2)
            kills = "".join(f"; KILL {number}" for number in sessions(stack, "info IS NULL OR info NOT LIKE '%SLEEP(%'"))
            stack.admin(f"SET GLOBAL max_connections = {places}{kills}")
            wait_until(lambda: any("1040" in (s["last_error"] or "") for s in flow.slots("lake")), 30, "1040 in the status", pause=0.2)
            flow.check_nobody_died()
        finally:
            # an administrator has one connection above the limit
            wait_until(lambda: admin_works(stack, f"SET GLOBAL max_connections = {before}"), 20, "an administrator's connection")
            let_go(stack, *holders)
        flow.healed()


def admin_works(stack, statement):
    try:
        stack.admin(statement)
        return True
    except Failed:
        return False
