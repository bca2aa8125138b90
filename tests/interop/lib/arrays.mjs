// NumPy's files, enough for what the tests exchange with bitlathe-cli.
// An array is { type, shape, data }: ONNX Runtime's name of the element type, extents, a typed array.
import { readFileSync, writeFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';


const kinds = {
  '<f4': ['float32', Float32Array], '<f8': ['float64', Float64Array], '|u1': ['uint8', Uint8Array], '|i1': ['int8', Int8Array],
  '<f2': ['float16', Uint16Array], '<i4': ['int32', Int32Array], '<i8': ['int64', BigInt64Array],
};

function parseNpy(bytes) {
  if (bytes.toString('latin1', 1, 6) !== 'NUMPY') throw new Error('no .npy file');
  const wide = bytes[6] >= 2;
  const length = wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const start = (wide ? 12 : 10) + length;
  const header = bytes.toString('latin1', wide ? 12 : 10, start);
  const descr = /'descr': '([^']+)'/.exec(header)[1];
  if (/'fortran_order': True/.test(header)) throw new Error('an array in Fortran order');
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').filter((t) => t.trim()).map(Number);
  if (!kinds[descr]) return null;  // text, for one: nothing that a network takes
  const [type, Data] = kinds[descr];
  const count = shape.reduce((a, b) => a * b, 1);
  const copy = new Uint8Array(count * Data.BYTES_PER_ELEMENT);  // its own buffer: aligned
  copy.set(bytes.subarray(start, start + copy.length));
  return { type, shape, data: new Data(copy.buffer) };
}

export const readNpy = (path) => parseNpy(readFileSync(path));

// { name: array }, by the zip's central directory; stored and deflated entries.
export function readNpz(path) {
  const bytes = readFileSync(path);
  let end = bytes.length - 22;
  while (end >= 0 && bytes.readUInt32LE(end) !== 0x06054b50) --end;
  if (end < 0) throw new Error(`${path} is no zip file`);
  const arrays = {};
  let at = bytes.readUInt32LE(end + 16);
  for (let entry = bytes.readUInt16LE(end + 10); entry > 0; --entry) {
    const method = bytes.readUInt16LE(at + 10), size = bytes.readUInt32LE(at + 20);
    const nameLength = bytes.readUInt16LE(at + 28), extra = bytes.readUInt16LE(at + 30), comment = bytes.readUInt16LE(at + 32);
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength).replace(/\.npy$/, '');
    const data = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(data, data + size);
    const array = parseNpy(method === 8 ? inflateRawSync(packed) : packed);
    if (array) arrays[name] = array;
    at += 46 + nameLength + extra + comment;
  }
  return arrays;
}

function npyBytes({ type, shape, data }) {
  const descr = Object.keys(kinds).find((key) => kinds[key][0] === type);
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const length = Math.ceil((text.length + 11) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, ' ');
  head.write('\x93NUMPY', 0, 'latin1');
  head[6] = 1;
  head[7] = 0;
  head.writeUInt16LE(length, 8);
  head.write(text, 10, 'latin1');
  head[9 + length] = 10;
  return Buffer.concat([head, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

export const writeNpy = (path, array) => writeFileSync(path, npyBytes(array));

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; ++bit) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

// { name: array } as a zip of stored .npy files.
export function writeNpz(path, arrays) {
  const parts = [], directory = [];
  let at = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const file = Buffer.from(`${name}.npy`), data = npyBytes(array), common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);  // version needed; then flags, method 0, time, date
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(file.length, 22);
    const place = Buffer.alloc(4), rest = Buffer.alloc(14);  // rest: comment, disk, attributes, offset
    place.writeUInt32LE(at);
    place.copy(rest, 10);
    parts.push(Buffer.from('PK\x03\x04'), common, file, data);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), common, rest, file);
    at += 30 + file.length + data.length;
  }
  const entries = Buffer.concat(directory), end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(arrays).length, 4);
  end.writeUInt16LE(Object.keys(arrays).length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(at, 12);
  writeFileSync(path, Buffer.concat([...parts, entries, Buffer.from('PK\x05\x06'), end]));
}

const scratch = new DataView(new ArrayBuffer(4));
function halfBits(value) {  // to nearest, ties to even; the tests have no NaN and nothing beyond 65504
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0), sign = (bits >>> 16) & 0x8000, exponent = (bits >>> 23) & 255;
  if (exponent < 103) return sign;
  const shift = exponent < 113 ? 126 - exponent : 13;
  const mantissa = (bits & 0x7fffff) | 0x800000, base = exponent < 113 ? 0 : (exponent - 113) << 10;
  const half = 1 << (shift - 1), kept = mantissa >>> shift, rest = mantissa & ((1 << shift) - 1);
  return sign | (base + kept + (rest > half || (rest === half && (kept & 1)) ? 1 : 0));
}
function halfValue(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + mantissa) : 2 ** -24 * mantissa);
}
export const toHalf = ({ shape, data }) => ({ type: 'float16', shape, data: Uint16Array.from(data, halfBits) });
// float16 as the numbers it means; everything else as it is.
export const numbers = (array) => (array.type === 'float16' ? { ...array, type: 'float32', data: Float32Array.from(array.data, halfValue) } : array);

export const floats = (shape, data) => ({ type: 'float32', shape, data });

// Samples first … first+count-1 of an array whose first axis counts samples.
export function slice(array, first, count) {
  const each = array.data.length / array.shape[0];
  return { type: array.type, shape: [count, ...array.shape.slice(1)], data: array.data.slice(first * each, (first + count) * each) };
}

// The samples of one array, then those of another of the same kind.
export function joined(first, second) {
  const data = new first.data.constructor(first.data.length + second.data.length);
  data.set(first.data);
  data.set(second.data, first.data.length);
  return { type: first.type, shape: [first.shape[0] + second.shape[0], ...first.shape.slice(1)], data };
}
