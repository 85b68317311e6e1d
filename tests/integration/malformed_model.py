"""What a broker of MQTT 3.1 and 3.1.1 must do with the bytes of one connection, from the standards.

A small model, independent of the broker's code: it reads packets slowly, answers for a client that
is alone with its topics, and says how the connection ends. Statements of the standards are named
where they decide. What an MQTT 5 client gets is not modelled: its connection must end, with a
reason in the log, and hurt nobody.
"""

import struct

CONNECT_BYTES_MAX = 4096      # as the battery configures the daemon
PACKET_BYTES_MAX = 65536
CLIENT_ID_BYTES_MAX = 1024
TOPIC_LEVELS_MAX = 128

# How a connection ends: the log's `reason`.
OPEN = "client_closed"         # it stays open until the client closes it
BYE = "client_disconnected"
ERROR = "protocol_error"
TOO_LARGE = "packet_too_large"
REFUSED = "refused"
ANY = "any of them"            # MQTT 5

CLIENT_MAY_SEND = {1, 3, 4, 5, 6, 7, 8, 10, 12, 14}
EXPECTED_FLAGS = {6: 2, 8: 2, 10: 2}


class Ends(Exception):
    """The connection ends for this reason, with this last answer."""

    def __init__(self, reason, answer=b""):
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


class Fields:
    """The fields of a packet one after the other; a cut one ends the connection."""

    def __init__(self, data, reason):
        self.data = data
        self.reason = reason

    def take(self, size):
        if len(self.data) < size:
            raise Ends(self.reason)
        front, self.data = self.data[:size], self.data[size:]
        return front

    def u8(self):
        return self.take(1)[0]

    def u16(self):
        return struct.unpack(">H", self.take(2))[0]

    def binary(self):
        return self.take(self.u16())

    def text(self):
        """Well-formed UTF-8 without U+0000 [v311 MQTT-1.5.3-1, -2] [v31 M31-utf8-1]."""
        raw = self.binary()
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise Ends(self.reason) from None
        if "\0" in text:
            raise Ends(self.reason)
        return text

    def packet_id(self):
        number = self.u16()
        if number == 0:           # [v311 MQTT-2.3.1-1]
            raise Ends(self.reason)
        return struct.pack(">H", number)

    def end(self):
        if self.data:
            raise Ends(self.reason)


def filter_is_good(levels):
    """[v311 MQTT-4.7.1-2, -3, MQTT-4.7.3-1]"""
    if levels == [""]:
        return False
    for i, level in enumerate(levels):
        if "#" in level and (level != "#" or i + 1 != len(levels)):
            return False
        if "+" in level and level != "+":
            return False
    return True


