"""Bad input: a clear error, and nothing sent."""

import os
import socket
import ssl
import struct
import subprocess
import unittest

import grpc
from google.protobuf import any_pb2

from harness.case import Case
from harness.plugin import codes, make_request, outcomes, v1
from harness.process import SLOW

INVALID = grpc.StatusCode.INVALID_ARGUMENT
PATH = "/zenrelease.v1.ReleaseService/Release"


def fields(data):
    """The fields of a protobuf message without its schema: (number, value)."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 2:
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length
        elif key & 7 == 0:
            yield key >> 3, varint()
        else:
            raise ValueError(f"wire type {key & 7}")


def details(error):
    """type name -> bytes, of the google.rpc.Status in the trailers."""
    trailers = dict(error.trailing_metadata())
    status = trailers.get("grpc-status-details-bin")
    found = {}
    for number, value in fields(status or b""):
        if number == 3:
            packed = any_pb2.Any.FromString(value)
            found[packed.type_url.rsplit("/", 1)[-1]] = packed.value
    return found


def bad_fields(error):
    """The field names of google.rpc.BadRequest."""
    violations = [v for n, v in fields(details(error).get("google.rpc.BadRequest", b"")) if n == 1]
    return [dict(fields(v))[1].decode() for v in violations]


class Requests(Case):
    """Requests that must be refused before anything is sent."""

    def setUp(self):
        self.sim, self.server = self.pair("--recycled", "3")
        self.stub = self.server.stub()

    def refuse(self, request, field):
        error = self.assert_refused(INVALID, self.stub.Release, request, timeout=30)
        self.assertIn(field, bad_fields(error))
        self.assertIn(bad_fields(error)[0], error.details())
        self.assertEqual(self.sim.requests(), [])
        return error

    def test_no_id(self):
        self.refuse(make_request([]), "instance_ids")

    def test_a_blank_id(self):
        good = self.sim.ids()
        self.refuse(make_request([good[0], "", good[1]]), "instance_ids[1]")
        self.refuse(make_request([good[0], good[1], "  \t"]), "instance_ids[2]")

    def test_a_padded_id(self):
        good = self.sim.ids()
        for padded in (" " + good[0], good[0] + "\n", good[0] + " "):
            self.refuse(make_request([good[1], padded]), "instance_ids[1]")

    def test_an_id_of_300_bytes(self):
        self.refuse(make_request(["x" * 300]), "instance_ids[0]")

    def test_every_bad_id_is_named(self):
        error = self.refuse(make_request(["ok", "", "ok2", " x", "y" * 300]), "instance_ids[1]")
        self.assertEqual(bad_fields(error),
                         ["instance_ids[1]", "instance_ids[3]", "instance_ids[4]"])

    def test_an_id_with_a_control_character(self):
        self.refuse(make_request(["ab\x00cd"]), "instance_ids[0]")
        self.refuse(make_request(["ab\ncd"]), "instance_ids[0]")

    def test_no_product_and_an_unknown_product(self):
        ids = self.sim.ids()
        self.refuse(make_request(ids, product=v1.PRODUCT_UNSPECIFIED), "product")
        self.refuse(make_request(ids, product=77), "product")

    def test_a_negative_or_impossible_wait(self):
        ids = self.sim.ids()
        request = make_request(ids)
        request.wait_timeout.seconds = -1
        self.refuse(request, "wait_timeout")
        request.wait_timeout.seconds = 10
        request.wait_timeout.nanos = -5
        self.refuse(request, "wait_timeout")

    def test_a_request_id_that_is_too_long_or_not_printable(self):
        ids = self.sim.ids()
        self.refuse(make_request(ids, request_id="r" * 129), "request_id")
        self.refuse(make_request(ids, request_id="a\tb"), "request_id")

    def test_more_ids_than_the_limit(self):
        self.refuse(make_request([f"id-{n}" for n in range(10001)]), "instance_ids")

    def raw(self, data, code):
        call = self.server.channel().unary_unary(PATH)
        error = self.assert_refused(code, call, data, timeout=30)
        self.assertEqual(self.sim.requests(), [])
        return error

    def test_an_id_that_is_no_utf8(self):
        message = b"\x08\x01" + b"\x12\x03a\xff\xfe"
        error = self.raw(message, INVALID)
        self.assertIn("instance_ids[0]", bad_fields(error))
        self.assertIn("UTF-8", error.details())

    def test_a_message_that_is_cut_short_anywhere(self):
        whole = make_request(["abcdefgh", "ijklmnop"], request_id="r", wait=5).SerializeToString()
        refused = 0
        for length in range(len(whole)):
            cut = whole[:length]
            try:
                type(make_request([])).FromString(cut)
            except Exception:  # pylint: disable=broad-except
                self.raw(cut, INVALID)
                refused += 1
        self.assertGreater(refused, 10)

    def test_bytes_that_are_no_message(self):
        for data in (b"\xff", b"\xff" * 40, b"\x12\xff\xff\xff\xff\x0f", b"\x0f\x0f", os.urandom(1) + b"\x07"):
            self.raw(data, INVALID)

    def test_a_message_above_four_mebibytes(self):
        self.raw(b"\x08\x01" + b"\x12\x64" + b"x" * 100 + b"\x12\x80\x80\x80\x02" + b"x" * (4 << 20),
                 grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(len(self.server.release(self.sim.ids()).results), 3)

    def test_a_method_that_does_not_exist(self):
        call = self.server.channel().unary_unary("/zenrelease.v1.ReleaseService/Destroy")
        self.assert_refused(grpc.StatusCode.UNIMPLEMENTED, call, b"", timeout=30)

    def test_bad_lists_are_refused(self):
        from harness.plugin import service
        for query, field in ((service.ListInstancesRequest(), "product"),
                             (service.ListInstancesRequest(product=1, page_size=-1), "page_size"),
                             (service.ListInstancesRequest(product=1, instance_ids=["x"] * 101),
                              "instance_ids")):
            error = self.assert_refused(INVALID, self.stub.ListInstances, query, timeout=30)
            self.assertIn(field, bad_fields(error)[0])
        self.assertEqual(self.sim.requests(), [])


class Surroundings(Case):
    """Wrong key, wrong clock, nobody there, wrong name."""

    def assert_nothing_released(self, sim, ids, report, code):
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(outcomes(report).values()) & {"released", "already_gone"}, set())
        self.assertIn(code, codes(report))
        self.assertEqual(sim.destroyed(), set())

    def test_a_wrong_key(self):
        sim = self.simulator("--recycled", "3")
        plugin = self.plugin(sim, environment={"ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": "wrong-password"})
        ids = sim.ids()
        report = plugin.release(ids, wait=2)
        self.assert_nothing_released(sim, ids, report, "CREDENTIALS_REJECTED")
        self.assertEqual(sim.count("ReleaseInstances"), 0)
        self.assertLessEqual(sim.count(), 3, "a refused key must not be tried in a loop")

    def test_no_credentials_is_a_diagnostic_and_not_a_crash(self):
        sim = self.simulator("--recycled", "1")
        plugin = self.plugin(None, environment={"ZENLAYERCLOUD_DOMAIN": sim.endpoint,
                                                "ZENLAYERCLOUD_SCHEME": "HTTP"})
        from harness.plugin import service
        info = plugin.stub().GetServerInfo(service.GetServerInfoRequest(), timeout=30)
        self.assertEqual([d.code for d in info.diagnostics], ["CREDENTIALS_MISSING"])
        self.assertEqual(info.account_fingerprint, "")
        report = plugin.release(sim.ids())
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertIn("CREDENTIALS_MISSING", codes(report))
        self.assertEqual(sim.requests(), [])

    def test_a_clock_that_is_ten_minutes_off_is_corrected_once(self):
        for offset in (600, -600):
            sim = self.simulator("--recycled", "3", f"--clock-offset-s={offset}")
            plugin = self.plugin(sim)
            ids = sim.ids()
            report = plugin.release(ids)
            self.assert_honest(sim, ids, report)
            self.assertEqual(set(outcomes(report).values()), {"released"}, f"offset {offset}")
            self.assertEqual(sim.count(), 5, "one refused call, then as always")

    def test_nobody_there(self):
        sim = self.simulator("--recycled", "1")
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
            plugin = self.plugin(sim, environment={"ZENLAYERCLOUD_DOMAIN": f"127.0.0.1:{port}"})
            report = plugin.release(sim.ids(), timeout=20, wait=1)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertIn("UNREACHABLE", codes(report))

    def make_certificate(self, folder, name, address):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=zr test",
                        "-addext", f"subjectAltName={address}", "-keyout", f"{folder}/{name}.key",
                        "-out", f"{folder}/{name}.crt"], check=True, capture_output=True, timeout=30)
        return f"{folder}/{name}.crt", f"{folder}/{name}.key"

    def over_tls(self, address, trusted):
        home = self.home()
        certificate, key = self.make_certificate(home, "sim", address)
        sim = self.simulator("--recycled", "3", "--tls-cert", certificate, "--tls-key", key)
        environment = {"ZENLAYERCLOUD_SCHEME": "HTTPS"}
        if trusted:
            environment["SSL_CERT_FILE"] = certificate
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        sim.use_tls(context)
        return sim, self.plugin(sim, environment=environment)

    def test_a_good_certificate(self):
        sim, plugin = self.over_tls("IP:127.0.0.1", True)
        ids = sim.ids()
        report = plugin.release(ids)
        self.assert_honest(sim, ids, report)
        self.assertEqual(set(outcomes(report).values()), {"released"})

    def test_a_certificate_for_another_name(self):
        sim, plugin = self.over_tls("DNS:elsewhere.example", True)
        report = plugin.release(sim.ids(), timeout=30)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertIn("CONNECTION_REFUSED_BY_POLICY", codes(report))
        self.assertEqual(sim.requests(), [])

    def test_a_certificate_of_nobody_we_know(self):
        sim, plugin = self.over_tls("IP:127.0.0.1", False)
        report = plugin.release(sim.ids(), timeout=30)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertIn("CONNECTION_REFUSED_BY_POLICY", codes(report))
        self.assertEqual(sim.requests(), [])

    def test_bytes_that_are_no_http2_do_no_harm(self):
        sim, plugin = self.pair("--recycled", "1")
        host, port = plugin.address.rsplit(":", 1)
        for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 100,
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">I", 0xFFFFFFFF) * 20):
            with socket.create_connection((host, int(port)), timeout=10 * SLOW) as connection:
                connection.sendall(garbage)
        report = plugin.release(sim.ids())
        self.assertEqual(set(outcomes(report).values()), {"released"})


if __name__ == "__main__":
    unittest.main()
