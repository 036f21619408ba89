"""Cases 31 to 34: reads that lag, flap or are cut into pages; instances that go another way."""

import json
import os
import urllib.request

from base import READ, RELEASE, SLOW, FaultCase, by_outcome, codes, long, make_request, on_read, on_release
from base import outcomes, wait_until


class Case31_LaggingReads(FaultCase):
    """Describe lags or flaps

    A settle delay and a second read that agrees; waiting is bounded, then accepted and not verified.
    """

    def lag(self, seconds, wait, expected="released", **how):
        sim, plugin = self.world("--recycled", "120", **how)
        ids = sim.ids()
        plugin.release(ids[:1], wait=0)  # the fleet is as old as the lag is long, or older
        sim.set(read_lag_ms=int(seconds * 1000))
        report = plugin.release(ids[1:], wait=wait, timeout=wait + 60)
        found = self.judge(sim, ids[1:], report, asked_before=ids[:1], may_repeat=False)
        self.assertEqual(set(found), {expected})
        self.assertEqual(sim.destroyed(), set(ids), "it is gone whatever reads say")
        self.assertEqual(set(sim.submissions().values()), {1}, "a lagging read had it sent again")

    def test_lag_of_1_s(self):
        self.lag(1, 20)

    def test_lag_of_5_s(self):
        self.lag(5, 30)

    def test_lag_longer_than_the_wait(self):
        self.lag(60, 2, expected="accepted")

    def test_lag_of_3_s_after_an_answer_that_was_lost(self):
        """The read shows it in the bin, so it is sent again, in good faith; never told wrongly."""
        sim, plugin = self.world("--recycled", "10")
        ids = sim.ids()
        sim.fault(on_release("drop_after", count=1))
        sim.set(read_lag_ms=3000)
        report = plugin.release(ids, wait=20, timeout=90)
        found = self.judge(sim, ids, report)
        self.assertLessEqual(set(found), {"released"})

    @long
    def test_lag_of_60_s(self):
        self.lag(60, 120)

    def flap(self, every, wait=12):
        sim, plugin = self.world("--recycled", "60")
        ids = sim.ids()
        sim.fault(on_read("rows", stale_ms=3600000, every=every))
        report = plugin.release(ids, wait=wait, timeout=wait + 60)
        found = self.judge(sim, ids, report, may_repeat=False)
        self.assertLessEqual(set(found), {"released", "accepted", "not_found"})
        return sim, plugin, ids, found

    def test_every_third_read_shows_the_past(self):
        _, _, _, found = self.flap(3)
        self.assertEqual(set(found), {"released"})

    def test_every_second_read_shows_the_past(self):
        sim, plugin, ids, found = self.flap(2)
        self.assertNotIn("released", found, "two reads in a row never agreed")
        self.resume(sim, plugin, ids)

    def test_it_is_seen_again_after_one_read_without_it(self):
        sim, plugin = self.world("--recycled", "30", "--release-ms", "2500")
        ids = sim.ids()
        sim.fault(on_read("rows", ids=ids, nth=2))
        report = plugin.release(ids, wait=20, timeout=60)
        self.all_released(sim, ids, report, may_repeat=False)
        last = sim.calls(READ)[-1]
        gone = max(e["gone_ms"] for e in sim.get("ledger")["entries"])
        self.assertGreaterEqual(last["time_ms"], gone, "told released before it was gone")


