"""The journal with real processes: what a crash leaves is settled, and nothing is sent without it."""

import os
import resource
import signal
import sqlite3
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc
from harness.case import Case
from harness.plugin import by_outcome, codes, make_request, outcomes, service, v1
from harness.process import SLOW, clean_environment, program, wait_until

RELEASE = "ReleaseInstances"


class WithJournal(Case):
    def setUp(self):
        self.journal = os.path.join(self.home(), "journal.db")

    def start(self, sim, **how):
        return self.plugin(sim, "--journal", self.journal, **how)

    def kill(self, plugin):
        """As the system kills it; what it said is thrown away."""
        for channel in plugin.channels:
            channel.close()
        plugin.channels = []
        plugin.process.send_signal(signal.SIGKILL)
        plugin.stop(expected=-signal.SIGKILL)

    def bytes(self):
        with open(self.journal, "rb") as file:
            return file.read()

    def history(self, *flags, **how):
        code, lines = self.cli_json("history", "--journal", self.journal, *flags, **how)
        self.assertEqual(code, 0, lines)
        return lines[:-1]

    def health(self, plugin):
        check = plugin.channel().unary_unary("/grpc.health.v1.Health/Check")
        return check(b"", timeout=30)

    def wait_health(self, plugin, status):
        wait_until(lambda: self.health(plugin) == status, 20, f"health {status}")


# HealthCheckResponse { status }, as it is on the wire.
SERVING = b"\x08\x01"
NOT_SERVING = b"\x08\x02"


