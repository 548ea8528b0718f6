"""Following files: growth, rotation, patterns, restarts, odd files."""
import os
import signal

from harness import Site, check, check_equal, generate, wait_until


def test_growth_and_partial_line(stack):
    lines = generate(50, seed=11)
    with Site(stack) as site:
        site.write_log(lines[:10])
        site.start_sluiced()
        site.settle(10, 10)
        with open(site.log, "ab") as file:
            file.write(lines[10][:20])
        site.write_log(lines[11:20], os.path.join(site.folder, "other.log"))
        with open(site.log, "ab") as file:
            file.write(lines[10][20:] + b"\n")
        site.settle(11, 11)


def test_pattern_and_odd_files(stack):
    lines = generate(60, seed=12)
    with Site(stack) as site:
        site.write_conf(inputs=[{"path": site.folder + "/*.log", "format": "ezproxy"}])
        site.write_log(lines[:20], site.folder + "/a.log")
        os.mkfifo(site.folder + "/fifo.log")
        os.mkdir(site.folder + "/folder.log")
        os.symlink("a.log", site.folder + "/link.log")
        os.symlink("nowhere", site.folder + "/dangling.log")
        site.start_sluiced()
        site.settle(20, 20)
        site.write_log(lines[20:40], site.folder + "/b.log")
        site.settle(40, 40)


def test_rotation(stack):
    lines = generate(300, seed=13)
    with Site(stack) as site:
        site.write_log(lines[:100])
        site.start_sluiced()
        site.settle(100, 100)
        os.rename(site.log, site.log + ".1")
        site.write_log(lines[100:150], site.log + ".1")  # writers go on for a while
        site.write_log(lines[150:200])
        site.settle(200, 200)
        # rotated while nobody looks
        sluiced = site.processes[0]
        sluiced.terminate()
        check_equal(sluiced.wait(20), 0, "exit code of a drain")
        site.write_log(lines[200:220])
        os.rename(site.log, site.log + ".2")
        site.write_log(lines[220:300])
        site.start_sluiced()
        site.settle(300, 300)
        check(stack.number("SELECT COUNT(*) FROM raw_log") == 300, "rows")


def test_truncated_file(stack):
    lines = generate(100, seed=14)
    with Site(stack) as site:
        site.write_log(lines[:50])
        site.start_sluiced()
        site.settle(50, 50)
        site.write_log(lines[50:100], mode="wb")
        site.settle(100, 100)
        check("truncated" in site.errors(), "nothing is said about a truncated file")


def test_unreadable_inputs(stack):
    """Shown as the producer's last error until mended, by health too; what the broker does goes first and comes between."""
    lines = generate(40, seed=19)
    with Site(stack) as site:
        folder, loop = site.folder + "/logs", site.folder + "/loop.log"
        site.write_conf(inputs=[{"path": site.log}, {"path": folder + "/*.log"}, {"path": loop}])
        with open(folder, "w") as file:
            file.write("no folder yet")
        os.symlink("loop.log", loop)
        site.write_log(lines[:10])
        site.start_sluiced()

        def error():
            return site.slots("producer")[0]["last_error"] or ""

        def shows(text):
            wait_until(lambda: error() == text, 20, f"the last error is: {text or 'none'}")
        both = f"inputs: {folder} cannot be read: Not a directory; nor can 1 more"
        shows(both)
        site.settle(10, 10)
        done = site.ctl("health")
        check_equal(done.returncode, 1, f"health: {done.stdout}")
        check(f"WARNING - producer/0: {both}" in done.stdout, done.stdout)
        stack.ctl("-q", "set_disk_free_limit", "100000GB")
        try:
            site.write_log(lines[10:20])
            wait_until(lambda: "takes no messages" in error(), 20, "the alarm is the last error")
            wait_until(lambda: site.errors().count("cannot be read") == 2, 5, "each is said once")
            check("takes no messages" in error(), f"the alarm is shown: {error()}")
        finally:
            stack.ctl("-q", "set_disk_free_limit", "256MB")
        shows(both)
        site.settle(20, 20)
        os.remove(folder)
        os.mkdir(folder)
        site.write_log(lines[20:30], folder + "/a.log")
        shows(f"inputs: {loop} cannot be read: Too many levels of symbolic links")
        os.remove(loop)
        site.write_log(lines[30:40], loop)
        shows("")
        site.settle(40, 40)
        check_equal(site.ctl("health").returncode, 0, "health when it is mended")


def test_once(stack):
    lines = generate(5000, seed=15)
    with Site(stack, producer_check_s=0, producer_frame_lines=128) as site:
        with open(site.log, "wb") as file:
            file.write(b"\n".join(lines))  # the last line has no line end
        site.migrate()
        done = site.run("sluice-producer", "--once", "--take-unfinished")
        check_equal(done.returncode, 0, f"--once: {done.stderr}")
        def frames():
            counts = stack.queue_counts()
            return counts["queue-data-lake"] if counts["queue-data-lake"] == counts["queue-data-clean"] >= 40 else 0
        sent = wait_until(frames, 20, "the same number of messages in both queues")
        again = site.run("sluice-producer", "--once")
        check_equal(again.returncode, 0, "--once again")
        check("nothing" in again.stderr or " 0 lines" in again.stderr, f"something was sent again: {again.stderr}")
        site.start_sluiced()
        site.settle(5000, 5000)
        check_equal(sum(s["counters"]["frames_in"] for s in site.slots("lake")), sent, "messages taken by lake workers")


def test_restart_goes_on(stack):
    lines = generate(20000, seed=16)
    with Site(stack) as site:
        site.write_log(lines)
        for _ in range(3):
            sluiced = site.start_sluiced()
            wait_until(lambda: site.stored("raw_log") > 0, 20, "something stored")
            sluiced.send_signal(signal.SIGTERM)
            check_equal(sluiced.wait(40), 0, "exit code of a drain")
        site.start_sluiced()
        site.settle(20000, 20000)


def test_bad_checkpoint(stack):
    lines = generate(100, seed=17)
    for content in (b"", b"{\"version\": 1, \"files\": [{", b"\0" * 100):
        stack.empty()
        with Site(stack) as site:
            site.write_log(lines)
            state = os.path.join(site.folder, "state")
            os.mkdir(state)
            with open(os.path.join(state, "checkpoint"), "wb") as file:
                file.write(content)
            site.start_sluiced()
            site.settle(100, 100)
            check("checkpoint" in site.errors(), "nothing is said")
    with Site(stack) as site:
        os.mkdir(os.path.join(site.folder, "state"))
        with open(os.path.join(site.folder, "state", "checkpoint"), "w") as file:
            file.write('{"version": 99, "files": []}')
        done = site.run("sluice-producer")
        check_equal(done.returncode, 78, f"a newer checkpoint: {done.stderr}")


def test_too_long_line(stack):
    line = b"x" * 5000
    good = generate(2, seed=18)
    with Site(stack, producer_max_line_bytes=2000) as site:
        site.write_log([good[0], line, good[1]])
        site.start_sluiced()
        site.settle(2, 2, dead=1)
        for queue in ("queue-data-lake", "queue-data-clean"):
            letters = stack.dead_letters(queue)
            check_equal(len(letters), 1, f"dead letters of {queue}")
            body, headers, _ = letters[0]
            check_equal(headers["x-sluice-reason"], "line.too_long", "reason")
            check("5000" in headers["x-sluice-detail"], headers["x-sluice-detail"])
