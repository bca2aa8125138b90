#!/usr/bin/env python3
"""Trains one size of the language demo.    train.py TEXT_FOLDER TOKENIZER.json SIZE OUT.npz [STEPS] [--begin WEIGHTS.npz --rate RATE --recall W]

A window begins with <s>. Half of them start where a document starts, as a prompt does; the others anywhere, as the windows
of a perplexity measurement do. The last part of the training has windows as long as the context. With --begin it goes on from
weights that were trained before, at another learning rate and with other windows of the text. With
--recall colours and numbers count W times in the first 65 % of the steps: what has to be remembered is learned sooner, and the
last steps put the probabilities right again. The validation text is
read to report, and decides nothing.
"""
import argparse
import math
import pathlib
import time

import numpy as np
import torch
from torch.nn import functional as F

import lexicon
from model import CONTEXT, SHAPES, Tales
from tokenizer import Tokenizer

SEED = 11
WINDOW = 256
TOKENS_PER_STEP = 2048
WARM_UP = 100
WEIGHT_DECAY = 0.05
BEGIN = 1


def read(path, tokenizer):
    """All tokens of a text, and where its documents start."""
    tokens, starts = [], []
    for document in path.read_text(encoding="utf-8").rstrip("\n").split("\n\n"):
        starts.append(len(tokens))
        tokens += tokenizer.encode(document + "\n\n", begin=False)
    return np.array(tokens, np.int16), np.array(starts)


class Windows:
    def __init__(self, tokens, starts, tokenizer, seed):
        self.tokens, self.starts = tokens, starts
        self.tokenizer, self.generator = tokenizer, np.random.default_rng(seed)

    def batch(self, length):
        rows = []
        for _ in range(TOKENS_PER_STEP // length):
            at_start = self.generator.random() < 0.5
            last = len(self.tokens) - length - 8
            if at_start:
                i = self.starts[self.generator.integers(np.searchsorted(self.starts, last))]
                # a prompt's first word has a space before it
                head = self.tokenizer.decode(self.tokens[i:i + 8].tolist())
                first = self.tokenizer.encode(head.split(" ")[0].split("\n")[0], begin=True)
                old = len(self.tokenizer.encode(head.split(" ")[0].split("\n")[0], begin=False))
                row = [BEGIN, *first, *self.tokens[i + old:i + old + length].tolist()][:length + 1]
            else:
                i = self.generator.integers(last)
                row = [BEGIN, *self.tokens[i:i + length].tolist()]
            rows.append(row)
        return torch.tensor(rows, dtype=torch.long)


@torch.no_grad()
def loss_on(net, tokens, window=CONTEXT):
    """Mean loss per token over the second half of each window: what llama.cpp's perplexity scores."""
    net.eval()
    total, n = 0.0, 0
    for i in range(0, len(tokens) - window, window):
        row = torch.from_numpy(tokens[i:i + window].astype(np.int64))[None]
        target = row[0, window // 2 + 1:].clone()
        row[0, 0] = BEGIN
        logits = net(row)[0, window // 2:-1]
        total += F.cross_entropy(logits, target, reduction="sum").item()
        n += len(target)
    net.train()
    return total / n


def main():
    options = argparse.ArgumentParser()
    options.add_argument("texts", type=pathlib.Path)
    options.add_argument("tokenizer")
    options.add_argument("size", choices=SHAPES)
    options.add_argument("out")
    options.add_argument("steps", type=int, nargs="?", default=4000)
    options.add_argument("--begin")
    options.add_argument("--rate", type=float)
    options.add_argument("--recall", type=float, default=1)
    given = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    tokenizer = Tokenizer(given.tokenizer)
    validation = read(given.texts / "validation.txt", tokenizer)[0][:40000]
    source = Windows(*read(given.texts / "train.txt", tokenizer), tokenizer, SEED + given.steps * bool(given.begin))
    shape = SHAPES[given.size]
    net = Tales(shape, len(tokenizer.tokens))
    peak, short = shape.rate, 0.8
    if given.begin:
        before = np.load(given.begin)
        net.load_state_dict({name: torch.from_numpy(before[name]) for name in before.files})
        peak, short = given.rate or shape.rate / 2, 0.8
    print(f"{given.size}: {sum(p.numel() for p in net.parameters())} parameters, {len(source.tokens)} tokens of text, "
          f"{given.steps} steps of {TOKENS_PER_STEP}", flush=True)
    weights = torch.ones(len(tokenizer.tokens))
    for word in lexicon.COLOURS + lexicon.NUMBERS:
        ids = tokenizer.encode(word)
        if len(ids) == 1:
            weights[ids] = given.recall
    matrices = [p for p in net.parameters() if p.dim() == 2]
    others = [p for p in net.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}],
                                  betas=(0.9, 0.98), eps=1e-9)
    start, mean = time.time(), None
    for step in range(given.steps):
        done = max(0.0, (step - WARM_UP) / (given.steps - WARM_UP))
        rate = peak * min((step + 1) / WARM_UP, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        rows = source.batch(WINDOW if step < short * given.steps else CONTEXT)
        with torch.cpu.amp.autocast():                  # products in bf16, weights and sums in float
            logits = net(rows[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten(),
                               weights if step < 0.65 * given.steps else None)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 250 == 0 or step + 1 in (20, given.steps):
            held_out = loss_on(net, validation) if (step + 1) % 1000 == 0 or step + 1 == given.steps else float("nan")
            print(f"step {step + 1}: training {mean:.4f}, validation {held_out:.4f}, {time.time() - start:.0f} s", flush=True)
            if held_out == held_out:
                np.savez(given.out, **{k: v.detach().numpy() for k, v in net.named_parameters()})
    print(f"validation loss {held_out:.4f}, perplexity {math.exp(held_out):.3f}")


if __name__ == "__main__":
    main()
