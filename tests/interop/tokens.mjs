// Our tokenizers against llama.cpp's, on a text in many scripts: the vocabularies of real files, and small ones made
// here for every way of cutting text that both know by name.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alphabet, learnPairs } from './lib/byte_level.mjs';
import { writeVocabulary } from './lib/gguf_vocabulary.mjs';
import { installed, openVocabulary } from './lib/llama.mjs';

const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const cli = option('--cli'), work = option('--work');
const here = dirname(fileURLToPath(import.meta.url)), shared = join(here, '../../../shared');
if (!installed) {
  console.log('skipped: node-llama-cpp is not installed; run npm ci --ignore-scripts in tests/interop');
  process.exit(77);
}
mkdirSync(work, { recursive: true });
const text = readFileSync(join(here, '../golden/language/multilingual.txt'), 'utf8');
const lines = text.split('\n');

let compared = 0, failed = 0;
async function compare(name, file, part, special) {
  const theirs = (await openVocabulary(file)).tokenize(part, special);
  const path = join(work, 'text.txt');
  writeFileSync(path, part);
  const ours = JSON.parse(execFileSync(cli, ['tokenize', file, '--file', path, '--bare', '--json', ...(special ? ['--special'] : [])], { maxBuffer: 1 << 28 }));
  ++compared;
  if (JSON.stringify(ours.tokens) === JSON.stringify(theirs)) return true;
  ++failed;
  const at = theirs.findIndex((token, i) => token !== ours.tokens[i]);
  console.log(`${name}: token ${at} of ${theirs.length} is ${ours.tokens[at]} (${JSON.stringify(ours.pieces[at])}) and not ${theirs[at]}, after ${JSON.stringify(ours.pieces.slice(Math.max(0, at - 4), at))}, before ${JSON.stringify(ours.pieces.slice(at + 1, at + 4))}`);
  return false;
}
async function compareAll(name, file) {
  for (const special of [false, true]) {
    if (await compare(name, file, text, special)) continue;
    for (const line of lines) await compare(`${name}, line`, file, line, special);
  }
}

for (const file of ['corpus/gguf-vocab-only/ggml-vocab-gpt-2.gguf', 'corpus/stories260k-llm/derived/stories260K-f32-GGUFv3.gguf', 'vectors/gguf/tiny-f16.gguf'])
  if (existsSync(join(shared, file))) await compareAll(file, join(shared, file));
  else console.log(`skipped: no ../shared/${file}`);

// Byte pairs, cut by each rule.
const merges = learnPairs(text.match(/ ?[^\s]+|\s+/gu), 900);
const control = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<s>', '</s>'];
const userDefined = ['[MASK]', '    '];
const pieces = [...alphabet, ...merges.map((pair) => pair.replace(' ', '')), ...control, ...userDefined];
const unique = [...new Set(pieces)];
const kinds = unique.map((piece) => (control.includes(piece) ? 3 : userDefined.includes(piece) ? 4 : 1));
const rules = ['default', 'gpt-2', 'llama-bpe', 'qwen2', 'qwen35', 'tekken', 'gpt-4o', 'deepseek-llm', 'deepseek-coder', 'deepseek-v3', 'falcon', 'starcoder', 'smollm', 'command-r',
  'phi-2', 'stablelm2', 'olmo', 'bloom', 'viking', 'glm4', 'dbrx', 'refact', 'exaone', 'minerva-7b', 'megrez'];
for (const rule of rules) {
  const file = join(work, `bytes-${rule}.gguf`);
  writeVocabulary(file, [
    ['general.architecture', 'text', 'llama'], ['tokenizer.ggml.model', 'text', 'gpt2'], ['tokenizer.ggml.pre', 'text', rule],
    ['tokenizer.ggml.tokens', 'text', unique], ['tokenizer.ggml.token_type', 'i32', kinds], ['tokenizer.ggml.merges', 'text', merges],
    ['tokenizer.ggml.bos_token_id', 'u32', unique.indexOf('<s>')], ['tokenizer.ggml.eos_token_id', 'u32', unique.indexOf('</s>')]]);
  await compareAll(rule, file);
}

