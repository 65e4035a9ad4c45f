"""A D-Bus client for a private address, as much as wearing out Upstart takes: method calls whose arguments are strings, arrays of
strings and booleans, all asynchronous, each remembered until it is answered."""

import os
import socket
import struct

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, SENDER, DESTINATION, SIGNATURE = 1, 2, 3, 4, 5, 7, 6, 8


class Writer:
    def __init__(self):
        self.bytes = bytearray()

    def align(self, to):
        self.bytes += bytes(-len(self.bytes) % to)

    def number(self, value):
        self.align(4)
        self.bytes += struct.pack("<I", value)

    def string(self, text):
        data = text.encode()
        self.number(len(data))
        self.bytes += data + b"\0"

    def signature(self, text):
        self.bytes += bytes([len(text)]) + text.encode() + b"\0"

    def strings(self, texts):
        self.number(0)
        at = len(self.bytes)
        for text in texts:
            self.string(text)
        self.bytes[at - 4:at] = struct.pack("<I", len(self.bytes) - at)

    def argument(self, value):
        """Its type."""
        if isinstance(value, bool):
            self.number(int(value))
            return "b"
        if isinstance(value, str):
            self.string(value)
            return "s"
        self.strings(value)
        return "as"


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def align(self, to):
        self.at += -self.at % to

    def number(self):
        self.align(4)
        self.at += 4
        return struct.unpack_from("<I", self.data, self.at - 4)[0]

    def string(self):
        size = self.number()
        self.at += size + 1
        return self.data[self.at - size - 1:self.at - 1].decode(errors="replace")

    def signature(self):
        size = self.data[self.at]
        self.at += size + 2
        return self.data[self.at - size - 1:self.at - 1].decode()

    def strings(self):
        end = self.number() + self.at
        found = []
        while self.at < end:
            found.append(self.string())
        return found

    def value(self, kind):
        if kind in ("s", "o"):
            return self.string()
        if kind in ("as", "ao"):
            return self.strings()
        if kind == "g":
            return self.signature()
        if kind == "v":
            return self.value(self.signature())
        return self.number()  # u, i, b


class Gone(Exception):
    """The other end has hung up."""


class Answer:
    def __init__(self, error, value):
        self.error = error  # the error's name, or None
        self.value = value  # the first result, or the error's message


class Peer:
    def __init__(self, address, limit=None):
        """address: unix:abstract=PATH or unix:path=PATH. limit: seconds that the handshake may take, else socket.timeout."""
        kind, _, path = address.removeprefix("unix:").partition(",")[0].partition("=")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(limit)
        self.socket.connect("\0" + path if kind == "abstract" else path)
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        if not self.socket.recv(256).startswith(b"OK "):
            raise Gone("authentication refused")
        self.socket.sendall(b"BEGIN\r\n")
        self.socket.setblocking(False)
        self.incoming = b""
        self.outgoing = bytearray()
        self.serial = 0
        self.waiting = {}  # what to do with the answer, by serial

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def call(self, path, interface, member, arguments, answered):
        self.serial += 1
        body = Writer()
        signature = "".join([body.argument(value) for value in arguments])
        fields = {PATH: ("o", path), INTERFACE: ("s", interface), MEMBER: ("s", member)}
        if signature:
            fields[SIGNATURE] = ("g", signature)
        self.outgoing += self._header(fields, len(body.bytes)) + body.bytes
        self.waiting[self.serial] = answered
        self.write()

    def _header(self, fields, body_size):
        listed = Writer()
        for code, (kind, value) in fields.items():
            listed.align(8)
            listed.bytes.append(code)
            listed.signature(kind)
            (listed.signature if kind == "g" else listed.string)(value)
        header = Writer()
        header.bytes += struct.pack("<cBBBIII", b"l", CALL, 0, 1, body_size, self.serial, len(listed.bytes)) + listed.bytes
        header.align(8)
        return header.bytes

    def write(self):
        try:
            while self.outgoing:
                del self.outgoing[:self.socket.send(self.outgoing)]
        except BlockingIOError:
            pass
        except OSError as error:
            raise Gone(str(error)) from None

    def read(self):
        """Takes what has come, gives every answer to the one who asked. What an answer does may call again."""
        self.write()
        try:
            while True:
                data = self.socket.recv(1 << 16)
                if not data:
                    raise Gone("hung up")
                self.incoming += data
        except BlockingIOError:
            pass
        except OSError as error:
            raise Gone(str(error)) from None
        at = 0
        while (size := self._size(at)) is not None and len(self.incoming) - at >= size:
            self._take(self.incoming[at:at + size])
            at += size
        self.incoming = self.incoming[at:]

    def _size(self, at):
        if len(self.incoming) - at < 16:
            return None
        body, _, fields = struct.unpack_from("<III", self.incoming, at + 4)
        return 16 + fields + -fields % 8 + body

    def _take(self, message):
        kind = message[1]
        if kind not in (RETURN, ERROR):
            return
        reader = Reader(message, 12)
        end = reader.number() + 16
        fields = {}
        while reader.at < end:
            reader.align(8)
            code = message[reader.at]
            reader.at += 1
            fields[code] = reader.value(reader.signature())
        reader.at = end
        reader.align(8)
        signature = fields.get(SIGNATURE, "")
        first = signature[:2] if signature.startswith("a") else signature[:1]
        value = reader.value(first) if first else None
        answered = self.waiting.pop(fields[REPLY_SERIAL], None)
        if answered:
            answered(Answer(fields.get(ERROR_NAME) if kind == ERROR else None, value))
