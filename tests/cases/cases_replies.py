"""Cases 22 to 27, 38 and 43: answers that are broken, foreign, hostile or new."""

import base64
import json
import os
import random
import re

from base import RELEASE, FaultCase, by_outcome, codes, on_read, on_release, outcomes
from proxy import FixedServer

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
GOOD = '{"requestId":"{{requestId}}","response":{"requestId":"{{requestId}}"}}'
SAMPLES = """empty null array string number text spaces half trailing two_objects nul nul_after invalid_utf8
 lone_surrogate duplicate_keys no_response null_response array_response text_response no_request_id
 empty_request_id number_request_id other_request_id deep""".split()


class ReplyCase(FaultCase):
    def settled(self, rules, sent_with_effect=1, wait=15, **how):
        """Each rule with effect and without: an answer that says nothing is settled by reads."""
        both = {}
        for name, rule in rules.items():
            both[name + " with effect"] = {**rule, "effect": True}
            both[name + " without effect"] = {**rule, "effect": False}
        sim, plugin, ids, reports = self.one_each(both, wait=wait, **how)
        for name, report in reports.items():
            with self.subTest(name):
                self.assertEqual(self.only(report), "released", report)
                times = sim.submissions()[ids[name]]
                self.assertEqual(times, sent_with_effect if name.endswith("with effect") else 2)
        return sim, plugin, reports

    def refused_alone(self, rule, code=None, count=1):
        """Not accepted, never told as done, and not sent again; afterwards all is well."""
        sim, plugin, ids, report = self.once(on_release(**rule), count=count, released=False)
        self.assertEqual(set(outcomes(report).values()), {"refused"}, report)
        if code:
            self.assertEqual({c for i in ids for c in codes(report, i)}, {code}, report.diagnostics)
        return sim, plugin, ids, report


