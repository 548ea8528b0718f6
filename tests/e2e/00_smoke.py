"""The main job: lines of a file end in both tables, bad ones in the dead letters with a reason."""
import hashlib
import os
import shutil
import signal
import subprocess
import time

from harness import Site, Failed, check, check_equal, generate, wait_until


def md5(line):
    return hashlib.md5(line).hexdigest()


def wait_for_clean(stack, site, wanted):
    """Wait until so many lines are in clean_log or the dead letters; the ids of the dead ones."""
    def dead():
        return {md5(body) for body, _, _ in stack.dead_letters("queue-data-clean")}
    wait_until(lambda: site.stored("clean_log") + len(dead()) == wanted, 60, f"{wanted} lines in clean_log or dead letters")
    return dead()


def check_lost_tables(stack, site):
    """What is recorded as applied may have been changed since: db status and db migrate say so, and what helps."""
    table = f"{stack.env['STACK_DB_NAME']}.clean_log"
    stack.admin(f"RENAME TABLE {table} TO {table}_away")
    for verb in ("status", "migrate"):
        done = site.ctl("db", verb)
        check_equal(done.returncode, 78, f"db {verb} without clean_log")
        check("clean_log is gone" in done.stderr and "rename it back" in done.stderr, f"no advice: {done.stderr!r}")
    stack.admin(f"RENAME TABLE {table}_away TO {table}; ALTER TABLE {table} RENAME COLUMN referer TO referrer")
    done = site.ctl("db", "status")
    check_equal(done.returncode, 78, "db status without a column")
    check("has lost a column" in done.stderr, f"no advice: {done.stderr!r}")
    stack.admin(f"ALTER TABLE {table} RENAME COLUMN referrer TO referer")
    check_equal(site.ctl("db", "status").returncode, 0, "db status at the end")


def test_schema_is_made_once(stack):
    with Site(stack) as site:
        for table in ("raw_log", "clean_log", "schema_migrations"):
            stack.sql(f"DROP TABLE IF EXISTS {table}")
        refused = site.run("sluice-lake-worker")
        check_equal(refused.returncode, 78, "exit code of a worker without tables")
        check("sluicectl db migrate" in refused.stderr, f"no advice in {refused.stderr!r}")
        check_equal(site.ctl("db", "status").returncode, 1, "db status before")
        site.migrate()
        site.migrate()
        check_equal(site.ctl("db", "status").returncode, 0, "db status after")
        check_lost_tables(stack, site)
        columns = [row[0] for row in stack.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND "
            "table_name = 'clean_log' ORDER BY ordinal_position")]
        check_equal(columns, "id timestamp year month day day_of_week time ip country city session user is_email "
                    "email_domain rest_method url schema host rest_version status status_verbose size_bytes "
                    "size_kilo_bytes size_mega_bytes referer user_agent origin".split(), "columns of clean_log")


def test_newer_schema_is_refused(stack):
    with Site(stack) as site:
        stack.sql("INSERT INTO schema_migrations VALUES (998, 'from the future', NOW())")
        try:
            refused = site.run("sluice-clean-worker")
            check_equal(refused.returncode, 78, "exit code")
            check("998" in refused.stderr and "upgrade Sluice" in refused.stderr, refused.stderr)
        finally:
            stack.sql("DELETE FROM schema_migrations WHERE version = 998")


def test_file_to_both_tables(stack):
    lines = generate(20000, seed=7, bad=100, unique=True)
    with Site(stack) as site:
        site.write_log(lines)
        site.start_sluiced()
        wanted = {md5(line.rstrip(b"\r")) for line in lines}
        wait_until(lambda: site.stored("raw_log") == len(wanted), 60, "all lines in raw_log")
        check_equal(site.ids("raw_log"), wanted, "ids in raw_log")
        check_equal(stack.wrong_ids(), [], "rows whose id is not the MD5 of the line")
        dead = wait_for_clean(stack, site, len(wanted))
        check(len(dead) >= 150, f"only {len(dead)} dead letters for 200 bad lines")
        check_equal(site.ids("clean_log") | dead, wanted, "clean rows and dead letters together")
        check_equal(site.ids("clean_log") & dead, set(), "lines that are both")


