"""HTTP/2, frame by frame: a proxy that passes frames on between the plugin and nghttpx, but for those it was
told to treat badly. Header blocks are never decoded: both sides are told to keep no header table, so that a
block can be left out without breaking the next one.
"""

import os
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading

from harness.h2 import GOAWAY, HEADERS, PREFACE, RST_STREAM, SETTINGS, frame, split
from harness.process import wait_until
from proxy import free_port

NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM = 0, 2, 7
HUFFMAN = {"R": "1101101", "e": "00101", "l": "101000", "a": "00011", "s": "01000", "I": "1100100",
           "n": "101010", "t": "01001", "c": "00100"}


def huffman(text):
    """As HPACK writes it (RFC 7541, appendix B), padded with ones."""
    bits = "".join(HUFFMAN[c] for c in text)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


RELEASE = huffman("ReleaseInstances")


class Nghttpx:
    """HTTP/2 with prior knowledge in front of the simulator."""

    def __init__(self, endpoint):
        if shutil.which("nghttpx", path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
            raise FileNotFoundError("nghttpx")
        self.port = free_port()
        host, port = endpoint.rsplit(":", 1)
        self.process = subprocess.Popen(
            ["nghttpx", "--conf=/dev/null", "--workers=1", f"--frontend=127.0.0.1,{self.port};no-tls",
             f"--backend={host},{port}", "--errorlog-file=/dev/null", "--accesslog-file=/dev/null"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._listens, 20, "nghttpx")

    def _listens(self):
        assert self.process.poll() is None, "nghttpx ended"
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class FrameProxy:
    def __init__(self, back_port, certificates):
        self.back_port = back_port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificates.path("server.crt"), certificates.path("server.key"))
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.once = None      # (stream, fault) that has not struck yet
        self.releases = None  # fault of every release
        self.struck = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def strike(self, stream, fault):
        """refuse, goaway_before, goaway_after or cancel_after: once, on the stream of this number."""
        self.once = (stream, fault)

    def strike_releases(self, fault):
        self.releases = fault

    def stop(self):
        self.listener.close()

    def fault_of(self, stream, block):
        """What befalls the request that this header block begins."""
        if self.once and self.once[0] == stream:
            fault, self.once = self.once[1], None
        elif self.releases and RELEASE in block:
            fault = self.releases
        else:
            return None
        self.struck += 1
        return fault

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            secure = self.context.wrap_socket(client, server_side=True)
            back = socket.create_connection(("127.0.0.1", self.back_port))
            Connection(self, secure, back).run()
        except OSError:
            client.close()


class Connection:
    """One connection of the plugin and its counterpart; one thread."""

    def __init__(self, proxy, client, back):
        self.proxy, self.client, self.back = proxy, client, back
        self.from_client, self.from_back = b"", b""
        self.preface_passed = False
        self.faults = {}  # stream -> what befalls it
        self.ended = False

    def run(self):
        try:
            while not self.ended:
                ready = [self.client] if self.client.pending() else select.select(
                    [self.client, self.back], [], [], 120)[0]
                if not ready:
                    return
                if self.client in ready:
                    data = self.client.recv(65536)
                    self.from_client += data
                    self._frames_of_client()
                    if not data:
                        return
                if self.back in ready and not self.ended:
                    data = self.back.recv(65536)
                    self.from_back += data
                    self._frames_of_back()
                    if not data:
                        return
        except OSError:
            pass
        finally:
            self.client.close()
            self.back.close()

    @staticmethod
    def _without_table(kind, flags, payload):
        """Whoever receives these settings keeps no header table."""
        return payload + struct.pack(">HI", 1, 0) if kind == SETTINGS and not flags & 1 else payload

    def _frames_of_client(self):
        if not self.preface_passed:
            if len(self.from_client) < len(PREFACE):
                return
            self.back.sendall(self.from_client[:len(PREFACE)])
            self.from_client, self.preface_passed = self.from_client[len(PREFACE):], True
        frames, self.from_client = split(self.from_client)
        for kind, flags, stream, payload in frames:
            if kind == HEADERS:
                self.faults[stream] = self.proxy.fault_of(stream, payload)
                self._strike_before(stream)
            if self.ended:
                return
            if self.faults.get(stream) not in ("refuse", "goaway_before"):
                self.back.sendall(frame(kind, stream, self._without_table(kind, flags, payload), flags))

    def _strike_before(self, stream):
        fault = self.faults[stream]
        if fault == "refuse":
            self.client.sendall(frame(RST_STREAM, stream, struct.pack(">I", REFUSED_STREAM)))
        elif fault == "goaway_before":
            self.client.sendall(frame(GOAWAY, 0, struct.pack(">II", max(stream - 2, 0), NO_ERROR)))
            self.ended = True

    def _frames_of_back(self):
        frames, self.from_back = split(self.from_back)
        for kind, flags, stream, payload in frames:
            fault = self.faults.get(stream)
            if kind == HEADERS and fault == "cancel_after":
                self.client.sendall(frame(RST_STREAM, stream, struct.pack(">I", INTERNAL_ERROR)))
                self.faults[stream] = "left_out"
            elif kind == HEADERS and fault == "goaway_after":
                self.client.sendall(frame(GOAWAY, 0, struct.pack(">II", stream, INTERNAL_ERROR)))
                self.ended = True
                return
            elif fault is None:
                self.client.sendall(frame(kind, stream, self._without_table(kind, flags, payload), flags))
