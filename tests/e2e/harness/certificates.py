"""Certificates for one case: an authority, a server and a client; more on request."""

import os
import subprocess

import grpc


EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Certificates:
    """An authority with a server's and a client's certificate, made for one case."""

    def __init__(self, folder):
        self.folder = folder
        self.serial = 1
        self.authority("ca")
        self.issue("server", "IP:127.0.0.1,DNS:localhost")
        self.issue("client", "DNS:client.example")

    def path(self, name):
        return os.path.join(self.folder, name)

    def pem(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def issue(self, name, names=None, authority="ca", key=EC_KEY):
        """A certificate with the common name `name` and these alternative names."""
        with open(self.path("ext"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
        self.serial += 1
        self._openssl("req", *self._key(name, key), "-subj", f"/CN={name}", "-out",
                      self.path("csr"))
        self._openssl("x509", "-req", "-in", self.path("csr"), "-CA", self.path(authority + ".crt"),
                      "-CAkey", self.path(authority + ".key"), "-days", "2", "-extfile",
                      self.path("ext"), "-out", self.path(name + ".crt"), "-set_serial",
                      str(self.serial))

    def authority(self, name):
        self._openssl("req", "-x509", *self._key(name), "-subj", f"/CN=zr test {name}", "-days",
                      "2", "-out", self.path(name + ".crt"))

    def credentials(self, name=None, authority="ca"):
        """What a Python client dials with."""
        own = {"private_key": self.pem(name + ".key"),
               "certificate_chain": self.pem(name + ".crt")} if name else {}
        return grpc.ssl_channel_credentials(self.pem(authority + ".crt"), **own)

    def _key(self, name, key=EC_KEY):
        return [*key, "-keyout", self.path(name + ".key")]

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
