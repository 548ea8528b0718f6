"""sluicectl audit: it finds exactly what is missing, by file and byte, and leaves the dead letters alone."""
import gzip
import hashlib
import json
import os

from harness import Site, check, check_equal, generate, wait_until

GOOD = b'10.0.0.%d - user%d [10/Oct/2023:13:55:%02d +0200] "GET http://h.example/%d HTTP/1.1" 200 %d'


def md5(line):
    return hashlib.md5(line).hexdigest()


def audit(site, *args, code=0):
    done = site.ctl("audit", *args, "--json")
    check_equal(done.returncode, code, f"audit {args}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def offsets(lines):
    """Of each line that is written with an LF."""
    at, found = 0, []
    for line in lines:
        found.append(at)
        at += len(line) + 1
    return found


def wait_settled(stack, site, raw, clean, dead):
    site.settle(raw, clean, dead)
    wait_until(lambda: stack.queue_counts()["queue-data-lake"] + stack.queue_counts()["queue-data-clean"] == 0, 30, "empty queues")


def planted():
    """Good lines with bad ones at known places; which are dead letters of clean."""
    lines = generate(3000, seed=65)
    bad = {100: b"", 200: b"garbage", 300: b"\x00\xff\xfe", 400: lines[400].replace(b"[", b"(", 1)}
    for place, line in bad.items():
        lines[place] = line
    lines[500] = lines[501]                # the same line twice
    lines[600] = lines[600] + b"\r"        # CR LF
    lines[700] = lines[700][:-1] + b"\xc3" # not UTF-8
    return lines, bad


def test_everything_is_there(stack):
    lines, bad = planted()
    with Site(stack, producer_max_line_bytes=2000) as site:
        long = b"x" * 5000
        site.write_log(lines + [long])
        site.start_sluiced()
        distinct = {line.rstrip(b"\r") for line in lines}
        wait_until(lambda: site.stored("raw_log") == len(distinct), 60, "raw rows")
        wait_until(lambda: stack.queue_counts()["queue-data-lake.dead"] == 1, 30, "the long line's dead letter")
        wait_until(lambda: site.stored("clean_log") + stack.queue_counts()["queue-data-clean.dead"] == len(distinct) + 1, 30, "clean rows")
        dead = stack.queue_counts()["queue-data-clean.dead"]
        with open(site.log, "ab") as file:
            file.write(b"not finis")
        for _ in range(2):
            found = audit(site, site.log)
            check(found["ok"], f"{found}")
            check_equal((found["lines"], found["distinct"], found["too_long"], found["unfinished"]),
                        (len(lines) + 1, len(distinct) + 1, 1, 1), "lines, distinct, too long, unfinished")
            lake, clean = found["queues"]["queue-data-lake"], found["queues"]["queue-data-clean"]
            check_equal((lake["stored"], lake["dead"], lake["missing"]), (len(distinct), 1, 0), "lake")
            check_equal((clean["stored"], clean["dead"], clean["missing"]), (len(distinct) + 1 - dead, dead, 0), "clean")
        check(len(bad) <= dead - 1, f"{dead} dead letters")
        text = site.ctl("audit", site.log)
        check("nothing is missing" in text.stdout, text.stdout)
        check_equal(stack.queue_counts()["queue-data-clean.dead"], dead, "dead letters afterwards")


def test_it_finds_what_is_missing(stack):
    lines, bad = planted()
    with Site(stack) as site:
        site.write_log(lines)
        site.start_sluiced()
        distinct = {line.rstrip(b"\r") for line in lines}
        wait_until(lambda: site.stored("raw_log") == len(distinct), 60, "raw rows")
        wait_until(lambda: site.stored("clean_log") + stack.queue_counts()["queue-data-clean.dead"] == len(distinct), 30, "clean rows")
        at = offsets(lines)
        # two lines of raw_log, one of them also of clean_log, the very first and the very last one
        for place in (0, 600, 2999):
            stack.sql(f"DELETE FROM raw_log WHERE id = '{md5(lines[place].rstrip(bytes([13])))}'")
        stack.sql(f"DELETE FROM clean_log WHERE id = '{md5(lines[0])}'")
        found = audit(site, site.log, code=1)
        check_equal(found["missing"], 4, "missing")
        check_equal([(m["offset"], len(m["queues"])) for m in found["missing_lines"]], [(at[0], 2), (at[600], 1), (at[2999], 1)], "places")
        check_equal(len(audit(site, site.log, "--limit", "1", code=1)["missing_lines"]), 1, "places with --limit 1")
        text = site.ctl("audit", site.log)
        check_equal(text.returncode, 1, "exit code")
        check(f"missing: {site.log}:{at[600]} in raw_log\n" in text.stdout, text.stdout)
        # dead letters that are gone are missing, too
        stack.api("DELETE", "queues/%2F/queue-data-clean.dead/contents")
        found = audit(site, site.log, code=1)
        missing = {m["offset"] for m in found["missing_lines"] if "queue-data-clean" in m["queues"]}
        check(missing >= {at[p] for p in bad} | {at[0]}, f"{missing}")


def test_position(stack):
    """With identity = position equal lines are different ones, and a lost one of them is found."""
    lines = [GOOD % (1, 1, 1, 1, 1)] * 50 + [b"bad"] * 5
    with Site(stack, identity="position") as site:
        site.write_log(lines)
        site.start_sluiced()
        wait_settled(stack, site, 55, 50, 5)
        found = audit(site, site.log)
        check_equal((found["lines"], found["distinct"], found["queues"]["queue-data-clean"]["dead"]), (55, 55, 5), "counts")
        stack.sql("DELETE FROM raw_log WHERE id = '%s' ORDER BY origin LIMIT 1" % md5(lines[0]))
        check_equal(audit(site, site.log, code=1)["missing"], 1, "missing")


def test_usage(stack):
    with Site(stack) as site:
        packed = os.path.join(site.folder, "access.log.gz")
        with gzip.open(packed, "wb") as file:
            file.write(b"line\n")
        for args, code, word in (((), 64, "name the log files"), ((packed,), 65, "compressed"), (("/nonexistent",), 66, "/nonexistent"),
                                 ((site.log, "--format", "xml"), 64, "xml"), ((site.log, "--limit", "x"), 64, "--limit"), (("/tmp",), 66, "regular")):
            done = site.ctl("audit", *args)
            check_equal(done.returncode, code, f"audit {args}: {done.stderr}")
            check(word in done.stderr, f"audit {args}: {done.stderr}")
        site.write_conf(inputs=[{"path": "/a/*.log", "format": "common"}, {"path": site.folder + "/*.log", "format": "ezproxy"}])
        rotated = os.path.join(site.folder, "access.log.1")
        site.write_log([GOOD % (1, 1, 1, 1, 1)], path=rotated)
        check_equal(audit(site, rotated, code=1)["missing"], 2, "missing")
        os.rename(rotated, os.path.join(site.folder, "elsewhere"))
        done = site.ctl("audit", os.path.join(site.folder, "elsewhere"))
        check_equal(done.returncode, 64, "exit code")
        check("--format" in done.stderr, done.stderr)
