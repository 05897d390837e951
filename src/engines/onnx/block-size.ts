/** @file How many channels onnxruntime's blocked layout takes together on this machine. */
import { GraphBuilder } from '../../compiler/graph.ts';
import { orThrow } from '../../lookup.ts';
import { BLOCKED } from './lower/lowering.ts';
import type { OnnxOperation } from './operators.ts';
import { ort } from './runtime.ts';
import { serialize } from './serialize.ts';
import { dataOf } from './tensors.ts';

const CHANNELS = 16;
let known: Promise<number> | undefined;

/**
 * 16 with AVX-512, 8 with AVX2 or NEON, 0 where the layout is not as expected or not there. The operators belong to
 * onnxruntime's inside: they are used only if a small trial gives what they should.
 */
export function blockSize(): Promise<number> {
  known ??= probe().catch(() => 0);
  return known;
}

/** Reorders two pixels whose numbers tell channel and pixel: the place of the second pixel is the size of a block. */
async function probe(): Promise<number> {
  const builder = new GraphBuilder<OnnxOperation>();
  const shape = [1, CHANNELS, 1, 2];
  const input = builder.input(shape, 'float32');
  const output = builder.emitIn(BLOCKED, 'ReorderInput', [input], { shape }, { channels_last: 0 });
  const model = serialize({
    inputs: [{ name: 'x', value: input }],
    operations: builder.operations,
    outputs: [{ name: 'y', value: output }],
  });
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const numbers = Float32Array.from({ length: CHANNELS * 2 }, (_, index) => index);
  const results = await session.run({ x: new ort.Tensor('float32', numbers, shape) });
  await session.release();
  const found = Array.from(dataOf(orThrow(results.y, 'the trial returned nothing')));
  return [16, 8].find((block) => found.join() === expected(block).join()) ?? 0;
}

function expected(block: number): number[] {
  const order: number[] = [];
  for (let first = 0; first < CHANNELS; first += block)
    for (let pixel = 0; pixel < 2; pixel++)
      for (let channel = first; channel < first + block; channel++) order.push(channel * 2 + pixel);
  return order;
}
