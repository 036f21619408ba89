"""What every fault case stands on: real processes, and the simulator's ledger as the judge.

A case is a class `CaseNN_Name`: its docstring is the fault and, after a blank line, what must hold; its
`test_` methods are the ways it is provoked. `docs/fault-cases.md` is written from exactly that.
"""

import json
import os
import re
import struct
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
# pylint: disable=wrong-import-position,unused-import
from harness import truth  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.plugin import by_outcome, codes, make_request, outcomes, service, stubs  # noqa: E402
from harness.process import BIN, SLOW, wait_until  # noqa: E402

READ, RELEASE = "DescribeInstances", "ReleaseInstances"
SHIM = os.path.join(BIN, "..", "tests", "cases", "libzr_clock_shim.so")
LONG = os.environ.get("ZR_LONG") == "1"


def long(method):
    """Takes minutes at its true length: only with --long. Its neighbour is the scaled version."""
    method.is_long = True
    return method


def on_release(do, **fields):
    """A fault on release calls; what belongs to `match` is told apart from what belongs to the rule."""
    return on(RELEASE, do, **fields)


def on_read(do, **fields):
    return on(READ, do, **fields)


def on(action, do, **fields):
    match = {k: fields.pop(k) for k in ("nth", "count", "every", "containing", "probability")
             if k in fields}
    if "start" in fields:
        match["from"] = fields.pop("start")
    return {"do": do, **fields, "match": {"action": action, **match}}


class Clock:
    """The clock of a plugin that was started with it; seconds to add to what the system says."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "clock")
        self.set()

    def set(self, wall=0, suspended=0):
        """In place: the plugin has the file mapped."""
        data = struct.pack("=qq", int(wall * 1e9), int(suspended * 1e9))
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(fd, data, 0)
        finally:
            os.close(fd)

    def environment(self):
        return {"LD_PRELOAD": SHIM, "ZR_CLOCK_SHIM": self.path}


class FaultCase(Case):
    def world(self, *flags, config=None, arguments=(), environment=None, clock=False, **how):
        """A simulator with these flags and a plugin with this configuration."""
        sim = self.simulator(*flags)
        return sim, self.server(sim, config, arguments, environment, clock, **how)

    def server(self, sim, config=None, arguments=(), environment=None, clock=False, **how):
        environment = dict(environment or {})
        if clock:
            self.clock = Clock(self.home())
            environment.update(self.clock.environment())
        if config:
            path = os.path.join(self.home(), "config.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(config, file)
            arguments = ("--config", path, *arguments)
        return self.plugin(sim, *arguments, environment=environment, **how)

    def judge(self, sim, ids, report, unknown=(), may_repeat=True, **how):
        """The invariants, of a report or of the command line's result: nothing is unknown unless the case says
        that it cannot be read. Answers outcome -> ids."""
        found = truth.problems(sim, ids, report, unknown=unknown, may_repeat=may_repeat, **how)
        self.assertEqual(found, [], "\n" + "\n".join(found[:20]))
        told = {}
        for instance_id, outcome in truth.rows_of(report):
            told.setdefault(outcome, []).append(instance_id)
        return told

    def all_released(self, sim, ids, report, **how):
        found = self.judge(sim, ids, report, **how)
        self.assertEqual({k: len(v) for k, v in found.items()}, {"released": len(set(ids))}, report)

    def resume(self, sim, plugin, ids, **how):
        """The faults cease: asked once more, nothing is unknown and everything is gone."""
        sim.fault()
        before, gone = set(sim.submissions()), sim.gone()
        report = plugin.release(ids, timeout=90, allow_missing=True, **how)
        self.judge(sim, ids, report, asked_before=before, hidden=gone)
        left = {i: o for i, o in outcomes(report).items()
                if o not in ("released", "already_gone", "not_found")}
        self.assertEqual(left, {}, report.diagnostics)
        self.assertFalse(set(ids) & set(sim.instances()), "still alive")
        return report

    def struck(self, sim):
        """Every rule has struck, so that a case is not a test of nothing."""
        self.assertNotIn(0, sim.fired(), "a fault did not strike")

    def once(self, rule, *flags, count=6, wait=6, config=None, released=True, **how):
        """Some ids under one rule: the report, judged; then all is well again."""
        rules = rule if isinstance(rule, list) else [rule]
        sim, plugin = self.world("--recycled", str(count + 1), *flags, config=config)
        ids = sim.ids()
        plugin.release(ids[:1], wait=5)  # so that the connection under test is one that is reused
        first, ids = ids[:1], ids[1:]
        sim.fault(*rules)
        report = plugin.release(ids, wait=wait, timeout=120)
        self.struck(sim)
        found = self.judge(sim, ids, report, asked_before=first, **how)
        if released:
            self.assertEqual({k: len(v) for k, v in found.items()}, {"released": count}, report)
        return sim, plugin, ids, report

    def one_each(self, rules, wait=4, product="vm", flags=(), config=None):
        """name -> report of a single id under its own rule; all of them at work at the same time."""
        sim = self.simulator("--product", product, "--recycled", str(len(rules)), *flags)
        plugin = self.server(sim, {"window_ms": 1, **(config or {})})
        ids = dict(zip(rules, sim.ids(product=product)))
        sim.fault(*[{**rule, "match": {"action": RELEASE, "count": 1, **rule.get("match", {}),
                                       "containing": [ids[name]]}} for name, rule in rules.items()])
        stub, calls, seen = plugin.stub(), {}, set()
        for name, instance_id in ids.items():
            calls[name] = stub.Release.future(make_request([instance_id], wait=wait, product=product),
                                              timeout=90 * SLOW)

            def read():
                seen.update(i for r in sim.calls(READ) for i in r.get("ids") or [])
                return instance_id in seen  # pylint: disable=cell-var-from-loop

            wait_until(read, 20, f"the first read of {name}")
        reports = {name: call.result() for name, call in calls.items()}
        fired = dict(zip(rules, sim.fired()))
        self.assertEqual([n for n, times in fired.items() if not times], [], "did not strike")
        for name, report in reports.items():
            with self.subTest(name):
                self.judge(sim, [ids[name]], report, asked_before=list(ids.values()), product=product)
        return sim, plugin, ids, reports

    def parallel(self, work, items, threads=8):
        """work(item) for each, some at a time; the first failure is the case's."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, items))

    @staticmethod
    def only(report):
        """The outcome of a report about one id."""
        (outcome,) = outcomes(report).values()
        return outcome

    def log_lines(self, plugin, word):
        return [line for line in plugin.errors().splitlines() if word in line]

    def times(self, sim, action=RELEASE):
        return [r["time_ms"] for r in sim.calls(action)]

    def assert_back_off(self, times, least_ms):
        gaps = [b - a for a, b in zip(times, times[1:])]
        self.assertTrue(all(gap >= least_ms for gap in gaps), f"no pause between attempts: {gaps}")


def number_of(case):
    return int(re.match(r"Case(\d+)_", case.__name__).group(1))
