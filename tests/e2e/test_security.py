"""Who may do what, and what changes without a restart."""

import json
import os
import signal
import unittest
import urllib.request

import grpc

from harness import secrets
from harness.case import Case
from harness.certificates import Certificates
from harness.plugin import by_outcome, codes, make_request, outcomes, service, stubs
from harness.process import SLOW, clean_environment, program, run, wait_until
from harness.wire import Reflection, health_check

DENIED = grpc.StatusCode.PERMISSION_DENIED


def messages(plugin, message):
    """Its log lines that begin with `message`."""
    lines = [json.loads(line) for line in plugin.errors().splitlines() if line.startswith("{")]
    return [line for line in lines if line["@message"].startswith(message)]


def write(path, data, mode=0o600):
    """In one step, as a careful administrator does."""
    with open(path + ".new", "wb") as file:
        file.write(data if isinstance(data, bytes) else json.dumps(data).encode())
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)


class Served(Case):
    """A plugin with mutual TLS and a configuration file."""

    def setUp(self):
        self.certificates = Certificates(self.home())
        self.config = os.path.join(self.home(), "config.json")

    def write_config(self, **members):
        write(self.config, members)

    def serve(self, sim, *more, **how):
        path = self.certificates.path
        return self.plugin(sim, "--config", self.config, "--tls-cert", path("server.crt"),
                           "--tls-key", path("server.key"), "--tls-client-ca", path("ca.crt"),
                           *more, **how)

    def channel(self, plugin, name, authority="ca"):
        return plugin.channel(self.certificates.credentials(name, authority))

    def stub(self, plugin, name, authority="ca"):
        return stubs.ReleaseServiceStub(self.channel(plugin, name, authority))

    @staticmethod
    def info(stub, timeout=10):
        return stub.GetServerInfo(service.GetServerInfoRequest(), timeout=timeout * SLOW)


class Rights(Served):
    def setUp(self):
        super().setUp()
        issue = self.certificates.issue
        issue("viewer", "DNS:viewer.example")
        issue("planner", "URI:spiffe://corp/ns/ci/sa/planner")
        issue("operator")
        issue("stranger", "DNS:stranger.example")
        self.write_config(clients=[{"name": "*.blocked", "rights": "none"},
                                   {"name": "viewer.example", "rights": "read"},
                                   {"name": "spiffe://corp/ns/*/sa/planner", "rights": "plan"},
                                   {"name": "operator", "rights": "apply"}])
        self.sim = self.simulator("--recycled", "3")
        self.server = self.serve(self.sim)

    @staticmethod
    def cancel(stub, request_id):
        """None when there is no such release."""
        try:
            return stub.CancelRelease(service.CancelReleaseRequest(request_id=request_id), timeout=30)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return None

    def test_each_right_opens_what_it_says_and_nothing_more(self):
        ids = self.sim.ids()
        request = service.ListInstancesRequest(product=make_request(ids).product)
        plan, real = make_request(ids, validate_only=True), make_request(ids)
        may = {"stranger": 0, "viewer": 1, "planner": 2, "operator": 3}
        for name, right in may.items():
            channel = self.channel(self.server, name)
            stub = stubs.ReleaseServiceStub(channel)
            calls = [(1, "GetServerInfo", lambda s=stub: self.info(s)),
                     (1, "ListInstances", lambda s=stub: s.ListInstances(request, timeout=30)),
                     (1, "Check", lambda c=channel: health_check(c, "")),
                     (1, "ServerReflectionInfo", lambda c=channel: Reflection(c, "v1").services()),
                     (2, "Release", lambda s=stub: s.Release(plan, timeout=30)),
                     (2, "WatchRelease", lambda s=stub: list(s.WatchRelease(plan, timeout=30))),
                     (2, "CancelRelease", lambda s=stub: self.cancel(s, "of nobody"))]
            if right < 3:
                calls += [(3, "Release", lambda s=stub: s.Release(real, timeout=30)),
                          (3, "WatchRelease", lambda s=stub: list(s.WatchRelease(real, timeout=30)))]
            for needs, method, call in calls:
                with self.subTest(client=name, method=method, needs=needs):
                    if right >= needs:
                        call()
                        continue
                    said = self.assert_refused(DENIED, call).details()
                    words = ("none", "read", "plan", "apply")
                    self.assertIn(f'"{words[right]}"', said)
                    self.assertIn(f'"{words[needs]}"', said)
                    self.assertIn(name, said)
                    self.assertIn(method, said)
                    self.assertNotIn("\n", said)
        self.assertEqual(self.sim.count("ReleaseInstances"), 0)
        report = self.stub(self.server, "operator").Release(real, timeout=60)
        self.assert_honest(self.sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})

    def test_a_release_of_another_cannot_be_watched_or_stopped(self):
        ids = self.sim.ids()
        self.sim.fault({"do": "delay", "delay_ms": 1500, "match": {"action": "ReleaseInstances"}})
        request = make_request(ids, request_id="mine")
        mine = self.stub(self.server, "operator").Release.future(request, timeout=60)
        self.sim.wait_for_calls("ReleaseInstances", 1)
        for name in ("planner", "viewer", "stranger"):
            other = self.stub(self.server, name)
            self.assert_refused(DENIED, lambda s=other: list(s.WatchRelease(request, timeout=30)))
            self.assert_refused(DENIED, other.Release, request, timeout=30)
            self.assert_refused(DENIED, self.cancel, other, "mine")
        report = mine.result()
        self.assert_honest(self.sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assert_refused(DENIED, self.stub(self.server, "planner").Release, request, timeout=30)
        self.assertEqual(self.sim.count("ReleaseInstances"), 1)

    def test_the_right_to_plan_is_enough_for_a_plan(self):
        path = self.certificates.path
        teardown = os.path.join(self.home(), "teardown.json")
        write(teardown, {"version": 1, "steps": [{"name": "all", "product": "vm",
                                                  "ids": self.sim.ids()}]})
        flags = ["--server", self.server.address, "--tls-ca", path("ca.crt"), "--tls-cert",
                 path("planner.crt"), "--tls-key", path("planner.key")]
        code, out, err = self.cli("plan", teardown, *flags)
        self.assertEqual(code, 0, out + err)
        self.assertEqual(messages(self.server, "refused for want"), [])
        code, out, err = self.cli("release", *self.sim.ids(), *flags)
        self.assertNotEqual(code, 0)
        self.assertIn("planner", err)
        self.assertEqual(self.sim.count("ReleaseInstances"), 0)

    def test_the_log_says_who_did_it(self):
        self.stub(self.server, "operator").Release(
            make_request(self.sim.ids(), request_id="named"), timeout=60)
        self.assert_refused(DENIED, self.stub(self.server, "viewer").Release,
                            make_request(["1"]), timeout=30)
        lines = [json.loads(line) for line in self.server.errors().splitlines()]
        begun = [(line["client"], line["request_id"]) for line in lines
                 if line["@message"] == "release begun"]
        self.assertEqual(begun, [("operator", "named")])
        refused = [(line["client"], line["right"], line["needs"]) for line in lines
                   if line["@message"].startswith("refused")]
        self.assertEqual(refused, [("viewer.example", "read", "plan")])


class Beginnings(Served):
    def test_without_rules_every_verified_client_may_do_all(self):
        self.write_config(window_ms=5)
        sim = self.simulator("--recycled", "2")
        ids = sim.ids()
        report = self.stub(self.serve(sim), "client").Release(make_request(ids), timeout=60)
        self.assertEqual(set(outcomes(report).values()), {"released"})

    def refused(self, *flags):
        code, out, err = run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0", "--config",
                              self.config, *flags], clean_environment(self.home()), seconds=20)
        self.assertEqual((code, out), (1, ""))
        return err

    def test_rights_without_certificates_to_read_them_from_are_an_error(self):
        self.write_config(clients=[{"name": "a", "rights": "read"}])
        path = self.certificates.path
        self.assertIn("--tls-client-ca", self.refused())
        self.assertIn("--tls-client-ca", self.refused("--tls-cert", path("server.crt"), "--tls-key",
                                                      path("server.key")))


