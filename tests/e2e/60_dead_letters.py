"""Dead letters: sluicectl dlq, from looking to sending again, with every line accounted for."""
import base64
import csv
import hashlib
import io
import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import time

from harness import BUILD, Site, check, check_equal, generate, wait_until

DEAD = "queue-data-clean.dead"
# DLQ_LINES=10000 DLQ_KILLS=100: the figures of a release
LINES = int(os.environ.get("DLQ_LINES", "2000"))
KILLS = int(os.environ.get("DLQ_KILLS", "12"))


def md5(line):
    return hashlib.md5(line).hexdigest()


def dlq(site, *args, want=0, **more):
    done = site.ctl("dlq", *args, timeout=300, **more)
    check(done.returncode in (want if isinstance(want, tuple) else (want,)),
          f"dlq {args}: exit code {done.returncode}: {done.stdout[-500:]} {done.stderr[-1500:]}")
    return done.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def body_of(entry):
    return base64.b64decode(entry["body_base64"]) if "body_base64" in entry else entry["body"].encode()


def letters(site, *args):
    return json_lines(dlq(site, "list", *args, "--json"))


def dead_ids(site):
    """MD5 of the line of every dead letter of clean, and how many letters there are."""
    bodies = [body_of(e) for e in json_lines(dlq(site, "export", "clean"))]
    return {md5(b) for b in bodies}, len(bodies)


def archived(site, kind="dropped"):
    path = os.path.join(site.folder, "state", "dead-letters", f"clean-{kind}.ndjson")
    if not os.path.exists(path):
        return set()
    check_equal(os.stat(path).st_mode & 0o777, 0o600, "mode of the archive")
    with open(path) as file:  # a line torn by a kill is that of a letter still in the queue
        return {md5(body_of(json.loads(line))) for line in file if line.endswith("\n")}


