"""What operators must see: a share of rejected lines, a log that nobody reads, a control socket that was deleted."""
import json
import os
import pwd
import re
import signal
import socket
import subprocess

from harness import BUILD, Site, check, check_equal, generate, wait_until


def events(site, kind=None):
    done = site.ctl("-s", site.socket, "events", "--json")
    check_equal(done.returncode, 0, f"events: {done.stderr}")
    return [e for e in map(json.loads, done.stdout.splitlines()) if kind in (None, e["kind"])]


def test_a_wrong_format_is_seen(stack):
    """Every line a dead letter: critical by default, an event at its beginning and at its end."""
    lines = generate(200, seed=471)
    with Site(stack, supervisor_rejected_window_s=10) as site:
        site.write_conf(inputs=[{"path": site.log, "format": "combined"}])
        site.start_sluiced()
        check_equal(site.ctl("health").returncode, 0, "before")
        site.write_log([b"x" + line for line in lines])
        wait_until(lambda: site.status()["roles"]["clean"]["dead_letters"]["state"] == "critical", 20, "the share is critical")
        done = site.ctl("health")
        check_equal(done.returncode, 2, done.stdout)
        check("clean: 100 % of the lines of the last 10s are dead letters (200 of 200), most for parse." in done.stdout,
              done.stdout)
        check_equal(site.ctl("status", "--check").returncode, 1, "status --check")
        letters = site.status()["roles"]["clean"]["dead_letters"]
        check_equal((letters["lines"], letters["rejected"], letters["percent"]), (200, 200, 100), "figures")
        check(letters["reason"].startswith("parse."), letters)
        check(letters["per_minute"] == 200, letters)
        wait_until(lambda: site.status()["roles"]["clean"]["dead_letters"]["waiting"] == 200, 20, "all of them wait")
        check_equal(site.status()["roles"]["lake"]["dead_letters"]["state"], "ok", "the other stage is fine")
        wait_until(lambda: [e for e in events(site, "mended") if e["subject"] == "clean"], 30, "its end is an event")
        begun = events(site, "rejecting")
        check_equal(len(begun), 1, f"one event: {begun}")
        check("100 % of the lines" in begun[0]["text"] and "parse." in begun[0]["text"], begun)
        check_equal(site.ctl("health").returncode, 1, "the letters still wait: a warning")


def fill(fd):
    """Fill the pipe as a reader that stopped lets it be filled, without touching its flags for others."""
    own = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(own, b"x" * 4096)
    except BlockingIOError:
        pass
    os.close(own)


def read_all(fd):
    """What is in the pipe now."""
    own = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
    text = b""
    try:
        while chunk := os.read(own, 65536):
            text += chunk
    except BlockingIOError:
        pass
    os.close(own)
    return text.decode("utf-8", "replace")


