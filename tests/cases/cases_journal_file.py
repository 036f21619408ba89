"""Cases 11 to 13: the disk, the journal's file or a neighbour breaks it."""

import errno
import os
import random
import signal
import subprocess

import grpc
from base import RELEASE, codes, make_request, on_release
from harness.process import clean_environment, program, run
from harness.wire import health_check
from journal import SERVING, Disk, JournalCase


class Case11_DiskFull(JournalCase):
    """Disk full or read-only

    It refuses to send, its health says not serving, and the message says what to do; with room again it goes on.
    """

    def refuses_until(self, number):
        sim = self.simulator("--recycled", "60")
        path, ids, disk = self.journal_path(), sim.ids(), Disk(self.home())
        plugin = self.keeper(sim, path, disk)
        self.all_released(sim, ids[:5], plugin.release(ids[:5]))
        disk.set(write_errno=number)
        self.not_recorded(sim, plugin, ids[5:])
        disk.set(write_errno=0)
        self.works_again(sim, plugin, ids[5:])

    def test_no_space_left(self):
        self.refuses_until(errno.ENOSPC)

    def test_read_only(self):
        self.refuses_until(errno.EROFS)

    def test_input_output_error(self):
        self.refuses_until(errno.EIO)

    def test_file_too_large(self):
        self.refuses_until(errno.EFBIG)

    def small_file_system(self, size):
        """A file system of its own; where that is not allowed the runs above have to do."""
        place = self.home()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", place],
                              capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("no file system can be mounted here (needs root)")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=False, capture_output=True)
        return place

    def test_a_small_file_system_that_fills_up(self):
        place = self.small_file_system("4m")
        sim = self.simulator("--recycled", "2000")
        path, ids = os.path.join(place, "journal.db"), sim.ids()
        plugin = self.keeper(sim, path)
        self.all_released(sim, ids[:5], plugin.release(ids[:5]))
        filler = os.path.join(place, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)
        report = plugin.release(ids[5:], timeout=90)  # what there is room for is sent
        found = self.judge(sim, ids[5:], report, asked_before=ids[:5])
        self.assertLessEqual(set(found), {"released", "not_attempted"})
        left = found["not_attempted"]
        self.assertEqual({c for i in left for c in codes(report, i)}, {"NOT_RECORDED"})
        self.not_recorded(sim, plugin, left)
        os.unlink(filler)
        self.works_again(sim, plugin, left)

    def test_a_file_system_that_is_remounted_read_only(self):
        place = self.small_file_system("4m")
        sim = self.simulator("--recycled", "10")
        path, ids = os.path.join(place, "journal.db"), sim.ids()
        plugin = self.keeper(sim, path)
        self.all_released(sim, ids[:2], plugin.release(ids[:2]))
        plugin.stop()
        subprocess.run(["mount", "-o", "remount,ro", place], check=True, capture_output=True)
        self.serves_nothing(sim, path, ids[2:])
        subprocess.run(["mount", "-o", "remount,rw", place], check=True, capture_output=True)
        self.takes_over(sim, path, ids, ids[:2])

    def test_its_folder_is_missing(self):
        sim = self.simulator("--recycled", "2")
        self.refused_start(sim, "/nonexistent/folder/journal.db", "/nonexistent/folder")


