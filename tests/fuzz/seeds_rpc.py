"""Seeds for the targets that read protobuf and msgpack."""

import json
import struct

# ---- writers ----


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def pb(*fields):
    """A message: (number, value) in order; int, str, bytes, or several of them."""
    out = b""
    for number, value in fields:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int):
                out += varint(number << 3) + varint(one)
            else:
                one = one.encode() if isinstance(one, str) else one
                out += varint(number << 3 | 2) + varint(len(one)) + one
    return out


UNKNOWN = object()


def mp(value):
    """msgpack as Terraform writes it."""
    if value is None:
        return b"\xc0"
    if value is UNKNOWN:
        return b"\xd4\x00\x00"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 128 else b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return (bytes([0xA0 | len(raw)]) if len(raw) < 32 else b"\xda" + struct.pack(">H", len(raw))) + raw
    if isinstance(value, list):
        head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + struct.pack(">H", len(value))
        return head + b"".join(map(mp, value))
    head = bytes([0x80 | len(value)]) if len(value) < 16 else b"\xde" + struct.pack(">H", len(value))
    return head + b"".join(mp(k) + mp(v) for k, v in value.items())


def record(data):
    return len(data).to_bytes(2, "little") + data


def step(kind, which=0, data=b""):
    return bytes([kind, which]) + record(data)


# ---- our service ----

DURATION = pb((1, 61), (2, 5000000))
POLICY = pb((1, 100), (2, 5), (3, 50), (4, 10), (5, [pb((1, "prod-*")), pb((2, "env=prod")), pb((3, "g")), pb((4, "z"))]),
            (6, DURATION), (7, 3))
EXPECTED = [pb((1, i), (2, "n"), (3, "z"), (4, "g"), (5, "PREPAID"), (6, "2025-01-01T00:00:00Z"),
               (7, [pb((1, "k"), (2, "v"))])) for i in ("1234567654321", "2")]


def release(*more, ids=("1234567654321", "2"), product=1):
    return pb((1, product), (2, list(ids)), *more)


RELEASES = [
    release(), release((3, 1), (4, 1), (5, "r-1"), (6, DURATION)), release((7, 1), product=3), release((8, 2), (5, "r-1")),
    release((9, POLICY), (10, EXPECTED), (5, "r-2")), release(ids=()), release(product=0), release(product=9),
    release(ids=("", " 1", "a\u00a0", "\u200b", "x" * 129, "a\x01b", "\u00e4")), pb((1, 1), (2, [b"a\0b", b"\xff"])),
    release((6, pb((1, -1)))), release((6, pb((2, 1000000000)))), release((6, pb((1, 86401)))), release((9, pb((5, [b""])))),
    release((9, pb((5, [pb((2, "=v"))]), (3, 101), (1, -1)))), release((10, EXPECTED[:1])), release((10, EXPECTED[::-1])),
    release((9, pb((5, [pb((1, "[a"))])))), release((99, 1), (98, b"unknown")), release((8, -1)), release((7, 1)),
    release(ids=("1",) * 40), b"\x0a", b"\x07\xff",
]
LISTS = [
    pb((1, 1)), pb((1, 2), (2, 50), (4, "*"), (5, "n*"), (6, "z"), (7, "g"), (8, "m"), (9, "t"), (10, ["1", "2"]),
                   (11, "192.0.2.1"), (12, [pb((1, "k"), (2, "v"))]), (13, ["k"])),
    pb((1, 3), (2, 1001)), pb((1, 3), (2, -1)), pb((1, 1), (3, "p1000000020123456789abcdef")), pb((1, 1), (12, [b""])),
    pb((1, 1), (4, "a\x01")), pb((2, 1)),
]
CANCELS = [pb((1, "r-1")), pb((1, "")), pb((1, "\u00e4")), pb((1, "x" * 129)), b""]
RECORD_QUERIES = [
    pb(), pb((1, 50), (3, "1"), (4, 1), (5, "r-1"), (6, "T1"), (7, pb((1, 1764500000))), (8, pb((1, 1764600000), (2, 5))), (9, 1), (10, 1)),
    pb((1, -1)), pb((1, 1001)), pb((2, "p1x")), pb((4, 9)), pb((9, 99)), pb((7, pb((1, -(2**62)))), (8, pb((2, -1)))), pb((3, "\x01")), pb((5, "\u00e4")),
    pb((7, pb((1, 253402300800)))), pb((8, pb((1, 2**62)))),
]
REQUESTS = [bytes([k]) + m for k, messages in ((0, RELEASES), (1, RECORD_QUERIES), (2, LISTS), (3, CANCELS)) for m in messages]

