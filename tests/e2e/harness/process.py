"""Programs under test as processes. They say when they are ready; nothing here sleeps and hopes."""

import glob
import json
import os
import re
import resource
import select
import signal
import subprocess
import tempfile
import time

BIN = os.environ.get("ZR_BIN") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "build", "bin")
SANITIZED = os.environ.get("ZR_SANITIZED") == "1"
# Everything that can run, also what takes minutes under a sanitizer: tests/run.sh --tsan.
WHOLE = not SANITIZED or os.environ.get("ZR_WHOLE") == "1"
# How much longer things may take than on a quiet machine with an optimised build.
SLOW = 4 if SANITIZED else 2

_SANITIZER_REPORT = re.compile(
    r"==\d+==ERROR: |WARNING: ThreadSanitizer|runtime error: |ERROR: LeakSanitizer")


def program(name):
    return os.path.join(BIN, name)


def wait_until(condition, seconds=10, what="the condition"):
    """The first true answer of `condition`; polls, and fails after `seconds`."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds * SLOW} s")
        select.select([], [], [], 0.005)


def children(pid):
    """The processes that this one has started."""
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as file:
            found += [int(child) for child in file.read().split()]
    return found


def is_gone(pid):
    """It has ended; nobody may have fetched its exit code yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def clean_environment(home, extra=None):
    """Nothing of the caller's own settings; only what sanitizers and the loader need."""
    kept = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
            "LSAN_OPTIONS")
    environment = {k: os.environ[k] for k in kept if k in os.environ}
    environment["HOME"] = home
    environment.update(extra or {})
    return environment


class Process:
    """A started program whose first line of stdout is its ready line, a JSON object."""

    def __init__(self, argv, environment, preexec=None, ready_seconds=20):
        self.argv = argv
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.log,
                                        preexec_fn=preexec, close_fds=True)
        self.pid = self.process.pid
        try:
            self.ready = self.understand(self._first_line(ready_seconds * SLOW))
        except BaseException:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            raise

    def understand(self, line):
        """What the first line says."""
        return json.loads(line)

    def _first_line(self, seconds):
        """One byte at a time: what follows the line is left in the pipe for the test."""
        line, end = b"", time.monotonic() + seconds
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, left))
            chunk = os.read(self.process.stdout.fileno(), 1) if readable else b""
            if not chunk:
                why = "ended" if readable else f"was not ready within {seconds} s"
                raise AssertionError(f"{self.argv[0]} {why}; it said:\n{self.errors()}")
            line += chunk
        return line

    def errors(self):
        """What it wrote to stderr so far."""
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode("utf-8", "replace")

    def alive(self):
        return self.process.poll() is None

    def _memory_kib(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(name + r":\s+(\d+) kB", status.read()).group(1))

    def peak_memory_kib(self):
        return self._memory_kib("VmHWM")

    def memory_kib(self):
        return self._memory_kib("VmRSS")

    def descriptors(self):
        """The numbers in use."""
        return sorted(int(n) for n in os.listdir(f"/proc/{self.pid}/fd"))

    def leave_descriptors(self, free):
        """From now on only so many numbers are left to it; answers what gives the others back."""
        before = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        used, limit = set(self.descriptors()), 0
        while limit in used or free > 0:
            free -= limit not in used
            limit += 1
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (limit, before[1]))
        return lambda: resource.prlimit(self.pid, resource.RLIMIT_NOFILE, before)

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            words = stat.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def wait(self, seconds=20):
        try:
            return self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv[0]} did not end; it said:\n{self.errors()}") from None

    def stop(self, expected=0):
        """Asks it to end and checks that it ended well. Harmless the second time."""
        if self.log.closed:
            return
        try:
            if self.alive():
                self.process.send_signal(signal.SIGTERM)
            code = self.wait()
            said = self.errors()
            assert not _SANITIZER_REPORT.search(said), f"{self.argv[0]}: sanitizer report\n{said}"
            assert code == expected, f"{self.argv[0]} ended with {code}; it said:\n{said}"
        finally:
            if self.alive():
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.log.close()


def run(argv, environment, stdin=None, seconds=60, preexec=None):
    """Runs a program to its end: (exit code, stdout, stderr)."""
    done = subprocess.run(argv, env=environment, input=stdin, capture_output=True,
                          timeout=seconds * SLOW, check=False, preexec_fn=preexec)
    said = done.stderr.decode("utf-8", "replace")
    assert not _SANITIZER_REPORT.search(said), f"{argv[0]}: sanitizer report\n{said}"
    return done.returncode, done.stdout.decode("utf-8", "replace"), said
