// llama.cpp, as node-llama-cpp ships it: loads a GGUF file and gives the probabilities of every next token.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const folder = join(dirname(fileURLToPath(import.meta.url)), '../node_modules/@node-llama-cpp/linux-x64/bins/linux-x64');
export const installed = existsSync(join(folder, 'llama-addon.node'));

let addon;
async function library() {
  if (addon) return addon;
  addon = require(join(folder, 'llama-addon.node'));
  addon.setLogger(() => {});
  addon.setLoggerLogLevel(0);
  addon.loadBackends(folder);
  await addon.init();
  return addon;
}

// One Float64Array over the vocabulary for each token: what llama.cpp expects after it. Throws when the file is refused.
export async function probabilities(file, tokens, vocabulary, room = 64) {
  const { AddonModel, AddonContext, AddonSampler } = await library();
  const model = new AddonModel(file, { addonExports: addon, gpuLayers: 0, useMmap: true });
  if (!(await model.init())) throw new Error(`llama.cpp refuses ${file}`);
  const context = new AddonContext(model, { contextSize: room, batchSize: room, sequences: 1, threads: 1 });
  if (!(await context.init())) throw new Error(`llama.cpp makes no context for ${file}`);
  context.initBatch(tokens.length);
  const places = context.addToBatch(0, 0, Uint32Array.from(tokens), Uint32Array.from(tokens, (_, i) => i));
  await context.decodeBatch();
  const sampler = new AddonSampler(model);
  sampler.applyConfig({ temperature: 1, topK: 0, topP: 1, minP: 0 });
  const all = [];
  for (const place of places) {
    const [, pairs] = await context.sampleToken(place, sampler, true, true);
    const row = new Float64Array(vocabulary);
    for (let i = 0; i < pairs.length; i += 2) row[pairs[i]] = pairs[i + 1];
    all.push(row);
  }
  await context.dispose();
  await model.dispose();
  return all;
}

// What flows out of an encoder's last layer at the last token. Throws when the file is refused.
export async function lastHidden(file, tokens, room = 64) {
  const { AddonModel, AddonContext } = await library();
  const model = new AddonModel(file, { addonExports: addon, gpuLayers: 0, useMmap: true });
  if (!(await model.init())) throw new Error(`llama.cpp refuses ${file}`);
  const context = new AddonContext(model, { contextSize: room, batchSize: room, sequences: 1, threads: 1, embeddings: true });
  if (!(await context.init())) throw new Error(`llama.cpp makes no context for ${file}`);
  context.initBatch(tokens.length);
  context.addToBatch(0, 0, Uint32Array.from(tokens), Uint32Array.from(tokens, (_, i) => i));
  await context.decodeBatch();
  const hidden = Float64Array.from(context.getEmbedding(tokens.length));
  await context.dispose();
  await model.dispose();
  return hidden;
}

// The vocabulary of a file: tokenize(text, special) without what is added at the beginning and the end.
const vocabularies = new Map();
export async function openVocabulary(file) {
  if (!vocabularies.has(file)) {
    const { AddonModel } = await library();
    const model = new AddonModel(file, { addonExports: addon, gpuLayers: 0, useMmap: true, vocabOnly: true });
    if (!(await model.init())) throw new Error(`llama.cpp refuses the vocabulary of ${file}`);
    vocabularies.set(file, model);
  }
  const model = vocabularies.get(file);
  return { tokenize: (text, special) => Array.from(model.tokenize(text, special)) };
}

// Milliseconds to open the file; tokens per second of reading a prompt and of one token after the other, of seconds
// of work with one thread, of seconds that pass with more.
export async function speed(file, { threads, prompt, tokens }) {
  const { AddonModel, AddonContext, AddonSampler } = await library();
  const now = () => (threads === 1 ? Object.values(process.cpuUsage()).reduce((a, b) => a + b) / 1e6 : performance.now() / 1e3);
  const opened = now();
  const model = new AddonModel(file, { addonExports: addon, gpuLayers: 0, useMmap: true });
  if (!(await model.init())) throw new Error(`llama.cpp refuses ${file}`);
  const openMs = 1e3 * (now() - opened);
  const context = new AddonContext(model, { contextSize: 512, batchSize: 256, sequences: 1, threads });
  if (!(await context.init())) throw new Error(`llama.cpp makes no context for ${file}`);
  const sampler = new AddonSampler(model);
  sampler.applyConfig({ temperature: 0 });
  const read = async (ids, first) => {
    context.initBatch(ids.length);
    const [place] = context.addToBatch(0, first, Uint32Array.from(ids), Uint32Array.from([ids.length - 1]));
    await context.decodeBatch();
    return place;
  };
  let started = now();
  let place = await read(Array.from({ length: prompt }, (_, i) => (i * 37 + 5) % 32000), 0);
  const prefill = prompt / (now() - started);
  started = now();
  for (let i = 0; i < tokens; ++i) place = await read([Math.max(3, await context.sampleToken(place, sampler))], prompt + i);
  const decode = tokens / (now() - started);
  await context.dispose();
  await model.dispose();
  return { openMs, prefill, decode };
}
