"""Terraform (or OpenTofu) as the cases use it: a mirror with our provider, and workspaces.

ZR_TERRAFORM names the program; else terraform from PATH. Without either, a file of cases ends with 77.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
# pylint: disable=wrong-import-position
from harness.process import SLOW, clean_environment, program, wait_until  # noqa: E402
from harness.simulator import Simulator  # noqa: E402

BINARY = os.environ.get("ZR_TERRAFORM") or shutil.which("terraform")
HOSTS = ("registry.terraform.io", "registry.opentofu.org")
HEAD = 'terraform {\n  required_providers {\n    zenrelease = { source = "zenrelease/zenrelease" }\n  }\n}\n'


def main():
    """unittest's, for a file of cases; 77 where there is nothing to run them with."""
    if not BINARY:
        print("SKIPPED: there is no terraform on PATH, and ZR_TERRAFORM names none", flush=True)
        sys.exit(77)
    print("with", " ".join(map(str, kind())), flush=True)
    result = unittest.main(verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == len(result.skipped):
        print("SKIPPED: this host has nothing that these cases are about", flush=True)
        sys.exit(77)


_KIND = []


def kind():
    """("terraform" or "tofu", (1, 16))"""
    if not _KIND:
        said = subprocess.run([BINARY, "version"], capture_output=True, text=True, check=True,
                              env=settings(tempfile.gettempdir())).stdout
        name, major, minor = re.search(r"(Terraform|OpenTofu) v(\d+)\.(\d+)", said).groups()
        _KIND.append(("tofu" if name == "OpenTofu" else "terraform", (int(major), int(minor))))
    return _KIND[0]


def has_actions():
    return kind()[0] == "terraform" and kind()[1] >= (1, 14)


def has_identity():
    return kind()[1] >= (1, 12)


def settings(home, extra=None):
    """An environment with nothing of the machine's own settings in it."""
    environment = clean_environment(home, {
        "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
        "TF_CLI_CONFIG_FILE": os.path.join(home, "terraformrc"),
        "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"})
    if "TMPDIR" in os.environ:
        environment["TMPDIR"] = os.environ["TMPDIR"]
    environment.update(extra or {})
    return {k: v for k, v in environment.items() if v is not None}


class Done:
    """A run that has ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.text = out + err

    def __str__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class _Mirror:
    """One for all cases of a file: the provider's mirror, and a workspace that was initialised."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="zr-terraform-")
        self.home = self.folder.name
        said = subprocess.run([program("zenrelease-plugin"), "--version"], capture_output=True,
                              text=True, check=True).stdout
        self.version = said.split()[-1]
        for host in HOSTS:
            place = os.path.join(self.home, "mirror", host, "zenrelease", "zenrelease",
                                 self.version, "linux_amd64")
            os.makedirs(place)
            shutil.copy(program("zenrelease-plugin"), os.path.join(
                place, f"terraform-provider-zenrelease_v{self.version}"))
        with open(os.path.join(self.home, "terraformrc"), "w", encoding="utf-8") as file:
            file.write("provider_installation {\n  filesystem_mirror {\n    path = "
                       f'"{self.home}/mirror"\n  }}\n}}\n')
        self.ready = os.path.join(self.home, "ready")
        os.makedirs(self.ready)
        with open(os.path.join(self.ready, "main.tf"), "w", encoding="utf-8") as file:
            file.write(HEAD)
        done = subprocess.run([BINARY, "init", "-no-color"], cwd=self.ready, capture_output=True,
                              text=True, env=settings(self.home), check=False)
        assert done.returncode == 0, done.stdout + done.stderr


_SHARED = []


def mirror():
    if not _SHARED:
        _SHARED.append(_Mirror())
    return _SHARED[0]


class Workspace:
    def __init__(self, environment):
        self.folder = tempfile.TemporaryDirectory(prefix="zr-workspace-")
        self.path = self.folder.name
        shutil.copytree(mirror().ready, self.path, dirs_exist_ok=True, symlinks=True)
        self.environment = environment

    def clean_up(self):
        self.folder.cleanup()

    def write(self, body, name="main.tf"):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            file.write((HEAD if name == "main.tf" else "") + body)

    def start(self, *arguments, environment=None, **how):
        """The running program; `finish` waits for it."""
        env = settings(mirror().home, {**self.environment, **(environment or {})})
        return Running([BINARY, *arguments], self.path, env, **how)

    def run(self, *arguments, seconds=120, **how):
        return self.start(*arguments, **how).finish(seconds)

    def plan(self, *arguments, **how):
        return self.run("plan", "-no-color", *arguments, **how)

    def apply(self, *arguments, **how):
        return self.run("apply", "-no-color", "-auto-approve", *arguments, **how)

    def destroy(self, *arguments, **how):
        return self.run("destroy", "-no-color", "-auto-approve", *arguments, **how)

    def state(self):
        """address -> the instance's row of the state file."""
        path = os.path.join(self.path, "terraform.tfstate")
        if not os.path.exists(path):
            return {}
        with open(path, encoding="utf-8") as file:
            rows = json.load(file)["resources"]
        found = {}
        for row in rows:
            if row["mode"] != "managed":
                continue
            for instance in row["instances"]:
                key = instance.get("index_key")
                suffix = "" if key is None else f"[{json.dumps(key)}]"
                found[f"{row['type']}.{row['name']}{suffix}"] = instance
        return found

    def ids(self, address):
        """instance_ids as the state has them; None when the resource is not there."""
        row = self.state().get(address)
        return None if row is None else row["attributes"]["instance_ids"]


class Running:
    """Its output is collected as it comes, so that a case can wait for a word of it."""

    def __init__(self, argv, cwd, environment, stdin=None):
        self.out, self.err = [], []
        self.process = subprocess.Popen(argv, cwd=cwd, env=environment, start_new_session=True,
                                        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.threads = [threading.Thread(target=self._collect, args=pair, daemon=True) for pair in
                        ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for thread in self.threads:
            thread.start()
        if stdin:
            self.process.stdin.write(stdin.encode())
            self.process.stdin.close()

    @staticmethod
    def _collect(stream, into):
        for line in stream:
            into.append(line.decode("utf-8", "replace"))

    def text(self):
        return "".join(self.out) + "".join(self.err)

    def wait_for(self, word, seconds=30):
        wait_until(lambda: word in self.text(), seconds, f"{word!r} in the output")

    def interrupt(self, number):
        """As Ctrl-C does: the whole group, provider included."""
        os.killpg(self.process.pid, number)

    def providers(self):
        """Process ids of the providers that it has started."""
        listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True,
                                text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        return [int(pid) for pid, parent, args in rows
                if int(parent) == self.process.pid and "terraform-provider-zenrelease" in args]

    def finish(self, seconds=120):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
            raise AssertionError(f"did not end within {seconds} s; it said:\n{self.text()}") from None
        for thread in self.threads:
            thread.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return Done(code, "".join(self.out), "".join(self.err))


class Case(unittest.TestCase):
    maxDiff = 4000

    def skipTest(self, reason):
        print(f"SKIPPED: {self._testMethodName}: {reason}", flush=True)
        super().skipTest(reason)

    def simulator(self, *flags):
        sim = Simulator(*flags)
        self.addCleanup(sim.stop)
        return sim

    def workspace(self, sim=None, body="", environment=None):
        work = Workspace({**(sim.environment() if sim else {}), **(environment or {})})
        self.addCleanup(work.clean_up)
        work.write(body)
        return work

    def pair(self, *flags, body=""):
        sim = self.simulator(*flags)
        return sim, self.workspace(sim, body)

    def ok(self, done):
        self.assertEqual(done.code, 0, str(done))
        return done

    def failed(self, done, *words):
        """Exit 1, with each of these words in what it said."""
        self.assertEqual(done.code, 1, str(done))
        flat = " ".join(re.sub(r"[╷│╵]", " ", done.text).split())
        for word in words:
            self.assertIn(word, flat, str(done))
        return done


def instances(name, ids, **more):
    """A zenrelease_instances block; an id a line, so that a diagnostic can point at one."""
    return block("zenrelease_instances", name, ids, **more)


def block(kind_, name, ids, **more):
    listed = ids if isinstance(ids, str) else "[\n" + "".join(f'    "{i}",\n' for i in ids) + "  ]"
    lines = [f"  {key} = {value if isinstance(value, str) and value.startswith('=') else json.dumps(value)}"
             for key, value in more.items()]
    return (f'resource "{kind_}" "{name}" {{\n  product      = "vm"\n  instance_ids = {listed}\n'
            + "\n".join(lines) + "\n}\n")
