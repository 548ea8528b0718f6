"""A database that is set up otherwise, refuses rows, or takes long: what is stored, what is not, what is said."""
import contextlib
import os
import signal

from harness import Site, check, check_equal, generate, wait_until

ZOE = ('192.0.2.7 - zoë [26/Nov/2026:10:00:00 +0100] "GET http://example.org:80/bücher/日本/😀 HTTP/1.1" 200 512').encode()


@contextlib.contextmanager
def server_options(stack, options):
    """The database of the stack with these lines more in its my.cnf."""
    stack.run("db", "stop")
    stack.run("db", "start", env={"STACK_DB_OPTIONS": options})
    try:
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
    with server_options(stack, "skip_character_set_client_handshake\ncharacter_set_server = latin1\ncollation_server = latin1_swedish_ci"):
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
