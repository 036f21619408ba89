"""Cases 16 to 20: a batch that is carried out in part, or refused for some of its ids."""

from base import READ, RELEASE, FaultCase, codes, make_request, on_read, on_release, outcomes

MISSING, STATE = "INVALID_INSTANCE_NOT_FOUND", "OPERATION_DENIED_INSTANCE_NOT_RECYCLED"


class PartCase(FaultCase):
    def after_preflight(self, count, change, *flags, product="vm"):
        """`count` ids whose first read is answered late; `change(sim, ids)` happens in between."""
        sim, plugin = self.world("--product", product, "--recycled", str(count), *flags)
        ids = sim.ids(product=product)
        sim.fault(on_read("delay", delay_ms=700, nth=1))
        call = plugin.stub().Release.future(make_request(ids, product=product, wait=15), timeout=120)
        sim.wait_for_calls(READ, 1)
        changed = change(sim, ids)
        report = call.result()
        return sim, plugin, ids, changed, report

    @staticmethod
    def every_nth(ids, bad):
        step = len(ids) // bad
        return ids[step - 1::step]

    def only_these_left(self, sim, ids, report, changed, outcome):
        found = self.judge(sim, ids, report)
        self.assertEqual(set(found.get("released", [])), set(ids) - set(changed))
        self.assertEqual(set(found.get(outcome, [])), set(changed), found.keys())
        self.assertLessEqual(sim.count(RELEASE), 2, "more than one further call")


class Case16_PartialSuccess(PartCase):
    """Partial effect with success reply

    Verification finds what is left: accepted and not released, and a new request may send it again.
    """

    def random_part(self, done):
        sim, plugin, ids, report = self.once(
            [{"do": "partial", "random": done, "match": {"action": RELEASE, "count": 1}}], count=100,
            wait=4, released=False)
        found = outcomes(report)
        gone = sim.destroyed()
        self.assertEqual(found, {i: "released" if i in gone else "accepted" for i in ids})
        self.assertEqual(sum(i in gone for i in ids), done)
        self.assertEqual(set(sim.submissions()[i] for i in ids), {1}, "sent again within one request")
        self.resume(sim, plugin, ids)

    def test_none_of_100(self):
        self.random_part(0)

    def test_1_of_100(self):
        self.random_part(1)

    def test_50_of_100(self):
        self.random_part(50)

    def test_99_of_100(self):
        self.random_part(99)


class Case17_PartialError(PartCase):
    """Partial effect with error reply

    Read again before anything is split: what is gone is not sent again.
    """

    def random_part(self, status, code, done):
        sim, _, ids, report = self.once(
            [{"do": "partial", "random": done, "status": status, "code": code,
              "match": {"action": RELEASE, "count": 1}}], count=100, wait=15, released=False)
        found = outcomes(report)
        self.assertLessEqual(set(found.values()), {"released", "already_gone"})
        first = sim.calls(RELEASE)[1]["n"]
        gone = {e["instance_id"] for e in sim.get("ledger")["entries"] if e.get("request") == first}
        self.assertEqual(len(gone), done)
        self.assertEqual({i: sim.submissions()[i] for i in ids}, {i: 1 if i in gone else 2 for i in ids})

    def test_404_after_a_part(self):
        for done in (1, 50, 99):
            self.random_part(404, MISSING, done)

    def test_403_after_a_part(self):
        self.random_part(403, STATE, 40)

    def test_500_after_a_part(self):
        for done in (1, 50, 99):
            self.random_part(500, "INTERNAL_SERVER_ERROR", done)

    def test_the_service_itself_works_in_parts(self):
        for kind in ("error", "ok"):
            sim, _, ids, bad, report = self.after_preflight(
                100, lambda sim, ids: self.put_out(sim, self.every_nth(ids, 4)), f"--partial={kind}")
            found = self.judge(sim, ids, report)
            self.assertEqual(set(found.get("released", [])) | set(found.get("already_gone", [])),
                             set(ids) - set(bad))

    @staticmethod
    def put_out(sim, ids):
        sim.set_status(ids, "RUNNING")
        return ids


class Case18_FailureList(PartCase):
    """Failure list in a 200 reply

    The list is honoured, the others are verified all the same.
    """

    def listed(self, which, count=10, **fields):
        sim, plugin = self.world("--product", "zec", "--recycled", str(count))
        ids = sim.ids(product="zec")
        sim.fault(on_release("failed_ids", ids=which(ids), **fields))
        report = plugin.release(ids, product="zec", wait=3, timeout=60)
        return sim, plugin, ids, outcomes(report), self.judge(sim, ids, report, product="zec")

    def test_a_list(self):
        sim, plugin, ids, found, _ = self.listed(lambda ids: ids[2:5])
        self.assertEqual(found, {i: "refused" if i in ids[2:5] else "released" for i in ids})
        self.assertEqual(set(sim.submissions().values()), {1}, "a listed id was sent again")
        self.resume(sim, plugin, ids, product="zec")

    def test_a_list_of_ids_that_were_released_all_the_same(self):
        _, _, ids, found, _ = self.listed(lambda ids: ids[2:5], effect=True)
        self.assertEqual(found, dict.fromkeys(ids, "released"))

    def test_with_an_id_nobody_sent(self):
        _, _, ids, found, _ = self.listed(lambda ids: "unknown")
        self.assertEqual(found, dict.fromkeys(ids, "released"))

    def test_with_an_id_nobody_sent_beside_one_that_was(self):
        _, _, ids, found, _ = self.listed(lambda ids: ["9999999999999", ids[0]])
        self.assertEqual(found, {i: "refused" if i == ids[0] else "released" for i in ids})

    def test_with_all_ids(self):
        sim, plugin, ids, found, _ = self.listed(lambda ids: "all")
        self.assertEqual(found, dict.fromkeys(ids, "refused"))
        self.resume(sim, plugin, ids, product="zec")

    def test_a_list_that_is_none(self):
        sim, plugin = self.world("--product", "zec", "--recycled", "4")
        ids = sim.ids(product="zec")
        sim.fault(on_release("body", sample="wrong_types", effect=True, count=1))
        report = plugin.release(ids, product="zec", wait=10, timeout=60)
        found = self.judge(sim, ids, report, product="zec")
        self.assertEqual(set(found), {"released"})


