"""Teardown files: validate, plan, apply; drift, belts, refused plans, exit codes."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from harness.plans import EXAMPLE, RELEASE, WIDE, PlanCase, step, teardown
from harness.process import SANITIZED, SLOW, clean_environment, program

class Validate(PlanCase):
    def setUp(self):
        self.folder, self.environment = self.home(), {}

    def problems(self, text):
        code, out, err = self.cli("validate", self.write(text))
        self.assertEqual((code, out), (2, ""))
        return err

    def test_a_good_file_is_good_without_a_network(self):
        code, out, _ = self.cli("validate", self.write(teardown(step("a", ids=["1"]))))
        self.assertEqual(code, 0)
        self.assertIn("1 step", out)

    def test_every_fault_is_named_with_line_column_and_path(self):
        err = self.problems('{"version": 1,\n "steps": [\n  {"name": "a b", "product": "boat",\n'
                            '   "ids": ["x", " y", "x", 7], "colour": 1,\n'
                            '   "options": {"wait": "soon"}}]}')
        for part in (":3:12: steps[0].name:", ":3:30: steps[0].product:", ":4:17: steps[0].ids[1]:",
                     ":4:28: steps[0].ids[3]: must be a text", ":4:42: steps[0].colour:",
                     ":5:24: steps[0].options.wait:"):
            self.assertIn(part, err)

    def test_programs_get_every_fault_too_and_none_is_cut_off(self):
        text = json.dumps(teardown(step("a", ids=[" x"] * 20000)))
        code, lines = self.cli_json("validate", self.write(text))
        self.assertEqual((code, len(lines)), (2, 1))
        faults = lines[0]["violations"]
        self.assertEqual(len(faults), 20000)
        last = faults[-1]
        self.assertEqual(last["field"], "steps[0].ids[19999]")
        self.assertEqual(text[last["column"] - 1:last["column"] + 3], '" x"')
        self.assertEqual(len(self.problems(text).splitlines()), 20000)

    def test_a_file_cannot_write_on_the_terminal(self):
        self.assertNotIn("\x1b", self.problems(json.dumps(teardown(
            step("a\x1b[31m", "v\x1b[2J", ids=["1"])))))

    def test_cycles_are_named(self):
        err = self.problems(json.dumps(teardown(step("a", ids=["1"], depends_on=["c"]),
                                                step("b", ids=["2"], depends_on=["a"]),
                                                step("c", ids=["3"], depends_on=["b"]))))
        self.assertIn("a cycle: a -> c -> b -> a", err)

    def test_a_selector_of_everything_must_say_so(self):
        self.assertIn("steps[0].selector", self.problems(json.dumps(
            teardown(step("a", selector={})))))

    def test_broken_json_is_pointed_at(self):
        self.assertIn(":2:3: steps[0]", self.problems('{"version": 1, "steps": [\n  }'))


class Golden(PlanCase):
    """The plan's text, byte for byte, apart from what differs from run to run."""

    def test_three_tiers(self):
        sim = self.world("--fleet", os.path.join(EXAMPLE, "fleet.json"))
        code, out, err = self.run_cli("plan", os.path.join(EXAMPLE, "teardown.json"))
        self.assertEqual(code, 0, out + err)
        out = out.replace(sim.endpoint, "ENDPOINT")
        lines = out.splitlines(keepends=True)
        self.assertRegex(lines[0], r"^Plan for account [0-9a-f]{16} at http://ENDPOINT\n$")
        self.assertRegex(lines[1], r"^made \S+Z, good until \S+Z; nothing has been released\n$")
        with open(os.path.join(os.path.dirname(__file__), "golden/plan.txt"),
                  encoding="utf-8") as file:
            self.assertEqual(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "YYYY-MM-DDTHH:MM:SSZ",
                                    "".join(lines[2:])), file.read())
        self.assertEqual(sim.count(RELEASE), 0)


