"""What the cases about the journal share."""

import os

from base import RELEASE, SLOW, FaultCase, codes, outcomes, service, wait_until
from harness.disk import Disk  # noqa: F401
from harness.plugin import outcome_name
from harness.process import clean_environment, program, run
from harness.wire import health_check


SERVING, NOT_SERVING = 1, 2


class JournalCase(FaultCase):
    def keeper(self, sim, path, disk=None, **how):
        """A plugin that keeps its journal there."""
        environment = {**(disk.environment() if disk else {}), **how.pop("environment", {})}
        return self.server(sim, arguments=("--journal", path, *how.pop("arguments", ())),
                           environment=environment, **how)

    def journal_path(self):
        return os.path.join(self.home(), "journal.db")

    @staticmethod
    def ended(plugin):
        """By a signal of ours; what it said is of no interest."""
        plugin.process.kill()
        plugin.stop(expected=plugin.wait())

    @staticmethod
    def settle(plugin):
        """Everything that was open is settled by reading."""
        answer = plugin.stub().SettleReleases(service.SettleReleasesRequest(), timeout=120 * SLOW)
        return {r.instance_id: r for group in answer.groups for r in group.results}

    @staticmethod
    def records(plugin, **query):
        return list(plugin.stub().ListReleaseRecords(
            service.ListReleaseRecordsRequest(page_size=1000, **query), timeout=60).records)

    def takes_over(self, sim, path, ids, sent_before):
        """A new process on the same journal: it settles by reading what was open, then finishes."""
        plugin = self.keeper(sim, path)
        self.settle(plugin)
        self.assertEqual([r.instance_id for r in self.records(plugin, open_only=True)], [])
        for record in self.records(plugin):
            if outcome_name(record.outcome) == "released":
                self.assertIn(record.instance_id, sim.destroyed())
        gone = sim.destroyed()
        report = plugin.release(ids, timeout=90)
        self.judge(sim, ids, report, asked_before=sent_before, hidden=gone, may_repeat=False)
        self.assertEqual(sim.destroyed(), set(ids))
        self.assertLessEqual(set(outcomes(report).values()), {"released", "already_gone"})
        plugin.stop()

    def refused_start(self, sim, path, *words, arguments=()):
        """It does not start, and says why; nothing is sent."""
        calls = sim.count()
        code, out, err = run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0", "--journal", path,
                              *arguments], clean_environment(self.home(), sim.environment()), seconds=30)
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        for word in words:
            self.assertIn(str(word), err)
        self.assertEqual(sim.count(), calls)
        return err

    def not_recorded(self, sim, plugin, ids):
        """It refuses to send, says so in its health and in every diagnostic."""
        before = sim.count(RELEASE)
        asked = set(sim.submissions())
        report = plugin.release(ids, timeout=60)
        self.judge(sim, ids, report, asked_before=asked)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertEqual({c for i in ids for c in codes(report, i)}, {"NOT_RECORDED"}, report.diagnostics)
        self.assertTrue(all(d.hint and d.detail for d in report.diagnostics))
        self.assertEqual(sim.count(RELEASE), before, "sent without a record")
        self.health_becomes(plugin, NOT_SERVING)

    def serves_nothing(self, sim, path, ids):
        """It runs, so that it can be asked, but says that it is not serving and why, and sends nothing."""
        plugin = self.keeper(sim, path)
        self.not_recorded(sim, plugin, ids)
        self.assertIn(path, plugin.errors())
        plugin.stop()

    @staticmethod
    def health_becomes(plugin, status):
        channel = plugin.channel()
        wait_until(lambda: health_check(channel, "") == status, 30, f"health {status}")

    def works_again(self, sim, plugin, ids):
        self.health_becomes(plugin, SERVING)
        self.resume(sim, plugin, ids)
