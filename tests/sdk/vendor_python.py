#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The vendor's own Python SDK, unmodified, against zenlayer-sim.

usage: vendor_python.py PATH-OF-ZENLAYER-SIM

Lists, terminates and releases with vm, bmc and zec, in both API versions, with a signed key and with a
token. What the simulator's ledger says decides, not what the SDK says. Exits 77 when the SDK
(zenlayercloud-sdk-python) is not installed, so that a test runner skips it.
"""
import importlib
import json
import subprocess
import sys
import urllib.request

try:
    from zenlayercloud.common.config import Config
    from zenlayercloud.common.credential import Credential, TokenCredential
    from zenlayercloud.common.excpetion.zenlayer_cloud_sdk_exception import ZenlayerCloudSdkException
except ImportError as reason:
    print(f"skipped: zenlayercloud-sdk-python is not importable ({reason})")
    sys.exit(77)

VERSIONS = {
    "vm": ("v20230313", "v20260401"),
    "bmc": ("v20221120", "v20260201"),
    "zec": ("v20240401", "v20250901"),
}
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise SystemExit(f"FAILED: {what}")


class Simulator:
    def __init__(self, program, *flags):
        self.process = subprocess.Popen([program, *flags], stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def page(self, path):
        url = f"http://{self.ready['endpoint']}/_sim/{path}"
        with urllib.request.urlopen(url) as reply:
            return json.load(reply)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        check(self.process.wait(10) == 0, "the simulator ends with status 0 on SIGTERM")


class Sdk:
    """One product in one version, with the names that differ between products smoothed over."""

    def __init__(self, product, version, ready, credential):
        package = f"zenlayercloud.{product}.{version}"
        self.models = importlib.import_module(f"{package}.models")
        clients = importlib.import_module(f"{package}.{product}_client")
        client_class = getattr(clients, f"{product.capitalize()}Client")
        config = Config(scheme="http", domain=ready["endpoint"], rate_limit_max_retries=0)
        self.client = client_class(credential, config)
        self.status_field = "status" if product == "zec" else "instanceStatus"

    def call(self, action, **fields):
        request = getattr(self.models, f"{action}Request")()
        for name, value in fields.items():
            setattr(request, name, value)
        return getattr(self.client, action)(request)

    def states(self, **fields):
        answer = self.call("DescribeInstances", **fields)
        rows = answer.dataSet or []
        return {row.instanceId: getattr(row, self.status_field) for row in rows}, answer

    def code_of(self, action, **fields):
        try:
            self.call(action, **fields)
        except ZenlayerCloudSdkException as error:
            return error.code
        return None


def ids_of(product, first, last):
    digit = {"vm": 1, "bmc": 2, "zec": 3}[product]
    return [f"{digit}{number:012d}" for number in range(first, last + 1)]


def try_bin_product(simulator, sdk, product):
    """vm and bmc: 120 in the bin, 3 running."""
    binned, running = ids_of(product, 1, 120), ids_of(product, 121, 123)

    states, answer = sdk.states()
    check(answer.totalCount == 123 and len(states) == 20, "20 rows of 123 without a page size")
    states, _ = sdk.states(pageSize=1000)
    check([states[i] for i in binned + running] == ["RECYCLE"] * 120 + ["RUNNING"] * 3, "the states")
    states, _ = sdk.states(pageNum=2, pageSize=100)
    check(list(states) == (binned + running)[100:], "the second page")
    states, _ = sdk.states(instanceStatus="RUNNING")
    check(list(states) == running, "the status filter")
    states, _ = sdk.states(instanceName=f"{product}-00012*")
    check(list(states) == ids_of(product, 120, 123), "the fuzzy name filter")

    check(sdk.code_of("ReleaseInstances", instanceIds=running[:1]) == "OPERATION_DENIED_INSTANCE_NOT_RECYCLED",
          "a running instance is refused")
    check(sdk.code_of("ReleaseInstances", instanceIds=binned[:1] + ["4711"]) == "INVALID_INSTANCE_NOT_FOUND",
          "an unknown one refuses the batch")
    check(sdk.code_of("ReleaseInstances", instanceIds=binned[:101]) == "INVALID_PARAMETER_EXCEED_LENGTH", "101 ids")
    check(sdk.code_of("ReleaseInstances") == "MISSING_PARAMETER", "no ids")
    check(simulator.page("ledger")["destroyed"] == 0, "nothing of all that was destroyed")

    sdk.call("TerminateInstance", instanceId=running[0])
    states, _ = sdk.states(instanceIds=running[:1])
    check(states == {running[0]: "RECYCLE"}, "terminated means in the bin")
    check(sdk.code_of("TerminateInstance", instanceId=running[0]) == "OPERATION_DENIED_INSTANCE_RECYCLED",
          "terminated twice")

    answer = sdk.call("ReleaseInstances", instanceIds=binned[:99] + running[:1])
    check(answer.requestId.startswith("T") and len(answer.requestId) == 37, "a request id")
    ledger = simulator.page("ledger")
    released = [entry["instance_id"] for entry in ledger["entries"]]
    check(released == binned[:99] + running[:1], "exactly these were destroyed")
    check({entry["request_id"] for entry in ledger["entries"]} == {answer.requestId}, "by that request")
    states, answer = sdk.states(instanceIds=binned[:99] + running[:1], pageSize=100)
    check(answer.totalCount == 0 and not states, "and are gone")


def try_zec(simulator, sdk, version):
    """zec: no bin, live instances go, failures are in the list of a 200."""
    binned, running = ids_of("zec", 1, 120), ids_of("zec", 121, 123)
    states, answer = sdk.states(pageSize=200)
    check(answer.totalCount == 123 and states[running[0]] == "RUNNING", "the states")
    answer = sdk.call("ReleaseInstances", instanceIds=[binned[0], running[0], "4711"])
    check(answer.instanceIds == ["4711"], "the unknown one is in the failed list")
    ledger = simulator.page("ledger")
    check([entry["instance_id"] for entry in ledger["entries"]] == [binned[0], running[0]], "the others are gone")
    check(all(entry["depend_resource"] for entry in ledger["entries"]), "dependResource is true unless given")
    if version == "v20250901":
        sdk.call("ReleaseInstances", instanceIds=running[1:2], dependResource=False)
        last = simulator.page("ledger")["entries"][-1]
        check(last["instance_id"] == running[1] and not last["depend_resource"], "dependResource false is kept")
    states, _ = sdk.states(status="RUNNING")
    check(running[2] in states and running[0] not in states, "the status filter")


def try_wrong_credentials(ready):
    sdk = Sdk("vm", "v20260401", ready, Credential(ready["access_key_id"], "wrong"))
    check(sdk.code_of("DescribeInstances") == "AUTHFAILURE_SIGNATURE_FAILURE", "a wrong password")
    sdk = Sdk("vm", "v20260401", ready, TokenCredential("wrong"))
    check(sdk.code_of("DescribeInstances") == "AUTHFAILURE_INVALID_AUTHORIZATION", "a wrong token")


def try_one(program, product, version, kind):
    flags = ["--product", product, "--recycled", "120", "--running", "3"]
    with Simulator(program, *flags) as simulator:
        ready = simulator.ready
        if kind == "token":
            credential = TokenCredential(ready["token"])
        else:
            credential = Credential(ready["access_key_id"], ready["access_key_password"])
        sdk = Sdk(product, version, ready, credential)
        if product == "zec":
            try_zec(simulator, sdk, version)
        else:
            try_bin_product(simulator, sdk, product)
        auths = {entry["auth"] for entry in simulator.page("requests")["requests"]}
        check(auths == {"bearer" if kind == "token" else "hmac"}, "authorised as asked")
        try_wrong_credentials(ready)
        print(f"ok {product} {version} {kind}")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: vendor_python.py PATH-OF-ZENLAYER-SIM")
    for product, versions in VERSIONS.items():
        for version in versions:
            for kind in ("key", "token"):
                try_one(sys.argv[1], product, version, kind)
    print(f"{checks} checks passed")


if __name__ == "__main__":
    main()