// Pieces with scores, as Llama 2 and Gemma have them, with and without a space before the text.
const words = text.replaceAll(' ', '▁').match(/▁*[^▁]+/gu);
const counts = new Map();
for (const word of words) {
  const chars = [...word];
  for (let from = 0; from < chars.length; ++from)
    for (let to = from + 1; to <= Math.min(chars.length, from + 8); ++to) {
      const piece = chars.slice(from, to).join('');
      counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
}
const frequent = [...counts].filter(([piece, n]) => (n > 2 || [...piece].length === 1) && !piece.includes('\n') && piece.codePointAt(0) < 0x1f000).sort((a, b) => b[1] * [...b[0]].length - a[1] * [...a[0]].length || (a[0] < b[0] ? -1 : 1));
const byteNames = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
for (const [name, prefix, extra] of [['llama', true, []], ['gemma', false, ['  ', '   ', '<start_of_turn>']]]) {
  const scored = ['<unk>', '<s>', '</s>', ...byteNames, ...extra, ...frequent.map(([piece]) => piece)];
  const file = join(work, `scores-${name}.gguf`);
  writeVocabulary(file, [
    ['general.architecture', 'text', 'llama'], ['tokenizer.ggml.model', 'text', 'llama'], ['tokenizer.ggml.tokens', 'text', scored],
    ['tokenizer.ggml.scores', 'f32', scored.map((_, i) => (i < 3 + 256 + extra.length ? 0 : -(i % 1000)))],
    ['tokenizer.ggml.token_type', 'i32', scored.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : i < 259 + extra.length ? 4 : 1))],
    ['tokenizer.ggml.bos_token_id', 'u32', 1], ['tokenizer.ggml.eos_token_id', 'u32', 2], ['tokenizer.ggml.add_space_prefix', 'bool', prefix]]);
  await compareAll(`scores, ${name}`, file);
}

// Word pieces: lower case without accents, as BERT's uncased vocabularies.
const plain = text.normalize('NFD').replace(/\p{Mn}/gu, '').toLowerCase();
const wordPieces = new Map();
for (const word of plain.match(/[\p{L}\p{N}]+|\p{P}|\p{S}/gu)) {
  const chars = [...word];
  for (let from = 0; from < chars.length; ++from)
    for (let to = from + 1; to <= Math.min(chars.length, from + 6); ++to) {
      const piece = (from === 0 ? '▁' : '') + chars.slice(from, to).join('');
      wordPieces.set(piece, (wordPieces.get(piece) ?? 0) + 1);
    }
}
const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const bert = [...special, ...[...wordPieces].filter(([piece, n]) => n > 1 || piece.length < 3).map(([piece]) => piece)];
const bertFile = join(work, 'words.gguf');
writeVocabulary(bertFile, [
  ['general.architecture', 'text', 'bert'], ['tokenizer.ggml.model', 'text', 'bert'], ['tokenizer.ggml.tokens', 'text', bert],
  ['tokenizer.ggml.token_type', 'i32', bert.map((_, i) => (i < 5 ? 3 : 1))], ['tokenizer.ggml.unknown_token_id', 'u32', 1],
  ['tokenizer.ggml.cls_token_id', 'u32', 2], ['tokenizer.ggml.bos_token_id', 'u32', 2], ['tokenizer.ggml.seperator_token_id', 'u32', 3], ['tokenizer.ggml.mask_token_id', 'u32', 4], ['tokenizer.ggml.padding_token_id', 'u32', 0]]);
// llama.cpp takes characters apart by a table that knows one base letter for each and no Hangul, and takes U+000B and
// U+0085 for spaces, which BERT drops: these lines are compared with BERT's own tokenizer elsewhere (tests/core/language).
for (const line of lines.filter((line) => !/[\p{Script=Hangul}\p{Script=Devanagari}\u000b\u0085]/u.test(line)))
  for (const special of [false, true]) await compare('word pieces', bertFile, line, special);

// Unigrams without a compiled normalization.
const unigrams = ['<pad>', '</s>', '<unk>', ...frequent.map(([piece]) => piece)];
const unigramFile = join(work, 'unigrams.gguf');
writeVocabulary(unigramFile, [
  ['general.architecture', 'text', 't5'], ['tokenizer.ggml.model', 'text', 't5'], ['tokenizer.ggml.tokens', 'text', unigrams],
  ['tokenizer.ggml.scores', 'f32', unigrams.map((piece, i) => (i < 3 ? 0 : Math.log(counts.get(piece) / 10000)))],
  ['tokenizer.ggml.token_type', 'i32', unigrams.map((_, i) => (i === 2 ? 2 : i < 2 ? 3 : 1))],
  ['tokenizer.ggml.add_space_prefix', 'bool', true], ['tokenizer.ggml.remove_extra_whitespaces', 'bool', true],
  ['tokenizer.ggml.eos_token_id', 'u32', 1], ['tokenizer.ggml.unknown_token_id', 'u32', 2], ['tokenizer.ggml.padding_token_id', 'u32', 0]]);
await compareAll('unigrams', unigramFile);

console.log(`${compared} comparisons, ${failed} differ`);
process.exit(failed ? 1 : 0);
