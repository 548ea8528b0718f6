"""Faults of the broker, of what is declared there, and of the way to it."""
import servers
from flow import Failed, check, row, wait_until
from rows_database import hold_open, hold_while_still, let_go
from servers import cut_ten_times, hung, reset_ten_times, slice_then_delay

PUBLISH = bytes((0, 60, 0, 40)).hex()     # class basic, method publish
QUEUES = ("queue-data-lake", "queue-data-clean")


@row("broker: kill -9")
def broker_kill(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.run("broker", "kill")
        for role in ("producer", "lake", "clean"):
            flow.wait_waiting(role)
        flow.check_nobody_died()
        bench.stack.run("broker", "start")
        flow.healed()


@row("broker: kill -9, five times")
def broker_kill_often(bench):
    with bench.flow(lines=15000, timeout=90) as flow:
        for number in range(5):
            flow.wait_stored(1000 * (number + 1))
            bench.stack.run("broker", "kill")
            bench.stack.run("broker", "start")
        flow.check_nobody_died()
        flow.healed()


@row("broker: clean restart")
def broker_restart(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.run("broker", "stop")
        flow.wait_waiting("producer")
        bench.stack.run("broker", "start")
        flow.check_nobody_died()
        flow.healed()


def hang(bench, seconds, **settings):
    with bench.flow(lines=12000, per_second=1000, **settings) as flow:
        flow.wait_stored(1000)
        with hung(int(bench.stack.env["STACK_BROKER_PID"]), seconds):
            check(all(s["state"] in ("RUNNING", "STARTING") for s in flow.slots()), "somebody has died")
        flow.healed()


@row("broker: hung for 20 s (SIGSTOP)")
def broker_hung(bench):
    hang(bench, 20)


@row("broker: hung for 90 s (SIGSTOP)", slow=True)
def broker_hung_long(bench):
    hang(bench, 90, broker_heartbeat_s=15)


@row("broker: memory alarm; workers go on acknowledging", short=True)
def broker_memory_alarm(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        flow.feeder.go.clear()      # some lines are kept for the time of the alarm
        bench.stack.ctl("-q", "set_vm_memory_high_watermark", "0.00001")
        try:
            flow.feeder.go.set()
            flow.wait_said("takes no messages")
            wait_until(lambda: [flow.depths().get(q) for q in QUEUES] == [0, 0], 30,
                       "the workers empty the queues under the alarm")
            flow.check_nobody_died()
        finally:
            bench.stack.ctl("-q", "set_vm_memory_high_watermark", "0.4")
        flow.healed()


@row("broker: disk alarm with bad lines in the stream")
def broker_disk_alarm(bench):
    with bench.flow(bad=20, lake_workers=1, clean_workers=1) as flow:
        flow.wait_stored(1000)
        # a backlog with bad lines, so that dead letters are due while nothing may be published
        holder = hold_while_still(flow, "LOCK TABLES clean_log WRITE")
        try:
            flow.wait_fed(1000)
            flow.feeder.go.clear()
            bench.stack.ctl("-q", "set_disk_free_limit", "100000GB")
            flow.feeder.go.set()
            flow.wait_said("takes no messages")
        finally:
            let_go(bench.stack, holder)
        try:
            flow.wait_said("does not take dead letters")
            wait_until(lambda: flow.depths().get("queue-data-lake") == 0, 30, "the lake goes on under the alarm")
            flow.check_nobody_died()
        finally:
            bench.stack.ctl("-q", "set_disk_free_limit", "256MB")
        flow.healed()


@row("broker: all connections closed each second, ten times")
def broker_connections_closed(bench):
    with bench.flow(per_second=500) as flow:
        flow.wait_stored(500)
        bench.stack.ctl("-q", "eval", '[begin [rabbit_networking:close_connection(P, "fault suite") || '
                        'P <- rabbit_networking:connections()], timer:sleep(1000) end || _ <- lists:seq(1, 10)], ok.')
        flow.healed()
        flow.check_nobody_died()


@row("broker: queue at its max-length")
def broker_queue_full(bench):
    with bench.flow(lines=20000) as flow:
        flow.wait_stored(500)
        bench.stack.api("PUT", "policies/%2F/small", {"pattern": "^queue-data-lake$", "apply-to": "queues",
                                                      "definition": {"max-length": 50}})
        try:
            check(flow.ctl("scale", "lake=0").returncode == 0, "scale lake=0")
            flow.wait_said("refused a message")
            flow.check_nobody_died()
            check(flow.ctl("scale", "lake=2").returncode == 0, "scale lake=2")
            wait_until(lambda: flow.total("frames_refused") > 0, 20, "refusals are counted")
        finally:
            bench.stack.api("DELETE", "policies/%2F/small")
        flow.healed()


def pause_until_empty(flow):
    """Hold the lines back until nothing is on its way: what a person deletes with a queue cannot be had back."""
    flow.feeder.go.clear()
    fed = flow.feeder.fed
    wait_until(lambda: flow.stored("raw_log") >= fed and flow.depths().get("queue-data-clean") == 0 and
               flow.depths().get("queue-data-lake") == 0, 30, "nothing is on its way", pause=0.2)


def deleted_queue(bench, name):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        pause_until_empty(flow)
        bench.stack.api("DELETE", f"queues/%2F/{name}")
        wait_until(lambda: bench.stack.api("GET", f"queues/%2F/{name}") is not None, 30, f"{name} is there again")
        wait_until(flow.all_ready, 30, "all are ready again")
        flow.feeder.go.set()
        flow.healed()
        flow.check_nobody_died()


@row("broker: queue-data-lake deleted", short=True)
def broker_lake_deleted(bench):
    deleted_queue(bench, "queue-data-lake")


@row("broker: queue-data-clean deleted")
def broker_clean_deleted(bench):
    deleted_queue(bench, "queue-data-clean")


@row("broker: a queue deleted while its last messages are in a worker's hands")
def broker_deleted_in_hand(bench):
    with bench.flow(lines=6000) as flow:
        flow.wait_stored(1000)
        pause_until_empty(flow)
        holder = hold_open(bench.stack, "LOCK TABLES raw_log WRITE")
        try:
            fed = flow.feeder.fed
            flow.write_log(flow.feeder.lines[fed:fed + 300])    # fewer than the workers may hold
            flow.feeder.fed = fed + 300
            wait_until(lambda: flow.total("lines_confirmed") == fed + 300 and
                       ready_messages(bench.stack, "queue-data-lake") == 0, 20, "all is in the workers' hands")
            bench.stack.api("DELETE", "queues/%2F/queue-data-lake")
            flow.wait_said("is gone: storing")
        finally:
            let_go(bench.stack, holder)
        wait_until(lambda: bench.stack.api("GET", "queues/%2F/queue-data-lake") is not None and flow.all_ready(), 30,
                   "the queue is there again")
        flow.feeder.go.set()
        flow.healed()


def ready_messages(stack, queue):
    """As the broker itself counts, not its statistics."""
    for line in stack.ctl("-q", "--no-table-headers", "list_queues", "name", "messages_ready", "messages").splitlines():
        name, ready, _ = line.split()
        if name == queue:
            return int(ready)
    return -1


@row("broker: topic-exchange-logs deleted")
def broker_exchange_deleted(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        bench.stack.api("DELETE", "exchanges/%2F/topic-exchange-logs")
        wait_until(lambda: bench.stack.api("GET", "exchanges/%2F/topic-exchange-logs") is not None, 30, "it is there again")
        flow.healed()
        flow.check_nobody_died()


@row("broker: both queues of dead letters deleted, then bad lines")
def broker_dead_queues_deleted(bench):
    bad_lines = [b"no log line, number %d" % n for n in range(300)]
    with bench.flow(bad=0) as flow:
        flow.wait_stored(1000)
        for name in QUEUES:
            bench.stack.api("DELETE", f"queues/%2F/{name}.dead")
        flow.expected.add(bad_lines, 1)
        flow.write_log(bad_lines)
        flow.healed()


@row("broker: dead-letter exchange deleted")
def broker_dead_exchange_deleted(bench):
    with bench.flow(bad=50) as flow:
        flow.wait_stored(1000)
        bench.stack.api("DELETE", "exchanges/%2F/topic-exchange-logs.dead")
        flow.healed()


@row("broker: one binding deleted while lines flow; declared again within a minute")
def broker_binding_deleted(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        path = "bindings/%2F/e/topic-exchange-logs/q/queue-data-clean/logs"
        bench.stack.api("DELETE", path)
        wait_until(lambda: bench.stack.api("GET", path) is not None, 80, "the binding is there again", pause=0.5)
        flow.healed()


@row("broker: consumer timeout")
def broker_consumer_timeout(bench):
    evaluate = lambda text: bench.stack.ctl("-q", "eval", text)  # noqa: E731
    evaluate("application:set_env(rabbit, consumer_timeout, 3000), application:set_env(rabbit, channel_tick_interval, 1000).")
    try:
        with bench.flow(broker_heartbeat_s=15) as flow:
            flow.wait_stored(1000)
            holder = hold_while_still(flow, "LOCK TABLES raw_log WRITE")
            try:
                wait_until(lambda: flow.errors_say("consumer ack timed out") or flow.errors_say("imeout") and flow.errors_say("PRECONDITION"),
                           60, "a channel closed for its consumer's silence")
            finally:
                let_go(bench.stack, holder)
            flow.healed()
            flow.check_nobody_died()
    finally:
        evaluate("application:set_env(rabbit, consumer_timeout, 1800000), application:set_env(rabbit, channel_tick_interval, 60000).")


def refused_login(bench, spoil, heal, words):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        spoil()
        try:
            bench.stack.ctl("-q", "close_all_connections", "fault suite")
            wait_until(lambda: all(any(any(w in (s["last_error"] or "") for w in words) for s in flow.slots(r))
                                   for r in ("producer", "lake", "clean")), 30, f"{words} in the status of each role")
            flow.check_nobody_died()
        finally:
            heal()
        flow.healed()


@row("broker: password changed and changed back")
def broker_password(bench):
    user, password = bench.stack.env["STACK_USER"], bench.stack.env["STACK_PASSWORD"]
    refused_login(bench, lambda: bench.stack.ctl("-q", "change_password", user, "another"),
                  lambda: bench.stack.ctl("-q", "change_password", user, password), ["ACCESS_REFUSED", "password"])


@row("broker: permission revoked and given back")
def broker_permission(bench):
    user = bench.stack.env["STACK_USER"]
    refused_login(bench, lambda: bench.stack.ctl("-q", "set_permissions", user, "^$", "^$", "^$"),
                  lambda: bench.stack.ctl("-q", "set_permissions", user, ".*", ".*", ".*"), ["refused", "permission", "403"])


@row("broker: queue comes back with other arguments")
def broker_other_arguments(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        pause_until_empty(flow)
        # faster than anybody can declare it again: in one go at the broker
        bench.stack.ctl("-q", "eval", 'N = rabbit_misc:r(<<"/">>, queue, <<"queue-data-lake">>), {ok, Q} = rabbit_amqqueue:lookup(N), '
                        'rabbit_amqqueue:delete(Q, false, false, <<"fault">>), '
                        'rabbit_amqqueue:declare(N, true, false, [], none, <<"fault">>), ok.')
        if wait_until(lambda: queue_type(bench.stack), 20, "the queue") != "classic":
            raise Failed("the queue was declared again before it could be spoilt")
        wait_until(lambda: any("inequivalent arg" in (s["last_error"] or "") for s in flow.slots("lake")), 60,
                   "the argument that differs in the status")
        flow.check_nobody_died()
        bench.stack.api("DELETE", "queues/%2F/queue-data-lake")
        wait_until(lambda: queue_type(bench.stack) == "quorum" and flow.all_ready(), 60, "the queue is as it should be")
        flow.feeder.go.set()
        flow.healed()


def queue_type(stack):
    return (stack.api("GET", "queues/%2F/queue-data-lake") or {}).get("type")


# --- the way there -----------------------------------------------------------------------------------------


def through_proxy(bench, inject, **more):
    servers.through_proxy(bench, "STACK_AMQP_PORT", "broker_hosts", inject, **more)


@row("broker: the reply to a publish is lost, 20 times")
def broker_confirm_lost(bench):
    def inject(proxy, flow):
        proxy.tell(f"drop {PUBLISH} 20")
        wait_until(lambda: proxy.stats()["dropped"] == 20, 60, "twenty lost replies")
    through_proxy(bench, inject)


@row("broker: connections reset, 10 times")
def broker_reset(bench):
    through_proxy(bench, reset_ten_times)


@row("broker: cut in the middle of a frame, 10 times")
def broker_cut(bench):
    through_proxy(bench, cut_ten_times(30000), lines=20000)


@row("broker: frames in single bytes, then slow")
def broker_slices(bench):
    through_proxy(bench, slice_then_delay)


@row("broker: swallows everything (black hole)")
def broker_hole(bench):
    def inject(proxy, flow):
        proxy.tell("hole")
        for role in ("producer", "lake", "clean"):
            flow.wait_waiting(role, timeout=60)
        flow.check_nobody_died()
        proxy.tell("reset")
    through_proxy(bench, inject)


@row("broker: does not read (stall)")
def broker_stall(bench):
    def inject(proxy, flow):
        proxy.tell("stall")
        for role in ("producer", "lake", "clean"):
            flow.wait_waiting(role, timeout=60)
    through_proxy(bench, inject)
