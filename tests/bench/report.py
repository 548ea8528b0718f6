"""Figures to a table for people and to build/bench.json."""
import json
import os
import platform
import statistics

# The ratios: name, what of, what by. Both are taken in the same round, one right after the other, so that what else
# the machine does meanwhile hits both; the median of the rounds' ratios counts.
RATIOS = (
    ("end_to_end_vs_ceiling", "end_to_end_lps", "ceiling_two_tables_lps"),
    ("end_to_end_vs_python", "end_to_end_lps", "python_lps"),
    ("end_to_end_vs_rsyslog", "end_to_end_lps", "rsyslog_lps"),
    ("end_to_end_vs_broker_only", "end_to_end_lps", "broker_only_lps"),
    ("single_line_vs_broker_only", "end_to_end_single_line_lps", "broker_only_single_line_lps"),
    ("catch_up_vs_ceiling", "catch_up_lps", "ceiling_two_tables_lps"),
)

# The targets: figure, how it compares, limit.
TARGETS = (
    ("end_to_end_vs_ceiling", ">=", 0.90),
    ("end_to_end_vs_python", ">=", 250),
    ("end_to_end_vs_rsyslog", ">=", 2.5),
    ("single_line_vs_broker_only", ">=", 0.8),
    ("flatness_5m", ">=", 0.9),
    ("rss_growth_5m", "<=", 1.1),
    ("latency_p99_ms_100", "<=", 50),
    ("latency_p99_ms_half", "<=", 250),
    ("parser_lps", ">=", 2000000),
    ("rss_kib.producer", "<=", 8192),
    ("rss_kib.lake", "<=", 16384),
    ("rss_kib.clean", "<=", 16384),
    ("rss_kib.sluiced", "<=", 4096),
)

# The table: heading, then figure, what it is, unit, number format, figure to show beside it as a ratio.
TABLE = (
    ("Ceilings of this machine", (
        ("ceiling_two_tables_lps", "both tables at once, bare inserts", "lines/s", "{:,.0f}", None),
        ("broker_only_lps", "broker only, frames through both queues", "lines/s", "{:,.0f}", None),
        ("broker_only_single_line_lps", "broker only, one line per message", "lines/s", "{:,.0f}", None),
        ("parser_only_lps", "one core: parser and time", "lines/s", "{:,.0f}", None),
        ("md5_lps", "one core: MD5", "lines/s", "{:,.0f}", None),
        ("parser_lps", "one core: parser, MD5 and time", "lines/s", "{:,.0f}", None),
        ("raw_row_lps", "one core: line to raw row", "lines/s", "{:,.0f}", None),
        ("clean_row_lps", "one core: line to clean row", "lines/s", "{:,.0f}", None),
    )),
    ("Others", (
        ("python_lps", "Python (pika, SQLAlchemy), both tables", "lines/s", "{:,.0f}", None),
        ("rsyslog_lps", "rsyslog, the raw line only", "lines/s", "{:,.0f}", None),
    )),
    ("Sluice, file to both tables", (
        ("end_to_end_lps", "settings as they come", "lines/s", "{:,.0f}", "end_to_end_vs_ceiling"),
        ("end_to_end_vs_python", "  against Python", "times", "{:.0f}", None),
        ("end_to_end_vs_rsyslog", "  against rsyslog", "times", "{:.1f}", None),
        ("end_to_end_single_line_lps", "one line per message", "lines/s", "{:,.0f}", "single_line_vs_broker_only"),
        ("end_to_end_1_workers_lps", "1 worker per stage", "lines/s", "{:,.0f}", None),
        ("end_to_end_2_workers_lps", "2 workers per stage", "lines/s", "{:,.0f}", None),
        ("end_to_end_4_workers_lps", "4 workers per stage", "lines/s", "{:,.0f}", None),
        ("catch_up_lps", "catching up after a database outage", "lines/s", "{:,.0f}", "catch_up_vs_ceiling"),
        ("latency_p50_ms_100", "line to row, 100 lines/s, median", "ms", "{:.1f}", None),
        ("latency_p99_ms_100", "line to row, 100 lines/s, 99 %", "ms", "{:.1f}", None),
        ("latency_p50_ms_half", "line to row, half of the maximum, median", "ms", "{:.1f}", None),
        ("latency_p99_ms_half", "line to row, half of the maximum, 99 %", "ms", "{:.1f}", None),
        ("bytes_per_line", "on disk, both tables", "bytes/line", "{:.0f}", None),
        ("flatness_5m", "rate at 5 million rows against 0.5 million", "times", "{:.2f}", None),
        ("rss_growth_5m", "memory at 5 million rows against 1 million", "times", "{:.2f}", None),
    )),
)

