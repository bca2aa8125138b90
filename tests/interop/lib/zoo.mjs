// Small float networks with made-up weights: one for each pattern that a quantizer places codes around and an optimiser
// treats in its own way; and recipes that nobody needs a preset for.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { floats } from './arrays.mjs';
import { GraphWriter } from './graph_writer.mjs';

const recipe = (weights, activations) => ({ format: 'bitlathe recipe', version: 1, defaults: { weights, activations } });
function ends(between) {
  const eight = { weights: { bits: 8 }, activations: { bits: 8 } };
  return { ...recipe(eight.weights, eight.activations), rules: [{ match: {}, ...between }, { match: { place: 'first' }, ...eight }, { match: { place: 'last' }, ...eight }] };
}
export const recipes = {
  'int8-symmetric': recipe({ bits: 8 }, { symmetric: true }),
  'uint8-tensor': recipe({ bits: 8, symmetric: false, granularity: 'tensor' }, {}),
  'int8-full': recipe({ bits: 8, narrow: false }, {}),
  'int8-least-error': recipe({ bits: 8, range: { leastError: 2 } }, { range: { leastError: 2 } }),
  'int7-static': recipe({ bits: 7 }, {}),
  'int4-static': recipe({ bits: 4 }, {}),
  'int2-static': recipe({ bits: 2 }, {}),
  'int1-static': recipe({ bits: 1 }, {}),
  // The first and the last layer in integers, float or quantized weights alone between: what stands behind codes must not
  // be quantized by the consumer of its own accord.
  'ends-static': ends({}),
  'ends-weights': ends({ weights: { bits: 8 } }),
};
const everyRecipe = [...Object.keys(recipes), 'int8', 'int8-tensor', 'int8-weights', 'int4-g32', 'int3-g64'];

// A chain of operators; `last` is its end, names are put back to branch.
class Network extends GraphWriter {
  constructor(shape) {
    super();
    this.shape = shape;
    this.last = 'x';
  }
  values(shape, size) { return this.constant('float32', shape, this.list(shape.reduce((a, b) => a * b, 1), -size, size)); }
  then(op, more = [], attributes = {}) { return this.join(op, [this.last, ...more], attributes); }
  join(op, inputs, attributes = {}) { return (this.last = this.op(op, inputs, attributes)); }
  // k × k with padding, so that the extents stay.
  conv(from, to, k = 3, group = 1, bias = true) {
    const pad = Math.floor(k / 2), each = from / group;
    return this.then('Conv', [this.values([to, each, k, k], 2 / Math.sqrt(each * k * k)), ...(bias ? [this.values([to], 0.2)] : [])], { pads: [pad, pad, pad, pad], group });
  }
  relu() { return this.then('Relu'); }
  relu6() { return this.then('Clip', [this.real(0), this.real(6)]); }
  linear(from, to, transB) { return this.then('Gemm', [this.values(transB ? [to, from] : [from, to], 2 / Math.sqrt(from)), this.values([to], 0.2)], { transB }); }
  matmul(from, to, bias = true) {
    this.then('MatMul', [this.values([from, to], 2 / Math.sqrt(from))]);
    return bias ? this.then('Add', [this.values([to], 0.3)]) : this.last;
  }
}

const picture = [1, 8, 12, 12], half = { kernel_shape: [2, 2], strides: [2, 2] };

