"""The network of the language demo: Llama's (RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings)."""
import dataclasses

import torch
from torch import nn
from torch.nn import functional as F


@dataclasses.dataclass(frozen=True)
class Shape:
    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int          # width of the feed-forward part
    rate: float         # peak learning rate

    @property
    def head(self):
        return self.width // self.heads


SHAPES = {"tales-0.3m": Shape(64, 4, 4, 2, 192, 6e-3), "tales-1m": Shape(128, 4, 4, 2, 384, 4e-3),
          "tales-2m": Shape(256, 2, 4, 2, 768, 2.5e-3), "tales-3.5m": Shape(256, 4, 4, 2, 768, 2.5e-3)}
EPSILON = 1e-5
ROPE_BASE = 10000.0
CONTEXT = 512


def rms_norm(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON) * weight


def rotate(x, cos, sin):
    """x: batch × heads × positions × head. Neighbours (2i, 2i + 1) are one pair, as GGUF's llama has them."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


class Layer(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        kv = s.kv_heads * s.head
        self.attn_norm = nn.Parameter(torch.ones(s.width))
        self.ffn_norm = nn.Parameter(torch.ones(s.width))
        for name, rows, columns in [("attn_q", s.width, s.width), ("attn_k", kv, s.width), ("attn_v", kv, s.width),
                                    ("attn_output", s.width, s.width), ("ffn_gate", s.inner, s.width),
                                    ("ffn_up", s.inner, s.width), ("ffn_down", s.width, s.inner)]:
            deep = name in ("attn_output", "ffn_down")
            self.register_parameter(name, nn.Parameter(
                torch.randn(rows, columns) * columns ** -0.5 * (0.5 if deep else 0.8)))

    def forward(self, x, cos, sin, mask):
        s, (n, t, _) = self.s, x.shape
        h = rms_norm(x, self.attn_norm)
        q = F.linear(h, self.attn_q).view(n, t, s.heads, s.head).transpose(1, 2)
        k = F.linear(h, self.attn_k).view(n, t, s.kv_heads, s.head).transpose(1, 2)
        v = F.linear(h, self.attn_v).view(n, t, s.kv_heads, s.head).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        # query heads of one group lie one after another: group g reads key head g
        group = s.heads // s.kv_heads
        q = q.reshape(n * s.kv_heads, group * t, s.head)
        k = k.reshape(n * s.kv_heads, t, s.head)
        v = v.reshape(n * s.kv_heads, t, s.head)
        scores = torch.bmm(q * s.head ** -0.5, k.transpose(1, 2)).view(-1, group, t, t) + mask
        mixed = torch.bmm(scores.softmax(-1).view(-1, group * t, t), v)
        mixed = mixed.view(n, s.heads, t, s.head).transpose(1, 2).reshape(n, t, s.width)
        x = x + F.linear(mixed, self.attn_output)
        h = rms_norm(x, self.ffn_norm)
        return x + F.linear(F.silu(F.linear(h, self.ffn_gate)) * F.linear(h, self.ffn_up), self.ffn_down)


class Tales(nn.Module):
    def __init__(self, shape, vocabulary):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Parameter(torch.randn(vocabulary, shape.width) * shape.width ** -0.5)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = nn.Parameter(torch.ones(shape.width))
        angle = torch.outer(torch.arange(CONTEXT).float(),
                            ROPE_BASE ** (-torch.arange(0, shape.head, 2).float() / shape.head))
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        self.register_buffer("mask", torch.full((CONTEXT, CONTEXT), float("-inf")).triu(1), persistent=False)

    def forward(self, tokens):
        """tokens: batch × positions → logits: batch × positions × vocabulary"""
        t = tokens.shape[1]
        x = F.embedding(tokens, self.token_embd)
        for layer in self.blk:
            x = layer(x, self.cos[:t], self.sin[:t], self.mask[:t, :t])
        return F.linear(rms_norm(x, self.output_norm), self.token_embd)
