"""As a service of systemd: the unit file, and the plugin under what it demands."""

import ctypes
import ctypes.util
import errno
import json
import os
import re
import resource
import shutil
import subprocess
import unittest

from harness.case import Case
from harness.plugin import by_outcome
from harness.process import BIN, SANITIZED, program, run

UNIT = os.path.join(BIN, "..", "packaging", "zenrelease.service")
EXPOSURE = 15  # of 100, as systemd-analyze counts
ALLOW, ERRNO = 0x7fff0000, 0x00050000


def call_set(name):
    """The system calls of a set like @system-service."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, timeout=60,
                          capture_output=True, text=True).stdout
    found = set()
    for word in (line.strip() for line in text.splitlines()[1:]):
        if word.startswith("@"):
            found |= call_set(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed_calls(unit):
    """What the unit's SystemCallFilter= lines leave, beside @default."""
    allowed = call_set("@default")
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        for name in line.lstrip("~").split():
            allowed = allowed - call_set(name) if line.startswith("~") else allowed | call_set(name)
    return allowed


class UnitFile(Case):
    def setUp(self):
        with open(UNIT, encoding="utf-8") as file:
            self.unit = file.read()

    def need_systemd(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed (Debian: systemd)")

    def written(self):
        """As installed, with the program where it is now."""
        path = os.path.join(self.home(), "zenrelease.service")
        text, count = re.subn(r"^(ExecStart=)\S+", r"\g<1>" + program("zenrelease-plugin"), self.unit,
                              flags=re.M)
        self.assertEqual(count, 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_systemd_finds_nothing_wrong(self):
        self.need_systemd()
        code, out, err = run(["systemd-analyze", "verify", "--man=no", self.written()], dict(os.environ))
        self.assertEqual((code, out, err), (0, "", ""))

    def test_it_is_closed(self):
        self.need_systemd()
        code, out, _ = run(["systemd-analyze", "security", "--offline=true",
                            f"--threshold={EXPOSURE}", self.written()], dict(os.environ))
        self.assertEqual(code, 0, out)

    def test_every_flag_in_it_is_one_of_the_plugin(self):
        _, usage, _ = run([program("zenrelease-plugin"), "--help"], dict(os.environ))
        flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", self.unit)) - {"--now", "--server"}
        self.assertLessEqual({"--listen", "--config", "--journal", "--tls-client-ca"}, flags)
        for flag in flags:
            self.assertIn(flag, usage)

    @unittest.skipIf(SANITIZED, "a sanitizer makes system calls of its own")
    def test_a_release_under_its_filter_and_its_limits(self):
        self.need_systemd()
        name = ctypes.util.find_library("seccomp")
        if name is None:
            self.skipTest("libseccomp is not installed")
        library = ctypes.CDLL(name)
        library.seccomp_init.restype = ctypes.c_void_p
        library.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
        library.seccomp_load.argtypes = [ctypes.c_void_p]
        numbers = [library.seccomp_syscall_resolve_name(call.encode())
                   for call in allowed_calls(self.unit)]
        reach = subprocess.run(["test", "-x", program("zenrelease-plugin")], preexec_fn=become_nobody,
                               check=False)

        def confine():
            if reach.returncode == 0:
                become_nobody()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.umask(0o077)
            os.chdir("/")
            context = library.seccomp_init(ERRNO | errno.EPERM)
            for number in numbers:
                if number >= 0:
                    library.seccomp_rule_add(context, ALLOW, number, 0)
            if library.seccomp_load(context) != 0:
                os._exit(99)

        self.serve_and_release(confine)

    def serve_and_release(self, preexec):
        sim = self.simulator("--recycled", "3")
        credentials, state = self.home(), self.home()
        config = os.path.join(credentials, "config.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"endpoint": sim.endpoint, "scheme": "http", "access_key_id": sim.key_id,
                       "access_key_password": sim.password}, file)
        os.chmod(config, 0o440)  # as an access list for the service's user looks like
        os.chmod(credentials, 0o755)
        if os.getuid() == 0:
            os.chown(config, 0, NOBODY)
            os.chown(state, NOBODY, NOBODY)
        path = os.path.join(state, "zenrelease.sock")
        journal = os.path.join(state, "journal.db")
        plugin = self.plugin(None, "--config", config, "--journal", journal, listen=f"unix:{path}", home="/",
                             preexec=preexec, environment={"CREDENTIALS_DIRECTORY": credentials})
        with open(f"/proc/{plugin.pid}/status", encoding="ascii") as file:
            self.assertRegex(file.read(), r"(?s)NoNewPrivs:\s+1.*Seccomp:\s+2")
        report = plugin.release(sim.ids())
        self.assertEqual(set(by_outcome(report)), {"released"})
        plugin.stop()
        self.assertFalse(os.path.exists(path))
        self.assertEqual(os.stat(journal).st_mode & 0o777, 0o600)


NOBODY = 65534


def become_nobody():
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


if __name__ == "__main__":
    unittest.main()
