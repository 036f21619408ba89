"""The files of plan and apply: full disks, the temporary folder, what is written over."""

import json
import os
import resource
import subprocess
import unittest

from harness.plans import RELEASE, PlanCase, step, teardown
from harness.process import SANITIZED, SLOW, Process, clean_environment, program


class Full(PlanCase):
    """A disk that is full: a limit on the size of files stands for it."""

    def limited(self, size, *arguments, **environment):
        """The command, none of whose files may have more bytes: (exit code, stdout, stderr)."""
        done = subprocess.run(
            [program("zenrelease"), *arguments], capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=60 * SLOW,
            env=clean_environment(self.folder, {**self.environment, **environment}),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
        return done.returncode, done.stdout, done.stderr

    def large(self):
        """A plan, its ids, and a size that holds it and not what is told of it: most are in the
        way, and that takes more words in a report than in a plan."""
        sim = self.world("--recycled", "50", "--running", "400")
        ids = sim.ids("RUNNING") + sim.ids()
        plan = self.plan(teardown(step("a", ids=ids[:250]), step("b", ids=ids[250:])), expected=3)
        return plan, ids, os.path.getsize(plan)

    def test_during_the_check_nothing_is_sent_and_all_is_told(self):
        plan, ids, size = self.large()
        code, out, err = self.limited(size, "apply", "--plan", plan, "--json")
        self.assertEqual(self.sim.count(RELEASE), 0, err)
        self.assertEqual(code, 1, err)
        self.assertIn("cannot be written down in /tmp", err)
        self.assertIn("File too large", err)
        result = json.loads(out.splitlines()[-1])
        self.assert_honest(self.sim, ids, result)
        self.assertEqual({o[0] for o in self.outcomes(result).values()}, {"not_attempted"})

    def test_a_report_that_does_not_fit_is_not_put_in_place(self):
        ids = self.world("--recycled", "400").ids()
        plan = self.plan(teardown(step("a", ids=ids)))
        size = os.path.getsize(plan)
        path = self.path("report.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write("older")
        code, _, err = self.limited(size, "apply", "--plan", plan, "--report", path)
        self.assertEqual(code, 4, err)
        self.assertEqual(self.sim.destroyed(), set(ids))
        self.assertIn("the report could not be written: File too large", err)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "older")
        kept = [n for n in os.listdir(self.folder) if n.startswith("report.json.")]
        self.assertEqual(len(kept), 1)
        self.assertIn(f"what there is of the report is in {path}", err)
        with open(self.path(kept[0]), "rb") as file:
            text = file.read()
        self.assertIn(ids[0].encode(), text)
        self.assertNotIn(b"\0", text)


class TemporaryFolder(PlanCase):
    def test_tmpdir_is_where_temporary_files_are(self):
        sim = self.world("--recycled", "3")
        plan = self.plan(teardown(step("a", ids=sim.ids())))
        file = self.path("teardown.json")
        nowhere = {**self.environment, "TMPDIR": "/nonexistent"}
        for arguments in (["apply", "--plan", plan], ["plan", file],
                          ["apply", file, "--auto-approve"]):
            code, _, err = self.run_cli(*arguments, environment=nowhere)
            self.assertIn(code, (1, 2), err)
            self.assertIn("/nonexistent: No such file", err)
        self.assertEqual(sim.count(RELEASE), 0)
        here = {**self.environment, "TMPDIR": self.folder}
        self.assertEqual(self.apply(plan, environment=here)[0], 0)
        self.assertEqual(sorted(os.listdir(self.folder)), ["plan.jsonl", "teardown.json"])


CLOSED = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]


class Closed(PlanCase):
    """Started without standard descriptors, as by some schedulers."""

    def test_plan_and_report_are_whole(self):
        sim = self.world("--recycled", "30")
        ids = sim.ids()
        file, plan = self.write(teardown(step("a", ids=ids))), self.path("plan.jsonl")
        report = self.path("report.json")
        for arguments in (["plan", file, "--out", plan],
                          ["apply", "--plan", plan, "--report", report],
                          ["apply", "--plan", plan, "--json", "--report", report]):
            done = subprocess.run(CLOSED + [program("zenrelease"), *arguments], check=False,
                                  timeout=60 * SLOW,
                                  env=clean_environment(self.folder, self.environment))
            self.assertEqual(done.returncode, 0, arguments)
        with open(plan, encoding="utf-8") as file:
            self.assertEqual(len([json.loads(line) for line in file]), len(ids) + 2)
        with open(report, encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["results"]), len(ids))
        self.assertEqual(sim.destroyed(), set(ids))

    @unittest.skipIf(SANITIZED, "a library is before us then")
    def test_servers_open_the_null_device_instead(self):
        closed = ["sh", "-c", 'exec "$@" <&- 2>&-', "sh"]
        socket = os.path.join(self.home(), "s")
        for argv in ([program("zenlayer-sim"), "--listen", "127.0.0.1:0"],
                     [program("zenrelease-plugin"), "--listen", f"unix:{socket}"]):
            process = Process(closed + argv, clean_environment(self.home()))
            self.addCleanup(process.stop)
            for fd in (0, 2):
                self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{fd}"), "/dev/null", argv)


if __name__ == "__main__":
    unittest.main()
