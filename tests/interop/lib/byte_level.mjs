// GPT-2's alphabet: every byte as one visible character.
const visible = (b) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff);
let next = 0x100;
export const alphabet = Array.from({ length: 256 }, (_, b) => String.fromCodePoint(visible(b) ? b : next++));

export const byteLevel = (word) => [...Buffer.from(word)].map((b) => alphabet[b]);

// Pairs learnt from words: merges, most frequent first, ties in the order of appearance. `split`: the parts of a word.
export function learnPairs(words, count, split = byteLevel) {
  const counts = new Map();
  for (const word of words) {
    const key = split(word).join(' ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let all = [...counts].map(([key, n]) => [key.split(' '), n]);
  const merges = [];
  while (merges.length < count) {
    const pairs = new Map();
    for (const [parts, n] of all) for (let i = 0; i + 1 < parts.length; ++i) pairs.set(parts[i] + ' ' + parts[i + 1], (pairs.get(parts[i] + ' ' + parts[i + 1]) ?? 0) + n);
    let best = null;
    for (const [pair, n] of pairs) if (!best || n > best[1]) best = [pair, n];
    if (!best) break;
    merges.push(best[0]);
    const [left, right] = best[0].split(' ');
    for (const entry of all) {
      const parts = entry[0];
      for (let i = 0; i + 1 < parts.length; ++i)
        if (parts[i] === left && parts[i + 1] === right) parts.splice(i, 2, left + right);
    }
  }
  return merges;
}
