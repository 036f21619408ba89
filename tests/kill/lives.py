"""One life of a release that is killed: begin, die, come back, settle, finish. The ledger judges."""

import os
import random
import signal
import sys
import tempfile
import threading
import time

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
# pylint: disable=wrong-import-position
from harness import truth  # noqa: E402
from harness.plugin import Plugin, make_request, outcome_name, service  # noqa: E402
from harness.process import SLOW, wait_until  # noqa: E402
from harness.simulator import Simulator  # noqa: E402

RELEASE = "ReleaseInstances"
# What may go wrong at the same time; each strikes the first one or two release calls.
TROUBLE = [
    None, None, None,
    {"do": "drop_after"},
    {"do": "reset"},
    {"do": "hang"},
    {"do": "status", "status": 500},
    {"do": "status", "status": 500, "effect": True},
    {"do": "status", "status": 503, "body": "empty"},
    {"do": "throttle"},
    {"do": "partial", "random": 7, "status": 500, "code": "INTERNAL_SERVER_ERROR"},
    {"do": "error", "status": 404, "code": "INVALID_INSTANCE_NOT_FOUND"},
    {"do": "delay", "delay_ms": 400},
]


class Broken(Exception):
    """An invariant does not hold."""


class Life:
    """A fleet, a journal, and the plugins that come and go on it."""

    def __init__(self, seed, sizes=(1, 30, 120, 250)):
        self.random = random.Random(seed)
        self.folder = tempfile.TemporaryDirectory(prefix="zr-kill-")
        self.journal = os.path.join(self.folder.name, "journal.db")
        self.sim = Simulator("--recycled", str(self.random.choice(sizes)),
                             "--latency-ms", str(self.random.choice([0, 2, 20])))
        self.ids = sorted(self.sim.ids())
        self.told = {}  # id -> outcomes that a caller was told before the death
        self.plugin = None
        self.deaths = 0

    def close(self):
        if self.plugin and self.plugin.alive():
            self.plugin.process.kill()
        if self.plugin:
            self.plugin.wait()
            self._forget()
        self.sim.stop()
        self.folder.cleanup()

    def start(self, **environment):
        settings = dict(self.sim.environment(), **environment)
        self.plugin = Plugin(settings, "--journal", self.journal)

    def _forget(self):
        for channel in self.plugin.channels:
            channel.close()
        self.plugin.process.stdout.close()
        self.plugin.log.close()
        self.plugin = None

    def trouble(self):
        rules = []
        for at in (1, 2):
            rule = self.random.choice(TROUBLE)
            if rule:
                rules.append(dict(rule, match={"action": RELEASE, "nth": at}))
        self.sim.fault(*rules)

    def begin(self, name):
        """Starts the release; what it tells is noted while it runs."""
        request = make_request(self.ids, wait=5, request_id=name)
        stream = self.plugin.stub().WatchRelease(request, timeout=120 * SLOW)

        def listen():
            try:
                for event in stream:
                    for result in event.outcomes_decided.results:
                        self.told[result.instance_id] = outcome_name(result.outcome)
            except grpc.RpcError:
                pass  # its server was killed

        thread = threading.Thread(target=listen)
        thread.start()
        return thread

    def kill(self):
        """kill -9, unless it has died by itself."""
        if self.plugin.alive():
            self.plugin.process.send_signal(signal.SIGKILL)
        code = self.plugin.wait()
        if code != -signal.SIGKILL:
            raise Broken(f"the plugin ended with {code} by itself: {self.plugin.errors()}")
        self._forget()
        self.deaths += 1

    # ---- afterwards ----

    def records(self, stub, **filters):
        found, token = [], ""
        while True:
            page = stub.ListReleaseRecords(service.ListReleaseRecordsRequest(
                page_size=1000, page_token=token, **filters), timeout=30 * SLOW)
            found += page.records
            token = page.next_page_token
            if not token:
                return found

    def settle(self):
        """Asks for it; `settled` waits for the answer."""
        return self.plugin.stub().SettleReleases.future(service.SettleReleasesRequest(), timeout=200 * SLOW)

    def settled(self, asked):
        answer = asked.result()
        settled = {r.instance_id: outcome_name(r.outcome) for g in answer.groups for r in g.results}
        unknown = [i for i, o in settled.items() if o in truth.OPEN]
        if unknown:
            raise Broken(f"resume left {len(unknown)} open: {unknown[:3]} {settled[unknown[0]]}")
        left = self.records(self.plugin.stub(), open_only=True)
        if left:
            raise Broken(f"{len(left)} records are open after resume: {left[0]}")
        return settled

    def judge(self, settled, sent_again):
        """What was told, what resume said and what the journal has, against the ledger. Resume speaks of the
        earlier calls: what it says was refused may have been released since, where it was `sent_again`."""
        records = self.records(self.plugin.stub())
        destroyed, alive = self.sim.destroyed(), set(self.sim.instances())
        known = {r.instance_id for r in records if r.batch > 0}
        unrecorded = set(self.sim.submissions()) - known
        if unrecorded:
            raise Broken(f"{len(unrecorded)} ids were sent without a record: {min(unrecorded)}")
        last = {}
        for record in reversed(records):
            last[record.instance_id] = outcome_name(record.outcome)
        for source, said in (("told", self.told), ("resume", settled), ("journal", last)):
            for instance_id, outcome in said.items():
                if outcome in truth.GONE and instance_id in alive:
                    raise Broken(f"{source}: {instance_id} is {outcome}, and alive")
                quiet = source == "told" or (source == "resume" and sent_again)
                if not quiet and outcome in truth.NOT_DONE and instance_id in destroyed:
                    raise Broken(f"{source}: {instance_id} is {outcome}, and was released")
        self.not_twice()

    def not_twice(self):
        again = self.sim.resubmitted()
        if again:
            raise Broken(f"sent again after their effect was there: {again}")

    def come_back(self):
        """What an earlier process left is settled by itself, or while the same ids are asked for again, which
        is quicker: what is still in the bin is sent again instead of being watched."""
        asked = self.settle()
        if self.random.random() < 0.15:
            self.judge(self.settled(asked), sent_again=False)
            self.finish()
        else:
            self.finish()
            self.judge(self.settled(asked), sent_again=True)

    def finish(self):
        """The same ids once more: whatever is left goes, and every report is true."""
        before = dict.fromkeys(self.sim.submissions())
        response = self.plugin.release(self.ids, timeout=120, wait=20)
        wrong = truth.problems(self.sim, self.ids, response, asked_before=before)
        if wrong:
            raise Broken("; ".join(wrong[:3]))
        left = {i: s for i, s in self.sim.instances().items() if i in set(self.ids)}
        if left:
            raise Broken(f"{len(left)} are still there at the end: {next(iter(left.items()))}")


