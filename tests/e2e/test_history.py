"""What the journal says, and what is done about it: `history`, `resume`, `doctor`."""

import json
import os
import shlex
import signal
import threading
import time
import unittest
from concurrent import futures

import grpc

from harness.case import Case
from harness.fake_server import FakeServer, group, record, result
from harness.plugin import make_request, service, v1
from harness.process import WHOLE, wait_until

RELEASE = "ReleaseInstances"
BIN = {"outcome": v1.OUTCOME_REFUSED, "last_status": "RECYCLE", "diagnostic_code": "STILL_IN_BIN"}


class Told(Case):
    """The commands against a server whose words are known."""

    def setUp(self):
        self.server = FakeServer()
        self.addCleanup(self.server.stop)

    def ask(self, *arguments, **how):
        return self.cli(*arguments, "--server", self.server.address, **how)

    def ask_json(self, *arguments, **how):
        return self.cli_json(*arguments, "--server", self.server.address, **how)


class History(Told):
    def test_all_pages_come_newest_first(self):
        self.server.records = [record(f"id-{i}", 1700000000000 - i) for i in range(5)]
        code, lines = self.ask_json("history")
        self.assertEqual(code, 0)
        self.assertEqual([l["instance_id"] for l in lines[:-1]], [f"id-{i}" for i in range(5)])
        self.assertEqual(lines[0]["send_time"], "2023-11-14T22:13:20.000Z")
        self.assertEqual(lines[-1], {"type": "result", "count": 5, "open": 0})
        self.assertEqual(len(self.server.asked_for(service.ListReleaseRecordsRequest)), 3)

    def test_every_filter_arrives(self):
        before = time.time()
        code, _ = self.ask_json(
            "history", "--id", "1", "--product", "zec", "--since", "24h", "--until",
            "2999-01-31T14:00:00.5+02:00", "--outcome", "not_attempted", "--request-id", "mine",
            "--release-request-id", "theirs", "--open", "--limit", "7")
        self.assertEqual(code, 0)
        asked = self.server.asked_for(service.ListReleaseRecordsRequest)[0]
        self.assertEqual((asked.instance_id, asked.request_id, asked.release_request_id),
                         ("1", "mine", "theirs"))
        self.assertEqual(asked.product, v1.PRODUCT_ZEC)
        self.assertEqual(asked.outcome, v1.OUTCOME_NOT_ATTEMPTED)
        self.assertTrue(asked.open_only)
        self.assertEqual(asked.page_size, 7)
        self.assertEqual(asked.end_time.ToJsonString(), "2999-01-31T12:00:00.500Z")
        self.assertAlmostEqual(asked.start_time.ToMilliseconds() / 1000, before - 24 * 3600,
                               delta=60)

    def test_a_limit_ends_it(self):
        self.server.records = [record(f"id-{i}", 1700000000000) for i in range(5)]
        _, lines = self.ask_json("history", "--limit", "3")
        self.assertEqual(lines[-1]["count"], 3)

    def test_what_would_have_to_be_guessed_is_refused(self):
        for words in (["--since", "yesterday"], ["--since", "2026-01-31"], ["--since", "24"],
                      ["--until", "2026-02-30T00:00:00Z"], ["--outcome", "lost"],
                      ["--outcome", "none"], ["--product", "boat"], ["--limit", "0"],
                      ["--id", ""], ["--open", "--open=1"], ["an-argument"],
                      ["--since", "1h", "--until", "2h"]):
            code, _, err = self.ask("history", *words)
            self.assertEqual(code, 2, f"{words}: {err}")
            self.assertTrue(err.strip())
        self.assertEqual(self.server.asked, [])

    def test_a_table_for_people(self):
        self.server.records = [
            record("open-one", 1700000000000, batch=8, open=True, display_name="bad\x1b[31mname"),
            record("done-one", 1690000000000, batch=7, answer_class="denied", service_code="WHY",
                   outcome=v1.OUTCOME_REFUSED, release_request_id="theirs")]
        self.server.records[1].answer_time.FromMilliseconds(1690000000100)
        code, out, _ = self.ask("history")
        self.assertEqual(code, 0)
        lines = out.splitlines()
        self.assertRegex(lines[0], "TIME +INSTANCE +PRODUCT +OUTCOME +ANSWER +CALL +REQUEST +NAME")
        self.assertRegex(lines[1], r"^2023-11-14T22:13:20.000Z +open-one +vm +open +none +8 +- +bad\?")
        self.assertRegex(lines[2], "done-one +vm +refused +denied WHY +7 +theirs")
        self.assertIn("2 shown, 1 open; zenrelease resume", lines[-1])
        self.assertNotIn("\x1b", out)

    def test_no_journal_says_what_to_do(self):
        self.server.failure = (grpc.StatusCode.FAILED_PRECONDITION, "no journal; do this")
        for command in ("history", "resume"):
            code, lines = self.ask_json(command)
            self.assertEqual(code, 1)
            self.assertEqual((lines[-1]["type"], lines[-1]["code"]), ("error", "failed_precondition"))
            self.assertEqual(lines[-1]["message"], "no journal; do this")


