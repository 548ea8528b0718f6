"""Is every line that went in now a row or a dead letter, once for each queue, and nothing else?

This is the suite's own judgement, by SQL and the broker's management API; it shares no code with
`sluicectl audit`, which each row asks too. Reading the dead letters takes them out of their queues.
"""
import base64
import hashlib

KINDS = (("lake", "raw_log"), ("clean", "clean_log"))
LETTERS_AT_ONCE = 5000


def line_id(line):
    """MD5 of a line without its line end, as every program counts it."""
    return hashlib.md5(line[:-1] if line.endswith(b"\r") else line).hexdigest()


def lines_of(body):
    lines = body.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def ids_of(body):
    """The ids of a message's lines. A CR at the end of a body without LF belongs to the line."""
    *ended, last = body.split(b"\n")
    return {line_id(line) for line in ended} | ({hashlib.md5(last).hexdigest()} if last else set())


class Expected:
    """What went in: ids of lines, by what may become of them."""

    def __init__(self):
        self.good = set()       # must be stored in both tables
        self.bad = set()        # planted: must become dead letters of clean
        self.either = set()     # may become the one or the other, in each queue
        self.too_long = {}      # (path, offset) -> id: only their start is in the dead letters

    def all(self):
        return self.good | self.bad | self.either | set(self.too_long.values())

    def add(self, lines, bad_every=0):
        for number, line in enumerate(lines, 1):
            (self.bad if bad_every and number % bad_every == 0 else self.good).add(line_id(line))

    def add_message(self, body):
        """Lines of a message that somebody else published."""
        self.either |= ids_of(body)


class Verdict:
    def __init__(self):
        self.stored, self.dead = {}, {}
        self.missing, self.unexpected = 0, 0
        self.examples = []

    def blame(self, ids, what):
        if ids:
            self.examples.append(f"{len(ids)} {what}, e.g. {sorted(ids)[:3]}")
        return len(ids)


def take_dead_letters(stack, queue):
    """Every message of a dead-letter queue, removed: list of (body, headers)."""
    letters = []
    while True:
        got = stack.api("POST", f"queues/%2F/{queue}/get", {
            "count": LETTERS_AT_ONCE, "ackmode": "ack_requeue_false", "encoding": "base64"})
        if not got:
            return letters
        letters += [(base64.b64decode(m["payload"]) if m["payload_encoding"] == "base64" else m["payload"].encode(),
                     m["properties"].get("headers", {})) for m in got]


def dead_ids(letters, expected):
    ids = set()
    for body, headers in letters:
        place = (headers.get("x-sluice-source"), headers.get("x-sluice-offset"))
        if headers.get("x-sluice-reason") == "line.too_long" and place in expected.too_long:
            ids.add(expected.too_long[place])
        elif headers.get("x-sluice-lines") == 1 and "x-sluice-reason" in headers:
            ids.add(hashlib.md5(body).hexdigest())     # a line without its end
        else:
            ids |= ids_of(body)
    return ids


def wrong_rows(stack, verdict):
    """Rows that exist twice or say something else than their line does."""
    count = verdict.blame(stack.wrong_ids(), "raw rows whose id is not the MD5 of the line")
    for what, statement in (
            ("raw rows that are there twice", "SELECT id FROM raw_log GROUP BY id HAVING COUNT(*) > 1"),
            ("clean rows that are there twice", "SELECT id FROM clean_log GROUP BY id HAVING COUNT(*) > 1"),
            ("clean rows with another ip or time than their line",
             "SELECT c.id FROM clean_log c JOIN raw_log r ON r.timestamp_utc = c.timestamp AND r.id = c.id "
             "WHERE c.ip <> SUBSTRING_INDEX(r.log, ' ', 1)"),
            ("clean rows without a raw row of the same time",
             "SELECT c.id FROM clean_log c LEFT JOIN raw_log r ON r.timestamp_utc = c.timestamp AND r.id = c.id "
             "WHERE r.id IS NULL AND EXISTS (SELECT 1 FROM raw_log LIMIT 1)")):
        count += verdict.blame([row[0] for row in stack.sql(statement)], what)
    return count


def judge(stack, expected):
    verdict = Verdict()
    every = expected.all()
    for kind, table in KINDS:
        queue = f"queue-data-{kind}"
        rows = {row[0] for row in stack.sql(f"SELECT id FROM {table}")}
        dead = dead_ids(take_dead_letters(stack, f"{queue}.dead"), expected)
        verdict.stored[kind], verdict.dead[kind] = len(rows), len(dead)
        verdict.missing += verdict.blame(every - rows - dead, f"lines are missing in {table} and {queue}.dead")
        verdict.unexpected += verdict.blame((rows | dead) - every, f"things in {table} or {queue}.dead were never a line")
        verdict.unexpected += verdict.blame(dead & expected.good, f"good lines are dead letters of {kind}")
    verdict.unexpected += verdict.blame(
        {row[0] for row in stack.sql("SELECT id FROM clean_log")} & expected.bad, "bad lines are in clean_log")
    verdict.unexpected += wrong_rows(stack, verdict)
    return verdict
