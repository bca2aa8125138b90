// node speed.mjs --cli BITLATHE_CLI --work FOLDER [--only NAME] [--rounds N]
// No test: how long the same int8 and float files take here and in ONNX Runtime, on 1 and 2 threads, one sample at a
// time. Both take turns, so that a busy machine slows both; a cell is the median over the rounds of each round's median,
// and the best round. ONNX Runtime's figures contain the way through Node.js, some hundredths of a millisecond.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { slice, writeNpz } from './lib/arrays.mjs';
import { Bitlathe } from './lib/bitlathe.mjs';
import { cases } from './lib/cases.mjs';
import * as runtime from './lib/runtime.mjs';

const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' }, only: { type: 'string', default: '' }, rounds: { type: 'string', default: '7' } } });
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..'), rounds = Number(options.rounds);
mkdirSync(options.work, { recursive: true });
const bitlathe = new Bitlathe(options.cli, options.work);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const sliced = (inputs, first, count) => Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, slice(array, first, count)]));

async function theirMedian(session, feeds, repeats) {
  const times = [];
  for (let i = -2; i < repeats; ++i) {
    const start = process.hrtime.bigint();
    await session.run(feeds);
    if (i >= 0) times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return median(times);
}

const cell = (times) => `${median(times).toFixed(3)} (${Math.min(...times).toFixed(3)})`.padStart(17);
console.log(`${'network'.padEnd(24)}threads ${'here, ms (best)'.padStart(17)} ${'ONNX Runtime'.padStart(17)}  here / there`);
for (const test of cases(root, () => {})) {
  if (!test.name.startsWith(options.only)) continue;
  const all = test.samples(), calibration = join(options.work, 'calibration.npz'), one = sliced(all, test.calibration, 1);
  writeNpz(calibration, sliced(all, 0, test.calibration));
  for (const preset of ['int8', 'float']) {
    const file = join(options.work, `${test.name}.${preset}.onnx`);
    bitlathe.call('quantize', test.model, '-o', file, '--preset', preset, '--calibration', calibration);
    for (const threads of [1, 2]) {
      const session = await runtime.open(file, { threads }), feeds = runtime.feeds(one), ours = [], theirs = [];
      const repeats = Math.max(5, Math.min(200, Math.round(300 / await theirMedian(session, feeds, 5))));
      for (let round = 0; round < rounds; ++round) {
        theirs.push(await theirMedian(session, feeds, repeats));
        ours.push(bitlathe.json('bench', file, '--engine', preset === 'int8' ? 'integer' : 'float', '--repeat', String(repeats), '--threads', String(threads)).medianMs);
      }
      await session.release();
      console.log(`${`${test.name}.${preset}`.padEnd(24)}${String(threads).padStart(7)} ${cell(ours)} ${cell(theirs)}  ${(median(ours) / median(theirs)).toFixed(2).padStart(12)}`);
    }
  }
}
