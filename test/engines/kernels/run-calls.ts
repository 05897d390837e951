/** @file Runs several kernel calls as one step, on any engine. */

import * as tf from '@tensorflow/tfjs';
import type { NamedArrays, NamedSpecs } from '../../../src/arrays.ts';
import type { Engine } from '../../../src/engines/types.ts';
import { runOnce } from '../../support/engines.ts';
import type { KernelCalls } from './kernel-table.ts';
import { type KernelCall, numbersOf, type Operand } from './samples.ts';

/**
 * The results of each call: a list of numbers for each output of the kernel, booleans as 0 and 1, behind its shape.
 * Calls share a step because compiling one costs more than running it.
 */
export async function runCalls(
  engine: Engine,
  kernel: string,
  table: KernelCalls,
  batch: readonly KernelCall[],
): Promise<number[][][]> {
  const feeds: NamedArrays = {};
  const specs: Record<string, NamedSpecs[string]> = {};
  for (const [index, { inputs }] of batch.entries()) {
    for (const [name, operand] of Object.entries(inputs)) {
      feeds[`${index}/${name}`] = numbersOf(operand);
      specs[`${index}/${name}`] = {
        shape: operand.shape,
        dtype: operand.type === 'float32' ? 'float32' : 'int32',
      };
    }
  }
  const step = (_: unknown, tensors: Readonly<Record<string, tf.Tensor>>) => {
    const outputs = batch.flatMap((call, index) =>
      callKernel(kernel, table, call, (name) => tensors[`${index}/${name}`] as tf.Tensor).map(
        (output, position) => [`${index}/${position}`, output] as const,
      ),
    );
    return { state: {}, fetches: Object.fromEntries(outputs) };
  };
  const { fetches } = await runOnce(engine, step, { state: {}, feeds: specs }, { feeds });
  return batch.map((call, index) => {
    const names = Object.keys(fetches).filter((name) => name.startsWith(`${index}/`));
    const outputs = names.map((name) => Array.from(fetches[name] ?? []));
    return [...(table.arrange?.(outputs, call) ?? outputs)];
  });
}

function callKernel(
  kernel: string,
  table: KernelCalls,
  { inputs, attributes }: KernelCall,
  feedOf: (name: string) => tf.Tensor,
): tf.Tensor[] {
  const entries = Object.entries(inputs).map(
    ([name, operand]) => [name, prepare(operand, feedOf(name))] as const,
  );
  const given: Record<string, tf.Tensor> = Object.fromEntries(entries);
  const complete = table.complete?.(given, attributes) ?? given;
  // tfjs' own ops hand lists to kernels in this way, against the declared type.
  const operands = (table.list ? Object.values(complete) : complete) as tf.NamedTensorMap;
  const result: tf.Tensor | tf.Tensor[] = tf
    .engine()
    .runKernel(kernel, operands, attributes as unknown as tf.NamedAttrMap);
  return [result].flat().map((output) => (output.dtype === 'bool' ? tf.cast(output, 'int32') : output));
}

/** Turns a feed into the operand: booleans from 0 and 1, channels first by a convolution that changes no number. */
function prepare({ type, channelsFirst, shape }: Operand, feed: tf.Tensor): tf.Tensor {
  let tensor = feed;
  if (channelsFirst) {
    const channels = shape.at(-1) ?? 1;
    const identity = tf.reshape(tf.eye(channels), [1, 1, channels, channels]) as tf.Tensor4D;
    tensor = tf.conv2d(tf.cast(feed, 'float32') as tf.Tensor4D, identity, 1, 'valid');
  }
  return tf.cast(tensor, type);
}
