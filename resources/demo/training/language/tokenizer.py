#!/usr/bin/env python3
"""A SentencePiece-type tokenizer: byte-pair merges over words, with byte fallback.

    tokenizer.py TEXT OUT.json [PIECES]     learns the pieces

Ids: 0 <unk>, 1 <s>, 2 </s>, 3 … 258 the bytes, then single characters and merged pieces. A space is U+2581 and opens a
piece; line ends are bytes. encode() joins the adjacent pair whose union is the piece of the highest score, leftmost first,
which is what readers of GGUF's tokenizer "llama" do. Only letters are merged, with the space before them.
"""
import collections
import json
import pathlib
import re
import sys

SPACE = "\u2581"
FIRST_BYTE = 3
WORD = re.compile(f"{SPACE}?[^{SPACE}\n]+|{SPACE}|\n")


def words(text):
    return WORD.findall(text.replace(" ", SPACE))


def learn(text, size):
    """Pieces in the order in which they were merged: characters first, then pairs by how often they stand together."""
    counts = collections.Counter(w for w in words(text) if w != "\n")
    for word, n in list(counts.items()):          # a text's first word has a space put before it
        if not word.startswith(SPACE):
            counts[SPACE + word] += n
    characters = collections.Counter()
    for word, n in counts.items():
        for c in word:
            characters[c] += n
    pieces = [c for c, _ in sorted(characters.items(), key=lambda item: (-item[1], item[0]))]
    split = {w: list(w) for w in counts}
    pairs, where = collections.Counter(), collections.defaultdict(set)

    def note(word, sign):
        parts = split[word]
        for a, b in zip(parts, parts[1:]):
            if (a.removeprefix(SPACE) + b).isalpha():
                pairs[a, b] += sign * counts[word]
                where[a, b].add(word)

    for word in split:
        note(word, 1)
    while FIRST_BYTE + 256 + len(pieces) < size:
        best = max(pairs, key=lambda p: (pairs[p], p))
        joined = best[0] + best[1]
        if joined not in pieces:
            pieces.append(joined)
        for word in list(where[best]):
            note(word, -1)
            parts, i = split[word], 0
            while i + 1 < len(parts):
                if (parts[i], parts[i + 1]) == best:
                    parts[i:i + 2] = [joined]
                i += 1
            note(word, 1)
        del pairs[best]
    return pieces, len(characters)


class Tokenizer:
    def __init__(self, path):
        stored = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.pieces = stored["pieces"]
        first = FIRST_BYTE + 256
        self.ids = {p: first + i for i, p in enumerate(self.pieces)}
        self.cache = {}

    @property
    def tokens(self):
        return ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *self.pieces]

    @property
    def scores(self):
        return [0.0] * (FIRST_BYTE + 256) + [-float(i) for i in range(len(self.pieces))]

    @property
    def types(self):
        return [2, 3, 3] + [6] * 256 + [1] * len(self.pieces)

    def word(self, word):
        if word not in self.cache:
            parts = list(word)
            while True:
                joins = [(self.ids[a + b], i) for i, (a, b) in enumerate(zip(parts, parts[1:])) if a + b in self.ids]
                if not joins:
                    break
                _, i = min(joins)
                parts[i:i + 2] = [parts[i] + parts[i + 1]]
            out = []
            for part in parts:
                out += [self.ids[part]] if part in self.ids else [FIRST_BYTE + b for b in part.encode()]
            self.cache[word] = out
        return self.cache[word]

    def encode(self, text, begin=True):
        """begin: put a space before the first word, as at the beginning of a prompt. No <s> is added."""
        return [t for w in words((" " if begin else "") + text) for t in self.word(w)]

    def decode(self, ids):
        out = b""
        for t in ids:
            out += bytes([t - FIRST_BYTE]) if FIRST_BYTE <= t < FIRST_BYTE + 256 else self.tokens[t].encode()
        return out.decode("utf-8", "replace").replace(SPACE, " ")


def main():
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 1024
    pieces, characters = learn(text, size)
    pathlib.Path(sys.argv[2]).write_text(json.dumps({"pieces": pieces}, ensure_ascii=False, indent=0), encoding="utf-8")
    print(f"{size} tokens: {characters} characters, {len(pieces) - characters} merged pieces, "
          f"of {len(set(words(text)))} different words")


if __name__ == "__main__":
    main()
