// The networks that the tests export: where they lie, what they read, and samples for calibration and for the test.
// Samples are what the network takes: preprocessing is done here, so that both sides see the same bits.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { floats, joined, readNpz, slice, toHalf } from './arrays.mjs';

// raw (N × H × W × C bytes) as N × C × H × W floats (x / 255 - mean) / std.
function imagesToPlanes({ shape: [count, height, width, channels = 1], data }, mean, std) {
  const out = new Float32Array(data.length), area = height * width;
  for (let n = 0; n < count; ++n)
    for (let p = 0; p < area; ++p)
      for (let c = 0; c < channels; ++c)
        out[(n * channels + c) * area + p] = (data[(n * area + p) * channels + c] / 255 - mean[c]) / std[c];
  return floats([count, channels, height, width], out);
}

// Each plane stretched to side × side, between pixels by straight lines; channel c gets scale * x + shift[c].
function stretched({ shape: [count, channels, height, width], data }, side, order, scale, shift) {
  const out = new Float32Array(count * channels * side * side);
  let at = 0;
  for (let n = 0; n < count; ++n)
    for (let c = 0; c < channels; ++c) {
      const plane = data.subarray((n * channels + order[c]) * height * width);
      for (let y = 0; y < side; ++y) {
        const fy = Math.min(y * height / side, height - 1), y0 = Math.floor(fy), y1 = Math.min(y0 + 1, height - 1), ty = fy - y0;
        for (let x = 0; x < side; ++x) {
          const fx = Math.min(x * width / side, width - 1), x0 = Math.floor(fx), x1 = Math.min(x0 + 1, width - 1), tx = fx - x0;
          const upper = plane[y0 * width + x0] * (1 - tx) + plane[y0 * width + x1] * tx;
          const lower = plane[y1 * width + x0] * (1 - tx) + plane[y1 * width + x1] * tx;
          out[at++] = scale * (upper * (1 - ty) + lower * ty) + shift[c];
        }
      }
    }
  return floats([count, channels, side, side], out);
}

// One photograph in `count` versions: shifted along both axes (what leaves on one side returns on the other), darker and brighter.
function variants({ shape: [, channels, height, width], data }, count) {
  const out = new Float32Array(count * data.length);
  for (let n = 0; n < count; ++n) {
    const dx = (n * 53) % width, dy = (n * 31) % height, gain = 1 - 0.6 * n / count;
    for (let c = 0; c < channels; ++c)
      for (let y = 0; y < height; ++y)
        for (let x = 0; x < width; ++x)
          out[((n * channels + c) * height + y) * width + x] = gain * data[(c * height + (y + dy) % height) * width + (x + dx) % width];
  }
  return floats([count, channels, height, width], out);
}

// Sentences of small numbers: valid tokens of every vocabulary here.
const tokens = (count, length, step) => ({ type: 'int64', shape: [count, length], data: BigInt64Array.from({ length: count * length }, (_, i) => BigInt(4 + (i * step + Math.floor(i / length) * 7) % 53)) });

const asFloats = ({ shape, data }, scale) => floats(shape, Float32Array.from(data, (x) => x * scale));

// The same numbers in every run, -1 to 1.
function noise(shape) {
  let seed = 7;
  const next = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 1073741824) - 1;
  return floats(shape, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next));
}

// Networks of tests/golden/keras with one image or sequence as input, its shape, and its name where it is not NAME_in.
const kKerasShapes = [['conv2d_same', [9, 8, 3]], ['conv2d_depthwise', [8, 7, 3]], ['conv2d_transpose', [4, 5, 2]], ['conv1d', [11, 3]], ['pooling', [9, 7, 2]],
  ['activations', [6]], ['prelu', [4, 4, 3]], ['layernorm', [5, 6]], ['lstm', [6, 4]], ['gru', [6, 4]], ['bidirectional_concat', [5, 3]], ['masking', [5, 3], 'steps'], ['bilinear', [3, 4, 2], 'image']];

const kImageNet = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];

