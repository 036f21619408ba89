#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zenlayer-sim from outside, over real sockets, with a third implementation of the signature.

usage: check_simulator.py PATH-OF-ZENLAYER-SIM
"""
import gzip
import hashlib
import hmac
import http.client
import json
import socket
import subprocess
import sys
import time

VERSIONS = {"vm": "2026-04-01", "bmc": "2026-02-01", "zec": "2025-09-01"}


class Simulator:
    def __init__(self, *flags):
        self.process = subprocess.Popen([sys.argv[1], *flags], stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.host = self.ready["endpoint"]
        self.used = 0

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        assert self.process.wait(20) == 0, "status 0 on SIGTERM"

    def page(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.host)
        connection.request(method, "/_sim/" + path, None if body is None else json.dumps(body))
        reply = connection.getresponse()
        answer = json.loads(reply.read())
        connection.close()
        return reply.status, answer

    def put(self, path, body):
        status, answer = self.page("PUT", path, body)
        assert status == 200, answer

    def destroyed(self):
        return self.page("GET", "ledger")[1]["destroyed"]

    def fresh(self, count):
        self.used += count
        return [f"1{n:012d}" for n in range(self.used - count + 1, self.used + 1)]

    def call(self, action, params, product="vm", at=None, password=None, headers=(), connection=None, text=None):
        body = (json.dumps(params) if text is None else text).encode()
        at = str(at or int(time.time()))
        canonical = "\n".join(["POST", "/", "", "content-type:application/json", f"host:{self.host}", "",
                               "content-type;host", hashlib.sha256(body).hexdigest()])
        to_sign = f"ZC2-HMAC-SHA256\n{at}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = (password or self.ready["access_key_password"]).encode()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        fields = {
            "Host": self.host, "Content-Type": "application/json", "X-ZC-Action": action,
            "X-ZC-Version": VERSIONS[product], "X-ZC-Timestamp": at, "X-ZC-Signature-Method": "ZC2-HMAC-SHA256",
            "Authorization": f"ZC2-HMAC-SHA256 Credential={self.ready['access_key_id']}, "
                             f"SignedHeaders=content-type;host, Signature={signature}",
        }
        fields.update(dict(headers))
        connection = connection or http.client.HTTPConnection(self.host, timeout=2)
        connection.request("POST", "/api/v2/" + product, body, {k: v for k, v in fields.items() if v is not None})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()

    def code(self, *args, **named):
        status, _, body = self.call(*args, **named)
        return status, json.loads(body).get("code")

    def states(self, ids, product="vm"):
        _, _, body = self.call("DescribeInstances", {"instanceIds": ids, "pageSize": 100}, product)
        rows = json.loads(body)["response"]["dataSet"]
        return [row.get("instanceStatus", row.get("status")) for row in rows]


def same(got, expected, what):
    assert got == expected, f"{what}: {got!r} is not {expected!r}"


def test_order_of_refusals(sim):
    def code(**named):
        return sim.code("DescribeInstances", {}, **named)
    same(code(), (200, None), "a good call")
    same(code(password="x"), (401, "AUTHFAILURE_SIGNATURE_FAILURE"), "wrong password")
    same(code(headers=[("Authorization", None)]), (401, "AUTHFAILURE_INVALID_AUTHORIZATION"), "no authorization")
    same(code(headers=[("Content-Type", "text/plain")])[0], 415, "content type")
    same(code(at=int(time.time()) - 400), (401, "AUTHFAILURE_SIGNATURE_EXPIRED"), "old timestamp")
    same(code(headers=[("X-ZC-Version", None)]), (400, "MISSING_PARAMETER"), "no version")
    same(code(headers=[("X-ZC-Version", "1999-01-01")])[1], "AUTHFAILURE_UNAUTHORIZED_OPERATION", "version")
    same(sim.code("Nope", {})[1], "AUTHFAILURE_UNAUTHORIZED_OPERATION", "action")
    same(sim.code("DescribeInstancesStatus", {}, "bmc")[1], "AUTHFAILURE_UNAUTHORIZED_OPERATION", "not for bmc")
    same(code(text="[]"), (400, "INVALID_PARAMETER_TYPE"), "no object")
    same(code(headers=[("Authorization", "Bearer " + sim.ready["token"])]), (200, None), "token")


def test_clock_and_rate_and_revocation(sim):
    sim.put("settings", {"clock_offset_s": 400})
    same(sim.code("DescribeInstances", {})[1], "AUTHFAILURE_SIGNATURE_EXPIRED", "skewed")
    same(sim.code("DescribeInstances", {}, at=int(time.time()) + 400), (200, None), "corrected")
    sim.put("settings", {"clock_offset_s": 0, "rate": 1, "burst": 2, "retry_after": "soon"})
    answers = [sim.call("DescribeInstances", {}) for _ in range(3)]
    same([a[0] for a in answers], [200, 200, 429], "bucket of two")
    same(answers[2][1]["Retry-After"], "soon", "Retry-After")
    sim.put("settings", {"rate": 0, "revoked": True, "auth_status": 403})
    same(sim.code("DescribeInstances", {}), (403, "AUTHFAILURE_SIGNATURE_FAILURE"), "revoked")
    sim.put("settings", {"revoked": False, "auth_status": 401})


def test_states_and_lag(sim):
    running = ["1%012d" % (sim.bin_size + 1)]
    sim.put("settings", {"stopping_ms": 150, "recycling_ms": 150, "release_ms": 150})
    same(sim.code("TerminateInstance", {"instanceId": running[0]}), (200, None), "terminate")
    seen = []
    while seen[-1:] != ["RECYCLE"]:
        state = sim.states(running)[0]
        if seen[-1:] != [state]:
            seen.append(state)
    same(seen, ["STOPPING", "RECYCLING", "RECYCLE"], "on the way to the bin")
    same(sim.code("ReleaseInstances", {"instanceIds": running}), (200, None), "release")
    same(sim.states(running), ["RELEASING"], "releasing")
    same(sim.code("ReleaseInstances", {"instanceIds": running})[1], "OPERATION_DENIED_INSTANCE_NOT_RECYCLED", "twice")
    time.sleep(0.3)
    same(sim.states(running), [], "gone")
    sim.put("settings", {"stopping_ms": 0, "recycling_ms": 0, "release_ms": 0, "read_lag_ms": 300})
    ids = sim.fresh(1)
    same(sim.code("ReleaseInstances", {"instanceIds": ids}), (200, None), "release")
    same(sim.states(ids), ["RECYCLE"], "a lagging read")
    time.sleep(0.4)
    same(sim.states(ids), [], "has caught up")
    sim.put("settings", {"read_lag_ms": 0})


# What the client saw (a status, or the name of an exception) and how many of the ids went.
FAULTS = [
    ({"do": "drop_before"}, 2, "RemoteDisconnected", 0),
    ({"do": "drop_before", "after_bytes": 10}, 2, "RemoteDisconnected", 0),
    ({"do": "drop_before", "reset": True}, 2, "ConnectionResetError", 0),
    ({"do": "drop_after"}, 2, "RemoteDisconnected", 2),
    ({"do": "drop_after", "random": 4}, 10, "RemoteDisconnected", 4),
    ({"do": "reset", "effect": True}, 2, "ConnectionResetError", 2),
    ({"do": "close_idle"}, 2, 200, 2),
    ({"do": "hang", "effect": True}, 1, "timeout", 1),
    ({"do": "status", "status": 503}, 2, 503, 0),
    ({"do": "status", "status": 502, "body": "html", "effect": True}, 2, 502, 2),
    ({"do": "status", "status": 204, "effect": True}, 2, 204, 2),
    ({"do": "error", "status": 403, "code": "X", "effect": True}, 2, 403, 2),
    ({"do": "throttle", "retry_after": -1}, 2, 429, 0),
    ({"do": "error_in_200", "code": "X"}, 2, 200, 0),
    ({"do": "html", "page": "challenge"}, 2, 403, 0),
    ({"do": "redirect", "status": 308}, 2, 308, 0),
    ({"do": "body", "sample": "null", "effect": True}, 2, 200, 2),
    ({"do": "raw", "text": "nonsense", "effect": True}, 2, "BadStatusLine", 2),
    ({"do": "truncate", "bytes": 4}, 2, "BadStatusLine", 2),
    ({"do": "truncate", "of": "body", "bytes": 4}, 2, "IncompleteRead", 2),
    ({"do": "drip", "bytes": 90, "interval_ms": 5}, 2, 200, 2),
    ({"do": "delay", "delay_ms": 20}, 2, 200, 2),
    ({"do": "endless_headers"}, 2, "HTTPException", 2),
    ({"do": "huge_body", "bytes": 3000000}, 2, 200, 2),
    ({"do": "partial", "first": 3}, 10, 200, 3),
    ({"do": "partial", "random": 3, "status": 404, "code": "INVALID_INSTANCE_NOT_FOUND"}, 10, 404, 3),
    ({"do": "failed_ids", "ids": "all"}, 2, 200, 0),
    ({"do": "failed_ids", "ids": "all", "effect": True}, 2, 200, 2),
    ({"do": "failed_ids", "ids": "unknown"}, 2, 200, 2),
    ({"do": "twice"}, 2, 404, 2),
]


def test_faults(sim):
    for rule, count, expected, effect in FAULTS:
        sim.put("faults", [rule])
        before = sim.destroyed()
        try:
            seen = sim.call("ReleaseInstances", {"instanceIds": sim.fresh(count)})[0]
        except Exception as error:  # each is compared by name
            seen = "timeout" if isinstance(error, socket.timeout) else type(error).__name__
        same((seen, sim.destroyed() - before), (expected, effect), json.dumps(rule))
        same(sim.page("GET", "faults")[1]["counters"][0]["fired"], 0 if rule["do"] == "close_idle" else 1, "fired")
    sim.page("DELETE", "faults")


def test_effect_later(sim):
    sim.put("faults", [{"do": "effect_later", "effect_later_ms": 200}])
    before = sim.destroyed()
    same(sim.code("ReleaseInstances", {"instanceIds": sim.fresh(2)}), (200, None), "answered")
    same(sim.destroyed(), before, "not yet")
    time.sleep(0.4)
    same(sim.destroyed(), before + 2, "later")
    sim.page("DELETE", "faults")


def test_the_resend_trap(sim):
    sim.put("faults", [{"do": "close_idle", "effect": True, "match": {"action": "ReleaseInstances"}}])
    connection = http.client.HTTPConnection(sim.host, timeout=2)
    before = sim.destroyed()
    same(sim.call("DescribeInstances", {}, connection=connection)[0], 200, "first on its connection")
    try:
        sim.call("ReleaseInstances", {"instanceIds": sim.fresh(1)}, connection=connection)
        raise AssertionError("was answered")
    except http.client.RemoteDisconnected:
        pass
    same(sim.destroyed(), before + 1, "the effect")
    sim.page("DELETE", "faults")


def test_accept_reset_and_bomb(sim):
    sim.put("faults", [{"do": "accept_reset", "match": {"count": 1}}])
    try:
        sim.call("DescribeInstances", {})
        raise AssertionError("was answered")
    except ConnectionResetError:
        pass
    sim.put("faults", [{"do": "gzip_bomb", "bytes": 3000001}])
    same(len(gzip.decompress(sim.call("DescribeInstances", {})[2])), 3000001, "the bomb")
    sim.page("DELETE", "faults")


def test_pipelining_and_nonsense(sim):
    host, port = sim.host.split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"GET /_sim/settings HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"nonsense\r\n\r\n")
        received = b""
        while chunk := raw.recv(65536):
            received += chunk
    same((received.count(b"HTTP/1.1 200"), received.count(b"HTTP/1.1 400")), (3, 1), "answers")


def test_the_log_knows_no_secrets(sim):
    text = json.dumps(sim.page("GET", "requests")[1])
    for secret in ("access_key_password", "token"):
        assert sim.ready[secret] not in text, secret
    assert "Signature=" not in text and "Bearer" not in text


def test_zec_bin_account():
    with Simulator("--product", "zec", "--running", "2", "--zec-bin") as sim:
        ids = ["3%012d" % n for n in (1, 2)]
        answer = json.loads(sim.call("ReleaseInstances", {"instanceIds": ids + ["x"]}, "zec")[2])
        same(answer["response"]["instanceIds"], ["x"], "failed list")
        same((sim.states(ids, "zec"), sim.destroyed()), (["RECYCLE"] * 2, 0), "parked")
        sim.call("ReleaseInstances", {"instanceIds": ids[:1], "dependResource": False}, "zec")
        entries = sim.page("GET", "ledger")[1]["entries"]
        same([(e["instance_id"], e["depend_resource"]) for e in entries], [(ids[0], False)], "the second call")


def test_fleet_file():
    with Simulator() as sim:
        sim.put("fleet", {
            "accounts": [{"access_key_id": "two", "access_key_password": "p", "token": "t2"}],
            "generate": [{"product": "vm", "recycled": 2, "account": 1}],
            "instances": [{"instanceId": "failed", "product": "bmc", "status": "CREATE_FAILED"},
                          {"instanceId": "prepaid", "product": "bmc", "status": "RUNNING",
                           "instanceChargeType": "PREPAID"}]})
        same(sim.states(["1000000000001"]), [], "another account's")
        status, _, body = sim.call("DescribeInstances", {}, headers=[("Authorization", "Bearer t2")])
        same((status, json.loads(body)["response"]["totalCount"]), (200, 2), "its own")
        sim.put("fleet?merge=1", {"accounts": [{"access_key_id": "three", "token": "t3", "of": 1},
                                               {"access_key_id": "two", "token": "t4"}]})
        for token, status in (("t2", 401), ("t3", 200), ("t4", 200)):
            found = sim.call("DescribeInstances", {}, headers=[("Authorization", "Bearer " + token)])
            same(found[0], status, token)
            if status == 200:
                same(json.loads(found[2])["response"]["totalCount"], 2, "the same account")
        same(sim.code("TerminateInstance", {"instanceId": "failed"}, "bmc"), (200, None), "refunded")
        same([e["cause"] for e in sim.page("GET", "ledger")[1]["entries"]], ["terminate"], "at once")
        same(sim.code("TerminateInstance", {"instanceId": "prepaid"}, "bmc"), (200, None), "cancelled")
        same(sim.states(["prepaid"], "bmc"), ["RUNNING"], "until its term ends")
        same(sim.page("PUT", "fleet?merge=1", {"instances": [{"instanceId": "q", "stat": 1}]})[0], 400, "strict")
        same(sim.page("POST", "fleet/expire")[1], {"expired": 2}, "expired")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_simulator.py PATH-OF-ZENLAYER-SIM")
    shared = [test_order_of_refusals, test_clock_and_rate_and_revocation, test_states_and_lag, test_faults,
              test_effect_later, test_the_resend_trap, test_accept_reset_and_bomb, test_pipelining_and_nonsense,
              test_the_log_knows_no_secrets]
    with Simulator("--recycled", "500", "--running", "2") as sim:
        sim.bin_size = 500
        for test in shared:
            test(sim)
            print("ok", test.__name__)
    for test in (test_zec_bin_account, test_fleet_file):
        test()
        print("ok", test.__name__)


if __name__ == "__main__":
    main()
