"""Setting up, as README.md says it, word for word; `make install` into folders of its own, and out of them again."""
import os
import re
import shutil
import subprocess
import tempfile

from harness import BUILD, ROOT, check, check_equal, generate, wait_until

# What is pasted would change this machine: these stand before its programs. The state is not under /var, either.
SHIMS = {
    "rabbitmqctl": 'exec "{stack_script}" ctl "{stack}" "$@"',
    "systemd-sysusers": 'grep -q "^u sluice " "$PREFIX/lib/sysusers.d/sluice.conf"',
    "chgrp": '[ "$*" = "-R readme {folder}/etc/sluice" ]',
    "runuser": '[ "$1 $2 $3" = "-u readme --" ] && shift 3 && exec "$@"',
    "systemctl": """case "$*" in
daemon-reload) test -f "$PREFIX/lib/systemd/system/sluiced.service" ;;
"enable --now sluiced")
    command=$(sed -n 's/^ExecStart=//p' "$PREFIX/lib/systemd/system/sluiced.service")
    setsid "$command" >"{folder}/journal" 2>&1 </dev/null &
    echo $! >"{folder}/pid"
    until sluicectl status >/dev/null 2>&1; do kill -0 $! || exit 1; sleep 0.1; done ;;
*) exit 1 ;;
esac""",
}


def readme_blocks():
    """The blocks to paste of "Set it up": (language, text) in their order."""
    with open(os.path.join(ROOT, "README.md")) as file:
        section = file.read().partition("\n## Set it up\n")[2].partition("\n### ")[0]
    return re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S)


