"""sluicectl audit: it finds exactly what is missing, by file and byte, and leaves the dead letters alone."""
import gzip
import hashlib
import json
import os
import shutil
import subprocess

from harness import BUILD, Site, check, check_equal, generate, wait_until

GOOD = b'10.0.0.%d - user%d [10/Oct/2023:13:55:%02d +0200] "GET http://h.example/%d HTTP/1.1" 200 %d'


def md5(line):
    return hashlib.md5(line).hexdigest()


def audit(site, *args, code=0, warns=None):
    """What it found. It says nothing on standard error, or something with each of the texts in warns; warns None: anything."""
    done = site.ctl("audit", *args, "--json")
    check_equal(done.returncode, code, f"audit {args}: {done.stdout}{done.stderr}")
    if warns is not None:
        check(all(text in done.stderr for text in warns) and bool(warns) == bool(done.stderr),
              f"audit {args}: said {done.stderr}, not {warns}")
    return json.loads(done.stdout)


def counts(found, queue="clean"):
    """Lines that are stored, dead, archived, missing; together they are all."""
    figures = tuple(found["queues"][f"queue-data-{queue}"][name] for name in ("stored", "dead", "archived", "missing"))
    check_equal(sum(figures), found["distinct"], "stored + dead + archived + missing")
    return figures


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


def dlq(site, *args):
    done = site.ctl("dlq", *args)
    check_equal(done.returncode, 0, f"dlq {args}: {done.stdout}{done.stderr}")
    return done.stdout


def archive(site, name):
    return os.path.join(site.folder, "state", "dead-letters", name)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def start_with_letters(stack, site):
    """20 rows, 40 dead letters of clean, and one line too long for either table."""
    site.write_log([GOOD % (1, n, n, n, n) for n in range(20)] + [b"garbage %d" % n for n in range(40)] + [b"x" * 5000])
    site.start_sluiced()
    wait_settled(stack, site, 60, 20, 41)
    wait_until(lambda: stack.queue_counts()["queue-data-lake.dead"] == 1, 30, "the long line's dead letter")


def test_what_was_dropped_or_edited_is_there(stack):
    with Site(stack, producer_max_line_bytes=2000) as site:
        start_with_letters(stack, site)
        check_equal(counts(audit(site, site.log, warns=[])), (20, 41, 0, 0), "at first")
        dlq(site, "drop", "clean", "--match", "garbage 1[0-9]$")
        check_equal(counts(audit(site, site.log, warns=[])), (20, 31, 10, 0), "10 dropped")
        dropped = archive(site, "clean-dropped.ndjson")
        os.rename(dropped, archive(site, "clean-dropped-2026-01-02T03:04:05Z-0.ndjson"))
        dlq(site, "drop", "clean", "--match", "garbage 2[0-9]$")
        check_equal(counts(audit(site, site.log, warns=[])), (20, 21, 20, 0), "10 more, in a new file")

        # the new line is a row, but of no file; the original is accounted for
        victim = dlq(site, "list", "clean", "--match", "garbage 30$", "--ids").strip()
        new = GOOD % (9, 9, 9, 9, 9)
        dlq(site, "edit", victim, "--set-line", new.decode())
        wait_until(lambda: md5(new) in site.ids("clean_log"), 30, "the edited line")
        check_equal(counts(audit(site, site.log, warns=[])), (20, 20, 21, 0), "one edited")

        # a line too long is known by its start and its place
        check_equal(counts(audit(site, site.log), "lake"), (60, 1, 0, 0), "lake before the long line is dropped")
        dlq(site, "drop", "lake", "--reason", "line.too_long")
        dlq(site, "drop", "clean", "--reason", "line.too_long")
        found = audit(site, site.log, warns=[])
        check_equal((counts(found, "lake"), counts(found)), ((60, 0, 1, 0), (20, 19, 22, 0)), "the long line dropped")
        text = site.ctl("audit", site.log)
        rows = [line.split() for line in text.stdout.splitlines()]
        check(["clean_log", "20", "19", "22", "0"] in rows and "ARCHIVED" in text.stdout, text.stdout)
        check("nothing is missing" in text.stdout, text.stdout)

        # what is a row or a dead letter again is counted as that, though the archive has it still
        dlq(site, "import", dropped)
        check_equal(counts(audit(site, site.log, warns=[])), (20, 30, 11, 0), "10 and the long line imported")


