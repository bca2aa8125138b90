// node language.mjs --cli BITLATHE_CLI --work FOLDER
// Language models that we export, in llama.cpp and in our engine: the probabilities of every next token agree.
// Exit code 77: node-llama-cpp or the reference files are not here, nothing was tested.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readNpz, writeNpy } from './lib/arrays.mjs';
import * as llama from './lib/llama.mjs';

const shared = join(dirname(fileURLToPath(import.meta.url)), '../../../shared');
const tiny = join(shared, 'vectors/gguf/tiny-f16.gguf'), stories = join(shared, 'corpus/stories260k-llm/derived/stories260K-f32-GGUFv3.gguf');
const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' } } });
if (!llama.installed || !existsSync(tiny) || !existsSync(stories)) {
  console.log(`skipped: ${llama.installed ? 'the reference files are not here' : 'node-llama-cpp is not installed; run npm ci --ignore-scripts in tests/interop'}`);
  process.exit(77);
}
rmSync(options.work, { recursive: true, force: true });
mkdirSync(options.work, { recursive: true });
const cli = (...words) => execFileSync(options.cli, words, { stdio: ['ignore', 'ignore', 'inherit'] });

function ownProbabilities(file, tokens, engine) {
  const input = join(options.work, 'tokens.npy'), output = join(options.work, 'logits.npz');
  writeNpy(input, { type: 'int64', shape: [tokens.length], data: BigInt64Array.from(tokens, BigInt) });
  cli('run', file, '--engine', engine, '--input', `tokens=${input}`, '-o', output, '--quiet');
  const { shape, data } = readNpz(output).logits, wide = shape[2];
  return tokens.map((_, t) => {
    const row = Float64Array.from(data.subarray(t * wide, (t + 1) * wide)), most = Math.max(...row);
    const powers = row.map((v) => Math.exp(v - most)), sum = powers.reduce((a, b) => a + b);
    return powers.map((v) => v / sum);
  });
}
const normal = (rows) => rows.map((row) => { const sum = row.reduce((a, b) => a + b); return row.map((v) => v / sum); });
// Mean Kullback-Leibler divergence over the tokens, in nats.
function divergence(p, q) {
  let sum = 0;
  p.forEach((row, t) => row.forEach((v, i) => { if (v > 0) sum += v * Math.log(v / Math.max(q[t][i], 1e-12)); }));
  return sum / p.length;
}
// Tokens whose likeliest successor differs, and by how much of log probability q at most preferred its own.
function parted(p, q) {
  let count = 0, most = 0;
  p.forEach((row, t) => {
    const [a, b] = [row, q[t]].map((r) => r.indexOf(Math.max(...r)));
    if (a !== b) { ++count; most = Math.max(most, Math.log(row[a] / Math.max(row[b], 1e-12))); }
  });
  return { count, most };
}

let failures = 0;
const bytes = readFileSync(join(shared, 'vectors/gguf/tokens48.i32.bin'));
const random = [...new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))];
const story = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396, 267, 337, 410, 408, 419, 292, 411, 322, 265, 282, 295, 433, 426];
// What the bounds come from. "Float" is float32 arithmetic on the very weights of the file.
// Codes: both engines round activations to 8 bits, each in its own way. Two roundings that know nothing of each other add
// their divergences, so the engines are as far from each other as from float together, and ours rounds as finely as llama.cpp:
// the factors leave room for the chance of some forty tokens.
// Floats: llama.cpp holds keys and values, and what meets half-precision weights, as halves. Their largest error is 2^-11 of
// a number, that of 8 bits 1/254 of the largest: divergences go with squares, so q8_0 as llama.cpp runs it tells the bound.
// Likeliest tokens: a divergence d moves logits by √(2 d), differences of two by √2 more; four of these are allowed.
const kAdding = 1.5, kAsFine = 3, kHalves = (254 / 2048) ** 2, kDeviations = 4;
for (const [source, tokens, vocabulary, codecs] of [[stories, story, 512, ['q8_0', '', 'q4_0', 'q5_1']], [tiny, random, 272, ['q8_0', '', 'q6_k', 'q5_k', 'q4_k', 'q4_0', 'iq4_nl', 'iq4_xs', 'q3_k', 'iq3_s', 'iq3_xxs', 'iq2_s', 'iq2_xs', 'iq2_xxs', 'iq1_m', 'iq1_s']]]) {
  let ofBytes = 0;
  for (const codec of codecs) {
    const file = codec ? join(options.work, `${codec}.gguf`) : source, name = `${source === tiny ? 'tiny' : 'stories'} ${codec || 'as it is'}`;
    if (codec) cli('quantize', source, '--codec', codec, '-o', file, '--quiet');
    const theirs = normal(await llama.probabilities(file, tokens, vocabulary)), ours = ownProbabilities(file, tokens, 'integer'), float = ownProbabilities(file, tokens, 'float');
    const gap = divergence(theirs, ours), own = divergence(float, ours), other = divergence(float, theirs), { count, most } = parted(theirs, ours);
    if (codec === 'q8_0') ofBytes = other;
    console.log(`${name.padEnd(18)} ${gap.toExponential(2)} nats from llama.cpp; from float ${own.toExponential(2)}, llama.cpp ${other.toExponential(2)}; ${count} likeliest tokens differ`);
    const fits = codec ? gap < kAdding * (own + other) && own < kAsFine * other && other < kAsFine * Math.max(own, ofBytes) : gap < kHalves * ofBytes;
    if (!fits || most > kDeviations * Math.sqrt(4 * Math.max(gap, 0))) { ++failures; console.log(`FAILED ${name}`); }
  }
}
process.exit(failures ? 1 : 0);