class Replaced(Served):
    """Certificates and rights, without a restart."""

    def setUp(self):
        super().setUp()
        self.write_config(window_ms=5)

    def answers(self, plugin, name, authority="ca"):
        try:
            return bool(self.info(self.stub(plugin, name, authority), 5).version)
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
            return False

    def test_another_authority_takes_over_and_connections_go_on(self):
        pem, path = self.certificates.pem, self.certificates.path
        sim = self.simulator("--recycled", "2")
        plugin = self.serve(sim)
        old = self.stub(plugin, "client")
        self.assertTrue(self.info(old).version)
        self.certificates.authority("ca2")
        self.certificates.issue("server2", "IP:127.0.0.1", "ca2")
        self.certificates.issue("client2", "DNS:two.example", "ca2")
        self.assertFalse(self.answers(plugin, "client2", "ca2"))
        for name in ("server.crt", "server.key"):  # a moment lies between the two
            write(path(name), pem(name.replace("server", "server2")))
        os.rename(path("ca.crt"), path("ca1.crt"))
        os.rename(path("ca.key"), path("ca1.key"))
        write(path("ca.crt"), pem("ca2.crt"))
        wait_until(lambda: self.answers(plugin, "client2", "ca2"), 20, "the new certificate")
        self.assertFalse(self.answers(plugin, "client", "ca2"), "a client of the old authority")
        self.assertFalse(self.answers(plugin, "client2", "ca1"), "the old certificate is served")
        report = old.Release(make_request(sim.ids()), timeout=60)
        self.assertEqual(set(by_outcome(report)), {"released"}, "the old connection")

    def test_a_broken_file_changes_nothing_and_is_named(self):
        pem, path = self.certificates.pem, self.certificates.path
        plugin = self.serve(self.simulator())
        self.certificates.issue("other", "IP:127.0.0.1")
        good = {name: pem(name) for name in ("server.key", "server.crt", "ca.crt")}
        broken = [("server.key", b"no key", 0o600, "no private key"),
                  ("server.key", pem("other.key"), 0o600, "does not fit"),
                  ("server.key", good["server.key"], 0o644, "chmod 600"),
                  ("server.crt", good["server.crt"][:200], 0o644, "no certificate"),
                  ("server.crt", good["server.crt"] + good["server.crt"][:99], 0o644, "no certificate"),
                  ("ca.crt", b"", 0o644, "ca.crt")]
        for name, data, mode, said in broken:
            with self.subTest(file=name, said=said):
                before = len(messages(plugin, "the TLS files cannot be used"))
                trusted = pem("ca.crt")
                write(path(name), data, mode)
                plugin.process.send_signal(signal.SIGHUP)
                found = wait_until(
                    lambda n=before: messages(plugin, "the TLS files cannot be used")[n:], 20, said)
                self.assertIn(path(name), found[0]["reason"])
                self.assertIn(said, found[0]["reason"])
                write(path("ca.crt"), trusted)
                self.assertTrue(self.answers(plugin, "client"))
                write(path(name), good[name])
        plugin.process.send_signal(signal.SIGHUP)
        wait_until(lambda: messages(plugin, "certificate and key read again"), 20, "the good files")
        self.assertTrue(self.answers(plugin, "client"))

    def test_rights_change_and_do_not_fall_away(self):
        self.write_config(clients=[{"name": "client.example", "rights": "apply"}])
        plugin = self.serve(self.simulator())
        stub = self.stub(plugin, "client")
        self.assertTrue(self.info(stub).version)

        def refused():
            try:
                return not self.info(stub)
            except grpc.RpcError as error:
                return error.code() is DENIED

        self.write_config(clients=[{"name": "client.example", "rights": "none"}])
        wait_until(refused, 20, "the new rights")
        for rest in ({}, {"clients": 5}):
            before = len(messages(plugin, "asked to read"))
            self.write_config(**rest)
            plugin.process.send_signal(signal.SIGHUP)
            wait_until(lambda n=before: len(messages(plugin, "asked to read")) > n, 20, "SIGHUP")
            self.assertTrue(refused(), rest)
        self.write_config(clients=[{"name": "client.example", "rights": "read"}])
        wait_until(lambda: not refused(), 20, "the repaired file")


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
        wait_until(lambda: len(messages(self.server, "credential replaced")) >= count, 20, "the change")

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
        wait_until(lambda: messages(self.server, "a key of another fingerprint waits"), 20, "the wait")
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
            wait_until(lambda m=said: messages(self.server, m), 20, said)
        self.assertEqual(set(by_outcome(self.server.release(ids[2:]))), {"released"})
        self.assertEqual(set(by_outcome(running.result())), {"released"})
        self.assertEqual(self.info(), before)
        self.assertEqual(messages(self.server, "credential replaced"), [])

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
            wait_until(lambda n=number: len(messages(self.server, "no usable credential")) >= n, 20,
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
        wait_until(lambda: messages(plugin, "the credential would come from another source"), 20, "")
        self.assertEqual(set(by_outcome(plugin.release(self.sim.ids()))), {"released"})
        self.assertNotIn("of-somebody-else", self.keys())

    def test_a_server_without_credentials_takes_up_the_first_that_come(self):
        home = self.home()
        os.mkdir(os.path.join(home, ".zenlayer"), 0o700)
        plugin = self.plugin(None, home=home, environment={
            "ZENLAYERCLOUD_DOMAIN": self.sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP"})
        self.assertEqual(set(outcomes(plugin.release(self.sim.ids())).values()), {"not_attempted"})
        os.rename(self.file, os.path.join(home, ".zenlayer", "credentials.json"))
        wait_until(lambda: messages(plugin, "credential replaced"), 20, "the credential")
        self.assertEqual(set(by_outcome(plugin.release(self.sim.ids()))), {"released"})


class Captured(Case):
    """Why every request is worth as much as its credential: the signature does not cover the action."""

    def test_a_read_that_was_seen_on_the_way_can_be_sent_again_as_a_release(self):
        sim = self.simulator("--recycled", "3")
        proxy = secrets.Proxy()
        self.addCleanup(proxy.stop)
        config = os.path.join(self.home(), "config.json")
        write(config, {"proxy": proxy.url(), "access_key_id": sim.key_id,
                       "access_key_password": sim.password})
        plugin = self.plugin(None, "--config", config, environment={
            "ZENLAYERCLOUD_DOMAIN": sim.endpoint, "ZENLAYERCLOUD_SCHEME": "HTTP"})
        ids = sim.ids()
        plugin.release(ids, validate_only=True)
        self.assertEqual(sim.count("ReleaseInstances"), 0)
        url, headers, body = proxy.seen[0]
        self.assertEqual(headers.pop("X-ZC-Action"), "DescribeInstances")
        replayed = urllib.request.Request(url, body, {**headers, "X-ZC-Action": "ReleaseInstances"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.assertEqual(opener.open(replayed, timeout=30).status, 200)
        self.assertEqual(sim.destroyed(), set(ids))


if __name__ == "__main__":
    unittest.main()
