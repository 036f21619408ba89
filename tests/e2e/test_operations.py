"""Operations over time: joining, cancelling, deadlines, throttling, draining, many callers."""

import signal
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc

from harness.case import Case
from harness.plugin import by_outcome, codes, make_request, outcomes, service
from harness.process import SLOW, wait_until

READ, RELEASE = "DescribeInstances", "ReleaseInstances"


def hold(action, milliseconds, **match):
    """Answers come late; what the call does, it does at once."""
    return {"do": "delay", "delay_ms": milliseconds, "match": {"action": action, **match}}


class RequestIds(Case):
    def test_the_same_request_again_gets_the_same_report_and_sends_nothing(self):
        sim, plugin = self.pair("--recycled", "5")
        ids = sim.ids()
        first = plugin.release(ids, request_id="r-1")
        calls = sim.count()
        again = plugin.release(ids, request_id="r-1")
        self.assertEqual(again, first)
        self.assertEqual(first.request_id, "r-1")
        self.assertEqual(sim.count(), calls)

    def test_a_second_call_joins_one_that_runs(self):
        sim, plugin = self.pair("--recycled", "5")
        ids = sim.ids()
        sim.fault(hold(RELEASE, 1000))
        with ThreadPoolExecutor(3) as pool:
            calls = [pool.submit(plugin.release, ids, request_id="r-2") for _ in range(3)]
            reports = [c.result() for c in calls]
        self.assertEqual(reports[0], reports[1])
        self.assertEqual(reports[0], reports[2])
        self.assert_honest(sim, ids, reports[0])
        self.assertEqual(sim.count(RELEASE), 1)

    def test_other_content_under_the_same_request_id_is_refused(self):
        sim, plugin = self.pair("--recycled", "5")
        ids = sim.ids()
        plugin.release(ids[:2], request_id="r-3")
        stub, calls = plugin.stub(), sim.count()
        for other in (make_request(ids[:3], request_id="r-3"),
                      make_request(ids[:2], request_id="r-3", allow_missing=True),
                      make_request(ids[:2], request_id="r-3", validate_only=True),
                      make_request(ids[:2], request_id="r-3", wait=7),
                      make_request(ids[:2], request_id="r-3", product="bmc")):
            error = self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, stub.Release, other,
                                        timeout=30)
            self.assertIn("request_id", error.details())
        self.assertEqual(sim.count(), calls)

    def test_a_lost_stream_is_taken_up_again_without_a_gap(self):
        sim, plugin = self.pair("--recycled", "300", "--latency-ms", "100")
        ids = sim.ids()
        request = make_request(ids, request_id="r-4")
        stream = plugin.stub().WatchRelease(request, timeout=120)
        seen = [next(stream) for _ in range(2)]
        stream.cancel()
        request.after_sequence = seen[-1].sequence
        seen += list(plugin.stub().WatchRelease(request, timeout=120))
        self.assertEqual([e.sequence for e in seen], list(range(1, len(seen) + 1)))
        self.assert_honest(sim, ids, seen[-1].result)
        self.assertEqual(set(by_outcome(seen[-1].result)), {"released"})
        self.assertEqual(sim.count(RELEASE), 3)

    def test_a_finished_operation_can_still_be_watched(self):
        sim, plugin = self.pair("--recycled", "3")
        report = plugin.release(sim.ids(), request_id="r-5")
        request = make_request(list(outcomes(report)), request_id="r-5")
        events = list(plugin.stub().WatchRelease(request, timeout=60))
        self.assertEqual(events[-1].result, report)


def within(plugin, seconds, ids, request_id):
    """The report of a call with this deadline; asked for again when the deadline came first."""
    try:
        return plugin.stub().Release(make_request(ids, request_id=request_id), timeout=seconds)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
            raise
    return plugin.release(ids, request_id=request_id)