// name, shape of x, how it is built, presets and recipes.
const networks = [
  ['mobile', picture, (n) => { n.conv(8, 16); n.relu(); n.conv(16, 16, 3, 16); n.relu6(); n.conv(16, 8, 1); n.then('GlobalAveragePool'); n.then('Flatten'); n.linear(8, 10, 1); }, everyRecipe],
  ['residual', picture, (n) => { const skip = n.conv(8, 8); n.relu6(); n.conv(8, 8, 3, 1, false); n.join('Add', [n.last, skip]); n.relu(); n.conv(8, 4, 1); }, ['int8', 'int8-symmetric', 'uint8-tensor', 'ends-static', 'ends-weights']],
  // Squeeze and excitation.
  ['excite', picture, (n) => { const x = n.conv(8, 8); n.then('GlobalAveragePool'); n.conv(8, 4, 1); n.relu(); n.conv(4, 8, 1); n.then('Sigmoid'); n.join('Mul', [x, n.last]); n.conv(8, 4, 1); }],
  ['swish', picture, (n) => { const x = n.conv(8, 8); n.then('Sigmoid'); n.join('Mul', [x, n.last]); n.conv(8, 8); n.then('LeakyRelu', [], { alpha: { real: 0.1 } }); n.conv(8, 4, 1); }, ['int8', 'int8-symmetric']],
  ['float-activations', picture, (n) => { n.conv(8, 8); n.then('HardSwish'); n.conv(8, 8); n.then('Tanh'); n.conv(8, 4, 1); }],
  ['pools', picture, (n) => { n.conv(8, 8); n.relu(); n.then('MaxPool', [], half); n.conv(8, 8); n.then('AveragePool', [], half); n.conv(8, 4, 1); }, ['int8', 'int8-symmetric']],
  ['global-pools', picture, (n) => { const x = n.conv(8, 8), most = n.then('GlobalMaxPool'); n.last = x; n.then('ReduceMean', [n.integers(2, 3)]); n.join('Concat', [n.last, most], { axis: 1 }); n.conv(16, 4, 1); }],
  ['branches', picture, (n) => {
    n.conv(8, 8);
    const trunk = n.relu(), left = n.conv(8, 8);
    n.last = trunk;
    n.then('MaxPool', [], half);
    n.conv(8, 4);
    n.then('Resize', ['', n.constant('float32', [4], [1, 1, 2, 2])], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' });
    n.join('Concat', [left, n.last], { axis: 1 });
    n.conv(12, 4, 1);
  }],
  ['pass-through', picture, (n) => {
    n.conv(8, 8);
    n.relu();
    n.then('Pad', [n.integers(0, 2, 1, 1, 0, 2, 1, 1)]);
    n.conv(12, 8);
    n.relu();
    n.then('Slice', [n.integers(2), n.integers(6), n.integers(1)]);
    n.conv(4, 8, 1);
    n.then('Transpose', [], { perm: [0, 2, 3, 1] });
    n.matmul(8, 6, false);
  }],
  // Channels halved, one half worked on, joined and shuffled.
  ['shuffle', picture, (n) => {
    n.conv(8, 8);
    const [kept, worked] = n.op('Split', [n.relu()], { axis: 1, num_outputs: 2 }, 2);
    n.last = worked;
    n.conv(4, 4);
    n.relu();
    n.join('Concat', [kept, n.last], { axis: 1 });
    n.then('Reshape', [n.integers(1, 2, 4, 12, 12)]);
    n.then('Transpose', [], { perm: [0, 2, 1, 3, 4] });
    n.then('Reshape', [n.integers(1, 8, 12, 12)]);
    n.conv(8, 4, 1);
    n.then('DepthToSpace', [], { blocksize: 2 });
    n.conv(1, 3);
  }],
  // A Transformer's feed-forward, on three axes.
  ['feed-forward', [2, 5, 16], (n) => { n.matmul(16, 32); n.relu(); n.matmul(32, 16); }, ['int8', 'int8-tensor', 'int4-static', 'int8-weights', 'int4-g32', 'int3-g64']],
  ['perceptron', [3, 16], (n) => { n.linear(16, 24, 1); n.relu(); n.linear(24, 24, 0); n.relu(); n.linear(24, 5, 1); }, everyRecipe],
  ['gates', [3, 16], (n) => { n.linear(16, 24, 1); n.then('Tanh'); n.linear(24, 24, 0); n.then('LeakyRelu', [], { alpha: { real: 0.1 } }); n.matmul(24, 8); n.then('Sigmoid'); }],
  ['one-axis', [1, 4, 40], (n) => {
    n.then('Conv', [n.values([8, 4, 5], 0.5), n.values([8], 0.2)], { pads: [2, 2] });
    n.relu();
    n.then('Conv', [n.values([8, 1, 3], 0.7)], { group: 8, dilations: [2] });
  }],
  ['transposed', picture, (n) => { n.conv(8, 8); n.relu(); n.then('ConvTranspose', [n.values([8, 4, 2, 2], 0.4), n.values([4], 0.2)], { strides: [2, 2] }); n.conv(4, 4, 1); }, ['int8', 'int8-weights', 'int4-g32']],
  ['constants', picture, (n) => { n.conv(8, 8); n.then('Mul', [n.real(0.5)]); n.then('Add', [n.values([8, 1, 1], 1)]); n.relu(); n.conv(8, 4, 1); }],
  // Clip from below only, Relu that is read twice, a weight that two convolutions read, a result that is also an output.
  ['sharing', picture, (n) => {
    const w = n.values([8, 8, 3, 3], 0.25), same = { pads: [1, 1, 1, 1] };
    n.then('Conv', [w, n.values([8], 0.2)], same);
    n.then('Clip', [n.real(0)]);
    const twice = n.relu();
    n.then('Conv', [w], same);
    const out = n.join('Add', [n.last, twice]);
    n.conv(8, 4, 1);
    return [out, n.last];
  }],
];

// Written into the folder; rows as in cases.mjs.
export function zoo(folder) {
  return networks.map(([name, shape, build, presets = ['int8']]) => {
    const network = new Network(shape), outputs = build(network) ?? network.last, model = join(folder, `zoo-${name}.onnx`);
    writeFileSync(model, network.file(shape, outputs));
    const calibration = 4 * shape[0], tests = 3 * shape[0], all = [calibration + tests, ...shape.slice(1)];
    return { name: `zoo-${name}`, model, calibration, tests, batch: shape[0], presets, samples: () => ({ x: floats(all, Float32Array.from(network.list(all.reduce((a, b) => a * b, 1), -2, 2))) }) };
  });
}
