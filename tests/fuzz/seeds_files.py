"""Seeds for the targets that read files of the server: certificates, rights, the journal."""

import base64
import json


def word(n):
    return n.to_bytes(2, "little")


def record(data):
    return word(len(data)) + data


# ---- certificates ----

KEY = base64.b64decode(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1maaM+TiE8+2tIpBp9LtWagJZHmtl1uu8nbGofQn9T2hRANCAASzgQGZTcarDX"
    "h+I9EtCnH520f4LkpCF3MIZgTb2Hj3TrOy46r0oX4njB9xyQqN4TSJVFnjEaPEHHYOMCW5w7dF")
OLD_KEY = base64.b64decode(
    "MHcCAQEEINZmmjPk4hPPtrSKQafS7VmoCWR5rZdbrvJ2xqH0J/U9oAoGCCqGSM49AwEHoUQDQgAEs4EBmU3Gqw14fiPRLQpx+dtH+C5KQhdzCG"
    "YE29h4906zsuOq9KF+J4wfcckKjeE0iVRZ4xGjxBx2DjAlucO3RQ==")
LOCKED_KEY = base64.b64decode(
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAju1AK9xVenVAICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEEKl0pX++p"
    "TDcY+m6w3RDfkEgZB2OzsFJtV1eQEHEp4x1IfrDPu9UKCuEshqmMkNo8xL2W/FMBmiKlEvDjHBMq5YHXnYeQLHMLbrMESeqq6+gq4ckD+eQ9M3"
    "eNSa7o4u5UZ7DpPb7Fg1Emft+qZILUi380IS6p7H3TMbUGSVSnowqcQAPAfJIndFG8PGh5KcobkbX8dtErIAoIjNoPdS29s6qyE=")
CERTIFICATE = base64.b64decode(
    "MIIBpDCCAUmgAwIBAgIUSSt+fsVKlsFNaor0rC3KEay5he8wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTIwMTAzMD"
    "YzMFoYDzIxMjYxMTA3MDMwNjMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASzgQGZTcarDXh+I9Et"
    "CnH520f4LkpCF3MIZgTb2Hj3TrOy46r0oX4njB9xyQqN4TSJVFnjEaPEHHYOMCW5w7dFo3cwdTAdBgNVHQ4EFgQU4XplLWbBTYyXfB6rKa1SHd"
    "nEYIYwHwYDVR0jBBgwFoAU4XplLWbBTYyXfB6rKa1SHdnEYIYwDwYDVR0TAQH/BAUwAwEB/zAiBgNVHREEGzAZgglsb2NhbGhvc3SGDHNwaWZm"
    "ZTovL2EvYjAKBggqhkjOPQQDAgNJADBGAiEA9d+WVbTjiVkkdHftUtvI4ZaFAd7/vampOditO5gcPeICIQDRQUbSolGImWNYuQdsTKHr7Uq8iQ"
    "LHgHtAQQXBrT3KtQ==")
ED_KEY = base64.b64decode("MC4CAQAwBQYDK2VwBCIEIG2g+flqEuuP8zTvx8gt4/rDRmBO5AT8b416BSN1k6MJ")
ED_CERTIFICATE = base64.b64decode(
    "MIIBLDCB36ADAgECAhRpk3RNn6RFAu6Gn12c58LiyHfNJTAFBgMrZXAwDDEKMAgGA1UEAwwBZTAeFw0yNjEyMDEwMzA2MzBaFw0zNjExMjgwMz"
    "A2MzBaMAwxCjAIBgNVBAMMAWUwKjAFBgMrZXADIQCM0rWrfz91UbA/6VPlUkmVjQea6/HjfidPyHf56VbPeaNTMFEwHQYDVR0OBBYEFA6N0QoM"
    "iwjFS4XAN3HZ04p+NvT9MB8GA1UdIwQYMBaAFA6N0QoMiwjFS4XAN3HZ04p+NvT9MA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAaqsJ2OetPi"
    "tIb48hELvczSbEBXjIyAnh0mpX1y7F0JnqHvn4hVQurX18Wr0zENzDTPI2BgDASaZK8s8uF2TVCQ==")