def test_damaged_archives(stack):
    with Site(stack, producer_max_line_bytes=2000) as site:
        start_with_letters(stack, site)
        dlq(site, "drop", "clean", "--match", "garbage 1[0-9]$")
        path = archive(site, "clean-dropped.ndjson")
        whole = read(path)

        # a torn last line is that of a letter which never left its queue
        write(path, whole + whole.splitlines()[0][:100])
        check_equal(counts(audit(site, site.log, warns=[])), (20, 31, 10, 0), "a torn last line")
        write(path, whole[:-1])
        found = audit(site, site.log, code=1, warns=[])
        check_equal(counts(found), (20, 31, 9, 1), "a last line without its end")
        last = json.loads(whole.splitlines()[-1])
        check_equal(found["missing_lines"][0]["offset"], last["properties"]["headers"]["x-sluice-offset"], "whose line it is")

        # other damage is said, and costs only the line
        write(path, b"\n{}\n" + whole + b"no JSON \x1b[31m\n")
        check_equal(counts(audit(site, site.log, warns=[f"{path}:2: ", f"{path}:13: "])), (20, 31, 10, 0), "broken lines")
        write(path, b"x\n" * 1000 + whole)
        check_equal(counts(audit(site, site.log, warns=[f"{path}:10: ", "990 more lines"])), (20, 31, 10, 0), "many broken lines")
        write(path, whole)
        os.mkdir(archive(site, "folder.ndjson"))
        os.mkfifo(archive(site, "fifo.ndjson"))
        os.symlink("nowhere", archive(site, "link.ndjson"))
        write(archive(site, "notes.txt"), b"no archive\n")
        check_equal(counts(audit(site, site.log, warns=["folder.ndjson: ", "fifo.ndjson: "])), (20, 31, 10, 0), "other things there")

        # no folder is no archive; one that cannot be read is said
        shutil.rmtree(archive(site, ""))
        check_equal(counts(audit(site, site.log, code=1, warns=[])), (20, 31, 0, 10), "no folder")
        write(archive(site, "").rstrip("/"), b"")
        found = audit(site, site.log, code=1, warns=[archive(site, "").rstrip("/"), "seem to be missing"])
        check_equal(counts(found), (20, 31, 0, 10), "a folder that cannot be read")


def test_archives_by_position(stack):
    """Of equal lines each is accounted for by its own letter."""
    with Site(stack, identity="position") as site:
        site.write_log([GOOD % (1, 1, 1, 1, 1)] * 5 + [b"bad"] * 5)
        site.start_sluiced()
        wait_settled(stack, site, 10, 5, 5)
        ids = dlq(site, "list", "clean", "--ids").split()
        dlq(site, "drop", *ids[:2])
        check_equal(counts(audit(site, site.log, warns=[])), (5, 3, 2, 0), "2 of 5 equal lines dropped")
        stack.api("DELETE", "queues/%2F/queue-data-clean.dead/contents")
        check_equal(counts(audit(site, site.log, code=1)), (5, 0, 2, 3), "2 are accounted for, 3 are not")

        # a frame of lines: each has its place behind that of the first one
        path = archive(site, "clean-dropped.ndjson")
        entries = [json.loads(line) for line in read(path).splitlines()]
        first = min(entries, key=lambda entry: entry["properties"]["headers"]["x-sluice-offset"])
        write(path, json.dumps({**first, "body": "bad\n" * 5}).encode() + b"\n")
        check_equal(counts(audit(site, site.log, warns=[])), (5, 0, 5, 0), "a frame of five lines")
        first["properties"]["headers"]["x-sluice-offset"] = 2 ** 63 - 1
        write(path, json.dumps({**first, "body": "bad\n" * 5}).encode() + b"\n")
        check_equal(counts(audit(site, site.log, code=1)), (5, 0, 0, 5), "the same elsewhere")


def test_a_dropped_frame(stack):
    """A frame that the broker itself took out of its queue counts line by line."""
    lines = [b"line %d" % n for n in range(50)]
    with Site(stack) as site:
        site.write_log(lines)
        made = os.path.join(site.folder, "made.ndjson")
        bodies = ["".join(line.decode() + "\n" for line in frame) for frame in (lines[:20], lines[20:])]
        write(made, b"".join(json.dumps({"queue": f"queue-data-{queue}.dead", "body": body}).encode() + b"\n"
                             for queue in ("lake", "clean") for body in bodies))
        dlq(site, "import", made)
        check_equal(counts(audit(site, site.log)), (0, 50, 0, 0), "two letters")
        for queue in ("lake", "clean"):
            dlq(site, "drop", "--all", "--confirm", f"queue-data-{queue}.dead")
        found = audit(site, site.log, warns=[])
        check_equal((counts(found, "lake"), counts(found)), ((0, 0, 50, 0), (0, 0, 50, 0)), "both dropped")


