// node facts.mjs --cli BITLATHE_CLI --work FOLDER [--only NAME]
// The table of lib/patterns.mjs against the installed ONNX Runtime: each pattern is fused as the table says, so a new
// version that fuses more or less is seen here first; and our integer engine fuses the same and gives the same bits.
// Exit code 77: onnxruntime-node is not installed, nothing was tested.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { floats } from './lib/arrays.mjs';
import { Bitlathe } from './lib/bitlathe.mjs';
import { Differences, largestMagnitude, percent } from './lib/compare.mjs';
import { GraphWriter } from './lib/graph_writer.mjs';
import { readNodes } from './lib/onnx_nodes.mjs';
import { patterns } from './lib/patterns.mjs';
import { placement } from './lib/placement.mjs';
import * as runtime from './lib/runtime.mjs';

const kFloatTolerance = 1e-5;  // of the largest value, for patterns that end in a float convolution or product

const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' }, only: { type: 'string', default: '' } } });
if (!runtime.installed) {
  console.log('skipped: onnxruntime-node is not installed; run npm ci --ignore-scripts in tests/interop');
  process.exit(77);
}
rmSync(options.work, { recursive: true, force: true });
mkdirSync(options.work, { recursive: true });
const bitlathe = new Bitlathe(options.cli, options.work);
const file = join(options.work, 'pattern.onnx'), optimized = join(options.work, 'optimized.onnx');
let failures = 0, tested = 0;

for (const [name, shape, make, left, movesInFloat] of patterns) {
  if (!name.startsWith(options.only)) continue;
  ++tested;
  const fail = (why) => {
    ++failures;
    console.log(`FAILED ${name}: ${why}`);
  };
  try {
    const graph = new GraphWriter();
    writeFileSync(file, graph.file(shape, make(graph)));
    const session = await runtime.open(file, { optimized });
    const { nodes } = readNodes(optimized);
    const kept = nodes.map(({ op }) => op).filter((op) => !/^(QuantizeLinear|DequantizeLinear|Transpose)$/.test(op)).join(' ');
    if (kept !== left) fail(`ONNX Runtime leaves '${kept}', the table says '${left}'`);
    const { onCodes, inFloat } = placement(nodes);
    const there = new Set([...onCodes.values()].filter((op) => op !== 'Transpose'));
    for (const op of left.split(' ').filter((op) => /^(MaxPool|Reshape|Flatten|Squeeze|Unsqueeze|Slice|Gather|Split|Resize|DepthToSpace|Pad)$/.test(op)))
      if (there.has(op) === (movesInFloat === 'float')) fail(`${op} moves ${there.has(op) ? 'codes' : 'floats'} in ONNX Runtime`);
    const x = floats(shape, Float32Array.from(graph.list(shape.reduce((a, b) => a * b, 1), -7, 7)));
    const theirs = await runtime.run(session, { x }), ours = bitlathe.run(file, { x }, 'integer');
    for (const output of Object.keys(theirs)) {
      const exact = !/(^| )(Conv|FusedConv|MatMul)$/.test(left);
      const apart = new Differences().add(ours[output], theirs[output], exact ? 0 : kFloatTolerance * largestMagnitude(theirs[output]));
      if (apart.beyond) fail(`${percent(apart.within)} of ${apart.count} values agree, largest difference ${apart.largest}`);
    }
    const steps = bitlathe.json('bench', file, '--engine', 'integer', '--repeat', '1').layers;
    for (const { name: node, op, integer } of steps)
      if (integer && inFloat.has(node) && op !== 'Pad') fail(`${node}: ${op} on codes here, ${inFloat.get(node)} in float there`);
    for (const node of onCodes.keys()) {
      const step = steps.find((candidate) => candidate.name === node);
      if (step && !step.integer && !/Transpose/.test(step.op)) fail(`${step.op} in float here, ${onCodes.get(node)} on codes there${step.reason ? `; ${step.reason}` : ''}`);
    }
  } catch (error) {
    fail(error.message);
  }
}
console.log(`ONNX Runtime ${runtime.version}: ${tested} patterns, ${failures} failures`);
process.exit(failures || !tested ? 1 : 0);
