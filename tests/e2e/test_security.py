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
from harness.files import logged, write
from harness.plugin import by_outcome, make_request, outcomes, service, stubs
from harness.process import SLOW, clean_environment, program, run, wait_until
from harness.wire import Reflection, health_check


DENIED = grpc.StatusCode.PERMISSION_DENIED


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
        self.assertEqual(logged(self.server, "refused for want"), [])
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
                  ("server.crt", good["server.crt"] + b"\0", 0o644, "no certificate"),
                  ("ca.crt", b"", 0o644, "ca.crt")]
        for name, data, mode, said in broken:
            with self.subTest(file=name, said=said):
                before = len(logged(plugin, "the TLS files cannot be used"))
                trusted = pem("ca.crt")
                write(path(name), data, mode)
                plugin.process.send_signal(signal.SIGHUP)
                found = wait_until(
                    lambda n=before: logged(plugin, "the TLS files cannot be used")[n:], 20, said)
                self.assertIn(path(name), found[0]["reason"])
                self.assertIn(said, found[0]["reason"])
                write(path("ca.crt"), trusted)
                self.assertTrue(self.answers(plugin, "client"))
                write(path(name), good[name])
        plugin.process.send_signal(signal.SIGHUP)
        wait_until(lambda: logged(plugin, "certificate and key read again"), 20, "the good files")
        self.assertTrue(self.answers(plugin, "client"))

    def test_a_key_that_tls_finds_too_short_is_refused_by_name(self):
        path = self.certificates.path
        plugin = self.serve(self.simulator())
        self.certificates.issue("weak", "IP:127.0.0.1", key=("-newkey", "rsa:1024", "-nodes"))
        for kind in ("key", "crt"):
            write(path(f"server.{kind}"), self.certificates.pem(f"weak.{kind}"), 0o600)
        plugin.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any("cannot be used for TLS: " in m["reason"] for m in
                               logged(plugin, "the TLS files cannot be used")), 20, "the refusal")
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
            before = len(logged(plugin, "asked to read"))
            self.write_config(**rest)
            plugin.process.send_signal(signal.SIGHUP)
            wait_until(lambda n=before: len(logged(plugin, "asked to read")) > n, 20, "SIGHUP")
            self.assertTrue(refused(), rest)
        self.write_config(clients=[{"name": "client.example", "rights": "read"}])
        wait_until(lambda: not refused(), 20, "the repaired file")


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
