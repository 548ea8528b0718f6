"""The wall clock jumps; nothing that waits may care."""
import os

from flow import BUILD, PRELOAD, row, wait_until

DAY_S = 86400


def jump(bench, *offsets):
    path = f"/tmp/sluice-clock-{os.getpid()}"
    env = {**PRELOAD, "LD_PRELOAD": os.path.join(BUILD, "tests", "shims", "clock_jump.so"), "SHIM_CLOCK_FILE": path}
    try:
        with open(path, "w") as file:
            file.write("0")
        with bench.flow(env=env, supervisor_hang_s=10, lines=8000, per_second=1000) as flow:
            for offset in offsets:
                stored = flow.stored("raw_log")
                flow.wait_stored(stored + 1000)
                with open(path + ".new", "w") as file:
                    file.write(str(offset))
                os.rename(path + ".new", path)
            flow.wait_fed(2000)
            flow.check_nobody_died()
            flow.healed()
    finally:
        os.unlink(path)


@row("clock: a day forward, back, and a day back")
def clock_jumps(bench):
    jump(bench, DAY_S, 0, -DAY_S, 0)


@row("clock: jumps while the broker is away")
def clock_jumps_in_outage(bench):
    path = f"/tmp/sluice-clock-{os.getpid()}"
    env = {**PRELOAD, "LD_PRELOAD": os.path.join(BUILD, "tests", "shims", "clock_jump.so"), "SHIM_CLOCK_FILE": path}
    try:
        with open(path, "w") as file:
            file.write("0")
        with bench.flow(env=env, supervisor_hang_s=10) as flow:
            flow.wait_stored(1000)
            bench.stack.run("broker", "stop")
            flow.wait_waiting("producer")
            with open(path, "w") as file:
                file.write(str(-DAY_S))
            bench.stack.run("broker", "start")
            flow.check_nobody_died()
            flow.healed()
    finally:
        os.unlink(path)
