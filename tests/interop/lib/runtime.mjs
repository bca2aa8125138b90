// ONNX Runtime as the tests use it: every optimization that users get, one thread, exact arithmetic.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let ort = null;
try {
  ort = require('onnxruntime-node');
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND') throw error;
}
export const installed = ort !== null;
export const version = ort?.env.versions.node;

// By default MatMulNBits rounds its activations to 8 bits as well; '0' asks for plain float arithmetic, which
// is what the file says. optimized: where ONNX Runtime leaves the graph that it runs.
export function open(path, { optimized, threads = 1, level = 'all', exact = true } = {}) {
  const options = {
    graphOptimizationLevel: level, intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 3,
    extra: { session: { qdq_matmulnbits_accuracy_level: exact ? '0' : '4' } },
  };
  if (optimized) options.optimizedModelFilePath = optimized;
  return ort.InferenceSession.create(path, options);
}

// inputs and the result: { name: array } as in arrays.mjs.
export async function run(session, inputs) {
  const feeds = {};
  for (const [name, { type, shape, data }] of Object.entries(inputs)) feeds[name] = new ort.Tensor(type, data, shape);
  const results = await session.run(feeds), arrays = {};
  for (const [name, tensor] of Object.entries(results)) arrays[name] = { type: tensor.type, shape: [...tensor.dims], data: tensor.data };
  return arrays;
}

export const feeds = (inputs) => Object.fromEntries(Object.entries(inputs).map(([name, a]) => [name, new ort.Tensor(a.type, a.data, a.shape)]));
