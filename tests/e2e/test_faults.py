"""Every fault the simulator can script, with effect and without: the report stays honest.

Each case has a plugin and a simulator of its own. They wait far more than they work, so all of them
run at once, a few at a time, and each test then looks at what became of its own.
"""

import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc

from harness import truth
from harness.plugin import Plugin, by_outcome, make_request
from harness.process import SLOW, WHOLE, wait_until
from harness.simulator import Simulator

READ, RELEASE = "DescribeInstances", "ReleaseInstances"


# name: (rule, must every id be released in the end when the fault strikes once and had no effect?)
# What was accepted is not sent again, so an acceptance without effect does not heal; nor does a plain
# refusal. With effect, every id must be reported gone.
REPLIES = {
    "drop": ({"do": "drop_after"}, True),
    "drop_reset": ({"do": "drop_after", "reset": True}, True),
    "reset": ({"do": "reset"}, True),
    "close_idle": ({"do": "close_idle"}, True),
    "hang": ({"do": "hang"}, True),
    "status_500": ({"do": "status", "status": 500}, True),
    "status_502_html": ({"do": "status", "status": 502, "body": "html"}, True),
    "status_503_empty": ({"do": "status", "status": 503, "body": "empty"}, True),
    "status_504": ({"do": "status", "status": 504}, True),
    "status_201": ({"do": "status", "status": 201}, True),
    "status_202": ({"do": "status", "status": 202}, True),
    "status_204": ({"do": "status", "status": 204, "body": "empty"}, True),
    "status_206": ({"do": "status", "status": 206}, True),
    "status_400": ({"do": "status", "status": 400}, False),
    "status_401": ({"do": "status", "status": 401}, False),
    "status_403_html": ({"do": "status", "status": 403, "body": "html"}, False),
    "status_404_empty": ({"do": "status", "status": 404, "body": "empty"}, False),
    "status_407": ({"do": "status", "status": 407, "body": "html"}, False),
    "status_451": ({"do": "status", "status": 451}, False),
    "status_599": ({"do": "status", "status": 599}, True),
    "error_not_found": ({"do": "error", "status": 404, "code": "INVALID_INSTANCE_NOT_FOUND"}, False),
    "error_not_recycled": ({"do": "error", "status": 403,
                            "code": "OPERATION_DENIED_INSTANCE_NOT_RECYCLED"}, False),
    "error_invented": ({"do": "error", "status": 400, "code": "SOMETHING_QUITE_NEW"}, False),
    "error_dotted": ({"do": "error", "status": 404, "code": "Invalid.Instance.Not.Found"}, False),
    "error_internal": ({"do": "error", "status": 500, "code": "INTERNAL_SERVER_ERROR"}, True),
    "error_timed_out": ({"do": "error", "status": 504, "code": "REQUEST_TIMED_OUT"}, True),
    "error_unauthorized": ({"do": "error", "status": 403,
                            "code": "AUTHFAILURE_UNAUTHORIZED_OPERATION"}, False),
    "error_expired": ({"do": "error", "status": 401, "code": "AUTHFAILURE_SIGNATURE_EXPIRED"}, False),
    "error_parameter": ({"do": "error", "status": 400, "code": "INVALID_PARAMETER_VALUE"}, False),
    "throttle": ({"do": "throttle"}, True),
    "throttle_html": ({"do": "status", "status": 429, "body": "html"}, True),
    "error_in_200": ({"do": "error_in_200", "code": "INVALID_INSTANCE_NOT_FOUND"}, False),
    "error_in_200_internal": ({"do": "error_in_200", "code": "INTERNAL_SERVER_ERROR"}, True),
    "html_gateway_200": ({"do": "html", "status": 200, "page": "gateway"}, True),
    "html_gateway_502": ({"do": "html", "status": 502, "page": "gateway"}, True),
    "html_challenge": ({"do": "html", "status": 403, "page": "challenge"}, False),
    "html_block": ({"do": "html", "status": 451, "page": "block"}, False),
    "html_captive": ({"do": "html", "status": 200, "page": "captive"}, True),
    "html_proxy": ({"do": "html", "status": 407, "page": "proxy"}, False),
    "redirect_301": ({"do": "redirect", "status": 301}, False),
    "redirect_302": ({"do": "redirect", "status": 302}, False),
    "redirect_303": ({"do": "redirect", "status": 303}, False),
    "redirect_307": ({"do": "redirect", "status": 307}, False),
    "redirect_308": ({"do": "redirect", "status": 308}, False),
    "body_empty": ({"do": "body", "text": ""}, True),
    "body_null": ({"do": "body", "json": None}, True),
    "body_array": ({"do": "body", "json": []}, True),
    "body_text": ({"do": "body", "text": "OK"}, True),
    "body_wrong_types": ({"do": "body", "json": {"requestId": 7, "response": {"requestId": []}}}, True),
    "body_no_request_id": ({"do": "body", "json": {"response": {}}}, True),
    "body_two_request_ids": ({"do": "body", "json": {"requestId": "TA",
                                                     "response": {"requestId": "TB"}}}, True),
    "body_no_utf8": ({"do": "body", "base64": "eyJyZXF1ZXN0SWQiOiL//v8ifQ=="}, True),
    "body_nul": ({"do": "body", "base64": "eyJyZXF1ZXN0SWQiOiJhAGIifQ=="}, True),
    "body_deep": ({"do": "body", "text": "[" * 100000}, True),
    "body_duplicate_keys": ({"do": "body", "text": '{"requestId":"T1","requestId":"T2",'
                             '"response":{"requestId":"T1"},"response":{"requestId":"T2"}}'}, True),
    "raw_no_http": ({"do": "raw", "text": "SSH-2.0-OpenSSH_9.2\r\n"}, True),
    "raw_http_09": ({"do": "raw", "text": "<html>hello</html>"}, True),
    "raw_two_lengths": ({"do": "raw", "text": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                         "Content-Length: 3\r\n\r\n{}x"}, True),
    "raw_bad_chunk": ({"do": "raw", "text": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "zz\r\n{}\r\n0\r\n\r\n"}, True),
    "truncate_status": ({"do": "truncate", "bytes": 5, "of": "status"}, True),
    "truncate_headers": ({"do": "truncate", "bytes": 20, "of": "headers"}, True),
    "truncate_body": ({"do": "truncate", "bytes": 9, "of": "body"}, True),
    "truncate_body_reset": ({"do": "truncate", "bytes": 1, "of": "body", "reset": True}, True),
    "drip": ({"do": "drip", "bytes": 1, "interval_ms": 5}, False),
    "delay": ({"do": "delay", "delay_ms": 1500}, False),
    "early_103": ({"do": "early_103", "count": 3}, False),
    "endless_headers": ({"do": "endless_headers", "lines": 20000}, True),
    "huge_body": ({"do": "huge_body", "bytes": 1 << 30}, True),
    "huge_body_no_length": ({"do": "huge_body", "bytes": 1 << 30, "no_length": True}, True),
    "gzip_bomb": ({"do": "gzip_bomb", "bytes": 1 << 26}, True),
}
# A refusal of authorisation hides what is there: absent afterwards is said to be refused and no longer
# visible (NOT_VISIBLE), which claims nothing about the instance.
HIDING = ("error_unauthorized", "error_expired", "status_401")
# Faults that have one effect only, or a partial one. None: gone in the end, whoever did it.
SPECIAL = {
    "drop_before": ({"do": "drop_before"}, True),
    "drop_before_reset": ({"do": "drop_before", "reset": True}, True),
    "drop_after_10_bytes": ({"do": "drop_before", "after_bytes": 10, "reset": True}, True),
    "partial_200": ({"do": "partial", "first": 4}, False),
    "partial_random_500": ({"do": "partial", "random": 5, "status": 500,
                            "code": "INTERNAL_SERVER_ERROR"}, True),
    "partial_404": ({"do": "partial", "first": 3, "status": 404,
                     "code": "INVALID_INSTANCE_NOT_FOUND"}, False),
    "first_then_drop": ({"do": "drop_after", "first": 6}, True),
    "first_then_502": ({"do": "status", "status": 502, "first": 2}, True),
    "effect_late_and_200": ({"do": "effect_later", "effect_later_ms": 1500}, True),
    "effect_late_and_drop": ({"do": "drop_after", "effect_later_ms": 1500}, True),
    "effect_late_and_504": ({"do": "status", "status": 504, "effect": True,
                             "effect_later_ms": 1500}, True),
    "delivered_twice": ({"do": "twice"}, None),
}
# Reads that lie, or fail. Twice at most, unless said otherwise.
READS = {
    "drop": {"do": "drop_after"},
    "reset": {"do": "reset"},
    "hang": {"do": "hang"},
    "status_500": {"do": "status", "status": 500},
    "status_403_html": {"do": "status", "status": 403, "body": "html"},
    "html_200": {"do": "html", "status": 200, "page": "captive"},
    "body_empty": {"do": "body", "text": ""},
    "body_no_rows": {"do": "body", "json": {"requestId": "T1", "response": {"requestId": "T1"}}},
    "body_rows_no_list": {"do": "body", "json": {"requestId": "T1", "response": {
        "requestId": "T1", "totalCount": 0, "dataSet": {}}}},
    "body_fewer_rows_than_total": {"do": "rows", "drop": 3},
    "rows_total_too_small": {"do": "rows", "total": 1},
    "rows_total_grows": {"do": "rows", "total_delta": 5},
    "rows_repeated": {"do": "rows", "repeat": 2},
    "truncate": {"do": "truncate", "bytes": 100, "of": "body"},
    "throttle": {"do": "throttle"},
    "not_found": {"do": "error", "status": 404, "code": "INVALID_INSTANCE_NOT_FOUND"},
    "unauthorized": {"do": "error", "status": 403, "code": "AUTHFAILURE_UNAUTHORIZED_OPERATION"},
    "redirect": {"do": "redirect", "status": 302},
    "huge_body": {"do": "huge_body", "bytes": 1 << 30},
}
SHORT = ("drop", "hang", "status_500", "body_", "raw_", "truncate", "html_", "partial",
         "gzip", "huge", "twice", "error_not_found")