PROCESSES = ("sluiced", "producer", "lake", "clean", "broker", "database")


def median_of(values):
    """Of numbers, of dicts of numbers; anything else as it was last."""
    if isinstance(values[0], dict):
        return {key: median_of([v[key] for v in values]) for key in values[0]}
    if isinstance(values[0], (int, float)):
        return statistics.median(values)
    return values[-1]


def summarise(results):
    """results: figure -> list, one per round. Medians, ratios of rounds, targets."""
    figures = {name: median_of(values) for name, values in results.items()}
    for name, of, by in RATIOS:
        if of in results and by in results:
            figures[name] = statistics.median(a / b for a, b in zip(results[of], results[by]))
    figures["targets"] = {}
    for name, comparison, limit in TARGETS:
        value = look_up(figures, name)
        if value is not None:
            met = value >= limit if comparison == ">=" else value <= limit
            figures["targets"][name] = {"value": value, "wanted": f"{comparison} {limit}", "met": met}
    return figures


def look_up(figures, name):
    for part in name.split("."):
        figures = figures.get(part) if isinstance(figures, dict) else None
    return figures


def mark_of(figures, name):
    target = figures["targets"].get(name)
    if target is None:
        return ""
    return f"  {'✓' if target['met'] else '✗'} wanted {target['wanted']}"


def spread_of(results, name):
    values = results.get(name, [])
    return f"{min(values):,.0f} to {max(values):,.0f}" if len(values) > 1 and max(values) > 1000 else ""


def print_rows(figures, results, rows):
    for name, what, unit, form, ratio in rows:
        if name not in figures:
            continue
        text = f"  {what:44}{form.format(figures[name]):>12} {unit:<11}{spread_of(results, name):>24}"
        if ratio is not None and ratio in figures:
            text += f"  {figures[ratio]:.2f} of it{mark_of(figures, ratio)}"
        print((text + mark_of(figures, name)).rstrip())


def print_processes(figures):
    print("\nPer process, end to end          CPU µs per line    most memory, KiB")
    for name in PROCESSES:
        print(f"  {name:31}{figures['cpu_us_per_line'][name]:15.2f}{figures['rss_kib'][name]:20,.0f}"
              f"{mark_of(figures, 'rss_kib.' + name)}")


def print_growth(figures):
    step = figures["growth_step_lines"]
    print(f"\nGrowth, per {step:,.0f} rows in each table   lines/s   memory of lake and clean, KiB")
    for number, (rate, rss) in enumerate(zip(figures["growth_lps"], figures["growth_rss_kib"]), 1):
        print(f"  to {number * step:>12,.0f}{rate:23,.0f}{rss['lake']:10,}{rss['clean']:10,}")


def print_report(figures, results):
    for heading, rows in TABLE:
        if any(name in figures for name, *_ in rows):
            print(f"\n{heading}")
            print_rows(figures, results, rows)
    if "cpu_us_per_line" in figures:
        print_processes(figures)
    if "growth_lps" in figures:
        print_growth(figures)
    missed = [name for name, target in figures["targets"].items() if not target["met"]]
    print(f"\n{len(figures['targets']) - len(missed)} of {len(figures['targets'])} targets met"
          + (f"; missed: {', '.join(missed)}" if missed else ""))


def describe_machine():
    with open("/proc/cpuinfo") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return {"cpus": os.cpu_count(), "model": models[0] if models else "?", "kernel": platform.release(),
            "load": os.getloadavg()[0]}


def write_json(path, figures, results, quick):
    with open(path + ".new", "w") as file:
        json.dump({"quick": quick, "machine": describe_machine(), **figures, "rounds": results}, file, indent=1)
        file.write("\n")
    os.rename(path + ".new", path)
