#!/usr/bin/env python3
"""Makes the checkpoints of this folder: small random networks with the names, layouts and config.json of Hugging Face's
files, and the logits that each gives for 16 tokens, computed here in float64 from the architectures' own descriptions
(transformers, models/*/modeling_*.py), apart from the program that is tested. Needs numpy and torch.

    python3 make_checkpoints.py [FOLDER]
"""
import json
import math
import os
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
TOKENS = [1, 17, 42, 5, 90, 33, 8, 61, 2, 77, 17, 50, 3, 29, 88, 12]
VOCABULARY, WIDTH, INNER, HEADS, LAYERS = 96, 32, 48, 4, 2
NAMES = {torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16'}


def raw(tensor):
    tensor = tensor.contiguous()
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()


def write_safetensors(path, tensors):
    header, data = {}, b''
    for name in sorted(tensors):
        tensor, bytes_ = tensors[name], raw(tensors[name])
        header[name] = {'dtype': NAMES[tensor.dtype], 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + data)


class Weights:
    """Named random tensors, rounded to the type that the file has; float64 for the computation."""

    def __init__(self, seed, dtype):
        self.random, self.dtype, self.tensors = torch.Generator().manual_seed(seed), dtype, {}

    def make(self, name, *shape, scale=None, offset=0.0):
        scale = scale if scale is not None else 1.5 / math.sqrt(shape[-1])
        self.tensors[name] = (torch.randn(*shape, generator=self.random) * scale + offset).to(self.dtype)
        return self(name)

    def linear(self, stem, outputs, inputs, bias=False, transposed=False):
        self.make(stem + '.weight', *((inputs, outputs) if transposed else (outputs, inputs)), scale=1.5 / math.sqrt(inputs))
        if bias:
            self.make(stem + '.bias', outputs, scale=0.3)

    def norm(self, stem, size, bias=False, around=1.0):
        self.make(stem + '.weight', size, scale=0.2, offset=around)
        if bias:
            self.make(stem + '.bias', size, scale=0.2)

    def has(self, name):
        return name in self.tensors

    def __call__(self, name):
        return self.tensors[name].double()

    def apply(self, stem, x, transposed=False):
        weight = self(stem + '.weight')
        y = x @ (weight if transposed else weight.T)
        return y + self(stem + '.bias') if self.has(stem + '.bias') else y


def rms(x, weight, epsilon, plus=0.0):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + epsilon) * (weight + plus)


def layer_norm(w, stem, x, epsilon):
    return F.layer_norm(x, x.shape[-1:], w(stem + '.weight'), w(stem + '.bias'), epsilon)


def frequencies(dims, base, scaling=None):
    plain = 1.0 / base ** (torch.arange(0, dims, 2).double() / dims)
    kind = (scaling or {}).get('rope_type', (scaling or {}).get('type', 'default'))
    if kind == 'linear':
        return plain / scaling['factor']
    if kind == 'llama3':
        original, low, high, factor = (scaling[key] for key in ('original_max_position_embeddings', 'low_freq_factor', 'high_freq_factor', 'factor'))
        wave = 2 * math.pi / plain
        smooth = (original / wave - low) / (high - low)
        between = (1 - smooth) * plain / factor + smooth * plain
        made = torch.where(wave > original / low, plain / factor, plain)
        return torch.where((wave <= original / low) & (wave >= original / high), between, made)
    if kind == 'longrope':
        return plain / torch.tensor(scaling['short_factor']).double()
    assert kind == 'default', kind
    return plain


def rotate(x, freq, scale=1.0):
    """x: heads x tokens x size; the first 2 * len(freq) numbers turn, number i with number i + len(freq)."""
    half = len(freq)
    angles = torch.arange(x.shape[1]).double()[:, None] * freq[None, :]
    cos, sin = angles.cos() * scale, angles.sin() * scale
    a, b, rest = x[..., :half], x[..., half:2 * half], x[..., 2 * half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin, rest], -1)


