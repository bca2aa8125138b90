// What ONNX Runtime 1.30 makes of quantized patterns, as facts that core/quant/qdq and core/engine/fuse_integer rely on.
// facts.mjs holds the installed ONNX Runtime to them, and our integer engine to the same answers.
//
// A row: name, the shape of x, the graph, and what is left of it: operators in order, without QuantizeLinear,
// DequantizeLinear and Transpose at the ends. An operator with its ordinary name computes in float, unless it only moves
// codes (Reshape, Slice, MaxPool …).

const image = [3, 8, 10, 10], matrix = [5, 32], rows = [2, 5, 32];
const pads = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };
const window = { kernel_shape: [2, 2], strides: [2, 2] };

const conv = (g, x = g.codes('x'), scale = 0.05) => { const w = g.weight([8, 8, 3, 3]); return g.op('Conv', [x, w, g.bias(scale)], pads); };
const relu = (g, x) => g.op('Relu', [x]);
const clip6 = (g, x) => g.op('Clip', [x, g.real(0), g.real(6)]);
const product = (g, x = g.codes('x')) => g.op('MatMul', [x, g.weight([32, 16], 1)]);
const gemm = (g, { scale = 0.05, bias = true, ...attributes } = {}) => {
  const w = attributes.transB ? g.weight([16, 32], 0) : g.weight([32, 16], 1);
  return g.op('Gemm', [g.codes('x'), w, ...(bias ? [g.bias(scale)] : [])], attributes);
};
const residual = (g) => { const x = g.codes('x'); return g.op('Add', [g.codes(conv(g, x), 0.3), x]); };
const sameCodes = (op, attributes, ...constants) => (g) => g.codes(g.op(op, [g.codes('x'), ...constants.map((make) => make(g))], attributes));