class Drift(PlanCase):
    def test_what_changed_since_is_left_alone_and_arrivals_are_not_added(self):
        sim = self.world("--recycled", "60", "--running", "30")
        plan = self.plan(teardown(step("old", selector={"name": "vm-0000[0-4]*"},
                                       policy=WIDE)))
        planned = self.ids_in(plan)
        self.assertEqual(len(planned), 49)
        left, renamed, tagged = planned[3], planned[17], planned[40]
        sim.set_status([left], "RUNNING")
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": renamed, "product": "vm", "instanceName": "precious"},
            {"instanceId": tagged, "product": "vm", "tags": {"keep": "yes"}}]})
        arrivals = sim.ids("RUNNING")[:21]
        arrivals = [i for i in arrivals if i != left][:20]
        sim.set_status(arrivals, "RECYCLE")
        code, result = self.apply(plan)
        found = self.outcomes(result)
        self.assertEqual({i for i, o in found.items() if o == ("not_attempted", "DRIFTED")},
                         {left, renamed, tagged})
        self.assertEqual(sim.destroyed(), set(planned) - {left, renamed, tagged})
        self.assertEqual(code, 3)
        self.assert_honest(sim, planned, result)
        details = {d["instance_id"]: d.get("detail", "") for d in result["diagnostics"]}
        self.assertIn("precious", details[renamed])
        self.assertIn("keep", details[tagged])

    def test_too_much_drift_stops_before_the_first_call(self):
        sim = self.world("--recycled", "40")
        plan = self.plan(teardown(step("a", selector={"name": "vm-00000*"}),
                                  step("b", selector={"name": "vm-00001*"}, depends_on=["a"])))
        planned = self.ids_in(plan)
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "instanceName": "new"} for i in planned[-4:]]})
        code, result = self.apply(plan)
        self.assertEqual(code, 1)
        self.assertEqual(sim.count(RELEASE), 0)
        self.assertEqual(result["counts"]["not_attempted"], len(planned))
        self.assert_honest(sim, planned, result)
        self.assertEqual(sum(o[1] == "DRIFTED" for o in self.outcomes(result).values()), 4)

    def test_the_share_of_drift_is_one_of_the_whole_plan(self):
        """A small step that has changed for the most part is little of a large plan."""
        sim = self.world("--recycled", "60")
        ids = sim.ids()
        plan = self.plan(teardown(step("few", ids=ids[:2]), step("many", ids=ids[2:40])))
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "instanceName": "new"} for i in ids[:4]]})
        code, result = self.apply(plan)
        self.assertEqual(code, 3)
        self.assertEqual(sim.destroyed(), set(ids[4:40]))
        self.assertEqual(sum(o[1] == "DRIFTED" for o in self.outcomes(result).values()), 4)
        self.assert_honest(sim, ids[:40], result)

    def test_drift_that_is_little_in_each_step_and_too_much_in_all_stops_the_run(self):
        """Neither step has more than its tenth; the plan's third drifted one is too many."""
        sim = self.world("--recycled", "60")
        ids = sim.ids()
        plan = self.plan(teardown(step("first", ids=ids[:10]),
                                  step("second", ids=ids[10:20], depends_on=["first"]),
                                  step("third", ids=ids[20:29], depends_on=["second"])))
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "instanceName": "new"}
            for i in (ids[0], ids[10], ids[28])]})
        code, result = self.apply(plan)
        self.assertEqual(code, 1)
        self.assertEqual(sim.count(RELEASE), 0)
        found = self.outcomes(result)
        self.assertEqual({i for i in found if found[i][1] == "DRIFTED"},
                         {ids[0], ids[10], ids[28]})
        self.assertEqual({found[i][1] for i in ids[20:28]}, {"BELT_BROKEN"})
        self.assertTrue(any("3 of 29 instances" in d.get("detail", "")
                            for d in result["diagnostics"]))
        self.assert_honest(sim, ids[:29], result)

    def test_what_dies_with_it_is_a_fact_too(self):
        sim = self.world("--recycled", "20")
        ids = sim.ids()
        plan = self.plan(teardown(step("a", ids=ids)))
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": ids[0], "product": "vm", "fixedDataDisks": 2},
            {"instanceId": ids[1], "product": "vm", "publicIpAddress": "198.18.9.9"}]})
        code, result = self.apply(plan)
        self.assertEqual(code, 3)
        found = self.outcomes(result)
        self.assertEqual({i for i in found if found[i] == ("not_attempted", "DRIFTED")},
                         set(ids[:2]))
        self.assertEqual(sim.destroyed(), set(ids[2:]))
        details = {d["instance_id"]: d.get("detail", "") for d in result["diagnostics"]}
        self.assertIn("2 disks that cannot be detached would have died", details[ids[0]])
        self.assertIn("198.18.9.9", details[ids[1]])

    def test_the_belts_of_a_selector_stop_a_plan(self):
        sim = self.world("--recycled", "300")
        for content, words in ((step("a", selector={"all": True}, policy={"max_bin_percent": 100}),
                                "at most 100"),
                               (step("a", selector={"all": True}, policy={"max_instances": 1000}),
                                "more than 50 percent")):
            code, out, _ = self.run_cli("plan", self.write(teardown(content)), "--out",
                                        self.path("p"))
            self.assertEqual(code, 1)
            self.assertIn(words, out)
            self.assertFalse(os.path.exists(self.path("p")))
        self.assertEqual(sim.count(RELEASE), 0)

    def test_a_first_user_releases_a_handful(self):
        sim = self.world("--recycled", "12")
        code, _, err = self.run_cli("apply", self.write(teardown(
            step("old", selector={"name": "vm-00000[1-5]"}))), "--auto-approve")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(sim.destroyed()), 5)

    def test_a_bin_that_shrank_breaks_the_belt_in_the_server(self):
        sim = self.world("--recycled", "40")
        plan = self.plan(teardown(step("a", selector={"name": "vm-00000*"})))
        sim.set_status(sim.ids()[12:], "RUNNING")
        code, result = self.apply(plan)
        self.assertEqual(code, 1)
        self.assertEqual({o for o in self.outcomes(result).values()},
                         {("not_attempted", "BELT_BROKEN")})
        self.assertEqual(sim.count(RELEASE), 0)

    def test_keep_rules_of_the_servers_configuration_hold_for_named_ids(self):
        sim = self.world("--recycled", "6")
        config = self.write({"keep": [{"name_pattern": "vm-000002"}], "max_instances": 5},
                            "server.json")
        ids = sim.ids()
        code, lines = self.cli_json("release", "--config", config, *ids[:3],
                                    environment=self.environment)
        self.assertEqual(code, 3)
        self.assertEqual(self.outcomes(lines[-1])[ids[1]], ("not_attempted", "PROTECTED"))
        self.assertEqual(sim.destroyed(), {ids[0], ids[2]})
        code, lines = self.cli_json("release", "--config", config, *ids,
                                    environment=self.environment)
        self.assertEqual(code, 1)
        self.assertEqual({o for o in self.outcomes(lines[-1]).values()},
                         {("not_attempted", "BELT_BROKEN")})


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


