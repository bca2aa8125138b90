// node checkpoint.mjs --cli BITLATHE_CLI --work FOLDER
// A checkpoint with Hugging Face's names, converted by us, in llama.cpp: the probabilities and the tokens are those of
// the same weights in a GGUF file that others made; small checkpoints of every architecture give torch's probabilities
// there. Exit code 77: nothing was tested.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as llama from './lib/llama.mjs';

const { values: options } = parseArgs({ options: { cli: { type: 'string' }, work: { type: 'string' } } });
const corpus = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/corpus/stories260k-llm/derived');
if (!llama.installed || !existsSync(corpus)) {
  console.log(`skipped: ${llama.installed ? 'the corpus is not here' : 'node-llama-cpp is not installed; run npm ci --ignore-scripts in tests/interop'}`);
  process.exit(77);
}
const reference = join(corpus, 'stories260K-f32-GGUFv3.gguf');

// The keys of a GGUF file of version 3.
function keysOf(file) {
  const bytes = readFileSync(file);
  let at = 16;
  const whole = () => { const n = Number(bytes.readBigUInt64LE(at)); at += 8; return n; };
  const text = () => { const n = whole(); at += n; return bytes.toString('utf8', at - n, at); };
  const sizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
  const value = (type) => {
    if (type === 8) return text();
    if (type === 9) {
      const inner = bytes.readUInt32LE(at);
      at += 4;
      return Array.from({ length: whole() }, () => value(inner));
    }
    const from = at;
    at += sizes[type];
    return type === 6 ? bytes.readFloatLE(from) : type === 4 ? bytes.readUInt32LE(from) : type === 5 ? bytes.readInt32LE(from) : 0;
  };
  const keys = {};
  for (let i = whole(); i > 0; --i) {
    const key = text(), type = bytes.readUInt32LE(at);
    at += 4;
    keys[key] = value(type);
  }
  return keys;
}

// The vocabulary as transformers writes one of SentencePiece: byte pairs over pieces, best first, with bytes to fall back on.
function tokenizerOf(keys) {
  const tokens = keys['tokenizer.ggml.tokens'], scores = keys['tokenizer.ggml.scores'];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = [];
  tokens.forEach((token, id) => {
    const letters = [...token];
    for (let i = 1; i < letters.length; ++i) {
      const left = letters.slice(0, i).join(''), right = letters.slice(i).join('');
      if (ids.has(left) && ids.has(right)) merges.push({ score: scores[id], id, pair: [left, right] });
    }
  });
  merges.sort((a, b) => b.score - a.score || a.id - b.id);
  return {
    version: '1.0',
    added_tokens: [0, 1, 2].map((id) => ({ id, content: tokens[id], special: true })),
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
    model: { type: 'BPE', unk_token: tokens[0], fuse_unk: true, byte_fallback: true, vocab: Object.fromEntries(ids), merges: merges.map((merge) => merge.pair) },
  };
}

rmSync(options.work, { recursive: true, force: true });
const source = join(options.work, 'source');
mkdirSync(source, { recursive: true });
for (const file of ['config.json', 'model.safetensors']) copyFileSync(join(corpus, 'hf', file), join(source, file));
const keys = keysOf(reference), pieces = keys['tokenizer.ggml.tokens'];
writeFileSync(join(source, 'tokenizer.json'), JSON.stringify(tokenizerOf(keys)));
writeFileSync(join(source, 'tokenizer_config.json'), JSON.stringify({ bos_token: pieces[1], eos_token: pieces[2], unk_token: pieces[0], add_bos_token: true }));