export const patterns = [
  // Convolutions: codes in, codes right behind. What the activation cuts must be the end of the codes.
  ['Conv', image, (g) => g.codes(conv(g), 0.3), 'QLinearConv'],
  ['Conv, depthwise', image, (g) => { const x = g.codes('x'), w = g.weight([8, 1, 3, 3]); return g.codes(g.op('Conv', [x, w, g.bias(0.05)], { ...pads, group: 8 }), 0.3); }, 'QLinearConv'],
  ['Conv, signed codes', image, (g) => g.codes(conv(g, g.codes('x', 0.05, 0, 'int8')), 0.3, 0, 'int8'), 'QLinearConv'],
  ['Conv, bias in other units', image, (g) => { const x = g.codes('x'), w = g.weight([8, 8, 3, 3]); return g.codes(g.op('Conv', [x, w, g.bias(0.05, 1.5)], pads), 0.3); }, 'Conv'],
  ['Conv, float result', image, (g) => conv(g), 'Conv'],
  ['Conv, two quantizations of its result', image, (g) => { const y = conv(g); return [g.codes(y, 0.3), g.codes(y, 0.2)]; }, 'Conv'],
  ['Conv, Relu, lowest code is 0', image, (g) => g.codes(relu(g, conv(g)), 0.3, 0), 'QLinearConv'],
  ['Conv, Relu, lowest code is not 0', image, (g) => g.codes(relu(g, conv(g)), 0.3, 128), 'FusedConv'],
  ['Conv, Relu, signed, lowest code is 0', image, (g) => g.codes(relu(g, conv(g)), 0.3, -128, 'int8'), 'QLinearConv'],
  ['Conv, Relu, signed symmetric', image, (g) => g.codes(relu(g, conv(g)), 0.3, 0, 'int8'), 'FusedConv'],
  ['Conv, Clip(0, 6), scale 6/255', image, (g) => g.codes(clip6(g, conv(g)), 6 / 255, 0), 'QLinearConv'],
  ['Conv, Clip(0, 6), larger scale', image, (g) => g.codes(clip6(g, conv(g)), 7 / 255, 0), 'FusedConv'],
  ['ConvTranspose', image, (g) => g.codes(g.op('ConvTranspose', [g.codes('x'), g.weight([8, 8, 2, 2], 1)], { strides: [2, 2] }), 0.3), 'ConvTranspose'],

  // Matrix products: codes or floats come out. Bias in float is rounded to int32 by the optimiser.
  ['Gemm', matrix, (g) => g.codes(gemm(g), 0.3), 'QGemm'],
  ['Gemm, transB', matrix, (g) => g.codes(gemm(g, { transB: 1 }), 0.3), 'QGemm'],
  ['Gemm, no bias, beta 0', matrix, (g) => g.codes(gemm(g, { bias: false, beta: { real: 0 } }), 0.3), 'QGemm'],
  ['Gemm, Relu', matrix, (g) => g.codes(relu(g, gemm(g)), 0.3, 0), 'QGemm'],
  ['Gemm, float result', matrix, (g) => gemm(g), 'QGemm'],
  ['MatMul', matrix, (g) => g.codes(product(g), 0.3), 'QLinearMatMul'],
  ['MatMul, float result', matrix, (g) => product(g), 'MatMulIntegerToFloat'],
  ['MatMul, rank 3', rows, (g) => g.codes(product(g), 0.3), 'QLinearMatMul'],
  ['MatMul, both sides computed', rows, (g) => g.codes(g.op('MatMul', [g.codes('x'), g.codes(g.op('Transpose', [g.codes('x')], { perm: [0, 2, 1] }))]), 0.3), 'QLinearMatMul'],
  ['MatMul, Add of a float constant behind codes', matrix, (g) => g.codes(g.op('Add', [g.codes(product(g), 0.3), g.constant('float32', [16], g.list(16, -1, 1))]), 0.3), 'QLinearMatMul Add'],

  // Two inputs: both must be codes of the same type, constants too.
  ['Add', image, (g) => g.codes(residual(g), 0.35), 'QLinearConv QLinearAdd'],
  ['Add, Relu, lowest code is 0', image, (g) => g.codes(relu(g, residual(g)), 0.35, 0), 'QLinearConv QLinearAdd'],
  ['Add, Relu, lowest code is not 0', image, (g) => g.codes(relu(g, residual(g)), 0.35, 128), 'QLinearConv Add Relu'],
  ['Add of a float convolution', image, (g) => { const x = g.codes('x'); return g.codes(g.op('Add', [conv(g, x), x]), 0.35); }, 'FusedConv'],
  ['Add, constant as codes', image, (g) => g.codes(g.op('Add', [g.codes('x'), g.op('DequantizeLinear', [g.constant('uint8', [8, 1, 1], g.list(8, 0, 255).map(Math.round)), g.real(0.01), g.constant('uint8', [], 100)])]), 0.35), 'QLinearAdd'],
  ['Add, float constant', image, (g) => g.codes(g.op('Add', [g.codes('x'), g.constant('float32', [8, 1, 1], g.list(8, -1, 1))]), 0.35), 'Add'],
  ['Mul, Sigmoid', image, (g) => g.codes(g.op('Mul', [g.codes('x'), g.codes(g.op('Sigmoid', [g.codes('x')]), 1 / 256, 0)]), 0.05, 30), 'QLinearSigmoid QLinearMul'],
  ['Mul, constant as codes', image, (g) => g.codes(g.op('Mul', [g.codes('x'), g.op('DequantizeLinear', [g.constant('uint8', [], 255), g.real(0.125 / 255), g.constant('uint8', [], 0)])]), 0.05 / 8), 'QLinearMul'],
  ['Sub', image, (g) => g.codes(g.op('Sub', [g.codes('x'), g.codes(g.op('Sigmoid', [g.codes('x')]), 1 / 256, 0)]), 0.1), 'QLinearSigmoid Sub'],
  ['Div', image, (g) => g.codes(g.op('Div', [g.codes('x'), g.real(8)]), 0.05 / 8), 'Div'],
  ['Concat, other scales', image, (g) => g.codes(g.op('Concat', [g.codes('x'), g.codes(conv(g), 0.3)], { axis: 1 }), 0.35), 'QLinearConv QLinearConcat'],
  ['Concat of convolutions without codes between', image, (g) => g.codes(g.op('Concat', [conv(g), conv(g)], { axis: 1 }), 0.35), 'Conv Conv Concat'],

  // One input, a scale of its own.
  ['AveragePool', image, (g) => g.codes(g.op('AveragePool', [g.codes('x')], window), 0.04), 'QLinearAveragePool'],
  ['AveragePool, padded', image, (g) => g.codes(g.op('AveragePool', [g.codes('x')], { ...pads, count_include_pad: 0 }), 0.04), 'QLinearAveragePool'],
  ['GlobalAveragePool', image, (g) => g.codes(g.op('GlobalAveragePool', [g.codes('x')]), 0.03), 'QLinearGlobalAveragePool'],
  ['GlobalMaxPool', image, sameCodes('GlobalMaxPool'), 'GlobalMaxPool'],
  ['ReduceMean', image, (g) => g.codes(g.op('ReduceMean', [g.codes('x'), g.integers(2, 3)]), 0.03), 'ReduceMean'],
  ['LeakyRelu', image, (g) => g.codes(g.op('LeakyRelu', [g.codes('x')]), 0.05, 100), 'QLinearLeakyRelu'],
  ['PRelu', image, (g) => g.codes(g.op('PRelu', [g.codes('x'), g.constant('float32', [8, 1, 1], g.list(8, 0, 1))]), 0.05, 100), 'PRelu'],
  ['Softmax', image, (g) => g.codes(g.op('Softmax', [g.codes('x')], { axis: 1 }), 1 / 256, 0), 'QLinearSoftmax'],
  ['Tanh', image, (g) => g.codes(g.op('Tanh', [g.codes('x')]), 1 / 128), 'Tanh'],
  ['HardSigmoid', image, (g) => g.codes(g.op('HardSigmoid', [g.codes('x')]), 1 / 256, 0), 'HardSigmoid'],
  ['HardSwish', image, (g) => g.codes(g.op('HardSwish', [g.codes('x')]), 0.05, 30), 'HardSigmoid Mul'],
  ['Relu alone, lowest code is 0', image, (g) => g.codes(relu(g, g.codes('x')), 0.05, 0), ''],
  ['Clip alone, lowest code is 0', image, (g) => g.codes(clip6(g, g.codes('x')), 6 / 255, 0), ''],

  // Codes that pass through: scale and zero point before and behind are the same.
  ['MaxPool', image, sameCodes('MaxPool', window), 'MaxPool'],
  ['MaxPool behind Conv', image, (g) => g.codes(conv(g, g.codes(g.op('MaxPool', [g.codes(conv(g), 0.3)], window), 0.3), 0.3), 0.9), 'QLinearConv NhwcMaxPool QLinearConv'],
  ['MaxPool, other scale behind', image, (g) => g.codes(g.op('MaxPool', [g.codes('x')], window), 0.04), 'MaxPool', 'float'],
  ['Reshape', image, sameCodes('Reshape', {}, (g) => g.integers(0, -1)), 'Reshape'],
  ['Flatten', image, sameCodes('Flatten'), 'Flatten'],
  ['Flatten without codes behind', [4, 8, 2, 2], (g) => g.codes(g.op('MatMul', [g.op('Flatten', [g.codes('x')]), g.weight([32, 16], 1)]), 0.9), 'Flatten MatMul', 'float'],
  ['Squeeze', image, (g) => g.codes(g.op('Squeeze', [g.codes(g.op('GlobalAveragePool', [g.codes('x')]), 0.03), g.integers(2, 3)]), 0.03), 'QLinearGlobalAveragePool Squeeze'],
  ['Unsqueeze', image, sameCodes('Unsqueeze', {}, (g) => g.integers(2)), 'Unsqueeze'],
  ['Slice', image, sameCodes('Slice', {}, (g) => g.integers(0, 0), (g) => g.integers(10, 10), (g) => g.integers(2, 3), (g) => g.integers(2, 2)), 'Slice'],
  ['Gather', image, sameCodes('Gather', { axis: 1 }, (g) => g.integers(0, 2)), 'Gather'],
  ['Split', image, (g) => g.op('Split', [g.codes('x')], { axis: 1, num_outputs: 2 }, 2).map((part) => g.codes(part)), 'Split'],
  ['Resize to the nearest', image, (g) => g.codes(g.op('Resize', [g.codes('x'), '', g.constant('float32', [4], [1, 1, 2, 2])], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' })), 'Resize'],
  ['DepthToSpace', image, sameCodes('DepthToSpace', { blocksize: 2 }), 'DepthToSpace'],
  // Padding stays in float there; padding codes with the code of 0 gives the same.
  ['Pad with 0', image, sameCodes('Pad', {}, (g) => g.integers(0, 4, 0, 0, 0, 4, 0, 0), (g) => g.real(0)), 'Pad', 'float'],
];
