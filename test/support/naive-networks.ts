/** @file The networks as plain loops in double precision, with a seam where a regularizer would act. */
import {
  type Grid,
  type Numbers64,
  naiveBias,
  naiveConvolution,
  naiveMatMul,
  naiveMaxPool,
  naiveRelu,
  naiveStandardize,
} from './naive-layers.ts';

export type NaiveParameters = Readonly<Record<string, Numbers64>>;

/** What stands for a layer's linear operation: gets the kernel's name and the plain operation. */
export type NaiveLinear = (
  x: Numbers64,
  kernelName: string,
  apply: (x: Numbers64, kernel: Numbers64) => number[],
) => number[];

export function plainLinear(parameters: NaiveParameters): NaiveLinear {
  return (x, kernelName, apply) => apply(x, parameterOf(parameters, kernelName));
}

/** `dense1` … `denseN` with ReLU, then `logits`; x is `[batch, inputs]`. */
export function naiveClassifier(
  x: Numbers64,
  inputs: number,
  depth: number,
  parameters: NaiveParameters,
  linear: NaiveLinear,
): number[] {
  const names = Array.from({ length: depth }, (_, index) => `dense${index + 1}`);
  let width = inputs;
  const dense = (input: Numbers64, name: string): number[] => {
    const bias = parameterOf(parameters, `${name}/bias`);
    const y = linear(input, `${name}/kernel`, (a, kernel) => naiveMatMul(a, kernel, width, bias.length));
    width = bias.length;
    return naiveBias(y, bias);
  };
  return dense(
    names.reduce<Numbers64>((input, name) => naiveRelu(dense(input, name)), x),
    'logits',
  );
}

export function naiveLenet(
  images: Grid,
  depth: number,
  standardize: boolean,
  parameters: NaiveParameters,
  linear: NaiveLinear,
): number[] {
  const block = (x: Grid, name: string): Grid => {
    const bias = parameterOf(parameters, `${name}/bias`);
    let shape = x.shape;
    const data = linear(x.data, `${name}/kernel`, (input, kernel) => {
      const y = naiveConvolution({ data: input, shape: x.shape }, kernel, 5, bias.length);
      shape = y.shape;
      return [...y.data];
    });
    return naiveMaxPool({ data: naiveRelu(naiveBias(data, bias)), shape });
  };
  const pooled = block(block(standardize ? naiveStandardize(images) : images, 'conv1'), 'conv2');
  const features = pooled.data.length / images.shape[0];
  return naiveClassifier(pooled.data, features, depth, parameters, linear);
}

export function parameterOf(parameters: NaiveParameters, name: string): Numbers64 {
  const parameter = parameters[name];
  if (parameter === undefined) throw new Error(`no parameter "${name}"`);
  return parameter;
}