class Stopping(Case):
    def exact(self, sim, ids, report):
        """The report of a release that was stopped: three lists that agree with the ledger."""
        self.assert_honest(sim, ids, report)
        found = by_outcome(report)
        self.assertLessEqual(set(found), {"released", "accepted", "not_attempted", "unknown"})
        self.assertEqual(set(found.get("not_attempted", [])), set(ids) - set(sim.submissions()))
        return found

    def test_a_cancelled_call_stops_before_the_next_batch_and_keeps_its_report(self):
        sim, plugin = self.pair("--recycled", "4000")
        ids = sim.ids()
        sim.slow_releases()
        call = plugin.stub().Release.future(make_request(ids, request_id="c-1"), timeout=300)
        sim.wait_for_calls(RELEASE, 1)
        call.cancel()
        with self.assertRaises(grpc.FutureCancelledError):
            call.result()
        # Who asks again before the loss is noticed has joined what goes on.
        wait_until(lambda: '"@message":"cancel"' in plugin.errors(), 20, "the loss to be noticed")
        report = plugin.release(ids, request_id="c-1")
        found = self.exact(sim, ids, report)
        self.assertTrue(found.get("not_attempted"), "it went on to the end")
        self.assertTrue(found.get("released"), "what was sent was not settled")
        self.assertEqual({c for i in found["not_attempted"] for c in codes(report, i)}, {"CANCELLED"})

    def test_cancel_release_ends_a_watched_operation_with_an_exact_report(self):
        sim, plugin = self.pair("--recycled", "4000")
        ids, stub = sim.ids(), plugin.stub()
        sim.slow_releases()
        stream = stub.WatchRelease(make_request(ids, request_id="c-2"), timeout=300)
        for event in stream:
            if event.WhichOneof("event") == "batch_sent":
                break
        cancel = service.CancelReleaseRequest(request_id="c-2")
        self.assertTrue(stub.CancelRelease(cancel, timeout=30).cancelled)
        events = list(stream)
        self.assertEqual(events[-1].WhichOneof("event"), "result")
        found = self.exact(sim, ids, events[-1].result)
        self.assertTrue(found.get("not_attempted"))
        self.assertFalse(stub.CancelRelease(cancel, timeout=30).cancelled)

    def test_cancelling_what_does_not_exist(self):
        _, plugin = self.pair()
        stub = plugin.stub()
        self.assert_refused(grpc.StatusCode.NOT_FOUND, stub.CancelRelease,
                            service.CancelReleaseRequest(request_id="nobody"), timeout=30)
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, stub.CancelRelease,
                            service.CancelReleaseRequest(), timeout=30)

    def test_a_lost_stream_with_a_request_id_goes_on(self):
        sim, plugin = self.pair("--recycled", "300", "--latency-ms", "100")
        ids = sim.ids()
        stream = plugin.stub().WatchRelease(make_request(ids, request_id="c-3"), timeout=300)
        next(stream)
        stream.cancel()
        wait_until(lambda: sim.destroyed() == set(ids), 30, "the release to go on")

    def test_a_deadline_stops_it_and_the_report_is_exact(self):
        sim, plugin = self.pair("--recycled", "10000", "--latency-ms", "300")
        ids = sim.ids()
        report = within(plugin, 1.5, ids, "d-1")  # too short for a hundred batches on any machine
        found = self.exact(sim, ids, report)
        self.assertTrue(found.get("not_attempted"), "it outlived its deadline")
        # The last calls have little time, on a loaded machine less than a connection takes.
        self.assertLessEqual({c for i in found["not_attempted"] for c in codes(report, i)},
                             {"DEADLINE", "CANCELLED", "UNREACHABLE"})

    def test_one_caller_s_cancellation_leaves_another_s_ids_alone(self):
        sim, plugin = self.pair("--recycled", "60")
        ids, stub = sim.ids(), plugin.stub()
        sim.fault(hold(READ, 700, count=1))
        mine = stub.Release.future(make_request(ids[:40]), timeout=120)
        other = stub.Release.future(make_request(ids[20:]), timeout=120)
        sim.wait_for_calls(READ, 1)
        mine.cancel()
        report = other.result()
        self.assert_honest(sim, ids[20:], report, asked_before=ids)
        self.assertEqual(set(by_outcome(report)), {"released"})

    def test_sigterm_drains(self):
        sim, plugin = self.pair("--recycled", "50")
        ids = sim.ids()
        sim.fault(hold(RELEASE, 1500))
        call = plugin.stub().Release.future(make_request(ids), timeout=120)
        sim.wait_for_calls(RELEASE, 1)
        plugin.process.send_signal(signal.SIGTERM)
        report = call.result()
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertEqual(plugin.wait(), 0)

    def test_a_second_signal_ends_it_soon(self):
        sim, plugin = self.pair("--recycled", "5", "--release-ms", "3600000")
        call = plugin.stub().Release.future(make_request(sim.ids(), wait=3000), timeout=3600)
        sim.wait_for_calls(RELEASE, 1)
        self.addCleanup(call.cancel)

        def ended():
            if plugin.alive():
                plugin.process.send_signal(signal.SIGTERM)
            return not plugin.alive()

        wait_until(ended, 10, "the end")
        plugin.stop(expected=plugin.process.returncode)


