"""The server that Terraform starts: its one client floods it or does not read, and strangers, who can be of the
same user only, come to its socket without a certificate. The host is served, and the process ends in time."""

import os
import time
import unittest

import grpc

from harness import h2
from harness.case import Case
from harness.process import SANITIZED, SLOW, wait_until
from harness.tfhost import Host


class Hosted(Case):
    def setUp(self):
        self.host = Host(self.home())
        self.addCleanup(self.host.stop)
        self.channel = self.host.channel()
        self.assertTrue(self.host.is_healthy(self.channel))
        self.assertGreater(self.host.schema(self.channel), 1000)
        self.before, self.quiet = self.host.memory_kib(), len(self.host.descriptors())

    def peer(self, **how):
        peer = self.host.peer(**how)
        self.addCleanup(peer.close)
        return peer

    def serves(self):
        self.assertTrue(self.host.is_healthy(self.channel))

    def assert_grew_less(self, mebibytes):
        if not SANITIZED:
            self.assertLess(self.host.memory_kib() - self.before, mebibytes << 10)

    def wait_for_their_end(self):
        wait_until(lambda: len(self.host.descriptors()) <= self.quiet + 1, 20, "the connections to go")

    def assert_ends_in_time(self):
        """A host kills after two seconds; the rest is for a busy machine."""
        since = time.monotonic()
        self.host.shut_down(self.channel)
        self.assertEqual(self.host.wait(), 0)
        self.assertLess(time.monotonic() - since, 1 + 1.5 * SLOW)
        self.assertEqual([n for n in os.listdir(self.host.folder) if n.startswith("zr-")], [])


class Client(Hosted):
    """Whoever has the certificate."""

    def test_floods(self):
        for name in h2.FLOODS:
            for agrees in (True, False):
                with self.subTest(flood=name, agrees=agrees):
                    peer = self.peer()
                    if agrees:
                        peer.read(bool)
                    peer.flood(name, 100 if name.startswith("no ") else 2000)
                    self.serves()
                    peer.close()
        self.wait_for_their_end()
        self.assertGreater(self.host.schema(self.host.channel()), 1000)
        self.assert_grew_less(192)
        self.peer().flood("half-open streams", 1000)
        self.assert_ends_in_time()

    def test_answers_that_are_not_read(self):
        peer = self.peer(window=0)
        for n in range(100):
            peer.send(h2.call(2 * n + 1, "/tfplugin6.Provider/GetProviderSchema", b""))
        self.serves()
        self.assertGreater(self.host.schema(self.host.channel()), 1000)
        self.assert_grew_less(64)
        self.assert_ends_in_time()


class Strangers(Hosted):
    def come(self, count):
        """Silent ones, some with plaintext, some with half a ClientHello, some without a certificate."""
        held = []
        for n in range(count):
            try:
                one = h2.connect(self.host.address)
                held.append(one)
                self.addCleanup(one.close)
                if n % 4 == 1:
                    one.sendall(h2.PREFACE + h2.settings())
                elif n % 4 == 2:
                    one.sendall(h2.client_hello(self.host.context())[:100])
                elif n % 4 == 3:
                    one.settimeout(0.001)
                    held[-1] = self.host.context(known=False).wrap_socket(
                        one, server_hostname="localhost", do_handshake_on_connect=False)
                    self.addCleanup(held[-1].close)
                    held[-1].do_handshake()
            except OSError:
                pass  # turned away, which is as good
        return held

    def test_they_hold_the_socket(self):
        held = self.come(200)
        self.serves()
        self.assertGreater(self.host.schema(self.host.channel()), 1000)
        self.assert_grew_less(64)
        left = held

        def gone():
            nonlocal left
            left = [one for one in left if not h2.is_closed(one)]
            return not left

        wait_until(gone, 20, "all of them to be closed")
        for one in held:
            one.close()
        self.assertGreater(self.host.schema(self.channel), 1000)
        self.come(40)
        self.assert_ends_in_time()

    def test_they_take_every_descriptor(self):
        recover = self.host.leave_descriptors(20)
        held = self.come(60)
        wait_until(lambda: self.can_call(self.channel), 20, "the connection that is there")
        for one in held:
            one.close()
        recover()
        wait_until(lambda: self.can_call(self.host.channel()), 30, "a new connection")
        wait_until(lambda: self.can_call(self.channel), 30, "the first one")
        self.assert_ends_in_time()

    def can_call(self, channel):
        """A call may come at the moment in which the listener is made anew."""
        try:
            return self.host.schema(channel) > 1000
        except grpc.RpcError:
            return False


if __name__ == "__main__":
    unittest.main()
