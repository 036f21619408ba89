"""Programs that are given hardly any file descriptors: a clear word and the documented exit code, never an abort,
and nothing is sent of which nothing is told. And those that run out of them at work."""

import json
import os
import resource
import ssl
import unittest

from harness import h2
from harness.case import Case
from harness.certificates import Certificates
from harness.plugin import by_outcome, make_request, outcomes, service
from harness.process import SLOW, clean_environment, program, run, wait_until

RELEASE = "ReleaseInstances"


def limit_to(descriptors):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


class Short(Case):
    def run_with(self, descriptors, name, *arguments, environment=None, seconds=60):
        return run([program(name), *arguments], clean_environment("/nonexistent", environment),
                   seconds=seconds, preexec=limit_to(descriptors))

    def said_clearly(self, name, err):
        """One line, and what a program below said indented."""
        lines = err.strip().splitlines()
        self.assertTrue(lines, "not a word")
        self.assertTrue(lines[0].startswith(f"{name}: "), err)
        self.assertLessEqual(len([x for x in lines if not x.startswith("  ")]), 2, err)
        self.assertRegex(err, "descriptor|Too many open files|No file descriptors", err)


class CommandLine(Short):
    """The loader itself needs a fourth, so that is where it begins."""

    def setUp(self):
        self.sim = self.simulator("--recycled", "40")
        self.ids = self.sim.ids()

    def sweep(self, check, *flags, last=24):
        worked = 0
        for descriptors in range(4, last):
            with self.subTest(descriptors=descriptors):
                mine = self.ids[descriptors]
                code, out, err = self.run_with(descriptors, "zenrelease", "release", "--json", *flags,
                                               mine, environment=self.sim.environment())
                worked += code == 0
                check(mine, code, out, err)
        self.assertGreater(worked, 0, "it never worked: the sweep ends too early")

    def honest(self, mine, code, out, err):
        self.assertIn(code, (0, 1), err)
        last = json.loads(out.splitlines()[-1]) if out else {}
        sent = mine in self.sim.submissions()
        if code == 0:
            self.assertEqual(last["results"][0]["outcome"], "released")
            self.assertIn(mine, self.sim.destroyed())
        else:
            self.said_clearly("zenrelease", err)
            self.assertFalse(sent, f"it was sent, and told: {out} {err}")

    def test_release_with_a_plugin_of_its_own(self):
        self.sweep(self.honest)

    def test_release_through_a_server(self):
        server = self.plugin(self.sim)
        self.sweep(self.honest, "--server", server.address)

    def test_plan_and_apply(self):
        home = self.home()
        teardown, plan = os.path.join(home, "teardown.json"), os.path.join(home, "plan.jsonl")
        with open(teardown, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "steps": [{"name": "all", "product": "vm",
                                                "ids": self.ids[:2]}]}, file)
        for descriptors in (5, 9, 12, 14):
            with self.subTest(descriptors=descriptors):
                code, _, err = self.run_with(descriptors, "zenrelease", "plan", teardown, "--out",
                                             plan, environment=self.sim.environment())
                self.assertEqual(code, 1, err)
                self.said_clearly("zenrelease", err)
                self.assertFalse(os.path.exists(plan), "a plan that was not made")
        code, out, err = self.cli("plan", teardown, "--out", plan,
                                  environment=self.sim.environment())
        self.assertEqual(code, 0, out + err)
        for descriptors in (5, 9, 12, 14):
            with self.subTest(descriptors=descriptors):
                code, _, err = self.run_with(descriptors, "zenrelease", "apply", "--plan", plan,
                                             environment=self.sim.environment())
                self.assertIn(code, (1, 2), err)  # 2: a plan that cannot be read is refused
                self.said_clearly("zenrelease", err)
        self.assertEqual(self.sim.count(RELEASE), 0)
        code, out, err = self.cli("apply", "--plan", plan,
                                  environment=self.sim.environment())
        self.assertEqual(code, 0, out + err)
        self.assertEqual(self.sim.destroyed(), set(self.ids[:2]))


