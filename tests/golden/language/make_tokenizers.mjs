// Makes tokenizers.json: small tokenizers of every kind in Hugging Face's form, learnt from multilingual.txt, with the
// tokens that their own library gives to that text. Run by hand: npm install tokenizers@0.23.2, then
//   node make_tokenizers.mjs NODE_MODULES
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alphabet, byteLevel, learnPairs } from '../../interop/lib/byte_level.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { Tokenizer } = createRequire(join(resolve(process.argv[2]), 'x.js'))('tokenizers');
const text = readFileSync(join(here, 'multilingual.txt'), 'utf8');

const added = (start, names, special = true, more = {}) => names.map((content, i) => ({ id: start + i, content, single_word: false, lstrip: false, rstrip: false, normalized: !special, special, ...more }));
const vocabularyOf = (pieces) => Object.fromEntries([...new Set(pieces)].map((piece, i) => [piece, i]));
const joined = (merges, inside = '') => merges.map((pair) => pair.split(' ')).map(([left, right]) => left + right.slice(right.startsWith(inside) ? inside.length : 0));

function bytePairs({ normalizer = null, split, count = 220, prefix = false, useRegex = false, specials, merged = (m) => m, more = {}, template = null }) {
  const merges = learnPairs(text.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu), count);
  const vocab = vocabularyOf([...alphabet, ...joined(merges)]);
  const first = Object.keys(vocab).length;
  const pre = [...split, { type: 'ByteLevel', add_prefix_space: prefix, trim_offsets: true, use_regex: useRegex }];
  const bos = template && { type: 'TemplateProcessing', single: [{ SpecialToken: { id: template, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }], special_tokens: { [template]: { id: template, ids: [first], tokens: [template] } } };
  return { version: '1.0', truncation: null, padding: null, added_tokens: [...added(first, specials), ...added(first + specials.length, ['[MASK]', 'Camel'], false, { lstrip: true, single_word: true })], normalizer,
    pre_tokenizer: pre.length > 1 ? { type: 'Sequence', pretokenizers: pre } : pre[0], post_processor: bos, decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab, merges: merged(merges), ...more } };
}
const regex = (Regex, behavior = 'Isolated', invert = false) => ({ type: 'Split', pattern: { Regex }, behavior, invert });
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const llama3 = `${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const qwen2 = llama3.replace('{1,3}', '');
const tekken = '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const deepseek = ['\\p{N}{1,3}', '[一-龥぀-ゟ゠-ヿ]+', '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'];

// Pieces of characters with bytes for the rest, as Llama 2 and Gemma have them.
function charPairs({ normalizer, pre = null, decoder, specials = ['<unk>', '<s>', '</s>'], count = 260, fuse = true }) {
  const words = text.replaceAll(' ', '▁').match(/▁*[^▁\n]+/gu);
  const merges = learnPairs(words, count, (word) => [...word]);
  const names = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
  const letters = [...new Set(words.join(''))].filter((c) => c.codePointAt(0) < 0x3000);
  const usable = [];
  const known = new Set(letters);
  for (const pair of merges) {
    const [left, right] = pair.split(' ');
    if (!known.has(left) || !known.has(right)) continue;
    known.add(left + right);
    usable.push([left, right]);
  }
  const vocab = vocabularyOf([...specials, ...names, '▁▁', '▁▁▁', ...letters, ...usable.map((pair) => pair.join(''))]);
  return { version: '1.0', truncation: null, padding: null, added_tokens: added(0, specials), normalizer, pre_tokenizer: pre,
    post_processor: { type: 'TemplateProcessing', single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }], special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } } },
    decoder, model: { type: 'BPE', dropout: null, unk_token: '<unk>', continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: fuse, byte_fallback: true, ignore_merges: false, vocab, merges: usable } };
}
const marks = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
const unmark = (strip) => ({ type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }, ...(strip ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [])] });

function wordPieces(lower) {
  const plain = lower ? text.normalize('NFD').replace(/\p{Mn}/gu, '').toLowerCase() : text;
  const counts = new Map();
  for (const word of plain.match(/[\p{L}\p{M}\p{N}]+|\p{P}|\p{S}/gu)) {
    const chars = [...word];
    for (let from = 0; from < chars.length; ++from)
      for (let to = from + 1; to <= Math.min(chars.length, from + 5); ++to) {
        const piece = (from === 0 ? '' : '##') + chars.slice(from, to).join('');
        counts.set(piece, (counts.get(piece) ?? 0) + 1);
      }
  }
  const specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const vocab = vocabularyOf([...specials, ...[...counts].filter(([piece, n]) => n > 2 || [...piece.replace('##', '')].length === 1).map(([piece]) => piece)]);
  const one = (id) => ({ SpecialToken: { id, type_id: 0 } });
  return { version: '1.0', truncation: null, padding: null, added_tokens: added(0, specials), normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: lower },
    pre_tokenizer: { type: 'BertPreTokenizer' }, post_processor: { type: 'TemplateProcessing', single: [one('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, one('[SEP]')],
      pair: [one('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, one('[SEP]'), { Sequence: { id: 'B', type_id: 1 } }, one('[SEP]')],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] } } },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true }, model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab } };
}

function unigrams({ normalizer, pre, byteFallback = false }) {
  const counts = new Map();
  for (const word of text.normalize('NFKC').replace(/\s+/gu, '▁').match(/▁?[^▁]+/gu)) {
    const chars = [...word];
    for (let from = 0; from < chars.length; ++from)
      for (let to = from + 1; to <= Math.min(chars.length, from + 6); ++to) {
        const piece = chars.slice(from, to).join('');
        counts.set(piece, (counts.get(piece) ?? 0) + 1);
      }
  }
  const names = byteFallback ? Array.from({ length: 256 }, (_, b) => [`<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`, -20]) : [];
  const pieces = [...counts].filter(([piece, n]) => (n > 2 || [...piece].length === 1) && piece.codePointAt(0) < 0x4e10).slice(0, 700);
  const vocab = [['<pad>', 0], ['</s>', 0], ['<unk>', 0], ...names, ...pieces.map(([piece, n]) => [piece, Math.round(Math.log(n / 9000) * 1e4) / 1e4])];
  return { version: '1.0', truncation: null, padding: null, added_tokens: added(0, ['<pad>', '</s>', '<unk>']), normalizer, pre_tokenizer: pre,
    post_processor: { type: 'TemplateProcessing', single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }], special_tokens: { '</s>': { id: '</s>', ids: [1], tokens: ['</s>'] } } },
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }, model: { type: 'Unigram', unk_id: 2, vocab, byte_fallback: byteFallback } };
}

function clip() {
  const plain = text.normalize('NFC').replace(/\s+/gu, ' ').toLowerCase();
  const words = plain.match(/'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu);
  const parts = (word) => byteLevel(word).map((c, i, all) => (i + 1 === all.length ? c + '</w>' : c));
  const merges = learnPairs(words, 150, parts);
  const vocab = vocabularyOf([...alphabet, ...alphabet.map((c) => c + '</w>'), ...joined(merges), '<|endoftext|>']);
  return { version: '1.0', truncation: null, padding: null, added_tokens: added(vocab['<|endoftext|>'], ['<|endoftext|>']),
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }] },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [regex("'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+", 'Removed', true), { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }] },
    post_processor: null, decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: '<|endoftext|>', continuing_subword_prefix: '', end_of_word_suffix: '</w>', fuse_unk: false, byte_fallback: false, vocab, merges } };
}

function plainPairs(pre, inside, fuse) {
  const words = text.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]+/gu);
  const parts = (word) => [...word].map((c, i) => (i > 0 ? inside : '') + c);
  const merges = inside ? [] : learnPairs(words, 120, parts);
  const letters = [...new Set(words.flatMap(parts))].filter((c) => c.codePointAt(c.length > 1 && inside ? inside.length : 0) < 0x600);
  const known = new Set(letters);
  const usable = merges.map((pair) => pair.split(' ')).filter(([left, right]) => known.has(left) && known.has(right) && known.add(left + right));
  const vocab = vocabularyOf(['[UNK]', ...letters, ...usable.map((pair) => pair.join(''))]);
  return { version: '1.0', truncation: null, padding: null, added_tokens: added(0, ['[UNK]']), normalizer: { type: 'Sequence', normalizers: [{ type: 'NFD' }, { type: 'StripAccents' }, { type: 'Strip', strip_left: true, strip_right: true }] }, pre_tokenizer: pre,
    post_processor: null, decoder: null, model: { type: 'BPE', dropout: null, unk_token: '[UNK]', continuing_subword_prefix: inside || null, end_of_word_suffix: null, fuse_unk: fuse, byte_fallback: false, vocab, merges: usable } };
}

const metaspace = (prepend_scheme, split = true) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split });
const cases = {
  'gpt-2': bytePairs({ split: [], useRegex: true, specials: ['<|endoftext|>'] }),
  'gpt-2, space before': bytePairs({ split: [], useRegex: true, prefix: true, specials: ['<|endoftext|>'] }),
  'llama 3': bytePairs({ split: [regex(llama3)], specials: ['<s>', '<|endoftext|>', '<|im_end|>'], more: { ignore_merges: true }, template: '<s>', merged: (merges) => merges.map((pair) => pair.split(' ')) }),
  'qwen 2': bytePairs({ normalizer: { type: 'NFC' }, split: [regex(qwen2)], specials: ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] }),
  'tekken': bytePairs({ split: [regex(tekken)], specials: ['<s>', '</s>'], more: { ignore_merges: true } }),
  'deepseek 3': bytePairs({ split: deepseek.map((one) => regex(one)), specials: ['<s>', '</s>'] }),
  'starcoder': bytePairs({ split: [{ type: 'Digits', individual_digits: true }], useRegex: true, specials: ['<|endoftext|>'] }),
  'llama 2': charPairs({ normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, marks] }, decoder: unmark(true) }),
  'mistral, first': charPairs({ normalizer: null, pre: metaspace('first', false), decoder: unmark(true) }),
  'gemma': charPairs({ normalizer: marks, pre: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false }, decoder: unmark(false) }),
  'bert, uncased': wordPieces(true),
  'bert, cased': wordPieces(false),
  't5': unigrams({ normalizer: { type: 'Sequence', normalizers: [{ type: 'Nmt' }, { type: 'NFKC' }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }] }, pre: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace('always')] } }),
  'unigrams with bytes': unigrams({ normalizer: { type: 'NFKC' }, pre: metaspace('first'), byteFallback: true }),
  'clip': clip(),
  'characters': plainPairs({ type: 'Sequence', pretokenizers: [{ type: 'Whitespace' }, { type: 'Punctuation', behavior: 'Contiguous' }, { type: 'Digits', individual_digits: false }] }, '', false),
  'characters, fused': plainPairs({ type: 'Sequence', pretokenizers: [{ type: 'CharDelimiterSplit', delimiter: ' ' }, { type: 'Punctuation', behavior: 'MergedWithNext' }] }, '', true),
  'characters, marked inside': plainPairs({ type: 'Whitespace' }, '@@', false),
};
const short = ['', ' ', 'Hello', ' a  b ', '<s>x <|im_end|> y', 'x [MASK]y [MASK] z', 'été\u0301', '\n\n  x', 'Camel CamelCase'];
const out = [];
for (const [name, tokenizer] of Object.entries(cases)) {
  const made = Tokenizer.fromString(JSON.stringify(tokenizer));
  const ids = async (part) => (await made.encode(part, null, { addSpecialTokens: true })).getIds();
  const all = await ids(text);
  out.push({ name, tokenizer, ids: all, short: await Promise.all(short.map(async (part) => ({ text: part, ids: await ids(part) }))), decoded: await made.decode(all, true) });
}
writeFileSync(join(here, 'tokenizers.json'), '[\n' + out.map((one) => JSON.stringify(one)).join(',\n') + '\n]\n');
console.log(`${out.length} tokenizers`);
