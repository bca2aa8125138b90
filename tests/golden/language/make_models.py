#!/usr/bin/env python3
"""Tiny random language models, one for each architecture: NAME.json (committed) describes keys and tensors, from which
language_architectures_test.cpp makes the same weights; NAME.gguf (for llama.cpp, see make_expected.mjs) is written to
the folder given. Usage: make_models.py FOLDER TOKENIZER.gguf, whose tokenizer keys (272 tokens) are copied. Needs numpy."""
import json, struct, sys
import numpy as np

VOCABULARY, TOKENS = 272, 24

def splitmix(count, seed):
    z = (np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))

def fnv(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h

def values(tensor):
    """offset + scale * u, u uniform in -1 .. 1 in steps of 2^-23, all in float32."""
    u = (splitmix(int(np.prod(tensor['shape'])), fnv(tensor['name'])) >> np.uint64(40)).astype(np.float32) * np.float32(2.0 ** -23) - np.float32(1)
    return u * np.float32(tensor['scale']) + np.float32(tensor['offset'])

class Model:
    def __init__(self, architecture, layers=2, width=64, heads=4, kv=2, head=16, ffn=96, context=64, rms=True, rope=None):
        self.a, self.layers, self.width, self.heads, self.kv, self.head, self.ffn = architecture, layers, width, heads, kv, head, ffn
        self.tensors, self.hf, self.config, self.permuted, self.addsOne = [], {}, {}, [], False
        self.keys = [['general.architecture', 'str', architecture], ['general.name', 'str', 'tiny']]
        self.key('context_length', 'u32', context); self.key('embedding_length', 'u32', width); self.key('block_count', 'u32', layers)
        self.key('feed_forward_length', 'u32', ffn); self.key('attention.head_count', 'u32', heads)
        if kv != heads: self.key('attention.head_count_kv', 'u32', kv)
        self.key('attention.layer_norm_rms_epsilon' if rms else 'attention.layer_norm_epsilon', 'f32', 1e-5)
        if rope: self.key('rope.freq_base', 'f32', rope)
    def key(self, name, kind, value): self.keys.append([self.a + '.' + name, kind, value])
    def matrix(self, name, rows, columns, bias=False, gain=1.5):
        self.tensors.append({'name': name + '.weight', 'shape': [rows, columns], 'scale': gain / columns ** 0.5, 'offset': 0.0})
        if bias: self.vector(name + '.bias', rows, 0.3)
    def vector(self, name, count, scale=0.3, offset=0.0): self.tensors.append({'name': name, 'shape': [count], 'scale': scale, 'offset': offset})
    def norm(self, name, count, bias=False):
        self.vector(name + '.weight', count, 0.3, 1.0)
        if bias: self.vector(name + '.bias', count, 0.2)
    def attention(self, at, bias=False, out_bias=False):
        self.matrix(at + 'attn_q', self.heads * self.head, self.width, bias); self.matrix(at + 'attn_k', self.kv * self.head, self.width, bias)
        self.matrix(at + 'attn_v', self.kv * self.head, self.width, bias); self.matrix(at + 'attn_output', self.width, self.heads * self.head, out_bias)
    def fused(self, at, bias):
        self.matrix(at + 'attn_qkv', (self.heads + 2 * self.kv) * self.head, self.width, bias)
        self.matrix(at + 'attn_output', self.width, self.heads * self.head, bias)
    def gated(self, at):
        for name, rows, columns in (('ffn_gate', self.ffn, self.width), ('ffn_up', self.ffn, self.width), ('ffn_down', self.width, self.ffn)): self.matrix(at + name, rows, columns)
    def plain(self, at):
        self.matrix(at + 'ffn_up', self.ffn, self.width, True); self.matrix(at + 'ffn_down', self.width, self.ffn, True)

def hf_llama(m, prefix='model.', post='post_attention_layernorm'):
    m.hf = {'token_embd': prefix + 'embed_tokens', 'output_norm': prefix + 'norm', 'output': 'lm_head'}
    for i in range(m.layers):
        b, l = f'blk.{i}.', f'{prefix}layers.{i}.'
        m.hf.update({b + 'attn_norm': l + 'input_layernorm', b + 'ffn_norm': l + post, b + 'attn_q_norm': l + 'self_attn.q_norm', b + 'attn_k_norm': l + 'self_attn.k_norm',
                     b + 'attn_q': l + 'self_attn.q_proj', b + 'attn_k': l + 'self_attn.k_proj', b + 'attn_v': l + 'self_attn.v_proj', b + 'attn_output': l + 'self_attn.o_proj',
                     b + 'ffn_gate': l + 'mlp.gate_proj', b + 'ffn_up': l + 'mlp.up_proj', b + 'ffn_down': l + 'mlp.down_proj'})
    return m

def config(m, kind, **more):
    m.config = {'model_type': kind, 'hidden_size': m.width, 'num_hidden_layers': m.layers, 'num_attention_heads': m.heads, 'num_key_value_heads': m.kv, 'head_dim': m.head,
                'intermediate_size': m.ffn, 'max_position_embeddings': 64, 'vocab_size': VOCABULARY, 'rms_norm_eps': 1e-5, **more}

def llama_body(m, tied=False, **attention):
    m.matrix('token_embd', VOCABULARY, m.width, gain=8.0)
    if not tied: m.matrix('output', VOCABULARY, m.width)
    m.norm('output_norm', m.width)
    for i in range(m.layers):
        b = f'blk.{i}.'
        m.norm(b + 'attn_norm', m.width); m.attention(b, **attention); m.norm(b + 'ffn_norm', m.width); m.gated(b)

def llama():
    m = Model('llama', rope=10000.0); m.key('rope.dimension_count', 'u32', 16)
    llama_body(m); hf_llama(m); m.permuted = [[f'blk.{i}.attn_q', m.heads] for i in range(2)] + [[f'blk.{i}.attn_k', m.kv] for i in range(2)]
    config(m, 'llama', rope_theta=10000.0, tie_word_embeddings=False)
    return m
def llama_stretched():
    """Tied embeddings, biases, and positions stretched as Llama 3.1's are, whose factors GGUF keeps in a tensor."""
    m = Model('llama', rope=500.0); m.key('rope.dimension_count', 'u32', 16)
    llama_body(m, tied=True, bias=True, out_bias=True); hf_llama(m)
    m.permuted = [[f'blk.{i}.attn_q', m.heads] for i in range(2)] + [[f'blk.{i}.attn_k', m.kv] for i in range(2)]
    scaling = {'rope_type': 'llama3', 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0, 'original_max_position_embeddings': 32}
    config(m, 'llama', rope_theta=500.0, rope_scaling=scaling, tie_word_embeddings=True)
    factors = []
    for i in range(8):  # as convert_hf_to_gguf.py computes them
        wave = 2 * np.pi * 500.0 ** (2 * i / 16)
        if wave < 32 / 4.0: factors.append(1.0)
        elif wave > 32 / 1.0: factors.append(8.0)
        else:
            smooth = (32 / wave - 1.0) / (4.0 - 1.0)
            factors.append(1 / ((1 - smooth) / 8.0 + smooth))
    m.tensors.append({'name': 'rope_freqs.weight', 'shape': [8], 'values': [float(np.float32(f)) for f in factors]})
    return m
def llama_linear():
    m = Model('llama', rope=10000.0); m.key('rope.scaling.type', 'str', 'linear'); m.key('rope.scaling.factor', 'f32', 4.0)
    llama_body(m); hf_llama(m); m.permuted = [[f'blk.{i}.attn_q', m.heads] for i in range(2)] + [[f'blk.{i}.attn_k', m.kv] for i in range(2)]
    config(m, 'llama', rope_theta=10000.0, rope_scaling={'type': 'linear', 'factor': 4.0})
    return m
def qwen2():
    m = Model('qwen2', rope=1000000.0); llama_body(m, bias=True); hf_llama(m); config(m, 'qwen2', rope_theta=1000000.0, use_sliding_window=False, sliding_window=8)
    return m
def qwen2_yarn():
    m = Model('qwen2', rope=10000.0); llama_body(m, bias=True); hf_llama(m)
    m.key('rope.scaling.type', 'str', 'yarn'); m.key('rope.scaling.factor', 'f32', 4.0); m.key('rope.scaling.original_context_length', 'u32', 16)
    config(m, 'qwen2', rope_theta=10000.0, rope_scaling={'type': 'yarn', 'factor': 4.0, 'original_max_position_embeddings': 16})
    return m
def qwen3():
    m = Model('qwen3', head=32, rope=1000000.0); m.key('attention.key_length', 'u32', 32); m.key('attention.value_length', 'u32', 32)
    llama_body(m)
    for i in range(m.layers): m.norm(f'blk.{i}.attn_q_norm', m.head); m.norm(f'blk.{i}.attn_k_norm', m.head)
    hf_llama(m); config(m, 'qwen3', rope_theta=1000000.0)
    return m
def gemma():
    m = Model('gemma', kv=1); m.key('attention.key_length', 'u32', 16); m.key('attention.value_length', 'u32', 16)
    llama_body(m, tied=True); hf_llama(m); m.addsOne = True; config(m, 'gemma', hidden_activation='gelu_pytorch_tanh')
    m.tensors[0]['scale'] = 0.1
    return m
def gemma_after(m):
    m.norm_names = []
    for i in range(m.layers):
        b = f'blk.{i}.'
        m.norm(b + 'post_attention_norm', m.width); m.norm(b + 'post_ffw_norm', m.width)
    hf_llama(m, post='pre_feedforward_layernorm'); m.addsOne = True
    for i in range(m.layers):
        b, l = f'blk.{i}.', f'model.layers.{i}.'
        m.hf.update({b + 'post_attention_norm': l + 'post_attention_layernorm', b + 'post_ffw_norm': l + 'post_feedforward_layernorm'})
    m.tensors[0]['scale'] = 0.1
def gemma2():
    m = Model('gemma2')
    for name, kind, value in (('attention.key_length', 'u32', 16), ('attention.value_length', 'u32', 16), ('attn_logit_softcapping', 'f32', 5.0), ('final_logit_softcapping', 'f32', 3.0), ('attention.sliding_window', 'u32', 8)): m.key(name, kind, value)
    llama_body(m, tied=True); gemma_after(m)
    config(m, 'gemma2', hidden_activation='gelu_pytorch_tanh', attn_logit_softcapping=5.0, final_logit_softcapping=3.0, sliding_window=8, query_pre_attn_scalar=16)
    return m
def gemma3():
    m = Model('gemma3', layers=7, rope=1000000.0, width=32, heads=2, kv=1, ffn=64)
    for name, kind, value in (('attention.key_length', 'u32', 16), ('attention.value_length', 'u32', 16), ('attention.sliding_window', 'u32', 8), ('rope.scaling.type', 'str', 'linear'), ('rope.scaling.factor', 'f32', 8.0)): m.key(name, kind, value)
    llama_body(m, tied=True)
    for i in range(m.layers): m.norm(f'blk.{i}.attn_q_norm', m.head); m.norm(f'blk.{i}.attn_k_norm', m.head)
    gemma_after(m)
    config(m, 'gemma3_text', hidden_activation='gelu_pytorch_tanh', sliding_window=8, query_pre_attn_scalar=16, rope_theta=1000000.0, rope_local_base_freq=10000.0, rope_scaling={'rope_type': 'linear', 'factor': 8.0}, sliding_window_pattern=6)
    return m
def gpt2():
    m = Model('gpt2', kv=4, rms=False)
    m.matrix('token_embd', VOCABULARY, m.width, gain=8.0); m.matrix('position_embd', 64, m.width, gain=4.0); m.norm('output_norm', m.width, True)
    for i in range(m.layers):
        b = f'blk.{i}.'
        m.norm(b + 'attn_norm', m.width, True); m.fused(b, True); m.norm(b + 'ffn_norm', m.width, True); m.plain(b)
    m.hf = {'token_embd': 'wte', 'position_embd': 'wpe', 'output_norm': 'ln_f'}
    for i in range(m.layers):
        for name, other in (('attn_norm', 'ln_1'), ('attn_qkv', 'attn.c_attn'), ('attn_output', 'attn.c_proj'), ('ffn_norm', 'ln_2'), ('ffn_up', 'mlp.c_fc'), ('ffn_down', 'mlp.c_proj')): m.hf[f'blk.{i}.{name}'] = f'h.{i}.{other}'
    m.config = {'model_type': 'gpt2', 'n_embd': m.width, 'n_layer': m.layers, 'n_head': m.heads, 'n_positions': 64, 'vocab_size': VOCABULARY, 'layer_norm_epsilon': 1e-5, 'activation_function': 'gelu_new'}
    return m
def phi2():
    m = Model('phi2', kv=4, rms=False, rope=10000.0); m.key('rope.dimension_count', 'u32', 8)
    m.matrix('token_embd', VOCABULARY, m.width, gain=8.0); m.matrix('output', VOCABULARY, m.width, True); m.norm('output_norm', m.width, True)
    for i in range(m.layers):
        b = f'blk.{i}.'
        m.norm(b + 'attn_norm', m.width, True); m.attention(b, bias=True, out_bias=True); m.plain(b)
    m.hf = {'token_embd': 'model.embed_tokens', 'output_norm': 'model.final_layernorm', 'output': 'lm_head'}
    for i in range(m.layers):
        for name, other in (('attn_norm', 'input_layernorm'), ('attn_q', 'self_attn.q_proj'), ('attn_k', 'self_attn.k_proj'), ('attn_v', 'self_attn.v_proj'), ('attn_output', 'self_attn.dense'), ('ffn_up', 'mlp.fc1'), ('ffn_down', 'mlp.fc2')): m.hf[f'blk.{i}.{name}'] = f'model.layers.{i}.{other}'
    config(m, 'phi', layer_norm_eps=1e-5, partial_rotary_factor=0.5, rope_theta=10000.0); del m.config['rms_norm_eps']
    return m
def phi3():
    m = Model('phi3', rope=10000.0); m.key('rope.dimension_count', 'u32', 16)
    m.matrix('token_embd', VOCABULARY, m.width, gain=8.0); m.matrix('output', VOCABULARY, m.width); m.norm('output_norm', m.width)
    for i in range(m.layers):
        b = f'blk.{i}.'
        m.norm(b + 'attn_norm', m.width); m.fused(b, False); m.norm(b + 'ffn_norm', m.width); m.matrix(b + 'ffn_up', 2 * m.ffn, m.width); m.matrix(b + 'ffn_down', m.width, m.ffn)
    m.hf = {'token_embd': 'model.embed_tokens', 'output_norm': 'model.norm', 'output': 'lm_head'}
    for i in range(m.layers):
        for name, other in (('attn_norm', 'input_layernorm'), ('attn_qkv', 'self_attn.qkv_proj'), ('attn_output', 'self_attn.o_proj'), ('ffn_norm', 'post_attention_layernorm'), ('ffn_up', 'mlp.gate_up_proj'), ('ffn_down', 'mlp.down_proj')): m.hf[f'blk.{i}.{name}'] = f'model.layers.{i}.{other}'
    config(m, 'phi3', rope_theta=10000.0)
    return m

def tokenizer_keys(path):
    """The raw keys of a GGUF v3 file whose names begin with 'tokenizer.'."""
    data = open(path, 'rb').read()
    sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
    tensors, count = struct.unpack_from('<QQ', data, 8)
    at, kept = 24, []
    def skip(kind, at):
        if kind in sizes: return at + sizes[kind]
        if kind == 8: return at + 8 + struct.unpack_from('<Q', data, at)[0]
        of, n = struct.unpack_from('<IQ', data, at); at += 12
        for _ in range(n): at = skip(of, at)
        return at
    for _ in range(count):
        begin = at
        n = struct.unpack_from('<Q', data, at)[0]; name = data[at + 8:at + 8 + n].decode(); at += 8 + n
        kind = struct.unpack_from('<I', data, at)[0]; at = skip(kind, at + 4)
        if name.startswith('tokenizer.'): kept.append(data[begin:at])
    return kept

def text(s): return struct.pack('<Q', len(s.encode())) + s.encode()
def write(m, path, tokenizer):
    kinds = {'u32': (4, lambda v: struct.pack('<I', v)), 'f32': (6, lambda v: struct.pack('<f', v)), 'str': (8, text)}
    keys = [text(name) + struct.pack('<I', kinds[kind][0]) + kinds[kind][1](value) for name, kind, value in m.keys] + tokenizer
    infos, blobs, at = [], [], 0
    for tensor in m.tensors:
        blob = (np.array(tensor['values'], np.float32) if 'values' in tensor else values(tensor)).tobytes()
        infos.append(text(tensor['name']) + struct.pack('<I', len(tensor['shape'])) + b''.join(struct.pack('<Q', d) for d in reversed(tensor['shape'])) + struct.pack('<IQ', 0, at))
        blob += bytes(-len(blob) % 32); blobs.append(blob); at += len(blob)
    head = b'GGUF' + struct.pack('<IQQ', 3, len(infos), len(keys)) + b''.join(keys) + b''.join(infos)
    open(path, 'wb').write(head + bytes(-len(head) % 32) + b''.join(blobs))

MODELS = [llama, llama_stretched, llama_linear, qwen2, qwen2_yarn, qwen3, gemma, gemma2, gemma3, gpt2, phi2, phi3]
if __name__ == '__main__':
    np.seterr(over='ignore')
    tokenizer = tokenizer_keys(sys.argv[2])
    for make in MODELS:
        m = make()
        names = {t['name'].rsplit('.', 1)[0] for t in m.tensors}
        write(m, f'{sys.argv[1]}/{make.__name__}.gguf', tokenizer)
        tokens = [1] + [int(v % np.uint64(VOCABULARY - 4)) + 3 for v in splitmix(TOKENS - 1, fnv(make.__name__))]
        tensors = [{**t, **({'scale': float(np.float32(t['scale'])), 'offset': float(np.float32(t['offset']))} if 'scale' in t else {})} for t in m.tensors]
        description = {'metadata': [[n, str(v)] for n, _, v in m.keys], 'tensors': tensors, 'tokens': tokens, 'config': m.config,
                       'huggingFace': {g: h for g, h in m.hf.items() if g in names}, 'permuted': m.permuted, 'normsWithoutOne': m.addsOne, 'transposed': m.a == 'gpt2'}
        json.dump(description, open(f'{make.__name__}.json', 'w'), indent=None, separators=(',', ':'))
