"""The plugin over gRPC."""

import os
import sys
import tempfile

import grpc

from .process import SLOW, Process, clean_environment, program

sys.path.insert(0, os.environ.get("ZR_STUBS") or os.path.join(tempfile.gettempdir(), "no-stubs"))
# pylint: disable=wrong-import-position
from zenrelease.v1 import release_pb2 as v1  # noqa: E402
from zenrelease.v1 import release_service_pb2 as service  # noqa: E402
from zenrelease.v1 import release_service_pb2_grpc as stubs  # noqa: E402

OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", 64 << 20),
           ("grpc.use_local_subchannel_pool", 1)]
PRODUCTS = {"vm": v1.PRODUCT_VM, "bmc": v1.PRODUCT_BMC, "zec": v1.PRODUCT_ZEC}


def outcome_name(number):
    return v1.Outcome.Name(number).removeprefix("OUTCOME_").lower()


class Plugin(Process):
    def __init__(self, environment, *flags, home="/nonexistent", listen="127.0.0.1:0", preexec=None):
        super().__init__([program("zenrelease-plugin"), "--listen", listen, *flags],
                         clean_environment(home, environment), preexec)
        self.address = self.ready["address"]
        self.channels = []

    def channel(self, credentials=None, options=()):
        """A connection of its own; closed when the plugin is stopped."""
        options = OPTIONS + list(options)
        channel = (grpc.secure_channel(self.address, credentials, options) if credentials
                   else grpc.insecure_channel(self.address, options))
        self.channels.append(channel)
        return channel

    def stub(self, **how):
        return stubs.ReleaseServiceStub(self.channel(**how))

    def release(self, ids, timeout=30, stub=None, wait=None, **fields):
        request = make_request(ids, wait=wait, **fields)
        return (stub or self.stub()).Release(request, timeout=timeout * SLOW)

    def stop(self, expected=0):
        for channel in self.channels:
            channel.close()
        self.channels = []
        super().stop(expected)


def make_request(ids, wait=None, product="vm", **fields):
    """`wait` is the time for proof in seconds; None leaves it to the plugin."""
    request = service.ReleaseRequest(product=PRODUCTS.get(product, product), instance_ids=ids,
                                     **fields)
    if wait is not None:
        request.wait_timeout.FromMilliseconds(int(wait * 1000))
    return request


def outcomes(response):
    """id -> outcome in lower case, as the command line spells it."""
    return {r.instance_id: outcome_name(r.outcome) for r in response.results}


def by_outcome(response):
    """outcome -> ids."""
    found = {}
    for result in response.results:
        found.setdefault(outcome_name(result.outcome), []).append(result.instance_id)
    return found


def codes(response, instance_id=None):
    return {d.code for d in response.diagnostics
            if instance_id is None or d.instance_id == instance_id}
