"""Cases 40 and 41: plans and ids that are not what they should be."""

import json
import random

import grpc
from base import RELEASE, FaultCase, outcomes
from test_plan_refused import Refused, step, teardown

GOOD = "1000000000001"


class Case40_PlanFile(Refused, FaultCase):
    """Plan file edited, stale, wrong account, unknown version

    Refused with the reason, before anything is started; nothing is sent.
    """

    def test_every_member_of_every_line_changed_or_removed(self):
        self.test_every_edited_member_is_refused()

    def test_cut_short_at_any_place(self):
        self.test_cut_short_anywhere()

    def test_lines_moved_doubled_or_removed(self):
        self.test_lines_moved_added_or_removed()

    def test_stale_other_account_other_endpoint_unknown_version(self):
        self.test_expired_other_account_other_endpoint_unknown_version()

    def test_another_digest_than_the_approved_one(self):
        self.test_the_digest_is_checked()

    def test_another_account_of_the_same_service(self):
        plan = self.small_plan()
        other = {"access_key_id": "second", "access_key_password": "p" * 20, "token": "t" * 20}
        self.sim.put("fleet?merge=1", {"accounts": [other]})
        environment = {**self.sim.environment(), "ZENLAYERCLOUD_ACCESS_KEY_ID": "second",
                       "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": "p" * 20}
        self.refused(plan, because="account", environment=environment)


class Case41_BadIds(FaultCase):
    """Duplicate, blank, padded, homoglyph ids; more than the cap

    Listed by position, never sent.
    """

    def refused(self, plugin, sim, ids, *positions):
        with self.assertRaises(grpc.RpcError) as caught:
            plugin.release(ids)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT, ids)
        for position in positions[:1]:
            self.assertIn(f"instance_ids[{position}]", caught.exception.details())
        self.assertEqual(sim.count(), 0)

    def test_generated_lists_with_bad_ones_in_random_places(self):
        sim, plugin = self.world("--recycled", "30")
        good, dice = sim.ids(), random.Random(41)
        bad = ["", " ", "\t", "\n", "\u00a0", "\u2003", "\u200b", "\ufeff", f" {GOOD}", f"{GOOD} ",
               f"{GOOD}\n", f"{GOOD}\r", f"\u00a0{GOOD}", f"{GOOD}\u200b", "a\x00b", "a\x1bb",
               "x" * 129, "x" * 5000]
        for _ in range(60):
            ids = list(good[:dice.randint(1, 29)])
            places = []
            for _ in range(dice.randint(1, 3)):
                places.append(dice.randint(0, len(ids)))
                ids.insert(places[-1], dice.choice(bad))
            first = next(n for n, i in enumerate(ids) if i in bad)
            self.refused(plugin, sim, ids, first)
        self.assertEqual(set(sim.ids()), set(good))

    def test_homoglyphs_are_never_sent(self):
        """They are other ids, so they are not there; the good ones beside them are released."""
        sim, plugin = self.world("--recycled", "6")
        good = sim.ids()
        twins = ["\uff11" + good[0][1:], good[1].replace("0", "\u041e"), good[2].replace("0", "O"),
                 good[3].replace("1", "l"), good[4] + "\u0301", good[5].replace("1", "\u0661")]
        report = plugin.release(good + twins, timeout=60)
        self.judge(sim, good + twins, report)
        found = outcomes(report)
        self.assertEqual({found[i] for i in good}, {"released"})
        self.assertLessEqual({found[i] for i in twins}, {"not_found", "invalid"})
        self.assertFalse(set(twins) & set(sim.submissions()))

    def test_duplicates_are_collapsed_and_named_by_position(self):
        sim, plugin = self.world("--recycled", "20")
        good, dice = sim.ids(), random.Random(4141)
        ids = good + [dice.choice(good) for _ in range(15)]
        dice.shuffle(ids)
        report = plugin.release(ids, timeout=60)
        self.all_released(sim, ids, report, may_repeat=False)
        again = {n for n, i in enumerate(ids) if i in ids[:n]}
        named = {d.field for d in report.diagnostics if d.code == "DUPLICATE_ID"}
        self.assertEqual(named, {f"instance_ids[{n}]" for n in again})
        self.assertEqual(set(sim.submissions().values()), {1})

    def test_more_than_the_cap(self):
        sim, plugin = self.world("--recycled", "2")
        with self.assertRaises(grpc.RpcError) as caught:
            plugin.release([f"id-{n}" for n in range(10001)])
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn("10000", caught.exception.details().replace(",", ""))
        self.assertEqual(sim.count(), 0)

    def test_ids_that_the_service_rejects_beside_good_ones(self):
        sim, plugin = self.world("--recycled", "20", "--ids", "strict")
        good = sim.ids()
        bad = ["with/slash", "per%cent", "quote'"]
        ids = good[:7] + bad[:1] + good[7:15] + bad[1:] + good[15:]
        report = plugin.release(ids, timeout=60)
        self.judge(sim, ids, report)
        found = outcomes(report)
        self.assertLessEqual({found[i] for i in bad}, {"invalid", "not_found"})
        self.assertEqual({found[i] for i in good}, {"released"})
        self.assertFalse(set(bad) & sim.destroyed())

    def test_the_command_line_names_the_line_of_a_file(self):
        sim = self.simulator("--recycled", "3")
        good = sim.ids()
        for bad in (f" {good[1]}", f"{good[1]} # old", "a\x00b", f"{good[1]}\r"):
            text = "\n".join([good[0], "# a comment", bad, good[2]]) + "\n"
            code, out, err = self.cli("release", "--from", "-", stdin=text,
                                      environment=sim.environment())
            self.assertEqual(code, 2, out + err)
            self.assertIn("3", err)
        self.assertEqual(sim.count(), 0)

    def test_in_a_teardown_file(self):
        sim = self.simulator("--recycled", "3")
        path = self.home() + "/teardown.json"
        for ids in ([GOOD, GOOD], [GOOD, " x"], [""], ["x" * 200]):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(teardown(step("a", ids=ids)), file)
            code, _, err = self.cli("apply", path, "--auto-approve", environment=sim.environment())
            self.assertEqual(code, 2, err)
            self.assertIn("steps[0].ids[", err)
        self.assertEqual((sim.count(RELEASE), sim.destroyed()), (0, set()))
