"""Seeds for the targets that read text: replies, files, the environment, the simulator."""

import hashlib
import hmac
import json


def lines(*parts):
    return "\n".join(parts).encode() + b"\n"


def text(value):
    return json.dumps(value).encode()


# ---- the API's replies ----

HEADS = [
    b"HTTP/1.1 200 OK\r\nDate: Sun, 30 Nov 2025 12:00:00 GMT\r\nContent-Type: application/json\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nretry-after: 9\r\n\r\n"
    b"Location: trailer\r\n",
    b"HTTP/2 403 \r\ncf-mitigated: challenge\r\ncontent-encoding: gzip\r\nlocation: https://a.example/x\r\n\r\n",
    b"HTTP/1.0 200\r\n folded: x\r\nno colon\r\n: no name\r\n\r\n",
]

ROW = {"instanceId": "1234567654321", "instanceName": "n", "instanceStatus": "RECYCLE", "zoneId": "z",
       "instanceType": "t", "imageId": "m", "resourceGroupId": "g", "resourceGroupName": "G",
       "instanceChargeType": "POSTPAID", "createTime": "2025-01-01T00:00:00Z",
       "expiredTime": "2026-01-01T00:00:00Z", "publicIpAddresses": ["192.0.2.1"],
       "privateIpAddresses": ["10.0.0.1", None], "tags": {"tags": [{"key": "k", "value": "v"}, {"key": "l"}]},
       "systemDisk": {"diskId": "d"}, "dataDisks": [{"portable": True}, {"portable": False}, 1]}


def reply(*bodies, phase=3, product=0, release=False, status=200, fields=("", "", "", "", "")):
    head = bytes([phase, product | (0x80 if release else 0)]) + status.to_bytes(2, "little")
    return head + "".join(f + "\n" for f in fields).encode() + b"\0".join(bodies)


def rows(total, *data, **more):
    return text({"requestId": "T1", "response": {"requestId": "T1", "totalCount": total, "dataSet": list(data),
                                                 **more}})


REPLIES = [
    reply(rows(1, ROW)),
    reply(rows(3, ROW, {"instanceId": "i-2", "status": "RUNNING"}), rows(3, {"instanceId": "stranger"})),
    reply(rows(2, ROW), rows(2, {**ROW, "instanceStatus": "RUNNING"}), product=1),
    reply(rows(5, ROW), rows(6, ROW), product=2),
    reply(rows(1, {"instanceId": "a", "name": "z", "status": "RECYCLED", "instanceStatus": "x"}), product=2),
    reply(rows(1, {"instanceId": "a", "instanceType": {"cpu": 1}, "instanceTypeId": "b"}), product=1),
    reply(rows(0)), reply(rows(1, {"instanceId": 7})), reply(rows(1.5)), reply(rows(-1)), reply(rows(1e300)),
    reply(rows(1, dataSet=None)), reply(rows(1, [1], "x", None)),
    reply(text({"requestId": "T1", "response": {"requestId": "T1"}}), release=True),
    reply(text({"requestId": "T1", "response": {"requestId": "T1", "instanceIds": ["1", "2"]}}), release=True, product=2),
    reply(text({"requestId": "T1", "response": {"instanceIds": [1]}}), release=True, product=2),
    reply(text({"requestId": "T1", "response": {"requestId": "T2"}})),
    reply(text({"requestId": "T1", "code": "INVALID_INSTANCE_NOT_FOUND", "message": "no"}), status=404),
    reply(text({"requestId": "T1", "code": "Operation.Denied.Instance.Not.Recycled", "message": "\u202eno\x1b"}), status=403),
    reply(text({"requestId": "T1", "code": "REQUEST_LIMIT_EXCEEDED"}), status=429, fields=("7", "", "", "", "")),
    reply(text({"requestId": "T1", "code": "REQUEST_TIMED_OUT"}), status=504),
    reply(text({"requestId": "T1", "code": "AUTHFAILURE_SIGNATURE_EXPIRED"}), status=401,
          fields=("Sun, 30 Nov 2025 12:00:09 GMT", "Sun, 30 Nov 2025 12:00:00 GMT", "", "", "")),
    reply(text({"requestId": "T1", "code": "X", "message": "you sent pw-Zq7Secret"}), status=400),
    reply(text({"requestId": "pw-Zq7Secret", "code": "pw-Zq7Secret"}), status=400),
    reply(b"", status=302, fields=("", "", "", "", "https://user@pw-Zq7Secret.example/x")),
    reply(b"", status=307, fields=("", "", "", "", "/elsewhere")), reply(b"", status=308),
    reply(b"<html>", status=403, fields=("", "", "challenge", "", "")), reply(b"", status=451), reply(b"", status=407),
    reply(b"<html>", status=502), reply(b"{}", status=200, fields=("", "", "", "gzip", "")),
    reply(b'{"requestId":"T","requestId":"T","response":{}}'), reply(b'{"requestId":"\\ud800","response":{}}'),
    reply(b"[" * 40 + b"]" * 40), reply(b"null"), reply(b"", phase=0), reply(b"", phase=17), reply(b"x", phase=2),
    reply(b"", phase=1 + 4 * 3),
]

