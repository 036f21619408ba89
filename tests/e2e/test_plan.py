"""Teardown files and their steps: validate, plan, apply, exit codes."""

import json
import os
import re
import signal
import subprocess
import tempfile
import unittest

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
