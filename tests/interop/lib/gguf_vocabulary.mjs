// Writes GGUF files of version 3 that hold a vocabulary and no tensors.
import { writeFileSync } from 'node:fs';

const types = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8, list: 9 };

class Out {
  parts = [];
  number(bytes, write) {
    const buffer = Buffer.alloc(bytes);
    write(buffer);
    this.parts.push(buffer);
  }
  u32(value) { this.number(4, (b) => b.writeUInt32LE(value)); }
  u64(value) { this.number(8, (b) => b.writeBigUInt64LE(BigInt(value))); }
  value(type, value) {
    if (type === 'u32') this.u32(value);
    else if (type === 'i32') this.number(4, (b) => b.writeInt32LE(value));
    else if (type === 'f32') this.number(4, (b) => b.writeFloatLE(value));
    else if (type === 'bool') this.parts.push(Buffer.from([value ? 1 : 0]));
    else {
      const bytes = Buffer.from(value);
      this.u64(bytes.length);
      this.parts.push(bytes);
    }
  }
  key(name, type, value) {
    this.value('text', name);
    if (Array.isArray(value)) {
      this.u32(types.list);
      this.u32(types[type]);
      this.u64(value.length);
      for (const one of value) this.value(type, one);
    } else {
      this.u32(types[type]);
      this.value(type, value);
    }
  }
}

// keys: [name, type of the value or of the list's entries, value or list].
export function writeVocabulary(path, keys) {
  const out = new Out();
  out.parts.push(Buffer.from('GGUF'));
  out.u32(3);
  out.u64(0);
  out.u64(keys.length);
  for (const [name, type, value] of keys) out.key(name, type, value);
  writeFileSync(path, Buffer.concat(out.parts));
}
