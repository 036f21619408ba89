"""Cases 35, 36, 37 and 42: cancelled, left alone, or short of everything."""

import datetime
import fcntl
import functools
import json
import os
import random
import re
import resource
import signal
import time

import grpc
from base import READ, RELEASE, SLOW, FaultCase, codes, make_request, on_read, on_release, outcomes
from base import service, stubs, wait_until
from harness.process import Process, children, clean_environment, is_gone, program
from proxy import CuttingProxy


def logged_at(plugin, message):
    """When the plugin first logged it, in seconds; None while it has not."""
    lines = [json.loads(line) for line in plugin.errors().splitlines() if line.startswith("{")]
    times = [line["@timestamp"] for line in lines if line["@message"] == message]
    return datetime.datetime.fromisoformat(times[0]).timestamp() if times else None


def within_the_window(test):
    """The window is a second. A cancellation that a loaded machine brings too late for it proves nothing, and the
    test is begun anew; the plugin's own log says when it came."""
    @functools.wraps(test)
    def run(self):
        for _ in range(6):
            sim, plugin = self.world("--recycled", "20", config={"window_ms": 1000})
            try:
                return test(self, sim, plugin)
            except AssertionError:
                began, cancelled = logged_at(plugin, "release taken"), logged_at(plugin, "cancel")
                if cancelled is not None and cancelled - began < 0.9:
                    raise
        return self.fail("no cancellation came within the window, six times")
    return run


class StopCase(FaultCase):
    def watch(self, plugin, ids, request_id, **how):
        return plugin.stub().WatchRelease(make_request(ids, request_id=request_id, **how), timeout=300)

    def cancel(self, plugin, request_id):
        request = service.CancelReleaseRequest(request_id=request_id)
        return plugin.stub().CancelRelease(request, timeout=30).cancelled

    def exact(self, sim, ids, report, unknown=()):
        """Three lists that agree with the ledger: done, not started, unknown."""
        found = self.judge(sim, ids, report, unknown=unknown)
        self.assertLessEqual(set(found), {"released", "accepted", "refused", "not_attempted", "unknown"})
        self.assertEqual(set(found.get("not_attempted", [])), set(ids) - set(sim.submissions()))
        return found


class Case35_CancelledBeforeTheBatch(StopCase):
    """Cancellation before the batch

    It leaves the queue: nothing is sent, every id is not attempted.
    """

    def cancelled(self, plugin, sim, ids, when):
        request = make_request(ids, request_id="c")
        stream = plugin.stub().WatchRelease(request, timeout=60)
        wait_until(lambda: when() and self.known(plugin), 20, "the moment")
        self.assertTrue(self.cancel(plugin, "c"))
        report = list(stream)[-1].result
        found = self.judge(sim, ids, report)
        self.assertEqual(set(found), {"not_attempted"})
        self.assertEqual({c for i in ids for c in codes(report, i)}, {"CANCELLED"})
        self.assertEqual(sim.count(RELEASE), 0)
        return report

    @staticmethod
    def known(plugin):
        return "release taken" in plugin.errors()

    @within_the_window
    def test_in_the_window(self, sim, plugin):
        self.cancelled(plugin, sim, sim.ids(), lambda: True)
        self.assertEqual(sim.count(), 0, "it was read after all")
        self.resume(sim, plugin, sim.ids())

    def test_while_it_is_read(self):
        sim, plugin = self.world("--recycled", "20")
        sim.fault(on_read("delay", delay_ms=1500, nth=1))
        self.cancelled(plugin, sim, sim.ids(), lambda: sim.count(READ) == 1)

    def test_in_a_pause_of_reads(self):
        sim, plugin = self.world("--recycled", "20")
        sim.fault(on_read("throttle", retry_after="5", count=1))
        self.cancelled(plugin, sim, sim.ids(), lambda: sim.count(READ) == 1)

    @within_the_window
    def test_one_of_two_callers_in_the_window(self, sim, plugin):
        ids = sim.ids()
        stream = self.watch(plugin, ids[:10], "mine")
        other = plugin.stub().Release.future(make_request(ids[5:]), timeout=60)
        wait_until(lambda: len(self.log_lines(plugin, "release taken")) == 2, 20, "both")
        self.assertTrue(self.cancel(plugin, "mine"))
        mine, theirs = list(stream)[-1].result, other.result()
        self.all_released(sim, ids[5:], theirs, may_repeat=False)
        # True of the five that both named too: when it was said, no byte about them had left.
        self.assertEqual(set(outcomes(mine).values()), {"not_attempted"})
        self.assertFalse(set(ids[:5]) & set(sim.submissions()))

    @within_the_window
    def test_the_call_itself_is_cancelled(self, sim, plugin):
        ids = sim.ids()
        call = plugin.stub().Release.future(make_request(ids, request_id="c"), timeout=60)
        wait_until(lambda: self.known(plugin), 20, "the call")
        call.cancel()
        # Who asks before the server has heard of it is a caller like the first, and gets what he asks for.
        wait_until(lambda: '"@message":"cancel"' in plugin.errors(), 20, "the cancellation")
        report = plugin.release(ids, request_id="c")
        self.judge(sim, ids, report)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertEqual(sim.count(), 0)


