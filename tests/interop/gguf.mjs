// node gguf.mjs --cli BITLATHE_CLI --work FOLDER
// GGUF files that we write, in llama.cpp: every block type loads and computes; Q4_0 and Q8_0, whose encoders are exact,
// give the probabilities of llama.cpp's own files; more bits are closer to the float model.
// Exit code 77: node-llama-cpp or the reference vectors are not here, nothing was tested.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as llama from './lib/llama.mjs';

const kVocabulary = 272;
const kOtherBuild = 1e-3;  // nats: codes of activations differ
const vectors = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/vectors/gguf');
const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' } } });
if (!llama.installed || !existsSync(vectors)) {
  console.log(`skipped: ${llama.installed ? 'the reference vectors are not here' : 'node-llama-cpp is not installed; run npm ci --ignore-scripts in tests/interop'}`);
  process.exit(77);
}
rmSync(options.work, { recursive: true, force: true });
mkdirSync(options.work, { recursive: true });

const numbers = (name, Type) => {
  const bytes = readFileSync(join(vectors, name));
  return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const tokens = [...numbers('tokens48.i32.bin', Int32Array)], source = join(vectors, 'tiny-f16.gguf');

// llama.cpp's own logits, as probabilities.
function expected(name) {
  const logits = numbers(name, Float32Array);
  return tokens.map((_, t) => {
    const row = Float64Array.from(logits.subarray(t * kVocabulary, (t + 1) * kVocabulary)), most = Math.max(...row);
    const powers = row.map((v) => Math.exp(v - most)), sum = powers.reduce((a, b) => a + b);
    return powers.map((v) => v / sum);
  });
}
// Mean Kullback-Leibler divergence over the tokens, in nats.
function divergence(p, q) {
  let sum = 0;
  p.forEach((row, t) => row.forEach((v, i) => { if (v > 0) sum += v * Math.log(v / Math.max(q[t][i], 1e-12)); }));
  return sum / p.length;
}

let failures = 0;
const fail = (why) => { ++failures; console.log(`FAILED ${why}`); };
async function quantized(name, ...how) {
  const file = join(options.work, `${name}.gguf`);
  execFileSync(options.cli, ['quantize', source, ...how, '-o', file, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  return llama.probabilities(file, tokens, kVocabulary);
}

const float = await llama.probabilities(source, tokens, kVocabulary);
const apart = {};
for (const codec of ['q8_0', 'q6_k', 'q5_k', 'q5_1', 'q5_0', 'q4_k', 'q4_1', 'q4_0', 'iq4_nl', 'iq4_xs', 'mxfp4', 'q3_k', 'q2_k', 'tq2_0', 'tq1_0', 'iq3_s', 'iq3_xxs', 'iq2_s', 'iq2_xs', 'iq2_xxs', 'iq1_m', 'iq1_s']) {
  const p = await quantized(codec, '--codec', codec);
  apart[codec] = divergence(float, p);
  console.log(`${codec.padEnd(8)} ${apart[codec].toExponential(2)} nats from float`);
  if (!p.every((row) => Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-3)) fail(`${codec}: the probabilities do not add up to 1`);
}
for (const [less, more] of [['q8_0', 'q6_k'], ['q6_k', 'q5_k'], ['q5_k', 'q4_k'], ['q4_k', 'q3_k'], ['q3_k', 'q2_k'], ['q4_k', 'iq3_s'], ['iq3_s', 'iq2_s'], ['iq2_s', 'iq1_s']])
  if (!(apart[less] < apart[more])) fail(`${less} is no closer to float than ${more}`);

const recipe = (codec, bits, rules) => {
  const file = join(options.work, 'recipe.json');
  writeFileSync(file, JSON.stringify({ format: 'bitlathe recipe', version: 1, name: 'mixture', defaults: { weights: { codec, bits } },
    rules: rules.map(([name, to, width]) => ({ match: { name }, weights: { codec: to, bits: width } })) }));
  return file;
};

// The same tensors as in llama-quantize's files, whose embedding is the output too and stays at Q6_K: what is left is another
// build of the same arithmetic, which codes activations on the way.
for (const [codec, bits, name, rules] of [['q4_0', 4, 'Q4_0', [['token_embd', 'q6_k', 6]]], ['q8_0', 8, 'Q8_0', []]]) {
  const theirs = expected(`tiny-${name}.logits48.f32.bin`), gap = divergence(theirs, await quantized(`own-${name}`, '--recipe', recipe(codec, bits, rules)));
  const loss = divergence(float, theirs);
  console.log(`${codec.padEnd(8)} ${gap.toExponential(2)} nats from llama.cpp's own ${name}, which is ${loss.toExponential(2)} from float`);
  if (!(gap < kOtherBuild)) fail(`${codec} is not llama.cpp's ${name}`);
}

// A mixture with importance, as people export it.
const mixed = divergence(float, await quantized('mixture', '--recipe', recipe('q4_k', 4, [['token_embd', 'q6_k', 6], ['blk.*.attn_v', 'q8_0', 8]]), '--importance', join(vectors, 'tiny-imatrix.dat')));
console.log(`mixture  ${mixed.toExponential(2)} nats from float`);
if (!(mixed < apart.q4_k)) fail('the mixture is no closer to float than q4_k alone');
process.exit(failures ? 1 : 0);
