"""A database that is set up otherwise, refuses rows, or takes long: what is stored, what is not, what is said."""
import contextlib
import os
import signal

from harness import Site, check, check_equal, generate, wait_until

ZOE = ('192.0.2.7 - zoë [26/Nov/2026:10:00:00 +0100] "GET http://example.org:80/bücher/日本/😀 HTTP/1.1" 200 512').encode()


@contextlib.contextmanager
def server_options(stack, options):
    """The database of the stack with these lines more in its my.cnf; loose_: not every server has it."""
    stack.run("db", "stop")
    try:
        stack.run("db", "start", env={"STACK_DB_OPTIONS": options})
        yield
    finally:
        stack.run("db", "stop")
        stack.run("db", "start")
        stack.read_env()


@contextlib.contextmanager
def plain_worker(stack):
    """A user as a worker's should be: init_connect is skipped for one with SUPER. Yields the settings that name it."""
    name = stack.env["STACK_DB_NAME"]
    stack.admin(f"CREATE USER plain_worker@'%' IDENTIFIED BY '{stack.env['STACK_PASSWORD']}'; "
                f"GRANT SELECT, INSERT, UPDATE ON {name}.* TO plain_worker@'%'")
    try:
        yield {"database_user": "plain_worker"}
    finally:
        stack.admin("DROP USER plain_worker@'%'")


def check_zoe(stack, site):
    """Every byte of the line as it came, in both tables; audit says the same."""
    site.write_log([ZOE] + generate(20, seed=55))
    site.start_sluiced()
    site.settle(21, 21)
    check_equal(stack.sql("SELECT HEX(log) FROM raw_log WHERE log LIKE '%zo%26/Nov/2026%'"), [[ZOE.hex().upper()]], "log")
    check_equal(stack.sql("SELECT HEX(user), HEX(url) FROM clean_log WHERE timestamp = '2026-11-26 09:00:00'"),
                [["zoë".encode().hex().upper(), "http://example.org:80/bücher/日本/😀".encode().hex().upper()]], "user and url")
    if stack.env["STACK_DATABASE"] == "mariadb":
        check_equal(stack.number("SELECT COUNT(*) FROM raw_log WHERE id <> MD5(COALESCE(log_bytes, log))"), 0, "ids that are no MD5")
    check_equal(site.ctl("audit", site.log).returncode, 0, "audit")


def test_server_that_skips_the_handshake(stack):
    with server_options(stack, "loose_skip_character_set_client_handshake\ncharacter_set_server = latin1\ncollation_server = latin1_swedish_ci"):
        with Site(stack) as site:
            check_zoe(stack, site)


def test_server_with_an_init_connect(stack):
    with plain_worker(stack) as user, Site(stack, **user) as site:
        stack.admin("SET GLOBAL init_connect = 'SET NAMES latin1'")
        try:
            check_zoe(stack, site)
        finally:
            stack.admin("SET GLOBAL init_connect = ''")


def test_server_whose_sessions_are_loose(stack):
    """Modes that change values silently, switch checks off, or cut what a query finds."""
    more = "" if stack.env["STACK_DATABASE"] == "mysql" else ", check_constraint_checks = 0"
    with plain_worker(stack) as user, Site(stack, **user) as site:
        stack.admin("SET GLOBAL init_connect = \"SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES', time_zone = '+05:00', "
                    f"autocommit = 1, foreign_key_checks = 0, unique_checks = 0, sql_select_limit = 1{more}\"")
        try:
            check_zoe(stack, site)
        finally:
            stack.admin("SET GLOBAL init_connect = ''")


def lake_error(site):
    return site.slots("lake")[0]["last_error"] or ""


def test_locked_table_is_said(stack):
    """The worker waits in the client library all that time, and says nothing itself."""
    lines = generate(20, seed=56)
    with Site(stack, lake_workers=1) as site:
        site.start_sluiced()
        with stack.held("LOCK TABLES raw_log WRITE"):
            site.write_log(lines)
            wait_until(lambda: lake_error(site).startswith("storing for "), 20, "a batch in flight is said")
            slot = site.slots("lake")[0]
            check(slot["storing_s"] >= 5 and slot["report"] == "ready", f"{slot}")
            health = site.ctl("health")
            check(health.returncode == 1 and "lake/0: storing for " in health.stdout, f"{health.returncode} {health.stdout}")
            events = site.ctl("events").stdout
            check("storing for " in events, f"no event: {events}")
        site.settle(20, 20)
        wait_until(lambda: lake_error(site) == "" and site.slots("lake")[0]["storing_s"] is None, 10, "all is well again")


def test_own_time_limit_has_its_name(stack):
    with Site(stack, lake_workers=1, broker_heartbeat_s=4) as site:
        site.start_sluiced()
        os.kill(int(stack.env["STACK_DB_PID"]), signal.SIGSTOP)
        try:
            site.write_log(generate(20, seed=57))
            wait_until(lambda: "no answer within 5 s" in lake_error(site), 30, "the limit is named")
        finally:
            os.kill(int(stack.env["STACK_DB_PID"]), signal.SIGCONT)
        site.settle(20, 20)


# --- rows that the server refuses by rules of its own ---

@contextlib.contextmanager
def changed(stack, table, change, undo):
    stack.admin(change)
    try:
        yield
    finally:
        stack.admin(undo)
        stack.admin(f"TRUNCATE {table}")


def check_constraint(stack):
    return changed(stack, "clean_log", "ALTER TABLE clean_log ADD CONSTRAINT cc CHECK (`status` BETWEEN 100 AND 599)",
                   "ALTER TABLE clean_log DROP CONSTRAINT cc")