class Case36_CancelledMidBatch(StopCase):
    """Cancellation mid-batch

    The call in flight is finished or timed out and settled, nothing further is sent, and the three lists are exact.
    """

    def at(self, rule, moment, count=300, wait=None):
        sim, plugin = self.world("--recycled", str(count), "--latency-ms", "30")
        ids = sim.ids()
        sim.fault(*([rule] if rule else []))
        stream = self.watch(plugin, ids, "c", wait=wait)
        wait_until(lambda: moment(sim), 30, "the moment")
        self.cancel(plugin, "c")
        sent = sim.count(RELEASE)
        report = list(stream)[-1].result
        found = self.exact(sim, ids, report)
        self.assertLessEqual(sim.count(RELEASE), sent + 8, "went on after the cancellation")
        self.resume(sim, plugin, ids)
        return found

    def test_while_a_release_is_in_flight(self):
        found = self.at(on_release("delay", delay_ms=1200), lambda sim: sim.count(RELEASE) >= 1)
        self.assertIn("released", found)

    def test_while_a_release_is_in_flight_that_is_never_answered(self):
        sim, plugin = self.world("--recycled", "50", config={"call_timeout_ms": 1500})
        ids = sim.ids()
        sim.fault(on_release("hang", effect=True, count=1))
        stream = self.watch(plugin, ids, "c")
        sim.wait_for_calls(RELEASE, 1)
        self.assertTrue(self.cancel(plugin, "c"))
        found = self.exact(sim, ids, list(stream)[-1].result)
        self.assertEqual(set(found), {"released"})

    def test_in_the_back_off_after_an_error(self):
        self.at(on_release("status", status=503), lambda sim: sim.count(RELEASE) >= 2)

    def test_in_a_pause_that_the_service_asked_for(self):
        self.at(on_release("throttle", retry_after="6"), lambda sim: sim.count(RELEASE) >= 1)

    def test_before_the_proof(self):
        self.at(on_read("delay", delay_ms=1200, start=4), lambda sim: sim.count(READ) >= 4)

    def test_between_the_two_reads_of_the_proof(self):
        sim, plugin = self.world("--recycled", "20")
        ids = sim.ids()
        stream = self.watch(plugin, ids, "c")
        wait_until(lambda: sim.count(READ) >= 2, 20, "the first read of the proof")
        self.cancel(plugin, "c")
        found = self.exact(sim, ids, list(stream)[-1].result)
        self.assertLessEqual(set(found), {"released", "accepted"})

    def test_while_a_batch_is_taken_apart(self):
        self.at(on_release("error", status=403, code="SOMETHING_NEW"), lambda sim: sim.count(RELEASE) >= 6)

    def client(self, sim, ids, *flags):
        return Process([program("zenrelease"), "release", "--json", *flags, *ids],
                       clean_environment(self.home(), sim.environment()))

    def output(self, client):
        """What it said after its first line; it has ended."""
        lines = [json.loads(line) for line in client.process.stdout.read().splitlines()]
        client.process.stdout.close()
        client.log.close()
        return lines

    def test_one_interrupt_of_the_client(self):
        sim = self.simulator("--recycled", "3000")
        ids = sim.ids()
        sim.slow_releases()
        client = self.client(sim, ids)
        sim.wait_for_calls(RELEASE, 1)
        client.process.send_signal(signal.SIGINT)
        lines = [json.loads(line) for line in client.process.stdout.read().splitlines()]
        code, result = client.wait(100), lines[-1]
        self.output(client)
        self.assertEqual((code, result["type"]), (130, "result"))
        found = self.exact(sim, ids, result)
        self.assertTrue("not_attempted" in found and "released" in found, found.keys())

    def test_a_second_interrupt_forces_the_end(self):
        sim = self.simulator("--recycled", "300")
        ids = sim.ids()
        sim.fault(on_release("delay", delay_ms=20000))
        client = self.client(sim, ids)
        sim.wait_for_calls(RELEASE, 3)
        client.process.send_signal(signal.SIGINT)
        began = time.monotonic()
        wait_until(lambda: "stopping" in self.peek(client), 20, "the first interrupt to be noticed")
        client.process.send_signal(signal.SIGINT)
        self.assertEqual(client.wait(15), 130)
        self.assertLess(time.monotonic() - began, 15 * SLOW)
        self.assertIn("interrupted twice", client.errors())
        self.output(client)
        sim.fault()
        code, lines = self.cli_json("release", "--allow-missing", *ids, environment=sim.environment())
        self.assertEqual(code, 0, lines[-1]["counts"])
        self.assertEqual(sim.destroyed(), set(ids))
        self.assertEqual(lines[-1]["counts"].get("unknown", 0), 0)

    @staticmethod
    def peek(client):
        """Its output so far, left where it is."""
        fd = client.process.stdout.fileno()
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
        data = b""
        try:
            while chunk := os.read(fd, 65536):
                data += chunk
        except BlockingIOError:
            pass
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        return data.decode()


