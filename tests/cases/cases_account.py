"""Cases 29 and 30: credentials and rights that change in mid run."""

from base import READ, RELEASE, FaultCase, codes, make_request, on_read, on_release, outcomes, wait_until

SIGNATURE_CODES = ["AUTHFAILURE_INVALID_AUTHORIZATION", "AUTHFAILURE_SIGNATURE_FAILURE",
                   "AUTHFAILURE_SIGNATURE_EXPIRED", "AUTHFAILURE_UNAUTHORIZED_OPERATION"]


class Case29_CredentialsRevoked(FaultCase):
    """Credentials expired or revoked mid-run

    That batch is refused, the rest is not attempted, no loop of refusals; asked again after they are restored, it
    is finished.
    """

    def from_batch_on(self, rule, count=2000):
        sim, plugin = self.world("--recycled", str(count), "--latency-ms", "60")
        ids = sim.ids()
        sim.fault(*rule)
        report = plugin.release(ids, timeout=90, wait=5)
        self.judge(sim, ids, report, unknown=set(sim.submissions()))
        found = outcomes(report)
        self.assertIn("not_attempted", found.values(), "it went on")
        refused = [r for r in sim.requests() if (r.get("status") or 0) in (401, 403)]
        self.assertLess(len(refused), 24, "a loop of refusals")
        before = sim.count(RELEASE)
        self.assertLess(before, count // 100)
        self.resume(sim, plugin, ids)

    def test_401_without_a_code(self):
        self.from_batch_on([{"do": "status", "status": 401, "match": {"action": RELEASE, "from": 3}}])

    def each_code(self, status):
        def one(code):
            self.from_batch_on([{"do": "error", "status": status, "code": code,
                                 "match": {"action": RELEASE, "from": 3}}])
        self.parallel(one, SIGNATURE_CODES)

    def test_each_signature_code_under_401(self):
        self.each_code(401)

    def test_each_signature_code_under_403(self):
        self.each_code(403)

    def test_a_right_that_another_product_lacks_stops_nothing_here(self):
        sim, plugin = self.world("--recycled", "1000", "--latency-ms", "80")
        ids = sim.ids()
        sim.put("fleet?merge=1", {"instances": [{"instanceId": "bm-1", "product": "bmc", "status": "RECYCLE"}]})
        sim.fault(on_read("error", status=403, code="AUTHFAILURE_UNAUTHORIZED_OPERATION", containing=["bm-1"]))
        call = plugin.stub().Release.future(make_request(ids), timeout=90)
        sim.wait_for_calls(RELEASE, 2)
        other = plugin.release(["bm-1"], product="bmc", validate_only=True, timeout=30)
        self.assertEqual(codes(other, "bm-1"), {"CREDENTIALS_REJECTED"})
        self.all_released(sim, ids, call.result())

    def test_revoked_for_everything(self):
        """Reads too, so what is under way cannot be settled by them."""
        sim, plugin = self.world("--recycled", "5000")
        ids = sim.ids()
        sim.slow_releases()
        call = plugin.stub().Release.future(make_request(ids, wait=5), timeout=90)
        sim.wait_for_calls(RELEASE, 2)
        sim.set(revoked=True)
        report = call.result()
        found = self.judge(sim, ids, report, unknown=set(sim.submissions()))
        self.assertTrue(found.get("not_attempted"))
        refused = [r for r in sim.requests() if r.get("status") == 401]
        self.assertLess(len(refused), 60, "a loop of refusals")
        again = plugin.release(found["not_attempted"], timeout=60)
        self.assertEqual(set(outcomes(again).values()), {"not_attempted"})
        self.assertEqual(codes(again, found["not_attempted"][0]), {"CREDENTIALS_REJECTED"})
        sim.set(revoked=False)
        self.resume(sim, plugin, ids)


class Case30_RightsReduced(FaultCase):
    """Rights reduced mid-run

    Absence of what was seen before is "not visible", not "gone": success is told only for what our own order, taken
    by the service, removed.
    """

    def world_of_two_groups(self, hidden_count=40, other_count=60):
        sim, plugin = self.world("--recycled", str(hidden_count + other_count))
        ids = sim.ids()
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "resourceGroupId": "rg-2"} for i in ids[:hidden_count]]})
        return sim, plugin, ids, ids[:hidden_count]

    def hide(self, how, wait=8, **counts):
        """The group loses our rights between the read and the release."""
        sim, plugin, ids, group = self.world_of_two_groups(**counts)
        sim.fault(on_read("delay", delay_ms=700, nth=1))
        call = plugin.stub().Release.future(make_request(ids, wait=wait), timeout=90)
        sim.wait_for_calls(READ, 1)
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "hidden": how} for i in group]})
        report = call.result()
        return sim, plugin, ids, group, report

    def restore(self, sim, plugin, ids, group):
        alive = sim.instances()
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "hidden": "no"} for i in group if i in alive]})
        self.resume(sim, plugin, ids)

    def test_hidden_from_reads_while_releases_work(self):
        sim, _, ids, group, report = self.hide("reads")
        self.judge(sim, ids, report)
        self.assertEqual(set(outcomes(report).values()), {"released"})
        self.assertLessEqual(set(group), sim.destroyed())

    def test_hidden_and_releases_denied(self):
        sim, plugin, ids, group, report = self.hide("denied")
        self.judge(sim, ids, report)
        found = outcomes(report)
        self.assertFalse({found[i] for i in group} & {"released", "already_gone"})
        self.restore(sim, plugin, ids, group)

    def test_hidden_as_if_they_did_not_exist(self):
        sim, plugin, ids, group, report = self.hide("missing")
        self.judge(sim, ids, report)
        self.assertEqual({outcomes(report)[i] for i in group}, {"refused"})
        self.assertEqual({c for i in group for c in codes(report, i)}, {"NOT_VISIBLE"})
        self.restore(sim, plugin, ids, group)

    def test_the_whole_account_is_hidden_and_releases_denied(self):
        sim, plugin, ids, group, report = self.hide("denied", hidden_count=100, other_count=0)
        self.judge(sim, ids, report)
        self.assertEqual(set(outcomes(report).values()), {"refused"})
        self.restore(sim, plugin, ids, group)

    def test_hidden_before_the_release_of_a_batch_that_waits(self):
        """Its read has become too old when its turn comes, and the next one does not have it any more."""
        sim, plugin, ids, group = self.world_of_two_groups()
        sim.fault({"do": "throttle", "retry_after": "4", "match": {"action": RELEASE, "count": 1}})
        first = plugin.stub().Release.future(make_request(ids[-1:]), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        call = plugin.stub().Release.future(make_request(ids[:-1]), timeout=60)
        wait_until(lambda: any(ids[0] in (r.get("ids") or []) for r in sim.calls(READ)), 20, "the read")
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "hidden": "missing"} for i in group]})
        report = call.result()
        self.all_released(sim, ids[-1:], first.result(), asked_before=ids)
        self.judge(sim, ids[:-1], report, asked_before=ids)
        self.assertEqual({outcomes(report)[i] for i in group}, {"not_found"})
        self.assertFalse(set(group) & set(sim.submissions()))
        self.restore(sim, plugin, ids[:-1], group)

    def test_a_group_vanishes_from_reads_alone(self):
        """As the service's list shows it, from the second read on; the releases are carried out."""
        sim, plugin, ids, group = self.world_of_two_groups()
        sim.fault({"do": "hide_group", "group": "rg-2", "match": {"action": READ, "from": 2}})
        report = plugin.release(ids, timeout=60)
        self.judge(sim, ids, report)
        self.assertLessEqual(set(group), sim.destroyed())

    def lost_answer(self, neighbour):
        """A whole group is released, and the answer is lost: (outcomes of the group, codes, counts of the group)."""
        sim, plugin, ids, group = self.world_of_two_groups(hidden_count=100)
        if neighbour:
            sim.put("fleet?merge=1", {"instances": [
                {"instanceId": "9", "product": "vm", "status": "RUNNING", "resourceGroupId": "rg-2"}]})
        sim.fault(on_release("error", status=502, code="BAD_GATEWAY", effect=True, count=1))
        report = plugin.release(group, timeout=60)
        self.all_released(sim, group, report)
        return {c for i in group for c in codes(report, i)}, sim.count(RELEASE)

    def test_a_group_that_is_still_seen_proves_what_is_absent_from_it(self):
        self.assertEqual(self.lost_answer(neighbour=True), (set(), 1))

    def test_a_group_that_shows_nothing_any_more_leaves_a_doubt_that_is_told(self):
        self.assertEqual(self.lost_answer(neighbour=False), ({"GROUP_NOT_SEEN"}, 1))

    def test_a_group_vanishes_before_the_first_read(self):
        sim, plugin, ids, group = self.world_of_two_groups()
        sim.fault({"do": "hide_group", "group": "rg-2", "match": {"action": READ}})
        report = plugin.release(ids, timeout=60)
        self.judge(sim, ids, report)
        self.assertEqual({outcomes(report)[i] for i in group}, {"not_found"})
        self.assertFalse(set(group) & set(sim.submissions()))
        self.resume(sim, plugin, group)