# The steps of target_service.c, and behind them the methods in the order of its table.
RUN, EVENT, FINISH, LEAVE, SENT, MORE, DRAIN, CANCEL_ALL = range(8)
RELEASE, WATCH, CANCEL, LIST, INFO, CHECK, HEALTH, V1, V1ALPHA, RECORDS, SETTLE = range(8, 19)
MOOD = b"\x18\x00"


def service(*steps, mood=MOOD):
    return mood + b"".join(steps)


QUESTIONS = [pb((3, "zenrelease/v1/release.proto")), pb((4, "zenrelease.v1.ReleaseService.Release")), pb((7, "")),
             pb((6, "zenrelease.v1.ReleaseRequest")), pb((5, pb((1, "a.b"), (2, 7)))), pb((1, "host")), pb((4, ".google.rpc.Status"))]
SERVICES = [
    service(step(RELEASE, 0, RELEASES[0]), step(RUN), step(EVENT, 1), step(FINISH)),
    service(step(WATCH, 0, RELEASES[1]), step(RUN), step(EVENT, 0), step(EVENT, 3), step(SENT), step(RUN), step(FINISH), step(SENT)),
    service(step(WATCH, 0, RELEASES[1]), step(RUN), step(LEAVE), step(RUN), step(WATCH, 0, RELEASES[1]), step(RUN),
            step(CANCEL, 0, CANCELS[0]), step(RUN), step(FINISH)),
    service(step(RELEASE, 0, RELEASES[4]), step(RELEASE, 0, release((5, "r-2"))), step(RUN), step(CANCEL_ALL), step(RUN)),
    service(step(LIST, 0, LISTS[0]), step(LIST, 0, LISTS[1]), step(RUN)), service(step(INFO)), service(step(INFO), mood=b"\x70\x00"),
    service(step(RELEASE, 0, RELEASES[0]), step(RUN), mood=b"\x70\x00"), service(step(RELEASE, 0, RELEASES[0]), step(RUN), mood=b"\x07\x00"),
    service(step(LIST, 0, LISTS[0]), mood=b"\x05\x03"), service(step(DRAIN), step(RELEASE, 0, RELEASES[0]), step(CHECK)),
    service(step(RECORDS, 0, RECORD_QUERIES[1]), step(SETTLE), step(RUN)), service(step(RECORDS), step(SETTLE), step(RUN), mood=b"\x18\x04"),
    service(step(RECORDS), step(SETTLE), step(SETTLE), step(RUN), step(LEAVE, 1), step(RUN), mood=b"\x18\x08"),
    service(step(SETTLE), step(RUN), step(DRAIN), step(CANCEL_ALL), step(RUN)),
    *[service(step(RELEASE, w, RELEASES[0]), step(RELEASE, w, release((4, 1))), step(LIST, w, LISTS[0]), step(RUN), mood=b"\x18\x10")
      for w in (0, 1, 2, 3, 16, 24, 36, 68)],
    service(step(CHECK, 0, pb((1, "plugin"))), step(CHECK, 0, pb((1, "x"))), step(HEALTH), step(HEALTH, 0, pb((1, "x"))), step(DRAIN)),
    service(*[step(RELEASE, 0, release((5, "r-%d" % i))) + step(RUN) for i in range(6)], step(FINISH), step(FINISH)),
    service(*[step(V1, 0, q) for q in QUESTIONS]), service(step(V1ALPHA, 0, QUESTIONS[2]), step(SENT), step(MORE, 0, QUESTIONS[0]),
                                                          step(SENT), step(MORE), step(RUN)),
]

# ---- Terraform ----

