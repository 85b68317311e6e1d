"""The malformed battery, generated: every packet type, each version, cut at each byte, each length
and id field at its edges, before CONNECT, connected and closing. `cases()` yields them; what must
come of them is malformed_model's to say. Topics are chosen so that no case hears another one.
"""

import struct

import malformed_model as model

VERSIONS = ("3.1", "3.1.1", "5")
PROTOCOL = {"3.1": (b"MQIsdp", 3), "3.1.1": (b"MQTT", 4), "5": (b"MQTT", 5)}
STATES = ("before CONNECT", "connected", "closing")
LENGTH_MAX = 268_435_455


class Case:
    """`hello`: is CONNACK awaited before `data` is sent? `expected`: what the model says."""

    def __init__(self, number, version, state, name, data):
        self.name = f"{number}: {name} ({version}, {state}) {data[:40].hex(' ')}"
        self.hello = None
        self.data = data
        connected = None
        if state == "before CONNECT":
            pass
        elif version == "5":
            # There is no connection to be had: everything comes behind a CONNECT that is refused.
            self.data = plain_connect("5", b"behind") + data
        else:
            self.hello = plain_connect(version, b"h%06d" % number)
            connected = version
            if state == "closing":
                # What comes behind the end does not count: DISCONNECT, or a packet that is wrong.
                self.data = (b"\xe0\x00" if number % 2 else b"\xf0\x00") + data
        self.expected = model.Connection(connected).feed(self.data)


def text(raw):
    return ("text", raw)


def remaining_length(size):
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)


def packet(first, body):
    return bytes([first]) + remaining_length(len(body)) + body


def plain_connect(version, client_id):
    name, level = PROTOCOL[version]
    return packet(0x10, assemble(connect_fields(name, level, 2, client_id)))


def assemble(fields):
    return b"".join(encode(kind, value) for kind, value in fields)


def encode(kind, value):
    if kind == "text":
        return struct.pack(">H", len(value)) + value
    if kind in ("id", "u16"):
        return struct.pack(">H", value)
    if kind == "raw":
        return value
    return bytes([value])             # a byte of options or level


def connect_fields(name, level, flags, client_id):
    """A CONNECT whose payload is what its flags announce."""
    fields = [text(name), ("level", level), ("byte", flags), ("u16", 600)]
    if level == 5:
        fields.append(("raw", b"\x05\x11\0\0\0\x0a"))       # a session expiry
    fields.append(text(client_id))
    if flags & 4:
        if level == 5:
            fields.append(("raw", b"\0"))
        fields += [text(b"w/m"), text(b"bye")]
    if flags & 0x80:
        fields.append(text(b"user"))
    if flags & 0x40:
        fields.append(text(b"secret"))
    return fields


def templates(version):
    """(name, first byte, fields) of well-formed packets of every type."""
    name, level = PROTOCOL[version]
    props = [("raw", b"\0")] if version == "5" else []
    yield "CONNECT", 0x10, connect_fields(name, level, 0x02, b"c0000000")
    yield "CONNECT with everything", 0x10, connect_fields(name, level, 0xCE, b"c0000000")
    yield "CONNACK", 0x20, [("byte", 0), ("byte", 0)] + props
    yield "PUBLISH 0", 0x30, [text(b"p/m")] + props + [("raw", b"payload")]
    yield "PUBLISH 1", 0x32, [text(b"p/m"), ("id", 10)] + props + [("raw", b"payload")]
    yield "PUBLISH 2", 0x35, [text(b"p/m"), ("id", 11)] + props + [("raw", b"payload")]
    for kind, first in (("PUBACK", 0x40), ("PUBREC", 0x50), ("PUBREL", 0x62), ("PUBCOMP", 0x70)):
        yield kind, first, [("id", 12)]
    yield "SUBSCRIBE", 0x82, [("id", 13)] + props + [text(b"m/s/+"), ("byte", 1)]
    yield "SUBSCRIBE to two", 0x82, [("id", 14)] + props + [
        text(b"m/s/#"), ("byte", 0), text(b"m/t"), ("byte", 2)]
    yield "SUBSCRIBE shared", 0x82, [("id", 15)] + props + [text(b"$share/g/m/u"), ("byte", 1)]
    yield "SUBACK", 0x90, [("id", 16)] + props + [("byte", 1)]
    yield "UNSUBSCRIBE", 0xA2, [("id", 17)] + props + [text(b"m/s/+")]
    yield "UNSUBSCRIBE from two", 0xA2, [("id", 18)] + props + [text(b"m/s/+"), text(b"$share/g/m")]
    yield "UNSUBACK", 0xB0, [("id", 19)] + props
    yield "PINGREQ", 0xC0, []
    yield "PINGRESP", 0xD0, []
    yield "DISCONNECT", 0xE0, []
    yield "type 15", 0xF0, []
    yield "type 0", 0x00, []


