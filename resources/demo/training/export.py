#!/usr/bin/env python3
"""Writes what the program ships.    export.py DATA TRAINED.pt OUT

OUT gets glyphs.onnx, glyphs.preprocess.json, glyphs_calibration.npz and glyphs_test.npz.
"""
import argparse
import json
import pathlib

import numpy as np
import onnx
import onnx.numpy_helper
import torch

from glyphs import CLASSES, PREPROCESS, SIZE
from model import GlyphNet


def tidy(graph):
    """Takes out what torch's exporter adds and the network does not have."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    constants = {node.output[0]: node for node in graph.node if node.op_type == "Constant"}
    removed, alias = list(constants.values()), {}
    for node in graph.node:
        # Two initializers with equal values (the biases of two branches that meet in an Add get equal gradients) become
        # one and an Identity. Each gets its own again, so that one can be changed without the other.
        if node.op_type == "Identity" and node.input[0] in tensors:
            copy = graph.initializer.add()
            copy.CopyFrom(tensors[node.input[0]])
            copy.name = node.output[0]
            removed.append(node)
        # AvgPool2d without padding is written as a Pad by nothing and an AveragePool.
        elif node.op_type == "Pad" and not onnx.numpy_helper.to_array(constants[node.input[1]].attribute[0].t).any():
            alias[node.output[0]] = node.input[0]
            removed.append(node)
        # The bounds of a Clip: as initializers they add no boxes to the picture.
        elif node.op_type == "Clip":
            for position, bound in ((1, "min"), (2, "max")):
                value = graph.initializer.add()
                value.CopyFrom(constants[node.input[position]].attribute[0].t)
                value.name = node.input[position] = f"{node.name}/{bound}"
    for node in removed:
        graph.node.remove(node)
    for node in graph.node:
        node.input[:] = [alias.get(name, name) for name in node.input]


def name_readably(graph, net):
    """Names every node after its module, and every value after the node that makes it.

    torch names a node "/stage1/block0/conv1/Conv" and its output "/stage1/block0/conv1/Conv_output_0". A module without
    children has one node, so its own name is enough; a node of a compound module, as the Add of a residual, keeps its
    operator.
    """
    leaves = {name for name, module in net.named_modules() if not list(module.children())}
    renamed = {}
    for node in graph.node:
        *path, operator = node.name.strip("/").split("/")
        module = ".".join(path)
        for bound in node.input[1:] if node.op_type == "Clip" else []:
            renamed[bound] = module + "." + bound.rsplit("/", 1)[1]
        node.name = module if module in leaves else f"{module}.{operator.lower()}"
        if node.output[0] not in [output.name for output in graph.output]:
            renamed[node.output[0]] = node.name + ".out"
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for tensor in graph.initializer:
        tensor.name = renamed.get(tensor.name, tensor.name)
    assert len({node.name for node in graph.node}) == len(graph.node), "two nodes of one name"


def export(net, path):
    net.eval()
    # PRESERVE keeps batch normalization as a node of its own, so that folding it is there to be done and seen.
    torch.onnx.export(net, torch.zeros(2, 1, SIZE, SIZE), str(path), opset_version=13,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})
    model = onnx.load(str(path))
    tidy(model.graph)
    name_readably(model.graph, net)
    del model.graph.value_info[:]
    model = onnx.shape_inference.infer_shapes(model)
    model.graph.name = "glyphs"
    model.doc_string = "Classifier of drawn characters, 32 x 32 grey. Copyright the Bitlathe authors, Apache-2.0."
    for key, value in (("bitlathe.preprocess", json.dumps(PREPROCESS)), ("bitlathe.labels", json.dumps(list(CLASSES)))):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("trained", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    net = GlyphNet(len(CLASSES))
    net.load_state_dict(torch.load(options.trained))
    export(net, options.out / "glyphs.onnx")
    (options.out / "glyphs.preprocess.json").write_text(json.dumps(PREPROCESS, indent=2) + "\n")
    for split in ("calibration", "test"):
        arrays = np.load(options.data / f"{split}.npz")
        np.savez_compressed(options.out / f"glyphs_{split}.npz", images=arrays["images"], labels=arrays["labels"])


if __name__ == "__main__":
    main()