class Steps(PlanCase):
    def test_a_failed_step_stops_only_its_dependents(self):
        sim = self.world("--recycled", "30", "--running", "1")
        ids = sim.ids()
        plan = self.plan(teardown(step("bad", ids=sim.ids("RUNNING")),
                                  step("after-bad", ids=ids[:2], depends_on=["bad"]),
                                  step("last", ids=ids[2:4], depends_on=["after-bad"]),
                                  step("good", ids=ids[4:6])), expected=3)
        code, result = self.apply(plan)
        self.assertEqual(code, 3)
        self.assertEqual(sim.destroyed(), set(ids[4:6]))
        self.assertEqual({s["step"]: s["state"] for s in result["steps"]},
                         {"bad": "failed", "after-bad": "skipped", "last": "skipped",
                          "good": "done"})
        found = self.outcomes(result)
        for i in ids[:4]:
            self.assertEqual(found[i], ("not_attempted", "DEPENDENCY_FAILED"))

    def test_steps_wait_for_what_they_need(self):
        sim = self.world("--recycled", "30")
        ids = sim.ids()
        plan = self.plan(teardown(step("third", ids=ids[:2], depends_on=["second"]),
                                  step("first", ids=ids[2:4]),
                                  step("second", ids=ids[4:6], depends_on=["first"])))
        code, _ = self.apply(plan)
        self.assertEqual(code, 0)
        order = [c["ids"][0] for c in sim.calls(RELEASE)]
        self.assertEqual(order, [ids[2], ids[4], ids[0]])

    def test_the_whole_bin_in_three_steps_of_half_each_is_seen_as_one_run(self):
        sim = self.world("--recycled", "20")
        plan = self.plan(teardown(step("a", selector={"name": "vm-00000*"}),
                                  step("b", selector={"name": "vm-00001*"}, depends_on=["a"])))
        code, result = self.apply(plan)
        self.assertEqual(code, 0, result["diagnostics"])
        self.assertEqual(len(sim.destroyed()), 19)

    def test_the_report_file_has_every_outcome_and_its_evidence(self):
        self.world("--recycled", "30")
        plan = self.plan(teardown(step("a", ids=self.sim.ids()[:7])))
        code, _, _ = self.run_cli("apply", "--plan", plan, "--report", self.path("report.json"))
        self.assertEqual(code, 0)
        with open(self.path("report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual({r["instance_id"] for r in report["results"]}, self.sim.destroyed())
        for row in report["results"]:
            self.assertEqual(row["step"], "a")
            self.assertTrue(row["release_request_id"])
            self.assertEqual(len(row["read_request_ids"]), 2)
        code, _, err = self.run_cli("apply", "--plan", plan, "--report", "/nonexistent/r.json")
        self.assertEqual(code, 2, err)


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


class Overlap(PlanCase):
    """An instance that two steps pick: whose rules hold, and when does it go? Nobody knows."""

    def refused(self, *steps):
        code, out, err = self.run_cli("plan", self.write(teardown(*steps)), "--out", self.path("p"))
        self.assertEqual(code, 2, out + err)
        for words in ("the steps", steps[0]["name"], steps[1]["name"], "both pick the instance"):
            self.assertIn(words, err)
        self.assertFalse(os.path.exists(self.path("p")))
        code, _, err = self.run_cli("apply", self.write(teardown(*steps)), "--auto-approve")
        self.assertEqual(code, 2, err)
        self.assertEqual(self.sim.count(RELEASE), 0)

    def test_two_steps_that_pick_one_instance_are_refused(self):
        sim = self.world("--recycled", "30")
        self.refused(step("web", selector={"name": "vm-00000*"}),
                     step("old", selector={"name": "vm-*5"}))
        self.refused(step("named", ids=[sim.ids()[4]]), step("old", selector={"name": "vm-*5"}))
        # Also where one of them would keep it.
        self.refused(step("web", selector={"name": "vm-00000*"},
                          policy={"keep": [{"name_pattern": "vm-000005"}]}),
                     step("old", selector={"name": "vm-*05"}))

    def test_the_same_id_of_another_product_is_another_instance(self):
        self.world("--fleet", self.fleet())
        plan = self.plan(teardown(step("a", ids=["5"]), step("b", product="bmc", ids=["5"])))
        self.assertEqual(self.apply(plan)[0], 0)

    def fleet(self):
        folder = self.home()
        path = os.path.join(folder, "fleet.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"instances": [{"instanceId": "5", "product": p} for p in ("vm", "bmc")]},
                      file)
        return path

    def test_an_instance_that_a_shifting_list_shows_twice_is_planned_once(self):
        sim = self.world("--recycled", "1500")
        sim.fault({"do": "rows", "repeat": 1, "match": {"action": "DescribeInstances",
                                                           "count": 3}})
        code, out, err = self.run_cli("plan", self.write(teardown(
            step("all", selector={"all": True}, policy=WIDE))), "--out", self.path("p"))
        self.assertEqual(code, 0, out + err)
        planned = self.ids_in(self.path("p"))
        self.assertEqual(len(planned), len(set(planned)))


class LostRights(PlanCase):
    """What the plan names is not seen any more: gone, or hidden. That is no success."""

    def prepared(self, neighbour, **members):
        sim = self.world("--recycled", "21")
        ids = sim.ids()
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "resourceGroupId": "rg-2"} for i in ids[:20]]})
        if neighbour:
            sim.put("fleet?merge=1", {"instances": [
                {"instanceId": "9", "product": "vm", "status": "RUNNING", "resourceGroupId": "rg-2"}]})
        plan = self.plan(teardown(step("lb", ids=ids[:20]),
                                  step("db", ids=ids[20:], depends_on=["lb"]), **members))
        return sim, plan, ids

    def test_a_hidden_group_stops_what_depends_on_it(self):
        sim, plan, ids = self.prepared(False, policy={"max_drift_percent": 100})
        sim.fault({"do": "hide_group", "group": "rg-2", "match": {"action": "DescribeInstances"}})
        code, result = self.apply(plan)
        found = self.outcomes(result)
        self.assertEqual(code, 1)
        self.assertEqual({found[i] for i in ids[:20]}, {("not_found", "GROUP_NOT_VISIBLE")})
        self.assertEqual(found[ids[20]], ("not_attempted", "DEPENDENCY_FAILED"))
        self.assertEqual(sim.destroyed(), set())
        sim.fault()
        self.assertEqual(self.apply(plan)[0], 0)
        self.assertEqual(sim.destroyed(), set(ids))

    def test_a_hidden_group_is_drift(self):
        sim, plan, _ = self.prepared(False)
        sim.fault({"do": "hide_group", "group": "rg-2", "match": {"action": "DescribeInstances"}})
        code, result = self.apply(plan)
        self.assertEqual(code, 1)
        self.assertFalse({"released", "already_gone"} & {o for o, _ in self.outcomes(result).values()})
        self.assertEqual(sim.count(RELEASE), 0)

    def test_what_others_released_is_gone_while_its_group_is_seen(self):
        sim, plan, ids = self.prepared(True)
        sim.put("fleet", {"instances": [
            {"instanceId": "9", "product": "vm", "status": "RUNNING", "resourceGroupId": "rg-2"},
            {"instanceId": ids[20], "product": "vm", "status": "RECYCLE"}]})
        _, result = self.apply(plan)
        found = self.outcomes(result)
        self.assertEqual({found[i] for i in ids[:20]}, {("already_gone", "")})