class Throttling(Case):
    def test_a_storm_is_weathered(self):
        sim, plugin = self.pair("--recycled", "30")
        ids = sim.ids()
        sim.fault({"do": "throttle", "match": {"count": 4}})
        report = plugin.release(ids, timeout=120)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertEqual(sim.fired(), [4])

    def test_retry_after_is_kept(self):
        sim, plugin = self.pair("--recycled", "5")
        ids = sim.ids()
        sim.fault({"do": "throttle", "retry_after": "2", "match": {"action": RELEASE, "count": 1}})
        report = plugin.release(ids)
        self.assertEqual(set(by_outcome(report)), {"released"})
        times = [r["time_ms"] for r in sim.calls(RELEASE)]
        self.assertEqual(len(times), 2)
        self.assertGreaterEqual(times[1] - times[0], 1900)

    def test_an_absurd_retry_after_does_not_hang_it(self):
        for value in ("1e9", "-5", "soon", "99999999999999999999", ""):
            sim, plugin = self.pair("--recycled", "2")
            ids = sim.ids()
            sim.fault({"do": "throttle", "retry_after": value,
                       "match": {"action": RELEASE, "count": 1}})
            report = plugin.release(ids, timeout=60)
            self.assertEqual(set(by_outcome(report)), {"released"}, f"Retry-After {value!r}")

    def test_a_storm_without_end_ends_with_the_deadline(self):
        sim, plugin = self.pair("--recycled", "5")
        ids = sim.ids()
        sim.fault({"do": "throttle", "match": {"action": RELEASE}})
        report = within(plugin, 4 * SLOW, ids, "t-1")
        self.assert_honest(sim, ids, report)
        self.assertLessEqual(set(by_outcome(report)), {"refused", "not_attempted"})
        self.assertEqual(sim.destroyed(), set())
        self.assertLess(sim.count(RELEASE), 40, "no pause between refused calls")
        self.assertTrue(all(d.retryable for d in report.diagnostics if d.instance_id))

    def test_a_rate_limit_is_lived_with(self):
        sim, plugin = self.pair("--recycled", "1000", "--rate", "20/s", "--burst", "5")
        ids = sim.ids()
        report = plugin.release(ids, timeout=180)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})


class ManyCallers(Case):
    def test_overlapping_callers_send_each_id_once(self):
        sim, plugin = self.pair("--recycled", "120")
        ids, stub = sim.ids(), plugin.stub()
        sim.fault(hold(READ, 300, count=1))
        asked = [ids[n * 8:n * 8 + 48] for n in range(10)]
        calls = [stub.Release.future(make_request(some), timeout=120) for some in asked]
        for some, call in zip(asked, calls):
            report = call.result()
            self.assert_honest(sim, some, report, asked_before=ids)
            self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertEqual(set(sim.submissions().values()), {1})
        self.assertEqual(sim.destroyed(), set(ids))

    def test_many_small_callers_share_calls(self):
        sim, plugin = self.pair("--recycled", "200", "--latency-ms", "50")
        ids, stub = sim.ids(), plugin.stub()
        calls = [stub.Release.future(make_request([i]), timeout=120) for i in ids]
        for call, instance_id in zip(calls, ids):
            self.assertEqual(outcomes(call.result()), {instance_id: "released"})
        self.assertLess(sim.count(RELEASE), 40, "200 callers at once should share calls")
        self.assertEqual(set(sim.submissions().values()), {1})

    def test_callers_from_threads_with_their_own_connections(self):
        sim, plugin = self.pair("--recycled", "160")
        ids, reports, failures = sim.ids(), {}, []

        def caller(number):
            try:
                reports[number] = plugin.release(ids[number * 20:number * 20 + 20])
            except grpc.RpcError as error:
                failures.append(error)

        threads = [threading.Thread(target=caller, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for number, report in reports.items():
            self.assert_honest(sim, ids[number * 20:number * 20 + 20], report, asked_before=ids)
        self.assertEqual(sim.destroyed(), set(ids))


if __name__ == "__main__":
    unittest.main()
