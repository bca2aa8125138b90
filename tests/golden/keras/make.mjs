// Makes the files of this folder: small Keras networks with random weights as legacy HDF5 (Keras 2), with one input
// and output of each in /golden. The outputs come from TensorFlow.js, which implements Keras's layers apart from us.
//   npm i --ignore-scripts @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-cpu h5wasm
//   node make.mjs FOLDER
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import h5wasm from 'h5wasm/node';

const folder = process.argv[2] ?? '.';
await h5wasm.ready;
await tf.setBackend('cpu');
const L = layers.layers;
let seed = 1;
const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * 2 - 1;
const values = (shape, scale = 1) => tf.tensor(Float32Array.from({length: shape.reduce((a, b) => a * b, 1)}, () => random() * scale), shape);

function save(name, model, inputs, compute) {
  for (const layer of model.layers) {
    const old = layer.getWeights();
    layer.setWeights(old.map((w, i) => /variance/.test(layer.weights[i].originalName) ? tf.add(values(w.shape, 0.4), 1.1) : values(w.shape, 0.5)));
  }
  const outputs = [].concat(compute ? compute(inputs) : model.predict(inputs.length > 1 ? inputs : inputs[0]));
  const file = new h5wasm.File(`${folder}/${name}.h5`, 'w');
  file.create_attribute('model_config', JSON.stringify(model.toJSON(null, false)));
  file.create_attribute('keras_version', '2.15.0');
  file.create_attribute('backend', 'tensorflow');
  file.create_group('model_weights');
  const top = file.get('model_weights');
  top.create_attribute('layer_names', model.layers.map(l => l.name));
  for (const layer of model.layers) {
    const group = top.create_group(layer.name);
    const names = [];
    layer.getWeights().forEach((w, i) => {
      const weight = `${layer.weights[i].originalName}:0`;
      names.push(weight);
      const parts = weight.split('/');
      let at = group;
      for (const part of parts.slice(0, -1)) at = at.keys().includes(part) ? at.get(part) : at.create_group(part);
      at.create_dataset({name: parts.at(-1), data: w.dataSync(), shape: w.shape, dtype: '<f4'});
    });
    if (names.length) group.create_attribute('weight_names', names);
  }
  const golden = file.create_group('golden');
  inputs.forEach((x, i) => golden.create_dataset({name: `x${i}`, data: Float32Array.from(x.dataSync()), shape: x.shape, dtype: '<f4'}));
  outputs.forEach((y, i) => golden.create_dataset({name: `y${i}`, data: y.dataSync(), shape: y.shape, dtype: '<f4'}));
  file.close();
  console.log(name, inputs.map(x => x.shape).join(' | '), '->', outputs.map(y => y.shape).join(' | '));
}
const sequential = (name, inputShape, list) => {
  const model = layers.sequential({name});
  list[0].batchInputShape = [null, ...inputShape];
  model.add(L.inputLayer({inputShape, name: `${name}_in`}));
  list.forEach(l => model.add(l));
  save(name, model, [values([2, ...inputShape])]);
};

sequential('conv2d_same', [9, 8, 3], [
  L.conv2d({filters: 4, kernelSize: [3, 2], strides: 2, padding: 'same', activation: 'relu'}),
  L.conv2d({filters: 5, kernelSize: 3, dilationRate: 2, padding: 'same', useBias: false}),
  L.batchNormalization({epsilon: 0.002}), L.activation({activation: 'elu'}), L.flatten(), L.dense({units: 3, activation: 'softmax'})]);