def stalled_stderr(stack, socket_pair):
    """Nobody reads what sluiced and its children log, and much happens: lines go on."""
    lines = generate(3000, seed=472)
    if socket_pair:
        ends = socket.socketpair()
        reading, writing = ends[0].detach(), ends[1].detach()
    else:
        reading, writing = os.pipe()
    with Site(stack, log_level="debug") as site:
        process = subprocess.Popen([os.path.join(BUILD, "sluiced"), "-c", site.conf], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=writing)
        site.processes.append(process)
        wait_until(site.all_ready, 30, "ready")
        if socket_pair:
            ours = socket.socket(fileno=os.dup(writing))
            try:
                while True:
                    ours.send(b"x" * 4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                ours.close()
        else:
            fill(writing)
        stack.ctl("close_all_connections", "test")
        site.write_log(lines)
        site.settle(3000, 3000)
        check_equal(site.ctl("scale", "lake=3", "clean=1", "--timeout", "20s").returncode, 0, "scale while nobody reads")
        check_equal(site.ctl("reload").returncode, 0, "reload while nobody reads")

        def dropped():
            return sum(slot["counters"]["log_lines_dropped"] for slot in site.slots())
        stack.ctl("close_all_connections", "test")
        wait_until(lambda: dropped() > 0, 20, "dropped lines are counted")
        wait_until(site.all_ready, 20, "ready again")
        check("sluice_log_lines_dropped_total{role=\"lake\"}" in site.ctl("metrics").stdout, "a metric")
        said = ""

        def is_said():
            nonlocal said
            if socket_pair:
                ours = socket.socket(fileno=os.dup(reading))
                try:
                    while chunk := ours.recv(1 << 16, socket.MSG_DONTWAIT):
                        said += chunk.decode("utf-8", "replace")
                except BlockingIOError:
                    pass
                ours.close()
            else:
                said += read_all(reading)
            return all(re.search(rf'role={role} pid=\d+ msg="\d+ log lines were dropped: for [\d.]+ s nobody read', said)
                       for role in ("producer/0", "lake/0", "clean/0", "sluiced"))
        wait_until(is_said, 20, "each says how many lines it dropped")
        check_equal([e for e in events(site) if e["kind"] in ("hang", "death")], [], "nobody hung or died")
        check("ts=" in said and all(line.startswith(("ts=", "x")) or not line for line in said.split("\n")), "whole lines")
        os.close(writing)
        process.terminate()
        wait_until(lambda: is_said() and process.poll() is not None, 20, "it ends")
        check_equal(process.returncode, 0, "exit code")
    os.close(reading)


def test_nobody_reads_standard_error(stack):
    stalled_stderr(stack, socket_pair=False)


def test_nobody_reads_the_journal(stack):
    stalled_stderr(stack, socket_pair=True)


def test_the_control_socket_is_deleted(stack):
    with Site(stack, supervisor_restart_max_ms=500) as site:
        process = site.start_sluiced()
        made = os.stat(site.socket)
        process.send_signal(signal.SIGSTOP)     # so that it is seen before it is mended
        os.unlink(site.socket)
        done = site.ctl("status")
        check_equal(done.returncode, 69, "exit code")
        check(f"sluiced runs (pid {process.pid} holds the lock in {site.folder}/state), but its socket {site.socket} is gone"
              in done.stderr, done.stderr)
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: os.path.exists(site.socket), 10, "it is made again by itself")
        check_equal(os.stat(site.socket).st_mode, made.st_mode, "its mode")
        check_equal(len(events(site, "socket")), 1, "an event")
        check("was gone: made again" in site.errors(), "a log line")
        os.unlink(site.socket)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(site.socket), 1.5, "at HUP at once")
        wait_until(lambda: [e for e in events(site, "reload")], 5, "and the reload goes on")
        os.rename(site.socket, site.socket + ".aside")      # what is left of it is not ours any more
        wait_until(lambda: os.path.exists(site.socket), 10, "made again after a rename")
        os.unlink(site.socket + ".aside")
        with socket.socket(socket.AF_UNIX) as another:
            os.unlink(site.socket)
            another.bind(site.socket)
            another.listen(100)
            wait_until(lambda: "another sluiced answers on" in site.errors(), 10, "what another one owns is left alone")
        wait_until(site.status, 10, "until it is gone")
        check(len(events(site, "socket")) >= 4, "each time an event")
        check_equal(site.ctl("health").returncode, 0, "all is well")
        process.terminate()
        process.wait(20)
        check(not os.path.exists(site.socket), "removed at the end")
        check("is it running?" in site.ctl("status").stderr, "nobody holds the lock now")


def test_shutdown(stack):
    """A verb that drains and ends sluiced: nothing in hand is lost, and it waits until the end."""
    lines = generate(2000, seed=473)
    with Site(stack) as site:
        process = site.start_sluiced()
        site.write_log(lines[:1000])
        done = site.ctl("shutdown")
        check_equal((done.returncode, process.wait(5)), (0, 0), f"both end well: {done.stdout}{done.stderr}")
        check(re.fullmatch(r"shutdown \.\.\. ended in [\d.]+s\n", done.stdout), done.stdout)
        check(re.search(r"ending, by [\w-]+ \(uid \d+\): every child finishes", site.errors()), "the log says who")
        check_equal(site.ctl("shutdown").returncode, 69, "nobody to end")
        process = site.start_sluiced()
        site.write_log(lines[1000:])
        site.settle(2000, 2000)
        done = site.ctl("shutdown", "--now", "--json")
        check_equal((done.returncode, process.wait(5)), (0, 0), f"both end well: {done.stderr}")
        answer = json.loads(done.stdout)
        check_equal((answer["now"], answer["settled"], answer["pid"]), (True, True, process.pid), "as JSON")
        process = site.start_sluiced()
        done = site.ctl("shutdown", "--no-wait")
        check_equal((done.returncode, done.stdout), (0, "shutdown\n"), "it does not wait")
        check_equal(process.wait(20), 0, "it ends")


