"""Saved plans that are refused, and reports that cannot be written."""

import hashlib
import json
import os
import subprocess
import unittest

from harness.plans import RELEASE, PlanCase, step, teardown
from harness.process import SANITIZED, SLOW, clean_environment, program


class Refused(PlanCase):
    """A saved plan that is not as it was made, or not for here and now."""

    def refused(self, plan, *arguments, because=None, environment=None):
        code, out, err = self.run_cli("apply", "--plan", plan, *arguments,
                                      environment=environment or self.environment)
        self.assertEqual(code, 2, out + err)
        self.assertTrue(err.strip())
        if because:
            self.assertIn(because, err)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def small_plan(self):
        sim = self.world("--recycled", "20", "--running", "1")
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": sim.ids()[0], "product": "vm", "tags": {"team": "web"}}]})
        return self.plan(teardown(step("a", ids=sim.ids()[:2] + sim.ids("RUNNING")),
                                  step("b", selector={"name": "vm-000003"}, depends_on=["a"]),
                                  policy={"keep": [{"tag": "keep"}]}), expected=3)

    def saved(self, data, name="mutated.jsonl"):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def test_the_digest_is_checked(self):
        plan = self.small_plan()
        self.refused(plan, "--expect-digest", "0" * 64, because="was expected")
        with open(plan, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        digest = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
        self.assertEqual(json.loads(lines[-1]),
                         {"type": "end", "count": len(lines) - 2, "sha256": digest})
        code, _ = self.apply(plan, "--expect-digest", digest)
        self.assertEqual(code, 3)

    def test_every_edited_member_is_refused(self):
        plan = self.small_plan()
        with open(plan, encoding="utf-8") as file:
            lines = file.read().splitlines()
        tried = 0
        for n, line in enumerate(lines):
            for changed in mutations(json.loads(line)):
                text = json.dumps(changed, separators=(",", ":"), ensure_ascii=False)
                copy = lines[:n] + [text] + lines[n + 1:]
                if copy == lines:
                    continue
                tried += 1
                self.check_quickly("\n".join(copy).encode() + b"\n")
        self.assertGreater(tried, 100)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def check_quickly(self, data):
        """`apply` refuses before it starts a plugin, so there is nothing to wait for."""
        path = self.saved(data)
        done = subprocess.run([program("zenrelease"), "apply", "--plan", path],
                              env=clean_environment(self.folder, {"PATH": "/nonexistent"}),
                              capture_output=True, timeout=30 * SLOW, check=False)
        self.assertEqual(done.returncode, 2, data[-300:] + done.stderr)
        self.assertIn(b"refused", done.stderr)

    def test_cut_short_anywhere(self):
        plan = self.small_plan()
        with open(plan, "rb") as file:
            data = file.read()
        step_ = 7 if not SANITIZED else 101  # each byte: unit.client_plan
        for size in [*range(0, len(data), step_), len(data) - 2, len(data) - 1]:
            self.check_quickly(data[:size])

    def test_lines_moved_added_or_removed(self):
        plan = self.small_plan()
        with open(plan, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        for n in range(len(lines)):
            self.check_quickly(b"".join(lines[:n] + lines[n + 1:]))
            self.check_quickly(b"".join(lines[:n] + [lines[n]] + lines[n:]))
            if n + 1 < len(lines):
                self.check_quickly(b"".join(lines[:n] + [lines[n + 1], lines[n]] + lines[n + 2:]))
        self.check_quickly(b"".join(lines) + b"\n")

    def remade(self, plan, **members):
        """The same plan with another header and a digest that fits: an honest plan of another."""
        with open(plan, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        head = json.loads(lines[0])
        head.update(members)
        body = json.dumps(head, separators=(",", ":")).encode() + b"\n" + b"".join(lines[1:-1])
        end = {"type": "end", "count": len(lines) - 2, "sha256": hashlib.sha256(body).hexdigest()}
        return self.saved(body + json.dumps(end, separators=(",", ":")).encode() + b"\n", "other")

    def test_expired_other_account_other_endpoint_unknown_version(self):
        plan = self.small_plan()
        self.refused(self.remade(plan, expires="2026-01-01T00:00:00.000Z",
                                 created="2025-12-31T00:00:00.000Z"), because="expired")
        self.refused(self.remade(plan, created="2999-01-01T00:00:00.000Z",
                                 expires="2999-01-02T00:00:00.000Z"), because="future")
        self.refused(self.remade(plan, account="0123456789abcdef"), because="account")
        self.refused(self.remade(plan, endpoint="https://console.zenlayer.com"),
                     because="endpoint")
        self.refused(self.remade(plan, version=2), because="version 2 is not known")
        self.refused(self.path("nosuch"), because="No such file")

    def test_other_credentials_are_another_account(self):
        plan = self.small_plan()
        environment = {"ZENLAYERCLOUD_DOMAIN": self.sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP",
                       "ZENLAYER_TOKEN": self.sim.token}
        self.refused(plan, because="account", environment=environment)


def mutations(value):
    """The value with each member changed, one at a time, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for changed in mutations(inner):
                yield {**value, key: changed}
            yield {k: v for k, v in value.items() if k != key}
        yield {**value, "extra": 1}
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            for changed in mutations(inner):
                yield value[:n] + [changed] + value[n + 1:]
        yield value + ["x"]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield value + "x"
        yield "0" + value[1:] if value else "0"


class Report(PlanCase):
    """A report that cannot be written is found out before anything is sent."""

    def setUp(self):
        self.world("--recycled", "5")
        self.saved = self.plan(teardown(step("a", ids=self.sim.ids())))

    def refused(self, path, words):
        for arguments in (["--plan", self.saved], [self.path("teardown.json"), "--auto-approve"]):
            code, _, err = self.run_cli("apply", *arguments, "--report", path)
            self.assertEqual(code, 2, err)
            self.assertIn(words, err)
            self.assertIn("nothing was sent", err)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_a_place_that_cannot_be_written_to(self):
        self.refused("/nonexistent/report.json", "No such file")
        os.mkdir(self.path("folder"))
        self.refused(self.path("folder"), "directory")
        self.refused("/dev/null", "Invalid argument")
        self.refused(self.path("x" * 300), "too long")

    def test_nothing_is_left_behind_and_an_older_report_stays(self):
        with open(self.path("report.json"), "w", encoding="utf-8") as file:
            file.write("older")
        self.write("{}", "broken.jsonl")
        code, _, err = self.run_cli("apply", "--plan", self.path("broken.jsonl"), "--report",
                                    self.path("report.json"))
        self.assertEqual(code, 2, err)
        self.sim.stop()
        code, _, err = self.run_cli("apply", "--plan", self.saved, "--server", "127.0.0.1:1",
                                    "--report", self.path("report.json"))
        self.assertEqual(code, 1, err)
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "older")
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("report.json.")], [])

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_full_disk_at_the_end_is_told(self):
        """The result on stdout cannot be written; the report can, and is exact."""
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [program("zenrelease"), "apply", "--plan", self.saved, "--report",
                 self.path("report.json")], stdout=full, stderr=subprocess.PIPE, check=False,
                stdin=subprocess.DEVNULL, timeout=60 * SLOW,
                env=clean_environment(self.folder, self.environment))
        self.assertEqual(done.returncode, 4, done.stderr)
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["counts"]["released"], 5)


if __name__ == "__main__":
    unittest.main()