class Newcomer:
    """Someone who pastes. Names of servers, paths and accounts are replaced by the test's own; nothing else is."""

    def __init__(self, stack):
        self.stack = stack
        self.folder = tempfile.mkdtemp(prefix="sluice-setup-")
        self.log = os.path.join(self.folder, "log", "a.log")
        os.mkdir(os.path.dirname(self.log))
        os.mkdir(os.path.join(self.folder, "shims"))
        for name, text in SHIMS.items():
            path = os.path.join(self.folder, "shims", name)
            text = text.replace("{stack_script}", stack.script).replace("{stack}", stack.folder).replace("{folder}", self.folder)
            with open(path, "w") as file:
                file.write("#!/bin/sh\n" + text + "\n")
            os.chmod(path, 0o755)
        self.env = self.environment()

    def environment(self):
        prefix = os.path.join(self.folder, "usr")
        # What `make` was told for this build holds for the copy of it, too.
        flags = [word for word in os.environ.get("MAKEFLAGS", "").split(" ") if not re.match(r"-?-?j|BUILD=", word)]
        return {**os.environ, "MAKEFLAGS": " ".join(flags), "BUILD": os.path.join(self.folder, "build"), "PREFIX": prefix,
                "SYSCONFDIR": os.path.join(self.folder, "etc"),
                "PATH": f"{self.folder}/shims:{prefix}/sbin:{prefix}/bin:{os.environ['PATH']}",
                "SLUICE_SUPERVISOR_SOCKET": os.path.join(self.folder, "run", "control.sock"),
                "SLUICE_SUPERVISOR_STATE_DIR": os.path.join(self.folder, "state")}

    def copy_build(self):
        """So that only what depends on SYSCONFDIR is compiled again."""
        shutil.copytree(BUILD, self.env["BUILD"], ignore=lambda folder, names: [
            name for name in names if folder == BUILD and name in ("tests", "sanitized", "faults", "coverage", "deb")])

    def own(self, text):
        env = self.stack.env
        for old, new in (("/etc/sluice", f"{self.folder}/etc/sluice"), ("/var/log/ezproxy", f"{self.folder}/log"),
                         ("rabbit1:5672", f"127.0.0.1:{env['STACK_AMQP_PORT']}"), ("db1:3306", f"127.0.0.1:{env['STACK_DB_PORT']}"),
                         ("DB_LOGS", "README_LOGS")):
            text = text.replace(old, new)
        return re.sub(r"(?<!/)\bsluice\b(?!\.)", "readme", text)

    def paste(self, language, text):
        text = self.own(text)
        if language == "sql":
            self.stack.admin(text)
            return ""
        done = subprocess.run(["sh", "-eu", "-c", text], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=600)
        check_equal(done.returncode, 0, f"{text}{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def rows(self):
        return tuple(int(self.stack.admin(f"SELECT COUNT(*) FROM README_LOGS.{table}")) for table in ("raw_log", "clean_log"))

    def append(self, lines):
        with open(self.log, "ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))

    def leave(self):
        try:
            with open(os.path.join(self.folder, "pid")) as file:
                subprocess.run(["kill", file.read().strip()])
            wait_until(lambda: subprocess.run(["sluicectl", "status"], env=self.env, capture_output=True).returncode == 69, 40,
                       "sluiced has ended")
        except FileNotFoundError:
            pass
        for words in (("delete_vhost", "readme"), ("delete_user", "readme")):
            subprocess.run([self.stack.script, "ctl", self.stack.folder, *words], capture_output=True)
        self.stack.admin("DROP DATABASE IF EXISTS README_LOGS; DROP USER IF EXISTS 'readme'@'%'")
        shutil.rmtree(self.folder)


def left_under(folder):
    return sorted(os.path.join(where, name)[len(folder):] for where, _, names in os.walk(folder) for name in names)


def check_fewer_rights(stack, newcomer, lines):
    """An administrator declares and migrates: neither is allowed to Sluice any more, and it goes on."""
    conf = os.path.join(newcomer.folder, "etc", "sluice", "sluice.conf")
    stack.admin("REVOKE CREATE, ALTER, INDEX ON README_LOGS.* FROM 'readme'@'%'")
    block = next(text for _, text in readme_blocks() if "set_permissions" in text).splitlines()[-1]
    newcomer.paste("sh", re.sub(r"sluice '[^']*'", "sluice '^$'", block, count=1))
    with open(conf) as file:
        text = file.read()
    with open(conf, "w") as file:
        file.write(text.replace("broker   : {", 'broker   : { declare = "passive";'))
    newcomer.paste("sh", "sluicectl reload && sluicectl topology check && sluicectl db status")
    newcomer.append(lines)


def test_readme_word_for_word(stack):
    blocks = readme_blocks()
    check_equal([language for language, _ in blocks], ["sh", "sql", "sh", "sh", "sh", "sh"], "blocks of README")
    lines = generate(60, seed=5)
    newcomer = Newcomer(stack)
    try:
        newcomer.copy_build()
        newcomer.append(lines[:40] + [b"no log line"])
        for language, text in blocks:
            said = newcomer.paste(language, text)
        check("of 1 ready" in said, f"sluicectl status: {said}")
        wait_until(lambda: newcomer.rows() == (41, 40), 30, "the lines are in both tables")
        wait_until(lambda: "no log line" in newcomer.paste("sh", "sluicectl dlq list clean"), 30, "the bad line is a dead letter")
        newcomer.paste("sh", "sluicectl dlq retry clean --yes")
        newcomer.paste("sh", f"sluicectl audit {newcomer.log}")
        check_fewer_rights(stack, newcomer, lines[40:])
        wait_until(lambda: newcomer.rows() == (61, 60), 30, "the others, too")
        kept = os.path.join(newcomer.folder, "etc", "sluice", "sluice.conf")
        with open(kept) as file:
            before = file.read()
        newcomer.paste("sh", "make install")
        with open(kept) as file:
            check_equal(file.read(), before, "the settings after another make install")
        newcomer.paste("sh", "make uninstall")
        check_equal(left_under(newcomer.folder + "/usr"), [], "what make uninstall leaves")
        check_equal(left_under(newcomer.folder + "/etc"), ["/sluice/broker.pass", "/sluice/database.pass", "/sluice/sluice.conf"],
                    "settings and passwords")
    finally:
        newcomer.leave()


def test_installed_files_name_their_places(stack):
    """PREFIX and SYSCONFDIR count in whatever is installed, and everything is under them."""
    newcomer = Newcomer(stack)
    try:
        newcomer.copy_build()
        newcomer.paste("sh", "make install SYSCONFDIR=/opt/x/etc PREFIX=/opt/x DESTDIR=" + newcomer.folder + "/root")
        root = os.path.join(newcomer.folder, "root")
        files = left_under(root)
        check(files and all(name.startswith("/opt/x/") for name in files), files)
        for name in files:
            with open(root + name, "rb") as file:
                text = file.read()
            check(b"/usr/local/" not in text or name.startswith(("/opt/x/bin", "/opt/x/sbin")), f"{name} names /usr/local")
            check(not re.search(rb"(?<!/opt/x)/etc/sluice/", text), f"{name} names /etc/sluice")
        done = subprocess.run([root + "/opt/x/bin/sluicectl", "status"], capture_output=True, text=True)
        check("/opt/x/etc/sluice/sluice.conf" in done.stderr, done.stderr)
        done = subprocess.run(["make", "install", "PREFIX=opt", "DESTDIR=" + root], cwd=ROOT, env=newcomer.env, capture_output=True, text=True)
        check("PREFIX and SYSCONFDIR must begin with a slash" in done.stderr and done.returncode != 0, done.stderr)
    finally:
        newcomer.leave()
