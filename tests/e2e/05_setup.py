"""Setting up, as README.md says it, word for word; `make install` into folders of its own, and out of them again."""
import os
import re
import shutil
import subprocess
import tempfile

import yaml

from harness import BUILD, ROOT, Site, check, check_equal, generate, readme_blocks, version, wait_until

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
        newcomer.paste("sh", "sluicectl dlq retry --all clean")
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


def kubernetes_objects():
    """{(kind, name): object} of etc/packaging/kubernetes"""
    folder = os.path.join(ROOT, "etc", "packaging", "kubernetes")
    found, files = {}, os.listdir(folder)
    for name in files:
        with open(os.path.join(folder, name)) as file:
            for item in yaml.safe_load_all(file):
                found[item["kind"], item.get("metadata", {}).get("name")] = item
    kustomization = found.pop(("Kustomization", None))
    check_equal(sorted(kustomization["resources"] + ["kustomization.yaml"]), sorted(files), "files that kustomization.yaml names")
    check_equal(kustomization["images"], [{"name": "sluice", "newTag": version()}], "the image")
    return found


def check_pod(name, pod, objects):
    """Volumes are there, what they name is there, and commands are those of the image."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for volume in volumes.values():
        if "configMap" in volume:
            check(("ConfigMap", volume["configMap"]["name"]) in objects, volume)
        if "secret" in volume:
            check(("Secret", volume["secret"]["secretName"]) in objects, volume)
    used = set()
    for container in pod["containers"] + pod.get("initContainers", []):
        used |= {mount["name"] for mount in container["volumeMounts"]}
        check_equal(container["image"], "sluice", f"image of {name}")
        probes = [container[kind] for kind in ("livenessProbe", "readinessProbe") if kind in container]
        probes += [hook for hook in container.get("lifecycle", {}).values()]
        for words in [probe["exec"]["command"] for probe in probes] + [container.get("command", container.get("args"))]:
            words = words[2].split(";")[0].split() if words[0] == "sh" else words
            if words[0] == "sluicectl":
                done = subprocess.run([os.path.join(BUILD, "sluicectl"), *words[1:], "--help"], capture_output=True, text=True)
                check_equal(done.returncode, 0, f"{name}: {words}: {done.stderr}")
    check_equal(used, set(volumes), f"volumes that {name} mounts")


def check_counts(name, template, conf, wanted):
    """What its environment makes of the settings: so many producers, lake and clean workers."""
    env = {item["name"]: item["value"] for item in template["spec"]["containers"][0]["env"]}
    done = subprocess.run([os.path.join(BUILD, "sluiced"), "-T", "-c", conf], env={**os.environ, **env}, capture_output=True, text=True)
    check_equal(done.returncode, 0, f"sluiced -T with the settings of {name}: {done.stderr}")
    check_equal(re.findall(r"^ *(?:count|workers) = (\d+);  # environment$", done.stdout, re.M), wanted, f"processes of {name}")
    check(template["spec"]["terminationGracePeriodSeconds"] > int(re.search(r"^ *drain_s = (\d+)", done.stdout, re.M).group(1)), "time to drain")


def test_kubernetes_manifests(stack):
    """What one file says of another, and what both say of the programs, is true. Their schema is not looked at."""
    objects = kubernetes_objects()
    folder = tempfile.mkdtemp(prefix="sluice-kubernetes-")
    try:
        secret = objects["Secret", "sluice"]["stringData"]
        text = objects["ConfigMap", "sluice"]["data"]["sluice.conf"]
        for name in re.findall(r"/etc/sluice-secrets/([^\"]+)", text):
            check(name in secret, f"secret.yaml has no {name}")
            with open(os.path.join(folder, name), "w") as file:
                file.write(secret[name])
        conf = os.path.join(folder, "sluice.conf")
        with open(conf, "w") as file:
            file.write(text.replace("/etc/sluice-secrets", folder))
        for (kind, name), item in objects.items():
            if "template" in item.get("spec", {}):
                check_pod(name, item["spec"]["template"]["spec"], objects)
                if kind != "Job":
                    check_equal(item["spec"]["selector"]["matchLabels"], item["spec"]["template"]["metadata"]["labels"], f"labels of {name}")
        for key, wanted in ((("DaemonSet", "sluice-producer"), ["1", "0", "0"]), (("Deployment", "sluice-lake"), ["0", "1", "0"]),
                            (("Deployment", "sluice-clean"), ["0", "0", "1"])):
            check_counts(key[1], objects[key]["spec"]["template"], conf, wanted)
        for stage in ("lake", "clean"):
            scaled = objects["ScaledObject", f"sluice-{stage}"]["spec"]
            check(("Deployment", scaled["scaleTargetRef"]["name"]) in objects, scaled)
            trigger = scaled["triggers"][0]
            check_equal(trigger["metadata"]["queueName"], f"queue-data-{stage}", "the queue")
            login = objects["TriggerAuthentication", trigger["authenticationRef"]["name"]]["spec"]["secretTargetRef"][0]
            check(login["key"] in objects["Secret", login["name"]]["stringData"], login)
    finally:
        shutil.rmtree(folder)


def test_pods_answer_their_probes(stack):
    objects = kubernetes_objects()
    for key in (("DaemonSet", "sluice-producer"), ("Deployment", "sluice-lake"), ("Deployment", "sluice-clean")):
        container = objects[key]["spec"]["template"]["spec"]["containers"][0]
        with Site(stack) as site:
            site.start_sluiced(env={item["name"]: item["value"] for item in container["env"]})
            check_equal(len(site.slots()), 1, f"processes of {key}")
            live, ready = (container[kind]["exec"]["command"] for kind in ("livenessProbe", "readinessProbe"))
            drain = container["lifecycle"]["preStop"]["exec"]["command"]
            check_equal(site.ctl(*live[1:]).returncode, 0, f"{key}: {live}")
            check(site.ctl(*ready[2].split(";")[0].split()[1:]).returncode <= 1, f"{key}: {ready}")
            done = site.ctl(*drain[1:])
            check_equal(done.returncode, 0, f"{key}: {drain}: {done.stderr}")


def test_backup_and_restore(stack):
    """The state copied while lines flow is put back: what it does not know is read again, and no row is doubled."""
    lines = generate(900, seed=6)
    for identity in ("line", "position"):
        stack.empty()
        with Site(stack, identity=identity) as site:
            state, backup = os.path.join(site.folder, "state"), os.path.join(site.folder, "backup")
            site.write_log(lines[:300])
            sluiced = site.start_sluiced()
            site.settle(300, 300)
            site.write_log(lines[300:600])
            shutil.copytree(state, backup, ignore=shutil.ignore_patterns("*.new"))
            site.settle(600, 600)
            sluiced.terminate()
            check_equal(sluiced.wait(40), 0, "exit code of sluiced")
            shutil.rmtree(state)
            shutil.copytree(backup, state)
            site.write_log(lines[600:])
            site.start_sluiced()
            site.settle(900, 900)
            check_equal(site.ctl("audit", site.log).returncode, 0, "audit")