class Case12_DamagedJournal(JournalCase):
    """Journal tail torn or corrupt

    A torn tail is ignored; corruption in the middle is refused, with a way to look at it. Nothing is sent twice.
    """

    def crashed_world(self):
        """A journal with settled and open calls, as kill -9 leaves it: (simulator, path, ids, files)."""
        sim = self.simulator("--recycled", "60")
        path, ids = self.journal_path(), sim.ids()
        plugin = self.keeper(sim, path)
        self.all_released(sim, ids[:20], plugin.release(ids[:20]))
        sim.fault(on_release("hang", effect=True))
        call = plugin.stub().Release.future(make_request(ids[20:40]), timeout=60)
        sim.wait_for_calls(RELEASE, 2)
        self.ended(plugin)
        call.exception()
        sim.fault()
        return sim, path, ids, self.files_of(path)

    @staticmethod
    def files_of(path):
        found = {}
        for name in os.listdir(os.path.dirname(path)):
            with open(os.path.join(os.path.dirname(path), name), "rb") as file:
                found[name] = file.read()
        return found

    def damaged(self, files, name, data):
        """The same journal in another folder, with one of its files replaced."""
        folder = self.home()
        for other, content in {**files, name: data}.items():
            fd = os.open(os.path.join(folder, other), os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(content)
        return os.path.join(folder, "journal.db")

    def starts_or_refuses(self, sim, path, ids):
        """True: it serves, and has settled what it knew; False: it refuses with a reason. Nothing is sent."""
        sent = sim.count(RELEASE)
        plugin = self.keeper(sim, path)
        serves = health_check(plugin.channel(), "") == SERVING
        if serves:
            self.settle(plugin)
        else:
            self.not_recorded(sim, plugin, ids[40:45])
            self.assertIn(path, plugin.errors())
            self.looked_at(plugin)
        plugin.stop()
        self.assertEqual(sim.count(RELEASE), sent, "sent something")
        self.assertLessEqual(set(ids[40:]), set(sim.instances()))
        return serves

    def looked_at(self, plugin):
        """What can still be read is shown; where nothing can, that is said."""
        try:
            return self.records(plugin)
        except grpc.RpcError as error:
            self.assertIn(error.code(), (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.FAILED_PRECONDITION,
                                         grpc.StatusCode.DATA_LOSS, grpc.StatusCode.INTERNAL))
            self.assertTrue(error.details())
            return None

    def test_cut_short_in_many_places(self):
        sim, path, ids, files = self.crashed_world()
        data = files["journal.db"]
        places = sorted({0, 1, 15, 16, 99, 100, 101, len(data) // 2, len(data) - 4096, len(data) - 1}
                        | set(random.Random(12).sample(range(len(data)), 14)))
        done = self.parallel(lambda n: self.starts_or_refuses(
            sim, self.damaged(files, "journal.db", data[:n]), ids), places, threads=4)
        self.assertIn(False, done, "a journal that was cut in the middle was taken as whole")
        self.takes_over(sim, path, ids, ids)

    def test_bits_flipped_in_many_places(self):
        sim, path, ids, files = self.crashed_world()
        data, dice = files["journal.db"], random.Random(1212)

        def one(place):
            torn = bytearray(data)
            torn[place] ^= 1 << dice.randrange(8)
            return self.starts_or_refuses(sim, self.damaged(files, "journal.db", bytes(torn)), ids)

        done = self.parallel(one, [3, 18, 28, 60, *dice.sample(range(len(data)), 20)], threads=4)
        self.assertIn(False, done)
        self.takes_over(sim, path, ids, ids)

    def torn_record(self, keep):
        """Killed in the middle of a commit, and the last `keep` part of its undo file is all there is."""
        sim = self.simulator("--recycled", "60")
        path, ids, disk = self.journal_path(), sim.ids(), Disk(self.home())
        plugin = self.keeper(sim, path, disk)
        self.all_released(sim, ids[:20], plugin.release(ids[:20]))
        disk.set(kill_before=disk.get("flushes") + 2)
        with self.assertRaises(grpc.RpcError):
            plugin.release(ids[20:], timeout=60)
        self.ended(plugin)
        files = self.files_of(path)
        undo = [n for n in files if n != "journal.db" and files[n]]
        self.assertTrue(undo, f"no open commit: {list(files)}")
        torn = self.damaged(files, undo[0], files[undo[0]][:int(len(files[undo[0]]) * keep)])
        self.takes_over(sim, torn, ids, ids[:20])

    def test_the_last_commit_is_torn(self):
        self.parallel(self.torn_record, (0.0, 0.3, 0.7, 0.999), threads=2)

    def test_a_file_that_is_no_journal(self):
        sim = self.simulator("--recycled", "2")
        path = self.journal_path()
        for text in (b"a letter to somebody, and certainly no journal" * 100, b"SQLite format 3\0" + b"x" * 5000):
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(text)
            self.serves_nothing(sim, path, sim.ids())
            with open(path, "rb") as file:
                self.assertEqual(file.read(), text, "it was overwritten")


class Case13_TwoProcesses(JournalCase):
    """Two processes, one journal or account

    The second one refuses and names the holder; when the holder is gone, however it went, the next one takes over.
    """

    def test_the_second_names_the_holder(self):
        sim = self.simulator("--recycled", "20")
        path, ids = self.journal_path(), sim.ids()
        first = self.keeper(sim, path)
        self.refused_start(sim, path, path, first.pid)
        self.all_released(sim, ids, first.release(ids), may_repeat=False)

    def test_the_second_comes_while_a_release_is_under_way(self):
        sim = self.simulator("--recycled", "300", "--latency-ms", "60")
        path, ids = self.journal_path(), sim.ids()
        first = self.keeper(sim, path)
        call = first.stub().Release.future(make_request(ids), timeout=60)
        sim.wait_for_calls(RELEASE, 1)
        code, _, err = run([program("zenrelease-plugin"), "--listen", "127.0.0.1:0", "--journal", path],
                           clean_environment(self.home(), sim.environment()), seconds=30)
        self.assertNotEqual(code, 0)
        self.assertIn(str(first.pid), err)
        self.all_released(sim, ids, call.result(), may_repeat=False)

    def test_two_that_start_together(self):
        sim = self.simulator("--recycled", "10")
        path = self.journal_path()

        def start(_):
            try:
                return self.keeper(sim, path)
            except AssertionError as error:
                return str(error)

        done = self.parallel(start, range(4), threads=4)
        started = [d for d in done if not isinstance(d, str)]
        self.assertEqual(len(started), 1, done)
        self.assertTrue(all(path in d for d in done if isinstance(d, str)), done)
        ids = sim.ids()
        self.all_released(sim, ids, started[0].release(ids), may_repeat=False)

    def test_the_holder_is_killed_and_its_lock_is_stale(self):
        sim = self.simulator("--recycled", "20")
        path, ids = self.journal_path(), sim.ids()
        first = self.keeper(sim, path)
        self.all_released(sim, ids[:5], first.release(ids[:5]))
        self.ended(first)
        self.takes_over(sim, path, ids, ids[:5])

    def test_the_holder_ends_and_the_next_one_follows(self):
        sim = self.simulator("--recycled", "20")
        path, ids = self.journal_path(), sim.ids()
        first = self.keeper(sim, path)
        self.all_released(sim, ids[:5], first.release(ids[:5]))
        first.stop()
        self.takes_over(sim, path, ids, ids[:5])

    def test_a_holder_that_is_stopped_still_holds(self):
        sim = self.simulator("--recycled", "5")
        path = self.journal_path()
        first = self.keeper(sim, path)
        first.process.send_signal(signal.SIGSTOP)
        try:
            self.refused_start(sim, path, first.pid)
        finally:
            first.process.send_signal(signal.SIGCONT)

    def test_the_same_file_by_another_name(self):
        sim = self.simulator("--recycled", "5")
        path = self.journal_path()
        first = self.keeper(sim, path)
        link = os.path.join(self.home(), "link.db")
        os.symlink(path, link)
        self.refused_start(sim, link, first.pid)
        hard = os.path.join(os.path.dirname(path), "hard.db")
        os.link(path, hard)
        self.serves_nothing(sim, hard, sim.ids())