class Crash(WithJournal):
    def send_and_kill(self, sim, ids, fault, journal=None):
        """A release whose answer never comes, in a process that is killed while it waits."""
        plugin = self.plugin(sim, "--journal", journal or self.journal)
        sim.fault({"do": "hang", "match": {"action": RELEASE}, **fault})
        call = plugin.stub().Release.future(make_request(ids, request_id="before"), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        self.kill(plugin)
        self.assertIsNotNone(call.exception(timeout=30))
        sim.fault()

    def settle(self, fault):
        """What `resume` tells after a kill under this fault: id -> outcome, and the simulator."""
        sim = self.simulator("--recycled", "4")
        journal = os.path.join(self.home(), "journal.db")
        self.send_and_kill(sim, sim.ids(), fault, journal)
        code, lines = self.cli_json("resume", "--journal", journal, environment=sim.environment(),
                                    seconds=200)
        return sim, journal, code, {r["instance_id"]: r["outcome"] for r in lines[-1]["results"]}

    def check(self, sim, journal, found):
        """The report, the journal and the ledger agree, and settling has sent nothing."""
        destroyed = sim.destroyed()
        for instance_id, outcome in found.items():
            gone = instance_id in destroyed
            self.assertEqual(outcome, "released" if gone else "refused", instance_id)
        self.assertEqual(sim.count(RELEASE), 1)
        code, lines = self.cli_json("history", "--journal", journal,
                                    environment=sim.environment())
        self.assertEqual(code, 0)
        rows = {r["instance_id"]: r for r in lines[:-1]}
        self.assertEqual({i: r["outcome"] for i, r in rows.items()}, found)
        self.assertFalse(any(r["open"] for r in rows.values()), rows)
        code, lines = self.cli_json("resume", "--journal", journal, environment=sim.environment())
        self.assertEqual((code, lines[-1]["results"]), (0, []))

    def test_a_kill_between_sending_and_hearing_of_it_is_settled(self):
        faults = ({"effect": True}, {"effect": False}, {"effect": True, "first": 2})
        with ThreadPoolExecutor(3) as pool:
            all_, none, some = pool.map(self.settle, faults)
        for (sim, journal, code, found), gone in ((all_, 4), (none, 0), (some, 2)):
            self.assertEqual(len(sim.destroyed()), gone)
            self.assertEqual(len(found), 4)
            self.assertEqual(code, 0 if gone == 4 else 3 if gone else 1)
            self.check(sim, journal, found)
        sim, journal, _, found = some
        code, lines = self.cli_json("release", "--journal", journal, *found,
                                    environment=sim.environment())
        self.assertEqual(code, 0, lines[-1])
        self.assertEqual({r["instance_id"]: r["outcome"] for r in lines[-1]["results"]},
                         {i: "already_gone" if o == "released" else "released"
                          for i, o in found.items()})
        self.assertEqual(sim.resubmitted(), [])

    def test_nothing_is_sent_while_what_is_open_cannot_be_read(self):
        sim = self.simulator("--recycled", "4")
        ids = sim.ids()
        self.send_and_kill(sim, ids[:2], {"effect": True})
        sim.fault({"do": "hang", "match": {"action": "DescribeInstances"}})
        plugin = self.start(sim)
        report = plugin.stub().Release(make_request(ids[2:]), timeout=3 * SLOW)
        self.assertEqual(set(by_outcome(report)), {"not_attempted"})
        self.assertEqual(sim.count(RELEASE), 1)
        self.kill(plugin)


class Kept(WithJournal):
    def test_a_release_leaves_its_whole_story_and_no_file_beside(self):
        sim = self.simulator("--recycled", "3", "--running", "1")
        bin_ids, live = sim.ids(), sim.ids("RUNNING")
        plugin = self.start(sim)
        report = plugin.release(bin_ids + live, request_id="r-1")
        self.assert_honest(sim, bin_ids + live, report)
        plugin.stop()
        self.assertEqual(os.listdir(os.path.dirname(self.journal)), ["journal.db"])
        self.assertEqual(os.stat(self.journal).st_mode & 0o7777, 0o600)
        rows = {r["instance_id"]: r for r in self.history(environment=sim.environment())}
        for instance_id, outcome in outcomes(report).items():
            self.assertEqual(rows[instance_id]["outcome"], outcome)
            self.assertEqual(rows[instance_id]["request_id"], "r-1")
        self.assertEqual(rows[bin_ids[0]]["answer_class"], "ok")
        self.assertTrue(rows[bin_ids[0]]["release_request_id"])
        self.assertNotIn(sim.password.encode(), self.bytes())

    def test_a_validation_leaves_nothing(self):
        sim = self.simulator("--recycled", "2")
        plugin = self.start(sim)
        plugin.release(sim.ids(), validate_only=True)
        plugin.stop()
        self.assertEqual(self.history(environment=sim.environment()), [])

    def test_without_a_journal_the_questions_are_refused(self):
        _, plugin = self.pair("--recycled", "1")
        stub = plugin.stub()
        for method, request in ((stub.ListReleaseRecords, service.ListReleaseRecordsRequest()),
                                (stub.SettleReleases, service.SettleReleasesRequest())):
            self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, method, request, timeout=30)


