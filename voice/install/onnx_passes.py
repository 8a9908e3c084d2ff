"""Rewriting Kokoro's 8-bit network so that a CPU runs it fast, with weights still 8 bits wide on disk.

The export multiplies in integers (ConvInteger, MatMulInteger), which onnxruntime does slowly on a CPU: 1.31 s
of CPU for a second of speech. With the four passes of this module, in this order, it is 0.90 s: weights
are widened once, when the model is loaded; 2-D convolutions get the blocked kernels that 1-D ones lack.
The LSTMs stay in integers: in float they are no faster. Each pass returns how often it applied.
"""

from __future__ import annotations

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper

from voice.install.onnx_graph import GraphEditor, unexpected


def dequantise(graph: GraphProto) -> int:
    """Integer convolutions (with their bias) and products of matrices become float ones."""
    editor = GraphEditor(graph)
    widened: set[str] = set()
    count = 0
    for node in editor.nodes:
        if node.op_type == "ConvInteger":
            _dequantise_convolution(editor, node, widened)
        elif node.op_type == "MatMulInteger":
            _dequantise_product(editor, node, widened)
        else:
            continue
        count += 1
    editor.commit()
    return count


def _dequantise_convolution(editor: GraphEditor, node: NodeProto, widened: set[str]) -> None:
    """ConvInteger → [Add of a quantised bias] → Cast → Mul becomes Conv with the float bias."""
    bias = []
    following = editor.consumers[node.output[0]][0]
    if following.op_type == "Add":
        bias = [_float_bias(editor, following, node.output[0])]
        editor.drop(following)
        cast = editor.expect_consumer(following.output[0], "Cast")
    else:
        cast = editor.expect_consumer(node.output[0], "Cast")
    rescale = editor.expect_consumer(cast.output[0], "Mul")
    widening, weight = _float_weight(editor, node, _weight_scale(editor, rescale, cast), widened)
    convolution = helper.make_node(
        "Conv",
        [_float_input(editor, node), weight, *bias],
        [rescale.output[0]],
        name=node.name.replace("_quant", ""),
    )
    convolution.attribute.extend(node.attribute)
    editor.replace(node, [*widening, convolution])
    editor.drop(cast, rescale)


def _dequantise_product(editor: GraphEditor, node: NodeProto, widened: set[str]) -> None:
    """MatMulInteger → Cast → Mul becomes MatMul."""
    cast = editor.expect_consumer(node.output[0], "Cast")
    rescale = editor.expect_consumer(cast.output[0], "Mul")
    widening, weight = _float_weight(editor, node, _weight_scale(editor, rescale, cast), widened)
    product = helper.make_node("MatMul", [_float_input(editor, node), weight], [rescale.output[0]], name=node.name)
    editor.replace(node, [*widening, product])
    editor.drop(cast, rescale)


def _float_input(editor: GraphEditor, node: NodeProto) -> str:
    quantiser = editor.producer[node.input[0]]
    if quantiser.op_type != "DynamicQuantizeLinear":
        raise unexpected(f"{node.op_type} fed by {quantiser.op_type}")
    return str(quantiser.input[0])


def _float_bias(editor: GraphEditor, add: NodeProto, sum_input: str) -> str:
    """The stored float bias, behind its division by the scale, rounding and reshaping."""
    node = editor.producer[next(name for name in add.input if name != sum_input)]
    while node.op_type in ("Reshape", "Cast", "Floor"):
        node = editor.producer[node.input[0]]
    if node.op_type != "Div" or node.input[0] not in editor.stored:
        raise unexpected("a bias that is not divided by its scale")
    return str(node.input[0])


def _weight_scale(editor: GraphEditor, rescale: NodeProto, cast: NodeProto) -> str:
    """The stored factor in Mul(input scale, weight scale)."""
    scales = next(name for name in rescale.input if name != cast.output[0])
    return editor.stored_input(editor.producer[scales])


def _float_weight(editor: GraphEditor, node: NodeProto, scale: str, widened: set[str]) -> tuple[list[NodeProto], str]:
    """Nodes that make (weight - zero point) x scale from the stored 8-bit weight, and the name of the result.

    onnxruntime folds them when it loads the model. A weight used twice is made once.
    """
    weight = str(node.input[1])
    result = f"{weight}_dq"
    if result in widened:
        return [], result
    widened.add(result)
    current = f"{result}_c"
    nodes = [helper.make_node("Cast", [weight], [current], to=TensorProto.FLOAT)]
    zero_point = editor.array(node.input[3]) if len(node.input) > 3 else np.zeros(())
    if np.any(zero_point):
        centre = editor.constant(f"{result}_z", zero_point.astype(np.float32))
        nodes.append(helper.make_node("Sub", [current, centre], [f"{result}_s"]))
        current = f"{result}_s"
    factor = editor.constant(f"{result}_k", editor.array(scale).astype(np.float32))
    nodes.append(helper.make_node("Mul", [current, factor], [result]))
    return nodes, result