TIMEOUTS = {"create": None, "read": "5m", "update": None, "delete": "1h"}
PROVIDER = {"endpoint": "127.0.0.1:8080", "product": "vm", "access_key_id": "id", "access_key_password": "Zq7Secret",
            "token": None, "profile": None, "ca_file": None, "proxy": None, "allow_plain_http": False, "call_timeout": "30s",
            "calls_per_second": 2.5, "batch_window": "100ms", "wait": "60s"}
INSTANCES = {"product": "vm", "instance_ids": ["1", "2"], "on_remove": "release", "release_dependencies": None, "wait": None,
             "timeouts": TIMEOUTS}
RESULT = {"outcome": "released", "code": "", "status": "", "name": "n", "service_code": "", "request_id": "T1", "sent_at": None,
          "decided_at": None}
DOWN = {"product": "vm", "instance_ids": ["1", "2"], "release_dependencies": True, "wait": "2m", "pending_ids": [],
        "results": {"1": RESULT}, "timeouts": {"create": None, "read": None, "update": None}}
FILTERS = {"product": "zec", "status": "*", "name": "n", "zone_id": None, "resource_group_id": None, "image_id": None,
           "instance_type": None, "instance_ids": ["1"], "public_ips": None, "tags": {"k": "v"}, "tag_keys": ["k"]}
DATA = {**FILTERS, "ids": None, "instances": None, "timeouts": {"read": "1m"}}
ACTION = {"product": None, "instance_ids": ["1", "2", "3"], "allow_missing": None, "release_dependencies": None, "wait": None,
          "timeout": "1h"}
IDENTITY = {"product": "vm", "instance_ids": ["1", "2"]}


def dv(value):
    return pb((1, mp(value)))


def dj(value):
    return pb((2, json.dumps(value)))


def identity(value):
    return pb((1, dv(value)))


(METADATA, SCHEMA, IDENTITIES, CHECK_PROVIDER, CONFIGURE, STOP, CHECK_RESOURCE, CHECK_DATA, UPGRADE, UPGRADE_ID, READ, PLAN, APPLY,
 IMPORT, MOVE, READ_DATA, FUNCTIONS, CHECK_LIST, LIST_RESOURCE, CHECK_ACTION, PLAN_ACTION, INVOKE, SHUTDOWN, STDIO, BROKER,
 HEALTH_TF) = range(26)
R, T, A = "zenrelease_instances", "zenrelease_teardown", "zenrelease_release"


def change(kind, prior, planned, name=R):
    return step(kind, 0, pb((1, name), (2, dv(prior)), (3, dv(planned)), (4, dv(planned)), (5, b"p"), (8, identity(IDENTITY))))


def only(**more):
    return {**INSTANCES, **more}


def terraform(*steps, configured=1, mood=MOOD):
    return mood + bytes([configured]) + b"".join(steps)


def raw(value):
    return pb((1, json.dumps(value)))


NEW = {"product": UNKNOWN, "instance_ids": ["1", "2"], "on_remove": UNKNOWN, "release_dependencies": None, "wait": None,
       "timeouts": None}
