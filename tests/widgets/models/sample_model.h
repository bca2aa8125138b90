// A small network for tests of models and panels: two quantizable layers and one that is not.
#pragma once

#include "core/model/model.h"

#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

inline Layer sampleLayer(std::string name, LayerKind kind, Shape shape, ChannelLayout layout, bool quantizable) {
    Layer layer;
    layer.name = std::move(name);
    layer.kind = kind;
    layer.op = kind == LayerKind::Conv ? "Conv" : kind == LayerKind::Linear ? "Gemm" : "LayerNormalization";
    layer.parameters = shape.count();
    layer.bytes = shape.count() * 4;
    layer.shape = std::move(shape);
    layer.layout = layout;
    layer.quantizable = quantizable;
    layer.storedAs = "float32";
    if (!quantizable) layer.note = "a normalisation: too small to be worth it";
    return layer;
}

inline std::shared_ptr<const Model> sampleModel() {
    auto model = std::make_shared<Model>();
    model->name = "sample";
    model->format = "onnx";
    model->layers = {sampleLayer("blk.0.conv", LayerKind::Conv, Shape{8, 4, 3, 3}, {1, 8, 36}, true),
                     sampleLayer("blk.0.norm", LayerKind::Norm, Shape{8}, {1, 8, 1}, false),
                     sampleLayer("head", LayerKind::Linear, Shape{10, 8}, {1, 10, 8}, true)};
    return model;
}

}  // namespace bitlathe