// What the tests export: model, presets, and samples(): { input: all samples }. The first `calibration` samples
// calibrate, the next `tests` are compared, in one run where the network takes any batch, else `batch` at a time.
// floatBetween: float operators (attention, RMS norms) stand between its integer products. Only networks that are
// here; `missing` is told about the others.
export function cases(root, missing) {
  const corpus = (path) => join(root, '../shared/corpus', path), demo = (path) => join(root, 'resources/demo', path);
  const cifar = (count) => slice(readNpz(corpus('cifar10-data/cifar10_test_exact_342.npz')).images, 0, count);
  const mnist = (count) => slice(readNpz(corpus('mnist-data/mnist_test_first2000.npz')).images, 0, count);
  const squeeze = () => stretched(imagesToPlanes(cifar(10), [0, 0, 0], [1, 1, 1]), 224, [2, 1, 0], 255, [-104, -117, -123]);
  const glyphs = (file, count) => imagesToPlanes({ ...slice(readNpz(demo(file)).images, 0, count), shape: [count, 32, 32, 1] }, [0.5], [0.25]);
  const rows = [
    {
      name: 'glyphs', model: demo('glyphs.onnx'), calibration: 128, tests: 64,
      presets: ['float', 'int8', 'int8-percentile', 'int8-entropy', 'int8-tensor', 'mixed-safe', 'int8-weights', 'int4-g128', 'int4-channel', 'int4-g32', 'int3-g64', 'ternary'],
      samples: () => ({ image: joined(glyphs('glyphs_calibration.npz', 128), glyphs('glyphs_test.npz', 64)) }),
      topOne: { data: demo('glyphs_test.npz'), input: 'image', prepare: () => glyphs('glyphs_test.npz', 1980), labels: () => readNpz(demo('glyphs_test.npz')).labels },
    },
    {
      name: 'resnet20', model: corpus('resnet20-cifar10-onnx/resnet20.onnx'), calibration: 128, tests: 64,
      presets: ['float', 'int8', 'int8-tensor', 'mixed-safe', 'int8-weights', 'int4-g128', 'int4-channel'],
      samples: () => ({ input: imagesToPlanes(cifar(192), ...kImageNet) }),
    },
    {
      name: 'resnet8-keras', model: corpus('resnet8-cifar10-keras/pretrainedResnet.h5'), calibration: 128, tests: 64,
      presets: ['float', 'int8', 'int8-weights', 'int4-channel'],
      samples: () => ({ input_1: asFloats(cifar(192), 1) }),
    },
    {
      name: 'lenet-keras', model: corpus('lenet-mnist-keras/LeNet.h5'), calibration: 128, tests: 64,
      presets: ['float', 'int8', 'int8-weights', 'mixed-safe'],
      samples: () => ({ input_1: floats([192, 28, 28, 1], asFloats(mnist(192), 1 / 255).data) }),
    },
    ...kKerasShapes.map(([name, shape, input = `${name}_in`]) => ({
      name: `keras-${name}`, model: join(root, 'tests/golden/keras', `${name}.h5`), calibration: 32, tests: 8,
      presets: ['float', 'int8', 'int8-weights'],
      samples: () => ({ [input]: noise([40, ...shape]) }),
    })),
    {
      name: 'mnist', model: corpus('mnist-onnx-safetensors/mnist.onnx'), calibration: 128, tests: 8, batch: 1,
      presets: ['float', 'int8', 'int8-weights', 'int4-g128', 'int4-channel', 'mixed-safe'],
      samples: () => ({ 'input.1': imagesToPlanes(mnist(136), [0.1307], [0.3081]) }),
    },
    {
      name: 'selfattention', model: corpus('selfattention-mnist-onnx/self-attention-mnist-pgd-medium-sim.onnx'), calibration: 128, tests: 8, batch: 1,
      presets: ['float', 'int8', 'int8-weights', 'int4-g128', 'int4-channel', 'mixed-safe'],
      samples: () => ({ input_1: floats([136, 28, 28, 1], imagesToPlanes(mnist(136), [0], [1]).data) }),
    },
    {
      name: 'ultraface', model: corpus('ultraface-rfb320-onnx/version-RFB-320.onnx'), calibration: 8, tests: 2, batch: 1,
      presets: ['float', 'int8', 'int8-weights', 'int4-channel', 'mixed-safe'],
      samples: () => ({ input: variants(readNpz(corpus('ultraface-rfb320-onnx/ref_io.npz')).in_input, 10) }),
    },
    {
      name: 'squeezenet', model: corpus('squeezenet-imagenet-onnx/squeezenet1.1_fp32.onnx'), calibration: 8, tests: 2, batch: 1,
      presets: ['float', 'int8', 'int4-channel', 'mixed-safe'],
      samples: () => ({ data_0: squeeze() }),
    },
    {
      name: 'squeezenet-fp16', model: corpus('squeezenet-imagenet-onnx/SqueezeNet_fp16.onnx'), calibration: 8, tests: 2, batch: 1,
      presets: ['float', 'int8', 'int8-weights'],
      samples: () => ({ data_0: toHalf(squeeze()) }),
    },
    {
      name: 'stories', model: corpus('stories260k-llm/derived/stories260K.onnx'), calibration: 4, tests: 2, batch: 1, floatBetween: true,
      presets: ['float', 'int8', 'int8-weights', 'int4-g128', 'int4-g32', 'int4-channel'],
      samples: () => ({ input_ids: tokens(6, 24, 17) }),
    },
    {
      name: 'bart', model: corpus('bart-g2p-us/derived/us_bart_teacher_forced.onnx'), calibration: 4, tests: 2, batch: 1, floatBetween: true,
      presets: ['float', 'int8', 'int8-weights', 'int4-g128', 'int4-channel'],
      samples: () => ({ input_ids: tokens(6, 14, 11), decoder_input_ids: tokens(6, 12, 5) }),
    },
  ];
  return rows.filter((row) => existsSync(row.model) || (missing(row), false));
}