class ExitCodes(PlanCase):
    def test_0_and_again(self):
        sim = self.world("--recycled", "8")
        plan = self.plan(teardown(step("a", ids=sim.ids())))
        self.assertEqual(self.apply(plan)[0], 0)
        code, result = self.apply(plan)
        self.assertEqual(code, 0)
        self.assertEqual(result["counts"]["already_gone"], 8)
        self.assertEqual(sim.resubmitted(), [])

    def test_1_nothing(self):
        sim = self.world("--running", "2")
        plan = self.plan(teardown(step("a", ids=sim.ids("RUNNING"))), expected=1)
        self.assertEqual(self.apply(plan)[0], 1)

    def test_2_usage_and_no_terminal(self):
        sim = self.world("--recycled", "2")
        file = self.write(teardown(step("a", ids=sim.ids())))
        for arguments in (["apply"], ["plan"], ["validate"], ["apply", file], ["apply", "--yes", file],
                          ["apply", file, "--expect-digest", "0" * 64], ["plan", file, file],
                          ["apply", "--plan", file, file], ["plan", file, "--valid-for", "soon"],
                          ["apply", file, "--auto-approve", "--auto-approve"],
                          ["plan", file, "--json", "--json"], ["validate", file, "--verbose=1"],
                          ["apply", "--plan", file, "--plan", file], ["explain", "a", "b"],
                          ["explain", ""], ["doctor", "x"], ["plan", file, "--ou", "x"]):
            code, _, err = self.run_cli(*arguments)
            self.assertEqual(code, 2, f"{arguments}: {err}")
        self.assertEqual(sim.count(RELEASE), 0)

    def test_3_some(self):
        sim = self.world("--recycled", "2", "--running", "1")
        plan = self.plan(teardown(step("a", ids=sim.ids() + sim.ids("RUNNING"))), expected=3)
        self.assertEqual(self.apply(plan)[0], 3)

    def test_4_unknown(self):
        sim = self.world("--recycled", "2")
        plan = self.plan(teardown(step("a", ids=sim.ids(), options={"wait": "1s"})))
        sim.fault({"do": "drop_after", "match": {"action": RELEASE}},
                  {"do": "reset", "match": {"action": "DescribeInstances", "from": 3}})
        code, result = self.apply(plan)
        self.assertEqual({o[0] for o in self.outcomes(result).values()}, {"unknown"})
        self.assertEqual(code, 4)
        self.assertEqual({d["hint"] for d in result["diagnostics"]},
                         {"Apply the same plan again: it reads first."})

    def test_130_and_the_same_plan_finishes_the_rest(self):
        sim = self.world("--recycled", "3000")
        sim.slow_releases()
        plan = self.plan(teardown(step("a", selector={"name": "vm-000*"}, policy=WIDE),
                                  step("b", selector={"name": "vm-00[1-9]*"}, policy=WIDE,
                                       depends_on=["a"])))
        planned = self.ids_in(plan)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = subprocess.Popen(
                [program("zenrelease"), "apply", "--plan", plan, "--json"], stdout=out, stderr=err,
                stdin=subprocess.DEVNULL, env=clean_environment(self.home(), self.environment))
            sim.wait_for_calls(RELEASE, 2, seconds=60)
            command.send_signal(signal.SIGINT)
            self.assertEqual(command.wait(60 * SLOW), 130)
            out.seek(0)
            result = json.loads(out.read().splitlines()[-1])
        self.assert_honest(sim, planned, result)
        self.assertGreater(result["counts"]["not_attempted"], 0)
        sim.fault()
        code, again = self.apply(plan)
        self.assertEqual(code, 0)
        self.assertEqual(sim.destroyed(), set(planned))
        self.assertGreater(again["counts"]["already_gone"], 0)
        self.assertEqual(sim.resubmitted(), [])