class Connection:
    """Takes all bytes of a connection at once: `answers` and `end` say what must come of them."""

    def __init__(self, version=None):
        """`version`: of a connection past its CONNACK, "3.1" or "3.1.1"."""
        self.version = version
        self.answers = b""
        self.end = OPEN

    def feed(self, data):
        try:
            while data:
                size = self.whole_packet(data)
                if size is None:
                    return self       # it waits for the rest
                self.packet(data[0], data[size[0]:size[1]])
                data = data[size[1]:]
        except Ends as e:
            self.answers += e.answer
            self.end = e.reason
        return self

    def whole_packet(self, data):
        """Where the body starts and ends, or None as long as bytes are missing. The first byte and
        the length are judged as soon as they are there."""
        self.first_byte(data[0])
        size = 0
        for i in range(1, 5):
            if i >= len(data):
                return None
            size |= (data[i] & 127) << 7 * (i - 1)
            if not data[i] & 128:
                break
        else:
            raise Ends(ERROR)         # a fifth length byte [v311 2.2.3]
        if i > 1 and data[i] == 0:
            raise Ends(ERROR)         # not the shortest form
        most = CONNECT_BYTES_MAX if self.version is None else PACKET_BYTES_MAX
        if 1 + i + size > most:
            raise Ends(TOO_LARGE)
        if len(data) < 1 + i + size:
            return None
        return 1 + i, 1 + i + size

    def first_byte(self, byte):
        kind, flags = byte >> 4, byte & 15
        if self.version is None:
            if kind != 1:             # [v311 MQTT-3.1.0-1]
                raise Ends(ERROR)
            return
        if kind not in CLIENT_MAY_SEND:
            raise Ends(ERROR)
        if kind == 1:
            return
        if kind == 3:
            if flags & 6 == 6:        # [v311 MQTT-3.3.1-4]
                raise Ends(ERROR)
            if flags & 14 == 8 and self.version != "3.1":   # [v311 MQTT-3.3.1-2]
                raise Ends(ERROR)
        elif self.version != "3.1" and flags != EXPECTED_FLAGS.get(kind, 0):
            raise Ends(ERROR)         # [v311 MQTT-2.2.2-2]; not in 3.1 [v31 M31-flags-5]

    def packet(self, first, body):
        if self.version is None:
            self.connect(first & 15, Fields(body, REFUSED))
            return
        f = Fields(body, ERROR)
        kind = first >> 4
        if kind == 1:                 # a second one [v311 MQTT-3.1.0-2]
            raise Ends(ERROR)
        if kind == 3:
            self.publish(first, f)
        elif kind in (4, 5, 6, 7):
            number = f.packet_id()
            f.end()
            if kind == 5:             # unknown ids get their answer: ours may have been lost
                self.answers += b"\x62\x02" + number
            elif kind == 6:
                self.answers += b"\x70\x02" + number
        elif kind == 8:
            self.subscribe(f)
        elif kind == 10:
            number = f.packet_id()
            self.filters(f)
            self.answers += b"\xb0\x02" + number
        elif kind == 12:
            f.end()
            self.answers += b"\xd0\x00"
        else:
            f.end()
            raise Ends(BYE)

    def connect(self, header_flags, f):
        name = f.text()
        level = {"MQIsdp": 3, "MQTT": 4}.get(name)
        if level is None:             # [v311 MQTT-3.1.2-1]
            raise Ends(REFUSED)
        given = f.u8()
        if name == "MQTT" and given == 5:
            raise Ends(ANY)
        if given != level:            # [v311 MQTT-3.1.2-2]
            raise Ends(REFUSED, b"\x20\x02\x00\x01")
        old = level == 3
        flags = f.u8()
        will, will_qos = flags & 4, flags >> 3 & 3
        bad = will_qos == 3 if will else not old and flags & 0x38
        if header_flags and not old or flags & 1 and not old or bad or flags & 0xC0 == 0x40:
            raise Ends(REFUSED)       # [v311 MQTT-2.2.2-2, MQTT-3.1.2-3, -11 to -15, -22]
        f.u16()
        client_id = f.text()
        if will:
            topic = f.text()
            if not topic or "#" in topic or "+" in topic:
                raise Ends(REFUSED)
            f.binary()
        self.credentials(f, flags, old)
        f.end()
        if not client_id and (old or not flags & 2) or len(client_id) > CLIENT_ID_BYTES_MAX:
            raise Ends(REFUSED, b"\x20\x02\x00\x02")        # [v311 MQTT-3.1.3-8] [v31 M31-id-3]
        self.version = "3.1" if old else "3.1.1"
        self.answers += b"\x20\x02\x00\x00"

    @staticmethod
    def credentials(f, flags, old):
        """3.1: what is announced may be missing, and what is not announced is disregarded
        [v31 M31-auth-1, -3, -4]; else they are there exactly when announced [v311 MQTT-3.1.2-18
        to -21]."""
        for flag, read in ((0x80, f.text), (0x40, f.binary)):
            if flags & flag and not (old and not f.data):
                read()
        if not old:
            return
        for flag in (0x80, 0x40):
            whole = len(f.data) >= 2 and len(f.data) - 2 >= struct.unpack(">H", f.data[:2])[0]
            if not flags & flag and whole:
                f.binary()

    def publish(self, first, f):
        topic = f.text()
        if not topic or "#" in topic or "+" in topic:       # [v311 MQTT-3.3.2-2, MQTT-4.7.3-1]
            raise Ends(ERROR)
        qos = first >> 1 & 3
        number = f.packet_id() if qos else b""
        if topic.count("/") >= TOPIC_LEVELS_MAX:
            raise Ends(ERROR)
        if qos:
            self.answers += (b"\x40\x02" if qos == 1 else b"\x50\x02") + number

    def filters(self, f, each=lambda name: None):
        """At least one filter, each good [v311 MQTT-3.8.3-3, MQTT-3.10.3-2]. What stands behind
        "$share/" is judged filter by filter."""
        if not f.data:
            raise Ends(ERROR)
        while f.data:
            name = f.text()
            levels = name.split("/")
            judged = levels[2:] if levels[0] == "$share" and len(levels) > 1 else levels
            if not name or judged and judged != [""] and not filter_is_good(judged):
                raise Ends(ERROR)
            if judged is levels and not filter_is_good(levels):
                raise Ends(ERROR)
            each(name)

    def subscribe(self, f):
        number = f.packet_id()
        codes = []

        def one(name):
            options = f.u8()
            if options & 3 == 3 or options > 2 and self.version != "3.1":
                raise Ends(ERROR)     # [v311 MQTT-3.8.3-4] [v31 M31-sub-6]
            codes.append((name, options & 3))

        self.filters(f, one)
        answer = bytes(self.suback_code(name, qos) for name, qos in codes)
        self.answers += bytes([0x90, 2 + len(answer)]) + number + answer

    def suback_code(self, name, qos):
        levels = name.split("/")
        if levels[0] == "$share" and len(levels) > 1:
            good = len(levels) > 2 and levels[1] and not set("#+") & set(levels[1])
            if not good or not filter_is_good(levels[2:]):
                if self.version == "3.1":
                    raise Ends(ERROR)
                return 0x80           # [v311 MQTT-3.9.3-2]
        # 3.1 has no code for "no": there the answer is the QoS asked for [v31 M31-sub-2].
        return 0x80 if name.count("/") >= TOPIC_LEVELS_MAX and self.version != "3.1" else qos
