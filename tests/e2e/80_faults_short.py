"""The short rows of the fault suite (tests/faults), the same functions that `make check-faults` runs."""
import os
import sys

from harness import Failed

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "faults"))
import run as suite  # noqa: E402  (first: flow puts the folder of another run.py in front)
import flow  # noqa: E402


def make_test(row):
    def test(stack):
        flow.prepare(stack)
        bench, _, problem = suite.run_row(row, stack, 80)
        if problem:
            raise Failed(problem)
    return test


for _row in suite.load_rows():
    if _row["short"] and not _row["faults"]:
        globals()[f"test_{_row['name']}"] = make_test(_row)
