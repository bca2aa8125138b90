#!/usr/bin/env python3
"""bert.json and bert.expected.f32.bin: a tiny random BERT as make_models.py makes them, and what flows out of its last layer
by torch.nn.TransformerEncoderLayer, in float64. Needs numpy and torch."""
import json
import numpy as np, torch
import make_models as mm

np.seterr(over='ignore')
m = mm.Model('bert', kv=4, rms=False)
m.matrix('token_embd', mm.VOCABULARY, m.width, gain=8.0); m.matrix('position_embd', 64, m.width, gain=4.0); m.matrix('token_types', 2, m.width, gain=4.0); m.norm('token_embd_norm', m.width, True)
names = {'token_embd': 'embeddings.word_embeddings', 'position_embd': 'embeddings.position_embeddings', 'token_types': 'embeddings.token_type_embeddings', 'token_embd_norm': 'embeddings.LayerNorm'}
for i in range(m.layers):
    b, l = f'blk.{i}.', f'encoder.layer.{i}.'
    m.attention(b, bias=True, out_bias=True); m.norm(b + 'attn_output_norm', m.width, True); m.plain(b); m.norm(b + 'layer_output_norm', m.width, True)
    for name, other in (('attn_q', 'attention.self.query'), ('attn_k', 'attention.self.key'), ('attn_v', 'attention.self.value'), ('attn_output', 'attention.output.dense'), ('attn_output_norm', 'attention.output.LayerNorm'),
                        ('ffn_up', 'intermediate.dense'), ('ffn_down', 'output.dense'), ('layer_output_norm', 'output.LayerNorm')): names[b + name] = l + other
m.config = {'model_type': 'bert', 'hidden_size': m.width, 'num_hidden_layers': m.layers, 'num_attention_heads': m.heads, 'intermediate_size': m.ffn, 'max_position_embeddings': 64, 'vocab_size': mm.VOCABULARY,
            'layer_norm_eps': 1e-5, 'hidden_act': 'gelu'}
w = {t['name']: torch.tensor(mm.values(t).reshape(t['shape']).astype(np.float64)) for t in m.tensors}
tokens = [1] + [int(v % np.uint64(mm.VOCABULARY - 4)) + 3 for v in mm.splitmix(mm.TOKENS - 1, mm.fnv('bert'))]
x = w['token_embd.weight'][tokens] + w['position_embd.weight'][:len(tokens)] + w['token_types.weight'][0]
x = torch.nn.functional.layer_norm(x, (m.width,), w['token_embd_norm.weight'], w['token_embd_norm.bias'], 1e-5)[None]
for i in range(m.layers):
    b = f'blk.{i}.'
    layer = torch.nn.TransformerEncoderLayer(m.width, m.heads, m.ffn, 0.0, 'gelu', 1e-5, batch_first=True).double().train()
    both = lambda name: (w[b + name + '.weight'], w[b + name + '.bias'])
    qkv = [both(n) for n in ('attn_q', 'attn_k', 'attn_v')]
    state = {'self_attn.in_proj_weight': torch.cat([p[0] for p in qkv]), 'self_attn.in_proj_bias': torch.cat([p[1] for p in qkv])}
    for ours, theirs in (('attn_output', 'self_attn.out_proj'), ('ffn_up', 'linear1'), ('ffn_down', 'linear2'), ('attn_output_norm', 'norm1'), ('layer_output_norm', 'norm2')):
        state[theirs + '.weight'], state[theirs + '.bias'] = both(ours)
    layer.load_state_dict(state)
    x = layer(x).detach()
tensors = [{**t, 'scale': float(np.float32(t['scale'])), 'offset': float(np.float32(t['offset']))} for t in m.tensors]
json.dump({'metadata': [[n, str(v)] for n, _, v in m.keys], 'tensors': tensors, 'tokens': tokens, 'config': m.config, 'huggingFace': names, 'permuted': [], 'normsWithoutOne': False, 'transposed': False},
          open('bert.json', 'w'), separators=(',', ':'))
x[0, [0, 7, 15, 23]].numpy().astype(np.float32).tofile('bert.expected.f32.bin')
