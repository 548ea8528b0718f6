"""What is measured, one function per measurement. Each gets the machine, its size (lines or seconds) and the results so
far, and returns a dict of figures; run.py repeats it and takes medians."""
import os
import statistics
import time

import peers
from machine import Run, cpu_s, memory_kib, wait_until

BATCH_ROWS = 5000  # of the defaults
FRAME_LINES = 1024
PREFETCH = 64
# One line per message: the prefetch has to cover the batch, and 2000 is what a quorum queue allows.
SINGLE_LINE = {"producer_frame_lines": 1, "lake_prefetch": 2000, "clean_prefetch": 2000,
               "producer_window_frames": 2000}


# --- ceilings ----------------------------------------------------------------------------------------------

def two_tables(machine, lines, _):
    machine.level()
    done = machine.tool("bench_insert", settings_of(machine), machine.log(lines), BATCH_ROWS)
    return {"ceiling_two_tables_lps": done["lines"] / done["seconds"]}


def broker_frames(machine, lines, _):
    machine.level(flush=False)
    done = machine.tool("bench_broker", settings_of(machine), machine.log(lines), FRAME_LINES, PREFETCH)
    return {"broker_only_lps": done["lines"] / done["seconds"]}


def broker_single_lines(machine, lines, _):
    machine.level(flush=False)
    done = machine.tool("bench_broker", settings_of(machine), machine.log(lines), 1,
                        SINGLE_LINE["lake_prefetch"])
    return {"broker_only_single_line_lps": done["lines"] / done["seconds"]}


def one_core(machine, lines, _):
    done = machine.tool("bench_lines", machine.log(lines), 3)
    return {"md5_lps": done["md5"], "parser_only_lps": done["parse"], "parser_lps": done["line"],
            "raw_row_lps": done["raw_row"], "clean_row_lps": done["clean_row"]}


def settings_of(machine):
    """The stack's settings as a file that the measuring programs accept."""
    path = os.path.join(machine.folder, "tools.conf")
    if not os.path.exists(path):
        with open(path, "w") as file, open(machine.stack.env["STACK_CONF"]) as stack:
            file.write('inputs = ( { path = "/dev/null"; format = "ezproxy"; } );\n' + stack.read())
    return path


# --- others ------------------------------------------------------------------------------------------------

def python_pipeline(machine, lines, _):
    machine.level(flush=False)
    return {"python_lps": peers.python_lps(machine, lines)}


def rsyslog(machine, lines, _):
    machine.level()
    return {"rsyslog_lps": peers.rsyslog_lps(machine, lines)}


# --- Sluice ------------------------------------------------------------------------------------------------

def run_through(machine, lines, workers=None, **settings):
    """A log from its first byte read to the last commit in both tables; the run stays open while it is looked at."""
    machine.level()
    with Run(machine, workers, **settings) as run:
        pids = {**run.pids(), **machine.server_pids()}
        before = {name: cpu_s(of) for name, of in pids.items()}
        begin = run.show(lines)
        seconds = run.wait_settled(lines) - begin
        after = {name: cpu_s(of) for name, of in pids.items()}
        rss = {name: max(memory_kib(pid, "VmHWM") for pid in of) for name, of in pids.items()}
        batches = {role: sum(s["counters"]["batches"] for s in run.control.status()["slots"] if s["role"] == role)
                   for role in ("lake", "clean")}
        run.verify(lines)
    return {"lps": lines / seconds, "rss_kib": rss,
            "cpu_us_per_line": {name: (after[name] - before[name]) / lines * 1e6 for name in pids},
            "rows_per_batch": {role: lines / count for role, count in batches.items()}}


def end_to_end(machine, lines, _):
    found = run_through(machine, lines)
    data = os.path.join(machine.stack.folder, "database", "data", machine.stack.env["STACK_DB_NAME"])
    on_disk = sum(os.path.getsize(os.path.join(data, f"{table}.ibd")) for table in ("raw_log", "clean_log"))
    return {"end_to_end_lps": found["lps"], "rss_kib": found["rss_kib"], "cpu_us_per_line": found["cpu_us_per_line"],
            "rows_per_batch": found["rows_per_batch"], "bytes_per_line": on_disk / lines,
            "log_bytes_per_line": os.path.getsize(machine.log(lines)) / lines}


