#!/usr/bin/env python3
"""Measures glyphs.onnx with its weights rounded to fewer bits.    evaluate.py DEMO

Reads only what is shipped: DEMO/glyphs.onnx and DEMO/glyphs_test.npz. The weights of every convolution and of the last
layer are rounded to the nearest of the levels -q..q times a scale, q = 2^(bits-1) - 1 (symmetric, narrow range), where
the scale is max|w| / q of an output channel, or of the whole tensor. Nothing is fitted; biases, batch normalization and
activations stay in float. Folding batch normalization first would change nothing in the rows per channel, since it
multiplies an output channel and its scale alike.

The graph is run node by node as the file says, not through model.py, so this also checks the export.
"""
import argparse
import pathlib

import numpy as np
import onnx
import onnx.numpy_helper
import torch
import torch.nn.functional as F

from train import prepare


def run(graph, tensors, image):
    """The output of the graph, for the operators that it has."""
    values = {name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}
    values[graph.input[0].name] = image
    for node in graph.node:
        x = [values[name] for name in node.input]
        a = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        pads = a.get("pads", [0, 0, 0, 0])
        assert pads[:2] == pads[2:] and not a.get("ceil_mode") and a.get("group", 1) in (1, x[0].shape[1])
        if node.op_type == "Conv":
            y = F.conv2d(x[0], x[1], None, a["strides"], pads[:2], a["dilations"], a["group"])
        elif node.op_type == "BatchNormalization":
            y = F.batch_norm(x[0], x[3], x[4], x[1], x[2], False, 0.0, a["epsilon"])
        elif node.op_type == "Relu":
            y = x[0].relu()
        elif node.op_type == "Clip":
            y = x[0].clamp(x[1], x[2])
        elif node.op_type == "Add":
            y = x[0] + x[1]
        elif node.op_type == "Concat":
            y = torch.cat(x, a["axis"])
        elif node.op_type == "MaxPool":
            y = F.max_pool2d(x[0], a["kernel_shape"], a["strides"], pads[:2])
        elif node.op_type == "AveragePool":
            y = F.avg_pool2d(x[0], a["kernel_shape"], a["strides"], pads[:2])
        elif node.op_type == "GlobalAveragePool":
            y = x[0].mean((2, 3), keepdim=True)
        elif node.op_type == "Flatten":
            y = x[0].flatten(a.get("axis", 1))
        elif node.op_type == "Gemm" and a["transB"]:
            y = x[0] @ x[1].T + x[2]
        else:
            raise SystemExit(f"{node.name}: {node.op_type} is not known here")
        values[node.output[0]] = y
    return values[graph.output[0].name]


def rounded(weight, bits, per_channel):
    q = 2 ** (bits - 1) - 1
    axes = tuple(range(1, weight.ndim)) if per_channel else None
    scale = np.abs(weight).max(axis=axes, keepdims=True) / q
    scale[scale == 0] = 1
    return np.clip(np.rint(weight / scale), -q, q) * scale


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=pathlib.Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = onnx.load(str(options.demo / "glyphs.onnx"))
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    arrays = np.load(options.demo / "glyphs_test.npz")
    images, labels = torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["labels"])

    weights = [node.input[1] for node in model.graph.node if node.op_type in ("Conv", "Gemm")]

    def logits(bits=None, per_channel=True):
        changed = dict(tensors)
        if bits:
            changed.update((name, rounded(tensors[name], bits, per_channel)) for name in weights)
        with torch.no_grad():
            return torch.cat([run(model.graph, changed, prepare(part)) for part in images.split(330)]).double()

    reference = logits()
    count = len(labels)
    print(f"{count} images, {len(weights)} weight tensors with {sum(tensors[n].size for n in weights)} weights")
    print(f"float               {100 * (reference.argmax(1) == labels).double().mean():6.2f} %")
    for kind, per_channel in (("per channel", True), ("per tensor", False)):
        for bits in (8, 6, 5, 4, 3, 2):
            out = logits(bits, per_channel)
            right = (out.argmax(1) == labels).double().mean()
            agrees = (out.argmax(1) == reference.argmax(1)).double().mean()
            error = 10 * torch.log10((reference ** 2).sum() / ((out - reference) ** 2).sum())
            print(f"{bits} bits {kind:11} {100 * right:6.2f} %  same answer as float {100 * agrees:6.2f} %  "
                  f"SQNR of the logits {error:5.2f} dB")


if __name__ == "__main__":
    main()
