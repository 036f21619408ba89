"""Cases 6, 7, 8, 28 and 39: what happens to the way to the service."""

import os
import ssl

from base import READ, RELEASE, FaultCase, by_outcome, codes, make_request, on_read, on_release, outcomes
from base import wait_until
from h2_proxy import FrameProxy, Nghttpx
from harness.certificates import Certificates
from proxy import CuttingProxy, FixedServer, free_port

FIRST = ["1000000000001", "1000000000002", "1000000000003"]


class Case06_NeverConnected(FaultCase):
    """Refused, unresolved, TLS handshake failed

    Nothing was sent: tried again within the deadline, certificate errors not at all; every id is not attempted.
    """

    def unreachable(self, address, scheme, code, environment=None, **how):
        """Nothing listens for us there; answers the plugin."""
        sim = self.simulator("--recycled", "3")
        plugin = self.server(sim, environment={"ZENLAYERCLOUD_DOMAIN": address,
                                               "ZENLAYERCLOUD_SCHEME": scheme, **(environment or {})},
                             arguments=("--log-level", "debug"), **how)
        report = plugin.release(FIRST, timeout=60)
        self.judge(sim, FIRST, report)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertEqual({c for i in FIRST for c in codes(report, i)}, {code}, report.diagnostics)
        self.assertEqual(sim.count(), 0)
        return plugin, report

    def test_closed_port(self):
        plugin, report = self.unreachable(f"127.0.0.1:{free_port()}", "HTTP", "UNREACHABLE")
        self.assertEqual(len(self.log_lines(plugin, "call ended")), 4, "tried again, and not for ever")
        self.assertTrue(all(d.retryable for d in report.diagnostics))

    def test_a_port_that_opens_in_time(self):
        port = free_port()
        first = self.simulator("--recycled", "3")
        plugin = self.server(first, environment={"ZENLAYERCLOUD_DOMAIN": f"127.0.0.1:{port}"},
                             arguments=("--log-level", "debug"))
        credentials = os.path.join(self.home(), "credentials.json")
        with open(credentials, "w", encoding="utf-8") as file:
            file.write('{"access_key_id":"%s","access_key_password":"%s","token":"%s"}'
                       % (first.key_id, first.password, first.token))
        call = plugin.stub().Release.future(make_request(FIRST), timeout=120)
        wait_until(lambda: self.log_lines(plugin, "call ended"), 20, "the first failure")
        sim = self.simulator("--recycled", "3", "--credentials", credentials,
                             listen=f"127.0.0.1:{port}")
        self.all_released(sim, FIRST, call.result())

    def test_bad_name(self):
        # A label too long for DNS: fails in the resolver, without asking anybody.
        self.unreachable("x" * 64 + ".invalid", "HTTPS", "UNREACHABLE")

    def test_plain_text_where_tls_is_spoken(self):
        plain = FixedServer(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        self.addCleanup(plain.stop)
        self.unreachable(plain.address, "HTTPS", "UNREACHABLE")
        self.assertEqual(plain.accepted, 4)

    def refused_certificate(self, names="IP:127.0.0.1", authority="ca.crt", wall=0):
        certificates = Certificates(self.home())
        certificates.issue("service", names)
        certificates.issue("stranger", "DNS:x")
        path = certificates.path
        secure = self.simulator("--recycled", "3", "--tls-cert", path("service.crt"), "--tls-key",
                                path("service.key"))
        proxy = CuttingProxy(secure.endpoint)
        self.addCleanup(proxy.stop)
        sim = self.simulator("--recycled", "3")
        plugin = self.server(sim, clock=True, environment={
            "ZENLAYERCLOUD_DOMAIN": proxy.address, "ZENLAYERCLOUD_SCHEME": "HTTPS",
            "SSL_CERT_FILE": path(authority)})
        self.clock.set(wall=wall)
        report = plugin.release(FIRST, timeout=60)
        self.judge(sim, FIRST, report)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertEqual({c for i in FIRST for c in codes(report, i)},
                         {"CONNECTION_REFUSED_BY_POLICY"}, report.diagnostics)
        self.assertEqual(proxy.accepted, 1, "a certificate error was tried again")
        return report

    def test_expired_certificate(self):
        report = self.refused_certificate(wall=30 * 86400)
        self.assertIn("expired", str(report.diagnostics[0]))

    def test_certificate_for_another_host(self):
        self.refused_certificate(names="DNS:elsewhere.example")

    def test_certificate_of_an_unknown_authority(self):
        self.refused_certificate(authority="stranger.crt")


class Case07_CertificateChanges(FaultCase):
    """Certificate changes mid-run

    The run stops at once: nothing goes over a connection with the new certificate, the rest is not attempted.
    """

    def secure_world(self, count):
        self.certificates = Certificates(self.home())
        path = self.certificates.path
        sim = self.simulator("--recycled", str(count), "--tls-cert", path("server.crt"),
                             "--tls-key", path("server.key"), "--latency-ms", "80")
        context = ssl.create_default_context(cafile=path("ca.crt"))
        sim.use_tls(context)
        plugin = self.server(sim, environment={"ZENLAYERCLOUD_SCHEME": "HTTPS",
                                               "SSL_CERT_FILE": path("ca.crt")})
        return sim, plugin, context

    def swap(self, sim, context, name):
        """The number of the last connection with the old certificate."""
        context.load_verify_locations(self.other.path("ca.crt"))  # the pages are behind it too
        answer = sim.put("tls", {"tls_cert": self.other.path(name + ".crt"),
                                 "tls_key": self.other.path(name + ".key")})
        return answer["connections_before"]

    def test_between_batches(self):
        sim, plugin, context = self.secure_world(4000)
        self.other = Certificates(self.home())
        ids = sim.ids()
        call = plugin.stub().Release.future(make_request(ids, wait=5), timeout=120)
        sim.wait_for_calls(RELEASE, 2)
        known = self.swap(sim, context, "server")
        report = call.result()
        found = self.judge(sim, ids, report, unknown=set(sim.submissions()))
        self.assertTrue(found.get("not_attempted"), "it went on")
        self.assertEqual({c for i in found["not_attempted"] for c in codes(report, i)},
                         {"CONNECTION_REFUSED_BY_POLICY"})
        late = [r for r in sim.requests() if r["connection"] > known]
        self.assertEqual(late, [], "spoke to the new certificate")
        self.assertLess(len(sim.submissions()), 4000)

    def test_between_the_read_and_the_release(self):
        sim, plugin, context = self.secure_world(20)
        self.other = Certificates(self.home())
        ids = sim.ids()
        self.all_released(sim, ids[:1], plugin.release(ids[:1]))
        known = self.swap(sim, context, "server")
        report = plugin.release(ids[1:], timeout=60)  # the old connection has one answer left
        found = self.judge(sim, ids[1:], report, asked_before=ids[:1])
        self.assertEqual(set(found), {"not_attempted"})
        self.assertEqual((sim.count(READ), sim.count(RELEASE)), (4, 1))
        self.assertLessEqual(max(r["connection"] for r in sim.requests()), known)

    def test_between_the_release_and_its_proof(self):
        sim, plugin, context = self.secure_world(20)
        self.other = Certificates(self.home())
        ids = sim.ids()
        sim.fault(on_read("delay", delay_ms=1000, nth=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=120)
        sim.wait_for_calls(READ, 1)
        self.swap(sim, context, "server")
        found = self.judge(sim, ids, call.result())
        self.assertEqual(set(found), {"accepted"}, "released without proof")
        self.assertEqual((sim.count(READ), sim.count(RELEASE)), (1, 1))

    def test_a_renewal_by_the_same_authority_is_no_fault(self):
        sim, plugin, context = self.secure_world(600)
        self.other = self.certificates
        self.certificates.issue("renewed", "IP:127.0.0.1")
        ids = sim.ids()
        call = plugin.stub().Release.future(make_request(ids), timeout=120)
        sim.wait_for_calls(RELEASE, 1)
        self.swap(sim, context, "renewed")
        self.all_released(sim, ids, call.result())


class Case08_DeliveredTwice(FaultCase):
    """Duplicate delivery

    The request id joins the first operation; a 404 after our own send is settled by a read, never told as "was
    never there".
    """

    def test_each_release_is_delivered_twice(self):
        sim, _, ids, report = self.once(on_release("twice"), count=150, released=False)
        self.assertLessEqual(set(by_outcome(report)), {"released", "already_gone"})
        self.assertEqual(set(sim.submissions()[i] for i in ids), {2})

    def test_each_read_is_delivered_twice(self):
        self.once(on_read("twice"), count=150)

    def test_the_second_answer_is_an_error_of_the_service(self):
        for code, status in (("INVALID_INSTANCE_NOT_FOUND", 404),
                             ("OPERATION_DENIED_INSTANCE_NOT_RECYCLED", 403)):
            _, _, _, report = self.once(
                on_release("error", code=code, status=status, effect=True, count=1), released=False)
            self.assertLessEqual(set(by_outcome(report)), {"released", "already_gone"})

    def test_the_same_call_twice_in_parallel(self):
        sim, plugin = self.world("--recycled", "40")
        ids, stub = sim.ids(), plugin.stub()
        sim.fault(on_release("delay", delay_ms=500))
        calls = [stub.Release.future(make_request(ids, request_id="twice"), timeout=60)
                 for _ in range(2)]
        reports = [call.result() for call in calls]
        self.assertEqual(reports[0], reports[1])
        self.all_released(sim, ids, reports[0], may_repeat=False)
        self.assertEqual(sim.count(RELEASE), 1)

    def test_the_same_ids_twice_in_parallel_without_a_request_id(self):
        sim, plugin = self.world("--recycled", "40")
        ids, stub = sim.ids(), plugin.stub()
        sim.fault(on_release("delay", delay_ms=500))
        calls = [stub.Release.future(make_request(ids), timeout=60) for _ in range(2)]
        for call in calls:
            self.all_released(sim, ids, call.result(), may_repeat=False)
        self.assertEqual(set(sim.submissions().values()), {1})


class Case28_ProxyAuthentication(FaultCase):
    """Proxy authentication needed

    Nothing reached the API: a configuration error, said so and not tried again.
    """

    ANSWER = (b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
              b"Content-Length: 0\r\n\r\n")

    def asked(self, scheme, code):
        proxy = FixedServer(self.ANSWER)
        self.addCleanup(proxy.stop)
        sim = self.simulator("--recycled", "3")
        plugin = self.server(sim, {"proxy": f"http://{proxy.address}", "allow_plain_http": True},
                             environment={"ZENLAYERCLOUD_SCHEME": scheme,
                                          "ZENLAYERCLOUD_DOMAIN": "api.example.com"})
        report = plugin.release(FIRST, timeout=60)
        self.judge(sim, FIRST, report)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertEqual({c for i in FIRST for c in codes(report, i)}, {code}, report.diagnostics)
        self.assertIn("407", str(report.diagnostics[0]))
        self.assertIn("proxy", str(report.diagnostics[0]).lower())
        self.assertEqual((proxy.accepted, proxy.requests), (1, 1), "tried again")
        self.assertFalse(any(d.retryable for d in report.diagnostics))
        self.assertEqual(sim.count(), 0)

    def test_407_to_connect(self):
        self.asked("HTTPS", "CONNECTION_REFUSED_BY_POLICY")

    def test_407_to_the_request_itself(self):
        self.asked("HTTP", "BLOCKED")

    def test_407_in_mid_run(self):
        sim, plugin, ids, report = self.once(on_release("html", page="proxy"), released=False)
        self.assertEqual(set(outcomes(report).values()), {"refused"})
        self.assertEqual(sim.count(RELEASE), 2, "tried again")
        self.resume(sim, plugin, ids)


class Case39_Http2(FaultCase):
    """Upstream HTTP/2 GOAWAY, refused stream

    A refused stream was not processed, others are unknown: settled by a read, and released in the end.
    """

    def world2(self, count, **how):
        """Plugin, TLS and HTTP/2 up to a proxy of frames, behind it nghttpx and the simulator."""
        try:
            sim = self.simulator("--recycled", str(count), *how.pop("flags", ()))
            back = Nghttpx(sim.endpoint)
        except FileNotFoundError:
            self.skipTest("nghttpx is not installed (Debian: nghttp2-proxy)")
        self.addCleanup(back.stop)
        certificates = Certificates(self.home())
        proxy = FrameProxy(back.port, certificates)
        self.addCleanup(proxy.stop)
        plugin = self.server(sim, environment={"ZENLAYERCLOUD_DOMAIN": proxy.address,
                                               "ZENLAYERCLOUD_SCHEME": "HTTPS",
                                               "SSL_CERT_FILE": certificates.path("ca.crt")})
        return sim, plugin, proxy

    def struck_once(self, fault, stream, sent):
        sim, plugin, proxy = self.world2(12)
        proxy.strike(stream, fault)
        ids = sim.ids()
        report = plugin.release(ids, timeout=60, wait=12)
        self.assertEqual(proxy.struck, 1, "the fault did not strike")
        self.all_released(sim, ids, report)
        self.assertEqual(set(sim.submissions().values()), {sent})

    # Streams 1, 3, 5, 7: the read, the release, the two reads that agree.
    def test_the_release_is_refused_unprocessed(self):
        self.struck_once("refuse", 3, sent=1)

    def test_a_read_is_refused_unprocessed(self):
        self.struck_once("refuse", 1, sent=1)
        self.struck_once("refuse", 5, sent=1)

    def test_goaway_before_the_release_is_processed(self):
        self.struck_once("goaway_before", 3, sent=1)

    def test_goaway_while_the_release_is_processed(self):
        self.struck_once("goaway_after", 3, sent=1)

    def test_the_stream_is_reset_after_the_release_was_processed(self):
        self.struck_once("cancel_after", 3, sent=1)

    def test_every_release_is_refused(self):
        sim, plugin, proxy = self.world2(5)
        ids = sim.ids()
        plugin.release(ids[:1], timeout=60)
        proxy.strike_releases("refuse")
        report = plugin.release(ids[1:], timeout=60, wait=3)
        found = self.judge(sim, ids[1:], report, asked_before=ids[:1], unknown=ids[1:])
        self.assertFalse(found.get("released"))
        self.assertLess(proxy.struck, 10, "no bound")
        proxy.strike_releases(None)
        self.resume(sim, plugin, ids[1:])