let failures = 0;
const fail = (why) => { ++failures; console.log(`FAILED ${why}`); };
const story = 'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.';
const exported = (name, from, ...how) => {
  const file = join(options.work, `${name}.gguf`);
  execFileSync(options.cli, ['quantize', from, ...how, '--target', 'llama.cpp', '-o', file, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  return file;
};
const float = exported('float', source, '--preset', 'float');
const tokens = (await llama.openVocabulary(reference)).tokenize(story, false);
for (const text of [story, ' two  spaces', 'Ünïcödé 中文 🙂', '\tTab\n\nlines']) {
  const ours = (await llama.openVocabulary(float)).tokenize(text, false), theirs = (await llama.openVocabulary(reference)).tokenize(text, false);
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) fail(`'${text}' becomes ${ours} and not ${theirs}`);
}
for (const [name, how] of [['float', ['--preset', 'float']], ['q8_0', ['--codec', 'q8_0']], ['Q4_0', ['--preset', 'Q4_0']]]) {
  const ours = await llama.probabilities(exported(`ours-${name}`, source, ...how), [1, ...tokens].slice(0, 48), pieces.length);
  const theirs = await llama.probabilities(exported(`theirs-${name}`, reference, ...how), [1, ...tokens].slice(0, 48), pieces.length);
  let worst = 0;
  ours.forEach((row, t) => row.forEach((p, i) => { worst = Math.max(worst, Math.abs(p - theirs[t][i])); }));
  console.log(`${name.padEnd(6)} probabilities differ by at most ${worst.toExponential(1)} over ${ours.length} tokens`);
  if (worst !== 0) fail(`${name}: the converted checkpoint computes something else`);
}

// The small checkpoints of every architecture: what llama.cpp makes of our files against torch's logits. llama.cpp holds
// keys and values in half precision and looks GELU up in a table of halves, and would round activations to the type of
// the weights: so they are widened first.
function widened(from, to) {
  const bytes = readFileSync(from), length = Number(bytes.readBigUInt64LE(0)), head = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const half = (h) => { const e = (h >> 10) & 31, m = h & 1023, s = h >> 15 ? -1 : 1; return s * (e ? 2 ** (e - 15) * (1 + m / 1024) : 2 ** -14 * m / 1024); };
  const word = Buffer.alloc(4), parts = [];
  let at = 0;
  for (const entry of Object.values(head)) {
    const [begin, end] = entry.data_offsets, data = bytes.subarray(8 + length + begin, 8 + length + end);
    const out = entry.dtype === 'F32' ? data : Buffer.alloc(2 * data.length);
    for (let i = 0; out !== data && i < data.length; i += 2) {
      word.writeUInt32LE(data.readUInt16LE(i) * 65536);
      out.writeFloatLE(entry.dtype === 'BF16' ? word.readFloatLE(0) : half(data.readUInt16LE(i)), 2 * i);
    }
    entry.dtype = 'F32', entry.data_offsets = [at, at += out.length];
    parts.push(out);
  }
  const text = Buffer.from(JSON.stringify(head)), size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(to, Buffer.concat([size, text, ...parts]));
}
const golden = join(dirname(fileURLToPath(import.meta.url)), '../golden/checkpoints'), peerGap = 3e-3;
const goldenTokens = [1, 17, 42, 5, 90, 33, 8, 61, 2, 77, 17, 50, 3, 29, 88, 12];
for (const name of ['llama', 'llama_tied', 'mistral', 'qwen2', 'qwen3', 'gemma', 'gemma2', 'gemma3', 'phi2', 'phi3', 'gpt2']) {
  const bytes = readFileSync(join(golden, name, 'expected.f32.bin'));
  const logits = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), vocabulary = logits.length / goldenTokens.length;
  try {
    const folder = join(options.work, `wide-${name}`);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(golden, name, 'config.json'), join(folder, 'config.json'));
    widened(join(golden, name, 'model.safetensors'), join(folder, 'model.safetensors'));
    const rows = await llama.probabilities(exported(`golden-${name}`, folder, '--preset', 'float'), goldenTokens, vocabulary);
    let error = 0, size = 0;
    rows.forEach((row, t) => {
      const own = logits.subarray(t * vocabulary, (t + 1) * vocabulary), top = Math.max(...own), sum = own.reduce((all, x) => all + Math.exp(x - top), 0);
      own.forEach((x, i) => { const p = Math.exp(x - top) / sum; error += (row[i] - p) ** 2; size += p ** 2; });
    });
    const apart = Math.sqrt(error / size);
    console.log(`${name.padEnd(10)} llama.cpp is ${apart.toExponential(1)} from torch`);
    if (!(apart < peerGap)) fail(`${name}: llama.cpp computes something else from our file`);
  } catch (error) {
    fail(`${name}: ${error.message}`);
  }
}
// An encoder gives hidden states; it needs a vocabulary to be loaded.
{
  const folder = join(options.work, 'wide-bert'), from = join(golden, 'bert');
  mkdirSync(folder, { recursive: true });
  for (const file of ['config.json', 'model.safetensors']) copyFileSync(join(from, file), join(folder, file));
  const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from('abcdefghijklmnopqrstuvwxyz', (letter) => [letter, `##${letter}`]).flat()];
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ version: '1.0', added_tokens: pieces.slice(0, 5).map((content, id) => ({ id, content, special: true })), normalizer: { type: 'BertNormalizer', lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' }, model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])) } }));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ cls_token: '[CLS]', sep_token: '[SEP]', unk_token: '[UNK]', pad_token: '[PAD]', mask_token: '[MASK]' }));
  const bytes = readFileSync(join(from, 'expected.f32.bin')), all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const own = all.subarray(all.length - all.length / goldenTokens.length);
  try {
    const theirs = await llama.lastHidden(exported('golden-bert', folder, '--preset', 'float'), goldenTokens);
    const apart = Math.sqrt(own.reduce((sum, x, i) => sum + (theirs[i] - x) ** 2, 0) / own.reduce((sum, x) => sum + x * x, 0));
    console.log(`bert       llama.cpp is ${apart.toExponential(1)} from torch`);
    if (!(apart < peerGap)) fail('bert: llama.cpp computes something else from our file');
  } catch (error) {
    fail(`bert: ${error.message}`);
  }
}
console.log(failures ? `${failures} failures` : `ok: ${tokens.length} tokens`);
process.exit(failures ? 1 : 0);