def test_events_name_host_and_user(stack):
    with Site(stack, lake_workers=1, clean_workers=1) as site:
        site.start_sluiced()
        check_equal(site.ctl("restart", "lake").returncode, 0, "restart")
        check_equal(site.ctl("scale", "clean=1").returncode, 0, "scale to the same count")
        event = events(site, "restart")[0]
        user = pwd.getpwuid(os.getuid()).pw_name
        check_equal((event["subject"], event["actor"], event["host"]), ("lake", f"{user} (uid {os.getuid()})",
                                                                        socket.gethostname()), "who, whom, where")
        check_equal(events(site, "scale"), [], "1 -> 1 is no change")
        check_equal(site.ctl("scale", "clean=2").returncode, 0, "scale")
        check_equal(events(site, "scale")[0]["text"], "1 -> 2", "scale")


def test_passwords_that_change(stack):
    """A reload sees that a password is another one in the same file; a refused login reads the file again."""
    with Site(stack) as site:
        secret = os.path.join(site.folder, "secret")

        def put(text):
            with open(secret, "w") as file:
                file.write(text + "\n")
        name = stack.env["STACK_DB_NAME"]
        put("secret-one")
        stack.admin(f"CREATE USER changing@'%' IDENTIFIED BY 'secret-one'; GRANT SELECT, INSERT, UPDATE ON {name}.* TO changing@'%'")
        try:
            site.write_conf(database_user="changing", database_password_file=secret)
            site.start_sluiced()
            check_equal(site.ctl("config", "diff").returncode, 0, "no difference")
            stack.admin("ALTER USER changing@'%' IDENTIFIED BY 'secret-two'")
            put("secret-two")
            done = site.ctl("config", "diff")
            check_equal(done.returncode, 1, "config diff")
            check("database.password_file" in done.stdout and "another password in it" in done.stdout, done.stdout)
            before = {slot["name"]: slot["pid"] for slot in site.slots()}
            done = site.ctl("reload")
            check_equal(done.returncode, 0, done.stderr)
            check("changed: database.password_file" in done.stdout, done.stdout)
            check("secret-" not in done.stdout + done.stderr + site.errors(), "no password is shown")
            after = {slot["name"]: slot["pid"] for slot in site.slots()}
            check_equal({n for n in before if before[n] != after[n]}, {"lake/0", "lake/1", "clean/0", "clean/1"},
                        "those who use it are restarted")
            check("changed: database.password_file" in events(site, "reload")[-1]["text"], "the event")
            check("changed: nothing" in (site.ctl("reload"), events(site, "reload"))[1][-1]["text"], "once")

            stack.admin("ALTER USER changing@'%' IDENTIFIED BY 'secret-three'")
            for row in stack.admin("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'changing'").split():
                stack.admin(f"KILL {row}")
            site.write_log(generate(100, seed=474))
            wait_until(lambda: any("changing" in slot["last_error"] for slot in site.slots("lake")), 20, "the login is refused")
            pids = {slot["name"]: slot["pid"] for slot in site.slots()}
            put("secret-three")
            site.settle(100, 100)
            wait_until(site.all_ready, 20, "ready by themselves")
            check_equal({slot["name"]: slot["pid"] for slot in site.slots()}, pids, "without a restart")
        finally:
            stack.admin("DROP USER changing@'%'")


def test_config_diff_shows_inputs(stack):
    with Site(stack) as site:
        site.start_sluiced()
        site.write_conf(inputs=[{"path": site.log, "format": "combined"}, {"path": "/nowhere/b.log", "format": "common"}])
        done = site.ctl("config", "diff")
        check_equal(done.returncode, 1, "a difference")
        check("..." not in done.stdout, done.stdout)
        for word in ('format = "ezproxy"', 'format = "combined"', "/nowhere/b.log", "(none)"):
            check(word in done.stdout, f"{word}: {done.stdout}")
