"""Peers that mean no good, and resources that run out: each is bounded, and others are served."""

import os
import re
import resource
import socket
import struct
import time
import unittest

import grpc

from harness.case import Case
from harness.plugin import by_outcome, service
from harness.process import SANITIZED, SLOW, wait_until

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = struct.pack(">IBI", 4, 0, 0)[1:]  # an empty SETTINGS frame


def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def literal(name, value):
    """One header field, neither indexed nor Huffman-coded; both shorter than 127 bytes."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


HEADERS = b"".join(literal(n, v) for n, v in (
    (b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"localhost"),
    (b":path", b"/zenrelease.v1.ReleaseService/Release"), (b"content-type", b"application/grpc"),
    (b"te", b"trailers")))


class Limits(Case):
    def serve(self, *flags, **how):
        self.sim = self.simulator("--recycled", "20")
        self.server = self.plugin(self.sim, *flags, **how)
        self.ids = self.sim.ids()

    def dial(self, preface=PREFACE + SETTINGS):
        host, port = self.server.address.rsplit(":", 1)
        one = socket.create_connection((host, int(port)), timeout=20 * SLOW)
        self.addCleanup(one.close)
        one.sendall(preface)
        return one

    def serves(self):
        """Another client, on a connection of its own."""
        report = self.server.release(self.ids[:1], timeout=10, validate_only=True)
        self.assertEqual(len(report.results), 1)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def memory_kib(self):
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))

    def cpu_seconds(self):
        with open(f"/proc/{self.server.pid}/stat", encoding="ascii") as stat:
            words = stat.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def flood(self, make, count=3000):
        """Sends make(0), make(1), …, until the server has enough of it. Memory stays, others are
        served, and the connection does not outlive its end."""
        self.serve()
        self.serves()
        before, quiet = self.memory_kib(), self.descriptors()
        one = self.dial()
        one.settimeout(2)
        try:
            for i in range(count):
                one.sendall(make(i))
        except OSError:
            pass  # closed, or no longer read: both are fine
        self.serves()
        if not SANITIZED:
            self.assertLess(self.memory_kib() - before, 32 << 10)
        one.close()
        wait_until(lambda: self.descriptors() <= quiet + 4, 20, "the connection to go")
        self.serves()

    def test_pings(self):
        self.flood(lambda i: frame(6, 0, 0, bytes(8)) * 10)

    def test_settings(self):
        self.flood(lambda i: SETTINGS * 10)

    def test_rapid_reset(self):
        self.flood(lambda i: frame(1, 4, 2 * i + 1, HEADERS)
                   + frame(3, 0, 2 * i + 1, struct.pack(">I", 8)))

    def test_half_open_streams(self):
        self.flood(lambda i: frame(1, 4, 2 * i + 1, HEADERS), 1000)

    def test_continuations(self):
        more = frame(9, 0, 1, literal(b"x-filler", b"v" * 100) * 100)
        self.flood(lambda i: more if i else frame(1, 0, 1, HEADERS))

    def test_no_http2_at_all(self):
        self.flood(lambda i: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + os.urandom(200), 100)

    def test_many_idle_connections(self):
        """As many as the limit says, up to 10,000 where this machine allows it."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted = 1000 if SANITIZED else 10000
        many = min(wanted, (hard if hard != resource.RLIM_INFINITY else 1 << 20) - 200)
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, many + 200), hard))
        self.serve("--max-connections", str(many))
        self.serves()
        before, quiet = self.memory_kib(), self.descriptors()
        held = [self.dial() for _ in range(many - 4)]
        wait_until(lambda: self.descriptors() >= quiet + many - 8, 60, "all of them")
        each = (self.memory_kib() - before) / len(held)
        print(f"\nidle connections: {len(held)} of {wanted}, {each:.1f} KiB each", flush=True)
        self.assertLess(each, 200)
        report = self.server.release(self.ids[:2], timeout=20)
        self.assertEqual(set(by_outcome(report)), {"released"})
        for one in held:
            one.close()
        wait_until(lambda: self.descriptors() <= quiet + 8, 60, "all of them to go")

    def test_beyond_the_limit_of_connections(self):
        self.serve("--max-connections", "8")
        held = [self.dial() for _ in range(20)]

        def closed(one):
            try:
                while one.recv(4096):
                    pass
                return True
            except socket.timeout:
                return False
            except OSError:
                return True

        for one in held:
            one.settimeout(0.2)
        wait_until(lambda: sum(map(closed, held)) >= 12, 20, "twelve to be turned away")
        for one in held:
            one.close()
        wait_until(lambda: self.descriptors() < 40, 20, "the others to go")
        self.serves()

    def test_descriptors_run_out_and_come_back(self):
        """The connections take them all, so that calls of the service have none, either."""
        limit = 64
        self.serve(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        stub = self.server.stub()
        stub.GetServerInfo(service.GetServerInfoRequest(), timeout=20 * SLOW)
        held = []
        for _ in range(2 * limit):
            try:
                held.append(self.dial())
            except OSError:
                break
        wait_until(lambda: self.descriptors() >= limit - 4, 20, "the last descriptor")
        used, since = self.cpu_seconds(), time.monotonic()
        try:
            report = self.server.release(self.ids[:2], timeout=5, stub=stub)
            self.assert_honest(self.sim, self.ids[:2], report)
        except grpc.RpcError as error:
            self.assertIn(error.code(), (grpc.StatusCode.DEADLINE_EXCEEDED,
                                         grpc.StatusCode.UNAVAILABLE))
        wait_until(lambda: time.monotonic() - since > 3, 10, "three seconds")
        share = (self.cpu_seconds() - used) / (time.monotonic() - since)
        self.assertLess(share, 0.5, "a busy loop")
        for one in held:
            one.close()

        def again():
            try:
                return self.server.release(self.ids[2:4], timeout=5, request_id="again")
            except grpc.RpcError:
                return None

        report = wait_until(again, 30, "serving again")
        self.assertEqual(set(by_outcome(report)), {"released"})


if __name__ == "__main__":
    unittest.main()