class Case22_MalformedJson(ReplyCase):
    """Malformed or truncated JSON, wrong type, duplicate keys, NUL, deep nesting, invalid UTF-8

    Unknown: a strict, bounded parser accepts none of it, and a read settles it.
    """

    def test_the_corpus(self):
        self.settled({name: {"do": "body", "sample": name} for name in SAMPLES})

    def test_the_corpus_as_the_answer_to_a_read(self):
        def one(name):
            self.once(on_read("body", sample=name, count=2))
        self.parallel(one, SAMPLES + ["wrong_types", "wrong_rows"])

    def test_bytes_changed_at_random(self):
        dice, rules = random.Random(22), {}
        for n in range(48):
            data = bytearray(GOOD.replace("{{requestId}}", "T1").encode())
            for _ in range(dice.randint(1, 3)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            rules[f"n {n} {bytes(data)!r}"] = {"do": "body", "base64": base64.b64encode(data).decode(),
                                               "effect": n % 2 == 0}
        self.none_lies(rules)

    def test_cut_and_spliced_at_random(self):
        dice, rules = random.Random(2222), {}
        text = GOOD.replace("{{requestId}}", "T1")
        for n in range(32):
            a, b = sorted(dice.sample(range(len(text)), 2))
            rules[f"n {n}"] = {"do": "body", "text": text[:a] + text[b:], "effect": n % 2 == 0}
        self.none_lies(rules)

    def none_lies(self, rules):
        """Some of these may be good answers still, and an order that was accepted is not sent again: so the
        outcome is one of two, and the judge compares it with the ledger."""
        _, _, _, reports = self.one_each(rules, wait=3)
        for name, report in reports.items():
            with self.subTest(name):
                self.assertIn(self.only(report), ("released", "accepted"))
                self.assertTrue(self.only(report) == "released" or not rules[name]["effect"])


class Case23_ErrorUnder200(ReplyCase):
    """200 with an error body

    Not success: a read settles it, and its code is in the message when the instance is still there.
    """

    LATE = ["REQUEST_TIMED_OUT", "INVALID_OPERATION_TIMEOUT"]

    def documented(self):
        with open(os.path.join(ROOT, "plugin/zenlayer/service_codes.def"), encoding="utf-8") as file:
            found = re.findall(r"^ZR_SERVICE_CODE\((\w+)", file.read(), re.M)
        self.assertGreater(len(found), 30)
        return found

    def test_each_documented_code_with_effect(self):
        rules = {code: {"do": "error_in_200", "code": code, "effect": True}
                 for code in self.documented()}
        sim, _, _, reports = self.one_each(rules, wait=10)
        self.assertEqual({n: self.only(r) for n, r in reports.items()}, dict.fromkeys(rules, "released"))
        self.assertEqual(set(sim.submissions().values()), {1})

    def test_each_documented_code_for_ever_and_no_effect(self):
        self.for_ever([c for c in self.documented() if c not in self.LATE], wait=1)

    def test_a_code_that_may_still_take_effect_is_watched_for_30_s(self):
        self.for_ever(self.LATE, wait=32)

    def for_ever(self, chosen, wait):
        rules = {code: {"do": "error_in_200", "code": code, "match": {"count": 99}}
                 for code in chosen}
        sim, plugin, ids, reports = self.one_each(rules, wait=wait)
        for code, report in reports.items():
            with self.subTest(code):
                self.assertEqual(self.only(report), "refused")
                self.assertEqual({d.service_code for d in report.diagnostics}, {code})
        self.assertLessEqual(max(sim.submissions().values()), 4)
        self.resume(sim, plugin, list(ids.values()))


class Case24_EmptyOrOther200(ReplyCase):
    """200 empty, null, array, other content type

    Unknown, and settled by a read.
    """

    def test_empty_null_array_text(self):
        self.settled({
            "empty": {"do": "body", "text": ""},
            "blank": {"do": "body", "text": "  \r\n"},
            "null": {"do": "body", "json": None},
            "array": {"do": "body", "json": []},
            "empty object": {"do": "body", "json": {}},
            "true": {"do": "body", "json": True},
            "text": {"do": "body", "json": "OK"},
        })

    def test_other_content_types(self):
        types = ["text/html", "text/plain; charset=utf-8", "application/xml", "application/octet-stream",
                 "multipart/form-data; boundary=x", "application/grpc"]
        self.settled({t: {"do": "body", "content_type": t, "text": GOOD} for t in types})

    def test_the_service_s_own_content_types_are_no_fault(self):
        types = ["application/json", "application/json;charset=UTF-8", "Application/JSON; charset=utf-8",
                 "application/problem+json", ""]
        rules = {t or "none": {"do": "body", "content_type": t, "text": GOOD, "effect": True}
                 for t in types}
        sim, _, _, reports = self.one_each(rules)
        self.assertEqual({self.only(r) for r in reports.values()}, {"released"})
        for name, report in reports.items():
            self.assertTrue(report.results[0].release_request_id, name)
        del sim


class Case25_Other2xx(ReplyCase):
    """201, 202, 204 or any other 2xx

    Unknown, and settled by a read.
    """

    def test_each(self):
        self.settled({str(status): {"do": "body", "status": status, "text": GOOD}
                      for status in (201, 202, 203, 205, 206, 207, 208, 226, 250, 299)})

    def test_204_without_a_body(self):
        self.settled({"204": {"do": "status", "status": 204}})


class Case26_Redirect(ReplyCase):
    """Redirect 301 to 308

    Never followed: an error that names the target host; nothing is sent again, credentials never go elsewhere.
    """

    CODES = (300, 301, 302, 303, 304, 305, 307, 308)

    def redirected(self, location, named):
        def one(status):
            rule = {"do": "redirect", "status": status, **({"location": location} if location else {})}
            sim, _, _, report = self.refused_alone(rule, "REDIRECTED")
            self.assertEqual(sim.count(RELEASE), 2)
            self.assertIn(named, report.diagnostics[0].detail)
        self.parallel(one, self.CODES)

    def test_the_same_host(self):
        self.redirected(None, "same host")

    def test_another_host(self):
        other = FixedServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        self.addCleanup(other.stop)
        self.redirected(f"http://{other.address}/api/v2/vm", other.address)
        self.assertEqual((other.accepted, other.heard), (0, []), "it was followed")

    def test_user_and_path_of_the_target_are_not_told(self):
        _, _, _, report = self.refused_alone(
            {"do": "redirect", "location": "https://user:secret@elsewhere.example/path?token=x"})
        self.assertIn("elsewhere.example", report.diagnostics[0].detail)
        for part in ("secret", "token", "/path"):
            self.assertNotIn(part, str(report))

    def test_a_loop(self):
        sim, plugin, ids, report = self.once(
            [on_release("redirect", location="/api/v2/vm"), on_read("redirect", nth=9)][:1],
            released=False)
        self.assertEqual(set(outcomes(report).values()), {"refused"})
        self.assertEqual(sim.count(RELEASE), 2)
        self.resume(sim, plugin, ids)

    def test_reads_are_not_followed_either(self):
        other = FixedServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        self.addCleanup(other.stop)
        sim, _, _, report = self.once(on_read("redirect", location=f"http://{other.address}/"),
                                      released=False)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertEqual((other.accepted, sim.count(RELEASE)), (0, 1))

    def test_with_effect_it_is_told_as_released(self):
        for status in (301, 307):
            sim, _, ids, _ = self.once(on_release("redirect", status=status, effect=True))
            self.assertEqual({sim.submissions()[i] for i in ids}, {1})


class Case27_ForeignPages(ReplyCase):
    """HTML from a proxy, captive portal, challenge, 451

    A challenge or a block stops the account with a clear message and no loop; the others are settled by a read. A
    page is never in the log.
    """

    WORD = "Zqxj-page"

    def page(self, status, with_effect):
        text = f"<html><body><h1>{self.WORD}</h1>\x01\x1b[31m{'x' * 3000}</body></html>"
        sim, plugin, ids, report = self.once(
            on_release("html", page="gateway", status=status, text=text, effect=with_effect, count=1),
            count=3)
        self.assertEqual({sim.submissions()[i] for i in ids}, {1 if with_effect else 2})
        plugin.stop()

    def no_page_in(self, plugin, report):
        for text in (plugin.errors(), str(report)):
            self.assertNotIn(self.WORD, text)
            self.assertLess(max(map(len, text.splitlines()), default=0), 1500)

    def test_pages_under_200_502_503(self):
        for with_effect in (True, False):
            self.parallel(lambda status, e=with_effect: self.page(status, e), (200, 502, 503))

    def stopped(self, kind, status, word):
        text = f"<html><title>{self.WORD}</title>{'y' * 3000}</html>"
        sim, plugin = self.world("--recycled", "2000", "--latency-ms", "50",
                                 arguments=("--log-level", "trace"))
        ids = sim.ids()
        sim.fault({"do": "html", "page": kind, "status": status, "text": text,
                   "match": {"action": RELEASE, "from": 3}})
        report = plugin.release(ids, timeout=60, wait=8)
        found = self.judge(sim, ids, report)
        self.assertTrue(found.get("refused") and found.get("not_attempted"), found.keys())
        self.assertEqual({c for i in found["not_attempted"] for c in codes(report, i)}, {"BLOCKED"})
        self.assertLess(sim.count(RELEASE), 20, "a loop of refusals")
        detail = next(d.detail for d in report.diagnostics if d.code == "BLOCKED")
        self.assertIn(word, detail)
        self.no_page_in(plugin, report)
        self.resume(sim, plugin, ids)

    def test_challenge_403(self):
        self.stopped("challenge", 403, "403")

    def test_blocked_451(self):
        self.stopped("block", 451, "451")

    def test_proxy_407(self):
        self.stopped("proxy", 407, "407")

    def test_captive_portal_in_place_of_every_answer(self):
        sim, plugin, ids, report = self.once(
            {"do": "html", "page": "captive", "text": self.WORD}, released=False)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.no_page_in(plugin, report)
        self.resume(sim, plugin, ids)

    def test_a_plain_403_page_is_settled(self):
        sim, _, ids, report = self.once(on_release("status", status=403, body="html", count=1),
                                        released=False, wait=15)
        self.assertLessEqual(set(by_outcome(report)), {"released", "refused"})
        self.assertLessEqual(max(sim.submissions()[i] for i in ids), 2)


class Case38_HostileReplies(ReplyCase):
    """Slow-loris reply, endless headers, huge body, compressed bomb

    Unknown: a minimum rate, a deadline and caps on head, body and compression end it; memory stays small.
    """

    def hostile(self, rule, most_mib=48):
        def one(effect):
            sim, plugin, ids, _ = self.once(on_release(**rule, effect=effect, count=1), wait=20)
            self.assertEqual({sim.submissions()[i] for i in ids}, {1 if effect else 2})
            self.assert_memory(plugin.peak_memory_kib(), most_mib * 1024)
        self.parallel(one, (True, False))

    def test_slow_loris_one_byte_a_second(self):
        self.hostile({"do": "drip", "bytes": 1, "interval_ms": 1000})

    def test_body_of_1_gib(self):
        self.hostile({"do": "huge_body", "bytes": 1 << 30})

    def test_body_of_1_gib_without_a_length(self):
        self.hostile({"do": "huge_body", "bytes": 1 << 30, "no_length": True})

    def test_ten_thousand_headers(self):
        self.hostile({"do": "endless_headers", "lines": 10000})

    def test_headers_without_end(self):
        self.hostile({"do": "endless_headers", "lines": 0})

    def test_gzip_bomb(self):
        self.hostile({"do": "gzip_bomb", "bytes": 256 << 20})

    def test_as_the_answer_to_reads(self):
        rules = [on_read("huge_body", bytes=1 << 30, count=1), on_read("gzip_bomb", count=1),
                 on_read("endless_headers", lines=0, count=1),
                 on_read("drip", bytes=1, interval_ms=1000, count=1)]
        self.parallel(lambda rule: self.once(rule, wait=20), rules)


class Case43_UnknownCodes(ReplyCase):
    """Unknown error code or changed spelling

    Conservative: not sent again, the outcome by a read, the code shown as it came.
    """

    INVENTED = ["SOMETHING_QUITE_NEW", "INSTANCE_IS_LOCKED_BY_LEGAL_HOLD", "x", "E4711",
                "OPERATION_DENIED_FOR_NO_REASON"]
    DOTTED = {"Invalid.Instance.Not.Found": 404, "InvalidInstance.NotFound": 404,
              "invalid_instance_not_found": 404, "OPERATION.DENIED.INSTANCE.NOT.RECYCLED": 403}

    def refused(self, code, status):
        sim, plugin, ids, report = self.refused_alone(
            {"do": "error", "code": code, "status": status}, count=1)
        self.assertEqual({d.service_code for d in report.diagnostics}, {code})
        self.assertEqual({d.http_status for d in report.diagnostics}, {status})
        self.assertEqual(sim.submissions()[ids[0]], 1, "an unknown refusal was sent again")
        self.resume(sim, plugin, ids)

    def test_invented_codes(self):
        self.parallel(lambda code: self.refused(code, 400), self.INVENTED)

    def test_invented_codes_under_403_404_409_422(self):
        self.parallel(lambda status: self.refused("SOMETHING_QUITE_NEW", status), (403, 404, 409, 422))

    def test_dotted_and_lower_case_spelling(self):
        def one(code):
            sim, plugin, ids, report = self.once(
                on_release("error", code=code, status=self.DOTTED[code]), count=1, released=False)
            self.assertIn(self.only(report), ("refused", "not_recycled"))
            self.assertEqual({d.service_code for d in report.diagnostics}, {code})
            self.assertLessEqual(sim.submissions()[ids[0]], 2)
            self.resume(sim, plugin, ids)
        self.parallel(one, self.DOTTED)

    def test_with_effect(self):
        rules = {code: {"do": "error", "code": code, "status": 400, "effect": True}
                 for code in self.INVENTED}
        _, _, _, reports = self.one_each(rules)
        self.assertLessEqual({self.only(r) for r in reports.values()}, {"released", "already_gone"})

    def test_one_among_a_hundred(self):
        sim, plugin = self.world("--recycled", "100")
        ids = sim.ids()
        sim.fault(on_release("error", code="SOMETHING_QUITE_NEW", status=403, containing=[ids[41]]))
        report = plugin.release(ids, timeout=120)
        found = self.judge(sim, ids, report)
        self.assertEqual(found["refused"], [ids[41]])
        self.assertEqual(len(found["released"]), 99)

    def test_as_json_that_the_service_never_sends(self):
        odd = {"code": "NEW", "message": None, "requestId": "T1", "extra": {"deep": [1, 2]}}
        sim, _, ids, report = self.once(
            on_release("body", status=418, text=json.dumps(odd)), count=2, released=False)
        self.assertEqual(set(outcomes(report).values()), {"refused"})
        self.assertLess(sim.submissions()[ids[0]], 3)
