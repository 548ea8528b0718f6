"""What the programs say to settings and options, good and bad."""
import gzip
import os

from harness import Site, check, check_equal, generate


def test_check_and_print(stack):
    with Site(stack) as site:
        done = site.run("sluiced", "-t")
        check_equal(done.returncode, 0, f"sluiced -t: {done.stderr}")
        done = site.run("sluiced", "-T", env={"SLUICE_LAKE_WORKERS": "7"})
        check_equal(done.returncode, 0, "sluiced -T")
        check("workers = 7;  # environment" in done.stdout, done.stdout)
        with open(os.path.join(stack.folder, "broker.pass")) as file:
            password = file.read().strip()
        check(password not in done.stdout + done.stderr, "a password is printed")
        again = os.path.join(site.folder, "again.conf")
        with open(again, "w") as file:
            file.write(done.stdout)
        site.conf = again
        check_equal(site.run("sluiced", "-t").returncode, 0, "what -T prints is accepted")


def test_refused_settings(stack):
    cases = [("lake : { worker = 3; };", "did you mean lake.workers?"),
             ("lake : { workers = \"3\"; };", "must be a whole number"),
             ("lake : { workers = 300; };", "out of range: 0 to 64"),
             ("broker : { hosts = [ \"rabbit1:abc\" ]; };", "\"rabbit1:abc\" is not host:port"),
             ("database : { hosts = [ \"h\", \"[::1\" ]; };", "\"[::1\" is not host:port or /path/of/socket"),
             ("lake : { workers = 3; ", "syntax error")]
    for text, wanted in cases:
        with Site(stack) as site:
            with open(site.conf, "w") as file:
                file.write("\n" + text)
            for program, *args in (("sluiced", "-t"), ("sluiced",), ("sluice-producer", "--once"), ("sluice-lake-worker",),
                                   ("sluice-clean-worker",), ("sluicectl", "status")):
                done = site.run(program, *args)
                check_equal(done.returncode, 78, f"exit code of {program} for {text}: {done.stderr}")
                check(wanted in done.stderr and "sluice.conf:2: " in done.stderr or "syntax" in wanted and "sluice.conf:" in done.stderr,
                      f"{program}: {done.stderr}")


def test_refused_reload(stack):
    with Site(stack) as site:
        site.start_sluiced()
        before = site.slots()
        site.write_conf(broker_hosts=["host:99999"])
        done = site.ctl("-s", site.socket, "reload")
        check_equal(done.returncode, 78, f"reload: {done.stdout}{done.stderr}")
        check("sluice.conf:" in done.stderr and "host:99999" in done.stderr, done.stderr)
        check_equal([s["pid"] for s in site.slots()], [s["pid"] for s in before], "children after a refused reload")


def test_first_lines_are_tried(stack):
    """-t says of each input how many files match, which are packed, and whether the format takes their lines."""
    with Site(stack) as site:
        site.write_log(generate(50, seed=91))
        with gzip.open(site.log + ".1.gz", "wb") as packed:
            packed.write(b"x\n")
        for name, share in (("ezproxy", "ezproxy takes 50 of the first 50 lines (100 %)"),
                            ("combined", "combined takes 0 of the first 50 lines (0 %); ezproxy would take more")):
            site.write_conf(inputs=[{"path": site.log + "*", "format": name}])
            done = site.run("sluiced", "-t")
            check_equal(done.returncode, 0, f"sluiced -t: {done.stderr}")
            check("2 files" in done.stderr and "1 packed" in done.stderr and share in done.stderr, done.stderr)


def test_named_files(stack):
    """-t looks at the files that the settings name: without a password nothing works, inputs may come later."""
    with Site(stack) as site:
        loop = os.path.join(site.folder, "loop.log")
        os.symlink("loop.log", loop)
        site.write_conf(inputs=[{"path": site.folder + "/loop*"}, {"path": site.folder + "/later.log"}])
        done = site.run("sluiced", "-t")
        check_equal(done.returncode, 0, f"sluiced -t: {done.stderr}")
        check(f"{loop} cannot be read: Too many levels" in done.stderr, done.stderr)
        check(f"nothing matches {site.folder}/later.log now" in done.stderr, done.stderr)
        empty = os.path.join(site.folder, "empty.pass")
        open(empty, "w").close()
        for name, why in ((empty, "is empty"), (site.folder + "/none.pass", "No such file"), (site.folder, "Is a directory")):
            for setting in ("broker_password_file", "database_password_file"):
                site.write_conf(**{setting: name})
                done = site.run("sluiced", "-t")
                check_equal(done.returncode, 78, f"sluiced -t with {setting} {name}: {done.stderr}")
                check("sluice.conf:" in done.stderr and name in done.stderr and why in done.stderr, done.stderr)
                check_equal(site.ctl("config", "check").returncode, 78, "config check says the same")
        site.write_conf(database_password_file=empty, lake_workers=0, clean_workers=0)
        check_equal(site.run("sluiced", "-t").returncode, 0, "no workers, no database")


def test_options(stack):
    with Site(stack) as site:
        for program in ("sluiced", "sluicectl", "sluice-producer", "sluice-lake-worker", "sluice-clean-worker"):
            done = site.run(program, "--help")
            check_equal(done.returncode, 0, f"{program} --help")
            check("usage: " + program in done.stdout, f"{program} --help: {done.stdout}")
            check_equal(site.run(program, "--version").returncode, 0, f"{program} --version")
            check_equal(site.run(program, "--nonsense").returncode, 64, f"{program} --nonsense")
        done = site.ctl("satus")
        check_equal(done.returncode, 64, "a wrong verb")
        check("status" in done.stderr, done.stderr)
        check_equal(site.ctl("status").returncode, 69, "status without sluiced")
        os.remove(site.conf)
        check_equal(site.run("sluiced", "-t").returncode, 78, "a missing settings file")


def test_no_inputs(stack):
    with Site(stack) as site:
        site.write_conf(inputs=[])
        done = site.run("sluiced")
        check_equal(done.returncode, 78, "exit code")
        check("no inputs" in done.stderr, done.stderr)
