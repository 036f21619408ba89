"""Peers that mean no good, and resources that run out: each is bounded, and others are served."""

import os
import resource
import socket
import time
import unittest

import grpc

from harness import h2
from harness.case import Case
from harness.plugin import by_outcome, service
from harness.process import SANITIZED, SLOW, wait_until

class Limits(Case):
    def serve(self, *flags, **how):
        self.sim = self.simulator("--recycled", "20")
        self.server = self.plugin(self.sim, *flags, **how)
        self.ids = self.sim.ids()

    def dial(self):
        one = h2.connect(self.server.address)
        self.addCleanup(one.close)
        one.sendall(h2.PREFACE + h2.settings())
        return one

    def serves(self):
        """Another client, on a connection of its own."""
        report = self.server.release(self.ids[:1], timeout=10, validate_only=True)
        self.assertEqual(len(report.results), 1)

    def descriptors(self):
        return len(self.server.descriptors())

    def flood(self, name, count=3000):
        """First as a peer that has agreed to its settings, then as one that never does, on which the
        core's limits have no hold. Memory stays, others are served, and the connection does not
        outlive its end."""
        self.serve()
        self.serves()
        for agrees, mebibytes in ((True, 64), (False, 96)):
            before, quiet = self.server.memory_kib(), self.descriptors()
            peer = h2.Peer(self.server.address)
            self.addCleanup(peer.close)
            if agrees:
                peer.read(bool)
            peer.flood(name, count)
            self.serves()
            peer.close()
            wait_until(lambda n=quiet: self.descriptors() <= n + 4, 20, "the connection to go")
            self.serves()
            # After the end, so that all of it has been looked at.
            self.assert_memory(self.server.memory_kib() - before, mebibytes << 10)

    def test_pings(self):
        self.flood("pings")

    def test_settings(self):
        self.flood("settings")

    def test_rapid_reset(self):
        self.flood("rapid reset")

    def test_half_open_streams(self):
        self.flood("half-open streams")

    def test_continuations(self):
        self.flood("continuations")

    def test_no_http2_at_all(self):
        self.flood("no HTTP/2 at all", 100)

    def test_many_idle_connections(self):
        """As many as the limit says, up to 10,000 where this machine allows it."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted = 1000 if SANITIZED else 10000
        many = min(wanted, (hard if hard != resource.RLIM_INFINITY else 1 << 20) - 200)
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, many + 200), hard))
        self.serve("--max-connections", str(many))
        self.serves()
        before, quiet = self.server.memory_kib(), self.descriptors()
        held = [self.dial() for _ in range(many - 4)]
        wait_until(lambda: self.descriptors() >= quiet + many - 8, 60, "all of them")
        each = (self.server.memory_kib() - before) / len(held)
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
        used, since = self.server.cpu_seconds(), time.monotonic()
        try:
            report = self.server.release(self.ids[:2], timeout=5, stub=stub)
            self.assert_honest(self.sim, self.ids[:2], report)
        except grpc.RpcError as error:
            self.assertIn(error.code(), (grpc.StatusCode.DEADLINE_EXCEEDED,
                                         grpc.StatusCode.UNAVAILABLE))
        wait_until(lambda: time.monotonic() - since > 3, 10, "three seconds")
        share = (self.server.cpu_seconds() - used) / (time.monotonic() - since)
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
