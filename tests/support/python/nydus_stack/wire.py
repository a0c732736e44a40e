# SPDX-License-Identifier: Apache-2.0
"""As much of the protocol buffer format as the snapshot service of containerd needs."""

VARINT = 0
FIXED_64 = 1
BYTES = 2
FIXED_32 = 5


def encode_varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def encode_field(number, value):
    """One field; zero and empty values are left out, as the format wants it."""
    if not value:
        return b""
    if isinstance(value, int):
        return encode_varint(number << 3 | VARINT) + encode_varint(value)
    if isinstance(value, str):
        value = value.encode()
    return encode_varint(number << 3 | BYTES) + encode_varint(len(value)) + value


def encode_message(*fields):
    """A message of (number, value) pairs; a list as value is a repeated field, a dictionary a map of strings."""
    encoded = b""
    for number, value in fields:
        if isinstance(value, dict):
            value = [encode_message((1, key), (2, text)) for key, text in value.items()]
        if isinstance(value, list):
            encoded += b"".join(encode_field(number, item) for item in value)
        else:
            encoded += encode_field(number, value)
    return encoded


def _decode_varint(data, position):
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position


class Message:
    """A decoded message: every field by number, in the order of the bytes."""

    def __init__(self, data):
        self._fields = {}
        position = 0
        while position < len(data):
            key, position = _decode_varint(data, position)
            value, position = self._decode_value(key & 7, data, position)
            self._fields.setdefault(key >> 3, []).append(value)

    @staticmethod
    def _decode_value(kind, data, position):
        if kind == VARINT:
            return _decode_varint(data, position)
        if kind == BYTES:
            length, position = _decode_varint(data, position)
        else:
            length = {FIXED_64: 8, FIXED_32: 4}[kind]
        return data[position:position + length], position + length

    def text(self, number):
        return self._fields.get(number, [b""])[-1].decode()

    def texts(self, number):
        return [value.decode() for value in self._fields.get(number, [])]

    def message(self, number):
        return Message(self._fields.get(number, [b""])[-1])

    def messages(self, number):
        return [Message(value) for value in self._fields.get(number, [])]

    def text_map(self, number):
        return {entry.text(1): entry.text(2) for entry in self.messages(number)}