def end_to_end_single_lines(machine, lines, _):
    return {"end_to_end_single_line_lps": run_through(machine, lines, **SINGLE_LINE)["lps"]}


def with_workers(count):
    def measure(machine, lines, _):
        return {f"end_to_end_{count}_workers_lps": run_through(machine, lines, workers=count)["lps"]}
    return measure


def catch_up(machine, lines, _):
    """The database was away while the log was read: from its first answer to the last commit."""
    machine.level()
    with Run(machine) as run:
        machine.database.close()
        machine.stack.run("db", "stop")
        run.show(lines)
        wait_until(lambda: sum(s["counters"]["lines_confirmed"] for s in run.control.status()["slots"]) >= lines, 120,
                   "the broker has all lines")
        machine.stack.run("db", "start")
        begin = time.monotonic()
        machine.stack.read_env()
        machine.reconnect()
        seconds = run.wait_settled(lines) - begin
        run.verify(lines)
        rss = {name: max(memory_kib(pid, "VmHWM") for pid in of) for name, of in run.pids().items()}
    return {"catch_up_lps": lines / seconds, "catch_up_s": seconds, "catch_up_rss_kib": rss}


def measure_latency(machine, rate, seconds):
    machine.level(flush=False)
    with Run(machine) as run:
        source = machine.log(int(rate * seconds) + 1)
        return machine.tool("bench_latency", run.site.conf, source, run.live, int(rate), seconds)


def latency_100(machine, seconds, _):
    found = measure_latency(machine, 100, seconds)
    return {"latency_p50_ms_100": found["p50_ms"], "latency_p99_ms_100": found["p99_ms"]}


def latency_half(machine, seconds, results):
    known = results.get("end_to_end_lps") or [run_through(machine, 150000)["lps"]]
    rate = statistics.median(known) / 2
    found = measure_latency(machine, rate, seconds)
    return {"latency_p50_ms_half": found["p50_ms"], "latency_p99_ms_half": found["p99_ms"],
            "latency_half_rate_lps": found["lines_per_s"]}


# --- growth ------------------------------------------------------------------------------------------------

def growth(machine, lines, _):
    """Rate per tenth of the lines, while the tables outgrow the buffer pool; memory at each step."""
    step = lines // 10
    machine.level()
    rates, rss = [], []
    with Run(machine) as run:
        pids = run.pids()
        last = run.show(lines)
        for number in range(1, 11):
            now = run.wait_settled(number * step)
            rates.append(step / (now - last))
            rss.append({name: max(memory_kib(pid, "VmRSS") for pid in of) for name, of in pids.items()})
            last = now
        run.verify(lines)
    grown = max(rss[-1][name] / rss[1][name] for name in pids)
    return {"growth_step_lines": step, "growth_lps": rates, "growth_rss_kib": rss,
            # the first step finds an empty redo log; what it is like to be full starts with the second
            "flatness_5m": statistics.mean(rates[-2:]) / statistics.mean(rates[1:3]), "rss_growth_5m": grown}


# A run has to be long: the first 130,000 lines find an empty redo log, and no page has to be written for them.
# name, function, (rounds, size) of a full and of a quick run; of a round all are run, in this order
MEASURES = (
    ("one core", one_core, (3, 200000), (1, 100000)),
    ("both tables, bare", two_tables, (5, 600000), (3, 150000)),
    ("end to end", end_to_end, (5, 600000), (3, 150000)),
    ("rsyslog", rsyslog, (3, 100000), (1, 20000)),
    ("Python", python_pipeline, (3, 2000), (1, 200)),
    ("broker only", broker_frames, (3, 400000), (1, 50000)),
    ("one line per message, broker only", broker_single_lines, (3, 50000), (1, 15000)),
    ("one line per message", end_to_end_single_lines, (3, 50000), (1, 15000)),
    ("1 worker per stage", with_workers(1), (3, 400000), (1, 50000)),
    ("2 workers per stage", with_workers(2), (3, 400000), (1, 50000)),
    ("4 workers per stage", with_workers(4), (3, 400000), (1, 50000)),
    ("catch-up", catch_up, (3, 400000), (1, 50000)),
    ("latency at 100 lines/s", latency_100, (3, 20), (1, 3)),
    ("latency at half of the maximum", latency_half, (3, 20), (1, 3)),
    ("growth", growth, (1, 5000000), (1, 200000)),
)
