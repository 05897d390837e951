/** @file Settings that several models have. */
import { z } from 'zod';
import { count, listOf, positive, rate } from '../settings/values.ts';

/** Units of each hidden layer. Networks of more layers compile for hours; the size of the network bounds the widths. */
export const widths = listOf(count, 1, 200);

export const initializers = z.enum(['glorotUniform', 'glorotNormal']);
export const initializer = initializers.default('glorotUniform');

/** The paper's code has these two numbers in all its networks. */
export const batchNorm = z
  .strictObject({
    /** Share of a moving average that each step keeps. */
    momentum: rate.lt(1).default(0.997),
    /** Added to the variance before its root is taken. */
    epsilon: positive.default(1e-3),
  })
  .prefault({});

/** Whether the first convolution is dropped and pruned like the others. The paper exempts it, its code does not in VGG and LeNet. */
export const firstConvolution = z.enum(['exempt', 'prunable']).default('exempt');

/** For the names of networks in tables. */
export function describeFirstConvolution({
  firstConvolution: kind,
}: {
  readonly firstConvolution: string;
}): string {
  return kind === 'exempt' ? '' : ', first convolution prunable';
}
