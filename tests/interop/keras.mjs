// node keras.mjs --cli BITLATHE_CLI --work FOLDER [--only NAME]
// Every network of tests/golden/keras that TensorFlow.js knows, written back by bitlathe-cli and loaded there. Held to: the
// file loads as any Keras file does and gives what our simulated engine gives for the recipe (kTolerance of the largest
// output apart); the codes alone do not load there, and give our engine the same bits as the floats.
// Exit code 77: @tensorflow/tfjs-layers or h5wasm is not installed (npm ci --ignore-scripts in this folder).
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bitlathe } from './lib/bitlathe.mjs';
import { largestMagnitude } from './lib/compare.mjs';
import * as keras from './lib/keras.mjs';

const kTolerance = 2e-5;  // of an output's largest value: sums in another order
const kRecipes = { 'int8-weights': ['--preset', 'int8-weights'], int4: ['--codec', 'int', '--bits', '4'], nf4: ['--codec', 'nf4'] };

const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' }, only: { type: 'string', default: '' } } });
if (!keras.installed) {
  console.log('skipped: TensorFlow.js is not installed; run npm ci --ignore-scripts in tests/interop');
  process.exit(77);
}
const golden = resolve(dirname(fileURLToPath(import.meta.url)), '../golden/keras');
rmSync(options.work, { recursive: true, force: true });
mkdirSync(options.work, { recursive: true });
const bitlathe = new Bitlathe(options.cli, options.work);

let failures = 0, tested = 0;
const fail = (name, why) => {
  ++failures;
  console.log(`FAILED ${name}: ${why}`);
};
const apart = (a, b) => {
  let largest = 0;
  for (let i = 0; i < b.data.length; ++i) largest = Math.max(largest, Math.abs(a.data[i] - b.data[i]));
  return largest / Math.max(largestMagnitude(b), 1e-3);
};

console.log(`TensorFlow.js ${keras.version}, Node.js ${process.version}`);
for (const file of readdirSync(golden).filter((name) => name.endsWith('.h5') && name.startsWith(options.only)).sort()) {
  if (file === 'bilinear.h5') {
    console.log(`${file}: not tested, TensorFlow.js still stretches images from corner to corner, which Keras does no more`);
    continue;
  }
  const source = join(golden, file), original = new keras.KerasFile(source), inputs = original.arrays('golden/x');
  try {
    await original.model();
  } catch (error) {
    console.log(`${file}: not tested, TensorFlow.js does not load the source (${error.message.split('\n')[0].slice(0, 80)})`);
    continue;
  } finally {
    original.close();
  }
  const { inputs: named } = bitlathe.json('inspect', source);
  const fed = Object.fromEntries(inputs.map((array, i) => [named[i].name, array]));
  for (const [recipe, args] of Object.entries(kRecipes)) {
    const name = `${file.replace('.h5', '')}.${recipe}`, floats = join(options.work, `${name}.h5`), codes = join(options.work, `${name}.codes.h5`);
    try {
      bitlathe.call('quantize', source, '-o', floats, '--target', 'keras', ...args);
      bitlathe.call('quantize', source, '-o', codes, '--target', 'keras-codes', ...args);
      const written = new keras.KerasFile(floats);
      const theirs = keras.predict(await written.model(), inputs);
      written.close();
      const simulated = bitlathe.run(source, fed, 'simulated', ...args), read = bitlathe.run(floats, fed, 'float'), decoded = bitlathe.run(codes, fed, 'float');
      let largest = 0;
      for (const [i, output] of Object.keys(simulated).entries()) {
        const ours = simulated[output];
        largest = Math.max(largest, apart(theirs[i], ours));
        for (const [what, array] of [['the floats', read[output]], ['the codes alone', decoded[output]]])
          if (Buffer.compare(Buffer.from(array.data.buffer), Buffer.from(ours.data.buffer)) !== 0) fail(name, `output '${output}': ${what} give other bits than the simulation`);
      }
      if (!(largest <= kTolerance)) fail(name, `TensorFlow.js is ${largest.toExponential(2)} of the largest output apart`);
      const alone = new keras.KerasFile(codes);
      const loads = await alone.model().then(() => true, () => false);
      alone.close();
      if (loads && !file.startsWith('pooling')) fail(name, 'the codes alone load in TensorFlow.js, which cannot know them');
      console.log(`${name.padEnd(34)} ${largest.toExponential(1)}`);
      ++tested;
    } catch (error) {
      fail(name, error.message);
    }
  }
}
console.log(`${tested} files, ${failures} failures`);
process.exit(failures || !tested ? 1 : 0);