class Resume(Told):
    def settle(self, *groups, problem=""):
        self.server.settled = service.SettleReleasesResponse(groups=groups, problem=problem)

    def releases(self):
        return self.server.asked_for(service.ReleaseRequest)

    def test_nothing_open(self):
        code, out, _ = self.ask("resume")
        self.assertEqual((code, out), (0, "nothing is open\n"))

    def test_one_outcome_for_each_id(self):
        self.settle(group("vm", [result("1", v1.OUTCOME_RELEASED), result("2", v1.OUTCOME_ACCEPTED)]),
                    group("zec", [result("3", v1.OUTCOME_ALREADY_GONE)]))
        code, lines = self.ask_json("resume")
        self.assertEqual(code, 3)  # accepted is not released
        rows = [(r["product"], r["instance_id"], r["outcome"]) for r in lines[-1]["results"]]
        self.assertEqual(rows, [("vm", "1", "released"), ("vm", "2", "accepted"),
                                ("zec", "3", "already_gone")])
        self.assertEqual(lines[-1]["counts"]["total"], 3)
        code, out, _ = self.ask("resume")
        self.assertRegex(out, "PRODUCT +INSTANCE +OUTCOME")
        for row in ("vm +1 +released", "vm +2 +accepted", "zec +3 +already_gone"):
            self.assertRegex(out, row)
        self.assertTrue(out.endswith("1 still open\n"), out)
        self.assertEqual(self.releases(), [])

    def test_codes(self):
        for outcome, code in ((v1.OUTCOME_RELEASED, 0), (v1.OUTCOME_REFUSED, 1),
                              (v1.OUTCOME_ACCEPTED, 1), (v1.OUTCOME_UNKNOWN, 4)):
            self.settle(group("vm", [result("1", outcome)]))
            self.assertEqual(self.ask_json("resume")[0], code)
        self.settle(group("vm", [result("1", v1.OUTCOME_RELEASED)]), problem="bmc \x1b[1m unreadable")
        code, lines = self.ask_json("resume")
        self.assertEqual((code, lines[-1]["problem"]), (4, "bmc \x1b[1m unreadable"))
        self.assertNotIn("\x1b", self.ask("resume")[1])

    def test_what_is_in_the_bin_is_told_with_its_command(self):
        self.settle(group("bmc", [result("2", **BIN), result("it's", **BIN),
                                  result("1", v1.OUTCOME_RELEASED)]))
        code, _, err = self.ask("resume")
        self.assertEqual(code, 3)
        self.assertIn(f"zenrelease release --product bmc --server {self.server.address} "
                      "2 'it'\\''s'\n", err)
        self.assertEqual(self.releases(), [])

    def test_release_releases_what_is_in_the_bin_and_nothing_else(self):
        why = v1.Diagnostic(severity=v1.SEVERITY_ERROR, code="STILL_IN_BIN", instance_id="2")
        self.settle(group("vm", [result("1", v1.OUTCOME_RELEASED), result("2", **BIN)], [why]),
                    group("zec", [result("4", v1.OUTCOME_ACCEPTED, last_status="RECYCLE")]),
                    group("bmc", [result("3", v1.OUTCOME_REFUSED, last_status="RECYCLED")]))
        code, lines = self.ask_json("resume", "--release")
        self.assertEqual(code, 3)
        self.assertEqual([(list(r.instance_ids), r.product) for r in self.releases()],
                         [(["2"], v1.PRODUCT_VM), (["3"], v1.PRODUCT_BMC)])
        last = lines[-1]
        self.assertEqual({(r["product"], r["instance_id"]): r["outcome"] for r in last["results"]},
                         {("vm", "1"): "released", ("vm", "2"): "released",
                          ("bmc", "3"): "released", ("zec", "4"): "accepted"})
        self.assertEqual(last["diagnostics"], [])
        self.assertEqual(last["counts"]["total"], 4)
        self.assertEqual(last["counts"]["released"], 3)
        self.assertEqual(last["counts"]["refused"], 0)
        self.assertEqual([l["type"] for l in lines].count("result"), 1)

    def test_a_release_that_fails_again_is_told(self):
        self.settle(group("vm", [result("2", **BIN)]))
        self.server.outcome = v1.OUTCOME_REFUSED
        code, lines = self.ask_json("resume", "--release")
        self.assertEqual(code, 1)
        self.assertEqual([r["outcome"] for r in lines[-1]["results"]], ["refused"])
        self.assertEqual(len(self.releases()), 1)

    def test_a_timeout_loses_nothing(self):
        self.server.hold = threading.Event()
        code, lines = self.ask_json("resume", "--timeout", "300ms")
        self.assertEqual(code, 4)
        self.assertEqual(lines[-1]["code"], "deadline_exceeded")
        self.assertIn("history --open", self.ask("resume", "--timeout", "300ms")[2])

    def test_usage(self):
        for words in (["1"], ["--timeout", "soon"], ["--release=yes"], ["--journal", "x"]):
            self.assertEqual(self.ask("resume", *words)[0], 2, words)
        self.assertEqual(self.server.asked, [])


