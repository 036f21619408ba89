"""Health and reflection without generated code: their messages are few and small."""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from .process import SLOW


def _varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, text):
    """One field of bytes or text."""
    data = text.encode() if isinstance(text, str) else text
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def read(data):
    """The fields of a message: number -> list of values (ints or bytes)."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 2:
            length = varint()
            value = data[at:at + length]
            at += length
        else:
            raise ValueError(f"wire type {key & 7}")
        found.setdefault(key >> 3, []).append(value)
    return found


def health_check(channel, name):
    """The number of the serving status; 1 is SERVING."""
    answer = channel.unary_unary("/grpc.health.v1.Health/Check")(
        field(1, name) if name else b"", timeout=10 * SLOW)
    return read(answer)[1][0]


def health_watch(channel, name):
    stream = channel.unary_stream("/grpc.health.v1.Health/Watch")(
        field(1, name) if name else b"", timeout=60 * SLOW)
    for answer in stream:
        yield read(answer)[1][0]


class Reflection:
    """A client that knows nothing but an address."""

    def __init__(self, channel, version):
        self.channel = channel
        self.path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"

    def _ask(self, *requests):
        stream = self.channel.stream_stream(self.path)(iter(requests), timeout=10 * SLOW)
        return [read(answer) for answer in stream]

    def services(self):
        listed = read(self._ask(field(7, "*"))[0][6][0])[1]
        return [read(s)[1][0].decode() for s in listed]

    @staticmethod
    def _files(answer):
        packed = read(answer[4][0])[1]
        return [descriptor_pb2.FileDescriptorProto.FromString(p) for p in packed]

    def file_of(self, symbol):
        return self._files(self._ask(field(4, symbol))[0])

    def file_named(self, name):
        return self._files(self._ask(field(3, name))[0])

    def error_of(self, symbol):
        return read(self._ask(field(4, symbol))[0][7][0])[1][0]

    def closure(self, symbol):
        """name -> file, of the file that holds the symbol and everything it imports."""
        found = {f.name: f for f in self.file_of(symbol)}
        while True:
            missing = {d for f in found.values() for d in f.dependency} - set(found)
            if not missing:
                return found
            for name in missing:
                found.update({f.name: f for f in self.file_named(name)})

    def call(self, service, method, request):
        """A unary call, JSON in and JSON out."""
        pool, files = descriptor_pool.DescriptorPool(), self.closure(service)
        added = set()

        def add(name):
            if name not in added:
                added.add(name)
                for dependency in files[name].dependency:
                    add(dependency)
                pool.Add(files[name])

        for name in files:
            add(name)
        found = pool.FindServiceByName(service).FindMethodByName(method)
        factory = message_factory.MessageFactory(pool)
        asked = json_format.ParseDict(request, factory.GetPrototype(found.input_type)())
        answer = factory.GetPrototype(found.output_type)
        call = self.channel.unary_unary(f"/{service}/{method}",
                                        request_serializer=lambda m: m.SerializeToString(),
                                        response_deserializer=answer.FromString)
        return json_format.MessageToDict(call(asked, timeout=60 * SLOW))
