"""Data that nobody should send, and checks of what becomes of it."""
import os
import random
import subprocess

from flow import FAULTS_BUILD, check, generate, row, wait_until
from judge import line_id, lines_of

PREFIX = b"192.0.2.%d aB3dE5gH7jK9mN1 - [01/Mar/2024:10:%02d:%02d +0000] "


def kinds_of_bad(number):
    """One line of every kind that a table, a parser or a program might choke on; each distinct by its number."""
    begin = PREFIX % (number % 250, number // 60 % 60, number % 60)
    n = b"%d" % number
    return {
        "user too long": b"192.0.2.1 - " + b"u" * 3000 + n + b' [01/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 1',
        "session too long": b"192.0.2.1 " + b"s" * 3000 + n + b' jd [01/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 1',
        "url of 90 KB": begin + b'"GET https://www.example.org/' + b"a" * 90000 + n + b' HTTP/1.1" 200 1',
        "a day that is not": b'192.0.2.1 - - [31/Feb/2024:10:00:00 +0000] "GET /' + n + b' HTTP/1.1" 200 1',
        "year 9999": b'192.0.2.1 - - [31/Dec/9999:23:59:59 +0000] "GET /' + n + b' HTTP/1.1" 200 1',
        "no time": b'192.0.2.1 - - - "GET /' + n + b' HTTP/1.1" 200 1',
        "NUL": begin + b'"GET /\0\0' + n + b' HTTP/1.1" 200 1',
        "invalid UTF-8": begin + b'"GET /\xff\xfe\xc3(' + n + b' HTTP/1.1" 200 1',
        "emoji": begin + b'"GET /\xf0\x9f\xa6\xa5' + n + b' HTTP/1.1" 200 1',
        "size overflow": begin + b'"GET /' + n + b' HTTP/1.1" 200 99999999999999999999999',
        "status overflow": begin + b'"GET /' + n + b' HTTP/1.1" 99999 1',
        "negative size": begin + b'"GET /' + n + b' HTTP/1.1" 200 -17',
        "empty": b"",
        "one CR": b"\r",
        "CR LF": begin + b'"GET /crlf' + n + b' HTTP/1.1" 200 1\r',
        "CR inside": begin + b'"GET /cr\rinside' + n + b' HTTP/1.1" 200 1',
        "quotes and SQL": begin + b"\"GET /'); DROP TABLE raw_log; --\\'" + n + b' HTTP/1.1" 200 1',
        "blanks": b" " * 200 + n,
        "control bytes": bytes(b for b in range(1, 32) if b not in (10, 13)) + n,
    }


@row("data: bad rows of every kind, 1 in 1000 and 1 in 10")
def data_bad_rows(bench):
    for every, total in ((1000, 20000), (10, 4000)):
        feed = generate(total, seed=bench.seed)
        kinds = [bad for number in range(total // every // 19 + 1) for bad in kinds_of_bad(number).values()]
        with bench.flow(feed=mixed(feed, kinds[:total // every], every), per_second=5000) as flow:
            flow.expected.good |= {line_id(line) for line in feed}
            flow.expected.either |= {line_id(line) for line in kinds[:total // every]}
        bench.stack.empty()


def mixed(good, bad, every):
    lines = []
    for number, line in enumerate(good):
        if number % every == 0 and number // every < len(bad):
            lines.append(bad[number // every])
        lines.append(line)
    return lines


def publish(stack, body, *options):
    """As a foreign client: amqp-publish of Debian's amqp-tools."""
    url = f"amqp://{stack.env['STACK_USER']}:{stack.env['STACK_PASSWORD']}@127.0.0.1:{stack.env['STACK_AMQP_PORT']}"
    done = subprocess.run(["amqp-publish", "-u", url, "-e", "topic-exchange-logs", "-r", "logs", "-p", *options],
                          input=body, capture_output=True)
    check(done.returncode == 0, f"amqp-publish: {done.stderr}")


@row("data: frames of garbage from a foreign publisher", short=True)
def data_garbage(bench):
    rng = random.Random(bench.seed)
    bodies = [rng.randbytes(rng.randrange(1, 3000)) for _ in range(60)]
    bodies += [b"\n", b"\n\n\n\n", b"\r\n", b"\0", b"x" * 70000, b"no line end", b"a\nb\nc", b"\xff" * 500 + b"\n" + b"\x00" * 500]
    headers = [(), ("-H", "x-sluice-lines: -5"), ("-H", "x-sluice-offset: 99999999999999999999"),
               ("-H", "x-sluice-file: " + "f" * 3000), ("-H", "x-sluice-format: no-such-format"), ("-H", "x-delivery-count: 1000000"),
               ("-C", "application/json"), ("-H", "x-sluice-reason: db.null"), ("-H", "x-sluice-lines: 1")]
    frame = bytes.fromhex("04224d18604082")  # of LZ4: what a frame begins with
    packed = [start + rng.randbytes(rng.randrange(1, 3000)) + b"." for start in (b"", frame) for _ in range(10)]
    with bench.flow() as flow:
        for number, body in enumerate(bodies):
            flow.expected.add_message(body)
            publish(bench.stack, body, *headers[number % len(headers)])
        for body in packed:  # each is one dead letter, as it is
            flow.expected.either.add(line_id(body))
            publish(bench.stack, body, "-E", "lz4")
        flow.check_nobody_died()


@row("data: a message of 16 MiB, of lines; and one of a single line")
def data_16_mib(bench):
    lines = generate(70000, seed=bench.seed)
    body = b"".join(line + b"\n" for line in lines)[:16 << 20]
    single = b"x" * (16 << 20)
    with bench.flow(lines=5000, timeout=120) as flow:
        flow.expected.add_message(body)
        flow.expected.add_message(single)
        publish(bench.stack, body)
        publish(bench.stack, single)
        wait_until(lambda: flow.stored("raw_log") > 60000, 90, "the lines of the large message")
        flow.check_nobody_died()


@row("data: a line longer than max_line_bytes in the file")
def data_long_line(bench):
    with bench.flow(producer_max_line_bytes=16384, per_second=1500) as flow:
        for number in range(3):
            flow.feeder.go.clear()
            wait_until(lambda: flow.stored("raw_log") >= flow.feeder.fed, 20, "all that is fed is stored")
            line = b"long %d " % number + b"y" * 300000
            flow.expected.too_long[(flow.log, os.path.getsize(flow.log))] = line_id(line)
            flow.write_log([line])
            flow.feeder.go.set()
            flow.wait_fed(500)
        flow.healed()


@row("data: a line that kills its worker, among good neighbours", faults=True)
def data_killing_line(bench):
    killer = PREFIX % (1, 0, 0) + b'"GET /kill-me-now HTTP/1.1" 200 1'
    env = {"SLUICE_FAULT": "worker.line:abort", "SLUICE_FAULT_LINE": "kill-me-now", "SLUICE_FAULT_ROLE": "clean"}
    with bench.flow(build=FAULTS_BUILD, env=env, start=False, supervisor_restart_min_ms=20, supervisor_restart_max_ms=200,
                    per_second=5000, timeout=90) as flow:
        flow.expected.either.add(line_id(killer))
        flow.wait_fed(2000)
        flow.write_log([killer])
        flow.restart()
        flow.healed()


@row("data: nothing but bad lines")
def data_all_bad(bench):
    with bench.flow(feed=[b"not a log line at all, number %d" % n for n in range(4000)], per_second=4000) as flow:
        flow.expected.add(flow.feeder.lines, 1)


@row("data: equal lines, thousands of them")
def data_equal_lines(bench):
    few = generate(50, seed=bench.seed)
    with bench.flow(feed=few * 200, per_second=10000) as flow:
        flow.expected.add(few)
