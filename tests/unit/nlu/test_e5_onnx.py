"""The written bytes are a model, by the judgement of the `onnx` package, and compute what was meant."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime

from bot.nlu.e5_onnx import MICROSOFT, GraphWriter


def small_model() -> bytes:
    graph = GraphWriter()
    left, right = graph.split("in", [1, 2])
    widened = graph.apply("Pad", left, graph.array(np.array([0, 0, 0, 1], np.int64)))
    total = graph.apply("Add", widened, right)
    normal = graph.array(np.ones(2, np.float32)), graph.array(np.zeros(2, np.float32))
    graph.node("LayerNormalization", [total, *normal], ["out"], axis=-1, epsilon=0.5)
    return graph.model({"in": ("rows", 3)}, {"out": ("rows", 2)})


def test_the_model_is_valid() -> None:
    onnx.checker.check_model(onnx.load_from_string(small_model()), full_check=True)


def test_attributes_shapes_and_arrays_arrive() -> None:
    model = onnx.load_from_string(small_model())
    nodes = {node.op_type: node for node in model.graph.node}
    attributes = {entry.name: onnx.helper.get_attribute_value(entry) for entry in nodes["LayerNormalization"].attribute}
    assert attributes == {"axis": -1, "epsilon": 0.5}
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert (shape[0].dim_param, shape[1].dim_value) == ("rows", 3)
    assert [onnx.numpy_helper.to_array(array).tolist() for array in model.graph.initializer[:2]] == [
        [1, 2],
        [0, 0, 0, 1],
    ]
    assert {entry.domain for entry in model.opset_import} == {"", MICROSOFT}


def test_onnxruntime_computes_it() -> None:
    session = onnxruntime.InferenceSession(small_model(), providers=["CPUExecutionProvider"])
    (out,) = session.run(None, {"in": np.array([[1, 2, 3]], np.float32)})
    # [1, 0] + [2, 3] is 3, 3: no spread, so the normalised values are 0.
    assert out.tolist() == [[0.0, 0.0]]


def test_long_lists_and_large_numbers_are_written_whole() -> None:
    graph = GraphWriter()
    graph.node("Op", ["in"], ["out"], "some.domain", axes=[-1, 300, 2**40])
    node = onnx.load_from_string(graph.model({"in": (1,)}, {"out": (1,)})).graph.node[0]
    assert list(node.attribute[0].ints) == [-1, 300, 2**40]
    assert node.domain == "some.domain"
