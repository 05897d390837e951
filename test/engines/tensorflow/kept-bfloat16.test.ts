/** @file Images that stay in bfloat16 between convolutions on TensorFlow: what td's own kernels make of them, and where they are taken. */
import { expect, it } from 'vitest';
import { multipliesBfloat16 } from '../../../src/engines/precision.ts';
import { Bfloat16Builder, KeptBfloat16Builder } from '../../../src/engines/tensorflow/bfloat16.ts';
import { lowerOperations } from '../../../src/engines/tensorflow/lower/lower.ts';
import { loadNative } from '../../../src/engines/tensorflow/native/load.ts';
import { planProgram } from '../../../src/engines/tensorflow/plan.ts';
import { roundToBfloat16 } from '../../support/bfloat16.ts';
import { computeElsewhere } from '../../support/own-kernels.ts';
import { describeAbsent } from '../../support/required-engines.ts';
import { describeTensorflow } from '../../support/tensorflow.ts';
import { createTrainingCase } from '../../support/training-cases.ts';
import { computeKept, computePlainly, drawArrays, hashKept, IMAGES, type ImagesShape } from './norm-cases.ts';

/** Half the distance of two neighbours in bfloat16, relative to them. */
const HALF_STEP = 2 ** -8;
/** Rounding of sums of thousands of numbers in float32, of the largest. */
const ROUNDING = 5e-6;

const SCRIPT = 'kept-process.ts';

describeTensorflow('images of bfloat16', () => {
  const native = loadNative({ threads: 2, device: 'cpu', deterministic: true });
  if (!multipliesBfloat16()) {
    it.skip('skipped: the processor has no instructions for bfloat16, where td refuses it', () => {});
    return;
  }
  if (!native.bfloat16) {
    const reason = "an installation without td's kernels (td engines install tensorflow --force)";
    return describeAbsent('tensorflow', reason);
  }

  it.each(IMAGES.map((shape) => [shape]))(
    'of %j are normalised and summed as plain loops do in double precision, and rounded once',
    async (shape) => {
      const drawn = drawArrays(shape);
      const rounded = { ...drawn, x: roundToBfloat16(drawn.x), slope: roundToBfloat16(drawn.slope) };
      const found = await computeKept(shape, native, drawn);
      const wanted = computePlainly(shape, rounded);
      for (const [name, array] of Object.entries(wanted)) {
        const isImage = name === 'y' || name === 'dx';
        const largest = array.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
        const actual = found[name] as Float32Array;
        if (isImage) expect(roundToBfloat16(actual), name).toEqual(actual);
        const isOff = (number: number, place: number) =>
          !(
            Math.abs((actual[place] ?? Number.NaN) - number) <=
            (isImage ? HALF_STEP * Math.abs(number) : 0) + ROUNDING * largest
          );
        expect(
          [...array.keys()].filter((place) => isOff(array[place] as number, place)),
          name,
        ).toEqual([]);
      }
      const halves = roundToBfloat16(rounded.x.map((number) => -number / 2));
      expect(found.sum).toEqual(
        roundToBfloat16(rounded.x.map((number, place) => number + (halves[place] as number))),
      );
    },
  );

  it('pass NaN on, and large numbers to infinity', async () => {
    const shape = IMAGES[0] as ImagesShape;
    const drawn = drawArrays(shape);
    // All of the channels of a pixel: a convolution adds them up.
    drawn.x[20] = Number.NaN;
    const { y, sum } = await computeKept(shape, native, drawn);
    expect(Array.from(sum ?? [], Number.isNaN)).toEqual(
      Array.from(drawn.x, (_, place) => Math.floor(place / 16) === 1),
    );
    expect(Array.from(y ?? [], Number.isNaN)).not.toContain(false);
    const large = drawArrays(shape);
    large.x.fill(3e38, 0, 1);
    const { sum: sums } = await computeKept(shape, native, large);
    expect(sums?.[0]).toBeGreaterThan(1e38);
  });

  it('stand in every place between the convolutions of a ResNet, and are cast nowhere but at its ends', () => {
    const { compiled } = createTrainingCase('blockedResnet', { name: 'none' });
    const plan = planProgram(compiled.step, compiled.signature, new Set(), native, 'bfloat16');
    const nodesOf = (builder: Bfloat16Builder) => {
      for (const { value } of plan.rest.inputs) builder.define(value, builder.add('Placeholder', [], {}));
      lowerOperations(plan.rest, builder);
      const used = new Set(builder.nodes.flatMap(({ inputs }) => inputs.map(({ node }) => node)));
      return builder.nodes.filter((node) => node.op !== 'Cast' || used.has(node));
    };
    const count = (nodes: ReturnType<typeof nodesOf>, op: string) =>
      nodes.filter((node) => node.op === op).length;
    const [kept, cast] = [nodesOf(new KeptBfloat16Builder()), nodesOf(new Bfloat16Builder())];
    expect(count(kept, 'TdNormRelu')).toBe(0);
    expect(count(kept, 'TdNormReluBfloat16')).toBe(count(cast, 'TdNormRelu'));
    expect(count(kept, 'TdNormReluGradientBfloat16')).toBe(count(cast, 'TdNormReluGradient'));
    expect(count(kept, 'TdAddBfloat16')).toBeGreaterThan(0);
    expect(count(kept, 'Conv2D')).toBe(count(cast, 'Conv2D'));
    // What was computed in bfloat16 is widened for the mean over each image alone, but for gradients of filters, which stay in float32.
    const widened = kept.filter(
      ({ op, inputs: [from] }) => op === 'Cast' && from?.node.op.match(/Bfloat16$|^Conv2D(BackpropInput)?$/),
    );
    expect(widened.map(({ inputs: [from] }) => from?.node.op)).toEqual(['TdNormReluBfloat16']);
  });

  it('are the same bits with one thread as with three, and every time', async () => {
    const one = computeElsewhere<readonly string[]>(SCRIPT, 1);
    expect(one).toHaveLength(IMAGES.length);
    expect(computeElsewhere(SCRIPT, 3)).toEqual(one);
    for (const [index, shape] of IMAGES.entries()) expect(await hashKept(shape, native)).toBe(one[index]);
  });
});
