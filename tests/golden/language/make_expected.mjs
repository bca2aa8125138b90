// node make_expected.mjs FOLDER: NAME.expected.f32.bin beside each NAME.json, from FOLDER/NAME.gguf (make_models.py): log
// probabilities of llama.cpp (node-llama-cpp of tests/interop) after tokens 1, 8, 16 and 24, 272 numbers each.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as llama from '../../interop/lib/llama.mjs';

for (const file of readdirSync('.').filter((name) => name.endsWith('.json'))) {
  const name = file.slice(0, -5), { tokens } = JSON.parse(readFileSync(file));
  const rows = await llama.probabilities(join(process.argv[2], `${name}.gguf`), tokens, 272);
  const picked = [0, 7, 15, 23].flatMap((t) => [...rows[t]].map((p) => Math.log(p)));
  writeFileSync(`${name}.expected.f32.bin`, Buffer.from(Float32Array.from(picked).buffer));
  console.log(name, picked.every(Number.isFinite) ? 'ok' : 'has probabilities of 0', Math.min(...picked).toFixed(2));
}