def judge(sim, ids, report, first):
    hidden = {d.instance_id for d in report.diagnostics if d.code == "NOT_VISIBLE"}
    return truth.problems(sim, ids, report, may_repeat=True, asked_before=first, hidden=hidden)


def run_once(rules, wait):
    """Ten ids under these rules: (problems, ids by outcome, how often each rule struck)."""
    sim = plugin = None
    try:
        sim = Simulator("--recycled", "12")
        plugin = Plugin(sim.environment())
        first, ids = sim.ids()[:2], sim.ids()[2:]
        plugin.release(first, wait=5)  # so that the connection under test is one that is reused
        sim.fault(*rules)
        stub = plugin.stub()
        request = make_request(ids, wait=wait, request_id="fault")
        try:
            report = stub.Release(request, timeout=20 * SLOW)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                raise
            report = stub.Release(request, timeout=60 * SLOW)
        wrong = judge(sim, ids, report, first)
        outcome = by_outcome(report)
        struck = sim.fired()
        if any("effect_later_ms" in rule for rule in rules):
            late = [i for i in ids if i in sim.submissions()]
            wait_until(lambda: sim.destroyed() >= set(late), 20, "the late effect")
            wrong += judge(sim, ids, report, first)
        return wrong, outcome, struck
    finally:
        for process in (plugin, sim):
            if process is not None:
                process.stop()