TEXTS = [bytes([kind]) + value for kind, values in enumerate([
    [b"name\n[a-z]*?", b"n\xc3\xa4me\n[[:alpha:]]", b"x\n[!a", b"x\n\\", b"\n[]a]"],
    [b"plain", "\u202e\u200bx\x1b[31m\ufeff".encode(), b"\xff\xc0\x80\xed\xa0\x80", "\U0010ffff\u00e4".encode()],
    [b"Sun, 06 Nov 1994 08:49:37 GMT", b"120"],
    [b"https://Console.Zenlayer.com:443/", b"[::1]:8080", b"http://127.0.0.1:80", b"a..b", b"localhost:99999",
     b"http://[fe80::1%25eth0]", b"-a"],
    [b'"quoted"\\\n', "\u2028\U0001f600".encode(), b"\x80\xbf"],
    [b"a,b,,c", b" 123 ", b"123456789012345678", b"1234567890123456789"],
]) for value in values]

CLIENT_TEXTS = [bytes([kind]) + value for kind, values in enumerate([
    [b'{"@level":"warn","@message":"m","@module":"x","a":1,"b":"t","c":null}', b"no JSON \x1b[0m", b"{}"],
    ["\u00e4\x85\x7f".encode(), b"\xf0\x9f\x98\x80\xf0\x9f"],
    [b"1h30m", b"500ms", b"0", b"999999999999s", b"1m1h"],
]) for value in values]

# ---- files ----

TEARDOWN = {
    "$schema": "teardown-v1.json", "version": 1, "description": "d",
    "policy": {"max_drift_percent": 5, "keep": [{"name_pattern": "prod-*"}, {"tag": "env=prod"}]},
    "steps": [
        {"name": "web", "product": "vm", "ids": ["1234567654321", "2"], "options": {"allow_missing": True, "wait": "2m"},
         "policy": {"max_instances": 10, "max_bin_percent": 50, "min_bin_time": "1h30m",
                    "keep": [{"zone_id": "z"}, {"resource_group_id": "g"}]}},
        {"name": "net", "product": "zec", "depends_on": ["web"], "description": "e",
         "selector": {"zone": "z", "resource_group": "g", "name": "a*", "tags": {"k": "v"}, "min_bin_time": "5m"},
         "options": {"depend_resource": True}},
        {"name": "all", "product": "bmc", "selector": {"all": True}, "depends_on": ["web", "net"]},
    ],
}


def teardown(**step):
    return text({"version": 1, "steps": [{"name": "a", "product": "vm", "ids": ["1"], **step},
                                         {"name": "b", "product": "vm", "ids": ["2"], "depends_on": ["a"]}]})


