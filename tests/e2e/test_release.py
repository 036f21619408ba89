"""Releases that go as they should, and what they cost."""

import unittest

import grpc

from harness.case import Case
from harness.plugin import by_outcome, codes, make_request, outcomes, service, v1
from harness.process import WHOLE, wait_until

READ, RELEASE = "DescribeInstances", "ReleaseInstances"


class Counting(Case):
    """How many calls a release costs."""

    def test_a_hundred_good_ids_cost_four_calls(self):
        sim, plugin = self.pair("--recycled", "100")
        ids = sim.ids()
        report = plugin.release(ids)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assert_honest(sim, ids, report)
        self.assertEqual((sim.count(RELEASE), sim.count()), (1, 4), sim.requests())

    def test_250_ids_with_five_bad_ones(self):
        sim, plugin = self.pair("--recycled", "245", "--running", "3")
        good, running = sim.ids(), sim.ids("RUNNING")
        missing = ["9990000000001", "9990000000002"]
        ids = good[:60] + running[:1] + good[60:130] + missing[:1] + good[130:]
        ids += running[1:] + missing[1:]
        self.assertEqual(len(ids), 250)
        report = plugin.release(ids)
        self.assert_honest(sim, ids, report)
        found = by_outcome(report)
        self.assertEqual(set(found["released"]), set(good))
        self.assertEqual(set(found["not_recycled"]), set(running))
        self.assertEqual(set(found["not_found"]), set(missing))
        self.assertEqual(sim.destroyed(), set(good))
        self.assertLessEqual(sim.count(RELEASE), 5)
        self.assertGreaterEqual(sim.count(RELEASE), 3)
        for call in sim.calls(RELEASE):
            self.assertLessEqual(call["ids_count"], 100)

    def leave_the_bin_after_preflight(self, bad, status):
        """A batch of 100 of which `bad` leave the bin between the read and the order."""
        sim, plugin = self.pair("--recycled", "100")
        ids = sim.ids()
        sim.fault({"do": "delay", "delay_ms": 800, "match": {"action": READ, "nth": 1}})
        call = plugin.stub().Release.future(make_request(ids), timeout=120)
        sim.wait_for_calls(READ, 1)
        sim.set_status(ids[100 // bad - 1::100 // bad], status)
        report = call.result()
        self.assert_honest(sim, ids, report)
        rest = [i for i in ids if i not in ids[100 // bad - 1::100 // bad]]
        self.assertEqual(set(by_outcome(report)["released"]), set(rest))
        self.assertEqual(sim.destroyed(), set(rest))
        self.assertLessEqual(sim.count(RELEASE), 2, sim.requests())
        self.assertLessEqual(sim.count(), 6, sim.requests())
        return by_outcome(report)

    def test_a_refused_batch_with_one_bad_id(self):
        found = self.leave_the_bin_after_preflight(1, "RUNNING")
        self.assertEqual(len(found["not_recycled"]), 1)

    def test_a_refused_batch_with_fifty_bad_ids(self):
        found = self.leave_the_bin_after_preflight(50, "RUNNING")
        self.assertEqual(len(found["not_recycled"]), 50)

    def test_ten_thousand_ids_in_a_hundred_calls_and_little_memory(self):
        count = 10000 if WHOLE else 2000
        sim, plugin = self.pair("--recycled", str(count), "--latency-ms", "20")
        ids = sim.ids()
        report = plugin.release(ids, timeout=240)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertEqual(sim.count(RELEASE), count // 100)
        self.assert_memory(plugin.peak_memory_kib(), 40 * 1024)


class Reporting(Case):
    """What is said of each id."""

    def test_duplicates_are_collapsed_with_a_warning_that_names_both_positions(self):
        sim, plugin = self.pair("--recycled", "3")
        a, b, c = sim.ids()
        ids = [a, b, a, c, b, a]
        report = plugin.release(ids)
        self.assert_honest(sim, ids, report)
        self.assertEqual(report.counts.duplicates, 3)
        warnings = [d for d in report.diagnostics if d.code == "DUPLICATE_ID"]
        self.assertTrue(warnings)
        self.assertEqual({d.severity for d in warnings}, {v1.SEVERITY_WARNING})
        self.assertIn("instance_ids[2]", {d.field for d in warnings})
        self.assertIn("0", next(d for d in warnings if d.field == "instance_ids[2]").detail)
        self.assertEqual(sum(r["ids_count"] for r in sim.calls(RELEASE)), 3)

    def test_evidence_names_the_calls_that_the_simulator_saw(self):
        sim, plugin = self.pair("--recycled", "2")
        report = plugin.release(sim.ids())
        released = {r["request_id"] for r in sim.calls(RELEASE)}
        read = {r["request_id"] for r in sim.calls(READ)}
        for result in report.results:
            self.assertIn(result.release_request_id, released)
            self.assertEqual(len(result.read_request_ids), 2)
            self.assertLessEqual(set(result.read_request_ids), read)
            self.assertEqual(result.attempts, 1)
            self.assertGreater(result.batch, 0)
            self.assertGreater(result.send_time.seconds, 0)
            self.assertGreaterEqual(result.decide_time.ToNanoseconds(),
                                    result.send_time.ToNanoseconds())

    def test_a_diagnostic_points_at_the_element(self):
        sim, plugin = self.pair("--recycled", "2", "--running", "1")
        good, bad = sim.ids(), sim.ids("RUNNING")[0]
        report = plugin.release([good[0], bad, good[1]])
        about = [d for d in report.diagnostics if d.instance_id == bad]
        self.assertEqual([(d.code, d.field) for d in about], [("NOT_RECYCLED", "instance_ids[1]")])
        self.assertTrue(about[0].summary and about[0].hint and about[0].detail)
        self.assertIn("RUNNING", about[0].detail)
        result = next(r for r in report.results if r.instance_id == bad)
        self.assertEqual((result.last_status, result.diagnostic_code), ("RUNNING", "NOT_RECYCLED"))

    def test_missing_is_a_failure_unless_it_is_allowed(self):
        sim, plugin = self.pair("--recycled", "1")
        strict = plugin.release(["nosuch-1"])
        self.assertEqual(outcomes(strict), {"nosuch-1": "not_found"})
        self.assertEqual(codes(strict, "nosuch-1"), {"NOT_FOUND"})
        allowed = plugin.release(["nosuch-1"], allow_missing=True)
        self.assertEqual(outcomes(allowed), {"nosuch-1": "not_found"})
        self.assertEqual(codes(allowed, "nosuch-1"), {"MISSING_ALLOWED"})
        self.assertEqual(sim.count(RELEASE), 0)

    def test_a_dry_run_reads_and_sends_nothing(self):
        sim, plugin = self.pair("--recycled", "150", "--running", "2")
        ids = sim.ids() + sim.ids("RUNNING") + ["nosuch-1"]
        report = plugin.release(ids, validate_only=True)
        self.assert_honest(sim, ids, report)
        found = by_outcome(report)
        self.assertEqual({k: len(v) for k, v in found.items()},
                         {"not_attempted": 150, "not_recycled": 2, "not_found": 1})
        for instance_id in found["not_attempted"]:
            self.assertEqual(codes(report, instance_id), {"WOULD_RELEASE"})
        self.assertEqual(sim.count(RELEASE), 0)
        self.assertEqual(sim.destroyed(), set())

    def test_without_waiting_an_accepted_order_is_said_to_be_accepted(self):
        sim, plugin = self.pair("--recycled", "3", "--release-ms", "60000")
        ids = sim.ids()
        report = plugin.release(ids, wait=0)
        self.assertEqual(set(by_outcome(report)), {"accepted"})
        self.assert_honest(sim, ids, report)
        self.assertEqual({d.code for d in report.diagnostics}, {"ACCEPTED_UNVERIFIED"})

    def test_an_instance_that_stays_too_long_is_accepted_and_not_released(self):
        sim, plugin = self.pair("--recycled", "3", "--release-ms", "60000")
        ids = sim.ids()
        report = plugin.release(ids, wait=1)
        self.assertEqual(set(by_outcome(report)), {"accepted"})
        self.assert_honest(sim, ids, report)

    def test_one_that_takes_a_while_is_waited_for(self):
        sim, plugin = self.pair("--recycled", "3", "--release-ms", "1200")
        ids = sim.ids()
        report = plugin.release(ids, wait=30)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assert_honest(sim, ids, report)

    def test_both_words_for_the_bin_are_understood(self):
        sim, plugin = self.pair("--recycled", "3", "--status-word", "RECYCLED")
        ids = [i for i, s in sim.instances().items() if s.startswith("RECYCLE")]
        self.assertEqual(len(ids), 3)
        report = plugin.release(ids)
        self.assertEqual(set(by_outcome(report)), {"released"})

    def test_one_on_its_way_into_the_bin_is_not_sent(self):
        sim, plugin = self.pair("--recycled", "2")
        ids = sim.ids()
        sim.set_status(ids[:1], "RECYCLING")
        report = plugin.release(ids, wait=2)
        self.assertEqual(outcomes(report)[ids[0]], "not_recycled")
        self.assertEqual(codes(report, ids[0]), {"IN_TRANSITION"})
        self.assertNotIn(ids[0], sim.submissions())

    def test_describe_that_answers_404_for_a_missing_id_does_not_hide_the_others(self):
        sim, plugin = self.pair("--recycled", "20", "--describe-missing", "404")
        good = sim.ids()
        ids = good[:7] + ["nosuch-1"] + good[7:]
        report = plugin.release(ids)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)["released"]), set(good))
        self.assertEqual(outcomes(report)["nosuch-1"], "not_found")


class Products(Case):
    def test_bare_metal(self):
        sim, plugin = self.pair("--product", "bmc", "--recycled", "120", "--running", "1")
        good, bad = sim.ids(product="bmc"), sim.ids("RUNNING", "bmc")
        self.assertEqual((len(good), len(bad)), (120, 1))
        report = plugin.release(good + bad, product="bmc")
        self.assert_honest(sim, good + bad, report, product="bmc")
        self.assertEqual(set(by_outcome(report)["released"]), set(good))
        self.assertEqual({r["product"] for r in sim.calls(RELEASE)}, {"bmc"})

    def test_zec_says_dependresource_false_unless_asked(self):
        for asked in (False, True):
            sim, plugin = self.pair("--product", "zec", "--recycled", "3")
            ids = sim.ids(product="zec")
            report = plugin.release(ids, product="zec", depend_resource=asked)
            self.assert_honest(sim, ids, report, product="zec")
            self.assertEqual(set(by_outcome(report)), {"released"})
            entries = sim.get("ledger")["entries"]
            self.assertEqual({e["depend_resource"] for e in entries}, {asked})
            for call in sim.calls(RELEASE):
                self.assertIs(call["depend_resource"], asked)

    def test_zec_live_instances_are_not_sent_although_the_service_would_take_them(self):
        sim, plugin = self.pair("--product", "zec", "--recycled", "2", "--running", "2")
        good, live = sim.ids(product="zec"), sim.ids("RUNNING", "zec")
        report = plugin.release(good + live, product="zec")
        self.assert_honest(sim, good + live, report, product="zec")
        self.assertEqual(set(by_outcome(report)["not_recycled"]), set(live))
        self.assertFalse(set(live) & set(sim.submissions()))

    def test_zec_failed_ids_in_a_200_are_not_released(self):
        sim, plugin = self.pair("--product", "zec", "--recycled", "10")
        ids = sim.ids(product="zec")
        sim.fault({"do": "failed_ids", "ids": ids[2:4], "match": {"action": RELEASE}})
        report = plugin.release(ids, product="zec", wait=3)
        self.assert_honest(sim, ids, report, product="zec")
        found = by_outcome(report)
        self.assertEqual(set(found["released"]), set(ids) - set(ids[2:4]))
        self.assertEqual(set(found["refused"]), set(ids[2:4]))

    def test_products_are_separate_worlds(self):
        sim, plugin = self.pair("--recycled", "2")
        ids = sim.ids()
        report = plugin.release(ids, product="bmc")
        self.assertEqual(set(by_outcome(report)), {"not_found"})
        self.assertEqual(sim.destroyed(), set())


class Listing(Case):
    def test_pages_come_one_after_the_other_and_hold_everything_once(self):
        sim, plugin = self.pair("--recycled", "250", "--running", "5")
        stub, seen, token, pages = plugin.stub(), [], "", 0
        while True:
            page = stub.ListInstances(self.query(page_size=100, page_token=token), timeout=30)
            seen += [i.instance_id for i in page.instances]
            self.assertEqual(page.total_size, 250)
            self.assertEqual({i.status for i in page.instances}, {"RECYCLE"})
            token, pages = page.next_page_token, pages + 1
            if not token:
                break
        self.assertEqual((pages, sorted(seen)), (3, sorted(sim.ids())))

    def test_any_status_can_be_asked_for(self):
        sim, plugin = self.pair("--recycled", "4", "--running", "3")
        stub = plugin.stub()
        everything = stub.ListInstances(self.query(status="*"), timeout=30)
        self.assertEqual(len(everything.instances), 7)
        running = stub.ListInstances(self.query(status="RUNNING"), timeout=30)
        self.assertEqual({i.instance_id for i in running.instances}, set(sim.ids("RUNNING")))
        some = sim.ids()[:2]
        named = stub.ListInstances(self.query(instance_ids=some), timeout=30)
        self.assertEqual({i.instance_id for i in named.instances}, set(some))

    def test_a_token_of_another_question_is_refused(self):
        _, plugin = self.pair("--recycled", "30")
        stub = plugin.stub()
        token = stub.ListInstances(self.query(page_size=10), timeout=30).next_page_token
        self.assertTrue(token)
        for request in (self.query(page_size=10, page_token="nonsense"),
                        self.query(page_size=10, page_token=token, status="*")):
            self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, stub.ListInstances, request,
                                timeout=30)

    @staticmethod
    def query(**fields):
        return service.ListInstancesRequest(product=v1.PRODUCT_VM, **fields)


class Watching(Case):
    def test_events_tell_the_story_and_end_with_the_response(self):
        sim, plugin = self.pair("--recycled", "150", "--running", "1")
        ids = sim.ids() + sim.ids("RUNNING")
        events = list(plugin.stub().WatchRelease(make_request(ids), timeout=60))
        self.assertEqual([e.sequence for e in events], list(range(1, len(events) + 1)))
        kinds = [e.WhichOneof("event") for e in events]
        self.assertEqual((kinds[-1], kinds.count("result")), ("result", 1))
        self.assertEqual(kinds.count("batch_sent"), 2)
        self.assertEqual(kinds.count("batch_answered"), 2)
        self.assertLessEqual({"preflight_done", "verified", "outcomes_decided"}, set(kinds))
        self.assert_honest(sim, ids, events[-1].result)
        told = {r.instance_id: r.outcome for e in events for r in e.outcomes_decided.results}
        self.assertEqual(told, {r.instance_id: r.outcome for r in events[-1].result.results})

    def test_events_come_while_it_runs(self):
        sim, plugin = self.pair("--recycled", "5", "--release-ms", "600000")
        stream = plugin.stub().WatchRelease(make_request(sim.ids(), wait=600), timeout=300)
        kinds = set()
        for event in stream:
            kinds.add(event.WhichOneof("event"))
            if "batch_answered" in kinds:
                break
        self.assertNotIn("result", kinds)
        stream.cancel()
        wait_until(lambda: sim.count(RELEASE) == 1)


if __name__ == "__main__":
    unittest.main()