def cases():
    """name -> (rules, wait for proof, must all be released)"""
    found = {}
    for name, (rule, heals) in REPLIES.items():
        for effect in (True, False):
            suffix = "with_effect" if effect else "without_effect"
            once = {**rule, "effect": effect, "match": {"action": RELEASE, "count": 1}}
            refused = not heals or name.startswith("throttle")
            found[f"{name}_once_{suffix}"] = ([once], 4, None if effect and refused else heals)
            always = {**rule, "effect": effect, "match": {"action": RELEASE}}
            found[f"{name}_always_{suffix}"] = ([always], 2, False)
    for name, (rule, heals) in SPECIAL.items():
        found[f"{name}_once"] = ([{**rule, "match": {"action": RELEASE, "count": 1}}], 6, heals)
        found[f"{name}_always"] = ([{**rule, "match": {"action": RELEASE}}], 2, False)
    for name, rule in READS.items():
        for nth, when in ((1, "before"), (2, "after"), (3, "last")):
            found[f"read_{name}_{when}"] = ([{**rule, "match": {"action": READ, "nth": nth}}], 6, False)
        found[f"read_{name}_always"] = ([{**rule, "match": {"action": READ}}], 2, False)
        found[f"read_{name}_always_after_a_drop"] = (
            [{**rule, "match": {"action": READ, "from": 2}},
             {"do": "drop_after", "match": {"action": RELEASE, "count": 1}}], 2, False)
    if WHOLE:
        return found
    some = {n: c for n, c in found.items() if n.startswith(SHORT) and "_once" in n}
    print(f"SKIPPED: {len(found) - len(some)} of {len(found)} faults: tests/run.sh --tsan has them", flush=True)
    return some


CASES = cases()


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Somebody who names cases wants those only, one after the other.
        some = any(a == "-k" or a.startswith("Faults.") for a in sys.argv[1:])
        cls.pool = ThreadPoolExecutor(16 if WHOLE else 6)
        cls.runs = {} if some else {
            n: cls.pool.submit(run_once, c[0], c[1]) for n, c in sorted(CASES.items())}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(cancel_futures=True)


def add_test(name):
    def test(self):
        rules, wait, all_released = CASES[name]
        run = self.runs.get(name)
        wrong, outcome, struck = run.result() if run else run_once(rules, wait)
        found = {k: len(v) for k, v in outcome.items()}
        self.assertEqual(wrong, [], f"{found}\n" + "\n".join(wrong[:20]))
        self.assertGreater(struck[0], 0, "the fault did not strike")
        if all_released:
            self.assertEqual(found, {"released": 10})
        elif all_released is None and not name.startswith(HIDING):
            self.assertLessEqual(set(found), {"released", "already_gone"}, found)

    setattr(Faults, "test_" + name, test)


for each in CASES:
    add_test(each)


if __name__ == "__main__":
    unittest.main()