def trigger(stack, condition, signal="SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not in this house'"):
    return changed(stack, "raw_log", f"DELIMITER //\nCREATE TRIGGER tt BEFORE INSERT ON raw_log FOR EACH ROW IF {condition} THEN {signal}; END IF//",
                   "DROP TRIGGER IF EXISTS tt")


def with_status(line, status):
    head, _, rest = line.rpartition(b'" ')
    return head + b'" ' + status + rest[3:]


def check_letters(stack, queue, lines, *words):
    """These lines, and no others, are dead letters, refused with these words."""
    wait_until(lambda: stack.queue_counts().get(f"{queue}.dead") == len(lines), 30, f"{len(lines)} dead letters", pause=0.3)
    letters = stack.dead_letters(queue)
    check_equal(sorted(body.rstrip(b"\n") for body, _, _ in letters), sorted(lines), "bodies")
    for _, headers, _ in letters:
        check_equal(headers["x-sluice-reason"], "db.refused", "reason")
        check(all(word in headers["x-sluice-detail"] for word in words), f"detail {headers['x-sluice-detail']!r} without {words}")


def refused_by_a_check(stack, **settings):
    lines = generate(50, seed=58)
    lines[30] = with_status(lines[30], b"999")
    number = "[4025]" if stack.env["STACK_DATABASE"] == "mariadb" else "[3819]"
    with check_constraint(stack), Site(stack, **settings) as site:
        site.start_sluiced()
        stack.publish(b"\n".join(lines) + b"\n")
        site.settle(50, 49, dead=1)
        check_letters(stack, "queue-data-clean", [lines[30]], number, "cc")
        check_equal(site.ctl("health", "--dead-warning", "0", "--dead-critical", "0").returncode, 0, "health")


def test_row_refused_by_a_check(stack):
    refused_by_a_check(stack)


def test_row_refused_by_a_check_on_the_portable_way(stack):
    refused_by_a_check(stack, database_insert="values")


def test_rows_refused_by_a_trigger(stack):
    """One user's number, one that the table of errors has, and one of the client library's."""
    lines = generate(100, seed=59)
    bad = [lines[n] for n in (0, 50, 51, 99)]
    for number in (1644, 1146, 2013):
        with trigger(stack, " OR ".join(f"NEW.log = '{line.decode()}'" for line in bad),
                     f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not in this house', MYSQL_ERRNO = {number}"):
            with Site(stack, lake_workers=1, clean_workers=0) as site:
                site.start_sluiced()
                stack.publish(b"\n".join(lines) + b"\n")
                # Connector/C takes a client's number in a server's answer for a malformed packet, 2027
                words = [] if number == 2013 else [f"[{number}]", "not in this house"]
                check_letters(stack, "queue-data-lake", bad, *words)
                check_equal(site.stored("raw_log"), 96, "rows")
        stack.empty()


def test_rows_without_a_partition(stack):
    lines = generate(20, seed=60)
    late = lines[7].replace(b"/2023:", b"/2031:")
    lines[7] = late
    with changed(stack, "raw_log", "ALTER TABLE raw_log PARTITION BY RANGE COLUMNS(timestamp_utc) "
                 "(PARTITION p0 VALUES LESS THAN ('2030-01-01'))", "ALTER TABLE raw_log REMOVE PARTITIONING"):
        with Site(stack, clean_workers=0) as site:
            site.start_sluiced()
            stack.publish(b"\n".join(lines) + b"\n")
            check_letters(stack, "queue-data-lake", [late], "[1526]")
            check_equal(site.stored("raw_log"), 19, "rows")


def test_every_row_refused(stack):
    """The server is sick: no line becomes a dead letter for that, and it is said."""
    lines = generate(100, seed=61)
    with Site(stack, lake_workers=1) as site:
        site.start_sluiced()
        with trigger(stack, "TRUE"):
            site.write_log(lines[:50])
            wait_until(lambda: "refuses every row that was tried" in lake_error(site), 20, "it is said")
            check("not in this house" in lake_error(site), lake_error(site))
            site.write_log(lines[50:])
            health = site.ctl("health")
            check(health.returncode in (1, 2) and "refuses" in health.stdout, f"{health.returncode} {health.stdout}")
            check_equal(stack.queue_counts()["queue-data-lake.dead"], 0, "dead letters")
            stack.admin("DROP TRIGGER tt")
            site.settle(100, 100)
        check_equal(stack.queue_counts()["queue-data-lake.dead"], 0, "dead letters")
        wait_until(lambda: lake_error(site) == "", 10, "all is well again")


def test_row_refused_alone(stack):
    """Nothing else comes in: the newest row of the table tells that it is the line's fault; a sick server refuses that too."""
    lines = generate(12, seed=62)
    lines[10] = with_status(lines[10], b"999")
    with check_constraint(stack), Site(stack, clean_workers=1) as site:
        site.start_sluiced()
        site.write_log(lines[:10])
        site.settle(10, 10)
        site.write_log(lines[10:11])
        check_letters(stack, "queue-data-clean", lines[10:11], "cc")
        site.write_log(lines[11:])
        site.settle(12, 11, dead=1)
    stack.empty()
    with Site(stack, lake_workers=1, clean_workers=0) as site:
        site.start_sluiced()
        site.write_log(lines[:10])
        wait_until(lambda: site.stored("raw_log") == 10, 20, "ten rows")
        with trigger(stack, "TRUE"):
            site.write_log(lines[10:11])
            wait_until(lambda: site.slots("lake")[0]["counters"]["retries"] > 7, 60, "more tries than judge a row")
            check("the only row in hand" in lake_error(site), lake_error(site))
            stack.admin("DROP TRIGGER tt")
            wait_until(lambda: site.stored("raw_log") == 11, 20, "eleven rows")
        check_equal(stack.queue_counts()["queue-data-lake.dead"], 0, "dead letters")