def test_columns_of_a_line(stack):
    line = (b'192.0.2.7 Abc123 jane.doe@uni.example.org [01/Mar/2024:00:30:05 +0100] '
            b'"GET https://www.Journal.example.com:443/a?q="x"{1} HTTP/1.1" 404 1536 -')
    other = b'2001:db8::1 - - [29/Feb/2024:23:59:59 -0530] "\\x16\\x03\\x01" 400 -'
    with Site(stack) as site:
        site.write_log([line, other])
        site.start_sluiced()
        site.settle(2, 2)
        row = stack.sql("SELECT timestamp, year, month, day, day_of_week, time, ip, country, city, session, user, "
                        "is_email, email_domain, rest_method, url, `schema`, host, rest_version, status, "
                        "status_verbose, size_bytes, size_kilo_bytes, size_mega_bytes, referer, user_agent, origin "
                        f"FROM clean_log WHERE id = '{md5(line)}'")
        check_equal(row, [["2024-02-29 23:30:05", "2024", "February", "29", "Thursday", "23:30:05", "192.0.2.7", "NULL",
                           "NULL", "Abc123", "jane.doe@uni.example.org", "1", "uni.example.org", "GET",
                           'https://www.Journal.example.com:443/a?q="x"{1}', "https", "www.Journal.example.com",
                           "HTTP/1.1", "404", "Not Found", "1536", "1.5", "0.00146484375", "NULL", "NULL", "0"]])
        row = stack.sql("SELECT timestamp, ip, session, user, is_email, email_domain, rest_method, url, host, status, "
                        f"size_bytes, size_kilo_bytes FROM clean_log WHERE id = '{md5(other)}'")
        check_equal(row, [["2024-03-01 05:29:59", "2001:db8::1", "NULL", "NULL", "0", "NULL", "NULL", "NULL", "NULL",
                           "400", "NULL", "NULL"]])
        row = stack.sql(f"SELECT timestamp, timestamp_utc, utc_offset, log FROM raw_log WHERE id = '{md5(line)}'")
        check_equal(row, [["2024-03-01T00:30:05+01:00", "2024-02-29 23:30:05", "60", line.decode()]])
        row = stack.sql(f"SELECT timestamp, utc_offset FROM raw_log WHERE id = '{md5(other)}'")
        check_equal(row, [["2024-02-29T23:59:59-05:30", "-330"]])


def test_dead_letter_says_why(stack):
    bad = [b"no access log line", b'1.2.3.4 - - [31/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 1',
           b'1.2.3.4 - - [01/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 99999999999999999999', b"", b"caf\xc3\xa9 \xff\x00"]
    reasons = ["parse.no_match", "parse.bad_time", "parse.bad_number", "parse.no_match", "parse.no_match"]
    with Site(stack) as site:
        site.write_log(bad)
        site.start_sluiced()
        site.settle(len(bad), 0, dead=len(bad))
        letters = {body: headers for body, headers, _ in stack.dead_letters("queue-data-clean")}
        check_equal(set(letters), set(bad), "bodies of the dead letters")
        offset = 0
        for line, reason in zip(bad, reasons):
            headers = letters[line]
            check_equal(headers["x-sluice-reason"], reason, f"reason of {line!r}")
            check_equal(headers["x-sluice-source"], site.log, "source")
            check_equal(headers["x-sluice-offset"], offset, f"offset of {line!r}")
            check_equal(headers["x-sluice-stage"], "clean", "stage")
            check_equal(headers["x-sluice-lines"], 1, "lines")
            check(headers["x-sluice-worker"].startswith("clean/"), "worker")
            check(headers["x-sluice-detail"].startswith("format ezproxy, byte "), headers["x-sluice-detail"])
            offset += len(line) + 1
        check_equal(stack.queue_counts()["queue-data-lake.dead"], 0, "dead letters of lake")


