"""How the plugin is reached: sockets, TLS, HTTP/2 upstream, health, reflection, exhaustion."""

import os
import resource
import shutil
import socket
import subprocess
import unittest

import grpc

from harness.case import Case
from harness.certificates import Certificates
from harness.plugin import by_outcome, make_request, service, stubs
from harness.process import SLOW, clean_environment, program, run, wait_until
from harness.wire import Reflection, health_check, health_watch


class Sockets(Case):
    def test_a_unix_socket(self):
        sim = self.simulator("--recycled", "3")
        path = os.path.join(self.home(), "plugin.sock")
        plugin = self.plugin(sim, listen=f"unix:{path}")
        self.assertEqual(plugin.address, f"unix:{path}")
        self.assertEqual(os.stat(path).st_mode & 0o077, 0, "others may connect")
        ids = sim.ids()
        report = plugin.release(ids)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        plugin.stop()
        self.assertFalse(os.path.exists(path), "the socket file was left behind")

    def test_the_ready_line_is_all_that_is_on_stdout(self):
        sim, plugin = self.pair("--recycled", "1")
        self.assertEqual(set(plugin.ready), {"address"})
        plugin.release(sim.ids())
        plugin.process.terminate()
        plugin.wait()
        self.assertEqual(plugin.process.stdout.read(), b"")

    def refuse(self, *arguments):
        code, out, err = run([program("zenrelease-plugin"), *arguments],
                             clean_environment(self.home()), seconds=20)
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        self.assertTrue(err.strip())
        return err

    def test_plaintext_to_the_outside_is_refused(self):
        self.refuse("--listen", "0.0.0.0:0")
        self.refuse("--listen", "[::]:0")

    def test_an_address_that_is_taken_or_nonsense_is_an_error(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.refuse("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        self.refuse("--listen", "nonsense")
        self.refuse("--listen", "127.0.0.1:99999")
        self.refuse("--listen", "unix:/nonexistent/folder/socket")
        self.refuse("--listen", "unix:/tmp/" + "x" * 200)

    def test_when_descriptors_run_out_it_serves_again_afterwards(self):
        sim = self.simulator("--recycled", "4")
        limit = 64
        plugin = self.plugin(sim, preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                     (limit, limit)))
        ids = sim.ids()
        self.assertEqual(set(by_outcome(plugin.release(ids[:2]))), {"released"})
        host, port = plugin.address.rsplit(":", 1)
        held = []
        for _ in range(3 * limit):
            connection = socket.socket()
            connection.settimeout(5 * SLOW)
            held.append(connection)
            try:
                connection.connect((host, int(port)))
            except OSError:
                break
        self.assertGreater(len(held), limit)
        self.assertTrue(plugin.alive())
        for connection in held:
            connection.close()

        def serves():
            try:
                return plugin.release(ids[2:], timeout=5, request_id="again")
            except grpc.RpcError:
                return None

        report = wait_until(serves, 30, "serving again")
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertTrue(plugin.alive())


class Tls(Case):
    def setUp(self):
        self.certificates = Certificates(self.home())
        self.sim = self.simulator("--recycled", "3")

    def serve(self, *more):
        path = self.certificates.path
        return self.plugin(self.sim, "--tls-cert", path("server.crt"), "--tls-key",
                           path("server.key"), *more)

    def client(self, plugin, authority="ca.crt", **how):
        pem = self.certificates.pem
        credentials = grpc.ssl_channel_credentials(
            pem(authority), **{k: pem(v) for k, v in how.items()})
        return stubs.ReleaseServiceStub(plugin.channel(credentials))

    def info(self, stub):
        return stub.GetServerInfo(service.GetServerInfoRequest(), timeout=10 * SLOW)

    def test_tls(self):
        plugin = self.serve()
        ids = self.sim.ids()
        report = self.client(plugin).Release(make_request(ids), timeout=60)
        self.assertEqual(set(by_outcome(report)), {"released"})
        unavailable = grpc.StatusCode.UNAVAILABLE
        self.certificates.issue("stranger", "DNS:x")
        self.assert_refused(unavailable, self.info, self.client(plugin, "stranger.crt"))
        self.assert_refused(unavailable, self.info, plugin.stub())

    def test_mutual_tls(self):
        plugin = self.serve("--tls-client-ca", self.certificates.path("ca.crt"))
        known = self.client(plugin, private_key="client.key", certificate_chain="client.crt")
        self.assertTrue(self.info(known).version)
        self.assert_refused(grpc.StatusCode.UNAVAILABLE, self.info, self.client(plugin))

    def test_a_key_that_does_not_fit_is_an_error_at_start(self):
        path = self.certificates.path
        code, out, err = run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0", "--tls-cert",
                              path("server.crt"), "--tls-key", path("client.key")],
                             clean_environment(self.home(), self.sim.environment()), seconds=20)
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        self.assertTrue(err.strip())


