// node tales.mjs --cli BITLATHE_CLI --work FOLDER
// The language demos in llama.cpp: it cuts their test text into the same tokens as we do, and measures the perplexity that we
// measure, of the file that ships and of what we quantize it to.
// Exit code 77: node-llama-cpp is not here, nothing was tested.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as llama from './lib/llama.mjs';

const demo = join(dirname(fileURLToPath(import.meta.url)), '../../resources/demo');
const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' } } });
if (!llama.installed) {
  console.log('skipped: node-llama-cpp is not installed; run npm ci --ignore-scripts in tests/interop');
  process.exit(77);
}
rmSync(options.work, { recursive: true, force: true });
mkdirSync(options.work, { recursive: true });

const kWindow = 512, kWindows = 6, kBegin = 1, kVocabulary = 1536;
// Relative gap of the perplexities: llama.cpp multiplies float16 and rounds activations of quantized weights to int8.
const kFloatGap = 1e-4, kCodedGap = 2e-3;
const textFile = join(demo, 'language_test.txt'), text = readFileSync(textFile, 'utf8');
const cli = (...args) => execFileSync(options.cli, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });

async function theirs(file, tokens) {
  const all = [kBegin, ...tokens];  // as llama.cpp's own tool cuts windows
  let loss = 0, scored = 0;
  for (let w = 0; w < kWindows; ++w) {
    const row = all.slice(w * kWindow, (w + 1) * kWindow), next = row.slice(1);
    row[0] = kBegin;
    const p = await llama.probabilities(file, row, kVocabulary, kWindow);
    for (let i = kWindow / 2; i < kWindow - 1; ++i, ++scored) loss -= Math.log(Math.max(p[i][next[i]], 1e-30));
  }
  return Math.exp(loss / scored);
}

let failures = 0;
for (const name of readdirSync(demo).filter((n) => /^tales-.*\.gguf$/.test(n)).sort()) {
  const source = join(demo, name), vocabulary = await llama.openVocabulary(source);
  const tokens = vocabulary.tokenize(text, false);
  const own = JSON.parse(cli('tokenize', source, '--file', textFile, '--bare', '--json')).tokens;
  if (own.length !== tokens.length || own.some((t, i) => t !== tokens[i])) { ++failures; console.log(`FAILED ${name}: the tokens of the test text differ`); }
  const files = [[name, source, kFloatGap]];
  for (const codec of name === 'tales-0.3m.gguf' ? ['q8_0', 'q4_0'] : ['q8_0']) {
    const file = join(options.work, `${codec}-${name}`);
    cli('quantize', source, '--codec', codec, '-o', file, '--quiet');
    files.push([`${codec} of ${name}`, file, kCodedGap]);
  }
  for (const [label, file, bound] of files) {
    const ours = JSON.parse(cli('evaluate', file, '--data', textFile, '--metric', 'perplexity', '--engine', 'float', '--chunks', String(kWindows), '--json', '--quiet'));
    const mine = ours.perplexity.value, other = await theirs(file, tokens), gap = Math.abs(mine / other - 1);
    console.log(`${label.padEnd(26)} perplexity ${mine.toFixed(4)}, llama.cpp ${other.toFixed(4)}: ${gap.toExponential(1)} apart`);
    if (!(gap < bound)) { ++failures; console.log(`FAILED ${label}: more than ${bound} apart`); }
  }
}
process.exit(failures ? 1 : 0);
