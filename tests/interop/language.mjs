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
// Mean Kullback-Leibler divergence over the tokens, in nats, and how often both expect the same token most.
function compare(p, q) {
  let sum = 0, same = 0;
  p.forEach((row, t) => {
    row.forEach((v, i) => { if (v > 0) sum += v * Math.log(v / Math.max(q[t][i], 1e-12)); });
    same += row.indexOf(Math.max(...row)) === q[t].indexOf(Math.max(...q[t]));
  });
  return { gap: sum / p.length, same: same / p.length };
}

let failures = 0;
const bytes = readFileSync(join(shared, 'vectors/gguf/tokens48.i32.bin'));
const random = [...new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))];
const story = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396, 267, 337, 410, 408, 419, 292, 411, 322, 265, 282, 295, 433, 426];
// Nats. Floats: llama.cpp holds keys and values as halves, and what meets half-precision weights too. Codes: both round activations to 8 bits, each in its own way.
const kFloat = 1e-5, kCodes = 3e-3, kSame = 0.85;  // kSame: of random networks, many tokens are equally likely
for (const [source, tokens, vocabulary, codecs] of [[stories, story, 512, ['', 'q8_0', 'q4_0', 'q5_1']], [tiny, random, 272, ['', 'q8_0', 'q6_k', 'q5_k', 'q4_k', 'q4_0', 'iq4_nl', 'iq4_xs', 'q3_k']]])
  for (const codec of codecs) {
    const file = codec ? join(options.work, `${codec}.gguf`) : source, name = `${source === tiny ? 'tiny' : 'stories'} ${codec || 'as it is'}`;
    if (codec) cli('quantize', source, '--codec', codec, '-o', file, '--quiet');
    const { gap, same } = compare(await llama.probabilities(file, tokens, vocabulary), ownProbabilities(file, tokens, 'integer'));
    console.log(`${name.padEnd(18)} ${gap.toExponential(2)} nats from llama.cpp, the same likeliest token for ${(100 * same).toFixed(1)} %`);
    if (!(gap < (codec ? kCodes : kFloat) && same >= (codec ? kSame : 1))) { ++failures; console.log(`FAILED ${name}`); }
  }
process.exit(failures ? 1 : 0);
