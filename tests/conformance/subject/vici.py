# SPDX-License-Identifier: GPL-2.0
"""strongSwan's control protocol: requests, their answers, lists that come as events."""
import socket
import struct

(CMD_REQUEST, CMD_RESPONSE, CMD_UNKNOWN, EVENT_REGISTER, EVENT_UNREGISTER, EVENT_CONFIRM,
 EVENT_UNKNOWN, EVENT) = range(8)
SECTION, SECTION_END, VALUE, LIST, ITEM, LIST_END = range(1, 7)


def pack(message):
    out = b""
    for key, value in message.items():
        name = bytes([len(key)]) + key.encode()
        if isinstance(value, dict):
            out += bytes([SECTION]) + name + pack(value) + bytes([SECTION_END])
        elif isinstance(value, (list, tuple)):
            items = [str(v).encode() for v in value]
            out += bytes([LIST]) + name + b"".join(
                bytes([ITEM]) + struct.pack(">H", len(v)) + v for v in items) + bytes([LIST_END])
        else:
            data = value if isinstance(value, bytes) else str(value).encode()
            out += bytes([VALUE]) + name + struct.pack(">H", len(data)) + data
    return out


def unpack(data):
    stack, items, at = [{}], None, 0
    while at < len(data):
        kind, at = data[at], at + 1
        key = None
        if kind in (SECTION, VALUE, LIST):
            size = data[at]
            key, at = data[at + 1:at + 1 + size].decode(), at + 1 + size
        if kind in (VALUE, ITEM):
            size = struct.unpack(">H", data[at:at + 2])[0]
            value, at = data[at + 2:at + 2 + size].decode(errors="replace"), at + 2 + size
            if kind == VALUE:
                stack[-1][key] = value
            else:
                items.append(value)
        elif kind == SECTION:
            stack.append(stack[-1].setdefault(key, {}))
        elif kind == SECTION_END:
            stack.pop()
        elif kind == LIST:
            items = stack[-1].setdefault(key, [])
    return stack[0]


class Vici:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def close(self):
        self.socket.close()

    def send(self, kind, name, message=None):
        data = bytes([kind, len(name)]) + name.encode() + pack(message or {})
        self.socket.sendall(struct.pack(">I", len(data)) + data)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("strongSwan has closed its socket")
            data += more
        return data

    def receive(self):
        """Kind, message."""
        data = self.exactly(struct.unpack(">I", self.exactly(4))[0])
        skip = 2 + data[1] if data[0] == EVENT else 1
        return data[0], unpack(data[skip:])

    def answer(self):
        kind, message = self.receive()
        while kind == EVENT:
            kind, message = self.receive()
        return message

    def ask(self, name, **message):
        self.send(CMD_REQUEST, name, message)
        return self.answer()

    def listed(self, name, event):
        self.send(EVENT_REGISTER, event)
        self.answer()
        self.send(CMD_REQUEST, name)
        found = {}
        while True:
            kind, message = self.receive()
            if kind != EVENT:
                break
            for key, value in message.items():      # several may have one name
                found[f"{key}/{value.get('uniqueid', len(found))}"] = value
        self.send(EVENT_UNREGISTER, event)
        self.answer()
        return found