def attend(q, k, v, scale, window=None, cap=None, causal=True):
    k, v = (t.repeat_interleave(q.shape[0] // t.shape[0], 0) for t in (k, v))
    scores = q @ k.transpose(1, 2) * scale
    if cap:
        scores = cap * torch.tanh(scores / cap)
    far = torch.arange(q.shape[1])[:, None] - torch.arange(q.shape[1])[None, :]
    if causal:
        allowed = (far >= 0) & ((far < window) if window else torch.ones_like(far, dtype=torch.bool))
        scores = scores.masked_fill(~allowed, -math.inf)
    return (torch.softmax(scores, -1) @ v).transpose(0, 1).reshape(q.shape[1], -1)


def heads_of(x, count):
    return x.reshape(x.shape[0], count, -1).transpose(0, 1)


def llama_like(w, c, prefix='model.', head='lm_head', plus=0.0, post=False, scale=None, freq=None, local=None, window=lambda layer: None, cap=None, logit_cap=None, embed=1.0,
               act=F.silu, joined=False, rope_scale=1.0):
    size = c.get('head_dim') or c['hidden_size'] // c['num_attention_heads']
    queries, keys, epsilon = c['num_attention_heads'], c.get('num_key_value_heads') or c['num_attention_heads'], c['rms_norm_eps']
    x = w(prefix + 'embed_tokens.weight')[TOKENS] * embed
    for layer in range(c['num_hidden_layers']):
        at = f'{prefix}layers.{layer}.'
        y = rms(x, w(at + 'input_layernorm.weight'), epsilon, plus)
        if joined:
            q, k, v = w.apply(at + 'self_attn.qkv_proj', y).split([queries * size, keys * size, keys * size], -1)
        else:
            q, k, v = (w.apply(at + f'self_attn.{name}_proj', y) for name in 'qkv')
        q, k, v = heads_of(q, queries), heads_of(k, keys), heads_of(v, keys)
        if w.has(at + 'self_attn.q_norm.weight'):
            q, k = rms(q, w(at + 'self_attn.q_norm.weight'), epsilon, plus), rms(k, w(at + 'self_attn.k_norm.weight'), epsilon, plus)
        turning = local if local is not None and window(layer) else freq
        q, k = rotate(q, turning, rope_scale), rotate(k, turning, rope_scale)
        y = w.apply(at + 'self_attn.o_proj', attend(q, k, v, scale or size ** -0.5, window(layer), cap))
        x = x + (rms(y, w(at + 'post_attention_layernorm.weight'), epsilon, plus) if post else y)
        y = rms(x, w(at + ('pre_feedforward_layernorm' if post else 'post_attention_layernorm') + '.weight'), epsilon, plus)
        if joined:
            gate, up = w.apply(at + 'mlp.gate_up_proj', y).chunk(2, -1)
        else:
            gate, up = w.apply(at + 'mlp.gate_proj', y), w.apply(at + 'mlp.up_proj', y)
        y = w.apply(at + 'mlp.down_proj', act(gate) * up)
        x = x + (rms(y, w(at + 'post_feedforward_layernorm.weight'), epsilon, plus) if post else y)
    x = rms(x, w(prefix + 'norm.weight'), epsilon, plus)
    logits = x @ (w(head + '.weight') if w.has(head + '.weight') else w(prefix + 'embed_tokens.weight')).T
    return logit_cap * torch.tanh(logits / logit_cap) if logit_cap else logits


def make_llama_like(w, c, prefix='model.', head='lm_head', around=1.0, post=False, biases=(), qk_norm=False, joined=False):
    size = c.get('head_dim') or c['hidden_size'] // c['num_attention_heads']
    queries, keys, width, inner = c['num_attention_heads'], c.get('num_key_value_heads') or c['num_attention_heads'], c['hidden_size'], c['intermediate_size']
    w.make(prefix + 'embed_tokens.weight', c['vocab_size'], width, scale=0.7)
    for layer in range(c['num_hidden_layers']):
        at = f'{prefix}layers.{layer}.'
        for name in ['input_layernorm', 'post_attention_layernorm'] + (['pre_feedforward_layernorm', 'post_feedforward_layernorm'] if post else []):
            w.norm(at + name, width, around=around)
        if joined:
            w.linear(at + 'self_attn.qkv_proj', (queries + 2 * keys) * size, width)
        else:
            for name, count in (('q', queries), ('k', keys), ('v', keys)):
                w.linear(at + f'self_attn.{name}_proj', count * size, width, bias=name in biases)
        w.linear(at + 'self_attn.o_proj', width, queries * size, bias='o' in biases)
        if qk_norm:
            w.norm(at + 'self_attn.q_norm', size, around=around), w.norm(at + 'self_attn.k_norm', size, around=around)
        if joined:
            w.linear(at + 'mlp.gate_up_proj', 2 * inner, width)
        else:
            w.linear(at + 'mlp.gate_proj', inner, width, bias='mlp' in biases), w.linear(at + 'mlp.up_proj', inner, width, bias='mlp' in biases)
        w.linear(at + 'mlp.down_proj', width, inner, bias='mlp' in biases)
    w.norm(prefix + 'norm', width, around=around)
    if head:
        w.linear(head, c['vocab_size'], width)


def base(kind, **more):
    return {'model_type': kind, 'hidden_size': WIDTH, 'intermediate_size': INNER, 'num_hidden_layers': LAYERS, 'num_attention_heads': HEADS, 'num_key_value_heads': 2, 'vocab_size': VOCABULARY,
            'max_position_embeddings': 64, 'rms_norm_eps': 1e-5, 'hidden_act': 'silu', 'rope_theta': 10000.0, 'tie_word_embeddings': False, **more}


def gelu_tanh(x):
    return F.gelu(x, approximate='tanh')


def llama():
    """Grouped heads, positions stretched as Llama 3.1's, under the newer key; biases of attention and feed-forward."""
    scaling = {'rope_type': 'llama3', 'rope_theta': 500000.0, 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0, 'original_max_position_embeddings': 32}
    c = base('llama', attention_bias=True, mlp_bias=True, rope_parameters=scaling)
    del c['rope_theta']
    w = Weights(1, torch.bfloat16)
    make_llama_like(w, c, biases=('q', 'k', 'v', 'o', 'mlp'))
    return c, w, llama_like(w, c, freq=frequencies(8, 500000.0, scaling))


def llama_tied():
    """The body alone, without its prefix, heads of their own number each, no matrix for logits."""
    c = base('llama', num_key_value_heads=None, tie_word_embeddings=True, rope_scaling={'type': 'linear', 'factor': 2.0})
    w = Weights(2, torch.float32)
    make_llama_like(w, c, prefix='', head=None)
    return c, w, llama_like(w, c, prefix='', freq=frequencies(8, 10000.0, {'type': 'linear', 'factor': 2.0}))


def mistral():
    c = base('mistral', head_dim=16, sliding_window=None, rope_theta=1000000.0, rms_norm_eps=1e-6)
    w = Weights(3, torch.float16)
    make_llama_like(w, c)
    return c, w, llama_like(w, c, freq=frequencies(16, 1000000.0))


def qwen2():
    c = base('qwen2', tie_word_embeddings=True, use_sliding_window=False, sliding_window=4, max_window_layers=1, rms_norm_eps=1e-6)
    w = Weights(4, torch.bfloat16)
    make_llama_like(w, c, head=None, biases=('q', 'k', 'v'))
    return c, w, llama_like(w, c, freq=frequencies(8, 10000.0))


def qwen3():
    c = base('qwen3', head_dim=16, rope_theta=1000000.0, attention_bias=False, layer_types=['full_attention'] * LAYERS)
    w = Weights(5, torch.bfloat16)
    make_llama_like(w, c, qk_norm=True)
    return c, w, llama_like(w, c, freq=frequencies(16, 1000000.0))


def gemma():
    c = base('gemma', head_dim=16, num_key_value_heads=1, hidden_act='gelu', hidden_activation=None)
    del c['tie_word_embeddings']  # Gemma's custom
    w = Weights(6, torch.bfloat16)
    make_llama_like(w, c, head=None, around=0.0)
    return c, w, llama_like(w, c, plus=1.0, freq=frequencies(16, 10000.0), embed=float(torch.tensor(WIDTH ** 0.5)), act=gelu_tanh)


def gemma2():
    """Caps, windows in every other layer; the scale of attention is that of heads, as GGUF's readers take it."""
    c = base('gemma2', head_dim=16, hidden_act='gelu_pytorch_tanh', hidden_activation='gelu_pytorch_tanh', query_pre_attn_scalar=16, sliding_window=6, attn_logit_softcapping=5.0, final_logit_softcapping=10.0)
    del c['tie_word_embeddings']
    w = Weights(7, torch.bfloat16)
    make_llama_like(w, c, head=None, around=0.0, post=True)
    return c, w, llama_like(w, c, plus=1.0, post=True, freq=frequencies(16, 10000.0), embed=WIDTH ** 0.5, act=gelu_tanh, scale=16 ** -0.5, cap=5.0, logit_cap=10.0,
                            window=lambda layer: 6 if layer % 2 == 0 else None)


def gemma3():
    """As a part of a model that sees, with what reads pictures beside it; some numbers are the class's own."""
    inner = {'model_type': 'gemma3_text', 'hidden_size': WIDTH, 'intermediate_size': INNER, 'num_hidden_layers': 7, 'num_attention_heads': 4, 'num_key_value_heads': 1, 'head_dim': 16, 'query_pre_attn_scalar': 16,
             'rope_scaling': {'factor': 8.0, 'rope_type': 'linear'}, 'sliding_window': 6, 'vocab_size': VOCABULARY}
    c = {'architectures': ['Gemma3ForConditionalGeneration'], 'model_type': 'gemma3', 'text_config': inner, 'vision_config': {'model_type': 'siglip_vision_model', 'hidden_size': 8, 'num_hidden_layers': 1}}
    w = Weights(8, torch.bfloat16)
    full = {**inner, 'rms_norm_eps': 1e-6}
    make_llama_like(w, full, prefix='language_model.model.', head=None, around=0.0, post=True, qk_norm=True)
    w.linear('vision_tower.vision_model.encoder.layers.0.mlp.fc1', 8, 8, bias=True)
    w.make('multi_modal_projector.mm_input_projection_weight', 8, WIDTH)
    return c, w, llama_like(w, full, prefix='language_model.model.', plus=1.0, post=True, freq=frequencies(16, 1e6, inner['rope_scaling']), local=frequencies(16, 1e4), embed=WIDTH ** 0.5, act=gelu_tanh, scale=16 ** -0.5,
                            window=lambda layer: 6 if layer % 6 != 5 else None)


def phi3():
    """Joined weights, three quarters of each head turn, two lists of factors."""
    scaling = {'type': 'longrope', 'short_factor': [1.0, 1.1, 1.2], 'long_factor': [1.0, 2.5, 6.0]}
    c = base('phi3', max_position_embeddings=2048, original_max_position_embeddings=512, partial_rotary_factor=0.75, rope_scaling=scaling, sliding_window=None)
    w = Weights(9, torch.bfloat16)
    make_llama_like(w, c, joined=True)
    stretched = math.sqrt(1 + math.log(2048 / 512) / math.log(512))
    return c, w, llama_like(w, c, freq=frequencies(6, 10000.0, scaling), joined=True, rope_scale=stretched)


def phi2():
    c = base('phi', num_key_value_heads=None, partial_rotary_factor=0.5, hidden_act='gelu_new', layer_norm_eps=1e-5)
    del c['rms_norm_eps']
    w = Weights(10, torch.float16)
    w.make('model.embed_tokens.weight', VOCABULARY, WIDTH, scale=0.7)
    for layer in range(LAYERS):
        at = f'model.layers.{layer}.'
        w.norm(at + 'input_layernorm', WIDTH, bias=True)
        for name in ('q_proj', 'k_proj', 'v_proj', 'dense'):
            w.linear(at + 'self_attn.' + name, WIDTH, WIDTH, bias=True)
        w.linear(at + 'mlp.fc1', INNER, WIDTH, bias=True), w.linear(at + 'mlp.fc2', WIDTH, INNER, bias=True)
    w.norm('model.final_layernorm', WIDTH, bias=True)
    w.linear('lm_head', VOCABULARY, WIDTH, bias=True)
    x, freq = w('model.embed_tokens.weight')[TOKENS], frequencies(4, 10000.0)
    for layer in range(LAYERS):
        at = f'model.layers.{layer}.'
        y = layer_norm(w, at + 'input_layernorm', x, 1e-5)
        q, k, v = (heads_of(w.apply(at + f'self_attn.{name}_proj', y), HEADS) for name in 'qkv')
        seen = w.apply(at + 'self_attn.dense', attend(rotate(q, freq), rotate(k, freq), v, 8 ** -0.5))
        x = x + seen + w.apply(at + 'mlp.fc2', gelu_tanh(w.apply(at + 'mlp.fc1', y)))
    return c, w, w.apply('lm_head', layer_norm(w, 'model.final_layernorm', x, 1e-5))


def gpt2():
    c = {'model_type': 'gpt2', 'n_embd': WIDTH, 'n_layer': LAYERS, 'n_head': HEADS, 'n_positions': 64, 'n_ctx': 64, 'n_inner': None, 'vocab_size': VOCABULARY, 'activation_function': 'gelu_new', 'layer_norm_epsilon': 1e-5}
    w = Weights(11, torch.float32)
    w.make('transformer.wte.weight', VOCABULARY, WIDTH, scale=0.7), w.make('transformer.wpe.weight', 64, WIDTH, scale=0.3)
    for layer in range(LAYERS):
        at = f'transformer.h.{layer}.'
        w.norm(at + 'ln_1', WIDTH, bias=True), w.norm(at + 'ln_2', WIDTH, bias=True)
        w.linear(at + 'attn.c_attn', 3 * WIDTH, WIDTH, bias=True, transposed=True), w.linear(at + 'attn.c_proj', WIDTH, WIDTH, bias=True, transposed=True)
        w.linear(at + 'mlp.c_fc', 4 * WIDTH, WIDTH, bias=True, transposed=True), w.linear(at + 'mlp.c_proj', WIDTH, 4 * WIDTH, bias=True, transposed=True)
        w.tensors[at + 'attn.bias'] = torch.tril(torch.ones(1, 1, 8, 8))  # a mask, as the first files have it
    w.norm('transformer.ln_f', WIDTH, bias=True)
    x = w('transformer.wte.weight')[TOKENS] + w('transformer.wpe.weight')[:len(TOKENS)]
    for layer in range(LAYERS):
        at = f'transformer.h.{layer}.'
        q, k, v = w.apply(at + 'attn.c_attn', layer_norm(w, at + 'ln_1', x, 1e-5), True).chunk(3, -1)
        x = x + w.apply(at + 'attn.c_proj', attend(heads_of(q, HEADS), heads_of(k, HEADS), heads_of(v, HEADS), 8 ** -0.5), True)
        x = x + w.apply(at + 'mlp.c_proj', gelu_tanh(w.apply(at + 'mlp.c_fc', layer_norm(w, at + 'ln_2', x, 1e-5), True)), True)
    return c, w, layer_norm(w, 'transformer.ln_f', x, 1e-5) @ w('transformer.wte.weight').T


def bert():
    """The result is what flows out of the last layer."""
    c = {'model_type': 'bert', 'hidden_size': WIDTH, 'intermediate_size': INNER, 'num_hidden_layers': LAYERS, 'num_attention_heads': HEADS, 'vocab_size': VOCABULARY, 'max_position_embeddings': 64, 'type_vocab_size': 2,
         'layer_norm_eps': 1e-12, 'hidden_act': 'gelu', 'position_embedding_type': 'absolute'}
    w = Weights(12, torch.float32)
    at = 'bert.embeddings.'
    w.make(at + 'word_embeddings.weight', VOCABULARY, WIDTH, scale=0.7), w.make(at + 'position_embeddings.weight', 64, WIDTH, scale=0.3), w.make(at + 'token_type_embeddings.weight', 2, WIDTH, scale=0.3)
    w.norm(at + 'LayerNorm', WIDTH, bias=True)
    for layer in range(LAYERS):
        at = f'bert.encoder.layer.{layer}.'
        for name in ('query', 'key', 'value'):
            w.linear(at + 'attention.self.' + name, WIDTH, WIDTH, bias=True)
        w.linear(at + 'attention.output.dense', WIDTH, WIDTH, bias=True), w.norm(at + 'attention.output.LayerNorm', WIDTH, bias=True)
        w.linear(at + 'intermediate.dense', INNER, WIDTH, bias=True), w.linear(at + 'output.dense', WIDTH, INNER, bias=True), w.norm(at + 'output.LayerNorm', WIDTH, bias=True)
    w.linear('bert.pooler.dense', WIDTH, WIDTH, bias=True), w.linear('classifier', 2, WIDTH, bias=True)
    at = 'bert.embeddings.'
    x = w(at + 'word_embeddings.weight')[TOKENS] + w(at + 'position_embeddings.weight')[:len(TOKENS)] + w(at + 'token_type_embeddings.weight')[0]
    x = layer_norm(w, at + 'LayerNorm', x, 1e-12)
    for layer in range(LAYERS):
        at = f'bert.encoder.layer.{layer}.'
        q, k, v = (heads_of(w.apply(at + 'attention.self.' + name, x), HEADS) for name in ('query', 'key', 'value'))
        x = layer_norm(w, at + 'attention.output.LayerNorm', x + w.apply(at + 'attention.output.dense', attend(q, k, v, 8 ** -0.5, causal=False)), 1e-12)
        x = layer_norm(w, at + 'output.LayerNorm', x + w.apply(at + 'output.dense', F.gelu(w.apply(at + 'intermediate.dense', x))), 1e-12)
    return c, w, x


for make in (llama, llama_tied, mistral, qwen2, qwen3, gemma, gemma2, gemma3, phi2, phi3, gpt2, bert):
    config, weights, logits = make()
    folder = os.path.join(OUT, make.__name__)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'config.json'), 'w') as file:
        json.dump(config, file, indent=1)
        file.write('\n')
    write_safetensors(os.path.join(folder, 'model.safetensors'), weights.tensors)
    logits.float().numpy().astype('<f4').tofile(os.path.join(folder, 'expected.f32.bin'))
    print(f'{make.__name__:12} {sum(t.numel() for t in weights.tensors.values()):8} numbers, results {logits.abs().mean():.3f} on average')
