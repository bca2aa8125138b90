// node language_speed.mjs --bench LANGUAGE_BENCH [--threads 1,2] [--rounds N] FILE.gguf …
// No test: tokens per second of a prompt of 128 tokens and of one token after the other, here (tests/bench/language_bench)
// and in llama.cpp as node-llama-cpp ships it, on the same files and threads. Both take turns; a cell is the best round.
// With one thread, seconds of work count, which other programs do not lengthen.
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import * as llama from './lib/llama.mjs';

const { values: options, positionals: files } = parseArgs({ allowPositionals: true, options: {
  bench: { type: 'string' }, threads: { type: 'string', default: '1,2' }, rounds: { type: 'string', default: '5' } } });
if (!llama.installed) {
  console.log('skipped: node-llama-cpp is not installed; run npm ci --ignore-scripts in tests/interop');
  process.exit(77);
}
const kPrompt = 128, kTokens = 24, best = { openMs: Math.min, prefill: Math.max, decode: Math.max };
const keep = (to, of) => { for (const key of Object.keys(best)) to[key] = key in to ? best[key](to[key], of[key]) : of[key]; };

const cells = (what, ours, theirs, digits) => `${what} ${ours.toFixed(digits).padStart(8)} ${theirs.toFixed(digits).padStart(8)}`;
console.log(`${'file'.padEnd(18)} threads: here, llama.cpp, ratio`);
for (const file of files)
  for (const threads of options.threads.split(',').map(Number)) {
    const ours = {}, theirs = {};
    for (let round = 0; round < Number(options.rounds); ++round) {
      keep(theirs, await llama.speed(file, { threads, prompt: kPrompt, tokens: kTokens }));
      keep(ours, JSON.parse(execFileSync(options.bench, [file, '--threads', String(threads), '--prompt', String(kPrompt), '--tokens', String(kTokens), '--rounds', '1', '--json'], { encoding: 'utf8' })));
    }
    console.log(`${basename(file).padEnd(18)} ${threads}: ${cells('open, ms', ours.openMs, theirs.openMs, 1)}   `
      + `${cells('prompt, tokens/s', ours.prefill, theirs.prefill, 1)} ${(ours.prefill / theirs.prefill).toFixed(2)}   `
      + `${cells('decode, tokens/s', ours.decode, theirs.decode, 2)} ${(ours.decode / theirs.decode).toFixed(2)}`);
  }