class Case37_ClientDisappears(StopCase):
    """Client disappears from the stream

    That says nothing about the work: a watched release goes on, a plain call stops at the boundary, and both can be
    taken up again.
    """

    def lost_after(self, events):
        sim, plugin = self.world("--recycled", "300", "--latency-ms", "40")
        ids = sim.ids()
        proxy = CuttingProxy(plugin.address)
        self.addCleanup(proxy.stop)
        request = make_request(ids, request_id="w")
        seen = []
        with grpc.insecure_channel(proxy.address, [("grpc.enable_http_proxy", 0),
                                                   ("grpc.use_local_subchannel_pool", 1)]) as channel:
            stream = stubs.ReleaseServiceStub(channel).WatchRelease(request, timeout=120)
            if events == 0:
                wait_until(lambda: "release taken" in plugin.errors(), 20, "the call")
            try:
                while len(seen) < events:
                    seen.append(next(stream))
            except StopIteration:
                return False
            proxy.cut_all()
        request.after_sequence = seen[-1].sequence if seen else 0
        rest = list(plugin.stub().WatchRelease(request, timeout=120))
        numbers = [e.sequence for e in seen + rest]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)), "a gap")
        self.all_released(sim, ids, rest[-1].result, may_repeat=False)
        self.assertEqual(sim.count(RELEASE), 3)
        return True

    def test_the_connection_is_cut_at_each_event(self):
        """Until there are no more events to cut it at."""
        done = self.parallel(self.lost_after, range(0, 14), threads=7)
        self.assertTrue(all(done[:8]), done)

    def test_a_stream_nobody_takes_up_again_goes_on(self):
        sim, plugin = self.world("--recycled", "300", "--latency-ms", "100")
        ids = sim.ids()
        stream = self.watch(plugin, ids, "w")
        next(stream)
        stream.cancel()
        wait_until(lambda: sim.destroyed() == set(ids), 30, "the release to go on")
        self.all_released(sim, ids, plugin.release(ids, request_id="w"), may_repeat=False)

    def test_a_plain_call_stops_at_the_boundary(self):
        sim, plugin = self.world("--recycled", "4000")
        ids = sim.ids()
        sim.slow_releases()
        proxy = CuttingProxy(plugin.address)
        self.addCleanup(proxy.stop)
        with grpc.insecure_channel(proxy.address, [("grpc.enable_http_proxy", 0)]) as channel:
            call = stubs.ReleaseServiceStub(channel).Release.future(
                make_request(ids, request_id="p"), timeout=120)
            sim.wait_for_calls(RELEASE, 1)
            proxy.cut_all()
            with self.assertRaises(grpc.RpcError):
                call.result()
        # Who asks again before the loss is noticed has joined what goes on.
        wait_until(lambda: logged_at(plugin, "cancel"), 20, "the loss to be noticed")
        report = plugin.release(ids, request_id="p", timeout=60)
        found = self.exact(sim, ids, report)
        self.assertTrue(found.get("not_attempted"), "it went on to the end")
        self.resume(sim, plugin, ids)

    def test_the_command_line_is_killed(self):
        """Its own plugin stops with it; the next run finishes the rest."""
        sim = self.simulator("--recycled", "2000")
        ids = sim.ids()
        sim.slow_releases()
        client = Process([program("zenrelease"), "release", "--json", *ids],
                         clean_environment(self.home(), sim.environment()))
        sim.wait_for_calls(RELEASE, 1)
        plugins = children(client.pid)
        self.assertEqual(len(plugins), 1)
        client.process.kill()
        client.process.wait()
        client.process.stdout.close()
        client.log.close()
        wait_until(lambda: is_gone(plugins[0]), 60, "its plugin to stop")
        self.assertLess(len(sim.submissions()), 2000)
        sim.fault()
        code, lines = self.cli_json("release", "--allow-missing", *ids, environment=sim.environment())
        self.assertEqual(code, 0, lines[-1]["counts"])
        self.assertEqual((sim.destroyed(), sim.resubmitted()), (set(ids), []))


