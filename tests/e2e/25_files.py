"""What is found in a folder of logs: holes, packed files, more files than descriptors, lines without an end."""
import bz2
import gzip
import json
import lzma
import os
import shutil
import socket
import subprocess
import time
import zipfile

from harness import BUILD, Site, check, check_equal, generate, wait_until


def test_hole_of_nuls(stack):
    """copytruncate under a writer without O_APPEND leaves NULs before its next line: no line is lost to them."""
    lines = generate(250, seed=251)
    for identity in ("line", "position"):
        stack.empty()
        with Site(stack, identity=identity) as site:
            site.start_sluiced()
            with open(site.log, "wb", buffering=0) as file:
                file.write(b"".join(line + b"\n" for line in lines[:100]))
                site.settle(100, 100)
                os.truncate(site.log, 0)
                time.sleep(1.5)
                file.seek(3000000)
                file.write(b"".join(line + b"\n" for line in lines[100:150]))
                site.settle(150, 150)
                file.seek(5000, os.SEEK_CUR)  # a small one: the line keeps it
                file.write(b"".join(line + b"\n" for line in lines[150:200]))
                site.settle(200, 200)
                file.seek(40000000, os.SEEK_CUR)
                file.write(b"".join(line + b"\n" for line in lines[200:]))
                site.settle(250, 250)
            size = os.path.getsize(site.log)
            check("3000000 NUL bytes before a line, from byte 0 to 3000000, are passed over" in site.errors(), "it is said")
            check_equal(site.slots("producer")[0]["counters"]["nul_bytes_skipped"], 43000000, "counted")
            done = site.ctl("audit", site.log)
            check_equal(done.returncode, 0, f"audit: {done.stdout}{done.stderr}")
            check(size > 43000000, size)