WEAK_KEY = base64.b64decode(
    "MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBANgOiwQInCASv95JMGfdYHAO22z6gMYo7JLMmOHa6No48oTv79MUdxB3TBKHcu"
    "SM6ZQg0xJSDrZwc2PrYuckwytoLZGHOtnKZawRTTkwX8g8b+rqqIi2oPpj3wwPJhpCzOpqefpAvAbmL9v+Z//Btr33lkMLTLGjrxuoOm/BwAbx"
    "AgMBAAECgYEAgfx17K5VaAJ/xveXlNWegKyfnTg1I4NZmZRYYoG22Bus5QgJ7J+CZrivXvJ40EJrAUCiXIJb8a1D7xid/1yhwi/Bjhp+4ozd7z"
    "uficdkV/Na8fQDEB6YtH3hyoZzjpMbtqmcudkk9Ia8nRjl5HkDP53xXoOTL/WkgwAyCEbqAAECQQDtf8tuyctDICbAG1xhsnONfot+OXTZnHKE"
    "OIMq4M/aiUYvKyz3UEzj7jXh+/dvT1q2ZvzC9jcj5ygLN/nZ3PbxAkEA6OMlAv1opgE5PSCb3jNFyoZCzdmaKQQEa0EdyxXDmGsoURNEevYU0U"
    "ZUx8U9VCpJmCQpn818ZWeb59MX57QQAQJBAOH9XX1hRSnteRIJtwE7xhqYlHGaiKbc6FcKUz3Ex+PiBceyZMo8Pb4RmHIdyVfAgcfY/aEimltu"
    "hLsQG44EZXECQQDCb0IraN7CGitruZnove361HVZ398xd0UpNshlEdqnmm+ioO9/qYxf3NRTpX06k8O13htSbAD7uLEVr8w5isABAkAH8TsYrO"
    "/3C6QUveE3uTRZJrqhwqm5qMMcyG7UvYkcbIMBIXbXx7LTeLHg8K5TAs7OgyhGu47pVTfCPOM/QseB")
WEAK_CERTIFICATE = base64.b64decode(
    "MIIB/DCCAWWgAwIBAgIUQxp7evjnUPlgsf6DM41bOcpyPIswDQYJKoZIhvcNAQELBQAwDzENMAsGA1UEAwwEd2VhazAgFw0yNjEyMDEwMzA2Mz"
    "BaGA8yMTI2MTEwNzAzMDYzMFowDzENMAsGA1UEAwwEd2VhazCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA2A6LBAicIBK/3kkwZ91gcA7b"
    "bPqAxijsksyY4dro2jjyhO/v0xR3EHdMEody5IzplCDTElIOtnBzY+ti5yTDK2gtkYc62cplrBFNOTBfyDxv6uqoiLag+mPfDA8mGkLM6mp5+k"
    "C8BuYv2/5n/8G2vfeWQwtMsaOvG6g6b8HABvECAwEAAaNTMFEwHQYDVR0OBBYEFEqW/dgXhx3uki2/4/t3ujLKqcyWMB8GA1UdIwQYMBaAFEqW"
    "/dgXhx3uki2/4/t3ujLKqcyWMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAZSeroefycuFBYwnWi/So0EkVc4iNkA4sFMEYr5"
    "xW6noOAyy0ali72FvwY20zm6X67DzigyQlQzpCdhIJg5SDn1UAJaJlhUsepAiEJET5LtIC7xReYDZVfG1ZtFTC5lZz+0OL6FYGd55NlkBjYn6V"
    "GscBHTTGiTY5OgSlc7VxzNw=")