class Case42_ShortOfEverything(StopCase):
    """Memory pressure, file-descriptor exhaustion, signals

    Admission limits refuse before anything is sent; SIGTERM drains to a batch boundary.
    """

    def test_too_many_releases_at_once(self):
        sim, plugin = self.world("--recycled", "20", config={"max_concurrent_releases": 2})
        ids, stub = sim.ids(), plugin.stub()
        sim.fault(on_read("delay", delay_ms=1000))
        calls = [stub.Release.future(make_request([i]), timeout=60) for i in ids]
        refused = 0
        for instance_id, call in zip(ids, calls):
            try:
                self.all_released(sim, [instance_id], call.result(), asked_before=ids)
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
                self.assertNotIn(instance_id, sim.submissions())
                refused += 1
        self.assertEqual(refused, 18)
        sim.fault()
        self.all_released(sim, sorted(sim.instances()), plugin.release(sorted(sim.instances())),
                          asked_before=ids)

    def test_descriptors_run_out_in_mid_run(self):
        sim, plugin = self.world("--recycled", "600", "--latency-ms", "50")
        ids = sim.ids()
        stub = plugin.stub()
        plugin.release(ids[:1], stub=stub)
        open_now = len(os.listdir(f"/proc/{plugin.pid}/fd"))
        before = resource.prlimit(plugin.pid, resource.RLIMIT_NOFILE)
        sim.fault({"do": "close_idle", "match": {"count": 3}})
        resource.prlimit(plugin.pid, resource.RLIMIT_NOFILE, (open_now, before[1]))
        report = plugin.release(ids[1:], timeout=90, wait=8, stub=stub)
        self.judge(sim, ids[1:], report, asked_before=ids[:1], unknown=set(sim.submissions()))
        resource.prlimit(plugin.pid, resource.RLIMIT_NOFILE, before)
        self.resume(sim, plugin, ids)

    def test_no_connection_can_be_opened_at_all(self):
        sim, plugin = self.world("--recycled", "20")
        ids, stub = sim.ids(), plugin.stub()
        stub.GetServerInfo(service.GetServerInfoRequest(), timeout=30)
        before = resource.prlimit(plugin.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(plugin.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        report = stub.Release(make_request(ids), timeout=60)
        resource.prlimit(plugin.pid, resource.RLIMIT_NOFILE, before)
        self.judge(sim, ids, report)
        self.assertEqual(set(outcomes(report).values()), {"not_attempted"})
        self.assertEqual(sim.count(), 0)
        self.resume(sim, plugin, ids)

    def test_memory_runs_short(self):
        """It may refuse or, where a library gives up, die: what it told is true, and the next run finishes."""
        sim, plugin = self.world("--recycled", "6000", "--latency-ms", "30")
        ids = sim.ids()
        with open(f"/proc/{plugin.pid}/status", encoding="ascii") as file:
            size = int(re.search(r"VmSize:\s+(\d+) kB", file.read()).group(1)) * 1024
        resource.prlimit(plugin.pid, resource.RLIMIT_AS, (size + (6 << 20), resource.RLIM_INFINITY))
        calls = [plugin.stub().Release.future(make_request(ids[n::6], wait=5), timeout=90)
                 for n in range(6)]
        for n, call in enumerate(calls):
            try:
                self.judge(sim, ids[n::6], call.result(), asked_before=ids, unknown=ids)
            except grpc.RpcError as error:
                self.assertIn(error.code(), (grpc.StatusCode.RESOURCE_EXHAUSTED,
                                             grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED))
        self.end(plugin)
        self.resume(sim, self.server(sim), ids)

    @staticmethod
    def end(plugin):
        """However it ends, or has ended."""
        plugin.process.kill()
        plugin.stop(expected=plugin.wait())

    def test_a_storm_of_harmless_signals(self):
        sim, plugin = self.world("--recycled", "2000", "--latency-ms", "40")
        ids, dice = sim.ids(), random.Random(42)
        call = plugin.stub().Release.future(make_request(ids), timeout=120)
        harmless = (signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG, signal.SIGCONT,
                    signal.SIGSTOP)
        sent = 0
        while not call.done():
            plugin.process.send_signal(dice.choice(harmless))
            plugin.process.send_signal(signal.SIGCONT)
            sent += 1
            time.sleep(0.002)
        self.assertGreater(sent, 50)
        self.all_released(sim, ids, call.result(), may_repeat=False)

    def test_sigterm_drains_to_a_boundary(self):
        sim, plugin = self.world("--recycled", "4000")
        ids = sim.ids()
        sim.slow_releases()
        call = plugin.stub().Release.future(make_request(ids), timeout=120)
        sim.wait_for_calls(RELEASE, 2)
        plugin.process.send_signal(signal.SIGTERM)
        found = self.exact(sim, ids, call.result())
        self.assertEqual(plugin.wait(), 0)
        self.assertTrue(found.get("not_attempted") and found.get("released"), found.keys())
        self.resume(sim, self.server(sim), ids)

    def test_a_storm_of_sigterm(self):
        sim, plugin = self.world("--recycled", "4000")
        ids = sim.ids()
        sim.slow_releases()
        call = plugin.stub().Release.future(make_request(ids), timeout=120)
        sim.wait_for_calls(RELEASE, 2)

        def ended():
            if plugin.alive():
                plugin.process.send_signal(random.choice((signal.SIGTERM, signal.SIGINT)))
            return not plugin.alive()

        wait_until(ended, 20, "the end")
        try:
            self.judge(sim, ids, call.result(), unknown=ids)
        except grpc.RpcError as error:
            self.assertIn(error.code(), (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED))
        plugin.stop(expected=plugin.process.returncode)
        self.resume(sim, self.server(sim), ids)
