"""A Python client of zenrelease.v1, with grpcio and generated modules alone.

    client.py ADDRESS STUBS-FOLDER GOOD-IDS LIVE-ID   (ids with commas between)
"""

import sys

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

address, stubs, good_ids, live_id = sys.argv[1:]
sys.path.insert(0, stubs)
# pylint: disable=wrong-import-position
from zenrelease.v1 import release_pb2 as v1  # noqa: E402
from zenrelease.v1 import release_service_pb2 as service  # noqa: E402
from zenrelease.v1 import release_service_pb2_grpc as grpc_stubs  # noqa: E402

ids = good_ids.split(",")
channel = grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)])
stub = grpc_stubs.ReleaseServiceStub(channel)


def check(condition, *what):
    if not condition:
        raise AssertionError(what)


def rpc_type(name):
    """A message of google.rpc, from the descriptors that the stubs' maker left beside them."""
    with open(f"{stubs}/rpc.bin", "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(name))


def details(error):
    """type name -> message, of google.rpc.Status in the trailers."""
    packed = dict(error.trailing_metadata())["grpc-status-details-bin"]
    found = {}
    for each in rpc_type("google.rpc.Status").FromString(packed).details:
        detail = any_pb2.Any(type_url=each.type_url, value=each.value)
        name = detail.type_url.rsplit("/", 1)[-1]
        found[name] = rpc_type(name).FromString(detail.value)
    return found


def lists():
    request = service.ListInstancesRequest(product=v1.PRODUCT_VM, page_size=2)
    page = stub.ListInstances(request, timeout=60)
    check(len(page.instances) == 2 and page.total_size == len(ids) and page.next_page_token, page)
    request.page_token = page.next_page_token
    following = stub.ListInstances(request, timeout=60)
    check(following.instances[0].instance_id != page.instances[0].instance_id, following)
    check(following.instances[0].status == "RECYCLE", following)


def refuses():
    request = service.ReleaseRequest(product=v1.PRODUCT_VM, instance_ids=[ids[0], " padded"])
    try:
        stub.Release(request, timeout=60)
    except grpc.RpcError as error:
        check(error.code() == grpc.StatusCode.INVALID_ARGUMENT, error)
        check("instance_ids[1]" in error.details(), error)
        violations = details(error)["google.rpc.BadRequest"].field_violations
        check([v.field for v in violations] == ["instance_ids[1]"], violations)
        check(violations[0].description, violations)
    else:
        check(False, "accepted")


def releases():
    half = ids[:len(ids) // 2]
    request = service.ReleaseRequest(product=v1.PRODUCT_VM, instance_ids=half + [live_id])
    answer = stub.Release(request, timeout=60)
    expected = {i: v1.OUTCOME_RELEASED for i in half}
    expected[live_id] = v1.OUTCOME_NOT_RECYCLED
    check({r.instance_id: r.outcome for r in answer.results} == expected, answer)
    check(answer.counts.released == len(half) and answer.counts.total == len(half) + 1, answer)
    check([(d.code, d.field) for d in answer.diagnostics] ==
          [("NOT_RECYCLED", f"instance_ids[{len(half)}]")], answer)


def watches():
    half = ids[len(ids) // 2:]
    request = service.ReleaseRequest(product=v1.PRODUCT_VM, instance_ids=half, request_id="py-1")
    events = list(stub.WatchRelease(request, timeout=60))
    check([e.sequence for e in events] == list(range(1, len(events) + 1)), events)
    check(events[-1].WhichOneof("event") == "result", events)
    check({r.instance_id: r.outcome for r in events[-1].result.results} ==
          {i: v1.OUTCOME_RELEASED for i in half}, events[-1])


lists()
refuses()
releases()
watches()
channel.close()
print("python: lists, refuses, releases, watches")