sequential('conv2d_depthwise', [8, 7, 3], [
  L.depthwiseConv2d({kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu6'}),
  L.separableConv2d({filters: 5, kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2, activation: 'tanh'}), L.globalAveragePooling2d({}), L.dense({units: 2})]);
sequential('conv2d_transpose', [4, 5, 2], [
  L.conv2dTranspose({filters: 3, kernelSize: 3, strides: 2, padding: 'same'}), L.conv2dTranspose({filters: 2, kernelSize: [2, 4], strides: [3, 2], padding: 'valid'})]);
sequential('conv1d', [11, 3], [
  L.conv1d({filters: 4, kernelSize: 3, padding: 'same', dilationRate: 2}), L.leakyReLU({alpha: 0.1}), L.maxPooling1d({poolSize: 2}),
  L.conv1d({filters: 3, kernelSize: 2, strides: 2, activation: 'sigmoid'}), L.averagePooling1d({poolSize: 2, padding: 'same'}), L.globalMaxPooling1d()]);
sequential('pooling', [9, 7, 2], [
  L.maxPooling2d({poolSize: 3, strides: 2, padding: 'same'}), L.averagePooling2d({poolSize: 2, strides: 1, padding: 'same'}),
  L.zeroPadding2d({padding: [[1, 2], [0, 3]]}), L.cropping2D({cropping: [[1, 0], [2, 1]]}), L.upSampling2d({size: [2, 3]}), L.globalMaxPooling2d({})]);
sequential('conv3d', [4, 5, 6, 2], [L.conv3d({filters: 3, kernelSize: 2, padding: 'same', activation: 'relu'}), L.maxPooling3d({poolSize: 2}), L.flatten(), L.dense({units: 2})]);
sequential('activations', [6], [
  L.dense({units: 6, activation: 'selu'}), L.dense({units: 6, activation: 'softplus'}), L.dense({units: 6, activation: 'softsign'}), L.dense({units: 6, activation: 'swish'}),
  L.dense({units: 6, activation: 'hardSigmoid'}), L.dense({units: 6, activation: 'gelu'}), L.reLU({maxValue: 2}), L.thresholdedReLU({theta: 0.1}), L.elu({}), L.softmax()]);
sequential('prelu', [4, 4, 3], [L.conv2d({filters: 3, kernelSize: 3, padding: 'same'}), L.prelu({}), L.conv2d({filters: 2, kernelSize: 1}), L.prelu({sharedAxes: [1, 2]}), L.softmax({axis: 3})]);
sequential('layernorm', [5, 6], [L.layerNormalization({epsilon: 0.01}), L.dense({units: 4}), L.batchNormalization({}), L.permute({dims: [2, 1]}), L.reshape({targetShape: [2, -1]}), L.dropout({rate: 0.5})]);
sequential('repeat', [4], [L.dense({units: 3}), L.repeatVector({n: 5}), L.timeDistributed({layer: L.dense({units: 2, activation: 'tanh'})})]);
sequential('lstm', [6, 4], [L.lstm({recurrentInitializer: 'glorotNormal', units: 5, returnSequences: true, recurrentActivation: 'sigmoid'}), L.lstm({recurrentInitializer: 'glorotNormal', units: 3, recurrentActivation: 'hardSigmoid', goBackwards: true}), L.dense({units: 2})]);
sequential('gru', [6, 4], [L.gru({recurrentInitializer: 'glorotNormal', units: 5, returnSequences: true, resetAfter: false, recurrentActivation: 'sigmoid'}), L.gru({recurrentInitializer: 'glorotNormal', units: 3, resetAfter: false, useBias: false, recurrentActivation: 'hardSigmoid'})]);
sequential('rnn', [6, 4], [L.simpleRNN({recurrentInitializer: 'glorotNormal', units: 5, returnSequences: true, goBackwards: true}), L.simpleRNN({recurrentInitializer: 'glorotNormal', units: 3, activation: 'relu'})]);
for (const mergeMode of ['concat', 'sum', 'ave', 'mul'])
  sequential(`bidirectional_${mergeMode}`, [5, 3], [L.bidirectional({layer: L.lstm({recurrentInitializer: 'glorotNormal', units: 4, returnSequences: true, recurrentActivation: 'sigmoid'}), mergeMode}),
    L.bidirectional({layer: L.gru({recurrentInitializer: 'glorotNormal', units: 2, resetAfter: false, recurrentActivation: 'sigmoid'}), mergeMode})]);
{
  const model = layers.sequential({name: 'embedding'});
  model.add(L.embedding({inputDim: 11, outputDim: 4, inputLength: 7}));
  model.add(L.conv1d({filters: 3, kernelSize: 3, activation: 'relu'}));
  model.add(L.globalAveragePooling1d({}));
  save('embedding', model, [tf.tensor2d([[0, 1, 2, 3, 4, 5, 6], [10, 9, 8, 7, 6, 5, 4]])]);
}
{  // images that part and meet again, an operand with one pixel, several outputs
  const x = layers.input({shape: [6, 6, 3], name: 'image'});
  const a = L.conv2d({filters: 4, kernelSize: 3, padding: 'same', name: 'left'}).apply(x);
  const b = L.conv2d({filters: 4, kernelSize: 1, name: 'right'}).apply(x);
  const sum = L.add({name: 'sum'}).apply([a, b]);
  const squeeze = L.reshape({targetShape: [1, 1, 4], name: 'raise'}).apply(L.dense({units: 4, activation: 'sigmoid', name: 'gate'}).apply(L.globalAveragePooling2d({name: 'pool'}).apply(sum)));
  const gated = L.multiply({name: 'gated'}).apply([sum, squeeze]);
  const joined = L.concatenate({name: 'joined'}).apply([gated, x, L.maximum({name: 'larger'}).apply([a, b]), L.average({name: 'mean'}).apply([a, b, sum])]);
  const stacked = L.concatenate({axis: 1, name: 'stacked'}).apply([a, b]);
  save('branches', layers.model({inputs: x, outputs: [L.conv2d({filters: 2, kernelSize: 3, name: 'out'}).apply(joined), stacked, L.flatten({name: 'flat'}).apply(gated)], name: 'branches'}), [values([2, 6, 6, 3])]);
}
{  // a model as a layer, called twice, and two inputs
  const inner = layers.sequential({name: 'tower'});
  inner.add(L.dense({units: 5, activation: 'relu', inputShape: [4], name: 'deep'}));
  inner.add(L.dense({units: 3, name: 'flat_end'}));
  const p = layers.input({shape: [4], name: 'p'}), q = layers.input({shape: [4], name: 'q'});
  const dot = L.concatenate({name: 'pair'}).apply([inner.apply(p), inner.apply(q)]);
  save('shared', layers.model({inputs: [p, q], outputs: L.dense({units: 2, name: 'end'}).apply(dot), name: 'shared'}), [values([3, 4]), values([3, 4])]);
}
{  // steps that are skipped: at the end, at the beginning, in between, and all of a sequence but one
  const tokens = tf.tensor2d([[3, 7, 1, 0, 0, 0], [0, 0, 5, 2, 9, 4], [6, 0, 0, 8, 0, 1], [0, 0, 0, 2, 0, 0]]);
  const options = {recurrentInitializer: 'glorotNormal', recurrentActivation: 'sigmoid'};
  for (const [name, cell, more] of [['lstm', L.lstm, {}], ['gru', L.gru, {resetAfter: false}], ['rnn', L.simpleRNN, {}]]) {
    const x = layers.input({shape: [6], name: 'tokens'});
    const vectors = L.embedding({inputDim: 11, outputDim: 4, maskZero: true, name: 'vectors'}).apply(x);
    const kind = name === 'rnn' ? {recurrentInitializer: 'glorotNormal'} : options;
    const all = cell({units: 3, returnSequences: true, name: 'all', ...kind, ...more}).apply(L.dense({units: 4, activation: 'tanh', name: 'each'}).apply(vectors));
    save(`masked_${name}`, layers.model({inputs: x, outputs: [all, cell({units: 2, name: 'last', ...kind, ...more}).apply(all)], name: `masked_${name}`}), [tokens]);
  }
  const steps = values([4, 5, 3]).arraySync();
  for (const [b, t] of [[0, 4], [0, 3], [1, 0], [2, 1], [2, 3], [3, 0], [3, 1], [3, 2], [3, 4]]) steps[b][t] = [0.5, 0.5, 0.5];
  const x = layers.input({shape: [5, 3], name: 'steps'});
  const masked = L.masking({maskValue: 0.5, name: 'masked'}).apply(x);
  const both = L.concatenate({name: 'both'}).apply([L.lstm({units: 3, returnSequences: true, name: 'one', ...options}).apply(masked), L.gru({units: 2, resetAfter: false, returnSequences: true, name: 'two', ...options}).apply(masked)]);
  save('masking', layers.model({inputs: x, outputs: [both, L.lstm({units: 2, name: 'end', ...options}).apply(both)], name: 'masking'}), [tf.tensor(steps)]);
}
{  // between pixels by straight lines, where Keras 2 and 3 put pixels' centres; TensorFlow.js's own layer still has corners
  const x = layers.input({shape: [3, 4, 2], name: 'image'});
  const conv = L.conv2d({filters: 3, kernelSize: 2, padding: 'same', name: 'conv'}).apply(x);
  const front = layers.model({inputs: x, outputs: conv});
  save('bilinear', layers.model({inputs: x, outputs: L.upSampling2d({size: [3, 2], interpolation: 'bilinear', name: 'larger'}).apply(conv), name: 'bilinear'}), [values([2, 3, 4, 2])],
    (inputs) => tf.image.resizeBilinear(front.predict(inputs[0]), [9, 8], false, true));
}
