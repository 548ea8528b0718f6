"""Wrong password, nobody there, queues of another form: one clear line, the right exit code, no storm."""
import os
import socket
import threading

from harness import Failed, Site, check, check_equal, generate, wait_until


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def refused(site, program, code, *words, args=()):
    done = site.run(program, *args)
    check_equal(done.returncode, code, f"exit code of {program}: {done.stderr}")
    lines = [line for line in done.stderr.splitlines() if " level=info " not in line and " level=warning " not in line]
    check_equal(len(lines), 1, f"error lines of {program}: {done.stderr}")
    for word in words:
        check(word in done.stderr, f"{program} does not name {word!r}: {done.stderr}")
    check("wrong-secret" not in done.stderr, "the password is printed")


def test_wrong_passwords(stack):
    with Site(stack) as site:
        wrong = os.path.join(site.folder, "wrong.pass")
        write(wrong, "wrong-secret\n")
        site.write_log(generate(10))
        site.write_conf(broker_password_file=wrong)
        for program in ("sluice-producer", "sluice-lake-worker", "sluice-clean-worker"):
            refused(site, program, 77, "broker 127.0.0.1:", stack.env["STACK_USER"], "password")
        refused(site, "sluicectl", 77, "broker", args=("topology", "check"))
        site.write_conf(database_password_file=wrong)
        for program in ("sluice-lake-worker", "sluice-clean-worker"):
            refused(site, program, 77, "database 127.0.0.1:", "password")
        refused(site, "sluicectl", 77, "database", args=("db", "migrate"))
        site.write_conf(broker_password_file="/nonexistent/pass")
        refused(site, "sluice-producer", 78, "/nonexistent/pass")


def test_password_without_tls(stack):
    """MySQL asks for the whole password when it has forgotten it, as after a restart; without TLS it has to be encrypted."""
    with Site(stack) as site, stack.without_tls():
        stack.admin("FLUSH PRIVILEGES")
        done = site.ctl("db", "status")
        check_equal(done.returncode, 0, f"db status: {done.stderr}")


def test_wrong_vhost_and_database(stack):
    with Site(stack) as site:
        site.write_conf(broker_vhost="/nowhere")
        refused(site, "sluice-lake-worker", 78, "/nowhere")
        site.write_conf(database_name="NOWHERE")
        done = site.run("sluice-lake-worker")
        check(done.returncode in (77, 78), f"{done.returncode} {done.stderr}")
        check("NOWHERE" in done.stderr, done.stderr)


def test_nobody_there(stack):
    """Workers wait for a broker or a database that is away; they say so, and the status shows it."""
    with Site(stack) as site:
        site.write_conf(broker_hosts=["127.0.0.1:1"])
        site.start("sluiced")
        wait_until(lambda: any(s["last_error"] and "127.0.0.1:1" in s["last_error"] for s in site.slots("lake")), 20, "an error in the status")
        check(all(s["state"] == "STARTING" and not s["ready"] for s in site.slots("lake")), f"{site.slots('lake')}")
        check_equal(sum("lake/0" in line and "cannot connect" in line for line in site.errors().splitlines()), 1,
                    "how often lake/0 says it")
    with Site(stack) as site:
        site.write_conf(database_hosts=["127.0.0.1:1"])
        site.start("sluiced")
        wait_until(lambda: any(s["last_error"] and "127.0.0.1:1" in s["last_error"] for s in site.slots("clean")), 20, "an error in the status")
        check_equal(site.ctl("db", "status").returncode, 69, "db status")


def test_each_dead_host_is_named(stack):
    """Also one where something else than a broker answers."""
    with Site(stack) as site, socket.create_server(("127.0.0.1", 0)) as server:
        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: web\r\nContent-Length: 0\r\n\r\n")
        threading.Thread(target=answer, daemon=True).start()
        port = server.getsockname()[1]
        site.write_conf(broker_hosts=["127.0.0.1:1", f"127.0.0.1:{port}", "127.0.0.1:2"])
        done = site.ctl("topology", "apply")
        check_equal(done.returncode, 69, done.stderr)
        for text in ("127.0.0.1:1: cannot connect", f"127.0.0.1:{port}: what answers there does not speak AMQP", "127.0.0.1:2: cannot connect"):
            check(text in done.stderr, f"{text}: {done.stderr}")


def test_a_producer_says_why_it_ends(stack):
    """Not only its log: the status too, as that of workers does."""
    with Site(stack) as site:
        state = os.path.join(site.folder, "state")
        os.makedirs(os.path.join(state, "checkpoint"), exist_ok=True) # a folder is in its way
        site.write_log(generate(1))
        site.start("sluiced")
        wait_until(lambda: any("checkpoint" in s["last_error"] for s in site.slots("producer")), 20, f"its reason; {site.slots('producer')}")


