"""Cases 9 and 10: the process ends at any point of a release."""

import errno
import random
import signal
import time

import grpc
from base import READ, RELEASE, long, make_request, on_read, on_release, wait_until
from harness.plugin import outcome_name
from journal import Disk, JournalCase


class Case09_CrashBeforeTheAnswer(JournalCase):
    """Crash between send and answer

    The journal says what was open; it is read before anything else is sent, and never repeated blindly.
    """

    def crash_at(self, flush, after):
        """False when the release ended before it came to that flush."""
        sim = self.simulator("--recycled", "150")
        path, ids = self.journal_path(), sim.ids()
        disk = Disk(self.home())
        plugin = self.keeper(sim, path, disk)
        begun = disk.get("flushes")
        disk.set(**{"kill_after" if after else "kill_before": begun + flush})
        try:
            report = plugin.release(ids, timeout=60)
            self.all_released(sim, ids, report)
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
        died = plugin.wait() == -signal.SIGKILL if self.dies(plugin) else False
        self.ended(plugin)
        self.takes_over(sim, path, ids, ids)
        return died

    @staticmethod
    def dies(plugin):
        end = time.monotonic() + 0.5
        while plugin.alive() and time.monotonic() < end:
            time.sleep(0.01)
        return not plugin.alive()

    def test_kill_9_before_each_flush_of_the_journal(self):
        died = self.parallel(lambda n: self.crash_at(n, False), range(1, 17), threads=16)
        self.assertTrue(all(died[:4]), f"it did not die where it should: {died}")

    def test_kill_9_after_each_flush_of_the_journal(self):
        died = self.parallel(lambda n: self.crash_at(n, True), range(1, 17), threads=16)
        self.assertTrue(all(died[:4]), f"it did not die where it should: {died}")

    def crash_when(self, moment, rule):
        """Killed at this moment of the call; the answer is lost with it."""
        sim = self.simulator("--recycled", "120")
        path, ids = self.journal_path(), sim.ids()
        plugin = self.keeper(sim, path)
        sim.fault(*rule)
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        wait_until(lambda: moment(sim), 30, "the moment")
        self.ended(plugin)
        self.assertIsNotNone(call.exception(), "it ended before it was killed")
        sim.fault()
        self.takes_over(sim, path, ids, ids)

    def test_killed_while_the_answer_is_on_its_way_after_the_effect(self):
        self.crash_when(lambda sim: sim.count(RELEASE) >= 1, [on_release("hang", effect=True)])

    def test_killed_while_the_answer_is_on_its_way_without_effect(self):
        self.crash_when(lambda sim: sim.count(RELEASE) >= 1, [on_release("hang")])

    def test_killed_before_the_proof(self):
        self.crash_when(lambda sim: sim.count(READ) >= 3, [on_read("hang", start=3)])

    def test_killed_in_the_back_off_after_an_error(self):
        self.crash_when(lambda sim: sim.count(RELEASE) >= 2, [on_release("status", status=503)])

    def test_the_effect_comes_after_the_restart(self):
        sim = self.simulator("--recycled", "20")
        path, ids = self.journal_path(), sim.ids()
        plugin = self.keeper(sim, path)
        sim.fault(on_release("hang", effect=True, effect_later_ms=4000, count=1))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        self.ended(plugin)
        self.assertIsNotNone(call.exception())
        plugin = self.keeper(sim, path)
        settled = self.settle(plugin)
        self.assertEqual({i: outcome_name(r.outcome) for i, r in settled.items()},
                         dict.fromkeys(ids, "released"))
        self.assertEqual((sim.destroyed(), set(sim.submissions().values())), (set(ids), {1}))

    def random_point(self, seed):
        dice = random.Random(seed)
        sim = self.simulator("--recycled", "250", "--latency-ms", str(dice.choice((0, 5, 20))))
        path, ids = self.journal_path(), sim.ids()
        plugin = self.keeper(sim, path)
        if dice.random() < 0.5:
            sim.fault(on_release(dice.choice(("drop_after", "reset", "hang")), probability=0.3))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        time.sleep(dice.random() * 0.9)  # the point is random: any is as good
        self.ended(plugin)
        call.exception()
        sim.fault()
        self.takes_over(sim, path, ids, ids)

    def test_kill_9_at_16_random_points(self):
        self.parallel(self.random_point, range(16), threads=16)

    @long
    def test_kill_9_at_1000_random_points(self):
        self.parallel(self.random_point, range(1000, 2000), threads=24)


class Case10_CrashBeforeTheRecord(JournalCase):
    """Crash before the record is on disk

    Nothing was sent: the batch is still pending, and the next process sends it.
    """

    def test_the_flush_fails(self):
        sim = self.simulator("--recycled", "120")
        path, ids, disk = self.journal_path(), sim.ids(), Disk(self.home())
        plugin = self.keeper(sim, path, disk)
        disk.set(flush_errno=errno.EIO)
        self.not_recorded(sim, plugin, ids)
        disk.set(flush_errno=0)
        self.works_again(sim, plugin, ids)

    def test_the_flush_fails_and_then_it_crashes(self):
        sim = self.simulator("--recycled", "120")
        path, ids, disk = self.journal_path(), sim.ids(), Disk(self.home())
        plugin = self.keeper(sim, path, disk)
        disk.set(flush_errno=errno.EIO)
        self.not_recorded(sim, plugin, ids)
        self.ended(plugin)
        self.assertEqual(sim.submissions(), {})
        self.takes_over(sim, path, ids, ())

    def test_it_crashes_before_the_first_flush_of_the_record(self):
        sim = self.simulator("--recycled", "120")
        path, ids, disk = self.journal_path(), sim.ids(), Disk(self.home())
        plugin = self.keeper(sim, path, disk)
        disk.set(kill_before=disk.get("flushes") + 1)
        with self.assertRaises(grpc.RpcError):
            plugin.release(ids, timeout=60)
        self.assertEqual(plugin.wait(), -signal.SIGKILL)
        self.ended(plugin)
        self.assertEqual(sim.submissions(), {}, "bytes left before the record was on disk")
        self.takes_over(sim, path, ids, ())

    def test_the_flush_of_an_answer_fails(self):
        """The intent is on disk, the answer is not: open until it is read, never sent again."""
        sim = self.simulator("--recycled", "20")
        path, ids, disk = self.journal_path(), sim.ids(), Disk(self.home())
        plugin = self.keeper(sim, path, disk)
        sim.fault(on_release("delay", delay_ms=800))
        call = plugin.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        disk.set(flush_errno=errno.EIO)
        self.all_released(sim, ids, call.result())
        self.ended(plugin)
        plugin = self.keeper(sim, path)
        self.settle(plugin)
        self.assertEqual(self.records(plugin, open_only=True), [])
        self.assertEqual(set(sim.submissions().values()), {1})