MIXED = {**DOWN, "pending_ids": UNKNOWN, "results": UNKNOWN, "instance_ids": ["1", UNKNOWN]}
TERRAFORMS = [
    terraform(step(METADATA), step(SCHEMA), step(IDENTITIES), step(FUNCTIONS), step(STOP), step(HEALTH_TF, 0, pb((1, "plugin")))),
    terraform(step(CHECK_PROVIDER, 0, pb((1, dv(PROVIDER)))), step(CONFIGURE, 0, pb((1, "1.14.0"), (2, dv(PROVIDER)))), configured=0),
    terraform(step(CONFIGURE, 0, pb((2, dv({**PROVIDER, "endpoint": UNKNOWN, "product": "x", "wait": "never"}))))),
    terraform(step(CONFIGURE, 0, pb((2, dv({**PROVIDER, "calls_per_second": float("nan")})))), configured=0),
    terraform(step(CONFIGURE, 0, pb((2, dv({**PROVIDER, "calls_per_second": -1})))), configured=0),
    terraform(step(CHECK_RESOURCE, 0, pb((1, R), (2, dv(INSTANCES)))), step(CHECK_RESOURCE, 0, pb((1, T), (2, dv(DOWN)))),
              step(CHECK_RESOURCE, 0, pb((1, R), (2, dv(only(instance_ids=["", " 1", "1", "1", None], on_remove="x", wait="x")))))),
    terraform(step(CHECK_DATA, 0, pb((1, R), (2, dv(DATA)))), step(READ_DATA, 0, pb((1, R), (2, dv(DATA)))), mood=b"\x28\x00"),
    terraform(change(PLAN, None, NEW), change(APPLY, None, NEW), change(PLAN, INSTANCES, only(instance_ids=["2"])),
              change(APPLY, INSTANCES, only(instance_ids=["2"])), change(APPLY, INSTANCES, None)),
    terraform(change(PLAN, INSTANCES, only(product="bmc")), change(APPLY, only(on_remove="keep"), None), change(PLAN, INSTANCES, None)),
    terraform(change(PLAN, None, MIXED, T), change(APPLY, None, {**DOWN, "pending_ids": UNKNOWN, "results": UNKNOWN}, T),
              change(PLAN, DOWN, {**DOWN, "instance_ids": ["1", "2", "3"]}, T), change(APPLY, DOWN, None, T)),
    terraform(step(READ, 0, pb((1, R), (2, dv(INSTANCES)), (6, identity(IDENTITY)))), step(READ, 0, pb((1, T), (2, dv(DOWN)))), mood=b"\x98\x00"),
    terraform(step(READ, 1, pb((1, R), (2, dv(INSTANCES))))), terraform(step(READ, 0, pb((1, R), (2, dj(INSTANCES)))), mood=b"\x07\x00"),
    terraform(step(IMPORT, 0, pb((1, R), (2, "vm/1,2"))), step(IMPORT, 0, pb((1, T), (2, "zec/1"))), step(IMPORT, 0, pb((1, R), (4, identity(IDENTITY)))),
              step(IMPORT, 0, pb((1, R), (2, b"vm/\xff")))),
    terraform(step(UPGRADE, 0, pb((1, R), (3, raw(INSTANCES)))), step(UPGRADE, 0, pb((1, T), (2, 1), (3, raw({"product": 7, "x": [[]]})))),
              step(UPGRADE_ID, 0, pb((1, R), (3, raw(IDENTITY)))), step(UPGRADE, 0, pb((1, R), (3, pb((2, pb((1, "a"), (2, "b")))))))),
    terraform(step(MOVE, 0, pb((1, "registry.terraform.io/x/y"), (2, T), (4, raw(DOWN)), (5, R)))),
    terraform(step(CHECK_LIST, 0, pb((1, R), (2, dv(FILTERS)), (3, dv(True)), (4, dv(10)))),
              step(LIST_RESOURCE, 0, pb((1, R), (2, dv(FILTERS)), (3, 1), (4, 3))), mood=b"\x28\x00"),
    terraform(step(LIST_RESOURCE, 0, pb((1, R), (2, dv(FILTERS)), (4, -1))), mood=b"\x28\x03"),
    terraform(step(CHECK_ACTION, 0, pb((1, A), (2, dv(ACTION)))), step(PLAN_ACTION, 0, pb((1, A), (2, dv(ACTION)))), step(INVOKE, 0, pb((1, A), (2, dv(ACTION))))),
    terraform(step(INVOKE, 1, pb((1, A), (2, dv(ACTION))))), terraform(step(PLAN, 0, pb((1, b"\xff\x1b"))), step(INVOKE, 0, b"\xff")),
    terraform(step(SHUTDOWN), step(STDIO), step(BROKER, 0, pb((1, 7), (2, "unix"))), step(HEALTH_TF, 0, b"\xff")),
    terraform(change(APPLY, None, NEW), mood=b"\x70\x00"), terraform(change(APPLY, None, NEW), step(STOP), change(APPLY, INSTANCES, None), configured=0),
]

TYPES = ["x", 7, True, ["a"], {"k": "v"}, IDENTITY, RESULT,
         {"id": "1", "name": "n", "status": "", "zone_id": "", "instance_type": "", "image_id": "", "resource_group_id": "",
          "resource_group_name": "", "charge_type": "", "create_time": "", "expired_time": "", "public_ips": ["a"], "private_ips": [],
          "tags": {"k": "v"}, "disk_count": 1, "undetachable_disk_count": 0}, PROVIDER, INSTANCES, DOWN, DATA, FILTERS, ACTION]