class Doctor(Told):
    def test_it_reports_the_journal(self):
        for records, finding in (([], "ok"), ([record("1", 1700000000000, open=True)], "warning")):
            self.server.records = records
            _, lines = self.ask_json("doctor")
            found = [l["finding"] for l in lines if l.get("check") == "journal"]
            self.assertEqual(found, [finding])
        self.server.failure = (grpc.StatusCode.INTERNAL, "the disk is broken")
        code, out, _ = self.ask("doctor")
        self.assertEqual(code, 1)
        self.assertRegex(out, "failed +journal +the disk is broken")
        self.server.failure = None
        self.server.troubles = [v1.Diagnostic(severity=v1.SEVERITY_ERROR, code="NOT_RECORDED",
                                              detail="the disk is full")]
        code, out, _ = self.ask("doctor")
        self.assertEqual(code, 1)
        self.assertRegex(out, "ok +credentials +account f00d")
        self.assertRegex(out, "failed +journal +the disk is full")


class WithoutAJournal(Case):
    """The real plugin, started by the command."""

    def test_it_says_how_to_get_one(self):
        sim = self.simulator("--recycled", "1")
        for command in ("history", "resume"):
            code, _, err = self.cli(command, environment=sim.environment())
            self.assertEqual(code, 1)
            self.assertIn("zenrelease-plugin with --journal", err)
            self.assertIn("--server ADDR", err)
        self.assertEqual(sim.count(), 0)
        _, lines = self.cli_json("info", environment=sim.environment())
        self.assertIs(lines[-1]["journal"], False)

    def test_a_file_that_is_no_journal_is_named_with_the_cause(self):
        path = os.path.join(self.home(), "bad.db")
        with open(path, "w", encoding="utf-8") as file:
            file.write("this is no journal\n" * 100)
        for command in ("history", "resume"):
            code, _, err = self.cli(command, "--journal", path)
            self.assertEqual(code, 1)
            self.assertIn(path, err)
            self.assertIn("no journal of zenrelease", err)