def test_message_of_a_foreign_client(stack):
    line = b'10.1.2.3 s1 bob [12/Mar/2023:10:11:12 +0000] "GET http://h.example/ HTTP/1.1" 200 5'
    env = stack.env
    with Site(stack) as site:
        site.start_sluiced()
        if shutil.which("amqp-publish"):
            url = f"amqp://{env['STACK_USER']}:{env['STACK_PASSWORD']}@127.0.0.1:{env['STACK_AMQP_PORT']}/%2f"
            subprocess.run(["amqp-publish", "-u", url, "-e", "topic-exchange-logs", "-r", "logs", "-b", line], check=True)
        else:
            stack.publish(line)
        site.settle(1, 1)
        check_equal(site.ids("raw_log"), {md5(line)}, "raw_log")
        check_equal(site.ids("clean_log"), {md5(line)}, "clean_log")
        # and what such a client may do wrong
        stack.publish(b"")
        stack.publish(b"\n\n\r\n")
        stack.publish(os.urandom(300000))
        stack.publish(line + b"2\n" + line + b"3", properties={"headers": {
            "x-sluice-format": "nonsense", "x-sluice-offset": "text", "x-sluice-lines": -5, "x-sluice-source": ["list"]}})
        wait_until(lambda: md5(line + b"2") in site.ids("raw_log"), 30, "the last message in raw_log")
        unknown = wait_until(lambda: [h for b, h, _ in stack.dead_letters("queue-data-clean") if b.startswith(line)], 30,
                             "dead letters of the last message")
        check_equal([h["x-sluice-reason"] for h in unknown], ["parse.unknown_format"] * 2, "reasons")


def test_combined_log(stack):
    """A log in combined format: a real one where TEST_LOG names it, else a generated one."""
    path = os.environ.get("TEST_LOG")
    lines = generate(3000, seed=3, unique=False, format="combined")
    if path:
        with open(path, "rb") as file:
            lines = file.read().splitlines()
    with Site(stack) as site:
        site.write_conf(inputs=[{"path": site.log, "format": "combined"}])
        site.write_log(lines)
        wanted = {md5(line) for line in lines}
        site.start_sluiced()
        wait_until(lambda: site.stored("raw_log") == len(wanted), 60, f"{len(wanted)} lines in raw_log")
        check_equal(site.ids("raw_log"), wanted, "raw_log")
        dead = wait_for_clean(stack, site, len(wanted))
        check_equal(site.ids("clean_log") | dead, wanted, "clean rows and dead letters")
        check_equal(stack.wrong_ids(), [], "rows whose id is not the MD5 of the line")


def test_both_ways_of_inserting(stack):
    """Bound arrays and multi-row VALUES store the same rows; without arrays, auto is VALUES and says so."""
    lines = generate(3000, seed=5, bad=50, unique=False)
    results = []
    for way, used in (("array", "array") if stack.has_arrays() else ("auto", "values"), ("values", "values")):
        stack.empty()
        with Site(stack, database_insert=way) as site:
            site.write_log(lines)
            site.start_sluiced()
            check(f"({used})" in site.errors(), f"workers do not say that they use {used}")
            wanted = len({line.rstrip(b"\r") for line in lines})
            wait_until(lambda: site.stored("raw_log") == wanted, 60, "raw rows")
            wait_until(lambda: site.stored("clean_log") + len({b for b, _, _ in stack.dead_letters("queue-data-clean")}) ==
                       wanted, 60, "clean rows and dead letters")
            results.append((stack.sql("SELECT id, timestamp, timestamp_utc, utc_offset, HEX(log), HEX(log_bytes), origin "
                                      "FROM raw_log ORDER BY id"),
                            sorted(stack.sql("SELECT * FROM clean_log"))))
    check(results[0][0] == results[1][0], "raw_log differs")
    check(len(results[0][1]) > 2500, "too few clean rows")
    check(results[0][1] == results[1][1], "clean_log differs")
    if not stack.has_arrays():
        with Site(stack, database_insert="array") as site:
            site.start("sluice-lake-worker")
            wait_until(lambda: "no bound arrays on this server" in site.errors(), 20, "what is wrong is said")


