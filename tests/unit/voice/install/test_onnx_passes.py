"""Each pass on a small network of the shape it looks for: same result, other nodes."""

import numpy as np
import onnxruntime
import pytest
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from bot.errors import ModelMissing
from voice.install.kokoro_phonemes import phoneme_ids, piper_configuration
from voice.install.kokoro_voice import give_piper_signature
from voice.install.onnx_graph import GraphEditor
from voice.install.onnx_passes import (
    convolve_in_two_dimensions,
    dequantise,
    fuse_instance_normalisation,
    square_by_product,
)

RNG = np.random.default_rng(5)
node = helper.make_node


def graph(
    nodes: list[NodeProto],
    stored: dict[str, np.ndarray],
    inputs: dict[str, tuple[int, list[int | str]]],
    output: str = "y",
) -> GraphProto:
    return helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in stored.items()],
    )


def run(made: GraphProto, **inputs: np.ndarray) -> np.ndarray:
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


def kinds(made: GraphProto) -> set[str]:
    return {one.op_type for one in made.node}


def quantised_convolution() -> GraphProto:
    """DynamicQuantizeLinear → ConvInteger → Add(quantised bias) → Cast → Mul, as exporters write it."""
    return graph(
        [
            node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"]),
            node("ConvInteger", ["xq", "w", "xz", "wz"], ["c"], name="conv_quant", pads=[1, 1]),
            node("Mul", ["xs", "ws"], ["s"]),
            node("Div", ["b", "s"], ["bd"]),
            node("Floor", ["bd"], ["bf"]),
            node("Cast", ["bf"], ["bi"], to=TensorProto.INT32),
            node("Reshape", ["bi", "shape"], ["br"]),
            node("Add", ["c", "br"], ["a"]),
            node("Cast", ["a"], ["f"], to=TensorProto.FLOAT),
            node("Mul", ["f", "s"], ["y"]),
        ],
        {
            "w": RNG.integers(0, 255, (4, 3, 3)).astype(np.uint8),
            "wz": np.array(127, np.uint8),
            "ws": np.array(0.02, np.float32),
            "b": RNG.standard_normal(4).astype(np.float32),
            "shape": np.array([1, -1, 1], np.int64),
        },
        {"x": (TensorProto.FLOAT, [1, 3, 20])},
    )


def test_an_integer_convolution_becomes_a_float_one_with_its_bias() -> None:
    before, after = quantised_convolution(), quantised_convolution()
    after.CopyFrom(before)
    assert dequantise(after) == 1
    assert not kinds(after) & {"ConvInteger", "DynamicQuantizeLinear"}
    x = RNG.standard_normal((1, 3, 20)).astype(np.float32)
    assert np.allclose(run(before, x=x), run(after, x=x), atol=0.25)  # the 8 bits of x are gone


def test_an_integer_product_becomes_a_float_one_and_a_shared_weight_is_made_once() -> None:
    def product(x: str, y: str) -> list[NodeProto]:
        return [
            node("DynamicQuantizeLinear", [x], [f"{x}q", f"{x}s", f"{x}z"]),
            node("MatMulInteger", [f"{x}q", "w", f"{x}z", "wz"], [f"{x}m"]),
            node("Cast", [f"{x}m"], [f"{x}f"], to=TensorProto.FLOAT),
            node("Mul", [f"{x}s", "ws"], [f"{x}k"]),
            node("Mul", [f"{x}f", f"{x}k"], [y]),
        ]

    stored = {
        "w": RNG.integers(-100, 100, (6, 6)).astype(np.int8),
        "wz": np.array(0, np.int8),
        "ws": np.array(0.01, np.float32),
    }
    before = graph([*product("x", "h"), *product("h", "y")], stored, {"x": (TensorProto.FLOAT, [2, 6])})
    after = GraphProto()
    after.CopyFrom(before)
    assert dequantise(after) == 2
    assert [one.op_type for one in after.node].count("Cast") == 1
    x = RNG.standard_normal((2, 6)).astype(np.float32)
    assert np.allclose(run(before, x=x), run(after, x=x), atol=0.25)


def test_another_network_is_refused_with_a_sentence() -> None:
    made = quantised_convolution()
    made.node[-1].op_type = "Sub"
    with pytest.raises(ModelMissing, match="not the expected one"):
        dequantise(made)


def test_a_styled_normalisation_becomes_one_node() -> None:
    before = graph(
        [
            node("ReduceMean", ["x"], ["m"], axes=[2]),
            node("Sub", ["x", "m"], ["c"]),
            node("Mul", ["c", "c"], ["sq"]),
            node("ReduceMean", ["sq"], ["v"], axes=[2]),
            node("Add", ["v", "eps"], ["ve"]),
            node("Sqrt", ["ve"], ["sd"]),
            node("Div", ["c", "sd"], ["n"]),
            node("Mul", ["n", "gain"], ["g"]),
            node("Add", ["g", "shift"], ["y"]),
        ],
        {"eps": np.array(1e-5, np.float32)},
        {
            "x": (TensorProto.FLOAT, [1, 5, 30]),
            "gain": (TensorProto.FLOAT, [1, 5, 1]),
            "shift": (TensorProto.FLOAT, [1, 5, 1]),
        },
    )
    after = GraphProto()
    after.CopyFrom(before)
    assert fuse_instance_normalisation(after) == 1
    assert kinds(after) == {"Reshape", "InstanceNormalization"}
    inputs = {
        "x": RNG.standard_normal((1, 5, 30)).astype(np.float32),
        "gain": RNG.standard_normal((1, 5, 1)).astype(np.float32),
        "shift": RNG.standard_normal((1, 5, 1)).astype(np.float32),
    }
    assert np.allclose(run(before, **inputs), run(after, **inputs), atol=1e-4)


