"""Open calls of a process that goes on: of its own, beside other requests, under another key."""

import json
import os
import signal
import sqlite3
import unittest

import grpc
from harness.case import Case
from harness.disk import Disk
from harness.plugin import by_outcome, make_request, outcome_name, service
from harness.process import wait_until

RELEASE, READ = "ReleaseInstances", "DescribeInstances"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"  # HealthCheckResponse { status }, on the wire
REFUSED = {"do": "error", "code": "AUTHFAILURE_UNAUTHORIZED_OPERATION", "status": 403}


class WithJournal(Case):
    def setUp(self):
        self.checks = {}
        self.folder = self.home()
        self.journal = os.path.join(self.folder, "journal.db")
        self.config = os.path.join(self.folder, "config.json")

    def start(self, sim, **how):
        return self.plugin(sim, "--journal", self.journal, **how)

    def configure(self, key_id, password):
        with open(self.config + ".new", "w") as file:
            json.dump({"access_key_id": key_id, "access_key_password": password,
                       "journal": self.journal}, file)
        os.chmod(self.config + ".new", 0o600)
        os.rename(self.config + ".new", self.config)

    def start_configured(self, sim, **environment):
        endpoint = {"ZENLAYERCLOUD_DOMAIN": sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP"}
        return self.plugin(None, "--config", self.config, environment={**endpoint, **environment})

    def kill(self, plugin):
        for channel in plugin.channels:
            channel.close()
        plugin.channels = []
        plugin.process.send_signal(signal.SIGKILL)
        plugin.stop(expected=-signal.SIGKILL)

    def ask(self, plugin):
        return plugin.stub().SettleReleases.future(service.SettleReleasesRequest(), timeout=100)

    def settled(self, answer):
        return {r.instance_id: outcome_name(r.outcome) for g in answer.groups for r in g.results}

    def health(self, plugin):
        if plugin not in self.checks:
            self.checks[plugin] = plugin.channel().unary_unary("/grpc.health.v1.Health/Check")
        return self.checks[plugin](b"", timeout=30)

    def wait_said(self, plugin, words, count=1, seconds=30):
        wait_until(lambda: plugin.errors().count(words) >= count, seconds, words)


class OwnCalls(WithJournal):
    def test_every_call_of_an_id_counts(self):
        sim = self.simulator("--recycled", "2")
        plugin = self.start(sim)
        sim.fault({"do": "error", "code": "INVALID_INSTANCE_NOT_FOUND", "status": 404,
                   "effect": False, "match": {"action": RELEASE, "nth": 1}})
        self.assertEqual(set(by_outcome(plugin.release(sim.ids(), wait=0))), {"accepted"})
        wait_until(lambda: len(sim.destroyed()) == 2, 20, "the effect")
        answer = self.ask(plugin).result()
        self.assertEqual(set(self.settled(answer).values()), {"released"}, answer)
        self.assertEqual(self.settled(self.ask(plugin).result()), {})

    def test_who_asks_and_leaves_costs_one_settlement(self):
        sim = self.simulator("--recycled", "3")
        plugin = self.start(sim)
        sim.fault({"do": "effect_later", "effect_later_ms": 6000, "match": {"action": RELEASE}})
        plugin.release(sim.ids(), wait=0)
        for _ in range(30):
            call = self.ask(plugin)
            self.wait_said(plugin, "are read first")
            call.cancel()
        answer = self.ask(plugin).result()
        self.assertEqual(set(self.settled(answer).values()), {"released"}, answer)
        self.assertEqual(plugin.errors().count("are read first"), 1)

    def test_one_product_that_cannot_be_read_does_not_keep_another(self):
        sim = self.simulator("--product", "vm", "--recycled", "2", "--product", "bmc",
                             "--recycled", "1")
        plugin = self.start(sim)
        sim.set(release_ms=600000)
        plugin.release(sim.ids(product="bmc"), product="bmc", wait=0)
        sim.fault({**REFUSED, "match": {"action": READ, "product": "bmc"}})
        answer = self.ask(plugin).result()
        self.assertEqual(set(self.settled(answer).values()), {"accepted"}, answer)
        response = plugin.release(sim.ids()[:1], wait=0)
        self.assertEqual(set(by_outcome(response)), {"accepted"}, response)
        self.assertEqual(self.health(plugin), SERVING)

    def no_room(self, plugin):
        """Answered by the loop, behind all that was asked of it before."""
        self.assert_refused(grpc.StatusCode.RESOURCE_EXHAUSTED, plugin.release, ["x"],
                            validate_only=True)

    def test_a_settlement_that_finds_no_room_stops_nothing(self):
        sim = self.simulator("--recycled", "2")
        sim.set(release_ms=600000)
        disk = Disk(self.folder)
        plugin = self.start(sim, environment=disk.environment())
        stub, ids = plugin.stub(), sim.ids()
        plugin.release(ids[:1], wait=0)
        sim.set(latency_ms=2000)
        many = [stub.Release.future(make_request([f"x{n}-{i}" for i in range(10000)],
                                                 validate_only=True), timeout=120)
                for n in range(20)]
        self.wait_said(plugin, "release taken", 21)
        disk.set(stall=1)
        listing = service.ListInstancesRequest(product=make_request([]).product)
        self.assertTrue(stub.ListInstances(listing, timeout=60).instances)
        call = self.ask(plugin)
        self.no_room(plugin)
        call.cancel()
        self.no_room(plugin)
        disk.set(stall=0)
        self.wait_said(plugin, "are read first")
        with self.assertRaises(grpc.RpcError) as failure:
            self.ask(plugin).result()
        self.assertEqual(failure.exception.code(), grpc.StatusCode.UNAVAILABLE)
        for one in many:
            one.cancel()
        sim.set(latency_ms=0)
        self.assertEqual(self.health(plugin), SERVING)
        wait_until(lambda: plugin.errors().count("release done") >= 21, 30, "the end of the others")
        response = plugin.release(ids[1:], wait=0)
        self.assertEqual(set(by_outcome(response)), {"accepted"}, response)


class AnotherKey(WithJournal):
    def leave_open(self, sim):
        """A call without an answer, of a process that is killed."""
        plugin = self.start_configured(sim)
        sim.fault({"do": "hang", "match": {"action": RELEASE}, "effect": False})
        call = plugin.stub().Release.future(make_request(sim.ids()[:2]), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        self.kill(plugin)
        self.assertIsNotNone(call.exception(timeout=30))

    def unsettled(self, plugin):
        info = plugin.stub().GetServerInfo(service.GetServerInfoRequest(), timeout=30)
        return [d.code for d in info.diagnostics]

    def test_what_cannot_be_read_is_said_until_it_can(self):
        sim = self.simulator("--recycled", "4")
        self.configure(sim.key_id, sim.password)
        self.leave_open(sim)
        sim.fault({"do": "redirect", "match": {"action": READ}})
        plugin = self.start_configured(sim)
        wait_until(lambda: self.health(plugin) == NOT_SERVING, 90, "trouble")
        self.assertEqual(self.unsettled(plugin), ["UNSETTLED"])
        sim.fault()
        wait_until(lambda: self.health(plugin) == SERVING, 90, "the end of it")
        self.assertEqual(self.unsettled(plugin), [])

    def test_what_the_old_key_could_not_read_does_not_hold_up_the_new_one(self):
        sim = self.simulator("--recycled", "4")
        self.configure(sim.key_id, sim.password)
        self.leave_open(sim)
        sim.put("fleet?merge=1", {"accounts": [{"access_key_id": "SECOND",
                                                "access_key_password": "pw", "of": 0}]})
        sim.fault({"do": "error", "code": "AUTHFAILURE_SIGNATURE_FAILURE", "status": 401,
                   "match": {"key_id": sim.key_id}})
        plugin = self.start_configured(sim)
        wait_until(lambda: self.health(plugin) == NOT_SERVING, 20, "trouble")
        self.configure("SECOND", "pw")
        plugin.process.send_signal(signal.SIGHUP)
        self.wait_said(plugin, "credential replaced")
        wait_until(lambda: self.health(plugin) == SERVING, 20, "the end of it")
        response = plugin.release(sim.ids()[2:])
        self.assertEqual(set(by_outcome(response)), {"released"}, response)

    def test_a_new_key_waits_for_calls_that_are_still_read(self):
        sim = self.simulator("--recycled", "3")
        sim.put("fleet?merge=1", {"accounts": [{"access_key_id": "OTHER",
                                                "access_key_password": "pw"}]})
        self.configure(sim.key_id, sim.password)
        plugin = self.start_configured(sim)
        sim.fault({"do": "effect_later", "effect_later_ms": 15000, "match": {"action": RELEASE}})
        self.assertEqual(set(by_outcome(plugin.release(sim.ids(), wait=0))), {"accepted"})
        plugin.stop()
        with sqlite3.connect(self.journal) as db:  # more than SQLite keeps in memory
            db.execute("INSERT INTO entries (owner, product, instance_id, call, intent, open, at, "
                       "outcome, decided_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT "
                       "i + 1 FROM n WHERE i < 60000) SELECT 1, 'vm', '1000' || i, 0, 0, 0, "
                       "1700000000000 + i, 'released', 1700000000000 + i FROM n")
        db.close()
        disk = Disk(self.folder)
        disk.set(stall=1)
        plugin = self.start_configured(sim, **disk.environment())
        self.configure("OTHER", "pw")
        plugin.process.send_signal(signal.SIGHUP)
        self.wait_said(plugin, "a key of another fingerprint waits")
        self.assertNotIn("are read first", plugin.errors())
        disk.set(stall=0)
        self.wait_said(plugin, "is settled")
        self.assertEqual(len(sim.destroyed()), 3)
        self.wait_said(plugin, "credential replaced")


if __name__ == "__main__":
    unittest.main()