class Upstream(Case):
    def test_http2_through_a_proxy(self):
        if shutil.which("nghttpx") is None:
            self.skipTest("nghttpx is not installed (Debian: nghttp2-proxy)")
        sim = self.simulator("--recycled", "250", "--latency-ms", "20")
        home = self.home()
        certificates = Certificates(home)
        port = self.free_port()
        host, sim_port = sim.endpoint.rsplit(":", 1)
        front = subprocess.Popen(
            ["nghttpx", f"--frontend=127.0.0.1,{port}", f"--backend={host},{sim_port}",
             "--workers=1", "--no-ocsp", "--errorlog-file=/dev/null", "--accesslog-file=/dev/null",
             certificates.path("server.key"), certificates.path("server.crt")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def stop():
            front.terminate()
            front.wait(20)

        self.addCleanup(stop)
        wait_until(lambda: front.poll() is not None or self.listens(port), 20, "nghttpx")
        self.assertIsNone(front.poll(), "nghttpx ended")
        plugin = self.plugin(sim, environment={
            "ZENLAYERCLOUD_DOMAIN": f"127.0.0.1:{port}", "ZENLAYERCLOUD_SCHEME": "HTTPS",
            "SSL_CERT_FILE": certificates.path("ca.crt")})
        ids = sim.ids()
        report = plugin.release(ids)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(by_outcome(report)), {"released"})
        self.assertEqual(sim.count("ReleaseInstances"), 3)
        vias = {r.get("via", "") for r in sim.requests()}
        self.assertTrue(all(v.startswith("2") for v in vias), f"not over HTTP/2: {vias}")

    @staticmethod
    def free_port():
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            return one.getsockname()[1]

    @staticmethod
    def listens(port):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0


class Services(Case):
    def test_health(self):
        _, plugin = self.pair()
        channel = plugin.channel()
        for name in ("", "zenrelease.v1.ReleaseService"):
            self.assertEqual(health_check(channel, name), 1, "SERVING")
        error = self.assert_refused(grpc.StatusCode.NOT_FOUND, health_check, channel, "no.such")
        self.assertIn("no.such", error.details() + "no.such")

    def test_health_tells_of_the_end(self):
        sim, plugin = self.pair("--recycled", "1")
        sim.fault({"do": "delay", "delay_ms": 1500, "match": {"action": "ReleaseInstances"}})
        stub = plugin.stub()
        call = stub.Release.future(make_request(sim.ids()), timeout=60)
        watch = health_watch(plugin.channel(), "")
        self.assertEqual(next(watch), 1)
        sim.wait_for_calls("ReleaseInstances", 1)
        plugin.process.terminate()
        self.assertEqual(next(watch), 2, "NOT_SERVING")
        self.assertEqual(set(by_outcome(call.result())), {"released"})

    def test_server_info_tells_no_secret(self):
        sim, plugin = self.pair("--recycled", "1")
        info = plugin.stub().GetServerInfo(service.GetServerInfoRequest(), timeout=30)
        self.assertEqual(info.endpoint, f"http://{sim.endpoint}")
        self.assertRegex(info.version, r"^\d+\.\d+\.\d+")
        self.assertRegex(info.account_fingerprint, r"^[0-9a-f]{16}$")
        self.assertIn("ZENLAYERCLOUD", info.credential_source)
        self.assertEqual((info.limits.max_instance_ids, info.limits.max_batch_size,
                          info.limits.max_message_bytes), (10000, 100, 4 << 20))
        text = str(info)
        for secret in (sim.key_id, sim.password, sim.token):
            self.assertNotIn(secret, text)

    def test_reflection_in_both_versions(self):
        _, plugin = self.pair()
        for version in ("v1", "v1alpha"):
            reflection = Reflection(plugin.channel(), version)
            services = reflection.services()
            self.assertLessEqual({"zenrelease.v1.ReleaseService", "grpc.health.v1.Health"},
                                 set(services))
            files = reflection.file_of("zenrelease.v1.ReleaseService")
            names = {f.name for f in files}
            self.assertIn("zenrelease/v1/release_service.proto", names)
            closure = reflection.closure("zenrelease.v1.ReleaseService")
            self.assertLessEqual({"zenrelease/v1/release.proto", "google/protobuf/duration.proto",
                                  "google/protobuf/timestamp.proto"}, set(closure))
            self.assertTrue(reflection.file_named("google/rpc/error_details.proto"))
            self.assertEqual(reflection.error_of("no.such.Thing"), grpc.StatusCode.NOT_FOUND.value[0])

    def test_a_call_with_nothing_but_reflection(self):
        sim, plugin = self.pair("--recycled", "2")
        reflection = Reflection(plugin.channel(), "v1")
        ids = sim.ids()
        answer = reflection.call("zenrelease.v1.ReleaseService", "Release",
                                 {"product": "PRODUCT_VM", "instanceIds": ids})
        self.assertEqual({r["instanceId"]: r["outcome"] for r in answer["results"]},
                         {i: "OUTCOME_RELEASED" for i in ids})

    def test_grpcurl(self):
        if shutil.which("grpcurl") is None:
            self.skipTest("grpcurl is not on PATH; the reflection cases stand in for it")
        sim, plugin = self.pair("--recycled", "2")

        def grpcurl(*arguments):
            code, out, err = run(["grpcurl", "-plaintext", *arguments], dict(os.environ))
            self.assertEqual(code, 0, err)
            return out

        self.assertIn("zenrelease.v1.ReleaseService", grpcurl(plugin.address, "list"))
        described = grpcurl(plugin.address, "describe", "zenrelease.v1.ReleaseService")
        self.assertIn("rpc WatchRelease", described)
        request = '{"product":"PRODUCT_VM","instance_ids":["%s","%s"]}' % tuple(sim.ids())
        out = grpcurl("-d", request, plugin.address, "zenrelease.v1.ReleaseService/Release")
        self.assertEqual(out.count("OUTCOME_RELEASED"), 2)


if __name__ == "__main__":
    unittest.main()
