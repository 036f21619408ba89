"""Many resources and many ids: what they cost in calls and in time."""

import json
import time

import host
from host import Case, instances


def each(ids):
    return (f'locals {{\n  ids = toset({json.dumps(ids)})\n}}\n'
            'resource "zenrelease_instances" "a" {\n  for_each     = local.ids\n'
            '  product      = "vm"\n  instance_ids = [each.key]\n}\n')


class Coalescing(Case):
    def run_thousand(self, most, *flags):
        sim, work = self.pair("--recycled", "1000")
        work.write(each(sim.ids()))
        self.ok(work.apply("-parallelism=100", seconds=300))
        begin = time.monotonic()
        self.ok(work.destroy("-refresh=false", *flags, seconds=300))
        calls = sim.count("ReleaseInstances")
        print(f"1,000 single-id resources, {' '.join(flags) or 'default parallelism'}: {calls} "
              f"release calls, {sim.count('DescribeInstances')} reads in all, "
              f"{time.monotonic() - begin:.1f} s", flush=True)
        self.assertEqual(len(sim.destroyed()), 1000)
        self.assertEqual(sim.resubmitted(), [])
        self.assertLessEqual(calls, most)

    def test_default_parallelism(self):
        self.run_thousand(105)

    def test_parallelism_100(self):
        self.run_thousand(20, "-parallelism=100")

    def test_parallelism_1(self):
        sim, work = self.pair("--recycled", "4")
        work.write(each(sim.ids()))
        self.ok(work.apply("-parallelism=1"))
        self.ok(work.destroy("-parallelism=1"))
        self.assertEqual(len(sim.destroyed()), 4)

    def test_each_has_its_own_outcome(self):
        sim, work = self.pair("--recycled", "30")
        ids = sim.ids()
        work.write(each(ids))
        self.ok(work.apply("-parallelism=50"))
        bad = ids[11]
        sim.fault({"do": "error", "code": "OPERATION_DENIED", "status": 403,
                   "match": {"action": "ReleaseInstances", "containing": [bad]}})
        self.failed(work.destroy("-parallelism=50"), bad)
        self.assertEqual(list(work.state()), [f'zenrelease_instances.a["{bad}"]'])
        sim.fault()
        self.ok(work.destroy())


class Accounts(Case):
    def test_two_aliases(self):
        sim = self.simulator("--recycled", "3")
        sim.put("fleet?merge=1", {
            "accounts": [{"access_key_id": "second", "access_key_password": "second-password"}],
            "generate": [{"product": "vm", "recycled": 2, "account": 1}]})
        rows = sim.get("fleet")["instances"]
        first = [r["instanceId"] for r in rows if r.get("account", 0) == 0]
        second = [r["instanceId"] for r in rows if r.get("account", 0) == 1]
        work = self.workspace(sim)
        work.write('provider "zenrelease" {}\nprovider "zenrelease" {\n  alias = "second"\n'
                   '  access_key_id = "second"\n  access_key_password = "second-password"\n}\n'
                   + instances("a", first)
                   + instances("b", second).replace("\n}\n", "\n  provider = zenrelease.second\n}\n"))
        self.ok(work.apply())
        self.ok(work.destroy())
        self.assertEqual(sim.destroyed(), set(first + second))
        used = {r["key_id"]: sorted(r["ids"]) for r in sim.calls("ReleaseInstances")}
        self.assertEqual(used, {sim.key_id: sorted(first), "second": sorted(second)})


class Size(Case):
    def test_ten_thousand_ids(self):
        sim, work = self.pair("--recycled", "10000")
        ids = sim.ids()
        work.write(instances("a", ids))
        begin = time.monotonic()
        self.ok(work.plan(seconds=120))
        took = time.monotonic() - begin
        print(f"plan of 10,000 ids in one list: {took:.1f} s, Terraform included; "
              f"{sim.count()} calls", flush=True)
        self.assertLess(took, 5 * host.SLOW)

    def test_side_by_side(self):
        """What the vendor's provider needs for the same: a call for each id, and its reads."""
        sim, work = self.pair("--recycled", "100")
        ids = sim.ids()
        work.write(instances("a", ids))
        self.ok(work.apply())
        before = sim.count()
        self.ok(work.destroy())
        print(f"destroy of 100 instances in the bin: {sim.count() - before} calls in all, of them "
              f"{sim.count('ReleaseInstances')} releases", flush=True)
        self.assertEqual(sim.count("ReleaseInstances"), 1)
        self.assertLess(sim.count() - before, 12)
        self.assertEqual(sim.destroyed(), set(ids))


if __name__ == "__main__":
    host.main()