class Refused(WithJournal):
    def start_and_fail(self, sim):
        done = subprocess.run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0",
                               "--journal", self.journal],
                              env=clean_environment("/nonexistent", sim.environment()),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def test_a_second_process_is_told_who_has_it(self):
        sim = self.simulator("--recycled", "1")
        first = self.start(sim)
        code, out, err = self.start_and_fail(sim)
        self.assertEqual((code, out), (1, b""))
        self.assertIn(f"process {first.pid} (zenrelease-plug", err)
        self.kill(first)
        self.start(sim).stop()

    def assert_holds_back(self, sim, word):
        """Serves, says what is wrong, and sends nothing."""
        plugin = self.start(sim)
        self.assertEqual(self.health(plugin), NOT_SERVING)
        ids, sent = sim.ids(), sim.count(RELEASE)
        report = plugin.release(ids)
        self.assertEqual(set(by_outcome(report)), {"not_attempted"})
        self.assertIn("NOT_RECORDED", codes(report, ids[0]))
        self.assertEqual(sim.count(RELEASE), sent)
        info = plugin.stub().GetServerInfo(service.GetServerInfoRequest(), timeout=30)
        self.assertIn(word, " ".join(d.detail for d in info.diagnostics))
        return plugin

    def test_a_damaged_file_is_kept_and_can_be_looked_at(self):
        sim = self.simulator("--recycled", "2")
        plugin = self.start(sim)
        plugin.release(sim.ids()[:1])
        plugin.stop()
        with open(self.journal, "r+b") as file:
            file.truncate(os.path.getsize(self.journal) - 100)
        before = self.bytes()
        plugin = self.assert_holds_back(sim, "move it aside")
        records = plugin.stub().ListReleaseRecords(service.ListReleaseRecordsRequest(), timeout=30)
        self.assertGreaterEqual(len(records.records), 1)
        plugin.stop()
        self.assertEqual(self.bytes(), before)

    def test_a_file_that_others_can_write_is_not_used(self):
        sim = self.simulator("--recycled", "2")
        self.start(sim).stop()
        os.chmod(self.journal, 0o666)
        self.assert_holds_back(sim, "0600").stop()

    def test_another_kind_of_file_is_not_used(self):
        sim = self.simulator("--recycled", "2")
        db = sqlite3.connect(self.journal)
        db.execute("CREATE TABLE mine (x)")
        db.close()
        os.chmod(self.journal, 0o600)
        self.assert_holds_back(sim, "no journal").stop()