def pem(kind, der):
    text = base64.encodebytes(der).replace(b"\n", b"")
    rows = [text[i:i + 64] for i in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN %s-----" % kind, *rows, b"-----END %s-----\n" % kind])


C, K = pem(b"CERTIFICATE", CERTIFICATE), pem(b"PRIVATE KEY", KEY)
ED = pem(b"CERTIFICATE", ED_CERTIFICATE)


def tls(certificate=C, key=K, authority=b""):
    return record(certificate) + record(key) + authority


TLS = [
    tls(), tls(authority=C), tls(C + C), tls(C + b"x" + C), tls(C + C[:100]), tls(b"words\n" + C + b"words\n", K), tls(b"", K), tls(C, b""),
    tls(ED, pem(b"PRIVATE KEY", ED_KEY)), tls(ED), tls(C, pem(b"EC PRIVATE KEY", OLD_KEY)), tls(C, pem(b"ENCRYPTED PRIVATE KEY", LOCKED_KEY)),
    tls(pem(b"CERTIFICATE", WEAK_CERTIFICATE), pem(b"PRIVATE KEY", WEAK_KEY)), tls(pem(b"TRUSTED CERTIFICATE", CERTIFICATE)),
    tls(pem(b"X509 CERTIFICATE", CERTIFICATE)), tls(C, K + C), tls(K + C, K), tls(C + b"\0" + C), tls(b"\0" + C), tls(C, b"\0" + K), tls(C, K, b"\0" + C),
    tls(C.replace(b"\n", b"\r\n")), tls(C, K, ED + C), tls(C, K, K), tls(C, K, C + C[:90]), tls(pem(b"CERTIFICATE", CERTIFICATE[:-1])),
    tls(pem(b"CERTIFICATE", CERTIFICATE + b"\0")), tls(C, pem(b"PRIVATE KEY", KEY[:-3])),
    tls(C.replace(b"-----\n", b"-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n", 1)),
]

# ---- rights ----


def access(rules, flags=3, common="", subject="", names=()):
    file = rules if isinstance(rules, bytes) else json.dumps({"clients": [{"name": n, "rights": r} for n, r in rules]}).encode()
    return record(file) + bytes([flags]) + "\n".join([common, subject, *names]).encode()


ACCESS = [
    access([("a.example", "read"), ("*.example", "apply")], names=["b.example", "a.example"]),
    access([("spiffe://x/*", "plan"), ("*", "none")], names=["uspiffe://x/y", "d"]), access([("spiffe://x/*", "plan")], names=["uspiffe://x/y/z"]),
    access([("*", "apply")], flags=1, common="operator", subject="CN=operator"), access([("*", "apply")], flags=3, common="operator"),
    access([("*", "apply")], flags=0, common="operator"), access([("a?c", "read"), ("[a-c]*", "apply")], names=["a/c", "abc"]),
    access([("*a*a*a*a*a*a*a*a*b", "apply")], names=["a" * 200]), access([("\\*", "read")], names=["*"]), access([("[[:alpha:]]", "read")], names=["\u00e9"]),
    access([("?", "read")], names=["\u00e9"]), access([("x", "owner")]), access([("", "read")]), access([("[", "read")]), access([]), access(b"{}"),
    access(b'{"clients":[{"name":"x"}]}'), access(b'{"clients":[{"name":"x","rights":"read","more":1}]}'), access(b'{"clients":{}}'), access(b'{"clients":null}'),
    access(b'{"clients":[{"name":"x\\u0000y","rights":"apply"}]}', names=["x"]), access(b'{"clients":[{"name":"a","rights":"read"}],"clients":[{"name":"a","rights":"apply"}]}', names=["a"]),
    access([("//", "read"), ("*://*", "apply")], names=["u://", "//"]),
]

# ---- the journal ----


def edit(at, data):
    return bytes([0]) + word(at) + bytes([len(data) - 1]) + data


def sql(text):
    return bytes([6]) + record(text.encode())


HOT = bytes.fromhex("d9d505f920a163d7") + b"\xff\xff\xff\xff" + bytes(4) + (9).to_bytes(4, "big") + (512).to_bytes(4, "big") * 2
JOURNAL = [bytes([flags]) + step for flags in (0, 2) for step in (
    b"", edit(0, b"x"), edit(96, b"\0\0\0\2"), edit(0x0200, b"\xff" * 8), edit(0x8000, b"\0" * 16), edit(0xF000, b"\x7f" * 8),
    bytes([1, 3, 4]), bytes([1, 0, 1]), bytes([1, 9, 8]), bytes([2, 0, 5]), bytes([2, 0, 0]), bytes([3]) + word(0x8000), bytes([3]) + word(0), bytes([3]) + word(100),
    bytes([4]) + word(512), bytes([4]) + word(1), bytes([5]) + record(b""), bytes([5]) + record(HOT), bytes([5]) + record(HOT + bytes(2000)),
    sql("CREATE TRIGGER t AFTER INSERT ON entries BEGIN UPDATE entries SET open = 0; END"),
    sql("CREATE TRIGGER t AFTER INSERT ON calls BEGIN DELETE FROM entries; END"), sql("DROP INDEX entries_open"), sql("DROP VIEW history"),
    sql("DROP TABLE entries; CREATE VIEW entries AS SELECT * FROM calls"), sql("DELETE FROM calls"), sql("DELETE FROM owners"),
    sql("DROP TABLE sightings; CREATE TABLE sightings (owner, product, instance_id, first_seen)"), sql("PRAGMA journal_mode = WAL; DELETE FROM owners"),
    sql("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'open = 1', 'open = 0')"),
    sql("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 5 WHERE name = 'calls'"),
    sql("PRAGMA writable_schema = 1; DELETE FROM sqlite_schema WHERE name LIKE 'entries_%'"),
    sql("CREATE VIRTUAL TABLE f USING fts5(x)"), sql("INSERT INTO calls (number, owner, product, depend_resource, sent_at, ids) VALUES (4294967295, 1, 'vm', 0, 1, 1)"),
    sql("UPDATE entries SET instance_id = zeroblob(100000)"), sql("UPDATE entries SET instance_id = 'a' || char(0) || 'b'"),
    sql("UPDATE calls SET class = 'nothing', http_status = -9223372036854775808, retry_after_ms = 9223372036854775807"),
    sql("PRAGMA user_version = 1"), sql("PRAGMA user_version = 3"), sql("PRAGMA user_version = -1"), sql("PRAGMA application_id = 0"),
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) INSERT INTO entries (owner, product, instance_id, call, intent, open, at) SELECT 1, 'vm', 'x' || i, 2, 1, 1, i FROM n"),
    bytes([7]) + b"SQLite format 3\0" + bytes(84), bytes([7]) + bytes(512), bytes([7]) + b"a letter", bytes([7]),
    edit(0x4000, b"\1") + edit(0x6000, b"\2"),
)] + [b"\1", b"\3", b"\1" + edit(0x1100, b"\0" * 8), b"\1" + bytes([2, 0, 3]), b"\3" + bytes([1, 1, 2])]

SEEDS = {"tls": TLS, "access": ACCESS, "journal": JOURNAL}