def edges(kind, value, rest):
    """Other values of a field, encoded; `rest`: bytes of the packet behind its length."""
    if kind == "text":
        for size in {0, len(value) - 1, len(value) + 1, rest, rest + 1, 65535}:
            yield f"length {size}", struct.pack(">H", size) + value
    elif kind == "id":
        for number in (0, 1, 65535):
            yield f"id {number}", struct.pack(">H", number)
    elif kind == "u16":
        for number in (0, 65535):
            yield f"keep alive {number}", struct.pack(">H", number)
    elif kind == "level":
        for number in (0, 2, 3, 4, 5, 6, 127, 128, 131, 132, 255):
            yield f"level {number}", bytes([number])
    elif kind == "byte":
        for number in (0, 1, 2, 3, 4, 127, 128, 255):
            yield f"byte {number}", bytes([number])


def spoiled(first, fields):
    """(how, bytes) of everything that is made of one well-formed packet."""
    body = assemble(fields)
    whole = packet(first, body)
    yield "as it is", whole
    for size in range(1, len(whole)):
        yield f"cut at {size}", whole[:size]
    for size in range(len(body)):
        yield f"body cut at {size}", packet(first, body[:size])
    yield "with a byte too many", packet(first, body + b"\0")
    yield "with text too many", packet(first, body + b"\0\1x")
    yield "twice", whole + whole
    for flags in range(16):
        yield f"flags {flags}", packet(first & 0xF0 | flags, body)
    for size in {0, max(0, len(body) - 1), len(body) + 1, model.CONNECT_BYTES_MAX - 3,
                 model.CONNECT_BYTES_MAX - 2, model.PACKET_BYTES_MAX - 4,
                 model.PACKET_BYTES_MAX - 3, LENGTH_MAX}:
        yield f"remaining length {size}", bytes([first]) + remaining_length(size) + body
    yield "five length bytes", bytes([first]) + b"\x80\x80\x80\x80\x01" + body
    yield "long length", bytes([first, len(body) | 128, 0]) + body
    for i, (kind, value) in enumerate(fields):
        before, behind = assemble(fields[:i]), assemble(fields[i + 1:])
        size = len(value) + len(behind) if kind == "text" else 0
        for how, raw in edges(kind, value, size):
            yield f"field {i} with {how}", packet(first, before + raw + behind)


def long_ones(version):
    """Fields at the largest size that is allowed, and one more."""
    name, level = PROTOCOL[version]
    for size in (23, 24, model.CLIENT_ID_BYTES_MAX, model.CLIENT_ID_BYTES_MAX + 1):
        fields = connect_fields(name, level, 2, b"%d" % level * size)
        yield f"client id of {size}", packet(0x10, assemble(fields))
    room = model.PACKET_BYTES_MAX - 4
    for size in (room, room + 1):
        yield f"PUBLISH of {size}", packet(0x30, assemble([text(b"p/m")]).ljust(size, b"x"))
    for levels in (model.TOPIC_LEVELS_MAX, model.TOPIC_LEVELS_MAX + 1):
        slashes = b"/" * (levels - 1)
        yield f"PUBLISH to {levels} levels", packet(
            0x32, assemble([text(b"p" + slashes), ("id", 1)]))
        yield f"SUBSCRIBE to {levels} levels", packet(
            0x82, assemble([("id", 1), text(b"m" + slashes), ("byte", 0)]))


def every_connect_flag(version):
    name, level = PROTOCOL[version]
    for flags in range(256):
        fields = connect_fields(name, level, flags, b"c0000000")
        yield f"connect flags {flags:#04x}", packet(0x10, assemble(fields))


def all_bytes(version):
    for name, first, fields in templates(version):
        for how, data in spoiled(first, fields):
            yield f"{name}, {how}", data
    yield from long_ones(version)


def cases():
    """All of them, each once, with a client id of its own wherever a CONNECT may be accepted."""
    number = 0
    for version in VERSIONS:
        # MQTT 5 has more answers than the model; see malformed_model.ANY.
        for state in STATES[:2] if version == "5" else STATES:
            seen = set()
            made = list(all_bytes(version))
            if state == "before CONNECT":
                made += every_connect_flag(version)
            for name, data in made:
                if data in seen:
                    continue
                seen.add(data)
                number += 1
                yield Case(number, version, state, name,
                           data.replace(b"c0000000", b"c%07d" % number))
