#!/usr/bin/env python3
"""Writes the text that the language demo learns from.

    make_text.py OUT [MEGABYTES]    writes train.txt, validation.txt, language_calibration.txt and language_test.txt

Document i of a split depends on (SEED, split, i) only. Documents are separated by one empty line. A document that
training has is left out of the other splits (short ones could meet by chance).
"""
import pathlib
import random
import sys

from stories import STORIES
from texts import TEXTS

SEED = 20261120
KINDS = STORIES + TEXTS


def document(split, i):
    r = random.Random(f"{SEED}/{split}/{i}")
    make = r.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
    return make(r)


def documents(split, size, without=frozenset()):
    made, length, i = [], 0, 0
    while length < size:
        text = document(split, i)
        i += 1
        if text not in without:
            made.append(text)
            length += len(text) + 2
    return made


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    megabytes = float(sys.argv[2]) if len(sys.argv) > 2 else 40
    train = documents("train", int(megabytes * 1e6))
    seen = frozenset(train)
    for name, texts in [("train", train)] + [(n, documents(n, s, seen)) for n, s in
                                             [("validation", 200_000), ("language_calibration", 60_000), ("language_test", 80_000)]]:
        (out / f"{name}.txt").write_text("\n\n".join(texts) + "\n", encoding="utf-8")
        print(f"{name}: {len(texts)} documents, {sum(map(len, texts)) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