class Journal(Case):
    """The real plugin and its journal; the simulator's ledger is the judge."""

    def setUp(self):
        self.journal_home = self.home()
        self.journal = os.path.join(self.journal_home, "releases.db")

    def ask(self, sim, *arguments, **how):
        return self.cli_json(*arguments, "--journal", self.journal,
                             environment=sim.environment(), **how)

    def killed(self, sim, ids, journal, **fault):
        """A plugin that is killed while the service sits on its release call."""
        plugin = self.plugin(sim, "--journal", journal)
        sim.fault({"do": "hang", "match": {"action": RELEASE}, **fault})
        call = plugin.stub().Release.future(make_request(ids, request_id="killed"))
        sim.wait_for_calls(RELEASE, 1)
        os.kill(plugin.pid, signal.SIGKILL)
        plugin.stop(expected=-signal.SIGKILL)
        call.exception()
        sim.fault()

    def test_a_release_is_found_by_each_filter(self):
        sim = self.simulator("--recycled", "3", "--running", "1")
        ids, running = sim.ids(), sim.ids("RUNNING")
        code, _ = self.ask(sim, "release", "--request-id", "mine", *ids, *running)
        self.assertEqual(code, 3)
        code, lines = self.ask(sim, "history")
        self.assertEqual(code, 0)
        records = {l["instance_id"]: l for l in lines[:-1]}
        self.assertEqual(set(records), set(ids + running))
        self.assertEqual(lines[-1]["open"], 0)
        sent = records[ids[0]]
        self.assertEqual((sent["outcome"], sent["answer_class"], sent["http_status"]),
                         ("released", "ok", 200))
        self.assertGreater(sent["batch"], 0)
        self.assertEqual(records[running[0]]["outcome"], "not_recycled")
        self.assertNotIn("batch", records[running[0]])
        for words, found in (
                (["--id", ids[1]], {ids[1]}), (["--outcome", "released"], set(ids)),
                (["--outcome", "not_recycled"], set(running)), (["--outcome", "unknown"], set()),
                (["--request-id", "mine"], set(ids + running)), (["--request-id", "other"], set()),
                (["--release-request-id", sent["release_request_id"]], set(ids)),
                (["--since", "1h"], set(ids + running)), (["--until", "1h"], set()),
                (["--since", sent["send_time"], "--outcome", "released"], set(ids)),
                (["--until", sent["send_time"], "--outcome", "released"], set()),
                (["--product", "vm"], set(ids + running)), (["--product", "zec"], set()),
                (["--open"], set())):
            code, lines = self.ask(sim, "history", *words)
            self.assertEqual(code, 0, words)
            self.assertEqual({l["instance_id"] for l in lines[:-1]}, found, words)
        _, lines = self.ask(sim, "history", "--limit", "2")
        self.assertEqual(lines[-1]["count"], 2)

    def test_what_took_effect_before_the_kill_is_released(self):
        sim = self.simulator("--recycled", "10")
        ids = sim.ids()
        self.killed(sim, ids, self.journal, effect=True)
        sim.set(latency_ms=1000)  # whoever starts the server sees it settle
        code, lines = self.ask(sim, "history", "--open")
        self.assertEqual((code, {l["instance_id"] for l in lines[:-1]}), (0, set(ids)))
        code, lines = self.ask(sim, "resume")
        self.assertEqual(code, 0)
        self.assertEqual({r["outcome"] for r in lines[-1]["results"]}, {"released"})
        self.assert_honest(sim, ids, lines[-1])
        self.assertEqual(sim.count(RELEASE), 1)
        self.assertEqual(self.ask(sim, "resume")[1][-1]["results"], [])
        _, lines = self.ask(sim, "history", "--outcome", "released")
        self.assertEqual({l["instance_id"] for l in lines[:-1]}, set(ids))

    def of_request(self, request_id, *arguments, **how):
        """The records of a request, by id; one for each."""
        code, lines = self.cli_json("history", "--request-id", request_id, *arguments, **how)
        self.assertEqual(code, 0, lines)
        records = {l["instance_id"]: l for l in lines[:-1]}
        self.assertEqual(len(records), len(lines) - 1, lines)
        return records

    def test_a_request_that_was_never_answered_is_found_by_its_id(self):
        """Two callers with ids in common, the second in mid-call; then the process is killed."""
        sim = self.simulator("--recycled", "12")
        ids = sim.ids()
        callers = {"mine": ids[:6], "theirs": ids[4:10], "": ids[9:]}
        plugin = self.plugin(sim, "--journal", self.journal)
        sim.fault({"do": "hang", "match": {"action": RELEASE}, "effect": True})
        stub, calls = plugin.stub(), []
        for request_id, wanted in callers.items():
            calls.append(stub.Release.future(make_request(wanted, request_id=request_id)))
            sim.wait_for_calls(RELEASE, len(calls))
        wait_until(lambda: len(self.of_request("theirs", "--server", plugin.address)) == 6, 30,
                   "the second caller's calls to be on record")
        os.kill(plugin.pid, signal.SIGKILL)
        plugin.stop(expected=-signal.SIGKILL)
        for call in calls:
            call.exception()
        sim.fault()
        for request_id in ("mine", "theirs"):  # without credentials nothing is settled
            records = self.of_request(request_id, "--journal", self.journal)
            self.assertEqual(set(records), set(callers[request_id]))
            for one in records.values():
                self.assertTrue(one["open"], one)
                self.assertNotIn("outcome", one)
                self.assertGreater(one["batch"], 0)
        self.assertEqual(self.of_request("nobody", "--journal", self.journal), {})
        code, lines = self.ask(sim, "resume")
        self.assertEqual(code, 0, lines)
        for request_id in ("mine", "theirs"):
            records = self.of_request(request_id, "--journal", self.journal,
                                      environment=sim.environment())
            self.assertEqual(set(records), set(callers[request_id]))
            for one in records.values():
                self.assertFalse(one.get("open"), one)
                self.assertEqual(one["outcome"], "released")
                self.assertIn("decide_time", one)
        self.assertEqual(set(sim.submissions().values()), {1})

    def resume_half(self, name, *flags):
        """What `resume` makes of ten ids of which four are gone and six in the bin."""
        sim = self.simulator("--recycled", "10")
        journal = os.path.join(self.journal_home, name)
        self.killed(sim, sim.ids(), journal, effect=True, first=4)
        code, out, err = self.cli("resume", "--journal", journal, "--json", *flags,
                                  environment=sim.environment(), seconds=120)
        return sim, code, json.loads(out.splitlines()[-1]), err

    def test_what_had_no_effect_is_told_or_released_on_demand(self):
        if not WHOLE:
            self.skipTest("a minute of waiting, which the optimised build has had")
        with futures.ThreadPoolExecutor(2) as both:  # an unanswered call is watched for a minute
            told = both.submit(self.resume_half, "told")
            released = both.submit(self.resume_half, "released", "--release")
        sim, code, report, err = told.result()
        self.assertEqual(code, 3)
        self.assert_honest(sim, list(sim.submissions()), report)
        self.assertEqual((report["counts"]["released"], report["counts"]["refused"]), (4, 6))
        self.assertEqual(sim.count(RELEASE), 1)
        command = shlex.split(err.splitlines()[-1])
        self.assertEqual(command[:2], ["zenrelease", "release"])
        code, _, _ = self.cli(*command[1:], environment=sim.environment())
        self.assertEqual(code, 0)
        self.assertEqual(sorted(sim.submissions().values()), [1] * 4 + [2] * 6)
        self.assertEqual(sim.ids(), [])

        sim, code, report, _ = released.result()
        self.assertEqual(code, 0)
        self.assert_honest(sim, list(sim.submissions()), report)
        self.assertEqual({r["outcome"] for r in report["results"]}, {"released"})
        self.assertEqual(sorted(sim.submissions().values()), [1] * 4 + [2] * 6)
        self.assertEqual(sim.ids(), [])

    def test_a_journal_of_a_running_server_names_it(self):
        sim = self.simulator("--recycled", "1")
        plugin = self.plugin(sim, "--journal", self.journal)
        plugin.release(sim.ids())
        code, _, err = self.cli("history", "--journal", self.journal,
                                environment=sim.environment())
        self.assertEqual(code, 1)
        self.assertIn(str(plugin.pid), err)
        self.assertIn("--server", err)
        code, lines = self.cli_json("history", "--server", plugin.address)
        self.assertEqual((code, lines[-1]["count"]), (0, 1))
        code, lines = self.cli_json("resume", "--server", plugin.address)
        self.assertEqual((code, lines[-1]["results"]), (0, []))
        _, lines = self.cli_json("doctor", "--server", plugin.address)
        self.assertIn("ok", [l["finding"] for l in lines if l.get("check") == "journal"])


if __name__ == "__main__":
    unittest.main()
