"""What changed between the plan and the apply; belts and keep rules."""

import os
import unittest

from harness.plans import RELEASE, WIDE, PlanCase, step, teardown


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


if __name__ == "__main__":
    unittest.main()