def test_rows_that_stand_elsewhere(stack):
    """Lines retried with another format than their input's, and rows under another time, are found."""
    lines = [GOOD % (n % 250, n, n % 60, n, n) for n in range(300)] # of format common
    with Site(stack) as site:
        site.write_conf(inputs=[{"path": site.folder + "/*.log", "format": "combined"}])
        site.write_log(lines)
        site.start_sluiced()
        wait_settled(stack, site, 300, 0, 300)
        dlq(site, "retry", "clean", "--all", "--format", "common")
        wait_until(lambda: site.stored("clean_log") == 300, 60, "rows of the other format")
        found = audit(site, site.log, warns=[])
        check_equal((counts(found, "lake"), counts(found)), ((300, 0, 0, 0), (300, 0, 0, 0)), "retried with another format")
        check_equal(found["queues"]["queue-data-clean"]["elsewhere"], 0, "under its own time")
        stack.sql("UPDATE clean_log SET timestamp = timestamp + INTERVAL 1 HOUR ORDER BY timestamp DESC LIMIT 100")
        stack.sql("UPDATE raw_log SET timestamp_utc = '1970-01-01' LIMIT 50")
        found = audit(site, site.log, warns=[])
        check_equal((counts(found, "lake"), counts(found)), ((300, 0, 0, 0), (300, 0, 0, 0)), "under another time")
        check_equal([found["queues"][f"queue-data-{q}"]["elsewhere"] for q in ("lake", "clean")], [50, 100], "so many of them")
        stack.sql("DELETE FROM clean_log LIMIT 1")
        check_equal(counts(audit(site, site.log, code=1, warns=[])), (299, 0, 0, 1), "a lost one is missing all the same")


def test_packed_and_standard_input(stack):
    lines = generate(500, seed=67)
    with Site(stack) as site:
        site.write_log(lines[:300])
        site.write_log(lines[300:], path=site.log + ".2")
        site.start_sluiced()
        wait_until(lambda: site.stored("raw_log") == 300, 60, "rows of the live file")
        for name in ("gzip", "xz", "bzip2", "zstd", "lz4"):
            if shutil.which(name) is None:
                continue
            packed = f"{site.log}.1.{name}"
            with open(packed, "wb") as file:
                subprocess.run([name, "-c", site.log], stdout=file, stderr=subprocess.DEVNULL, check=True)
            check_equal(counts(audit(site, packed, warns=[]), "lake"), (300, 0, 0, 0), name)
        with open(site.log, "rb") as file:
            done = subprocess.run([os.path.join(BUILD, "sluicectl"), "-c", site.conf, "audit", "-", "--json"], stdin=file, capture_output=True, text=True)
        check_equal(done.returncode, 0, done.stderr)
        check_equal(counts(json.loads(done.stdout), "lake"), (300, 0, 0, 0), "standard input")
        # two files, one of them packed, one of whose lines nobody has read
        found = audit(site, f"{site.log}.1.gzip", site.log + ".2", code=1, warns=[])
        check_equal(counts(found, "lake"), (300, 0, 0, 200), "and one that was never read")
        site.write_conf(identity="position")
        done = site.ctl("audit", f"{site.log}.1.gzip")
        check_equal(done.returncode, 64, done.stderr)
        check("--file-id" in done.stderr, done.stderr)


def test_usage(stack):
    with Site(stack) as site:
        torn = os.path.join(site.folder, "access.log.gz")
        write(torn, gzip.compress(b"line\n" * 1000)[:-6])
        for args, code, word in (((), 64, "name the log files"), ((torn,), 74, "cut off"), (("/nonexistent",), 66, "/nonexistent"),
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


def test_files_that_are_not_there(stack):
    """Each is named, before any work and before its format is asked for."""
    with Site(stack) as site:
        site.write_log([GOOD % (1, 1, 1, 1, 1)])
        gone = [os.path.join(site.folder, name) for name in ("nope.log", "neither.log")]
        done = site.ctl("audit", gone[0])
        check_equal((done.returncode, done.stdout), (66, ""), f"one file: {done.stderr}")
        check_equal(done.stderr, f"sluicectl: {gone[0]}: No such file or directory\n", "one line")
        done = site.ctl("audit", gone[0], site.log, gone[1])
        check_equal((done.returncode, done.stdout), (66, ""), f"two of three: {done.stderr}")
        check(all(name in done.stderr for name in gone) and site.log not in done.stderr, done.stderr)
        done = site.ctl("db", "migrate", "--user", "root", "--password-file", gone[0])
        check_equal(done.returncode, 66, f"--password-file: {done.stderr}")
        check(f"{gone[0]}: No such file or directory" in done.stderr, done.stderr)
