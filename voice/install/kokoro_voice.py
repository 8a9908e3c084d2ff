"""Building a Piper voice from Kokoro-82M and one of its speakers.

Kokoro wants `tokens`, a `style` vector and `speed`; Piper gives `input`, `input_lengths` and `scales`. A few
nodes in front of the network turn one into the other, so that stock piper-tts speaks it without knowing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

from voice.install.kokoro_phonemes import piper_configuration
from voice.install.onnx_graph import GraphEditor
from voice.install.onnx_passes import (
    convolve_in_two_dimensions,
    dequantise,
    fuse_instance_normalisation,
    square_by_product,
)

STYLE_WIDTH = 256


def build_voice(kokoro: Path, style: Path, onnx_path: Path) -> None:
    """Writes `onnx_path` and its `.json`. Takes about 4 s and 0.8 GB of memory.

    `kokoro` is the 8-bit ONNX export, `style` a table of float32 rows of 256, the row for n phonemes at n - 1.
    """
    model = onnx.load_model(str(kokoro))
    for rewrite in (dequantise, fuse_instance_normalisation, square_by_product, convolve_in_two_dimensions):
        rewrite(model.graph)
    table = np.fromfile(style, np.float32).reshape(-1, STYLE_WIDTH)
    give_piper_signature(model.graph, table)
    _keep_used_opsets(model)
    model.producer_name = "guichet"
    onnx.save_model(model, str(onnx_path))
    configuration = json.dumps(piper_configuration(onnx_path.stem), ensure_ascii=False, indent=1)
    Path(f"{onnx_path}.json").write_text(configuration, encoding="utf-8")


def give_piper_signature(graph: GraphProto, style: NDArray[np.float32]) -> None:
    """Turns (tokens, style, speed) → audio into (input, input_lengths, scales) → output, as Piper calls it.

    Piper's padding, beginning and end (all 0) are dropped and Kokoro's own 0 is put at both ends; what exceeds
    the style table (510 phonemes) is cut. speed = 1 / length scale; Piper's two noise scales have no effect.
    """
    editor = GraphEditor(graph)
    kokoro_output = graph.output[0].name
    nodes = [*_tokens(editor, len(style)), *_style(editor, style), *_speed(editor)]
    one_one_time = editor.constant("pv_o11", np.array([1, 1, -1], np.int64))
    nodes += [*graph.node, helper.make_node("Reshape", [kokoro_output, one_one_time], ["output"])]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.input.extend(
        [
            helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        ]
    )
    graph.output.append(helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "time"]))
    GraphEditor(graph).commit()


def _tokens(editor: GraphEditor, limit: int) -> list[NodeProto]:
    """`input` without zeros, cut to `limit`, between two zeros; also leaves `pv_ids` for the style."""
    start, axis_0, axis_1 = _integers(editor, s0=[0], ax0=[0], ax1=[1])
    flat, most, zero = _integers(editor, flat=[-1], max=[limit], zero=[0])
    node = helper.make_node
    return [
        node("Slice", ["input", start, "input_lengths", axis_1], ["pv_cut"]),
        node("Reshape", ["pv_cut", flat], ["pv_flatids"]),
        node("Cast", ["pv_flatids"], ["pv_mask"], to=TensorProto.BOOL),
        node("Compress", ["pv_flatids", "pv_mask"], ["pv_ids_all"], axis=0),
        node("Slice", ["pv_ids_all", start, most, axis_0], ["pv_ids"]),
        node("Concat", [zero, "pv_ids", zero], ["pv_tok1"], axis=0),
        node("Unsqueeze", ["pv_tok1", axis_0], ["tokens"]),
    ]


def _style(editor: GraphEditor, style: NDArray[np.float32]) -> list[NodeProto]:
    """The row of the speaker's table for that many phonemes."""
    (one,) = _integers(editor, one=[1])
    lowest = editor.constant("pv_lo", np.array(0, np.int64))
    highest = editor.constant("pv_hi", np.array(len(style) - 1, np.int64))
    table = editor.constant("pv_style", style)
    node = helper.make_node
    return [
        node("Shape", ["pv_ids"], ["pv_n"]),
        node("Sub", ["pv_n", one], ["pv_nm1"]),
        node("Clip", ["pv_nm1", lowest, highest], ["pv_row"]),
        node("Gather", [table, "pv_row"], ["style"], axis=0),
    ]


def _speed(editor: GraphEditor) -> list[NodeProto]:
    """1 / the second of the three scales."""
    start, end, axis_0 = _integers(editor, s1=[1], s2=[2], ax0=[0])
    return [
        helper.make_node("Slice", ["scales", start, end, axis_0], ["pv_ls"]),
        helper.make_node("Reciprocal", ["pv_ls"], ["speed"]),
    ]


def _integers(editor: GraphEditor, **constants: Sequence[int]) -> list[str]:
    return [editor.constant(f"pv_{name}", np.array(values, np.int64)) for name, values in constants.items()]


def _keep_used_opsets(model: ModelProto) -> None:
    """Drops declared operator sets that no node uses: some loaders refuse sets that they do not know."""
    used = {node.domain for node in model.graph.node} | {"", "ai.onnx"}
    kept: list[Any] = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
