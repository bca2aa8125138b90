#!/usr/bin/env python3
"""Writes a trained network as GGUF v3: matrices in float16, norms in float32.

    write_gguf.py WEIGHTS.npz TOKENIZER.json SIZE OUT.gguf
"""
import struct
import sys

import numpy as np

from model import CONTEXT, EPSILON, ROPE_BASE, SHAPES
from tokenizer import Tokenizer

ALIGNMENT = 32
F32, F16 = 0, 1
U32, I32, FLOAT, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9


def string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(kind, v):
    if kind == STRING:
        return string(v)
    return struct.pack({U32: "<I", I32: "<i", FLOAT: "<f", BOOL: "<?"}[kind], v)


def entry(key, kind, v):
    if isinstance(v, list):
        return string(key) + struct.pack("<IIQ", ARRAY, kind, len(v)) + b"".join(value(kind, x) for x in v)
    return string(key) + struct.pack("<I", kind) + value(kind, v)


def metadata(size, tokenizer):
    s = SHAPES[size]
    return [
        ("general.architecture", STRING, "llama"), ("general.name", STRING, f"Bitlathe {size}"),
        ("general.license", STRING, "apache-2.0"), ("general.file_type", U32, 1),
        ("general.description", STRING, "Stories, dialogues, sums and facts from a grammar; trained to show what quantization does."),
        ("llama.context_length", U32, CONTEXT), ("llama.embedding_length", U32, s.width), ("llama.block_count", U32, s.layers),
        ("llama.feed_forward_length", U32, s.inner), ("llama.attention.head_count", U32, s.heads),
        ("llama.attention.head_count_kv", U32, s.kv_heads), ("llama.attention.layer_norm_rms_epsilon", FLOAT, EPSILON),
        ("llama.rope.dimension_count", U32, s.head), ("llama.rope.freq_base", FLOAT, ROPE_BASE),
        ("llama.vocab_size", U32, len(tokenizer.tokens)),
        ("tokenizer.ggml.model", STRING, "llama"), ("tokenizer.ggml.pre", STRING, "default"),
        ("tokenizer.ggml.tokens", STRING, tokenizer.tokens), ("tokenizer.ggml.scores", FLOAT, tokenizer.scores),
        ("tokenizer.ggml.token_type", I32, tokenizer.types),
        ("tokenizer.ggml.bos_token_id", U32, 1), ("tokenizer.ggml.eos_token_id", U32, 2),
        ("tokenizer.ggml.unknown_token_id", U32, 0), ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.ggml.add_eos_token", BOOL, False), ("tokenizer.ggml.add_space_prefix", BOOL, True)]


def padded(raw):
    return raw + b"\0" * (-len(raw) % ALIGNMENT)


def main():
    weights, tokenizer_file, size, out = sys.argv[1:5]
    tokenizer = Tokenizer(tokenizer_file)
    tensors, arrays = [], np.load(weights)
    for name in arrays.files:
        w = arrays[name]
        tensors.append((name + ".weight", w.astype("<f2" if w.ndim == 2 else "<f4")))
    pairs = metadata(size, tokenizer)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(pairs)) + b"".join(entry(*p) for p in pairs)
    offset, data = 0, b""
    for name, w in tensors:
        raw = padded(w.tobytes())
        head += string(name) + struct.pack("<I", w.ndim) + struct.pack(f"<{w.ndim}Q", *reversed(w.shape))
        head += struct.pack("<IQ", F16 if w.ndim == 2 else F32, offset)
        offset += len(raw)
        data += raw
    with open(out, "wb") as file:
        file.write(padded(head) + data)
    print(f"{out}: {len(tensors)} tensors, {(len(padded(head)) + len(data)) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
