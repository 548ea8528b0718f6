"""Faults of the producer's checkpoint and of its disk: never "start at the end", and it says what it does."""
import json
import os
import signal
import subprocess
import tempfile

from flow import BUILD, check, row, wait_until
from harness import check_equal


def checkpoint_path(flow):
    return os.path.join(flow.folder, "state", "checkpoint")


def offset(flow):
    """Of the one file in the checkpoint; -1 = there is none."""
    try:
        with open(checkpoint_path(flow)) as file:
            return json.load(file)["files"][0]["offset"]
    except (OSError, ValueError, LookupError):
        return -1


def stop(flow):
    flow.bank()
    flow.sluiced.send_signal(signal.SIGTERM)
    check_equal(flow.sluiced.wait(40), 0, "exit code")


def is_shown(flow, why):
    """The operator sees it: last error, event, health."""
    def error():
        return flow.slots("producer")[0]["last_error"]
    wait_until(lambda: "the checkpoint cannot be written" in error() and why in error(), 20, "it is the last error")
    done = flow.ctl("health")
    check(done.returncode == 1 and "the checkpoint cannot be written" in done.stdout, f"health: {done.stdout}")
    wait_until(lambda: "the checkpoint cannot be written" in flow.ctl("events").stdout, 20, "it is an event")


def is_over(flow):
    wait_until(lambda: flow.slots("producer")[0]["last_error"] == "", 20, "no last error any more")


@row("checkpoint: disk full, then room again; killed meanwhile")
def checkpoint_disk_full(bench):
    folder = tempfile.mkdtemp(prefix="sluice-state-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", folder], check=True)
    try:
        with bench.flow(supervisor_state_dir=folder, supervisor_restart_min_ms=20) as flow:
            flow.wait_stored(1000)
            with open(os.path.join(folder, "ballast"), "wb", buffering=0) as ballast:
                try:
                    while True:
                        ballast.write(b"x" * 4096)
                except OSError:
                    pass
            flow.wait_said("checkpoint cannot be written", "No space left")
            flow.wait_fed(1000)
            is_shown(flow, "No space left")
            os.kill(flow.pids("producer")[0], signal.SIGKILL)
            wait_until(flow.all_ready, 20, "a new producer")
            flow.wait_fed(1000)
            os.unlink(os.path.join(folder, "ballast"))
            is_over(flow)
            flow.healed()
            flow.finish()
            size = os.path.getsize(flow.log)
            wait_until(lambda: json.load(open(os.path.join(folder, "checkpoint")))["files"][0]["offset"] == size, 20,
                       "the checkpoint is complete")
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        os.rmdir(folder)


@row("checkpoint: state disk becomes read-only, then writable again")
def checkpoint_read_only(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        # As a file system does that went read-only by itself; remount refuses while the lock is open.
        tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-e", "trace=/^renameat", "-e", "inject=/^renameat:error=EROFS",
                                   "-p", str(flow.pids("producer")[0])], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            flow.wait_said("checkpoint cannot be written", "Read-only file system")
            is_shown(flow, "Read-only file system")
            flow.wait_fed(1000)
        finally:
            tracer.terminate()
            tracer.wait()
        is_over(flow)
        flow.healed()
        flow.finish()


@row("checkpoint: fsync fails")
def checkpoint_fsync(bench):
    with bench.flow() as flow:
        flow.wait_stored(1000)
        pid = flow.pids("producer")[0]
        tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "-p", str(pid)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            flow.wait_said("checkpoint cannot be written", "Input/output error")
            stood = offset(flow)
            flow.wait_fed(1000)
            check_equal(offset(flow), stood, "a checkpoint that was not synced has taken its place")
            os.kill(pid, signal.SIGKILL)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)
        flow.healed()
        flow.finish()
        wait_until(lambda: offset(flow) == os.path.getsize(flow.log), 20, "the checkpoint is complete")


def spoilt(bench, text, *said):
    """Stop, put text into the checkpoint's place, start."""
    with bench.flow(lines=8000) as flow:
        flow.wait_stored(1000)
        stop(flow)
        with open(checkpoint_path(flow)) as file:
            whole = file.read()
        with open(checkpoint_path(flow), "w") as file:
            file.write(text(whole))
        flow.restart()
        flow.wait_said("checkpoint", *said)
        flow.healed()
        flow.finish()
        check(bench.figures["absorbed"] >= 1000, "it was not read from the beginning")
        check(os.path.exists(checkpoint_path(flow) + ".bad"), "the bad one was not kept")


@row("checkpoint: torn", short=True)
def checkpoint_torn(bench):
    spoilt(bench, lambda whole: whole[:len(whole) // 2], "not usable", "read from their beginning")


@row("checkpoint: empty")
def checkpoint_empty(bench):
    spoilt(bench, lambda whole: "", "it is empty", "read from their beginning")


@row("checkpoint: zeros, as after a power cut")
def checkpoint_zeros(bench):
    spoilt(bench, lambda whole: "\0" * len(whole), "not usable", "read from their beginning")


@row("checkpoint: lost with its folder")
def checkpoint_lost(bench):
    with bench.flow(lines=8000) as flow:
        flow.wait_stored(1000)
        stop(flow)
        os.unlink(checkpoint_path(flow))
        flow.restart()
        flow.healed()


@row("checkpoint: from a newer version: refused, the file is left alone")
def checkpoint_newer(bench):
    with bench.flow(lines=8000) as flow:
        flow.wait_stored(1000)
        stop(flow)
        with open(checkpoint_path(flow)) as file:
            whole = json.load(file)
        with open(checkpoint_path(flow), "w") as file:
            json.dump({**whole, "version": 999}, file)
        flow.sluiced = flow.start("sluiced")
        wait_until(lambda: any(s["state"] == "FATAL" for s in flow.slots("producer")), 20, "the producer is FATAL")
        flow.wait_said("version 999", "newer program")
        check_equal(json.load(open(checkpoint_path(flow)))["version"], 999, "the newer checkpoint")
        with open(checkpoint_path(flow), "w") as file:
            json.dump(whole, file)
        check_equal(flow.ctl("start", "producer").returncode, 0, "sluicectl start producer")
        flow.healed()
