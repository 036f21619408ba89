"""Another credential, without a restart."""

import json
import os
import signal
import unittest

import grpc

from harness.case import Case
from harness.files import logged, write
from harness.plugin import by_outcome, codes, make_request, outcomes, service
from harness.process import wait_until


class Rotation(Case):
    """Another credential, without a restart."""

    def setUp(self):
        self.sim = self.simulator("--recycled", "4")
        self.folder = self.home()
        os.mkdir(os.path.join(self.folder, ".zenlayer"), 0o700)
        self.file = os.path.join(self.folder, ".zenlayer", "credentials.json")
        self.use(self.sim.key_id, self.sim.password)
        self.server = self.plugin(None, home=self.folder, environment={
            "ZENLAYERCLOUD_DOMAIN": self.sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP"})

    def use(self, key_id, password):
        write(self.file, {"default": {"access_key_id": key_id, "access_key_secret": password}})

    def accounts(self, *accounts):
        self.sim.put("fleet?merge=1", {"accounts": list(accounts)})

    def info(self):
        return self.server.stub().GetServerInfo(service.GetServerInfoRequest(), timeout=30)

    def replaced(self, count=1):
        wait_until(lambda: len(logged(self.server, "credential replaced")) >= count, 20, "the change")

    def keys(self):
        return [r["key_id"] for r in self.sim.requests()]

    def test_a_new_secret_of_the_same_key_serves_a_release_that_runs(self):
        ids = self.sim.ids()
        before = self.info()
        self.sim.fault({"do": "delay", "delay_ms": 4000, "match": {"action": "ReleaseInstances"}})
        running = self.server.stub().Release.future(make_request(ids), timeout=120)
        self.sim.wait_for_calls("ReleaseInstances", 1)
        self.accounts({"access_key_id": self.sim.key_id, "access_key_password": "the second one"})
        self.use(self.sim.key_id, "the second one")
        self.server.process.send_signal(signal.SIGHUP)  # in time for the reads that prove it
        self.replaced()
        report = running.result()
        self.assert_honest(self.sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"}, str(report)[:2000])
        self.assertEqual(self.info().account_fingerprint, before.account_fingerprint)
        self.assertNotIn(401, {r["status"] for r in self.sim.requests()})

    def test_a_key_of_another_account_waits_for_what_runs(self):
        ids = self.sim.ids()
        self.accounts({"access_key_id": "other", "access_key_password": "p"})
        self.sim.put("fleet?merge=1", {"generate": [{"product": "vm", "recycled": 2, "account": 1}]})
        theirs = [i for i in self.sim.ids() if i not in ids]
        before = self.info().account_fingerprint
        self.sim.fault({"do": "delay", "delay_ms": 4000, "match": {"action": "ReleaseInstances"}})
        running = self.server.stub().Release.future(make_request(ids), timeout=120)
        self.sim.wait_for_calls("ReleaseInstances", 1)
        self.use("other", "p")
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: logged(self.server, "a key of another fingerprint waits"), 20, "the wait")
        error = self.assert_refused(grpc.StatusCode.UNAVAILABLE, self.server.release, theirs)
        self.assertIn("another account", error.details())
        self.assertEqual(self.info().account_fingerprint, before, "in use until then")
        report = running.result()
        self.assert_honest(self.sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertEqual(set(self.keys()), {self.sim.key_id}, "one account for one release")
        self.replaced()
        self.assertNotEqual(self.info().account_fingerprint, before)
        self.sim.fault()
        report = self.server.release(theirs)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertEqual(self.keys()[-1], "other")

    def test_a_change_that_is_taken_back(self):
        ids = self.sim.ids()
        before = self.info()
        self.sim.fault({"do": "delay", "delay_ms": 4000, "match": {"action": "ReleaseInstances",
                                                                  "count": 1}})
        running = self.server.stub().Release.future(make_request(ids[:2]), timeout=120)
        self.sim.wait_for_calls("ReleaseInstances", 1)
        for key_id, password, said in (("other", "p", "a key of another fingerprint waits"),
                                       (self.sim.key_id, self.sim.password, "the credential that waited")):
            self.use(key_id, password)
            self.server.process.send_signal(signal.SIGHUP)
            wait_until(lambda m=said: logged(self.server, m), 20, said)
        self.assertEqual(set(by_outcome(self.server.release(ids[2:]))), {"released"})
        self.assertEqual(set(by_outcome(running.result())), {"released"})
        self.assertEqual(self.info(), before)
        self.assertEqual(logged(self.server, "credential replaced"), [])

    def test_revoked_in_mid_run_and_restored(self):
        self.sim.put("fleet?merge=1", {"generate": [{"product": "vm", "recycled": 346}]})
        ids = self.sim.ids()
        self.assertEqual(len(ids), 350)
        self.sim.fault({"do": "error", "code": "AUTHFAILURE_SIGNATURE_FAILURE", "status": 401,
                        "match": {"action": "ReleaseInstances", "from": 2}})
        report = self.server.release(ids, timeout=120)
        self.assert_honest(self.sim, ids, report)
        found = by_outcome(report)
        self.assertLessEqual(set(found), {"released", "refused", "not_attempted"})
        self.assertIn("refused", found)
        self.assertEqual(len(found["released"]), 100)
        self.assertIn("CREDENTIALS_REJECTED", codes(report))
        refused = [r for r in self.sim.requests() if r["status"] == 401]
        self.assertLessEqual(len(refused), 8, "a loop of refusals locks the account")
        self.sim.fault()
        left = [i for i in ids if i not in found["released"]]
        report = self.server.release(left, timeout=120)
        self.assert_honest(self.sim, left, report, asked_before=ids)
        self.assertEqual(set(by_outcome(report)), {"released"})

    def test_a_second_key_takes_over_after_the_first_was_revoked(self):
        ids = self.sim.ids()
        self.accounts({"access_key_id": "second", "access_key_password": "p", "of": 0},
                      {"access_key_id": self.sim.key_id, "revoked": True})
        report = self.server.release(ids[:2])
        self.assertEqual(codes(report, ids[0]), {"CREDENTIALS_REJECTED"})
        self.assertEqual(self.sim.destroyed(), set())
        calls = self.sim.count()
        self.use("second", "p")
        self.replaced()
        self.assertEqual(self.sim.count(), calls, "a change by itself calls nobody")
        report = self.server.release(ids)
        self.assert_honest(self.sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})

    def test_a_file_that_is_broken_gone_or_open_to_others_changes_nothing(self):
        pair = {"access_key_id": "x", "access_key_secret": "unusable-secret"}
        bad = [b"{", json.dumps({"default": {"access_key_id": "half"}}).encode(), b"{}", b""]
        before = self.info()
        for number, data in enumerate([None, "open"] + bad, 1):
            if data is None:
                os.unlink(self.file)
            elif data == "open":
                write(self.file, {"default": pair}, 0o644)
            else:
                write(self.file, data)
            if number > 2:  # the others are noticed without being asked
                self.server.process.send_signal(signal.SIGHUP)
            wait_until(lambda n=number: len(logged(self.server, "no usable credential")) >= n, 20,
                       str(data))
        self.assertEqual(self.info(), before)
        report = self.server.release(self.sim.ids())
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertNotIn("unusable-secret", self.server.errors())

    def test_another_source_is_not_taken_up(self):
        config = os.path.join(self.folder, "config.json")
        write(config, {"access_key_id": self.sim.key_id, "access_key_password": self.sim.password})
        plugin = self.plugin(None, "--config", config, home=self.folder, environment={
            "ZENLAYERCLOUD_DOMAIN": self.sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP"})
        self.use("of-somebody-else", "p")
        write(config, {"window_ms": 5})
        wait_until(lambda: logged(plugin, "the credential would come from another source"), 20, "")
        self.assertEqual(set(by_outcome(plugin.release(self.sim.ids()))), {"released"})
        self.assertNotIn("of-somebody-else", self.keys())

    def test_a_server_without_credentials_takes_up_the_first_that_come(self):
        home = self.home()
        os.mkdir(os.path.join(home, ".zenlayer"), 0o700)
        plugin = self.plugin(None, home=home, environment={
            "ZENLAYERCLOUD_DOMAIN": self.sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP"})
        self.assertEqual(set(outcomes(plugin.release(self.sim.ids())).values()), {"not_attempted"})
        os.rename(self.file, os.path.join(home, ".zenlayer", "credentials.json"))
        wait_until(lambda: logged(plugin, "credential replaced"), 20, "the credential")
        self.assertEqual(set(by_outcome(plugin.release(self.sim.ids()))), {"released"})


if __name__ == "__main__":
    unittest.main()
