// node exports.mjs --cli BITLATHE_CLI --work FOLDER [--only NAME[.PRESET]]
// Every network of lib/cases.mjs and lib/zoo.mjs, exported with each of its presets by bitlathe-cli and run in ONNX
// Runtime with all optimizations. Held to:
//   float            ONNX Runtime on the source and on the exported file, and our float engine: kFloatTolerance apart
//   weights alone    ONNX Runtime and our simulated engine: kFloatTolerance apart
//   8-bit values     every quantized tensor inside the network: codes of our integer engine and of ONNX Runtime at most
//                    one step apart on kShareWithinOneStep of them; float outputs likewise, in steps of their range /
//                    255; the recipe on the source gives our integer engine the same bits as the exported file;
//                    what our engine calls integer is integer in ONNX Runtime's optimised graph, and the reverse.
//                    Networks with float operators between their products are held to the share over all tensors
//                    together: there a float's last bit decides some codes, and what follows differs by more
//   top-1            of the demo in ONNX Runtime and in our engine: kTopOneApart apart
// On processors without VNNI, ONNX Runtime's own products of unsigned by signed bytes saturate in 16 bits, and it may
// be further from the exact answer than one step.
// Exit code 77: onnxruntime-node is not installed (npm ci --ignore-scripts in this folder), nothing was tested.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { numbers, slice, writeNpz } from './lib/arrays.mjs';
import { Bitlathe } from './lib/bitlathe.mjs';
import { cases } from './lib/cases.mjs';
import { recipes, zoo } from './lib/zoo.mjs';
import { argmax, Differences, largestMagnitude, percent, range } from './lib/compare.mjs';
import { readNodes, withOutputs } from './lib/onnx_nodes.mjs';
import { contradictions, isConv, isProduct, placement } from './lib/placement.mjs';
import * as runtime from './lib/runtime.mjs';

const kShareWithinOneStep = 0.999;
const kSimulatedWithinOneStep = 0.995;  // simulated against integer: floats round at other places, and errors grow with depth
const kFloatTolerance = 2e-5;  // of an output's largest value: sums in another order
const kHalfTolerance = 2e-2;   // the same where the network computes in 16-bit floats over there and in 32 bits here
const kTopOneApart = 0.005;

const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' }, only: { type: 'string', default: '' } } });
if (!runtime.installed) {
  console.log('skipped: onnxruntime-node is not installed; run npm ci --ignore-scripts in tests/interop');
  process.exit(77);
}
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
rmSync(options.work, { recursive: true, force: true });
mkdirSync(options.work, { recursive: true });
const at = (name) => join(options.work, name);
const bitlathe = new Bitlathe(options.cli, options.work);

let failures = 0;
const fail = (name, why) => {
  ++failures;
  console.log(`FAILED ${name}: ${why}`);
};
const row = (cells) => console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(26) : String(cell).padStart([0, 9, 9, 10, 10, 8, 8][i] ?? 0))).join('  '));

const sliced = (inputs, first, count) => Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, slice(array, first, count)]));
const sameBytes = (a, b) => Buffer.compare(Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength), Buffer.from(b.data.buffer, b.data.byteOffset, b.data.byteLength)) === 0;

// How bitlathe-cli is told: one of its presets, or a recipe file.
function recipeOf(preset) {
  if (!recipes[preset]) return ['--preset', preset];
  const file = at(`${preset}.json`);
  writeFileSync(file, JSON.stringify(recipes[preset]));
  return ['--recipe', file];
}
const needsCalibration = (preset) => recipes[preset]?.defaults.activations || !/^(float|int\d-(weights|g\d+|channel)|ternary)$/.test(preset);

// The largest difference between two sets of outputs as a share of each output's largest value.
function apart(ours, theirs) {
  let largest = 0;
  for (const name of Object.keys(theirs)) {
    const a = numbers(ours[name]), b = numbers(theirs[name]);
    largest = Math.max(largest, new Differences().add(a, b, 0).largest / Math.max(largestMagnitude(b), 1e-30));
  }
  return largest;
}

async function inFloat(test, preset, file, batches, halves) {
  const exported = await runtime.open(file), tolerance = halves ? kHalfTolerance : kFloatTolerance;
  const source = preset === 'float' && test.model.endsWith('.onnx') ? await runtime.open(test.model) : null;
  let largest = 0;
  for (const inputs of batches) {
    const theirs = await runtime.run(exported, inputs);
    largest = Math.max(largest, apart(bitlathe.run(file, inputs, source ? 'float' : 'simulated'), theirs));
    if (source) largest = Math.max(largest, apart(theirs, await runtime.run(source, inputs)), apart(bitlathe.run(test.model, inputs, 'float'), theirs));
    else largest = Math.max(largest, apart(bitlathe.run(test.model, inputs, 'simulated', ...recipeOf(preset)), theirs));
  }
  if (!(largest <= tolerance)) fail(`${test.name}.${preset}`, `outputs are ${largest.toExponential(2)} of their largest value apart`);
  row([`${test.name}.${preset}`, '', '', '', largest.toExponential(1)]);
}

