/** @file The networks with batch normalisation as plain loops in double precision. */
import { naiveMoments, naiveNormalize } from './naive-batch-norm.ts';
import {
  type Grid,
  type Numbers64,
  naiveBias,
  naiveMatMul,
  naiveMaxPool,
  naiveRelu,
} from './naive-layers.ts';
import { type NaiveLinear, type NaiveParameters, parameterOf } from './naive-networks.ts';

interface Network {
  readonly parameters: NaiveParameters;
  readonly linear: NaiveLinear;
  readonly epsilon: number;
  /** Normalise by the moving averages instead of the batch's moments. */
  readonly evaluates?: boolean;
  /** ReLU after VGG's dense layers. */
  readonly denseRelu?: boolean;
  /** False: units of a ResNet begin with a convolution. */
  readonly firstActivation?: boolean;
}

/** A pre-activation ResNet with the given units in each of its stages, whose first units have 1×1 convolutions as shortcuts. */
export function naiveResnet(images: Grid, stages: number, units: number, network: Network): number[] {
  const first = convolve(images, 'conv1', 7, 1, network);
  return naiveResidualStages(first, stages, units, (_, unit) => unit === 1, network);
}

/**
 * A Wide ResNet of three stages. With width 1 the first stage has as many filters as the first convolution, and so no
 * convolution on any shortcut.
 */
export function naiveWideResnet(images: Grid, depth: number, width: number, network: Network): number[] {
  const first = convolve(images, 'conv1', 3, 1, network);
  const hasConvolution = (stage: number, unit: number) => unit === 1 && (stage > 1 || width > 1);
  return naiveResidualStages(first, 3, (depth - 4) / 6, hasConvolution, network);
}

function naiveResidualStages(
  first: Grid,
  stages: number,
  units: number,
  convolvesShortcut: (stage: number, unit: number) => boolean,
  network: Network,
): number[] {
  let x = first;
  for (let stage = 1; stage <= stages; stage++) {
    for (let unit = 1; unit <= units; unit++) {
      const name = `stage${stage}.unit${unit}`;
      const stride = stage > 1 && unit === 1 ? 2 : 1;
      const activated =
        network.firstActivation === false ? x : normalizeAndActivate(x, `${name}.norm1`, network);
      const shortcut = convolvesShortcut(stage, unit)
        ? convolve(activated, `${name}.shortcut`, 1, stride, network)
        : x;
      const hidden = convolve(activated, `${name}.conv1`, 3, stride, network);
      const residual = convolve(
        normalizeAndActivate(hidden, `${name}.norm2`, network),
        `${name}.conv2`,
        3,
        1,
        network,
      );
      x = { ...residual, data: residual.data.map((value, index) => value + Number(shortcut.data[index])) };
    }
  }
  const last = normalizeAndActivate(x, 'norm', network);
  return dense(averagePixels(last), last.shape[3], 'logits', network);
}

/** VGG-16 with the given number of hidden dense layers. */
export function naiveVgg(images: Grid, denseLayers: number, network: Network): number[] {
  let x = images;
  for (const [group, convolutions] of [2, 2, 3, 3, 3].entries()) {
    for (let index = 1; index <= convolutions; index++) {
      const layer = `group${group + 1}.conv${index}`;
      x = normalizeAndActivate(convolve(x, layer, 3, 1, network), `${layer}.norm`, network);
    }
    x = naiveMaxPool(x);
  }
  let features: Numbers64 = x.data;
  let width = x.data.length / images.shape[0];
  for (let index = 1; index <= denseLayers; index++) {
    const hidden = dense(features, width, `dense${index}`, network);
    width = hidden.length / images.shape[0];
    const normalized = normalize(hidden, `dense${index}.norm`, network);
    features = network.denseRelu ? naiveRelu(normalized) : normalized;
  }
  return dense(features, width, 'logits', network);
}

function dense(x: Numbers64, inputs: number, layer: string, { parameters, linear }: Network): number[] {
  const y = linear(x, `${layer}/kernel`, (input, kernel) =>
    naiveMatMul(input, kernel, inputs, kernel.length / inputs),
  );
  const bias = parameters[`${layer}/bias`];
  return bias === undefined ? y : naiveBias(y, bias);
}

function normalize(x: Numbers64, layer: string, { parameters, epsilon, evaluates }: Network): number[] {
  const of = (name: string) => parameterOf(parameters, `${layer}/${name}`);
  const moments = evaluates
    ? { mean: of('mean'), variance: of('variance') }
    : naiveMoments(x, of('scale').length);
  return naiveNormalize(x, moments, of('scale'), of('shift'), epsilon);
}

function normalizeAndActivate(x: Grid, layer: string, network: Network): Grid {
  return { ...x, data: naiveRelu(normalize(x.data, layer, network)) };
}

function averagePixels({ data, shape: [batch, height, width, channels] }: Grid): number[] {
  const sums = new Array<number>(batch * channels).fill(0);
  data.forEach((value, index) => {
    const image = Math.floor(index / (height * width * channels));
    const target = image * channels + (index % channels);
    sums[target] = Number(sums[target]) + value / (height * width);
  });
  return sums;
}

function convolve(
  x: Grid,
  layer: string,
  size: number,
  stride: number,
  { parameters, linear }: Network,
): Grid {
  const [batch, height, width, channels] = x.shape;
  const filters = parameterOf(parameters, `${layer}/kernel`).length / (size * size * channels);
  const shape = [batch, Math.ceil(height / stride), Math.ceil(width / stride), filters] as const;
  const data = linear(x.data, `${layer}/kernel`, (input, kernel) =>
    convolveSame({ data: input, shape: x.shape }, kernel, size, stride, shape),
  );
  return { data, shape };
}

/** Convolution with zeros around such that every `stride`-th pixel has an output; of odd padding more is behind. */
function convolveSame(
  { data, shape: [, height, width, channels] }: Grid,
  kernel: Numbers64,
  size: number,
  stride: number,
  [batch, outHeight, outWidth, filters]: Grid['shape'],
): number[] {
  const before = (extent: number, outExtent: number) =>
    Math.floor(Math.max(0, (outExtent - 1) * stride + size - extent) / 2);
  const [top, left] = [before(height, outHeight), before(width, outWidth)];
  const result = new Array<number>(batch * outHeight * outWidth * filters).fill(0);
  for (let target = 0; target < result.length; target++) {
    const filter = target % filters;
    const column = Math.floor(target / filters) % outWidth;
    const row = Math.floor(target / filters / outWidth) % outHeight;
    const image = Math.floor(target / filters / outWidth / outHeight);
    let sum = 0;
    for (let tap = 0; tap < size * size; tap++) {
      const y = row * stride + Math.floor(tap / size) - top;
      const z = column * stride + (tap % size) - left;
      if (y < 0 || y >= height || z < 0 || z >= width) continue;
      for (let channel = 0; channel < channels; channel++) {
        const pixel = ((image * height + y) * width + z) * channels + channel;
        sum += Number(data[pixel]) * Number(kernel[(tap * channels + channel) * filters + filter]);
      }
    }
    result[target] = sum;
  }
  return result;
}
