"""Hosts that take a connection and never say a word: the next one is tried, and the broker is served meanwhile."""
import re
import socket

from harness import Site, check, generate, wait_until


class Mute:
    """Listens, accepts by the kernel's leave, answers nothing."""
    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def __exit__(self, *_):
        self.socket.close()


def test_silent_database_hosts(stack):
    lines = generate(2000, seed=96)
    with Mute() as first, Mute() as second:
        hosts = [first, second, f"127.0.0.1:{stack.env['STACK_DB_PORT']}"]
        with Site(stack, database_hosts=hosts, broker_heartbeat_s=3, lake_workers=1, clean_workers=1) as site:
            site.write_log(lines[:1000])
            site.start("sluiced")
            site.settle(1000, 1000, timeout=60)
            # now with lines in hand: the connection is lost, and the silent ones have their turn again
            stack.run("db", "kill")
            site.write_log(lines[1000:])
            wait_until(lambda: not any(s["ready"] for s in site.slots("lake")), 30, "it is noticed")
            stack.run("db", "start")
            stack.read_env()
            site.settle(2000, 2000, timeout=90)
            lost = re.findall(r"role=(?:lake|clean)/0 .*broker .*connection lost", site.errors())
            check(not lost, f"the broker lost patience: {lost}")


def test_silent_broker_host(stack):
    with Mute() as first:
        with Site(stack, broker_hosts=[first, f"127.0.0.1:{stack.env['STACK_AMQP_PORT']}"]) as site:
            site.write_log(generate(500, seed=97))
            site.start("sluiced")
            site.settle(500, 500, timeout=60)