class Servers(Short):
    def test_the_plugin_says_so_at_the_start(self):
        for descriptors in (4, 6, 8, 11, 14, 17):
            with self.subTest(descriptors=descriptors):
                code, out, err = self.run_with(descriptors, "zenrelease-plugin", "--listen",
                                               "127.0.0.1:0", seconds=20)
                self.assertEqual((code, out), (1, ""), err)
                self.said_clearly("zenrelease-plugin", err)

    def test_the_provider_says_so_to_its_host(self):
        for descriptors in (5, 8, 12):
            with self.subTest(descriptors=descriptors):
                code, out, _ = self.run_with(
                    descriptors, "zenrelease-plugin", seconds=20, environment={
                        "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219"
                                                  "cb4d6991ca9872b2",
                        "PLUGIN_PROTOCOL_VERSIONS": "6"})
                self.assertEqual(code, 1)
                self.assertRegex(out, "^terraform-provider-zenrelease .* cannot start: .*descriptor")
                self.assertEqual(out.count("\n"), 1)

    def test_the_simulator_says_so_at_the_start(self):
        for descriptors in (4, 5):
            with self.subTest(descriptors=descriptors):
                code, out, err = self.run_with(descriptors, "zenlayer-sim", "--listen", "127.0.0.1:0",
                                               seconds=20)
                self.assertEqual((code, out), (69, ""), err)
                self.said_clearly("zenlayer-sim", err)

    def test_the_simulator_recovers(self):
        sim = self.simulator("--recycled", "4")
        plugin, ids = self.plugin(sim), sim.ids()
        recover = sim.leave_descriptors(4)
        self.addCleanup(recover)
        held = [h2.connect(sim.endpoint) for _ in range(12)]
        wait_until(lambda: len(sim.descriptors()) >= 10, 20, "its last descriptor")
        since = sim.cpu_seconds()
        report = plugin.release(ids[:2], timeout=5, wait=1)
        self.assertLess(sim.cpu_seconds() - since, 2, "a busy loop")
        for one in held:
            one.close()
        self.assert_honest(sim, ids[:2], report)
        self.assertEqual(set(by_outcome(report)), {"not_attempted"})
        report = plugin.release(ids)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})


class Upstream(Case):
    """The plugin wants to open its first connection to the API, over TLS, and has so many descriptors."""

    def world(self):
        home = self.home()
        certificates = Certificates(home)
        sim = self.simulator("--recycled", "5", "--tls-cert", certificates.path("server.crt"),
                             "--tls-key", certificates.path("server.key"))
        sim.use_tls(ssl.create_default_context(cafile=certificates.path("ca.crt")))
        plugin = self.plugin(sim, environment={"ZENLAYERCLOUD_SCHEME": "HTTPS",
                                               "SSL_CERT_FILE": certificates.path("ca.crt")})
        stub = plugin.stub()
        stub.GetServerInfo(service.GetServerInfoRequest(), timeout=20 * SLOW)
        return sim, plugin, stub

    def test_they_come_back_in_time(self):
        for free in range(3):
            with self.subTest(free=free):
                sim, plugin, stub = self.world()
                ids = sim.ids()
                recover = plugin.leave_descriptors(free)
                call = stub.Release.future(make_request(ids), timeout=60 * SLOW)
                if free < 2:  # a socket alone is not enough: it must read whom to trust
                    wait_until(lambda p=plugin: "no file descriptors are left" in p.errors(), 20,
                               "a first try")
                recover()
                report = call.result()
                self.assert_honest(sim, ids, report)
                self.assertEqual(set(outcomes(report).values()), {"released"}, report.diagnostics)
                self.assertEqual(sim.count(RELEASE), 1)


if __name__ == "__main__":
    unittest.main()
