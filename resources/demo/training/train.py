#!/usr/bin/env python3
"""Trains the glyph classifier.    train.py DATA OUT.pt

The validation split is there to choose settings by; the test split is read after the last epoch and decides nothing.
"""
import argparse
import pathlib
import platform
import time

import numpy as np
import torch
from torch import nn

from glyphs import CLASSES, PREPROCESS
from model import GlyphNet

SEED = 7
BATCH = 128
PEAK_RATE = 4e-3
WEIGHT_DECAY = 0.02
SMOOTHING = 0.05


def load(data, split):
    arrays = np.load(data / f"{split}.npz")
    return torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["labels"])


def prepare(images):
    """The preprocessing that the program applies, on a batch of 8-bit images."""
    x = (images.float() * PREPROCESS["scale"] - PREPROCESS["mean"][0]) / PREPROCESS["std"][0]
    return x.contiguous(memory_format=torch.channels_last)


def predict(net, images):
    net.eval()
    with torch.no_grad():
        return torch.cat([net(prepare(part)) for part in images.split(500)])


def shift(images):
    """Moves a whole batch by up to two pixels, edges repeated: the cheapest way to see each image differently."""
    dy, dx = (int(v) for v in torch.randint(-2, 3, (2,)))
    rows = torch.arange(images.shape[2]).add(dy).clamp(0, images.shape[2] - 1)
    columns = torch.arange(images.shape[3]).add(dx).clamp(0, images.shape[3] - 1)
    return images[:, :, rows][:, :, :, columns]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)

    images, labels = load(options.data, "train")
    held_images, held_labels = load(options.data, "validation")
    net = GlyphNet(len(CLASSES)).to(memory_format=torch.channels_last)
    print(f"python {platform.python_version()}, torch {torch.__version__}, {options.threads} thread(s), seed {SEED}")
    print(f"{sum(p.numel() for p in net.parameters())} parameters, {len(images)} training images, "
          f"{len(held_images)} validation images, {len(CLASSES)} classes")

    # Scales and biases are not decayed: pulling a batch normalization to zero gains nothing.
    decayed = [p for p in net.parameters() if p.dim() > 1]
    free = [p for p in net.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": WEIGHT_DECAY},
                                   {"params": free, "weight_decay": 0.0}], lr=PEAK_RATE)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps * options.epochs,
                                                   pct_start=0.2)
    loss_of = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    begin = time.time()
    for epoch in range(1, options.epochs + 1):
        net.train()
        total, right = 0.0, 0
        for rows in torch.randperm(len(images))[:steps * BATCH].view(steps, BATCH):
            out = net(prepare(shift(images[rows])))
            loss = loss_of(out, labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
            right += (out.argmax(1) == labels[rows]).sum().item()
        held = (predict(net, held_images).argmax(1) == held_labels).float().mean().item()
        print(f"epoch {epoch:2d}  loss {total / steps:.4f}  training {100 * right / (steps * BATCH):.2f} %  "
              f"validation {100 * held:.2f} %  {time.time() - begin:.0f} s", flush=True)
    torch.save(net.state_dict(), options.out)

    images, labels = load(options.data, "test")
    new = torch.from_numpy(np.load(options.data / "test_new_fonts.npy"))
    hit = predict(net, images).argmax(1) == labels
    print(f"test {100 * hit.float().mean():.2f} % of {len(hit)}  "
          f"fonts of the training set {100 * hit[~new].float().mean():.2f} %  "
          f"new fonts {100 * hit[new].float().mean():.2f} %")


if __name__ == "__main__":
    main()