// Outputs of the file, and the codes of every quantized tensor inside it.
async function onCodes(test, preset, file, batches, calibration) {
  const name = `${test.name}.${preset}`;
  const written = readNodes(file);
  const tensors = written.nodes.filter((node) => node.op === 'QuantizeLinear').map((node) => ({ name: node.outputs[0], type: written.initializers.get(node.inputs[2]) }));
  const dequantized = new Set(written.nodes.filter((node) => node.op === 'DequantizeLinear').map((node) => node.outputs[0]));
  const exposed = at(`${name}.exposed.onnx`), optimized = at(`${name}.optimized.onnx`);
  writeFileSync(exposed, withOutputs(readFileSync(file), tensors));
  const plain = await runtime.open(file, { optimized }), inside = await runtime.open(exposed);
  const codes = new Differences(), simulatedCodes = new Differences(), outputs = new Differences();
  for (const inputs of batches) {
    const theirs = await runtime.run(inside, inputs), ours = bitlathe.run(exposed, inputs, 'integer'), simulated = bitlathe.run(exposed, inputs, 'simulated');
    for (const tensor of tensors) {
      const here = new Differences().add(ours[tensor.name], theirs[tensor.name], 1);
      if (!test.floatBetween && here.within < kShareWithinOneStep) fail(name, `${tensor.name}: ${percent(here.within)} of ${here.count} codes within one step, largest difference ${here.largest}`);
      codes.merge(here);
      simulatedCodes.add(simulated[tensor.name], theirs[tensor.name], 1);
    }
    const answer = await runtime.run(plain, inputs), fromFile = bitlathe.run(file, inputs, 'integer');
    const fromRecipe = bitlathe.run(test.model, inputs, 'integer', ...recipeOf(preset), '--calibration', calibration);
    for (const output of Object.keys(answer)) {
      if (!sameBytes(fromRecipe[output], fromFile[output])) fail(name, `output '${output}': the recipe and the exported file give our integer engine different bits`);
      if (dequantized.has(output)) continue;  // its codes are compared above
      const here = new Differences().add(numbers(fromFile[output]), numbers(answer[output]), range(numbers(answer[output])) / 255);
      if (!test.floatBetween && here.within < kShareWithinOneStep) fail(name, `output '${output}': ${percent(here.within)} of ${here.count} values within one step, largest difference ${here.largest}`);
      outputs.merge(here);
    }
  }
  if (codes.within < kShareWithinOneStep) fail(name, `${percent(codes.within)} of all codes within one step, largest difference ${codes.largest}`);
  if (outputs.within < kShareWithinOneStep) fail(name, `${percent(outputs.within)} of all output values within one step, largest difference ${outputs.largest}`);
  if (simulatedCodes.within < kSimulatedWithinOneStep) fail(name, `${percent(simulatedCodes.within)} of the simulated engine's codes within one step`);
  const { nodes } = readNodes(optimized), steps = bitlathe.json('bench', file, '--engine', 'integer', '--repeat', '1').layers;
  for (const why of contradictions(steps, placement(nodes))) fail(name, why);
  bitlathe.json('inspect', optimized);  // ONNX Runtime's own files open
  const count = (list, is) => list.filter(({ op, integer }) => is(op) && (integer ?? /QLinear|QGemm|IntegerToFloat/.test(op))).length;
  const convs = [count(steps, isConv), count(nodes, isConv)], products = [count(steps, isProduct), count(nodes, isProduct)];
  if (convs[0] !== convs[1]) fail(name, `${convs[0]} convolutions in integers here, ${convs[1]} there`);
  if (products[0] !== products[1]) fail(name, `${products[0]} matrix products in integers here, ${products[1]} there`);
  row([name, codes.count, percent(codes.equal), percent(codes.within), percent(outputs.within), convs.join(' = '), products.join(' = '), `simulated ${percent(simulatedCodes.within)}`]);
}

async function topOne({ name, topOne: { data, input, prepare, labels } }, preset, file) {
  const images = prepare(), truth = labels().data, session = await runtime.open(file), [output] = session.outputNames;
  const answers = (await runtime.run(session, { [input]: images }))[output];
  const classes = answers.data.length / truth.length;
  let right = 0;
  for (let i = 0; i < truth.length; ++i) right += argmax(answers.data, i * classes, classes) === Number(truth[i]) ? 1 : 0;
  const theirs = right / truth.length, ours = bitlathe.json('evaluate', file, '--data', data, '--engine', 'integer', '--no-layers').top1;
  console.log(`${name}.${preset}: top-1 of ${truth.length} samples: ONNX Runtime ${percent(theirs)}, our integer engine ${percent(ours)}`);
  if (!(Math.abs(theirs - ours) <= kTopOneApart)) fail(`${name}.${preset}`, 'top-1 in ONNX Runtime and here are further apart than half a point');
}

console.log(`ONNX Runtime ${runtime.version}, Node.js ${process.version}`);
row(['network.preset', 'codes', 'equal', 'one step', 'outputs', 'convs', 'products']);
let tested = 0;
const missing = ({ name, model }) => console.log(`${name}: not tested, ${model} is missing`);
for (const test of [...zoo(options.work), ...cases(root, missing)]) {
  const presets = test.presets.filter((preset) => `${test.name}.${preset}`.startsWith(options.only));
  if (!presets.length) continue;
  const all = test.samples(), calibration = at(`${test.name}.calibration.npz`);
  writeNpz(calibration, sliced(all, 0, test.calibration));
  const each = test.batch ?? test.tests, batches = [];
  for (let first = 0; first < test.tests; first += each) batches.push(sliced(all, test.calibration + first, each));
  const halves = Object.values(all).some(({ type }) => type === 'float16');
  for (const preset of presets) {
    const name = `${test.name}.${preset}`, file = at(`${name}.onnx`);
    try {
      bitlathe.call('quantize', test.model, '-o', file, ...recipeOf(preset), '--calibration', calibration);
      if (needsCalibration(preset)) await onCodes(test, preset, file, batches, calibration);
      else await inFloat(test, preset, file, batches, halves);
      if (test.topOne && preset === 'int8') await topOne(test, preset, file);
      ++tested;
    } catch (error) {
      fail(name, error.message);
    }
  }
}
console.log(`${tested} files, ${failures} failures`);
process.exit(failures || !tested ? 1 : 0);
