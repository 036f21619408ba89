"""Who may do what, and what changes without a restart."""

import json
import os
import unittest

import grpc

from harness.case import Case
from harness.certificates import Certificates
from harness.plugin import by_outcome, make_request, outcomes, service, stubs
from harness.process import SLOW, clean_environment, program, run
from harness.wire import Reflection, health_check

DENIED = grpc.StatusCode.PERMISSION_DENIED


class Served(Case):
    """A plugin with mutual TLS and a configuration file."""

    def setUp(self):
        self.certificates = Certificates(self.home())
        self.config = os.path.join(self.home(), "config.json")

    def write_config(self, **members):
        with open(self.config + ".new", "w", encoding="utf-8") as file:
            json.dump(members, file)
        os.chmod(self.config + ".new", 0o600)
        os.rename(self.config + ".new", self.config)

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

    def test_each_right_opens_what_it_says_and_nothing_more(self):
        ids = self.sim.ids()
        request = service.ListInstancesRequest(product=make_request(ids).product)
        plan, real = make_request(ids, validate_only=True), make_request(ids)
        cancel = service.CancelReleaseRequest(request_id="x")
        may = {"stranger": 0, "viewer": 1, "planner": 2, "operator": 3}
        for name, right in may.items():
            channel = self.channel(self.server, name)
            stub = stubs.ReleaseServiceStub(channel)
            calls = [(1, "GetServerInfo", lambda s=stub: self.info(s)),
                     (1, "ListInstances", lambda s=stub: s.ListInstances(request, timeout=30)),
                     (1, "Check", lambda c=channel: health_check(c, "")),
                     (1, "ServerReflectionInfo", lambda c=channel: Reflection(c, "v1").services()),
                     (2, "Release", lambda s=stub: s.Release(plan, timeout=30)),
                     (2, "WatchRelease", lambda s=stub: list(s.WatchRelease(plan, timeout=30)))]
            if right < 3:
                calls += [(3, "Release", lambda s=stub: s.Release(real, timeout=30)),
                          (3, "WatchRelease", lambda s=stub: list(s.WatchRelease(real, timeout=30))),
                          (3, "CancelRelease", lambda s=stub: s.CancelRelease(cancel, timeout=30))]
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
            self.assert_refused(DENIED, other.CancelRelease,
                                service.CancelReleaseRequest(request_id="mine"), timeout=30)
        report = mine.result()
        self.assert_honest(self.sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assert_refused(DENIED, self.stub(self.server, "planner").Release, request, timeout=30)
        self.assertEqual(self.sim.count("ReleaseInstances"), 1)

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


if __name__ == "__main__":
    unittest.main()
