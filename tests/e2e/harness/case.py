"""The base of every case: starts what it needs and stops it again, whatever happens."""

import json
import tempfile
import unittest

import grpc

from . import truth
from .plugin import Plugin
from .process import SANITIZED, clean_environment, program, run
from .simulator import Simulator


class Case(unittest.TestCase):
    maxDiff = 2000

    def run(self, result=None):
        """What a decorator skips is told, too."""
        for what in (type(self), getattr(self, self._testMethodName)):
            if getattr(what, "__unittest_skip__", False):
                self.leave_out(what.__unittest_skip_why__)
                break
        return super().run(result)

    def leave_out(self, reason):
        """Says what is not looked at, on a line of its own, where the summary of tests/run.sh finds it."""
        print(f"\nSKIPPED: {self._testMethodName}: {reason}", flush=True)

    def skipTest(self, reason):
        self.leave_out(reason)
        super().skipTest(reason)

    def assert_memory(self, kib, most_kib):
        """A bound that only the programs as they are shipped can keep."""
        if SANITIZED:
            self.leave_out("the bound on memory: a sanitizer needs more")
        else:
            self.assertLess(kib, most_kib)

    def home(self):
        """A folder of the case's own, removed afterwards."""
        folder = tempfile.TemporaryDirectory(prefix="zr-e2e-")
        self.addCleanup(folder.cleanup)
        return folder.name

    def simulator(self, *flags, **how):
        sim = Simulator(*flags, **how)
        self.addCleanup(sim.stop)
        return sim

    def plugin(self, sim, *flags, environment=None, **how):
        settings = dict(sim.environment() if sim else {})
        settings.update(environment or {})
        plugin = Plugin(settings, *flags, **how)
        self.addCleanup(plugin.stop)
        return plugin

    def pair(self, *flags, **how):
        """A simulator with these flags, and a plugin that talks to it."""
        sim = self.simulator(*flags)
        return sim, self.plugin(sim, **how)

    def assert_honest(self, sim, ids, response, **how):
        found = truth.problems(sim, ids, response, **how)
        self.assertEqual(found, [], "\n" + "\n".join(found[:20]))

    def assert_refused(self, code, call, *args, **kwargs):
        """The call ends with this status; answers the error."""
        with self.assertRaises(grpc.RpcError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        self.assertTrue(caught.exception.details(), "an error without a word")
        return caught.exception

    def cli(self, *arguments, environment=None, stdin=None, home="/nonexistent", seconds=60):
        """(exit code, stdout, stderr)"""
        return run([program("zenrelease"), *arguments], clean_environment(home, environment),
                   stdin.encode() if isinstance(stdin, str) else stdin or b"", seconds)

    def cli_json(self, *arguments, **how):
        """(exit code, the objects on stdout); the last is the result."""
        code, out, err = self.cli(*arguments, "--json", **how)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertTrue(all("type" in line for line in lines), out)
        self.assertTrue(lines, f"nothing on stdout; stderr: {err}")
        return code, lines
