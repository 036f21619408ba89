"""A TCP proxy on loopback that a case can make cut connections."""

import socket
import struct
import threading


class CuttingProxy:
    """Passes bytes on, both ways, until told otherwise."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.pairs = []
        self.cuts = self.accepted = 0
        self.word, self.size, self.reset = None, 0, True
        self.stopped = False
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def cut_request(self, word, size, reset=True):
        """The next request with this word in it is cut after `size` of its bytes."""
        with self.lock:
            self.word, self.size, self.reset = word, size, reset

    def cut_all(self):
        """Every connection breaks now; new ones work."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
            self.cuts += len(pairs)
        for pair in pairs:
            self._break(pair, True)

    def stop(self):
        self.stopped = True
        self.listener.close()
        try:  # a thread in accept() is not woken by close()
            socket.create_connection(self.listener_address, 1).close()
        except (OSError, AttributeError):
            pass
        self.cut_all()

    def _accept(self):
        self.listener_address = self.listener.getsockname()
        while not self.stopped:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            self.accepted += 1
            pair = (client, server)
            with self.lock:
                self.pairs.append(pair)
            for source, sink, checks in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=(pair, source, sink, checks),
                                 daemon=True).start()

    @staticmethod
    def _break(pair, reset):
        for one in pair:
            try:
                if reset:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def _due(self, data):
        """How many of these bytes still pass, or None: all."""
        with self.lock:
            if self.word and self.word in data:
                self.word = None
                self.cuts += 1
                return self.size
        return None

    def _pass(self, pair, source, sink, checks):
        try:
            while data := source.recv(65536):
                size = self._due(data) if checks else None
                sink.sendall(data if size is None else data[:size])
                if size is not None:
                    self._break(pair, self.reset)
                    return
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._break(pair, False)


class FixedServer:
    """Answers whatever it is sent with the same bytes, and counts."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.accepted = self.requests = 0
        self.heard = []
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            client.settimeout(30)
            try:
                while data := client.recv(65536):
                    self.requests += 1
                    self.heard.append(data)
                    client.sendall(self.answer)
            except OSError:
                pass


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
