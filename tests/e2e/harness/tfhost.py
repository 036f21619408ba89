"""A host of go-plugin: starts the plugin as Terraform does, with a certificate for this one connection."""

import base64
import os
import ssl
import subprocess

import grpc

from . import h2
from .plugin import OPTIONS
from .process import SLOW, Process, clean_environment, program
from .wire import health_check

COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"


class Host(Process):
    """`folder` is for its certificate and for the plugin's socket."""

    def __init__(self, folder):
        self.folder, self.channels = folder, []
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                        "-keyout", self._path("host.key"), "-out", self._path("host.crt")],
                       check=True, capture_output=True, timeout=60)
        super().__init__([program("zenrelease-plugin")], clean_environment("/nonexistent", {
            "TF_PLUGIN_MAGIC_COOKIE": COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "6",
            "PLUGIN_CLIENT_CERT": self._read("host.crt").decode(), "TMPDIR": folder}))

    def understand(self, line):
        core, app, network, address, protocol, certificate = line.decode().strip().split("|")[:6]
        assert (core, app, network, protocol) == ("1", "6", "unix", "grpc"), line
        der = base64.b64decode(certificate + "=" * (-len(certificate) % 4))
        self.server_pem = ssl.DER_cert_to_PEM_cert(der)
        self.address = "unix:" + address
        return self.address

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _read(self, name):
        with open(self._path(name), "rb") as file:
            return file.read()

    def channel(self):
        credentials = grpc.ssl_channel_credentials(self.server_pem.encode(), self._read("host.key"),
                                                   self._read("host.crt"))
        self.channels.append(grpc.secure_channel(
            self.address, credentials, OPTIONS + [("grpc.ssl_target_name_override", "localhost")]))
        return self.channels[-1]

    def context(self, known=True):
        """For raw frames; not `known`: a stranger, who has no certificate."""
        context = ssl.create_default_context(cadata=self.server_pem)
        context.set_alpn_protocols(["h2"])
        if known:
            context.load_cert_chain(self._path("host.crt"), self._path("host.key"))
        return context

    def peer(self, **how):
        return h2.Peer(self.address, tls=self.context(), **how)

    def is_healthy(self, channel):
        return health_check(channel, "plugin") == 1

    @staticmethod
    def schema(channel):
        call = channel.unary_unary("/tfplugin6.Provider/GetProviderSchema")
        return len(call(b"", timeout=20 * SLOW))

    def shut_down(self, channel):
        """As a host does at the end of each walk."""
        channel.unary_unary("/plugin.GRPCController/Shutdown")(b"", timeout=10 * SLOW)

    def stop(self, expected=0):
        for channel in self.channels:
            channel.close()
        self.channels = []
        super().stop(expected)