NUMBERS = [-1, 2**63 - 1, 0.5, float("nan"), float("inf"), "1e3", "-0", "0x1", "1" * 40, "1e999"]
VALUES = [bytes([i, 0]) + mp(v) for i, v in enumerate(TYPES)] + [bytes([i, form]) + json.dumps(v).encode() for i, v in enumerate(TYPES) for form in (1, 3)] + [
    bytes([1, 0]) + mp(n) for n in NUMBERS] + [bytes([1, 1]) + n for n in (b"-0", b"1e400", b'"1.50"', b"9007199254740993", b'"nan"')] + [
    b"\x00\x00", b"\x00\x00\xc7\x03\x0c\x81\x01\xc3", b"\x00\x00\xc7\x03\x0c\x91\x01\xc3", b"\x03\x00\xdd\xff\xff\xff\xff", b"\x04\x00\x82\xa1k\xa1v\xa1k\xa1w",
    b"\x00\x00\xa2\xff\xfe", b"\x03\x00" + b"\x91" * 20 + b"\xc0", b"\x00\x00\xa0", b"\x00\x00\xc4\x01a", b"\x03\x01" + b"[" * 20, b"\x00\x01\"a\" x",
    b'\x00\x01"\\u0000"', b"\x00\x00\xc0\xc0", b"\x05\x00" + mp({"product": "vm", "instance_ids": UNKNOWN}), b"\x06\x03{\"x\":1}"]

# ---- what a server says ----

TIME = pb((1, 1764500000), (2, 789000000))
ONE = pb((1, "1"), (2, 1), (3, "RECYCLE"), (4, "n\u00e4me"), (5, "z"), (6, "T1"), (7, ["R1", "R2"]), (8, 1), (9, 1), (10, TIME), (11, TIME), (12, "X"))
SAID = pb((1, 1), (2, "NOT_RECYCLED"), (3, "s"), (4, "d"), (5, "instance_ids[2].x"), (6, "1"), (7, "C"), (8, 404), (9, "T"), (10, b"\xff\x1b"), (11, 1),
          (12, DURATION), (13, "h"))
RESPONSE = pb((1, [ONE, pb((2, 99))]), (2, [SAID, pb((5, "instance_ids[99999]"))]), (3, pb((10, 2), (11, 1))), (4, "r-1"))
EVENTS = [pb((1, 1), (2, TIME), (n, m)) for n, m in (
    (3, pb((1, 2), (2, 1))), (4, pb((1, 1), (2, 2), (3, 1))), (5, pb((1, 1), (3, "ok"), (4, 200), (5, "C"), (6, "T"))), (6, pb((1, TIME), (2, DURATION))),
    (7, pb((1, 1), (2, 2), (3, 1), (4, "because"))), (8, pb((1, 1), (2, 2))), (9, pb((1, ONE))), (10, RESPONSE), (55, b"newer"))]
INSTANCE = pb(*[(n, "t%d" % n) for n in range(1, 12)], (12, ["a"]), (13, ["b"]), (14, [pb((1, "k"), (2, "v"))]), (15, 2), (16, 1))


def detail(name, message):
    return pb((1, 3), (2, "m"), (3, pb((1, "type.googleapis.com/google.rpc." + name), (2, message))))


DETAILS = [detail("BadRequest", pb((1, [pb((1, "instance_ids[0]"), (2, "is empty")), pb((1, b"\xff"))]))), detail("RetryInfo", pb((1, DURATION))),
           detail("RetryInfo", pb((1, pb((1, -1))))), detail("Other", b""), b"\xff"]
CLIENTS = [b"\0" + RESPONSE] + [b"\1" + e for e in EVENTS] + [b"\2" + pb((1, [INSTANCE, b""]), (2, "token"), (3, 2), (4, 5), (5, 1))] + [b"\3" + d for d in DETAILS]

SEEDS = {"request": REQUESTS, "service": SERVICES, "terraform": TERRAFORMS, "tf_value": VALUES, "client_reply": CLIENTS}
