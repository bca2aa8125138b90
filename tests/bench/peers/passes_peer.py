#!/usr/bin/env python3
"""The figures of `bitlathe-cli bench --passes`, as a user of numpy and torch gets them.

One 4096 x 4096 float32 weight, int8 symmetric per channel: scales, codes, decoded values, squared error and the
256-bin histograms of codes and errors. Given the path of bitlathe-cli, it takes ours in the same minute and prints
the ratio. A peer that is not installed is left out with a sentence.

    passes_peer.py [bitlathe-cli] [--repeat N] [--threads N]
"""
import argparse
import json
import subprocess
import sys
import time

ROWS, COLUMNS = 4096, 4096


def best_of(repeat, body):
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        body()
        times.append((time.perf_counter() - begin) * 1e3)
    return min(times)


def numpy_pass(repeat):
    import numpy as np

    x = np.random.default_rng(1).normal(0, 0.05, (ROWS, COLUMNS)).astype(np.float32)

    def body():
        scale = np.abs(x).max(axis=1, keepdims=True) / np.float32(127)
        codes = np.clip(np.rint(x / scale), -127, 127)
        error = x - codes * scale
        squared = float(np.mean(error * error))
        np.histogram(codes, 256, (-128, 128))
        np.histogram(error, 256, (-0.02, 0.02))
        return squared

    return best_of(repeat, body)


def torch_pass(repeat, threads):
    import torch

    torch.set_num_threads(threads)
    x = torch.randn(ROWS, COLUMNS, generator=torch.Generator().manual_seed(1)) * 0.05

    def body():
        scale = x.abs().amax(dim=1, keepdim=True) / 127
        codes = torch.clamp(torch.round(x / scale), -127, 127)
        error = x - codes * scale
        squared = torch.mean(error * error).item()
        torch.histc(codes, 256, -128, 128)
        torch.histc(error, 256, -0.02, 0.02)
        return squared

    return best_of(repeat, body)


def own_pass(program, threads, repeat):
    out = subprocess.run([program, "bench", "--passes", "--json", "--quiet", "--threads", str(threads), "--repeat", str(2 * repeat)],
                         check=True, capture_output=True, text=True).stdout
    rows = [p for p in json.loads(out)["passes"]
            if p["format"] == "int8" and p["granularity"] == "channel" and p["threads"] == threads]
    return rows[0]["countsMs"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", help="bitlathe-cli, for the ratio")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    peers = {}
    try:
        peers["numpy, 1 thread"] = numpy_pass(options.repeat)
    except ImportError:
        print("numpy is not installed: left out", file=sys.stderr)
    try:
        peers[f"torch, {options.threads} threads"] = torch_pass(options.repeat, options.threads)
    except ImportError:
        print("torch is not installed: left out", file=sys.stderr)
    own = own_pass(options.program, options.threads, options.repeat) if options.program else None
    if own is not None:
        print(f"{'bitlathe, ' + str(options.threads) + ' threads':24} {own:9.2f} ms")
    for name, ms in peers.items():
        ratio = f"   {ms / own:6.1f} times ours" if own else ""
        print(f"{name:24} {ms:9.2f} ms{ratio}")


if __name__ == "__main__":
    main()
