"""HTTP/2 by hand, for peers that no library would be: slow, silent, greedy. Header blocks are written
without a table and without Huffman codes; what the other side sends is searched, not decoded."""

import re
import socket
import ssl
import struct
import time

from .process import SLOW

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CANCEL = 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
RELEASE = "/zenrelease.v1.ReleaseService/"


def frame(kind, stream, payload=b"", flags=0):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    """table: the header table of the other side; window: how much it may send on a stream unasked."""
    number = {"table": 1, "window": 4}
    return frame(SETTINGS, 0, b"".join(struct.pack(">HI", number[k], v) for k, v in values.items()))


def _length(value):
    """An integer of HPACK with a prefix of seven bits."""
    if value < 127:
        return bytes([value])
    out, value = b"\x7f", value - 127
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def literal(name, value):
    """One header field, neither indexed nor Huffman-coded."""
    return b"\x00" + _length(len(name)) + name + _length(len(value)) + value


def header_block(path, *more):
    fields = ((b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"localhost"),
              (b":path", path.encode()), (b"content-type", b"application/grpc"), (b"te", b"trailers"))
    return b"".join(literal(n, v) for n, v in fields + more)


def message(body):
    """As gRPC frames it."""
    return struct.pack(">BI", 0, len(body)) + body


def call(stream, path, body, *more):
    """A whole call with one message."""
    return (frame(HEADERS, stream, header_block(path, *more), END_HEADERS)
            + frame(DATA, stream, message(body), END_STREAM))


_CALL = header_block(RELEASE + "Release")
_MORE = frame(CONTINUATION, 1, literal(b"x-filler", b"v" * 100) * 100)
# name -> the nth piece of a flood.
FLOODS = {
    "pings": lambda n: frame(PING, 0, bytes(8)) * 10,
    "settings": lambda n: settings() * 10,
    "rapid reset": lambda n: (frame(HEADERS, 2 * n + 1, _CALL, END_HEADERS)
                              + frame(RST_STREAM, 2 * n + 1, struct.pack(">I", CANCEL))),
    "half-open streams": lambda n: frame(HEADERS, 2 * n + 1, _CALL, END_HEADERS),
    "continuations": lambda n: _MORE if n else frame(HEADERS, 1, _CALL),
    "no HTTP/2 at all": lambda n: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + bytes(range(200)),
}


def split(data):
    """([(kind, flags, stream, payload)], the rest)"""
    found = []
    while len(data) >= 9:
        length = int.from_bytes(data[:3], "big")
        if len(data) < 9 + length:
            break
        kind, flags, stream = struct.unpack(">BBI", data[3:9])
        found.append((kind, flags, stream & 0x7FFFFFFF, data[9:9 + length]))
        data = data[9 + length:]
    return found, data


def connect(address, timeout=20):
    """A socket to "host:port" or "unix:/path"; nothing is sent."""
    if address.startswith("unix:"):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.settimeout(timeout * SLOW)
        try:
            one.connect(address[5:])
        except OSError:
            one.close()
            raise
        return one
    host, port = address.rsplit(":", 1)
    one = socket.create_connection((host, int(port)), timeout=timeout * SLOW)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one


def is_closed(one):
    """The other side has ended the connection; reads away what is there."""
    one.settimeout(0.001)
    try:
        while one.recv(65536):
            pass
        return True
    except (socket.timeout, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def client_hello(context):
    """As it goes out."""
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class Peer:
    """One connection that speaks frames."""

    def __init__(self, address, tls=None, window=None, preface=PREFACE):
        self.socket = connect(address)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.rest, self.frames, self.window = b"", [], {0: 65535}
        values = {"table": 0} if window is None else {"table": 0, "window": window}
        if preface:
            self.send(preface + settings(**values))

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()

    def read(self, wanted, seconds=20):
        """Reads until wanted(frames) is true; answers that. None: the connection or the time ended."""
        end = time.monotonic() + seconds * SLOW
        while True:
            found = wanted(self.frames)
            if found:
                return found
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                return wanted(self.frames) or None
            self._take(data)

    def _take(self, data):
        new, self.rest = split(self.rest + data)
        self.frames += new
        for kind, flags, stream, payload in new:
            if kind == WINDOW_UPDATE:
                self.window[stream] = self.window.get(stream, 65535) + int.from_bytes(payload, "big")
            elif kind in (SETTINGS, PING) and not flags & ACK:
                try:
                    self.send(frame(kind, 0, payload if kind == PING else b"", ACK))
                except OSError:
                    pass  # it has gone: whoever reads learns of it

    def push(self, stream, count):
        """Sends so many bytes of a message as fast as it is allowed to; the bytes that went out before
        the stream or the connection was ended."""
        sent, looked = 0, 0
        while sent < count:
            room = min(16384, count - sent, self.window[0], self.window.get(stream, 65535))
            if room > 0 and sent - looked < 1 << 20:
                try:
                    self.send(frame(DATA, stream, bytes(room)))
                except OSError:
                    return sent
                sent += room
                for number in (0, stream):
                    self.window[number] = self.window.get(number, 65535) - room
                continue
            looked, seen = sent, len(self.frames)
            if room > 0:
                self.socket.settimeout(0.001)
            try:
                data = self.socket.recv(65536)
            except socket.timeout:
                data = None
            except OSError:
                return sent
            finally:
                self.socket.settimeout(20 * SLOW)
            if data == b"":
                return sent
            self._take(data or b"")
            if any(f[0] in (RST_STREAM, GOAWAY) and f[2] in (0, stream) for f in self.frames[seen:]):
                return sent
        return sent

    def flood(self, name, count):
        """Until the other side has enough of it: closes, or reads no more."""
        self.socket.settimeout(2)
        try:
            for n in range(count):
                self.send(FLOODS[name](n))
        except OSError:
            pass

    def status(self, stream, seconds=20):
        """How the call on this stream ended: the number of a gRPC status, "reset", or None."""
        def ended(frames):
            for kind, _, number, payload in frames:
                if number != stream:
                    continue
                if kind == RST_STREAM:
                    return "reset"
                said = kind in (HEADERS, CONTINUATION) and re.search(
                    rb"grpc-status[\x01\x02](\d{1,2})", payload)
                if said:
                    return "status " + said.group(1).decode()
            return None
        return self.read(ended, seconds)
