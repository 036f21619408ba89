"""A server that says what a test tells it to, for what a real one says only after accidents."""

from concurrent import futures

import grpc

from .plugin import PRODUCTS, service, stubs, v1


class FakeServer(stubs.ReleaseServiceServicer):
    def __init__(self):
        self.journal = True
        self.troubles = []  # diagnostics of GetServerInfo
        self.records = []  # newest first
        self.page = 2
        self.settled = service.SettleReleasesResponse()
        self.hold = None  # an event that SettleReleases waits for
        self.failure = None  # (code, details) of both
        self.asked = []  # requests, as they came
        self.outcome = v1.OUTCOME_RELEASED  # of every release
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        stubs.add_ReleaseServiceServicer_to_server(self, self.server)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def stop(self):
        if self.hold:
            self.hold.set()
        self.server.stop(None).wait(10)

    def asked_for(self, kind):
        return [r for r in self.asked if isinstance(r, kind)]

    def _note(self, request, context):
        self.asked.append(request)
        if self.failure:
            context.abort(*self.failure)

    # The methods, under the names that they have in the protocol.
    # pylint: disable=invalid-name
    def GetServerInfo(self, _request, _context):
        return service.ServerInfo(version="1", endpoint="https://e", account_fingerprint="f00d",
                                  journal=self.journal, diagnostics=self.troubles)

    def ListReleaseRecords(self, request, context):
        self._note(request, context)
        first = int(request.page_token or 0)
        last = min(first + self.page, len(self.records))
        return service.ListReleaseRecordsResponse(
            records=self.records[first:last],
            next_page_token=str(last) if last < len(self.records) else "")

    def SettleReleases(self, request, context):
        self._note(request, context)
        if self.hold:
            self.hold.wait(60)
        return self.settled

    def WatchRelease(self, request, _context):
        self.asked.append(request)
        results = [result(i, self.outcome) for i in request.instance_ids]
        response = v1.ReleaseResponse(results=results, counts=counts(results),
                                      request_id=request.request_id)
        yield v1.ReleaseEvent(sequence=1, outcomes_decided=v1.OutcomesDecided(results=results))
        yield v1.ReleaseEvent(sequence=2, result=response)


def result(instance_id, outcome, **fields):
    return v1.InstanceResult(instance_id=instance_id, outcome=outcome, **fields)


def counts(results):
    found = v1.Counts(total=len(results))
    for r in results:
        name = v1.Outcome.Name(r.outcome).removeprefix("OUTCOME_").lower()
        setattr(found, name, getattr(found, name) + 1)
    return found


def group(product, results, diagnostics=()):
    return service.SettledReleases(product=PRODUCTS[product], results=results,
                                   diagnostics=diagnostics, counts=counts(results))


def record(instance_id, ms, **fields):
    made = service.ReleaseRecord(instance_id=instance_id, product=v1.PRODUCT_VM, **fields)
    made.send_time.FromMilliseconds(ms)
    return made