class Full(WithJournal):
    def test_no_room_sends_nothing_and_room_again_goes_on(self):
        sim = self.simulator("--recycled", "8")
        ids = sim.ids()
        plugin = self.start(sim)
        plugin.release(ids[:1])
        self.assertEqual(self.health(plugin), SERVING)
        _, hard = resource.prlimit(plugin.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(plugin.pid, resource.RLIMIT_FSIZE, (4096, hard))
        report = plugin.release(ids[1:4])
        self.assertEqual(set(by_outcome(report)), {"not_attempted"})
        self.assertIn("NOT_RECORDED", codes(report, ids[1]))
        self.assertEqual(sim.count(RELEASE), 1)
        self.wait_health(plugin, NOT_SERVING)
        resource.prlimit(plugin.pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.wait_health(plugin, SERVING)
        report = plugin.release(ids[1:4])
        self.assertEqual(set(by_outcome(report)), {"released"})
        plugin.stop()


class Asked(WithJournal):
    def test_many_questions_hold_up_no_release(self):
        """Each looks through the whole table; beyond a few they are sent away, and all else goes first."""
        sim = self.simulator("--recycled", "2")
        ids = sim.ids()
        plugin = self.start(sim)
        self.assertEqual(set(by_outcome(plugin.release(ids[:1]))), {"released"})
        plugin.stop()
        db = sqlite3.connect(self.journal)
        db.execute("INSERT INTO entries (owner, product, instance_id, call, intent, open, at, outcome) WITH "
                   "RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
                   "SELECT 1, 'vm', '1000' || i, 0, 0, 0, 1700000000000 + i, 'released' FROM n")
        db.commit()
        db.close()
        plugin = self.start(sim)
        stub = plugin.stub()
        question = service.ListReleaseRecordsRequest(outcome=v1.OUTCOME_INVALID, page_size=10)
        answers = [stub.ListReleaseRecords.future(question, timeout=120) for _ in range(200)]
        self.assertEqual(set(by_outcome(plugin.release(ids[1:], timeout=60))), {"released"})
        told = [answer.exception(timeout=120) for answer in answers]
        refused = [error for error in told if error]
        self.assertEqual({error.code() for error in refused}, {grpc.StatusCode.RESOURCE_EXHAUSTED})
        self.assertLess(len(refused), len(told))
        for error in refused:
            self.assertIn(b"google.rpc.RetryInfo", dict(error.trailing_metadata())["grpc-status-details-bin"])
        self.assertEqual(len(stub.ListReleaseRecords(question, timeout=60).records), 0)
        plugin.stop()


class Sightings(WithJournal):
    def policy(self, seconds):
        policy = service.ReleaseRequest().policy
        policy.min_bin_time.FromSeconds(seconds)
        return policy

    def test_what_was_sighted_and_vanishes_as_a_crowd_is_not_called_gone(self):
        sim = self.simulator("--recycled", "20")
        ids = sim.ids()
        sim.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": "vm", "resourceGroupId": "rg-2"} for i in ids]})
        plugin = self.start(sim)
        plugin.release(ids, policy=self.policy(3600))
        sim.fault({"do": "hide_group", "group": "rg-2", "match": {"action": "DescribeInstances"}})
        rows = plugin.release(ids)
        self.assertEqual(set(by_outcome(rows)), {"not_found"})
        self.assertEqual({c for i in ids for c in codes(rows, i)}, {"GROUP_NOT_VISIBLE"})
        sim.fault()
        self.assertEqual(set(by_outcome(plugin.release(ids))), {"released"})
        self.assertEqual(set(by_outcome(plugin.release(ids))), {"already_gone"})
        plugin.stop()

    def test_the_time_in_the_bin_counts_from_the_first_sighting(self):
        sim = self.simulator("--recycled", "2")
        ids = sim.ids()
        plugin = self.start(sim)
        self.sight_and_age(plugin, ids[:1])
        self.assertEqual(sim.count(RELEASE), 0)
        plugin = self.start(sim)
        report = plugin.release(ids, policy=self.policy(3600))
        found = outcomes(report)
        self.assertEqual(found[ids[0]], "released")
        self.assertEqual(found[ids[1]], "not_attempted")
        plugin.stop()

    def sight_and_age(self, plugin, ids):
        """Protected when seen for the first time; then that is made two hours old. Stops the plugin."""
        report = plugin.release(ids, policy=self.policy(3600))
        self.assertEqual(set(by_outcome(report)), {"not_attempted"})
        self.assertIn("PROTECTED", codes(report, ids[0]))
        plugin.stop()
        db = sqlite3.connect(self.journal)
        self.assertEqual(db.execute("UPDATE sightings SET first_seen = first_seen - 7200000 "
                                    "WHERE first_seen > 0").rowcount, len(ids))
        db.commit()
        db.close()

    def test_any_read_that_finds_it_elsewhere_begins_its_time_anew(self):
        sim = self.simulator("--recycled", "1")
        ids = sim.ids()
        sim.put("fleet?merge=1", {"instances": [{"instanceId": ids[0], "product": "vm",
                                                 "resourceGroupId": "rg-x"}]})
        hidden = ({"do": "hide_group", "group": "rg-x"},)
        for status, faults, how, outcome in (
                ("RUNNING", (), {}, "not_recycled"),
                ("RUNNING", (), {"validate_only": True}, "not_recycled"),
                ("RECYCLE", hidden, {"validate_only": True}, "already_gone"),
                ("RECYCLE", hidden, {}, "already_gone")):
            with self.subTest(status=status, **how):
                self.sight_and_age(self.start(sim), ids)
                plugin = self.start(sim)
                sim.set_status(ids, status)
                sim.fault(*faults)
                self.assertEqual(set(by_outcome(plugin.release(ids, **how))), {outcome})
                sim.set_status(ids, "RECYCLE")
                sim.fault()
                report = plugin.release(ids, policy=self.policy(3600))
                self.assertIn("PROTECTED", codes(report, ids[0]))
                plugin.stop()
        self.assertFalse(sim.destroyed())

    def test_a_listing_sights(self):
        sim = self.simulator("--recycled", "3")
        plugin = self.start(sim)
        self.assertEqual(self.cli("list", "--server", plugin.address)[0], 0)
        plugin.stop()
        db = sqlite3.connect(self.journal)
        seen = {row[0] for row in db.execute("SELECT instance_id FROM sightings")}
        db.close()
        self.assertEqual(seen, set(sim.ids()))


if __name__ == "__main__":
    unittest.main()
