"""Cases 1 to 5: a release was sent, and its answer was lost, broken or an error."""

from base import RELEASE, FaultCase, long, on_release, outcomes
from proxy import CuttingProxy


class Case01_TimeoutAfterSend(FaultCase):
    """Time-out after send

    The outcome is unknown until a read tells; only what is still in the bin is sent again.
    """

    QUICK = {"call_timeout_ms": 1500}

    def test_the_reply_is_swallowed_with_effect(self):
        sim, _, ids, _ = self.once(on_release("hang", effect=True, count=1), config=self.QUICK)
        self.assertEqual(sim.count(RELEASE), 2, "sent again although the read showed it gone")
        self.assertEqual(set(sim.submissions()[i] for i in ids), {1})

    def test_the_reply_is_swallowed_without_effect(self):
        sim, _, ids, _ = self.once(on_release("hang", count=1), config=self.QUICK)
        self.assertEqual(set(sim.submissions()[i] for i in ids), {2})

    def test_the_reply_is_swallowed_with_effect_after_5_s(self):
        self.once(on_release("hang", effect_later_ms=5000, effect=True, count=1), config=self.QUICK,
                  wait=20)

    def test_every_reply_is_swallowed_without_effect(self):
        sim, plugin, ids, report = self.once(on_release("hang"), config=self.QUICK, released=False,
                                             unknown=self.every())
        self.assertLessEqual(set(outcomes(report).values()), {"refused", "unknown"})
        self.assertLessEqual(max(sim.submissions()[i] for i in ids), 4, "unbounded")
        self.resume(sim, plugin, ids)

    def every(self):
        """Within 30 s of a call that may still take effect no read can settle it for good."""
        class All:
            def __contains__(self, _):
                return True
        return All()

    @long
    def test_the_reply_is_swallowed_for_the_full_30_s(self):
        sim, _, ids, _ = self.once(on_release("hang", effect=True, count=1), wait=30)
        self.assertEqual(set(sim.submissions()[i] for i in ids), {1})


class Case02_ErrorAfterEffect(FaultCase):
    """5xx after effect

    Destroyed, and an error told: a read settles it, never "failed" without one, and nothing is sent again.
    """

    def after_effect(self, status):
        for body in ("json", "html", "empty"):
            sim, _, ids, _ = self.once(on_release("status", status=status, body=body, effect=True,
                                                  count=1))
            self.assertEqual(set(sim.submissions()[i] for i in ids), {1}, body)

    def test_500(self):
        self.after_effect(500)

    def test_502(self):
        self.after_effect(502)

    def test_503(self):
        self.after_effect(503)

    def test_504(self):
        self.after_effect(504)


class Case03_ErrorBeforeEffect(FaultCase):
    """5xx before effect

    A read shows all still there; sent again after a back-off, a bounded number of times.
    """

    def times_503(self, times):
        sim, _, ids, _ = self.once(on_release("status", status=503, count=times), wait=20)
        self.assertEqual(set(sim.submissions()[i] for i in ids), {times + 1})
        self.assert_back_off(self.times(sim)[1:], 200)

    def test_503_once_then_fine(self):
        self.times_503(1)

    def test_503_twice_then_fine(self):
        self.times_503(2)

    def test_503_three_times_then_fine(self):
        self.times_503(3)

    def test_503_for_ever(self):
        sim, plugin, ids, report = self.once(on_release("status", status=503), released=False)
        self.assertEqual(set(outcomes(report).values()), {"refused"})
        self.assertEqual({d.code for d in report.diagnostics}, {"STILL_IN_BIN"})
        self.assertEqual({d.http_status for d in report.diagnostics}, {503})
        self.assertEqual(set(sim.submissions()[i] for i in ids), {4})
        self.resume(sim, plugin, ids)


class Case04_ResetWhileReading(FaultCase):
    """Reset while reading the reply

    Usually done. What of the answer came through decides nothing: a read does.
    """

    def cut(self, of, places, **how):
        rules = {f"{of} byte {n}": {"do": "truncate", "of": of, "bytes": n, **how} for n in places}
        sim, _, _, reports = self.one_each(rules)
        for name, report in reports.items():
            with self.subTest(name):
                self.assertEqual(self.only(report), "released")
        self.assertEqual(set(sim.submissions().values()), {1}, "sent twice")

    def test_cut_within_the_status_line(self):
        self.cut("status", range(0, 16))

    def test_cut_after_the_status_line(self):
        self.cut("status", [17], reset=True)
        self.cut("status", [17])

    def test_cut_within_and_after_the_headers(self):
        self.cut("headers", range(0, 120, 7))
        self.cut("body", [0])

    def test_closed_after_each_byte_of_the_body(self):
        self.cut("body", range(1, self.body_length()))

    def test_reset_after_each_byte_of_the_body(self):
        self.cut("body", range(0, self.body_length()), reset=True)

    def test_reset_without_effect(self):
        rules = {f"byte {n}": {"do": "truncate", "of": "body", "bytes": n, "effect": False,
                               "reset": True} for n in range(0, self.body_length(), 9)}
        sim, _, _, reports = self.one_each(rules, wait=10)
        self.assertEqual({self.only(r) for r in reports.values()}, {"released"})
        self.assertEqual(set(sim.submissions().values()), {2})

    @staticmethod
    def body_length():
        """Of a release's answer: two request ids and the names around them."""
        return len('{"requestId":"' + "T" + "0" * 36 + '","response":{"requestId":""}}')


class Case05_ResetWhileSending(FaultCase):
    """Reset while sending

    Nothing whole arrived, so usually nothing happened; that too is settled by a read before it is sent again.
    """

    def cut_after(self, size, **how):
        sim = self.simulator("--recycled", "100")
        proxy = CuttingProxy(sim.endpoint)
        self.addCleanup(proxy.stop)
        plugin = self.server(sim, environment={"ZENLAYERCLOUD_DOMAIN": proxy.address})
        ids = sim.ids()
        proxy.cut_request(b"ReleaseInstances", size, **how)
        report = plugin.release(ids, wait=10, timeout=60)
        self.assertEqual(proxy.cuts, 1, "nothing was cut")
        self.all_released(sim, ids, report)
        self.assertEqual(set(sim.submissions().values()), {1}, "a cut request was executed")

    def test_nothing_arrives(self):
        self.cut_after(0)

    def test_cut_within_the_head(self):
        for size in (1, 200):
            self.cut_after(size)

    def test_cut_within_the_body(self):
        for size in (900, 1500):
            self.cut_after(size)

    def test_closed_instead_of_reset(self):
        self.cut_after(700, reset=False)

    def test_the_service_closes_after_k_bytes_of_the_body(self):
        for size in (0, 1, 60):
            sim, _, ids, _ = self.once({"do": "drop_before", "after_bytes": size, "reset": True,
                                        "match": {"action": RELEASE, "count": 1}})
            self.assertEqual({sim.submissions()[i] for i in ids}, {1})
