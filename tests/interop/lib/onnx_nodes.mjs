// The nodes of an ONNX file, read from the protobuf wire format without any of our own C++: an independent
// eye on what ONNX Runtime made of a graph. Knows nothing of tensors' contents.
import { readFileSync } from 'node:fs';

// The fields of one message: [number, wire type, value]; lengths-delimited values are views, varints are Numbers.
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0, scale = 1, byte;
    do {
      if (at >= bytes.length) throw new Error('the file ends inside a number');
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte & 128);
    return value;
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8), wire = key % 8;
    if (wire === 0) yield [number, varint()];
    else if (wire === 1) { at += 8; yield [number, bytes.subarray(at - 8, at)]; }
    else if (wire === 5) { at += 4; yield [number, bytes.subarray(at - 4, at)]; }
    else if (wire === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error('the file ends inside a field');
      at += length;
      yield [number, bytes.subarray(at - length, at)];
    } else throw new Error(`wire type ${wire} is none of protobuf's`);
  }
}

const text = (bytes) => Buffer.from(bytes).toString('utf8');

// NodeProto: input 1, output 2, name 3, op_type 4, attribute 5, domain 7.
function node(bytes) {
  const result = { op: '', domain: '', name: '', inputs: [], outputs: [] };
  for (const [number, value] of fields(bytes)) {
    if (number === 1) result.inputs.push(text(value));
    else if (number === 2) result.outputs.push(text(value));
    else if (number === 3) result.name = text(value);
    else if (number === 4) result.op = text(value);
    else if (number === 7) result.domain = text(value);
  }
  return result;
}

// ModelProto: graph 7. GraphProto: node 1, initializer 5 (TensorProto: data_type 2, name 8).
export function readNodes(path) {
  const nodes = [], initializers = new Map();
  for (const [number, graph] of fields(readFileSync(path))) {
    if (number !== 7) continue;
    for (const [part, value] of fields(graph)) {
      if (part === 1) nodes.push(node(value));
      if (part === 5) {
        let type = 0, name = '';
        for (const [key, entry] of fields(value)) {
          if (key === 2) type = entry;
          if (key === 8) name = text(entry);
        }
        initializers.set(name, type);
      }
    }
  }
  return { nodes, initializers };
}

// { Conv: 3, QLinearConv: 2, … }
export function countOps(nodes) {
  const counts = {};
  for (const { op } of nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

const varint = (value) => {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return Buffer.from([...bytes, value]);
};
export const message = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
export const integer = (number, value) => Buffer.concat([varint(number * 8), varint(value)]);
export const string = (number, value) => message(number, Buffer.from(value));

// ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }; the shape may be left out.
export function valueInfo(name, type, shape) {
  const extents = shape ? message(2, Buffer.concat(shape.map((extent) => message(1, integer(1, extent))))) : Buffer.alloc(0);
  return Buffer.concat([string(1, name), message(2, message(1, Buffer.concat([integer(1, type), extents])))]);
}

// The file's bytes with more values given out: [{ name, type }], type as in TensorProto.data_type. Every other byte stays.
export function withOutputs(bytes, values) {
  return Buffer.concat([...fields(bytes)].map(([number, value]) => {
    if (typeof value === 'number') return integer(number, value);
    if (number !== 7) return message(number, value);
    return message(7, Buffer.concat([value, ...values.map(({ name, type }) => message(12, valueInfo(name, type)))]));
  }));
}