def test_identity_position(stack):
    line = b'10.1.2.3 s1 bob [12/Mar/2023:10:11:12 +0000] "GET http://h.example/ HTTP/1.1" 200 5'
    with Site(stack, identity="position") as site:
        site.write_log([line] * 10)
        site.start_sluiced()
        site.settle(10, 10)
        check_equal(stack.sql("SELECT COUNT(DISTINCT origin), COUNT(DISTINCT id) FROM clean_log"), [["10", "1"]])
    stack.empty()
    with Site(stack) as site:
        site.write_log([line] * 10)
        site.start_sluiced()
        site.settle(1, 1)


def test_events(stack):
    line = '10.1.2.3 s1 bob [12/Mar/2023:10:11:12 +0000] "GET http://event.example/ HTTP/1.1" 200 5'
    with Site(stack, events=[line]) as site:
        site.start_sluiced()
        site.settle(1, 1)
        check_equal(stack.sql("SELECT host FROM clean_log"), [["event.example"]])


def test_live_nginx(stack):
    """A line that a real nginx writes is in both tables within a second."""
    if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        raise Failed("nginx is missing: etc/bootstrap installs it")
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    with Site(stack) as site:
        port = free_port()
        conf = os.path.join(site.folder, "nginx.conf")
        with open(conf, "w") as file:
            file.write(f"""
daemon off; pid {site.folder}/nginx.pid; error_log {site.folder}/nginx.err;
events {{ }}
http {{
  log_format ezproxy '$remote_addr $connection $remote_user [$time_local] "$request" $status $body_bytes_sent -';
  access_log {site.log} ezproxy;
  client_body_temp_path {site.folder}/t1; proxy_temp_path {site.folder}/t2; fastcgi_temp_path {site.folder}/t3;
  uwsgi_temp_path {site.folder}/t4; scgi_temp_path {site.folder}/t5;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello"; }} }}
}}
""")
        open(site.log, "wb").close()
        os.chmod(site.folder, 0o755)
        os.chmod(site.log, 0o666)
        server = subprocess.Popen([nginx, "-c", conf, "-e", os.path.join(site.folder, "nginx.err")])
        try:
            site.start_sluiced()
            wait_until(lambda: curl(port, "/first") == 0, 20, "nginx answers")
            wait_until(lambda: site.stored("clean_log") >= 1 and site.stored("raw_log") >= 1, 10, "the first line")
            slowest = 0.0
            for n in range(10):
                begin = time.monotonic()
                check_equal(curl(port, f"/page{n}?x=\"quoted\""), 0, "curl")
                query = f"SELECT (SELECT COUNT(*) FROM clean_log WHERE url LIKE '/page{n}?%') + " \
                        f"(SELECT COUNT(*) FROM raw_log WHERE log LIKE '%/page{n}?%')"
                wait_until(lambda: stack.number(query) == 2, 10, f"page {n} in both tables", pause=0.01)
                slowest = max(slowest, time.monotonic() - begin)
            print(f"# slowest of 10 lines from request to both rows, as seen by polling: {slowest * 1000:.0f} ms")
            check(slowest < 1.0, f"a line took {slowest:.2f} s")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def curl(port, path):
    return subprocess.run(["curl", "-s", "-g", "-o", "/dev/null", f"http://127.0.0.1:{port}{path}"]).returncode
