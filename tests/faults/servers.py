"""What can happen to the broker and to the database alike: hung, cut off, slow."""
import contextlib
import os
import signal
import threading

from flow import Proxy, wait_until


@contextlib.contextmanager
def hung(pid, seconds):
    """The process stands still for so long; the block looks at what that has done, then it goes on."""
    os.kill(pid, signal.SIGSTOP)
    try:
        threading.Event().wait(seconds)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def through_proxy(bench, port, hosts, inject, **more):
    """Lines flow with a proxy in the way: port names the server's in the stack, hosts the setting that leads there."""
    with Proxy(bench.stack.env[port]) as proxy, bench.flow(**{hosts: [proxy.address]}, **more) as flow:
        flow.wait_stored(1000)
        inject(proxy, flow)
        proxy.tell("pass")
        flow.healed()


def reset_ten_times(proxy, flow):
    for _ in range(10):
        flow.wait_fed(200)
        proxy.tell("reset")


def cut_ten_times(first):
    """After so many bytes, then after some more each time: in the middle of something."""
    def inject(proxy, flow):
        for number in range(10):
            wanted = proxy.stats()["cut"] + 1
            proxy.tell(f"cut {first + 7777 * number}")
            wait_until(lambda: proxy.stats()["cut"] >= wanted, 30, "a cut")
    return inject


def slice_then_delay(proxy, flow):
    stored = flow.stored("raw_log")
    proxy.tell("slice")
    flow.wait_stored(stored + 200)
    proxy.tell("pass")
    proxy.tell("delay 200")
    flow.wait_stored(stored + 2000)