def fuse_instance_normalisation(graph: GraphProto) -> int:
    """(x - mean) / sqrt(variance + ε) x gain + shift becomes one InstanceNormalization."""
    editor = GraphEditor(graph)
    flat = editor.constant("in_flat", np.array([-1], np.int64))
    count = 0
    for node in editor.nodes:
        found = _normalised_tensor(editor, node)
        styles = _gains_and_shifts(editor, node) if found else []
        for gain_node, shift_node, gain, shift in styles:
            source, epsilon = found or ("", 0.0)
            out = shift_node.output[0]
            fused = [
                helper.make_node("Reshape", [gain, flat], [f"{out}_ga"]),
                helper.make_node("Reshape", [shift, flat], [f"{out}_be"]),
                helper.make_node(
                    "InstanceNormalization",
                    [source, f"{out}_ga", f"{out}_be"],
                    [out],
                    epsilon=epsilon,
                    name=f"{out}_instnorm",
                ),
            ]
            editor.replace(shift_node, fused)
            editor.drop(gain_node)
            count += 1
    editor.commit()
    return count


def _normalised_tensor(editor: GraphEditor, node: NodeProto) -> tuple[str, float] | None:
    """x and ε, when a node is the division in (x - mean) / sqrt(variance + ε)."""
    if node.op_type != "Div":
        return None
    centred, deviation = (editor.producer.get(name) for name in node.input)
    if centred is None or deviation is None or (centred.op_type, deviation.op_type) != ("Sub", "Sqrt"):
        return None
    mean = editor.producer.get(centred.input[1])
    if mean is None or mean.op_type != "ReduceMean" or mean.input[0] != centred.input[0]:
        return None
    variance = editor.producer[deviation.input[0]]
    epsilons = [name for name in variance.input if name in editor.stored]
    if variance.op_type != "Add" or not epsilons:
        return None
    return str(centred.input[0]), float(editor.array(epsilons[0]).ravel()[0])


def _gains_and_shifts(editor: GraphEditor, node: NodeProto) -> list[tuple[NodeProto, NodeProto, str, str]]:
    """For each use of a normalised tensor: its Mul, its Add, the gain and the shift. Empty if one use differs."""
    styles = []
    normalised = node.output[0]
    for gain_node in editor.consumers[normalised]:
        shift_node = editor.only_consumer(gain_node.output[0], "Add")
        if gain_node.op_type != "Mul" or shift_node is None:
            return []
        gain = next(name for name in gain_node.input if name != normalised)
        shift = next(name for name in shift_node.input if name != gain_node.output[0])
        if gain in editor.stored:  # a plain layer normalisation, not one styled by the speaker
            return []
        styles.append((gain_node, shift_node, gain, shift))
    return styles


def square_by_product(graph: GraphProto) -> int:
    """Pow(x, 2) becomes Mul(x, x)."""
    editor = GraphEditor(graph)
    count = 0
    for node in editor.nodes:
        if node.op_type != "Pow" or node.input[1] not in editor.stored:
            continue
        exponent = editor.array(node.input[1])
        if exponent.size == 1 and float(exponent.ravel()[0]) == 2.0:
            product = helper.make_node("Mul", [node.input[0]] * 2, [node.output[0]], name=node.name)
            editor.replace(node, [product])
            count += 1
    editor.commit()
    return count


def convolve_in_two_dimensions(graph: GraphProto) -> int:
    """Wide 1-D convolutions become 2-D ones of height 1, which have the fast blocked kernels."""
    editor = GraphEditor(graph)
    height_axis = editor.constant("c2d_ax", np.array([2], np.int64))
    count = 0
    for node in editor.nodes:
        if node.op_type != "Conv":
            continue
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        stored = _stored_weight(editor, node.input[1])
        shape = list(editor.stored[stored].dims)
        if len(shape) != 3 or not _blocked_kernel_fits(shape, attributes):
            continue
        if len(editor.consumers[stored]) == 1:
            del editor.stored[stored].dims[:]
            editor.stored[stored].dims.extend([shape[0], shape[1], 1, shape[2]])
        before, after = attributes.get("pads", [0, 0])
        out = node.output[0]
        convolution = helper.make_node(
            "Conv",
            [f"{out}_u", *node.input[1:]],
            [f"{out}_c"],
            name=node.name,
            kernel_shape=[1, shape[2]],
            dilations=[1, attributes.get("dilations", [1])[0]],
            strides=[1, 1],
            pads=[0, before, 0, after],
        )
        widen = helper.make_node("Unsqueeze", [node.input[0], height_axis], [f"{out}_u"])
        narrow = helper.make_node("Squeeze", [f"{out}_c", height_axis], [out])
        editor.replace(node, [widen, convolution, narrow])
        count += 1
    editor.commit()
    return count


def _blocked_kernel_fits(shape: list[int], attributes: dict[str, list[int]]) -> bool:
    """The blocked kernels want whole blocks of 16 channels; small convolutions do not repay the reshaping."""
    channels_out, channels_in, _ = shape
    plain = attributes.get("group", 1) == 1 and attributes.get("strides", [1])[0] == 1
    return plain and channels_out % 16 == 0 and channels_in >= 64


def _stored_weight(editor: GraphEditor, name: str) -> str:
    """The stored tensor at the start of a chain Cast, Sub, Mul."""
    while name not in editor.stored:
        name = editor.producer[name].input[0]
    return name
