"""Cases 14, 15 and 21: clocks that are wrong or jump, and a service that asks to wait."""

import grpc
from base import READ, RELEASE, SLOW, FaultCase, codes, long, make_request, on_read, on_release, outcomes
from base import wait_until

EXPIRED = "AUTHFAILURE_SIGNATURE_EXPIRED"
MINUTE = 60


class Case14_ClockSkew(FaultCase):
    """Clock skew, signature expired

    Each attempt is signed after the wait. A large offset to the service's Date is corrected once, with a warning;
    without one it is an error of the credentials.
    """

    def skewed(self, server_s=0, plugin_s=0):
        sim, plugin = self.world("--recycled", "250", clock=True)
        sim.set(clock_offset_s=server_s)
        self.clock.set(wall=plugin_s)
        ids = sim.ids()
        report = plugin.release(ids, timeout=60)
        self.all_released(sim, ids, report)
        refused = [r for r in sim.requests() if r.get("code") == EXPIRED]
        self.assertLessEqual(len(refused), 3, "one retry for each of the three batches at most")
        self.assertGreater(len(refused), 0)
        self.assertEqual(len(self.log_lines(plugin, "clock offset corrected")), 1)

    def test_the_service_is_10_minutes_ahead(self):
        self.skewed(server_s=10 * MINUTE)

    def test_the_service_is_10_minutes_behind(self):
        self.skewed(server_s=-10 * MINUTE)

    def test_our_clock_is_10_minutes_ahead(self):
        self.skewed(plugin_s=10 * MINUTE)

    def test_our_clock_is_10_minutes_behind(self):
        self.skewed(plugin_s=-10 * MINUTE)

    def test_the_service_steps_between_the_read_and_the_release(self):
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        sim.fault(on_read("delay", delay_ms=700, nth=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(READ, 1)
        sim.set(clock_offset_s=-10 * MINUTE)
        self.all_released(sim, ids, call.result(), may_repeat=False)
        self.assertEqual([r.get("code") for r in sim.calls(RELEASE)].count(EXPIRED), 1)

    def test_old_timestamps_are_rejected_though_the_clocks_agree(self):
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        sim.fault(on_release("error", status=401, code=EXPIRED))
        report = plugin.release(ids, timeout=60)
        self.judge(sim, ids, report)
        self.assertEqual(set(outcomes(report).values()), {"refused"})
        self.assertEqual(codes(report, ids[0]), {"CLOCK_SKEW"})
        self.assertEqual(sim.count(RELEASE), 1, "tried again with the same clock")
        self.resume(sim, plugin, ids)

    def test_a_signature_that_is_wrong_for_another_reason(self):
        sim = self.simulator("--recycled", "5")
        plugin = self.server(sim, environment={"ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": "not-the-password"})
        ids = sim.ids()
        report = plugin.release(ids, timeout=60)
        self.judge(sim, ids, report)
        self.assertEqual(codes(report, ids[0]), {"CREDENTIALS_REJECTED"})
        self.assertEqual(sim.count(), 1)

    def test_5_minutes_pass_between_two_attempts_clocks_moved_on(self):
        """The clocks of both sides are moved on by the pause instead of waiting for it."""
        sim, plugin = self.world("--recycled", "20", clock=True)
        ids = sim.ids()
        sim.fault(on_release("throttle", retry_after="310", count=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=900)
        sim.wait_for_calls(RELEASE, 1)
        wait_until(lambda: sim.count(READ) >= 2, 20, "the read of what the call did")
        self.assertEqual(sim.count(RELEASE), 1)
        sim.set(clock_offset_s=420)
        self.clock.set(wall=420, suspended=420)  # the pause, and its jitter
        plugin.release(ids[:1], validate_only=True)  # something that makes it look at the clock
        self.all_released(sim, ids, call.result())
        first, second = [r["timestamp"] for r in sim.calls(RELEASE)]
        self.assertGreaterEqual(int(second) - int(first), 300, "signed before the wait")
        self.assertNotIn(EXPIRED, [r.get("code") for r in sim.requests()])

    @long
    def test_5_minutes_pass_between_two_attempts(self):
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        sim.fault(on_release("throttle", retry_after="310", count=1))
        report = plugin.release(ids, timeout=900)
        self.all_released(sim, ids, report)
        self.assertNotIn(EXPIRED, [r.get("code") for r in sim.requests()])


class Case15_ClockJumps(FaultCase):
    """Clock jumps back or suspend

    Waits and deadlines follow the monotonic clock; the wall clock is for signatures and records alone.
    """

    def step(self, *steps):
        """The wall clock jumps during the back-off, while the clocks of others stay."""
        sim, plugin = self.world("--recycled", "20", clock=True)
        ids = sim.ids()
        sim.fault(on_release("status", status=503, count=len(steps)))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        for number, seconds in enumerate(steps, 1):
            sim.wait_for_calls(RELEASE, number)
            self.clock.set(wall=seconds)
        report = call.result()
        self.all_released(sim, ids, report, may_repeat=False)
        times = self.times(sim)
        self.assertLess(times[-1] - times[0], 20000 * SLOW, "it slept by the wall clock")
        self.assert_back_off(times[:len(steps)], 200)

    def test_back_by_an_hour(self):
        self.step(-3600)

    def test_back_by_two_minutes(self):
        self.step(-120)

    def test_forward_by_an_hour(self):
        self.step(3600)

    def test_back_by_ten_years(self):
        self.step(-10 * 365 * 86400)

    def test_to_and_fro_within_the_ten_minutes_of_one_correction(self):
        sim, plugin = self.world("--recycled", "20", clock=True)
        ids = sim.ids()
        sim.fault(on_release("status", status=503, count=2))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        for number, seconds in ((1, -3600), (2, 3600)):
            sim.wait_for_calls(RELEASE, number)
            self.clock.set(wall=seconds)
        report = call.result()
        self.judge(sim, ids, report, unknown=ids, may_repeat=False)
        self.assertLess(sim.count(), 15, "a loop of refusals")
        self.clock.set(wall=0, suspended=601)
        self.resume(sim, plugin, ids)

    def test_a_step_during_a_pause_that_the_service_asked_for(self):
        sim, plugin = self.world("--recycled", "20", clock=True)
        ids = sim.ids()
        sim.fault(on_release("throttle", retry_after="3", count=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        self.clock.set(wall=-7200)
        self.all_released(sim, ids, call.result(), may_repeat=False)
        times = self.times(sim)
        self.assertGreaterEqual(times[1] - times[0], 2900, "the pause was cut short")

    def test_suspended_beyond_the_deadline(self):
        sim, plugin = self.world("--recycled", "20", clock=True)
        ids = sim.ids()
        sim.fault(on_release("status", status=503))
        call = plugin.stub().Release.future(make_request(ids, request_id="s-1"), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        self.clock.set(wall=7200, suspended=7200)
        report = call.result()
        self.judge(sim, ids, report, unknown=ids)
        self.assertLessEqual(sim.count(RELEASE), 2, "went on after its deadline")
        sim.set(clock_offset_s=7200)
        self.resume(sim, plugin, ids)

    def test_suspended_for_a_while_during_the_proof(self):
        sim, plugin = self.world("--recycled", "20", "--release-ms", "3000", clock=True)
        ids = sim.ids()
        call = plugin.stub().Release.future(make_request(ids), timeout=600)
        sim.wait_for_calls(RELEASE, 1)
        self.clock.set(wall=45, suspended=45)
        self.all_released(sim, ids, call.result(), may_repeat=False)


def all_read_since(sim, plugin):
    """Every id has been read since the last release that named it, and the plugin has taken the answer in."""
    if len([line for line in plugin.errors().splitlines() if "read ended" in line]) < sim.count(READ):
        return False
    unread = set()
    for call in sim.requests():
        named = set(call.get("ids") or [])
        unread = unread | named if call.get("action") == RELEASE else unread - named
    return not unread


class Case21_Throttled(FaultCase):
    """429 storm

    The account pauses, Retry-After is kept, the time in all is bounded; then refused (sent, still there) or not
    attempted (never sent), with retry advice. Nothing is dropped.
    """

    def storm(self, rule, expected, moved_on):
        """429 until it gives up, after 10 min; the plugin's clock is moved on unless it is to be waited for, between
        a read and the next release."""
        sim, plugin = self.world("--recycled", "150", arguments=("--log-level", "debug"), clock=True)
        ids = sim.ids()
        sim.fault(rule)
        call = plugin.stub().Release.future(make_request(ids), timeout=3600)
        action = rule["match"]["action"]
        sim.wait_for_calls(action, 1 if moved_on else 2)
        self.assertLess(sim.count(action), 8, "no pause between refused calls")
        if moved_on:
            wait_until(lambda: all_read_since(sim, plugin), 20, "the reads of what was sent")
            self.clock.set(wall=600, suspended=600)
            sim.set(clock_offset_s=600)
        report = call.result()
        self.judge(sim, ids, report)
        sent = sim.submissions()
        self.assertEqual(outcomes(report),
                         {i: "refused" if i in sent else "not_attempted" for i in ids})
        self.assertIn(expected, outcomes(report).values())
        self.assertEqual({c for i in ids for c in codes(report, i)}, {"THROTTLED"})
        self.assertTrue(all(d.retryable for d in report.diagnostics))
        self.resume(sim, plugin, ids)

    def test_429_on_release_for_10_min_clock_moved_on(self):
        self.storm(on_release("throttle", retry_after="8"), "refused", True)

    def test_429_on_describe_only_for_10_min_clock_moved_on(self):
        self.storm(on_read("throttle"), "not_attempted", True)

    @long
    def test_429_on_release_for_10_min(self):
        self.storm(on_release("throttle"), "refused", False)

    @long
    def test_429_on_describe_only_for_10_min(self):
        self.storm(on_read("throttle"), "not_attempted", False)

    def test_a_storm_that_ends(self):
        sim, _, _, _ = self.once(on_release("throttle", count=3), count=150)
        self.assert_back_off(sorted(self.times(sim)[-2:]), 0)
        self.assertLess(sim.count(RELEASE), 10)

    def test_429_on_describe_only_that_ends(self):
        self.once(on_read("throttle", count=3), count=150)

    def test_a_deadline_in_the_storm(self):
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        sim.fault(on_release("throttle"))
        request = make_request(ids, request_id="storm")
        try:
            report = plugin.stub().Release(request, timeout=4 * SLOW)
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
            report = plugin.stub().Release(request, timeout=60)
        self.judge(sim, ids, report)
        self.assertLessEqual(set(outcomes(report).values()), {"refused", "not_attempted"})
        self.resume(sim, plugin, ids)

    def retry_after(self, value, least_ms=0, most_ms=20000):
        sim, plugin = self.world("--recycled", "5")
        ids = sim.ids()
        sim.fault(on_release("throttle", retry_after=value, count=1))
        report = plugin.release(ids, timeout=60)
        self.all_released(sim, ids, report, may_repeat=False)
        first, second = self.times(sim)
        self.assertGreaterEqual(second - first, least_ms, value)
        self.assertLess(second - first, most_ms * SLOW, value)

    def test_retry_after_is_a_floor(self):
        self.retry_after("3", least_ms=2900)

    def test_absurd_retry_after(self):
        values = ["1e9", "-5", "soon", "99999999999999999999", "", "0", "3601", "1.5", "0x10",
                  "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
                  "Mon, 31 Feb 2026 00:00:00 GMT", "\t7\t;", "2147483648"]
        self.parallel(self.retry_after, values)

    def test_429_as_a_page_of_a_front_end(self):
        self.once(on_release("status", status=429, body="html", count=2))
