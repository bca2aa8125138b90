// Keras HDF5 files in TensorFlow.js, which implements Keras's layers apart from us: the network from `model_config`, its
// weights by `layer_names` and `weight_names`, as Keras itself loads them.
let tf, layers, h5wasm;
export let installed = false, version = '';
try {
  tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-cpu');
  layers = await import('@tensorflow/tfjs-layers');
  h5wasm = (await import('h5wasm/node')).default;
  await h5wasm.ready;
  await tf.setBackend('cpu');
  installed = true;
  version = tf.version_core;
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
}

// An attribute that is a list of texts, whole or in the parts "name0", "name1" … of a long one.
function list(attributes, name) {
  if (attributes[name]) return [].concat(attributes[name].value ?? []);
  const all = [];
  for (let part = 0; attributes[name + part]; ++part) all.push(...attributes[name + part].value);
  return all;
}

export class KerasFile {
  constructor(path) {
    this.file = new h5wasm.File(path, 'r');
  }

  close() {
    this.file.close();
  }

  // { type, shape, data } of an array; null where there is none.
  array(path) {
    const found = this.file.get(path);
    return found ? { type: 'float32', shape: found.shape, data: Float32Array.from(found.value) } : null;
  }

  arrays(stem) {
    const all = [];
    for (let i = 0; this.array(`${stem}${i}`); ++i) all.push(this.array(`${stem}${i}`));
    return all;
  }

  multiplier(layer) {
    const group = `model_weights/${layer}`;
    const kernel = list(this.file.get(group).attrs, 'weight_names').find((name) => name.includes('depthwise_kernel'));
    return this.file.get(`${group}/${kernel}`).shape[3];
  }

  // Throws where TensorFlow.js does not know a layer, or the file lacks a weight.
  async model() {
    const config = JSON.parse(this.file.attrs.model_config.value);
    for (const layer of config.config.layers ?? config.config)  // TensorFlow.js wrote the golden files, and forgets this setting
      if (layer.class_name === 'SeparableConv2D') layer.config.depth_multiplier ??= this.multiplier(layer.config.name);
    const model = await layers.models.modelFromJSON({ modelTopology: config });
    const top = this.file.get('model_weights');
    for (const name of list(top.attrs, 'layer_names')) {
      const names = list(top.get(name).attrs, 'weight_names');
      if (!names.length) continue;
      const tensors = names.map((weight) => {
        const stored = this.file.get(`model_weights/${name}/${weight}`);
        if (!stored) throw new Error(`weight '${weight}' is not in the file`);
        return tf.tensor(Float32Array.from(stored.value), stored.shape);
      });
      model.getLayer(name).setWeights(tensors);
    }
    return model;
  }
}

// Outputs of a model on a list of arrays, in the model's order.
export function predict(model, inputs) {
  const tensors = inputs.map(({ shape, data }) => tf.tensor(data, shape));
  return [].concat(model.predict(tensors.length > 1 ? tensors : tensors[0])).map((y) => ({ type: 'float32', shape: y.shape, data: y.dataSync() }));
}
