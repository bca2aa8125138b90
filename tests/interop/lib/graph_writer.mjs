// Small ONNX graphs written by hand: quantized patterns as other tools write them.
import { integer, message, string, valueInfo } from './onnx_nodes.mjs';

const kTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 };

// A number is an int, { real: number } a float.
function attribute(name, value) {
  if (typeof value === 'string') return Buffer.concat([string(1, name), string(4, value), integer(20, 3)]);
  if (Array.isArray(value)) return Buffer.concat([string(1, name), ...value.map((v) => integer(8, v)), integer(20, 7)]);
  if (typeof value === 'number') return Buffer.concat([string(1, name), integer(3, value), integer(20, 2)]);
  const bytes = Buffer.alloc(5);  // field 2 (f), fixed 32 bits
  bytes[0] = 2 * 8 + 5;
  bytes.writeFloatLE(value.real, 1);
  return Buffer.concat([string(1, name), bytes, integer(20, 1)]);
}

export class GraphWriter {
  #nodes = [];
  #initializers = [];
  #outputs = 0;
  #state = 1;

  // Uniform in [low, high), the same in every run.
  random(low, high) {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return low + (high - low) * (this.#state / 2 ** 32);
  }
  list(count, low, high) { return Array.from({ length: count }, () => this.random(low, high)); }

  constant(type, shape, values) {
    const name = `c${this.#initializers.length}`, flat = [values].flat();
    const Data = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array, int64: BigInt64Array }[type];
    const data = Data.from(type === 'int64' ? flat.map(BigInt) : flat);
    this.#initializers.push(Buffer.concat([...shape.map((extent) => integer(1, extent)), integer(2, kTypes[type]), string(8, name), message(9, Buffer.from(data.buffer))]));
    return name;
  }
  real(value) { return this.constant('float32', [], value); }
  integers(...values) { return this.constant('int64', [values.length], values); }

  // The output's name, or names where there are several.
  op(type, inputs, attributes = {}, outputs = 1) {
    const names = Array.from({ length: outputs }, () => `v${++this.#outputs}`);
    this.#nodes.push(Buffer.concat([...inputs.map((name) => string(1, name)), ...names.map((name) => string(2, name)), string(3, `${type}_${this.#nodes.length}`), string(4, type),
      ...Object.entries(attributes).map(([name, value]) => message(5, attribute(name, value)))]));
    return outputs === 1 ? names[0] : names;
  }

  // Through codes and back.
  codes(value, scale = 0.05, zero = 128, type = 'uint8') {
    const parameters = [this.real(scale), this.constant(type, [], zero)];
    return this.op('DequantizeLinear', [this.op('QuantizeLinear', [value, ...parameters]), ...parameters]);
  }
  // A weight of signed bytes with one scale per index of an axis; its scales stand in lastScales.
  weight(shape, axis = 0) {
    const count = shape.reduce((a, b) => a * b, 1), channels = shape[axis];
    this.lastScales = this.list(channels, 0.002, 0.01).map(Math.fround);
    const codes = this.list(count, -127, 127).map(Math.round);
    return this.op('DequantizeLinear', [this.constant('int8', shape, codes), this.constant('float32', [channels], this.lastScales), this.constant('int8', [channels], Array(channels).fill(0))], { axis });
  }
  // An int32 bias in units of x's scale times lastScales, times `off` where the units are meant to be wrong.
  bias(scale, off = 1) {
    const n = this.lastScales.length, units = this.lastScales.map((s) => Math.fround(s * Math.fround(scale)) * off);
    return this.op('DequantizeLinear', [this.constant('int32', [n], this.list(n, -900, 900).map(Math.round)), this.constant('float32', [n], units), this.constant('int32', [n], Array(n).fill(0))], { axis: 0 });
  }

  // Opset 21 with one float input `x` of that shape and these float outputs.
  file(shape, outputs) {
    const graph = Buffer.concat([...this.#nodes.map((node) => message(1, node)), string(2, 'pattern'), ...this.#initializers.map((tensor) => message(5, tensor)),
      message(11, valueInfo('x', kTypes.float32, shape)), ...[outputs].flat().map((name) => message(12, valueInfo(name, kTypes.float32)))]);
    return Buffer.concat([integer(1, 10), message(7, graph), message(8, integer(2, 21))]);
  }
}