def live(seed):
    """Dies at a random moment, perhaps again while it settles. Returns the number of deaths."""
    life = Life(seed)
    try:
        life.trouble()
        life.start()
        listener = life.begin("first")
        moment = life.random.uniform(0, 1.2)
        end = time.monotonic() + moment
        wait_until(lambda: time.monotonic() >= end or not life.plugin.alive(), moment + 10)
        life.kill()
        listener.join()
        while life.random.random() < 0.3:
            life.start()
            end = time.monotonic() + life.random.uniform(0, 0.5)
            wait_until(lambda: time.monotonic() >= end, 10)
            life.kill()
        life.sim.fault()
        life.start()
        life.come_back()
        return life.deaths
    finally:
        life.close()


def live_to_step(step, how, preload):
    """Dies at one step of the journal. False when there is no such step: nothing died."""
    life = Life(step, sizes=(130,))
    died = True
    try:
        try:
            life.start(LD_PRELOAD=preload, ZR_DIE_PATH=life.journal, ZR_DIE_AT=str(step), ZR_DIE_HOW=how)
        except AssertionError:
            life.plugin = None  # it died before it was ready
        if life.plugin:
            life.begin("first").join()
            died = not life.plugin.alive()
            life.kill()
        life.start()
        life.come_back()
        return died
    finally:
        life.close()