def test_second_host_is_tried(stack):
    with Site(stack) as site:
        site.write_conf(broker_hosts=["127.0.0.1:1", f"127.0.0.1:{stack.env['STACK_AMQP_PORT']}"],
                        database_hosts=["127.0.0.1:1", stack.env["STACK_DB_SOCKET"]])
        site.write_log(generate(10))
        site.start_sluiced()
        site.settle(10, 10)


def test_queue_of_another_form(stack):
    with Site(stack) as site:
        stack.api("DELETE", "queues/%2F/queue-data-clean.dead")
        stack.api("PUT", "queues/%2F/queue-data-clean.dead", {"durable": True, "arguments": {"x-queue-type": "classic"}})
        try:
            for program in ("sluice-producer", "sluice-clean-worker"):
                refused(site, program, 78, "queue-data-clean.dead", "x-queue-type", "classic", "delete_queue")
            refused(site, "sluicectl", 78, "queue-data-clean.dead", args=("topology", "apply"))
        finally:
            stack.api("DELETE", "queues/%2F/queue-data-clean.dead")
        check_equal(site.ctl("topology", "apply").returncode, 0, "topology apply")
        check_equal(site.ctl("topology", "check").returncode, 0, "topology check")


def test_topology_check_sees_a_lost_spare_binding(stack):
    with Site(stack) as site:
        check("spare bindings are there" in site.ctl("topology", "check").stdout, "all is there")
        stack.api("DELETE", "bindings/%2F/e/topic-exchange-logs/q/queue-data-clean/%23.logs")
        done = site.ctl("topology", "check")
        check_equal(done.returncode, 78, f"without a binding: {done.stdout}{done.stderr}")
        check("queue-data-clean has lost its spare binding" in done.stderr and "topology apply" in done.stderr, done.stderr)
        check("queue-data-lake" not in done.stderr, f"the other queue is well: {done.stderr}")
        check_equal(site.ctl("topology", "apply").returncode, 0, "topology apply")
        check_equal(site.ctl("topology", "check").returncode, 0, "after apply")


def test_passive_declare(stack):
    with Site(stack, broker_declare="passive") as site:
        site.write_log(generate(10))
        site.start_sluiced()
        site.settle(10, 10)
    with Site(stack, broker_declare="passive") as site:
        stack.api("DELETE", "queues/%2F/queue-data-lake.dead")
        try:
            refused(site, "sluice-lake-worker", 78, "queue-data-lake.dead", "sluicectl topology apply")
        finally:
            check_equal(site.ctl("topology", "apply").returncode, 0, "topology apply")


def test_definitions_file(stack):
    """What topology export prints is what the broker takes, and the programs are content with it."""
    import json
    with Site(stack) as site:
        done = site.ctl("topology", "export")
        check_equal(done.returncode, 0, "topology export")
        definitions = json.loads(done.stdout)
        check_equal(len(definitions["queues"]), 4, "queues")
        done = site.ctl("topology", "export", "--broker-version", stack.ctl("version").strip()[0])
        check_equal(json.loads(done.stdout), definitions, "the same for this version without asking")
        with Site(stack, broker_hosts=["127.0.0.1:1"]) as nowhere:
            done = nowhere.ctl("topology", "export")
            check("--broker-version 3" in done.stderr, f"a broker that does not answer: {done.stderr}")
            limits = [queue["arguments"].get("x-delivery-limit") for queue in json.loads(done.stdout)["queues"]
                      if queue["name"].endswith(".dead")]
            check_equal(limits, [-1, -1], "delivery limit of the dead letters")
        for queue in ("queue-data-lake", "queue-data-clean", "queue-data-lake.dead", "queue-data-clean.dead"):
            stack.api("DELETE", f"queues/%2F/{queue}")
        stack.api("POST", "definitions/%2F", {k: [{n: v for n, v in entry.items() if n != "vhost"} for entry in rows]
                                              for k, rows in definitions.items()})
        check_equal(site.ctl("topology", "apply").returncode, 0, "topology apply on what was imported")


def test_topology_heals(stack):
    """A deleted queue is made again, a returned message goes out again."""
    lines = generate(200, seed=51)
    with Site(stack) as site:
        site.start_sluiced()
        site.write_log(lines[:100])
        site.settle(100, 100)
        stack.api("DELETE", "queues/%2F/queue-data-lake")
        wait_until(lambda: stack.api("GET", "queues/%2F/queue-data-lake"), 20, "the queue is there again")
        wait_until(site.all_ready, 20, "all ready")
        site.write_log(lines[100:])
        site.settle(200, 200)