class Case19_MissingIds(PartCase):
    """404 for one id in a batch

    Read, drop what is missing, send the rest once: 99 good ones go in one further call.
    """

    def missing_from_the_start(self, bad, *flags):
        sim, plugin = self.world("--recycled", str(100 - bad), *flags)
        good = sim.ids()
        missing = [f"99{n:011d}" for n in range(bad)]
        ids = good + missing
        report = plugin.release(ids, timeout=120)
        self.only_these_left(sim, ids, report, missing, "not_found")
        self.assertEqual(sim.count(RELEASE), 1, "a missing id was sent")

    def test_1_missing_from_the_start(self):
        self.missing_from_the_start(1)

    def test_5_missing_from_the_start(self):
        self.missing_from_the_start(5)

    def test_50_missing_from_the_start(self):
        self.missing_from_the_start(50)

    def test_5_missing_where_describe_answers_404(self):
        self.missing_from_the_start(5, "--describe-missing", "404")

    def missing_after_preflight(self, bad, *flags):
        def take(sim, ids):
            taken = self.every_nth(ids, bad)
            sim.set_status(taken, "ABSENT")
            return taken
        sim, _, ids, taken, report = self.after_preflight(100, take, *flags)
        self.only_these_left(sim, ids, report, taken, "already_gone")
        if not flags:
            self.assertLessEqual(sim.count(READ), 4)

    def test_1_missing_after_preflight(self):
        self.missing_after_preflight(1)

    def test_5_missing_after_preflight(self):
        self.missing_after_preflight(5)

    def test_50_missing_after_preflight(self):
        self.missing_after_preflight(50)

    def test_5_missing_after_preflight_where_describe_answers_404(self):
        self.missing_after_preflight(5, "--describe-missing", "404")

    def test_a_404_that_no_read_explains(self):
        """One id of the batch is refused for ever: the batch is halved until it is alone, within a bound."""
        sim, plugin = self.world("--recycled", "100")
        ids = sim.ids()
        sim.fault(on_release("error", status=404, code=MISSING, containing=[ids[37]]))
        report = plugin.release(ids, timeout=120, wait=10)
        found = self.judge(sim, ids, report)
        self.assertEqual(found["refused"], [ids[37]])
        self.assertEqual(len(found["released"]), 99)
        self.assertLessEqual(sim.count(RELEASE), 21)


class Case20_NotInBin(PartCase):
    """403 not in bin

    As case 19, and the state that it is in is named.
    """

    def left_the_bin(self, bad, status, outcome="not_recycled"):
        def leave(sim, ids):
            left = self.every_nth(ids, bad)
            sim.set_status(left, status)
            return left
        sim, _, ids, left, report = self.after_preflight(100, leave)
        self.only_these_left(sim, ids, report, left, outcome)
        for result in report.results:
            if result.instance_id in left:
                self.assertEqual(result.last_status, status)
        for diagnostic in report.diagnostics:
            if diagnostic.instance_id in left:
                self.assertIn(status, diagnostic.detail)

    def test_restarted(self):
        for bad in (1, 5, 50):
            self.left_the_bin(bad, "RUNNING")

    def test_renewed_out_of_the_bin(self):
        """A prepaid instance whose term was extended: stopped, and no longer in the bin."""
        def renew(sim, ids):
            renewed = ids[::20]
            sim.put("fleet?merge=1", {"instances": [
                {"instanceId": i, "product": "bmc", "status": "STOPPED",
                 "instanceChargeType": "PREPAID", "autoRenew": True} for i in renewed]})
            return renewed
        sim, _, ids, renewed, report = self.after_preflight(100, renew, product="bmc")
        found = self.judge(sim, ids, report, product="bmc")
        self.assertEqual(set(found["not_recycled"]), set(renewed))
        self.assertEqual(len(found["released"]), 95)
        self.assertEqual({codes(report, i).pop() for i in renewed}, {"NOT_RECYCLED"})

    def test_from_the_start(self):
        sim, plugin = self.world("--recycled", "90", "--running", "10")
        running, ids = sim.ids("RUNNING"), list(sim.instances())
        report = plugin.release(ids, timeout=60)
        self.only_these_left(sim, ids, report, running, "not_recycled")
        self.assertFalse(set(running) & set(sim.submissions()))

    def test_the_read_says_bin_and_the_service_says_no(self):
        sim, plugin = self.world("--recycled", "10")
        ids = sim.ids()
        sim.fault(on_release("error", status=403, code=STATE, containing=[ids[3]]))
        report = plugin.release(ids, timeout=120, wait=8)
        found = self.judge(sim, ids, report)
        self.assertEqual(found["refused"], [ids[3]])
        self.assertEqual(len(found["released"]), 9)