class Documents(PlanCase):
    """What is published agrees with what the programs do."""

    def schema(self, name):
        with open(os.path.join(EXAMPLE, "../../docs/schemas", name), encoding="utf-8") as file:
            return jsonschema.Draft202012Validator(json.load(file))

    @unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
    def test_files_and_plans_obey_their_schemas(self):
        sim = self.world("--recycled", "9", "--running", "1")
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": sim.ids()[0], "product": "vm", "tags": {"team": "web"}}]})
        content = teardown(step("a", ids=sim.ids()[:2] + sim.ids("RUNNING")),
                           step("b", selector={"name": "vm-00000[3-5]"}, depends_on=["a"],
                                options={"wait": "1m30s"}, policy={"min_bin_time": "0"}),
                           policy={"keep": [{"tag": "keep"}]})
        self.schema("teardown-v1.json").validate(content)
        with open(os.path.join(EXAMPLE, "teardown.json"), encoding="utf-8") as file:
            self.schema("teardown-v1.json").validate(json.load(file))
        plan, lines = self.plan(content, expected=3), self.schema("plan-v1.json")
        with open(plan, encoding="utf-8") as file:
            for line in file:
                lines.validate(json.loads(line))
        for selector in ({"all": True}, {"all": True, "min_bin_time": "7d"}, {"tags": {"a": ""}},
                         {"zone": "a", "name": "b", "min_bin_time": "1h"}):
            right = teardown(step("a", selector=selector))
            self.schema("teardown-v1.json").validate(right)
            self.assertEqual(self.run_cli("validate", self.write(right))[0], 0, right)
        for wrong in (teardown(), teardown(step("a")), {"version": 2, "steps": []},
                      teardown(step("a b", ids=["1"])), teardown(step("a", ids=["1"], extra=1)),
                      *(teardown(step("a", selector=selector)) for selector in (
                          {}, {"all": False}, {"min_bin_time": "1h"}, {"all": True, "name": "x"},
                          {"all": False, "name": "x"}, {"tags": {"": "x"}}, {"tags": {}}))):
            self.assertFalse(self.schema("teardown-v1.json").is_valid(wrong), wrong)
            self.assertEqual(self.run_cli("validate", self.write(wrong))[0], 2, wrong)

    def test_completion_and_man_page_know_every_flag(self):
        self.folder, self.environment = self.home(), {}
        packaging = os.path.join(EXAMPLE, "../../client/packaging")
        for command in ("release", "list", "info", "validate", "plan", "apply", "explain",
                        "doctor"):
            code, out, _ = self.cli(command, "--help")
            self.assertEqual(code, 0)
            flags = set(re.findall(r"^ +(?:-., )?--([a-z-]+)", out, re.M)) - {"usage"}
            self.assertIn("json", flags)
            for name in ("completion/zenrelease.bash", "completion/_zenrelease",
                         "completion/zenrelease.fish", "man/zenrelease.1"):
                with open(os.path.join(packaging, name), encoding="utf-8") as file:
                    text = file.read().replace("\\-", "-")
                for flag in flags:
                    self.assertIn(flag, text, f"{name}: --{flag} of {command}")

    def test_bash_completes_every_flag_of_every_command(self):
        """The completion is run, not read: what it offers is what --help tells."""
        self.folder, self.environment = self.home(), {}
        file = os.path.join(EXAMPLE, "../../client/packaging/completion/zenrelease.bash")
        script = (f"source '{file}'; COMP_WORDS=(zenrelease $1 --); COMP_CWORD=2; _zenrelease; "
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        for command in ("release", "list", "info", "validate", "plan", "apply", "explain",
                        "doctor"):
            _, out, _ = self.cli(command, "--help")
            flags = set(re.findall(r"^ +(?:-., )?--([a-z-]+)", out, re.M)) - {"usage"}
            done = subprocess.run(["bash", "-c", script, "bash", command], capture_output=True,
                                  text=True, check=True, timeout=30 * SLOW)
            self.assertEqual({w.removeprefix("--") for w in done.stdout.split()}, flags, command)

    def complete(self, *words):
        """What bash offers for the last word; "=" stands alone, as bash splits it."""
        file = os.path.join(EXAMPLE, "../../client/packaging/completion/zenrelease.bash")
        script = (f"source '{file}'; COMP_WORDS=(zenrelease \"$@\"); COMP_CWORD=$#; _zenrelease; "
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True,
                              text=True, check=True, timeout=30 * SLOW)
        return set(done.stdout.split())

    def test_bash_tells_a_value_from_a_command(self):
        for words in (["--profile", "list", ""], ["--profile", "=", "list", ""]):
            self.assertIn("release", self.complete(*words))
        self.assertIn("--tag", self.complete("--profile", "release", "list", "--"))
        self.assertIn("--dry-run", self.complete("release", "--request-id", "list", "--"))
        self.assertLessEqual({"bin", "any"}, self.complete("list", "--status", ""))
        self.assertEqual(self.complete("list", "--product", "=", "z"), {"zec"})
        self.assertEqual(self.complete("list", "--name", ""), set())

    def test_the_other_shells_can_read_their_completion(self):
        folder = os.path.join(EXAMPLE, "../../client/packaging/completion")
        for shell, name in (("zsh", "_zenrelease"), ("fish", "zenrelease.fish")):
            if shutil.which(shell):
                subprocess.run([shell, "-n", os.path.join(folder, name)], check=True,
                               timeout=30 * SLOW)

    def test_programs_learn_what_people_do(self):
        sim = self.world("--recycled", "4")
        code, lines = self.cli_json("plan", self.write(teardown(step("a", ids=sim.ids()))),
                                    environment=self.environment)
        self.assertEqual(code, 0)
        end = lines[-1]
        self.assertEqual((end["undetachable_disks"], end["public_addresses"], end["prepaid"]),
                         (8, 4, 0))
        self.assertTrue(end["endpoint"].endswith(sim.endpoint))
        self.assertRegex(end["account"], "^[0-9a-f]{16}$")
        self.assertLess(end["created"], end["expires"])

    def test_doctor_looks_at_the_certificate_chain(self):
        home = self.home()
        cert, key = os.path.join(home, "cert.pem"), os.path.join(home, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                        "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.world("--recycled", "1", "--tls-cert", cert, "--tls-key", key)
        self.environment["ZENLAYERCLOUD_SCHEME"] = "HTTPS"
        for trusted, finding, code in ((cert, "ok", 0), (None, "failed", 1)):
            extra = {"SSL_CERT_FILE": trusted} if trusted else {}
            found_code, lines = self.cli_json("doctor", environment={**self.environment, **extra})
            found = {line["check"]: line for line in lines if line["type"] == "check"}
            self.assertEqual((found["tls"]["finding"], found_code), (finding, code), lines)
        self.assertIn("certificate", found["tls"]["detail"])

    def test_the_example_runs(self):
        done = subprocess.run([os.path.join(EXAMPLE, "run.sh"),
                               os.path.dirname(program("zenrelease"))], capture_output=True,
                              env=clean_environment(self.home()), timeout=60 * SLOW, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"released 6 of 6", done.stdout)

    def test_doctor_and_explain(self):
        sim = self.world("--recycled", "2", "--running", "1", "--clock-offset-s", "90")
        code, lines = self.cli_json("doctor", environment=self.environment)
        found = {l["check"]: l["finding"] for l in lines if l["type"] == "check"}
        self.assertEqual((code, found["clock"], found["rights"]), (0, "warning", "ok"))
        code, out, _ = self.run_cli("explain", sim.ids("RUNNING")[0])
        self.assertEqual(code, 1)
        self.assertIn("NOT_RECYCLED", out)
        code, out, _ = self.run_cli("explain", sim.ids()[0])
        self.assertEqual(code, 0)
        self.assertIn("would release it", out)
        sim.set(revoked=True)
        code, lines = self.cli_json("doctor", environment=self.environment)
        self.assertEqual((code, lines[-1]["healthy"]), (1, False))
        self.assertEqual(sim.count(RELEASE), 0)


class Large(PlanCase):
    def peak(self, *arguments):
        """(exit code, peak memory in KiB): the high-water mark, looked at until the end."""
        command = subprocess.Popen([program("zenrelease"), *arguments], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   env=clean_environment(self.folder, self.environment))
        peak = 0
        while True:
            with open(f"/proc/{command.pid}/status", encoding="ascii") as status:
                mark = re.search(r"VmHWM:\s+(\d+) kB", status.read())
            peak = max(peak, int(mark.group(1)) if mark else 0)
            try:
                return command.wait(0.02), peak
            except subprocess.TimeoutExpired:
                continue

    @unittest.skipIf(SANITIZED, "measures the optimised build")
    def test_a_hundred_thousand_ids_in_flat_memory(self):
        count = int(os.environ.get("ZR_LARGE", "100000"))
        self.world("--recycled", str(count), "--log-limit", "100")
        small = self.write(teardown(step("some", selector={"name": "vm-0[01]*"}, policy=WIDE)),
                           "small.json")
        full = self.write(teardown(step("all", selector={"all": True}, policy=WIDE)))
        plugin = self.plugin(self.sim)
        server = ["--server", plugin.address]
        code, small_kib = self.peak("plan", small, "--out", self.path("s"), *server)
        self.assertEqual(code, 0)
        plugin_small = plugin.peak_memory_kib()
        code, plan_kib = self.peak("plan", full, "--out", self.path("p"), *server)
        self.assertEqual(code, 0)
        self.assertEqual(len(self.ids_in(self.path("p"))), count)
        plugin_plan = plugin.peak_memory_kib()
        code, applied_small_kib = self.peak("apply", "--plan", self.path("s"), *server)
        self.assertEqual(code, 0)
        plugin_applied_small = plugin.peak_memory_kib()
        code, apply_kib = self.peak("apply", "--plan", self.path("p"), *server)
        self.assertEqual(code, 0)
        plugin_apply = plugin.peak_memory_kib()
        print(f"plan of 19,999: client {small_kib} KiB, plugin {plugin_small} KiB; of {count}: client "
              f"{plan_kib}, plugin {plugin_plan}; apply of 19,999: client {applied_small_kib}, plugin "
              f"{plugin_applied_small}; of {count}: client {apply_kib}, plugin {plugin_apply}",
              flush=True)
        self.assertLess(plan_kib, small_kib * 1.15)
        self.assertLess(plugin_plan, plugin_small * 1.15)
        # One request of 10,000 is at work at a time, whatever the plan's size, and its report is
        # not kept once it was delivered.
        self.assertLess(apply_kib, applied_small_kib * 1.15)
        self.assertLess(plugin_apply, plugin_applied_small * 1.15)
        self.assertEqual(self.sim.instances(), {})


if __name__ == "__main__":
    unittest.main()
