/** @file Layers as plain loops in double precision, to compare tensor programs with. */

export interface Grid {
  readonly data: readonly number[];
  /** `[batch, height, width, channels]` */
  readonly shape: readonly [number, number, number, number];
}

export type Numbers64 = readonly number[];

const at = (values: Numbers64, index: number): number => {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length}`);
  return value;
};

/** `[batch, inputs] · [inputs, units]` */
export function naiveMatMul(x: Numbers64, kernel: Numbers64, inputs: number, units: number): number[] {
  const result: number[] = [];
  for (let row = 0; row < x.length / inputs; row++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += at(x, row * inputs + i) * at(kernel, i * units + unit);
      result.push(sum);
    }
  }
  return result;
}

/** Valid convolution with stride 1; kernel `[size, size, channels, filters]`. */
export function naiveConvolution(x: Grid, kernel: Numbers64, size: number, filters: number): Grid {
  const [batch, height, width, channels] = x.shape;
  const [outHeight, outWidth] = [height - size + 1, width - size + 1];
  const data: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let filter = 0; filter < filters; filter++) {
          let sum = 0;
          for (let i = 0; i < size; i++) {
            for (let j = 0; j < size; j++) {
              for (let c = 0; c < channels; c++) {
                const pixel = ((n * height + row + i) * width + column + j) * channels + c;
                sum += at(x.data, pixel) * at(kernel, ((i * size + j) * channels + c) * filters + filter);
              }
            }
          }
          data.push(sum);
        }
      }
    }
  }
  return { data, shape: [batch, outHeight, outWidth, filters] };
}

/** Maximum over 2×2 blocks; a block at an odd edge has fewer pixels. */
export function naiveMaxPool(x: Grid): Grid {
  const [batch, height, width, channels] = x.shape;
  const [outHeight, outWidth] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const data = new Array<number>(batch * outHeight * outWidth * channels).fill(-Infinity);
  x.data.forEach((value, index) => {
    const channel = index % channels;
    const column = Math.floor(index / channels) % width;
    const row = Math.floor(index / channels / width) % height;
    const image = Math.floor(index / channels / width / height);
    const target =
      ((image * outHeight + Math.floor(row / 2)) * outWidth + Math.floor(column / 2)) * channels + channel;
    data[target] = Math.max(at(data, target), value);
  });
  return { data, shape: [batch, outHeight, outWidth, channels] };
}

/** Adds a bias along the last axis. */
export function naiveBias(x: Numbers64, bias: Numbers64): number[] {
  return x.map((value, index) => value + at(bias, index % bias.length));
}

export function naiveRelu(x: Numbers64): number[] {
  return x.map((value) => Math.max(0, value));
}

/** `(x − mean) / max(sd, 1/sqrt(n))` of each image. */
export function naiveStandardize(x: Grid): Grid {
  const count = x.data.length / x.shape[0];
  const data = x.data.map((value, index) => {
    const first = Math.floor(index / count) * count;
    const image = x.data.slice(first, first + count);
    const mean = image.reduce((sum, pixel) => sum + pixel, 0) / count;
    const variance = image.reduce((sum, pixel) => sum + (pixel - mean) ** 2, 0) / count;
    return (value - mean) / Math.max(Math.sqrt(variance), 1 / Math.sqrt(count));
  });
  return { data, shape: x.shape };
}
