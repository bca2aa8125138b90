// Which nodes of a graph that ONNX Runtime optimised compute on codes.

const kInteger = /^(QLinear.+|QGemm|NhwcMaxPool|MatMulInteger|MatMulIntegerToFloat|ConvInteger|DynamicQuantizeMatMul)$/;
const kOnlyMove = new Set(['MaxPool', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Slice', 'Gather', 'Split', 'Expand', 'Tile', 'Identity', 'Resize',
  'DepthToSpace', 'SpaceToDepth', 'Pad']);

// The optimiser keeps a node's name and appends to it: "conv1_token_3" is conv1 on channels-last data, "fc/MatMulAddFusion"
// a product with its bias.
const original = (name) => name.replace(/_token_\d+$/, '').replace(/\/MatMulAddFusion$/, '');

// { onCodes: Map name → op, inFloat: Map name → op } by the names of the source.
export function placement(nodes) {
  const codes = new Set(), onCodes = new Map(), inFloat = new Map();
  for (const node of nodes) {
    const moves = kOnlyMove.has(node.op) && codes.has(node.inputs[0]);
    const integer = moves || kInteger.test(node.op);
    const givesFloat = node.op === 'MatMulIntegerToFloat' || (node.op === 'QGemm' && node.inputs.length < 8);
    if (node.op === 'QuantizeLinear' || (integer && !givesFloat)) for (const output of node.outputs) codes.add(output);
    if (node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear') continue;
    (integer ? onCodes : inFloat).set(original(node.name), node.op);
  }
  return { onCodes, inFloat };
}

const kLayers = /^(com\.microsoft\.)?(QLinearConv|QLinearMatMul|QGemm|MatMulIntegerToFloat|Conv|FusedConv|ConvTranspose|MatMul|Gemm)$/;

// What our engine says of its steps (bench --json) against what ONNX Runtime made of the same file: a list of sentences.
export function contradictions(steps, { onCodes, inFloat }) {
  const found = [];
  for (const { name, op, integer } of steps) {
    if (/^bitlathe\./.test(op) || /(Quantize|Dequantize)Linear$/.test(op)) continue;
    if (integer && inFloat.has(name)) {
      // ONNX Runtime pads in float between a DequantizeLinear and a QuantizeLinear; padding codes with the code of 0 gives the same codes.
      if (op !== 'Pad') found.push(`${name}: ${op} on codes here, ${inFloat.get(name)} in float there`);
    } else if (integer && kLayers.test(op) && !onCodes.has(name)) found.push(`${name}: ${op} here, no node of that name there`);
    else if (!integer && onCodes.has(name) && kLayers.test(op)) found.push(`${name}: ${op} in float here, ${onCodes.get(name)} there`);
  }
  return found;
}
export const isConv = (op) => /(QLinear|Fused)?Conv$/.test(op);
export const isProduct = (op) => /(QLinearMatMul|QGemm|MatMulIntegerToFloat)$/.test(op);