TEARDOWNS = [
    text(TEARDOWN), json.dumps(TEARDOWN, indent=2).encode(), teardown(), teardown(depends_on=["b"]),
    teardown(depends_on=["a"]), teardown(ids=["2"]), teardown(ids=["1", "1", " 3", ""]), teardown(product="x"),
    teardown(name="b"), teardown(selector={"all": True}), teardown(policy={"keep": [{"name_pattern": "[a"}]}),
    teardown(options={"wait": "1x"}), b'{"version":2}', b"[]", b'{"version":1,"steps":[]}',
]

JSONS = TEARDOWNS[:1] + [
    b'{"a":[1,-2,0,true,false,null,"\\u00e4\\ud83d\\ude00\\n\\/"],"b":{"c":{}}}', b'["\\ud800"]', b"[1.5]", b"[01]",
    b'{"a":1,"a":2}', b"[" * 33, b'{"a" 1}', b"[1,]", b'"\x01"', b"  7  ", b"\xff", b'{"":[{},[]]}', b"nul",
    b"999999999999999999", b"-",
]


def plan(*entries, **head):
    first = {"type": "plan", "version": 1, "created": "2026-01-31T12:34:56.789Z", "expires": "2026-02-07T12:34:56.789Z",
             "account": "f00d", "endpoint": "https://endpoint.example", "max_drift_percent": 10,
             "steps": [plan_step("web", "vm"), plan_step("net", "zec", depends_on=["web"], selected=True,
                                                         depend_resource=True)], **head}
    body = b"".join(compact(one) + b"\n" for one in (first, *entries))
    return body + b'{"type":"end","count":%d,"sha256":"%s"}\n' % (len(entries), hashlib.sha256(body).hexdigest().encode())


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def plan_step(name, product, **more):
    return {"name": name, "product": product, "selected": False, "depends_on": [], "allow_missing": False,
            "depend_resource": False, "wait_ms": -1,
            "policy": {"max_instances": 100, "max_bin_percent": 50, "min_bin_time_ms": 3600000,
                       "keep": [{"name_pattern": "prod-*"}, {"tag": "a=b"}, {"zone_id": "z"},
                                {"resource_group_id": "g"}]}, **more}


def instance(step, identifier, **more):
    return {"type": "instance", "step": step, "id": identifier, "name": "n\u00e4me", "status": "RECYCLE", "zone_id": "z",
            "resource_group_id": "g", "charge_type": "PREPAID", "create_time": "2025-01-01T00:00:00Z",
            "expire_time": "", "tags": [{"key": "k", "value": "v"}], "public_ip_addresses": ["192.0.2.1"],
            "disk_count": 2, "undetachable_disk_count": 1, **more}


BLOCKED = {"type": "blocked", "step": "web", "id": "9", "code": "NOT_RECYCLED", "detail": "it is RUNNING"}

PLANS = [
    plan(instance("web", "1"), BLOCKED, instance("net", "2")), plan(), plan(BLOCKED),
    plan(instance("net", "2"), instance("web", "1")), plan(instance("other", "1")), plan(instance("web", "")),
    plan(created="1969-12-31T23:59:59.001Z"), plan(expires="2026-02-31T00:00:00.000Z"), plan(version=2),
    plan(steps=[]), plan(steps=[plan_step("a", "vm"), plan_step("a", "vm")]), plan(endpoint="\x07\u2028"),
    plan(steps=[plan_step("a", "vm", depends_on=["a"])]), plan(instance("web", "1", tags=[{}])),
    plan(instance("web", "1", name='"\\\u0001')), plan(instance("web", "1", disk_count=-1)),
    plan(steps=[plan_step("a", "vm", wait_ms=0, policy={"max_instances": 0, "max_bin_percent": 0,
                                                        "min_bin_time_ms": 0, "keep": []})]),
]