def account(stack, site, wanted, elsewhere=frozenset(), what="", logs=(), logged=frozenset()):
    """Each line is a row, a dead letter, or where the test put it; sluicectl audit says the same of the lines logged in the logs."""
    dead, _ = dead_ids(site)
    rows = site.ids("clean_log")
    got = rows | dead | archived(site) | set(elsewhere)
    check_equal(sorted(wanted - got)[:3], [], f"{what}: lines that are nowhere ({len(wanted - got)})")
    check_equal(sorted(got - wanted)[:3], [], f"{what}: lines from nowhere")
    if not logs:
        return
    done = site.ctl("audit", *logs, "--json", timeout=300)
    check_equal(done.returncode, 0, f"{what}: audit: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    check_equal((found["distinct"], found["missing"]), (len(logged), 0), f"{what}: audit: distinct and missing lines")
    kept = archived(site) | archived(site, "edited")
    for queue, figures in (("lake", (len(logged), 0, 0)),
                           ("clean", (len(logged & rows), len(logged & dead - rows), len(logged & kept - rows - dead)))):
        queue = found["queues"][f"queue-data-{queue}"]
        check_equal(tuple(queue[name] for name in ("stored", "dead", "archived")), figures,
                    f"{what}: audit: lines stored, dead and archived of {queue['table']}")


def bad_lines(count):
    """Good lines and bad ones of four causes; and good ones of another format, the fifth."""
    good = [line for line in generate(count, seed=11) if line.count(b'"') == 2]
    causes = {
        "garbage": [b"garbage %d \x1b[31mred\x07" % n for n in range(count // 5)],
        "time": [b'10.0.0.1 s%d u [31/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 1' % n for n in range(count // 5)],
        "number": [b'10.0.0.1 s%d u [01/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 99999999999999999999' % n
                   for n in range(count // 5)],
        "long": [b'10.0.0.1 %s%d u [01/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5' % (b"s" * 400, n)
                 for n in range(count // 5)],
    }
    combined = generate(count // 5, seed=12, format="combined")
    return good, causes, combined


def wait_dead(stack, count, queue=DEAD, timeout=20):
    wait_until(lambda: stack.queue_counts().get(queue) == count, timeout, f"{count} letters in {queue}: {stack.queue_counts()}", pause=0.3)


def test_session(stack):
    good, causes, combined = bad_lines(LINES)
    bad = [line for lines in causes.values() for line in lines]
    wanted = {md5(line) for line in good + bad + combined}
    with Site(stack) as site:
        other = os.path.join(site.folder, "other.log")
        logged = frozenset(wanted)

        def balance(what):
            account(stack, site, wanted, what=what, logs=(site.log, other), logged=logged)

        wrong = [{"path": site.log, "format": "ezproxy"}, {"path": other, "format": "ezproxy"}]
        site.write_conf(inputs=wrong)
        site.write_log(good + bad)
        site.write_log(combined, path=other)
        sluiced = site.start_sluiced()
        wait_until(lambda: site.stored("clean_log") == len({md5(line) for line in good}), 120, "good rows")
        wait_dead(stack, len(bad) + len(combined))
        wait_until(lambda: site.stored("raw_log") == len(wanted), 120, "raw rows")
        balance("at first")

        # group, look
        groups = json_lines(dlq(site, "groups", "clean", "--json"))
        check_equal(sum(g["letters"] for g in groups), len(bad) + len(combined), "letters in groups")
        reasons = {g["reason"] for g in groups}
        check({"parse.no_match", "parse.bad_time", "parse.bad_number", "field.too_long"} <= reasons, f"reasons {reasons}")
        first = letters(site, "clean", "--source", "other.log", "--limit", "3")
        check_equal(len(first), 3, "letters of other.log")
        check_equal([x["id"] for x in letters(site, "clean", "--source", "other.log", "--limit", "3")],
                    [x["id"] for x in first], "ids at a second look")
        shown = dlq(site, "show", first[0]["id"])
        check("^" in shown and "format combined reads this line" in shown, f"show: {shown}")
        check_equal(shown, dlq(site, "show", first[0]["id"][:10]), "show by a shortened id")

        # fix the setting; check says which would pass
        before = json_lines(dlq(site, "check", "clean", "--json"))
        check_equal(sum(g["would_pass"] for g in before), 0, "would pass with the wrong setting")
        site.write_conf(inputs=[wrong[0], {"path": other, "format": "combined"}])
        check_equal(site.ctl("reload").returncode, 0, "reload")
        after = json_lines(dlq(site, "check", "clean", "--json"))
        check_equal(sum(g["would_pass"] for g in after), len(combined), "would pass with the right one")
        balance("after check")

        # a canary of bad ones stops; one of good ones goes on
        text = dlq(site, "retry", "--reason", "parse.bad_time", "--canary", "3", want=3)
        check("3 of 3" in text, text)
        wait_dead(stack, len(bad) + len(combined))
        check_equal(sorted(x["retries"] for x in letters(site, "clean", "--reason", "parse.bad_time"))[-4:], [0, 1, 1, 1],
                    "retries")
        balance("after the first canary")
        dlq(site, "retry", "clean", "--source", "other.log", "--canary", "5")
        wait_until(lambda: site.stored("clean_log") == len(good) + len(combined), 60, "retried rows")
        check_equal(stack.queue_counts()["queue-data-lake"], 0, "lake saw nothing of it")
        check_equal(site.stored("raw_log"), len(wanted), "raw rows")
        balance("after the retry")

        # edit one
        victim = letters(site, "clean", "--reason", "parse.bad_time", "--limit", "1")[0]
        old = victim["line"].encode()
        new = old.replace(b"31/Feb", b"28/Feb")
        dlq(site, "edit", victim["id"], "--set-line", new.decode())
        wait_until(lambda: md5(new) in site.ids("clean_log"), 30, "the edited line")
        wanted = wanted - {md5(old)} | {md5(new)}
        check_equal(archived(site, "edited"), {md5(old)}, "archive of edited lines")
        balance("after edit")
        victim = letters(site, "clean", "--reason", "parse.bad_number", "--limit", "1")[0]
        dlq(site, "edit", victim["id"], "--set-line", "still bad")
        again = wait_until(lambda: letters(site, "clean", "--match", "^still bad$"), 30, "the edited line is dead again")
        headers = json.loads(dlq(site, "show", again[0]["id"], "--json"))["properties"]["headers"]
        check_equal(headers["x-sluice-original"], victim["line"], "the original")
        check("@" in headers["x-sluice-edited-by"], "who")
        wanted = wanted - {md5(victim["line"].encode())} | {md5(b"still bad")}

        # hold
        dlq(site, "hold", again[0]["id"])
        check_equal([x["id"] for x in letters(site, "clean", "--held")], [again[0]["id"]], "held")
        text = dlq(site, "retry", "--all", "clean", "-n")
        check(text.startswith("%d letters would" % (len(bad) - 2)), f"held is left out: {text}, not {len(bad) - 2}")
        dlq(site, "release", again[0]["id"][:8])
        check_equal(letters(site, "clean", "--held"), [], "released")
        balance("after hold")

        # drop and restore some
        ids = dlq(site, "list", "clean", "--reason", "parse.bad_time", "--ids")
        done = subprocess.run([os.path.join(BUILD, "sluicectl"), "-c", site.conf, "dlq", "drop", "-"], input=ids, text=True,
                              capture_output=True)
        check_equal(done.returncode, 0, f"drop: {done.stderr}")
        count = len(ids.split())
        check_equal(len(archived(site)), count, "archived")
        wait_dead(stack, len(bad) - 1 - count)
        balance("after drop")
        dlq(site, "restore", "clean-dropped.ndjson", ids.split()[0], ids.split()[1][:12])
        check_equal(len(archived(site)), count - 2, "archived after restoring two")
        balance("after restoring two")
        dlq(site, "restore", "clean-dropped.ndjson")
        check_equal(archived(site), set(), "archive")
        wait_dead(stack, len(bad) - 1)
        check_equal(dlq(site, "drop", "--all", want=64), "", "drop --all without --confirm")
        balance("after restore")

        # export and import the rest, byte for byte
        out = os.path.join(site.folder, "rest.ndjson")
        dlq(site, "export", "clean", "--out", out)
        exported = [json.loads(line) for line in open(out)]
        dlq(site, "drop", "--all", "--confirm", DEAD)
        wait_dead(stack, 0)
        dlq(site, "import", out)
        wait_dead(stack, len(bad) - 1)
        check("0 of 0" in dlq(site, "import", out), "imported twice")
        key = lambda e: json.dumps([e["id"], e["properties"], e.get("body"), e.get("body_base64")], sort_keys=True)
        check_equal(sorted(map(key, json_lines(dlq(site, "export", "clean")))), sorted(map(key, exported)), "after the import")
        sluiced.send_signal(signal.SIGTERM)
        sluiced.wait(30)
        balance("at the end")


def publish_letters(stack, site, bodies, queue=DEAD):
    """Dead letters without a worker, through an import."""
    path = os.path.join(site.folder, "made.ndjson")
    with open(path, "w") as file:
        for n, body in enumerate(bodies):
            properties = {"message_id": f"f:{n}", "content_type": "text/plain", "headers": {
                "x-sluice-reason": "parse.no_match", "x-sluice-stage": "clean", "x-sluice-last-failed": {"$time": 1700000000 + n},
                "x-sluice-detail": f"format ezproxy, byte {n}: expected a time", "x-other": [1, {"$bytes": "/w=="}, None]}}
            file.write(json.dumps({"queue": queue, "properties": properties,
                                   "body_base64": base64.b64encode(body).decode()}) + "\n")
    dlq(site, "import", path, "--again")


def in_terminal(*args):
    """What a command writes to a terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(args[0], args)
    out = b""
    while True:
        try:
            ready, _, _ = select.select([fd], [], [], 30)
            data = os.read(fd, 65536) if ready else b""
        except OSError:
            break
        if not data:
            break
        out += data
    os.close(fd)
    os.waitpid(pid, 0)
    return out


def test_nothing_reaches_the_terminal(stack):
    bodies = [bytes([n]) + b"x" for n in range(0, 32) if n not in (10, 13)]
    bodies += [b"a\x7fb", b"\x1b]0;title\x07", b"\xc2\x9b31m", b"\xff\xfe", "\u202egnp.exe\u2066".encode(), b"\xe2\x80\xa8",
               b"=cmd|' /C calc'!A0", b"+1", b"@x", b"-1;2", b'say "hi"', "gr\u00fc\u00df".encode(), b"\xed\xa0\x80", b"a\nb\n"]
    with Site(stack) as site:
        site.write_log([])
        publish_letters(stack, site, bodies)
        ids = dlq(site, "list", "--ids").split()
        check_equal(len(ids), len(bodies), "letters")
        ctl = [os.path.join(BUILD, "sluicectl"), "-c", site.conf, "dlq"]
        for args in (["list"], ["list", "--json"], ["groups"], ["show", *ids], ["show", "--json", *ids], ["export"],
                     ["check"], ["export", "--csv"]):
            text = in_terminal(*ctl, *args).decode("utf-8")
            for c in text:
                check(c in "\r\n" or (ord(c) >= 0x20 and not 0x7f <= ord(c) <= 0x9f and c not in "\u202e\u2066\u2028\ufeff"),
                      f"dlq {args[0]} wrote {c!r}")
            check(args[0] != "list" or "grüß" in text or "gr\\u00FC\\u00DF" in text, "what is harmless is shown")
        got = {body_of(e) for e in json_lines(dlq(site, "export"))}
        check_equal(got, set(bodies), "bodies of the export")
        rows = list(csv.reader(io.StringIO(dlq(site, "export", "--csv"))))
        check_equal(len(rows), len(bodies) + 1, "rows of the CSV")
        for row in rows[1:]:
            check(row[-1][:1] not in tuple("=+-@\t"), f"a formula: {row[-1]!r}")


def test_looking_changes_nothing(stack):
    """Order, number, and a broker's frame of several lines."""
    bodies = [b"line %d" % n for n in range(5000)]
    with Site(stack) as site:
        publish_letters(stack, site, bodies)
        first = dlq(site, "list", "--ids").split()
        for _ in range(3):
            dlq(site, "groups")
            check_equal(len(dlq(site, "list", "--limit", "7", "--ids").split()), 7, "limit")
        for _ in range(15):  # more looks than any delivery limit
            dlq(site, "list", "--limit", "1")
        again = dlq(site, "list", "--ids").split()
        check_equal(len(again), len(first), "letters")
        places = [n for n, (a, b) in enumerate(zip(again, first)) if a != b]
        check(not places, f"{len(places)} letters have changed places, from {places[:1]}")
        check_equal([x["line"] for x in letters(site, "--since", "2023-11-14T22:13:22Z", "--until", "@1700000004")],
                    ["line 2", "line 3", "line 4"], "since and until")
        local = {"TZ": "XXX-5:30"}
        check("2023-11-14T22:13:20Z to 2023-11-14T23:36:39Z" in dlq(site, "groups", env=local), "times of groups")
        check("\n          like: format ezproxy, byte 0: expected a time\n" in dlq(site, "groups"), "a real detail")
        check("like: " not in dlq(site, "groups", "--until", "2023-11-14T22:13:20Z"), "the only detail")
        check("  2023-11-14T22:13:20Z  " in dlq(site, "list", "--limit", "1", env=local), "times of list")
        check("when     2023-11-14T22:13:20Z\n" in dlq(site, "show", first[0], env=local), "times of show")
        for zone in ("22:13:22", "22:13:22Z", "23:13:22+01:00"):
            check_equal(len(dlq(site, "list", "--ids", "--until", "2023-11-14T" + zone, env=local).split()), 3, f"until {zone}")
        check("5000 letters would" in dlq(site, "retry", "--all", "-n"), "dry run")


def test_a_look_takes_no_letters_away(stack):
    """While a `dlq list` holds letters that the broker then does not count, nobody is told of fewer."""
    count = 5000
    with Site(stack) as site:
        site.write_log([])
        publish_letters(stack, site, [b"%d " % n + b"x" * 100 for n in range(count)])
        site.start_sluiced()

        def queue(name=DEAD):
            done = site.ctl("queues", "--json")
            check_equal(done.returncode, 0, f"queues: {done.stderr}")
            row = next(row for row in json.loads(done.stdout)["queues"] if row["name"] == name)
            return row["ready"], row.get("unacked") or 0

        def told():
            """What the workers' reports say: in status, in health, as a metric."""
            health = re.search(r"clean_dead=(\d+)", site.ctl("health").stdout)
            metric = re.search(r"^sluice_queue_dead_letters\{queue=\"queue-data-clean\"\} (\d+)", site.ctl("metrics").stdout, re.M)
            return site.status()["roles"]["clean"]["queue"]["dead"], *(match and int(match[1]) for match in (health, metric))

        wait_until(lambda: told() == (count,) * 3, 20, "the workers have looked")
        check_equal(queue(), (count, 0), "before the look")
        look = subprocess.Popen([os.path.join(BUILD, "sluicectl"), "-c", site.conf, "dlq", "list"], stdout=subprocess.PIPE)
        try:
            wait_until(lambda: queue()[1] > 0, 20, "the list, which nobody reads on, holds letters")
            for change in (("scale", "clean=3"), ("restart", "clean/0"), ()):
                check_equal(site.ctl(*change or ("status",)).returncode, 0, f"{change}")
                end = time.monotonic() + 4  # each worker asks the broker every 3 s
                while time.monotonic() < end:
                    check_equal((sum(queue()), *told()), (count,) * 4, f"waiting and held, status, health, metric after {change}")
            out = look.communicate(timeout=60)[0]
        finally:
            look.kill()
            look.wait()
        check_equal((look.returncode, out.count(b"parse.no_match")), (0, count), "the list")
        wait_until(lambda: queue() == (count, 0), 20, "all wait, none is held")
        dlq(site, "drop", "--all", "--confirm", DEAD)
        wait_until(lambda: queue() == (0, 0) and told() == (0, 0, 0), 20, "who takes them away is believed")


def test_a_delivery_limit_is_refused(stack):
    """A policy for all queues: no look touches a letter."""
    with Site(stack) as site:
        publish_letters(stack, site, [b"line %d" % n for n in range(20)])
        first = dlq(site, "list", "--ids")
        stack.api("PUT", "policies/%2F/blanket", {"pattern": ".*", "definition": {"delivery-limit": 2}, "apply-to": "queues"})
        try:
            for _ in range(5):
                done = site.ctl("dlq", "list", "clean")
                check_equal((done.returncode, done.stdout), (78, ""), "dlq list")
                check("has a delivery limit of 2" in done.stderr and "set_policy" in done.stderr, done.stderr)
            site.write_log([b"line 0"])
            check_equal(site.ctl("audit", site.log).returncode, 78, "audit")
            done = site.ctl("topology", "check", "--json")
            check_equal((done.returncode, json.loads(done.stdout)["delivery_limit"]),
                        (78, ["queue-data-lake.dead", DEAD]), "topology check")
            # what the message advises
            command = done.stderr[done.stderr.index("set_policy"):].splitlines()[0]
            stack.api("PUT", "policies/%2F/sluice-dead", {
                "pattern": command.split("'")[1], "definition": json.loads(command.split("'")[3]),
                "apply-to": "queues", "priority": 100})
            check_equal(site.ctl("topology", "check").returncode, 0, "topology check, mended")
            for _ in range(5):
                check_equal(dlq(site, "list", "--ids"), first, "letters")
        finally:
            for policy in ("blanket", "sluice-dead"):
                stack.api("DELETE", f"policies/%2F/{policy}")
        check(not [q for q in stack.api("GET", "queues/%2F") if ".trial-" in q["name"]], "a queue is left")


def test_a_queue_that_3_made(stack):
    """Without x-delivery-limit, which RabbitMQ 4 wants: accepted by all, looked at where that ends nothing."""
    is_new = int(stack.ctl("version").split(".")[0]) >= 4
    with Site(stack) as site:
        try:
            stack.api("DELETE", f"queues/%2F/{DEAD}")
            stack.api("PUT", f"queues/%2F/{DEAD}", {"durable": True, "arguments": {"x-queue-type": "quorum"}})
            check_equal(site.ctl("topology", "apply").returncode, 0, "topology apply")
            site.write_log([b"no line of any format"])
            site.start_sluiced()
            wait_dead(stack, 1)
            for _ in range(3):
                dlq(site, "list", want=78 if is_new else 0)
            check_equal(site.ctl("topology", "check").returncode, 78 if is_new else 0, "topology check")
            wait_dead(stack, 1)
        finally:
            stack.api("DELETE", f"queues/%2F/{DEAD}")
            check_equal(site.ctl("topology", "apply").returncode, 0, "topology apply")


def test_a_line_that_ends_in_cr(stack):
    """Of "x CR CR LF" the line is "x CR": it comes back from a retry as it was, and audit knows it."""
    with Site(stack) as site:
        site.write_log([b"bad\r\r"])     # and the LF
        site.start_sluiced()
        wait_dead(stack, 1)
        check_equal(site.stored("raw_log"), 1, "raw rows")
        for retries in (1, 2):
            check_equal([body_of(e) for e in json_lines(dlq(site, "export", "clean"))], [b"bad\r"], "the letter")
            check_equal(site.ctl("audit", site.log).returncode, 0, "audit")
            dlq(site, "retry", "--all", "clean")
            wait_until(lambda: [x["retries"] for x in letters(site)] == [retries], 20, "it is back")


def test_split_a_frame(stack):
    good = [b'10.0.0.%d s u [01/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5' % n for n in range(50)]
    with Site(stack) as site:
        site.write_log([])
        publish_letters(stack, site, [b"\n".join(good) + b"\n"])
        site.start_sluiced()
        letter = letters(site)[0]
        check_equal(letter["lines"], 50, "lines")
        dlq(site, "edit", letter["id"], "--set-line", "x", want=65)
        dlq(site, "retry", "--split", letter["id"], "--canary", "1")
        check_equal(site.ids("clean_log"), {md5(line) for line in good}, "rows")
        wait_dead(stack, 0)
        check_equal(site.stored("raw_log"), 0, "the other table")


def test_empty_lines(stack):
    """An empty line is a line: it fails, is sent as one, comes back as the same letter, and is never lost."""
    good = b'10.0.0.1 s u [01/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5'
    with Site(stack) as site:
        site.write_log([b"", good])
        sluiced = site.start_sluiced()
        wait_dead(stack, 1)
        sluiced.send_signal(signal.SIGTERM)
        sluiced.wait(30)
        letter = letters(site)[0]
        check_equal((letter["lines"], letter["bytes"]), (1, 0), "lines and bytes")
        check("0 of 1 letters would pass" in dlq(site, "check"), "check")
        said = site.ctl("dlq", "edit", letter["id"], "--set-line", "")
        check(said.returncode != 0, said.stderr)
        said = site.ctl("dlq", "edit", letter["id"], "--set-line", "\r")
        check(said.returncode == 65 and "the new line is empty: drop the letter" in said.stderr, said.stderr)

        # to files and back, byte for byte
        before = dlq(site, "export")
        check_equal(body_of(json_lines(before)[0]), b"", "body")
        dlq(site, "drop", letter["id"])
        dlq(site, "restore", "clean-dropped.ndjson")
        dlq(site, "hold", letter["id"])
        dlq(site, "release", letter["id"])
        check_equal(dlq(site, "export"), before, "after drop, restore, hold and release")

        dlq(site, "retry", letter["id"])
        wait_until(lambda: sent(stack) == [b"\n"], 20, "it is sent as a line")
        site.start_sluiced()
        wait_dead(stack, 1)
        back = letters(site)[0]
        check_equal((back["id"], back["retries"], back["lines"]), (letter["id"], 1, 1), "the letter that came back")
        dlq(site, "retry", letter["id"], "--canary", "1", want=(1, 3))  # it waits for the return
        wait_dead(stack, 1)

        # a frame of the broker's with empty lines, as single lines
        path = os.path.join(site.folder, "frame.ndjson")
        with open(path, "w") as file:
            file.write(json.dumps({"queue": DEAD, "body": f"\n{good.decode()}\n\n\r\n", "properties": {
                "message_id": "g:0", "headers": {"x-first-death-reason": "delivery_limit"}}}) + "\n")
        dlq(site, "import", path)
        frame = next(x for x in letters(site) if x["id"] != letter["id"])
        check_equal(frame["lines"], 4, "lines of the frame")
        dlq(site, "retry", frame["id"], "--split")
        wait_dead(stack, 4)
        check_equal({x["lines"] for x in letters(site)}, {1}, "lines of the letters")
        check_equal(dead_ids(site), ({md5(b"")}, 4), "empty lines")
        check_equal(site.ids("clean_log"), {md5(good)}, "rows")


def test_the_start_of_a_line_is_not_sent(stack):
    """A stump stays a dead letter; what the message advises makes a row of the whole line."""
    line = b'10.0.0.1 s u [01/Feb/2024:10:00:00 +0000] "GET /' + b"x" * 1700 + b' HTTP/1.1" 200 5'
    with Site(stack, producer_max_line_bytes=1024) as site:
        site.write_log([line])
        sluiced = site.start_sluiced()
        wait_dead(stack, 1)
        ids = dlq(site, "list", "--ids").split()
        check_equal(len(ids), 2, "the letters of both queues")
        for args in (["retry", "--all"], ["retry", *ids], ["retry", "--all", "-n"], ["retry", "--all", "--canary", "1"],
                     ["edit", ids[0], "--set-line", "x"], ["edit", ids[1], "--set-line", "x"]):
            done = site.ctl("dlq", *args)
            check_equal(done.returncode, 65 if args[0] == "edit" else 1, f"{args}: {done.stdout} {done.stderr}")
            check("only the first 1024 bytes of the line are here" in done.stderr, done.stderr)
        check_equal(dlq(site, "retry", "--all", "-n", want=1), "0 letters would be sent again\n", "dry run")
        text = dlq(site, "check")
        check("0 of 2 letters would pass" in text and "line.too_long: only the first 1024 bytes" in text, text)
        dlq(site, "hold", *ids)
        dlq(site, "release", *ids)
        check_equal(set(dlq(site, "list", "--ids").split()), set(ids), "all letters are still there")
        check_equal((site.stored("raw_log"), site.stored("clean_log")), (0, 0), "rows")
        sluiced.send_signal(signal.SIGTERM)
        sluiced.wait(30)

        # a limit of the workers alone: the whole line is in the letter, and may be sent
        site.write_conf(producer_max_line_bytes=1024, producer_count=0)
        whole = line.replace(b"s u", b"t u")
        stack.publish(whole)
        site.start_sluiced()
        wait_dead(stack, 2)
        check_equal(letters(site, "clean", "--match", "^10.0.0.1 t")[0]["reason"], "line.too_long", "reason")
        dlq(site, "retry", "clean", "--match", "^10.0.0.1 t")
        wait_until(lambda: any(x["retries"] == 1 for x in letters(site, "clean")), 20, "sent, and back")

        # what helps: a higher limit, and the file once more
        site.write_conf(producer_max_line_bytes=4096, producer_count=0)
        check_equal(site.ctl("reload").returncode, 0, "reload")
        check("1 of 2 letters would pass" in dlq(site, "check", "clean"), "check with the whole line")
        with Site(stack, producer_max_line_bytes=4096) as once:  # a state_dir of its own
            once.write_conf(inputs=[{"path": site.log, "format": "ezproxy"}])
            done = once.run("sluice-producer", "--once")
        check_equal(done.returncode, 0, f"--once: {done.stderr}")
        wait_until(lambda: site.ids("clean_log") == {md5(line)} and site.ids("raw_log") == {md5(line)}, 20, "the row of the whole line")
        dlq(site, "drop", *ids)


def test_without_a_broker(stack):
    """No figures on standard output that nobody has counted, and nothing left in the way."""
    with Site(stack) as site:
        out = os.path.join(site.folder, "out.ndjson")
        publish_letters(stack, site, [b"x"])
        made = os.path.join(site.folder, "made.ndjson")
        unreadable = os.path.join(site.folder, "no.pass")
        for settings, code in (({"broker_hosts": ["127.0.0.1:1"]}, 69), ({"broker_password_file": unreadable}, 78)):
            site.write_conf(**settings)
            for args in (["groups"], ["groups", "--json"], ["list"], ["check"], ["retry", "--all"], ["retry", "--all", "--json"],
                         ["drop", "--all", "--confirm", DEAD], ["hold", "--all"], ["export"], ["export", "--csv"],
                         ["export", "--out", out], ["import", made], ["edit", "c12345", "--set-line", "x"]):
                done = site.ctl("dlq", *args)
                check_equal((done.returncode, done.stdout), (code, ""), f"{args} {settings}: {done.stderr}")
                check(done.stderr != "", f"{args}: no message")
            check(not os.path.exists(out), "an empty export")
        site.write_conf()
        dlq(site, "export", "--out", out)
        check_equal(len(list(csv.reader(io.StringIO(dlq(site, "export", "lake", "--csv"))))), 1, "the head of an empty CSV")


def test_nothing_found(stack):
    """What is not there, or mistyped, is told; what cannot be is refused."""
    with Site(stack) as site:
        def say(*args, want=0, out=""):
            done = site.ctl("dlq", *args)
            check_equal((done.returncode, done.stdout), (want, out), f"{args}: {done.stderr}")
            return done.stderr

        check("there are no dead letters" in say("list"), "an empty queue")
        publish_letters(stack, site, [b"a", b"b"])
        for verb in ("retry", "hold", "release", "drop"):
            for args in ([verb, "g0000000"], [verb, "--group", "g0000000"]):
                done = site.ctl("dlq", *args)
                check_equal(done.returncode, 65, f"{args}: {done.stdout} {done.stderr}")
                check("there is no group g0000000" in done.stderr, done.stderr)
        for args in (["list"], ["groups"], ["check"], ["export"]):
            for choice in (["--match", "zzz"], ["g0000000"], ["--reason", "parse.bad_time"], ["c123456789abcdef"]):
                check("no letter matches" in say(*args, *choice), f"{args} {choice}")
        for args in (["list", "--json"], ["list", "--ids"], ["groups", "--json"]):
            check_equal(say(*args, "--match", "zzz"), "", f"{args}: standard error")
        check('did you mean "parse.no_match"?' in say("list", "--reason", "parse.nomatch"), "a reason mistyped")
        check("did you mean" not in say("list", "--reason", "broker.delivery_limit"), "a reason of the broker's")
        check('did you mean "clean"?' in say("list", "cleen", want=64), "a queue mistyped")
        check("Is a directory" in say("import", site.folder, want=66), "import of a folder")
        check("--since is later than --until" in say("list", "--since", "1h", "--until", "2h", want=64), "since and until")

        for queue in ("clean", "queue-data-clean", "all"):
            check(f"the name of the queue: queue-data-lake.dead or {DEAD}" in say("drop", "--all", "--confirm", queue, want=64), queue)
        check("another queue" in say("drop", "lake", "--all", "--confirm", DEAD, want=64), "two queues")

        group = json_lines(dlq(site, "groups", "--json"))[0]["group"]
        dlq(site, "hold", group)
        check("2 letters are so already" in say("hold", group, out="0 of 0 letters held\n"), "held twice")
        check("2 letters are held; --with-held" in say("retry", group, out="0 of 0 letters sent again\n"), "all are held")
        check_equal(len(dlq(site, "list", "--ids").split()), 2, "letters")


def in_editor(site, letter, editor, want=0, args=(), conf=None, **env):
    """dlq edit in a session of its own, with the drafts in a folder of their own; what it said, and the drafts it left."""
    drafts = os.path.join(site.folder, "drafts")
    os.makedirs(drafts, exist_ok=True)
    done = subprocess.run([os.path.join(BUILD, "sluicectl"), "-c", conf or site.conf, "dlq", "edit", letter, *args],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, start_new_session=True,
                          env={**os.environ, "LC_ALL": "C", "TMPDIR": drafts, "VISUAL": "", "EDITOR": editor, **env})
    check_equal(done.returncode, want, f"dlq edit in {editor}: {done.stdout} {done.stderr}")
    left = [os.path.join(drafts, name) for name in os.listdir(drafts)]
    for path in left:
        check_equal(os.stat(path).st_mode & 0o777, 0o600, "mode of a draft")
        check(path in done.stderr and "--line-file" in done.stderr, f"a draft nobody was told of: {done.stderr}")
    return done.stderr, left


def take_draft(left):
    """The one draft that was kept: its bytes. It is removed."""
    check_equal(len(left), 1, "drafts")
    with open(left[0], "rb") as file:
        data = file.read()
    os.unlink(left[0])
    return data


def script(site, name, text):
    path = os.path.join(site.folder, name)
    with open(path, "w") as file:
        file.write("#!/bin/sh\nset -e\n" + text)
    os.chmod(path, 0o755)
    return path


def sent(stack):
    """Bodies that wait in the clean queue."""
    got = stack.api("POST", "queues/%2F/queue-data-clean/get", {"count": 100, "ackmode": "ack_requeue_true", "encoding": "base64"})
    return [base64.b64decode(m["payload"]) if m["payload_encoding"] == "base64" else m["payload"].encode() for m in got]


def lines_and_ids(site):
    return {body_of(e): e["id"] for e in json_lines(dlq(site, "export", "clean"))}


def test_edit_in_an_editor(stack):
    """Which editor, what is sent, and that nothing is sent or left behind when nothing was typed."""
    odd = b"nul \x00 bel \x07 esc \x1b[0m \xff\xfe \xc3\xbc \xc2\x9b tab\t cr \r end"
    with Site(stack) as site:
        publish_letters(stack, site, [b"first bad", b"second bad", b"third bad", odd])
        ids = lines_and_ids(site)
        mode = os.path.join(site.folder, "mode")
        visual = script(site, "visual", f'stat -c %a "$1" >{mode}\nsed -i s/first/1st/ "$1"\n')
        check_equal(in_editor(site, ids[b"first bad"], "false", VISUAL=visual)[1], [], "drafts after VISUAL")
        check_equal(open(mode).read(), "600\n", "mode while it is edited")
        check_equal(in_editor(site, ids[b"second bad"], "sed -i -e s/second/2nd/")[1], [], "drafts after EDITOR with arguments")
        check_equal(in_editor(site, ids[odd], "sed -i s/nul/NUL/")[1], [], "drafts after odd bytes")
        wanted = [b"1st bad", b"2nd bad", odd.replace(b"nul", b"NUL")]
        wait_until(lambda: sorted(sent(stack)) == sorted(wanted), 20, "the edited lines are sent, byte for byte")
        check_equal(archived(site, "edited"), {md5(b"first bad"), md5(b"second bad"), md5(odd)}, "archive")

        third = ids[b"third bad"]
        said, left = in_editor(site, third, "true", want=1)
        check("as it was" in said and not left, f"unchanged: {said} {left}")
        said, left = in_editor(site, third, "false", want=1)
        check('editor "false" failed' in said and not left, f"an editor that fails: {said} {left}")
        said, left = in_editor(site, third, "/no/such/editor", want=1)
        check("failed" in said and not left, f"no editor: {said} {left}")
        said, left = in_editor(site, third, "truncate -s 0", want=65)
        check("the new line is empty: drop the letter" in said and not left, f"emptied: {said} {left}")
        said, left = in_editor(site, third, "rm", want=66)
        check("No such file" in said and "kept" not in said and not left, f"the file is gone: {said} {left}")
        dlq(site, "edit", third, "--set-line", "", want=65)
        dlq(site, "edit", third, "--set-line", "a\nb", want=65)
        dlq(site, "edit", third, "--set-line", "a", "--line-file", mode, want=64)
        dlq(site, "edit", third, "--line-file", os.path.join(site.folder, "none"), want=66)
        check_equal(list(lines_and_ids(site)), [b"third bad"], "what is still there")
        check_equal(len(sent(stack)), 3, "sent")

        # the terminal's signals go to sluicectl as well; the editor decides
        interrupted = script(site, "interrupted", 'trap "" INT QUIT\nkill -INT 0\nkill -QUIT 0\nsed -i s/third/3rd/ "$1"\n')
        check_equal(in_editor(site, third, interrupted)[1], [], "drafts after Ctrl-C in the editor")
        wait_until(lambda: b"3rd bad" in sent(stack), 20, "it is sent all the same")


def test_edit_warns(stack):
    """A new line that fails today is sent with a warning, one that passes without."""
    good = '10.0.0.1 s u [01/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5'
    with Site(stack) as site:
        publish_letters(stack, site, [b"first bad", b"second bad", b"third bad"])
        for old, new, args, fails in ((b"first bad", "still bad", ["-n"], True), (b"first bad", "still bad", [], True),
                                      (b"second bad", good, [], False), (b"third bad", good, ["--format", "combined"], True)):
            done = site.ctl("dlq", "edit", lines_and_ids(site)[old], "--set-line", new, *args)
            check_equal(done.returncode, 0, f"{new} {args}: {done.stderr}")
            said = "today's parser does not take the new line, so it will come back: parse.no_match: format" in done.stderr
            check_equal(said, fails, f"{new} {args}: {done.stderr}")
        wait_until(lambda: sorted(sent(stack)) == sorted([b"still bad", good.encode(), good.encode()]), 20, "all are sent")


def test_equal_letters(stack):
    """Letters that share an id are one for every verb."""
    with Site(stack) as site:
        for _ in range(3):
            publish_letters(stack, site, [b"equal bad", b"other bad"])
        ids = dlq(site, "list", "--ids").split()
        check_equal((len(ids), len(set(ids))), (6, 2), "letters and ids")
        equal = lines_and_ids(site)[b"equal bad"]
        done = site.ctl("dlq", "edit", equal, "--set-line", "equal good")
        check_equal((done.returncode, done.stdout), (0, "3 of 3 letters sent again with another line\n"), done.stderr)
        check(f"3 equal letters have the id {equal}" in done.stderr, done.stderr)
        wait_until(lambda: sent(stack) == [b"equal good"] * 3, 20, "the new line of each")
        other = lines_and_ids(site)
        check_equal(set(other), {b"other bad"}, "what is left")
        check_equal(dlq(site, "hold", other[b"other bad"]), "3 of 3 letters held\n", "hold")
        check_equal(dlq(site, "retry", other[b"other bad"]), "3 of 3 letters sent again\n", "retry")
        wait_dead(stack, 0)


def test_edit_keeps_what_was_typed(stack):
    """A text that was typed and could not be sent is in a file, and the command that is named sends it."""
    ctl = os.path.join(BUILD, "sluicectl")
    with Site(stack) as site:
        publish_letters(stack, site, [b"one bad", b"two bad \xff", b"gone bad"])
        ids = lines_and_ids(site)
        one = ids[b"one bad"]
        typed = "sed -i s/bad/good/"
        failing = script(site, "failing", typed + ' "$1"\nexit 3\n')
        check_equal(take_draft(in_editor(site, one, failing, want=1)[1]), b"one good\n", "an editor that fails after saving")
        check_equal(take_draft(in_editor(site, one, typed, args=["-n"])[1]), b"one good\n", "a dry run")
        said, left = in_editor(site, one, script(site, "ended", typed + ' "$1"\nkill -TERM $(ps -o sid= -p $$)\n'), want=1)
        check("interrupted" in said and "no such letter" not in said, said)
        check_equal(take_draft(left), b"one good\n", "TERM while it is edited")
        replaced = script(site, "replaced", 'echo new >"$1.new"\nchmod 644 "$1.new"\nmv "$1.new" "$1"\nexit 1\n')
        check_equal(take_draft(in_editor(site, one, replaced, want=1)[1]), b"new\n", "an editor that makes a new file")

        # away: the broker when the editor ends
        proxy = subprocess.Popen([os.path.join(BUILD, "tests", "fault_proxy"), f"127.0.0.1:{stack.env['STACK_AMQP_PORT']}"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        port = proxy.stdout.readline().split()[1]
        site.write_conf(broker_hosts=[f"127.0.0.1:{port}"])
        through = os.path.join(site.folder, "through.conf")
        os.rename(site.conf, through)
        site.write_conf()
        away = script(site, "away", f'{typed} "$1"\nkill {proxy.pid}\n')
        said, left = in_editor(site, one, away, want=69, conf=through)
        proxy.wait(20)
        check_equal(take_draft(left), b"one good\n", f"the broker is away: {said}")

        # gone: the letter
        gone = script(site, "gone", f'{typed} "$1"\n{ctl} -c {site.conf} dlq drop {ids[b"gone bad"]}\n')
        said, left = in_editor(site, ids[b"gone bad"], gone, want=65)
        check("no such letter" in said, said)
        check_equal(take_draft(left), b"gone good\n", "the letter is gone")
        check_equal(archived(site), {md5(b"gone bad")}, "dropped")
        check_equal(sent(stack), [], "nothing is sent yet")
        check_equal(archived(site, "edited"), set(), "nothing is archived yet")

        # two lines; mended by hand, and sent by the command that it named
        said, left = in_editor(site, ids[b"two bad \xff"], "sed -i s/two/2\\\\n/", want=65)
        check("more than one line" in said, said)
        check_equal(open(left[0], "rb").read(), b"2\n bad \xff\n", "the draft of two lines")
        with open(left[0], "wb") as file:
            file.write(b"two good \xff\n")
        command = said.partition("to send it: ")[2].splitlines()[0]
        check(command.startswith("sluicectl -c "), said)
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True,
                              env={**os.environ, "PATH": BUILD + ":" + os.environ["PATH"]})
        check_equal(done.returncode, 0, f"{command}: {done.stderr}")
        wait_until(lambda: sent(stack) == [b"two good \xff"], 20, "the mended line is sent")
        check_equal(set(lines_and_ids(site)), {b"one bad"}, "what is left")


def start_and_kill(site, *args, most=0.6):
    with open(os.devnull, "wb") as null:
        process = subprocess.Popen([os.path.join(BUILD, "sluicectl"), "-c", site.conf, "dlq", *args], stdout=null, stderr=null,
                                   stdin=subprocess.DEVNULL)
    time.sleep(random.uniform(0.01, most))  # the random moment is the test
    process.kill()
    process.wait()


def account_edited(site, mended):
    """An original is where it was or in the archive, with the new line where it was sent; at worst in both places."""
    dead, _ = dead_ids(site)
    here, kept = site.ids("clean_log") | dead, archived(site, "edited")
    for old, new in mended.items():
        check(md5(old) in here or (md5(old) in kept and md5(new) in here), f"{old} is nowhere, or was not sent as {new}")
        check(md5(new) not in here or md5(old) in kept, f"{old} is not in the archive, but {new} was sent")
    return here & {md5(new) for new in mended.values()}


def test_kill_anywhere(stack):
    """kill -9 in the middle of retry, drop, import, restore, hold, edit: each line is somewhere."""
    good = [b'10.0.0.1 s%d u [01/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 5' % n for n in range(3000)]
    bodies = [b"bad %d" % n for n in range(3000)] + good
    # lines to be mended, every second one into a good one; no other verb means them
    mended = {b"torn %d" % n: b"mended %d" % n if n % 2 else good[0].replace(b"s0", b"m%d" % n) for n in range(max(12, KILLS // 4))}
    wanted = {md5(body) for body in bodies}
    seed = random.randrange(1 << 30)
    random.seed(seed)
    print(f"# seed {seed}, {KILLS} kills")
    with Site(stack) as site:
        site.write_log([])
        publish_letters(stack, site, mended)
        ids = lines_and_ids(site)
        publish_letters(stack, site, bodies)
        made = os.path.join(site.folder, "made.ndjson")
        site.start_sluiced()
        verbs = [("retry", "--match", "bad [0-9]*1$"), ("drop", "--match", "bad [0-9]*2$"), ("import", made),
                 ("restore", "clean-dropped.ndjson"), ("edit",), ("hold", "--match", "bad [0-9]*3$"), ("release", "--all"),
                 ("edit",), ("retry", "--match", "^10[.]", "--limit", "400")]
        waiting, changed = list(mended), set()
        for n in range(KILLS):
            verb = verbs[n % len(verbs)]
            if verb == ("edit",):
                old = waiting.pop(0)
                waiting.append(old)  # once more when all had their turn
                verb = ("edit", ids[old], "--set-line", mended[old].decode())
            start_and_kill(site, *verb, most=2.0 if verb[0] == "edit" else 0.6)  # edit looks before it sends
            if n % 7 == 6 or n + 1 == KILLS:
                time.sleep(0.6)  # the broker's counts are up to half a second old
                wait_until(lambda: stack.queue_counts().get("queue-data-clean") == 0, 60, "the queue is worked off")
                changed = account_edited(site, mended)
                account(stack, site, wanted | {md5(old) for old in mended} | changed, archived(site, "edited"),
                        what=f"after {n + 1} kills")
        print(f"# {len(changed)} of {len(mended)} lines were edited before their kill")
        dlq(site, "retry", "--all", "--with-held")
        wait_until(lambda: len(site.ids("clean_log") - changed) == len(good), 120, "good rows")


def test_interrupt_and_rate(stack):
    """Ctrl-C ends between two letters, with a clear state and exit code 3."""
    with Site(stack) as site:
        site.write_log([])
        publish_letters(stack, site, [b"x %d" % n for n in range(1000)])
        process = subprocess.Popen([os.path.join(BUILD, "sluicectl"), "-c", site.conf, "dlq", "retry", "--all", "--rate", "50/s",
                                    "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: stack.queue_counts()["queue-data-clean"] >= 20, 30, "some letters", pause=0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        check_equal(process.returncode, 3, f"exit code ({err})")
        moved = json.loads(out)["moved"]
        check(20 <= moved < 900 and json.loads(out)["unsure"] == 0, out)
        wait_dead(stack, 1000 - moved)
        check_equal(stack.queue_counts()["queue-data-clean"], moved, "letters in the queue")

        process = subprocess.Popen([os.path.join(BUILD, "sluicectl"), "-c", site.conf, "dlq", "retry", "--all", "--rate", "50/s"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: stack.queue_counts()["queue-data-clean"] > moved, 30, "some more letters", pause=0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        check_equal(process.returncode, 3, f"exit code ({err})")
        more = int(out.split()[0])
        check_equal(out, f"{more} letters sent again, interrupted; the rest is where it was\n", "what it says")
        wait_dead(stack, 1000 - moved - more)
