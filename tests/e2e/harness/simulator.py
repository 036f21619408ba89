"""The simulator: its flags, its pages, and the questions that cases ask it."""

import json
import urllib.error
import urllib.request

from .process import SLOW, Process, clean_environment, program, wait_until


class Simulator(Process):
    def __init__(self, *flags, home="/nonexistent", listen="127.0.0.1:0"):
        super().__init__([program("zenlayer-sim"), "--listen", listen, *flags],
                         clean_environment(home))
        self.endpoint = self.ready["endpoint"]
        self.key_id = self.ready["access_key_id"]
        self.password = self.ready["access_key_password"]
        self.token = self.ready["token"]
        self.base = f"http://{self.endpoint}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def use_tls(self, context):
        """Its pages are behind TLS too, when it was started with a certificate."""
        self.base = f"https://{self.endpoint}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                  urllib.request.HTTPSHandler(context=context))

    def environment(self):
        """What a plugin needs in order to talk to it."""
        return {
            "ZENLAYERCLOUD_ACCESS_KEY_ID": self.key_id,
            "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": self.password,
            "ZENLAYERCLOUD_DOMAIN": self.endpoint,
            "ZENLAYERCLOUD_SCHEME": "HTTP",
        }

    def _page(self, method, page, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/_sim/{page}", data, method=method)
        try:
            with self.opener.open(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"/_sim/{page}: {error.code} {error.read()!r}") from None
        return json.loads(text) if text else None

    def get(self, page):
        return self._page("GET", page)

    def put(self, page, body):
        return self._page("PUT", page, body)

    # The fleet.
    def instances(self, product="vm"):
        """id -> status of what exists."""
        rows = self.get("fleet")["instances"]
        return {r["instanceId"]: r["status"] for r in rows
                if r["product"] == product and r["status"] != "ABSENT"}

    def ids(self, status="RECYCLE", product="vm"):
        return [i for i, s in self.instances(product).items() if s == status]

    def set_status(self, ids, status, product="vm"):
        """Puts instances into a state by hand, as somebody else's doing."""
        self.put("fleet?merge=1", {"instances": [
            {"instanceId": i, "product": product, "status": status} for i in ids]})

    def set(self, **settings):
        self.put("settings", settings)

    # Faults.
    def fault(self, *rules):
        self.put("faults", list(rules))

    def fired(self):
        """How often each rule has struck."""
        return [c["fired"] for c in self.get("faults")["counters"]]

    # What it saw.
    def requests(self):
        return self.get("requests")["requests"]

    def calls(self, action):
        return [r for r in self.requests() if r["action"] == action]

    def count(self, action=None):
        counts = self.get("requests?summary=1")["counts"]
        return sum(counts.values()) if action is None else counts.get(action, 0)

    # What it did.
    def destroyed(self):
        """Ids that a release really destroyed."""
        return {e["instance_id"] for e in self.get("ledger")["entries"] if e["cause"] == "release"}

    def gone(self):
        """Ids that are destroyed, by whatever."""
        return {e["instance_id"] for e in self.get("ledger")["entries"]}

    def submissions(self):
        """id -> how many releases have named it."""
        return self.get("ledger")["submissions"]

    def resubmitted(self):
        return self.get("ledger")["resubmitted"]

    def slow_releases(self):
        """Each release is done at once and answered late: what interrupts a run comes in the midst of it also where
        the test waits for the processor. The plugin has eight under way at a time."""
        self.fault({"do": "delay", "delay_ms": 500 * SLOW, "match": {"action": "ReleaseInstances"}})

    def wait_for_calls(self, action, count, seconds=15):
        wait_until(lambda: self.count(action) >= count, seconds, f"{count} x {action}")
