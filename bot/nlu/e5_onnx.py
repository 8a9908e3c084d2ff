"""Writing an ONNX model, as bytes, without the `onnx` package (which the Rasa environment does not have).

ONNX is protobuf: a message is a run of fields, each a key (number x 8 + wire kind) and a value. Only what the
encoder's graph needs is here: nodes with whole, fractional or listed attributes, stored arrays, float inputs and
outputs. Field numbers: onnx.proto3 of the ONNX project.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# onnxruntime's own operators are in a domain of their own.
MICROSOFT = "com.microsoft"
_VERSIONS = {"": 17, MICROSOFT: 1}
_FORMAT_VERSION = 8
_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7}
_FLOAT_ATTRIBUTE, _WHOLE_ATTRIBUTE, _LIST_ATTRIBUTE = 1, 2, 7

Attribute = int | float | Sequence[int]
Shape = Sequence[int | str]


class GraphWriter:
    """Collects nodes and stored arrays in order; `model` gives the whole."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._arrays: list[bytes] = []
        self._names = 0

    def array(self, values: npt.NDArray[np.generic]) -> str:
        """Stores an array (float32, uint8, int8 or int64) and returns its name."""
        name = self._new_name()
        dimensions = b"".join(_whole(1, size) for size in values.shape)
        data = np.ascontiguousarray(values).tobytes()
        kind = _TYPES[values.dtype.name]
        self._arrays.append(dimensions + _whole(2, kind) + _text(8, name) + _bytes(9, data))
        return name

    def node(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Attribute
    ) -> None:
        """Adds a node. An input that is left out is ""."""
        parts = [_text(1, name) for name in inputs]
        parts += [_text(2, name) for name in outputs]
        parts.append(_text(4, operator))
        parts += [_bytes(5, _attribute(name, value)) for name, value in attributes.items()]
        parts.append(_text(7, domain))
        self._nodes.append(b"".join(parts))

    def apply(self, operator: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Adds a node with one output and returns its name."""
        output = self._new_name()
        self.node(operator, inputs, [output], domain, **attributes)
        return output

    def split(self, source: str, sizes: Sequence[int]) -> list[str]:
        """Cuts the last axis."""
        outputs = [self._new_name() for _ in sizes]
        self.node("Split", [source, self.array(np.array(sizes, np.int64))], outputs, axis=-1)
        return outputs

    def model(self, inputs: dict[str, Shape], outputs: dict[str, Shape]) -> bytes:
        """The model's bytes. All inputs and outputs are float32; a length that varies has a name."""
        graph = [_bytes(1, node) for node in self._nodes]
        graph.append(_text(2, "encoder"))
        graph += [_bytes(5, array) for array in self._arrays]
        graph += [_bytes(11, _declared(name, shape)) for name, shape in inputs.items()]
        graph += [_bytes(12, _declared(name, shape)) for name, shape in outputs.items()]
        versions = [_bytes(8, _text(1, domain) + _whole(2, version)) for domain, version in _VERSIONS.items()]
        return _whole(1, _FORMAT_VERSION) + _bytes(7, b"".join(graph)) + b"".join(versions)

    def _new_name(self) -> str:
        self._names += 1
        return f"t{self._names}"


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _whole(3, value) + _whole(20, _WHOLE_ATTRIBUTE)
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _whole(20, _FLOAT_ATTRIBUTE)
    return _text(1, name) + b"".join(_whole(8, one) for one in value) + _whole(20, _LIST_ATTRIBUTE)


def _declared(name: str, shape: Shape) -> bytes:
    dimensions = b"".join(_bytes(1, _whole(1, d) if isinstance(d, int) else _text(2, d)) for d in shape)
    tensor = _whole(1, _TYPES["float32"]) + _bytes(2, dimensions)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number as 64 bits."""
    number &= (1 << 64) - 1
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _whole(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
