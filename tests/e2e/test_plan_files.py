"""The files of plan and apply: full disks, the temporary folder, what is written over."""

import hashlib
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
        """The command, none of whose files may have more bytes; the server's journal has room:
        (exit code, stdout, stderr)."""
        server = self.plugin(self.sim).address
        done = subprocess.run(
            [program("zenrelease"), *arguments, "--server", server], capture_output=True, text=True, check=False,
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
        self.assertEqual(set(os.listdir(self.folder)) - {"plan.jsonl.journal"},
                         {"plan.jsonl", "teardown.json"})


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


class Outputs(PlanCase):
    """What is written over, and what is not."""

    def setUp(self):
        self.world("--recycled", "4")
        self.file = self.write(teardown(step("a", ids=self.sim.ids())))
        self.saved = self.path("plan.jsonl")
        self.assertEqual(self.run_cli("plan", self.file, "--out", self.saved)[0], 0)

    def refused(self, name, *arguments, **how):
        with open(name, "rb") as file:
            before = file.read()
        code, _, err = self.run_cli(*arguments, **how)
        self.assertEqual(code, 2, err)
        self.assertIn("would overwrite", err)
        with open(name, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_an_output_does_not_replace_what_is_read(self):
        os.link(self.file, self.path("hard"))
        os.symlink(self.file, self.path("soft"))
        for out in (self.file, self.path("hard"), self.path("soft")):
            self.refused(self.file, "plan", self.file, "--out", out)
            self.refused(self.file, "apply", self.file, "--auto-approve", "--report", out)
        self.refused(self.saved, "apply", "--plan", self.saved, "--report", self.saved)
        code, _, err = self.run_cli("apply", "--plan", self.saved, "--report",
                                    self.saved + ".journal")
        self.assertEqual(code, 2, err)
        self.assertIn("would overwrite", err)
        config = self.write({"max_instances": 5}, "server.json")
        self.refused(config, "apply", "--plan", self.saved, "--config", config, "--report", config)
        with open(self.file, "rb") as stdin:
            done = subprocess.run([program("zenrelease"), "plan", "-", "--out", self.file],
                                  stdin=stdin, capture_output=True, check=False,
                                  timeout=60 * SLOW,
                                  env=clean_environment(self.folder, self.environment))
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_a_link_stays_a_link_and_a_mode_stays_a_mode(self):
        os.mkdir(self.path("elsewhere"))
        target = self.path("elsewhere/report.json")
        with open(target, "w", encoding="utf-8") as file:
            file.write("older")
        os.chmod(target, 0o640)
        os.symlink(target, self.path("report.json"))
        code, _, err = self.run_cli("apply", "--plan", self.saved, "--report",
                                    self.path("report.json"))
        self.assertEqual(code, 0, err)
        self.assertTrue(os.path.islink(self.path("report.json")))
        with open(target, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["counts"]["released"], 4)
        self.assertEqual(os.stat(target).st_mode & 0o777, 0o640)
        self.assertEqual(os.listdir(self.path("elsewhere")), ["report.json"])
        self.assertEqual(os.stat(self.saved).st_mode & 0o777, 0o600)


class Told(PlanCase):
    def test_a_failed_plan_does_not_look_like_one(self):
        sim = self.world("--recycled", "4")
        ids = sim.ids()
        file = self.write(teardown(step("a", ids=ids[:2]), step("b", product="bmc", ids=["9"])))
        reads = {"do": "error", "status": 401,
                 "code": "AUTHFAILURE_UNAUTHORIZED_OPERATION"}
        sim.fault({**reads, "match": {"action": "DescribeInstances"}})
        code, out, err = self.run_cli("plan", file)
        self.assertEqual((code, out), (1, ""), err)
        self.assertIn("no plan was made", err)
        sim.fault({**reads, "match": {"product": "bmc"}})
        code, out, err = self.run_cli("plan", file)
        self.assertEqual(code, 1, err)
        self.assertIn("Step a: 2 vm instances", out)
        self.assertTrue(out.endswith("so no plan was made.\n"), out)

    def test_programs_can_tell_the_check_from_the_run(self):
        sim = self.world("--recycled", "4", "--running", "1")
        file = self.write(teardown(
            step("a", ids=sim.ids()[:2] + sim.ids("RUNNING")),
            step("b", selector={"name": "vm-00000[34]"},
                 policy={"keep": [{"name_pattern": "vm-000004"}]})))
        code, lines = self.cli_json("plan", file, environment=self.environment)
        self.assertEqual(code, 3)
        told = {line["type"]: set(line) for line in lines}
        self.assertEqual(set(told), {"instance", "blocked", "kept", "step", "result"})
        for kind in ("blocked", "kept"):
            self.assertEqual(told[kind], {"type", "step", "id", "code", "detail"})
        code, lines = self.cli_json("apply", file, "--auto-approve", environment=self.environment)
        self.assertEqual(code, 3)
        at = [line["type"] for line in lines].index("step_started")
        check = [line for line in lines[:at] if line["type"] != "step"]
        self.assertTrue(check)
        self.assertEqual({line.get("phase") for line in check}, {"check"})
        self.assertEqual({line.get("phase") for line in lines[at:]}, {None})

    def test_days(self):
        self.folder, self.environment = self.home(), {}
        file = self.write(teardown(step("a", selector={"name": "x", "min_bin_time": "7d"})))
        self.assertEqual(self.run_cli("validate", file)[0], 0)


class Lines(PlanCase):
    """A plan that somebody else has written."""

    def refused(self, words):
        code, _, err = self.run_cli("apply", "--plan", self.path("p"))
        self.assertEqual(code, 2, err)
        self.assertIn(words, err)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_a_line_without_end_is_not_read_to_its_end(self):
        self.world("--recycled", "1")
        with open(self.path("p"), "wb") as file:
            file.truncate(64 * 1024 * 1024)
        self.refused("line 1 is longer than 1 MiB")

    def test_an_instance_that_is_there_twice_is_refused_whatever_the_digest(self):
        sim = self.world("--recycled", "3", "--running", "1")
        plan = self.plan(teardown(step("a", ids=sim.ids()[:2] + sim.ids("RUNNING")),
                                  step("b", ids=sim.ids()[2:])), expected=3)
        with open(plan, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        twice = lines[1].replace(b'"step":"a"', b'"step":"b"')
        for body in (lines[:2] + lines[1:-1], lines[:4] + lines[3:-1], lines[:-1] + [twice]):
            end = {"type": "end", "count": len(body) - 1,
                   "sha256": hashlib.sha256(b"".join(body)).hexdigest()}
            with open(self.path("p"), "wb") as file:
                file.write(b"".join(body) + json.dumps(end, separators=(",", ":")).encode()
                           + b"\n")
            self.refused("is there twice")

    def test_the_digest_that_is_run_is_told(self):
        sim = self.world("--recycled", "2")
        plan = self.plan(teardown(step("a", ids=sim.ids())))
        with open(plan, encoding="utf-8") as file:
            digest = json.loads(file.read().splitlines()[-1])["sha256"]
        code, _, err = self.run_cli("apply", "--plan", plan)
        self.assertEqual(code, 0, err)
        self.assertIn(f"running the plan {plan}, digest {digest}: 2 instances", err)


if __name__ == "__main__":
    unittest.main()