IDS = [b"1234567654321\n2\n# comment\n\n  # another\n3", b"1\r\n2\r\n", b" 1\n", b"1 2\n", b"a\0b\n", b"\xff\n",
       b"x" * 129 + b"\n", b"1\x0b2\n", "\u00e4\n".encode()]


def profile(credentials, config="", *env):
    return "\n".join([*env, ""]).encode() + b"\n" + (
        credentials if isinstance(credentials, bytes) else text(credentials)) + b"\0" + config.encode()


PAIR = {"access_key_id": "id", "access_key_secret": "Zq7Secret"}
PROFILES = [
    profile({"default": PAIR}), profile({"default": {"token": "Zq7Secret"}}),
    profile({"a": PAIR, "default": {}}, '{"current_profile":"a"}'), profile({"a": PAIR}, "", "PROFILE=a"),
    profile({"a": PAIR}, "", "ZENLAYER_PROFILE=b"), profile({"default": {"access_key_id": "id"}}),
    profile({"default": {**PAIR, "token": "Zq7Secret"}}), profile({"default": {"token": 7}}),
    profile({"default": {"token": "Zq7Secret \x01"}}), profile(b'{"default":{"token":"a","token":"b"}}'),
    profile(b"[1]"), profile(b'"Zq7Secret"'), profile(b""), profile({"default": PAIR}, "[]"),
    profile({}, "", "ZENLAYERCLOUD_ACCESS_KEY_ID=id", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD=Zq7Secret"),
    profile({}, "", "ZENLAYER_TOKEN=Zq7Secret"), profile({}, "", "ZENLAYER_ACCESS_KEY_ID=id"),
    profile({}, "", "ZENLAYER_ACCESS_KEY_ID=id", "ZENLAYER_ACCESS_KEY_SECRET=Zq7 Secret", "ZENLAYER_TOKEN=t"),
]

CONFIG = {"endpoint": "api.example:443", "scheme": "HTTPS", "profile": "p", "ca_file": "/ca.pem", "proxy": "none",
          "allow_plain_http": True, "http1_only": False, "calls_per_second": 2.5, "call_timeout_ms": 30000,
          "window_ms": 5, "max_concurrent_releases": 10, "max_instances": 100, "access_key_id": "id",
          "access_key_password": "Zq7Secret", "token": "Zq7Secret",
          "clients": [{"name": "spiffe://example/*", "rights": "read"}, {"name": "ci.example", "rights": "apply"}],
          "keep": [{"name_pattern": "a*"}, {"tag": "k=v"}, {"tag": "k"}, {"resource_group_id": "g"}, {"zone_id": "z"}]}
CONFIGS = [text(CONFIG)] + [text({name: value}) for name, value in CONFIG.items()] + [
    b"", b"[]", b"{}", b'{"endpoint":""}', b'{"token":7}', b'{"calls_per_second":1e999}', b'{"window_ms":1.5}',
    b'{"keep":[{"tag":"=v"}]}', b'{"keep":[]}', b'{"keep":[{"name_pattern":"[a"}]}', b'{"token":"a","token":"b"}',
    b'{"unknown":1}', b'{"endpoint":"a"} x', b'{"keep":[{"tag":"a"}],"keep":[{"tag":"b"}]}', b'{"keep":[[1]]}', b'{"clients":[]}', b'{"clients":[{"name":"a"}]}', b'{"clients":[{"name":"[a","rights":"read"}]}',
    b'{"clients":[{"name":"a","rights":"all"}]}', b'{"clients":[["a","b"]]}',
]

COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
HANDSHAKES = [
    lines(COOKIE, "5,6", "unix:/tmp/x/s", "a", "0", "") + b"0\x82\x01",
    lines("no", "5", "127.0.0.1:8080", "", "root", "tls") + b"\x30\x82\x01\x02\x03",
    lines("", " 6 ,,7", "unix:/tmp/x", "b" * 90, "no-such-group", "") + b"", lines("", "", "", "", "4294967295", ""),
]

# ---- the simulator ----


def request(action="", body=b"{}", path="/api/v2/vm", method="POST", version="2026-04-01", auth="Bearer token", extra=()):
    head = [f"{method} {path} HTTP/1.1", "Host: h", "Content-Type: application/json", f"Content-Length: {len(body)}",
            f"Authorization: {auth}", f"X-ZC-Action: {action}", f"X-ZC-Version: {version}", *extra]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def signed(body):
    headers = "content-type:application/json\nhost:h\n"
    names = "content-type;host"
    canonical = f"POST\n/\n\n{headers}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    to_sign = f"ZC2-HMAC-SHA256\n1764500000\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(b"password", to_sign.encode(), hashlib.sha256).hexdigest()
    return f"ZC2-HMAC-SHA256 Credential=key, SignedHeaders={names}, Signature={signature}"


def page(name, value=None, method="GET"):
    body = b"" if value is None else text(value)
    return request(path="/_sim/" + name, method=method, body=body)


FAULTS = [
    [{"do": "drop_before", "match": {"action": "ReleaseInstances", "nth": 1}, "reset": True, "after_bytes": 3}],
    [{"do": "status", "status": 503, "body": "json", "code": "X", "message": "m", "headers": {"A": "b"}}],
    [{"do": "error", "code": "REQUEST_LIMIT_EXCEEDED", "status": 429, "retry_after": "soon"}],
    [{"do": "html", "status": 502, "page": "proxy"}], [{"do": "redirect", "status": 307, "location": "/x"}],
    [{"do": "body", "text": "{", "content_type": "a/b"}], [{"do": "raw", "base64": "SFRUUA=="}],
    [{"do": "truncate", "bytes": 5, "of": "body"}], [{"do": "drip", "bytes": 1, "interval_ms": 5}],
    [{"do": "delay", "delay_ms": 5}], [{"do": "early_103", "count": 2}], [{"do": "endless_headers", "lines": 5}],
    [{"do": "huge_body", "bytes": 5000}], [{"do": "gzip_bomb", "bytes": 5000}], [{"do": "partial", "first": 1}],
    [{"do": "effect_later", "effect_later_ms": 5}], [{"do": "failed_ids", "ids": "all"}], [{"do": "twice"}],
    [{"do": "hide_group", "group": "g"}], [{"do": "rows", "total_delta": 1, "repeat": 1, "drop": 1, "ids": ["1"]}],
    {"seed": 7, "rules": [{"do": "throttle", "match": {"probability": 0.5, "every": 2, "count": 3, "from": 1,
                                                         "product": "vm", "key_id": "key", "containing": ["1"]}}]},
    [{"do": "hang", "match": {}}], [{"do": "accept_reset"}], [{"do": "close_idle"}], [{"do": "reset"}],
    [{"do": "error_in_200"}], [{"do": "drop_after", "random": 1}], [{"do": "body", "sample": "null"}],
]

FLEETS = [
    {"instances": [{"instanceId": "i", "product": "zec", "status": "RUNNING", "hidden": "reads", "account": 0,
                    "tags": {"k": "v"}, "instanceName": "n", "instanceChargeType": "PREPAID", "autoRenew": True,
                    "publicIpAddress": "192.0.2.1", "privateIpAddress": "10.0.0.1", "ipv6Address": "::1"}]},
    {"instances": [{"instanceId": "1", "status": "ABSENT"}, {"instanceId": "1", "status": "RECYCLE"}]},
    {"generate": [{"product": "bmc", "recycled": 2, "running": 1, "account": 0}]},
    {"accounts": [{"access_key_id": "k2", "access_key_password": "p", "token": "t", "zec_bin": True, "revoked": False}]},
    {"generate": [[1]]}, {"generate": [{"recycled": 1e300}]}, [1], [], {"instances": [[1]]}, {"accounts": [[1]]},
]

SETTINGS = [
    {"latency_ms": 1, "rate": "10/s", "burst": 2, "partial": "ok", "describe_missing": "404", "revoked": False,
     "retry_after": "5", "clock_offset_s": -5, "log_limit": 3, "ids": "strict", "duplicates": "collapse",
     "status_word": "RECYCLED", "zec_bin": True, "prepaid": "refuse", "auth_status": "403", "zec_unknown": "404"},
    {"rate": 1e400}, {"rate": "x/s"}, {"latency_ms": -1}, {"unknown": 1}, [1], {"release_ms": 5, "read_lag_ms": 5},
]

DESCRIBE = {"instanceIds": ["1", "2", "3"], "pageNum": 1, "pageSize": 100, "instanceStatus": "RECYCLE", "zoneId": "z",
            "name": "n", "instanceName": "n*", "tags": [{"key": "k", "value": "v"}], "tagKeys": ["k"],
            "publicIpAddresses": ["192.0.2.1"], "imageId": "m", "resourceGroupId": "g"}
RELEASE = request("ReleaseInstances", text({"instanceIds": ["1"]}))

SIMS = [
    request("DescribeInstances", text(DESCRIBE)), request("DescribeInstances"), RELEASE,
    request("DescribeInstancesStatus", text({"instanceIds": ["1"]})), RELEASE + RELEASE,
    request("ReleaseInstances", text({"instanceIds": ["1", "2", "9"]}), path="/api/v2/zec", version="2025-09-01"),
    request("ReleaseInstances", text({"instanceIds": ["1"], "dependResource": True}), path="/api/v2/zec", version="2024-04-01"),
    request("ReleaseInstances", text({"instanceIds": ["1", "1"]}), path="/api/v2/bmc", version="2022-11-20"),
    request("TerminateInstance", text({"instanceId": "2"})), request("TerminateInstance", text({"instanceId": "2"}), path="/api/v2/bmc", version="2026-02-01"),
    request("DescribeInstances", b"{}", auth=signed(b"{}"), extra=("X-ZC-Timestamp: 1764500000", "X-ZC-Signature-Method: ZC2-HMAC-SHA256")),
    request("ReleaseInstances", b"[]"), request("ReleaseInstances", b'{"instanceIds":"1"}'), request("Nothing"),
    request("ReleaseInstances", b"{}", auth="x"), request("ReleaseInstances", path="/x"), request(method="GET"),
    b"GET /_sim/requests?summary=1&since=%31&action=a+b HTTP/1.1\r\n\r\n", page("ledger"), page("faults"), page("settings"),
    page("fleet"), page("fleet/expire", {"instanceIds": ["1"]}, "POST"), page("nothing"), page("tls", {}, "PUT"),
    b"POST /_sim/fleet?merge=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"\x16\x03\x01",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
] + [page("faults", f, "PUT") + RELEASE + RELEASE for f in FAULTS] + [page("fleet", f, "PUT") + page("fleet") for f in FLEETS] + [
    page("settings", s, "PUT") + RELEASE for s in SETTINGS] + [page("faults", FAULTS[22], "PUT") + b"\0" + RELEASE]

SIM_FILES = [bytes([kind]) + text(value) for kind, values in enumerate([FAULTS, FLEETS, SETTINGS]) for value in values]

SIGNATURES = [
    lines(signed(b"{}"), "1764500000", "Content-Type: application/json", "Host: h", "") + b"{}",
    lines("Bearer token", "", ""), lines("Bearer a b", "", ""), lines("Basic x", "", ""),
    lines("ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type;host;x, Signature=" + "0" * 64, "1", "X: y", "") + b"b",
]

SEEDS = {
    "http_head": HEADS, "reply": REPLIES, "text": TEXTS, "client_text": CLIENT_TEXTS, "json_tree": JSONS, "teardown": TEARDOWNS, "plan": PLANS,
    "ids_file": IDS, "profile": PROFILES, "config": CONFIGS, "handshake": HANDSHAKES, "sim": SIMS, "sim_files": SIM_FILES,
    "sim_signature": SIGNATURES,
}