def pack_all(folder, lines):
    """A file of each packer that is at hand; the names of them."""
    text = b"".join(line + b"\n" for line in lines)
    plain = os.path.join(folder, "plain")
    with open(plain, "wb") as file:
        file.write(text)
    made = []

    def make(suffix, data):
        made.append(f"access.log{suffix}")
        with open(os.path.join(folder, made[-1]), "wb") as file:
            file.write(data)

    make(".1.gz", gzip.compress(text))
    make(".2.bz2", bz2.compress(text))
    make(".3.xz", lzma.compress(text))
    make(".4.lzma", lzma.compress(text, format=lzma.FORMAT_ALONE))
    make("-packed-without-suffix", gzip.compress(text))
    with zipfile.ZipFile(os.path.join(folder, "access.log.5.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("access.log.5", text)
    made.append("access.log.5.zip")
    for suffix, *command in ((".6.zst", "zstd"), (".7.lz4", "lz4"), (".8.Z", "compress"), (".9.7z", "false")):
        if shutil.which(command[0]) and command[0] != "false":
            make(suffix, subprocess.run([command[0], "-c", plain], capture_output=True, check=True).stdout)
    make(".10.zst", b"\x28\xb5\x2f\xfd\x24\nnot\nlines\n")
    make(".11.lz4", b"\x04\x22\x4d\x18\nnot\nlines\n")
    make(".12.Z", b"\x1f\x9d\x90\nnot\nlines\n")
    make(".13.br", b"\x0b\n\x80\nnot\nlines\n")
    os.unlink(plain)
    return made


def test_packed_files(stack):
    lines = generate(2000, seed=252)
    with Site(stack) as site:
        logs = os.path.join(site.folder, "logs")
        os.mkdir(logs)
        site.write_conf(inputs=[{"path": logs + "/access.log*", "format": "ezproxy"}])
        made = pack_all(logs, lines[:200])
        site.write_log(lines[1000:1100], logs + "/access.log")
        site.write_log(lines[1100:1200], logs + "/access.log.20.gz")  # a log, whatever its name says
        site.start_sluiced()
        site.settle(200, 200)
        for name in made:
            check(f"/{name} is compressed" in site.errors(), f"{name} is named")
        # empty when it is seen, and written slowly
        packed = gzip.compress(b"".join(line + b"\n" for line in lines[:1000]), mtime=0)
        for name, start in (("access.log.30.gz", 0), ("access.log.31", 0), ("access.log.32.bz2", 0), ("access.log.33.gz", 1)):
            data = bz2.compress(packed) if name.endswith("bz2") else packed
            with open(f"{logs}/{name}", "wb", buffering=0) as file:
                for end in (start, 1, 2, 3, len(data) // 2, len(data)):
                    file.write(data[file.tell():end])
                    time.sleep(0.3)
        # made elsewhere, renamed into
        with open(f"{site.folder}/elsewhere", "wb") as file:
            file.write(packed)
        os.rename(f"{site.folder}/elsewhere", f"{logs}/access.log.34")
        site.write_log(lines[1200:1300], logs + "/access.log")
        time.sleep(2)
        site.settle(300, 300)
        check_equal(site.ctl("health").returncode, 0, "packed files are no trouble")


def test_logrotate(stack):
    """The real one, with compress: what was read before it is packed is all there is."""
    if shutil.which("logrotate") is None and not os.path.exists("/usr/sbin/logrotate"):
        print("#   no logrotate here")
        return
    lines = generate(12000, seed=253)
    with Site(stack) as site:
        logs = os.path.join(site.folder, "logs")
        os.mkdir(logs, 0o755)
        site.write_conf(inputs=[{"path": logs + "/access.log*", "format": "ezproxy"}])
        site.start_sluiced()
        stored = 0
        for options in ("compress", "compress\ndelaycompress", "compress\ncopytruncate", "compress\ndateext"):
            conf = os.path.join(site.folder, "logrotate.conf")
            with open(conf, "w") as file:
                file.write(f"{logs}/access.log {{\nrotate 9\nsize 1\n{options}\n"
                           + ("" if "copytruncate" in options else "create\n") + "}\n")
            os.chmod(conf, 0o644)
            site.write_log(lines[stored:stored + 3000], logs + "/access.log")
            stored += 3000
            if "copytruncate" in options:
                site.settle(stored, stored)  # what comes between copy and truncation is the other issue
            done = subprocess.run(["/usr/sbin/logrotate", "-f", "-s", os.path.join(site.folder, "logrotate.state"), conf],
                                  capture_output=True, text=True)
            check_equal(done.returncode, 0, done.stderr)
            site.settle(stored, stored)
        check(any(name.endswith(".gz") for name in os.listdir(logs)), os.listdir(logs))
        time.sleep(6)  # one more look for files
        site.settle(stored, stored)


def test_once_unfinished(stack):
    lines = [line + b"\n" for line in generate(7, seed=254)]
    with Site(stack) as site:
        site.migrate()
        with open(site.log, "wb", buffering=0) as file:
            file.write(b"".join(lines[:5]) + lines[5][:60])
            done = site.run("sluice-producer", "--once")
            check_equal(done.returncode, 0, done.stderr)
            check("no line end: it is left for the next run (--take-unfinished takes it)" in done.stderr, done.stderr)
            file.write(lines[5][60:] + lines[6][:-1])
            done = site.run("sluice-producer", "--once", "--take-unfinished")
            check_equal(done.returncode, 0, done.stderr)
            check("no line end" not in done.stderr, done.stderr)
        site.start_sluiced()
        site.settle(7, 7)
        check_equal(site.run("sluice-producer", "--take-unfinished").returncode, 64, "alone it says nothing")
        check("--take-unfinished" in site.run("sluice-producer", "--help").stdout, "--help")


def test_more_files_than_descriptors(stack):
    """400 files and a limit of 128: they take turns, and it is said."""
    lines = generate(2400, seed=255)
    with Site(stack) as site:
        logs = os.path.join(site.folder, "logs")
        os.mkdir(logs)
        site.write_conf(inputs=[{"path": logs + "/*.log", "format": "ezproxy"}])

        def write(part):
            for i in range(400):
                site.write_log(lines[part + 2 * i:part + 2 * i + 2], f"{logs}/{i:03}.log")

        write(0)
        with open(site.stderr, "ab") as log:
            site.processes.append(subprocess.Popen(["prlimit", "--nofile=128:128", os.path.join(BUILD, "sluiced"), "-c", site.conf],
                                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        wait_until(site.all_ready, 30, "ready")
        producer = site.slots("producer")[0]["pid"]
        site.settle(800, 800)
        error = wait_until(lambda: site.slots("producer")[0]["last_error"], 20, "the limit is the last error")
        check("400 files share 96 descriptors" in error and "LimitNOFILE" in error, error)
        done = site.ctl("health")
        check_equal(done.returncode, 1, done.stdout)
        check("share 96 descriptors" in done.stdout, done.stdout)
        check("share 96 descriptors" in site.ctl("events").stdout, "it is an event")
        write(800)
        site.settle(1600, 1600)
        check(len(os.listdir(f"/proc/{producer}/fd")) <= 128, "descriptors")
        for i in range(400):
            os.rename(f"{logs}/{i:03}.log", f"{logs}/{i:03}.log.1")
        write(1600)
        site.settle(2400, 2400)


def test_packed_while_stopped(stack):
    """A rotated file that was packed before it was read: said everywhere, until it is read or acknowledged."""
    lines = [line + b"\n" for line in generate(300, seed=256)]
    for way in ("read", "acknowledged"):
        stack.empty()
        with Site(stack) as site:
            site.write_conf(inputs=[{"path": site.log + "*", "format": "ezproxy"}])
            with open(site.log, "wb") as file:
                file.write(b"".join(lines[:100]))
            sluiced = site.start_sluiced()
            site.settle(100, 100)
            sluiced.terminate()
            check_equal(sluiced.wait(40), 0, "exit code of a drain")
            with open(site.log, "ab") as file:
                file.write(b"".join(lines[100:200]))
            with gzip.open(site.log + ".1.gz", "wb") as packed:
                packed.write(b"".join(lines[:200]))
            os.unlink(site.log)
            with open(site.log, "wb") as file:
                file.write(b"".join(lines[200:]))
            site.start_sluiced()
            site.settle(200, 200)
            unread = len(b"".join(lines[100:200]))
            said = f"access.log.1.gz was packed before {unread} bytes of it were read"
            wait_until(lambda: said in site.slots("producer")[0]["last_error"], 20, "last error")
            done = site.ctl("health")
            check(done.returncode == 1 and said in done.stdout, done.stdout)
            wait_until(lambda: said in site.ctl("events", "--json").stdout, 20, "event")
            metrics = site.ctl("metrics").stdout
            check(f"sluice_input_unread_bytes {unread}\n" in metrics, metrics[-1500:])
            if way == "read":
                with open(site.log + ".unpacked", "wb") as file:
                    file.write(b"".join(lines[:200]))
                site.settle(300, 300)
            else:
                done = site.ctl("inputs", "--acknowledge")
                check_equal(done.stdout, "1 unread file acknowledged\n", done.stderr)
            wait_until(lambda: site.slots("producer")[0]["last_error"] == "", 20, "it is over")
            wait_until(lambda: ask(site, "inputs")["data"]["unread_total"] == 0, 20, "the table of inputs, written once a second, has none")
            check_equal(site.ctl("health").returncode, 0, "health")


def test_replaced_by_copy(stack):
    """rsync and editors rename a copy with more lines over the log: nothing is skipped, and what that costs is said."""
    lines = generate(200, seed=258)
    for identity, first, second in (("line", 150, 200), ("position", 250, 450)):
        stack.empty()
        with Site(stack, identity=identity) as site:
            def replace(count):
                site.write_log(lines[:count], site.folder + "/.access.log.new")
                os.rename(site.folder + "/.access.log.new", site.log)

            site.write_log(lines[:100])
            size = os.path.getsize(site.log)
            sluiced = site.start_sluiced()
            site.settle(100, 100)
            replace(150)
            site.settle(first, first)
            said = f"{site.log} is a new file that holds, up to byte {size}, what was read before"
            wait_until(lambda: said in site.errors(), 20, said)
            size = os.path.getsize(site.log)
            shown = f"holds, up to byte {size}, what was read before"
            sluiced.terminate()
            check_equal(sluiced.wait(40), 0, "exit code of a drain")
            replace(200)  # while nobody looks
            site.start_sluiced()
            site.settle(second, second)
            check(shown in site.errors(), "it is said after a start, too")
            if identity == "position":
                check("stored, once more" in site.errors(), "that rows are stored again")
                wait_until(lambda: shown in site.slots("producer")[0]["last_error"], 20, "last error")
                wait_until(lambda: shown in site.ctl("events").stdout, 20, "event")
            else:
                check("find their rows there" in site.errors(), "that no row is stored again")
                check_equal(site.slots("producer")[0]["last_error"], "", "last error")
                check_equal(site.ctl("health").returncode, 0, "health")


def ask(site, command):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(site.socket)
        connection.sendall(json.dumps({"v": 1, "command": command}).encode() + b"\n")
        return json.loads(connection.makefile().readline())


def test_inputs(stack):
    """How far each file is read, while nothing can be delivered, and after."""
    lines = generate(3000, seed=257)
    with Site(stack) as site:
        logs = os.path.join(site.folder, "logs")
        os.mkdir(logs)
        site.write_conf(inputs=[{"path": logs + "/*.log", "format": "ezproxy"}])
        site.write_log(lines[:10], logs + "/a.log")
        site.start_sluiced()
        site.settle(10, 10)

        def inputs():
            return ask(site, "inputs")["data"]

        wait_until(lambda: inputs()["known"] and inputs()["total"] == 1 and inputs()["behind_bytes"] == 0, 20, "all is read")
        file = inputs()["files"][0]
        check_equal((file["path"], file["format"], file["state"], file["error"]), (logs + "/a.log", "ezproxy", "followed", ""), "a file")
        check(file["last_read"] and file["last_line"], file)
        check_equal(file["confirmed"], os.path.getsize(logs + "/a.log"), "confirmed")
        check_equal(site.ctl("pause", "producer").returncode, 0, "pause")
        site.write_log(lines[10:20], logs + "/a.log")
        site.write_log(lines[20:1000], logs + "/b.log")
        wait_until(lambda: inputs()["total"] == 2 and inputs()["behind_s"] > 3, 30, "the lag grows")
        answer = inputs()
        check_equal([os.path.basename(f["path"]) for f in answer["files"]], ["b.log", "a.log"], "most bytes behind first")
        check_equal(answer["files"][0]["behind_bytes"], os.path.getsize(logs + "/b.log"), "bytes behind")
        check_equal(answer["behind_bytes"], sum(f["behind_bytes"] for f in answer["files"]), "the sum")
        check_equal(site.ctl("resume", "producer").returncode, 0, "resume")
        site.settle(1000, 1000)
        wait_until(lambda: inputs()["behind_bytes"] == 0 and inputs()["behind_s"] == 0, 20, "all is read again")