def test_only_squares_become_products() -> None:
    stored = {"two": np.array(2.0, np.float32), "three": np.array(3.0, np.float32)}
    made = graph(
        [node("Pow", ["x", "two"], ["h"]), node("Pow", ["h", "three"], ["y"])], stored, {"x": (TensorProto.FLOAT, [3])}
    )
    assert square_by_product(made) == 1
    assert np.allclose(run(made, x=np.array([1, 2, -1], np.float32)), [1, 64, 1])


def test_a_wide_convolution_moves_to_two_dimensions_and_a_narrow_one_stays() -> None:
    stored = {
        "wide": RNG.standard_normal((16, 64, 3)).astype(np.float32),
        "narrow": RNG.standard_normal((5, 16, 3)).astype(np.float32),
    }
    before = graph(
        [
            node("Conv", ["x", "wide"], ["h"], pads=[4, 0], dilations=[2]),
            node("Conv", ["h", "narrow"], ["y"]),
        ],
        stored,
        {"x": (TensorProto.FLOAT, [1, 64, 40])},
    )
    after = GraphProto()
    after.CopyFrom(before)
    assert convolve_in_two_dimensions(after) == 1
    x = RNG.standard_normal((1, 64, 40)).astype(np.float32)
    assert np.allclose(run(before, x=x), run(after, x=x), atol=1e-3)


def test_what_nothing_uses_is_dropped_and_the_rest_sorted() -> None:
    made = graph(
        [node("Neg", ["x"], ["h"]), node("Abs", ["x"], ["unused"]), node("Neg", ["h"], ["y"])],
        {"lost": np.zeros(3, np.float32)},
        {"x": (TensorProto.FLOAT, [3])},
    )
    made.node.reverse()
    editor = GraphEditor(made)
    editor.commit()
    assert [one.output[0] for one in made.node] == ["h", "y"]
    assert len(made.initializer) == 0


def piper_graph() -> GraphProto:
    """Stands for Kokoro: says its tokens, its style and its speed, one after another."""
    made = graph(
        [
            node("Cast", ["tokens"], ["t"], to=TensorProto.FLOAT),
            node("Concat", ["t", "style"], ["ts"], axis=1),
            node("Unsqueeze", ["speed", "zero"], ["s"]),
            node("Concat", ["ts", "s"], ["audio"], axis=1),
        ],
        {"zero": np.array([0], np.int64)},
        {
            "tokens": (TensorProto.INT64, [1, "n"]),
            "style": (TensorProto.FLOAT, [1, 2]),
            "speed": (TensorProto.FLOAT, [1]),
        },
        output="audio",
    )
    style = np.array([[10, 10], [20, 20], [30, 30]], np.float32)  # for one, two, three phonemes
    give_piper_signature(made, style)
    return made


@pytest.mark.parametrize(
    ("ids", "spoken"),
    [
        ([0, 7, 0, 8, 0], [0, 7, 8, 0, 20, 20, 0.5]),
        ([0, 7, 0], [0, 7, 0, 10, 10, 0.5]),
        ([7, 8, 9, 6, 5], [0, 7, 8, 9, 0, 30, 30, 0.5]),  # longer than the table: cut, never out of it
        ([0, 0], [0, 0, 10, 10, 0.5]),
    ],
)
def test_piper_s_call_becomes_kokoro_s(ids: list[int], spoken: list[float]) -> None:
    result = run(
        piper_graph(),
        input=np.array([ids], np.int64),
        input_lengths=np.array([len(ids)], np.int64),
        scales=np.array([0.6, 2.0, 0.8], np.float32),
    )
    assert result.shape[:2] == (1, 1)
    assert result.ravel().tolist() == spoken


def test_the_padding_beyond_the_length_is_not_spoken() -> None:
    result = run(
        piper_graph(),
        input=np.array([[7, 8, 9]], np.int64),
        input_lengths=np.array([1], np.int64),
        scales=np.ones(3, np.float32),
    )
    assert result.ravel().tolist() == [0, 7, 0, 10, 10, 1]


def test_every_french_phoneme_has_its_row() -> None:
    table = phoneme_ids()
    assert all(table[phoneme] for phoneme in "abdefijklmnopstuvwyzøŋœɑɔəɛɡɥɲʁʃʒˈː ,.?!")
    assert table["g"] == table["ɡ"] == [92]
    assert table["-"] == []
    assert all(0 <= row < 178 for rows in table.values() for row in rows)
    assert piper_configuration("x")["audio"]["sample_rate"] == 24000