class Case32_Pages(FaultCase):
    """Describe pages

    A full page size, totals compared, and a page loop that ends: what a page leaves out is not taken for gone.
    """

    def pages(self, *rules, count=100, expected="released", wait=8):
        sim, plugin = self.world("--recycled", str(count))
        ids = sim.ids()
        sim.fault(*rules)
        report = plugin.release(ids, wait=wait, timeout=90)
        self.struck(sim)
        found = self.judge(sim, ids, report, unknown=ids if expected is None else ())
        if expected:
            self.assertEqual(set(found), {expected})
        return sim, plugin, ids, report

    def test_the_page_size_is_asked_for(self):
        sim, _, _, _ = self.pages(on_read("rows"))
        self.assertTrue(all(r["page_size"] >= 100 for r in sim.calls(READ)))

    def test_20_rows_a_page_whatever_is_asked(self):
        sim, _, _, _ = self.pages(on_read("rows", page_size=20))
        self.assertEqual({r["page_num"] for r in sim.calls(READ)}, {1, 2, 3, 4, 5})

    def test_the_total_changes_between_pages(self):
        for delta in (5, -5):
            self.pages(on_read("rows", page_size=20, total_delta=delta, nth=3),
                       on_read("rows", page_size=20))

    def test_rows_repeated_between_pages(self):
        self.pages(on_read("rows", page_size=20, repeat=3, nth=2), on_read("rows", page_size=20))

    def test_the_first_rows_of_a_page_are_missing(self):
        self.pages(on_read("rows", page_size=20, drop=4, nth=2), on_read("rows", page_size=20))

    def test_rows_missing_for_ever(self):
        """The total says 100, the rows are 97: three are neither there nor gone."""
        sim, plugin, ids, report = self.pages(on_read("rows", drop=3), expected=None)
        self.assertFalse({outcomes(report)[i] for i in ids[:3]} & {"released", "already_gone", "not_found"})
        self.resume(sim, plugin, ids)

    def test_a_total_that_is_too_small(self):
        sim, plugin, ids, _ = self.pages(on_read("rows", total=1), expected=None)
        self.resume(sim, plugin, ids)

    def test_a_total_that_is_never_reached(self):
        sim, plugin, ids, _ = self.pages(on_read("rows", page_size=20, total=1000000), expected=None)
        self.assertLess(sim.count(READ), 400, "the page loop does not end")
        self.resume(sim, plugin, ids)

    def test_a_page_that_fails_in_the_middle(self):
        self.pages(on_read("status", status=502, nth=3), on_read("rows", page_size=20))

    def test_pages_in_the_proof(self):
        """The reads after the release: the ids of a second page must not be taken for gone."""
        self.pages(on_release("partial", first=40, count=1), on_read("rows", page_size=20),
                   expected=None, wait=4)


