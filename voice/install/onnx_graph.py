"""Editing an ONNX graph: look up who makes and who uses a tensor, note changes, then commit them all at once.

A pass reads the graph as it was while it notes replacements, so the order in which it visits nodes does not
matter. `commit` then drops what nothing uses any more and sorts the nodes so that each follows its inputs,
which ONNX demands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, numpy_helper

from bot.errors import ModelMissing


class GraphEditor:
    """One pass over a graph. Make a new one after `commit`."""

    def __init__(self, graph: GraphProto) -> None:
        self.graph = graph
        self.nodes: list[NodeProto] = list(graph.node)
        self.stored: dict[str, TensorProto] = {tensor.name: tensor for tensor in graph.initializer}
        self.producer: dict[str, NodeProto] = {output: node for node in self.nodes for output in node.output}
        self.consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.consumers[name].append(node)
        self._replacements: dict[int, list[NodeProto]] = {}

    def array(self, name: str) -> NDArray[Any]:
        """The value of a stored tensor."""
        value: NDArray[Any] = numpy_helper.to_array(self.stored[name])
        return value

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Stores a tensor under `name` unless there is one, and returns the name."""
        if name not in self.stored:
            tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
            self.stored[name] = tensor
            self.graph.initializer.append(tensor)
        return name

    def stored_input(self, node: NodeProto) -> str:
        """The input of a node that is a stored tensor. Raises `ModelMissing` if it has none."""
        for name in node.input:
            if name in self.stored:
                return str(name)
        raise unexpected(f"{node.op_type} without a stored input")

    def only_consumer(self, tensor: str, op_type: str) -> NodeProto | None:
        """The one node that uses a tensor, if it is of that type."""
        consumers = self.consumers[tensor]
        return consumers[0] if len(consumers) == 1 and consumers[0].op_type == op_type else None

    def expect_consumer(self, tensor: str, op_type: str) -> NodeProto:
        """The same; raises `ModelMissing` when it is otherwise."""
        node = self.only_consumer(tensor, op_type)
        if node is None:
            raise unexpected(f"{tensor} is not used by one {op_type}")
        return node

    def replace(self, node: NodeProto, by: Sequence[NodeProto]) -> None:
        """Puts other nodes in the place of one; the last should make its output."""
        self._replacements[id(node)] = list(by)

    def drop(self, *nodes: NodeProto) -> None:
        """Takes nodes out; something else must make what they made, or nothing use it."""
        for node in nodes:
            self._replacements[id(node)] = []

    def commit(self) -> None:
        """Carries out everything noted. The editor is of no use afterwards."""
        nodes = [new for node in self.nodes for new in self._replacements.get(id(node), [node])]
        nodes = self._sorted(self._used(nodes))
        wanted = {name for node in nodes for name in node.input}
        stored = [tensor for tensor in self.graph.initializer if tensor.name in wanted]
        del self.graph.node[:], self.graph.initializer[:], self.graph.value_info[:]
        self.graph.node.extend(nodes)
        self.graph.initializer.extend(stored)

    def _used(self, nodes: list[NodeProto]) -> list[NodeProto]:
        outputs = {output.name for output in self.graph.output}
        while True:
            wanted = outputs.union(name for node in nodes for name in node.input)
            kept = [node for node in nodes if not wanted.isdisjoint(node.output)]
            if len(kept) == len(nodes):
                return kept
            nodes = kept

    def _sorted(self, nodes: list[NodeProto]) -> list[NodeProto]:
        known = {"", *self.stored, *(entry.name for entry in self.graph.input)}
        done: list[NodeProto] = []
        while nodes:
            waiting = []
            for node in nodes:
                if known.issuperset(node.input):
                    done.append(node)
                    known.update(node.output)
                else:
                    waiting.append(node)
            if len(waiting) == len(nodes):
                raise unexpected(f"nothing makes the inputs of {waiting[0].name or waiting[0].op_type}")
            nodes = waiting
        return done


def unexpected(what: str) -> ModelMissing:
    """The graph is not the one that the passes were written for."""
    return ModelMissing(f"The fetched voice network is not the expected one ({what}): please report it.")