class Case33_RescuedBeforeSend(FaultCase):
    """Instance leaves the bin before send

    Its state is read close to the send, its facts are compared with the plan, and the service's own 403 is the last
    guard.
    """

    def planned(self, count=12):
        self.sim = self.simulator("--recycled", str(count), "--running", "2")
        self.folder = self.home()
        self.ids = self.sim.ids()
        self.plan = os.path.join(self.folder, "plan.jsonl")
        teardown = os.path.join(self.folder, "teardown.json")
        with open(teardown, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "steps": [{"name": "a", "product": "vm", "ids": self.ids}],
                       "policy": {"max_drift_percent": 50}}, file)
        code, out, err = self.cli("plan", teardown, "--out", self.plan,
                                  environment=self.sim.environment())
        self.assertEqual(code, 0, out + err)
        return self.sim, self.ids

    def apply(self, expected_code):
        code, lines = self.cli_json("apply", "--plan", self.plan, environment=self.sim.environment())
        self.assertEqual(code, expected_code, lines[-1])
        return lines[-1]

    def assert_left_alone(self, result, left, codes_):
        """Each of these was neither sent nor told as done."""
        found = {r["instance_id"]: r for r in result["results"]}
        for instance_id in left:
            self.assertIn(found[instance_id]["outcome"], ("not_attempted", "not_recycled"))
            self.assertIn(found[instance_id].get("diagnostic_code"), codes_)
        self.assertFalse(set(left) & set(self.sim.submissions()))
        self.assertEqual(self.sim.destroyed(), set(self.ids) - set(left))
        self.judge(self.sim, self.ids, result)

    def test_rescued_between_plan_and_apply(self):
        sim, ids = self.planned()
        sim.set_status(ids[:2], "RUNNING")
        self.assert_left_alone(self.apply(3), ids[:2], ("DRIFTED", "NOT_RECYCLED"))

    def test_rescued_renamed_and_terminated_again(self):
        sim, ids = self.planned()
        sim.set_status(ids[:2], "RUNNING")
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "instanceName": "needed-again"} for i in ids[:2]]})
        sim.set_status(ids[:2], "RECYCLE")
        self.assert_left_alone(self.apply(3), ids[:2], ("DRIFTED",))

    def test_rescued_and_terminated_again_in_another_group_or_with_a_tag(self):
        sim, ids = self.planned()
        sim.set_status(ids[:2], "RUNNING")
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": ids[0], "product": "vm", "resourceGroupId": "rg-new"},
            {"instanceId": ids[1], "product": "vm", "tags": {"keep": "yes"}}]})
        sim.set_status(ids[:2], "RECYCLE")
        self.assert_left_alone(self.apply(3), ids[:2], ("DRIFTED",))

    def test_rescued_and_terminated_again_without_a_trace(self):
        """The service tells no time of entry, so nothing has changed: it is in the bin again, and released."""
        sim, ids = self.planned()
        sim.set_status(ids[:2], "RUNNING")
        sim.set_status(ids[:2], "RECYCLE")
        result = self.apply(0)
        self.assertEqual(sim.destroyed(), set(ids))
        self.judge(sim, ids, result)

    def test_rescued_between_the_read_and_the_release(self):
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        sim.fault(on_read("delay", delay_ms=700, nth=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(READ, 1)
        sim.set_status(ids[:2], "RUNNING")
        report = call.result()
        found = self.judge(sim, ids, report)
        self.assertEqual(set(found["not_recycled"]), set(ids[:2]))
        self.assertEqual(set(ids[:2]) & set(sim.instances()), set(ids[:2]))

    def test_rescued_while_the_batch_waits_its_turn(self):
        """The read has become older than three seconds by then, so it is repeated."""
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        sim.fault(on_release("throttle", retry_after="4", count=1))
        first = plugin.stub().Release.future(make_request(ids[:1]), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        call = plugin.stub().Release.future(make_request(ids[1:]), timeout=60)
        wait_until(lambda: any(ids[1] in (r.get("ids") or []) for r in sim.calls(READ)), 20, "the read")
        sim.set_status(ids[1:3], "RUNNING")
        found = self.judge(sim, ids[1:], call.result(), asked_before=ids[:1])
        self.all_released(sim, ids[:1], first.result(), asked_before=ids)
        self.assertEqual(set(found["not_recycled"]), set(ids[1:3]))
        self.assertFalse(set(ids[1:3]) & set(sim.submissions()), "an old read was relied on")


class Case34_AutomaticRelease(FaultCase):
    """Automatic release by the service

    It went without us: already gone, not released by us.
    """

    def expire(self, sim, ids):
        request = urllib.request.Request(f"{sim.base}/_sim/fleet/expire",
                                         json.dumps({"instanceIds": ids}).encode(), method="POST")
        with sim.opener.open(request, timeout=30) as answer:
            self.assertEqual(json.loads(answer.read())["expired"], len(ids))

    def during(self, taken, count=30):
        sim, plugin = self.world("--recycled", str(count))
        ids = sim.ids()
        sim.fault(on_read("delay", delay_ms=700, nth=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(READ, 1)
        self.expire(sim, ids[:taken])
        report = call.result()
        found = self.judge(sim, ids, report)
        self.assertEqual(set(found["already_gone"]), set(ids[:taken]))
        self.assertEqual(set(found.get("released", [])), set(ids[taken:]))
        self.assertEqual(sim.destroyed(), set(ids[taken:]))

    def test_some_expire_between_the_read_and_the_release(self):
        self.during(3)

    def test_half_of_them(self):
        self.during(15)

    def test_all_of_them(self):
        self.during(30)

    def test_while_the_answer_to_a_refused_call_is_awaited(self):
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        sim.fault(on_release("throttle", retry_after="2", count=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        self.expire(sim, ids[:2])
        found = self.judge(sim, ids, call.result())
        self.assertEqual(set(found["already_gone"]), set(ids[:2]))
        self.assertEqual(len(found["released"]), 18)

    def test_before_anything_was_read(self):
        sim, plugin = self.world("--recycled", "10")
        ids = sim.ids()
        self.expire(sim, ids[:4])
        report = plugin.release(ids)
        found = self.judge(sim, ids, report)
        self.assertEqual(set(found["not_found"]), set(ids[:4]))
        self.assertEqual({c for i in ids[:4] for c in codes(report, i)}, {"NOT_FOUND"})
        self.assertFalse(set(ids[:4]) & set(sim.submissions()))

    def test_the_bin_s_timer_strikes_in_a_long_run(self):
        sim, plugin = self.world("--recycled", "1500", "--latency-ms", "120", "--bin-ms", "2000")
        ids = sim.ids()
        report = plugin.release(ids, timeout=90 * SLOW)
        self.judge(sim, ids, report)
        self.assertLessEqual(set(by_outcome(report)), {"released", "already_gone", "not_found"})
