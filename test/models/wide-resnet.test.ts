/** @file Wide ResNet's parameters and prunable weights, counted by hand. */
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { createModel, type ModelSettings } from '../../src/models/registry.ts';
import { countParameters } from '../../src/pruning/accounting.ts';

const CIFAR = [32, 32, 3] as const;

function settings(model: object): ModelSettings {
  return runSettingsSchema.parse({ model }).model;
}

describe('Wide ResNet', () => {
  /** 3×3 first convolution, stages of k·16, k·32 and k·64 filters, batch normalisation, logits; a shortcut if shapes differ. */
  function parametersByHand(depth: number, width: number): number {
    const units = (depth - 4) / 6;
    const stages = [16, 32, 64].map((filters) => filters * width);
    let [sum, inputs] = [3 * 3 * 3 * 16, 16];
    for (const [stage, filters] of stages.entries()) {
      sum += 9 * inputs * filters + (2 * units - 1) * 9 * filters * filters;
      sum += stage > 0 || inputs !== filters ? inputs * filters : 0;
      sum += 2 * (inputs + (2 * units - 1) * filters);
      inputs = filters;
    }
    return sum + 2 * inputs + inputs * 10 + 10;
  }

  it.each([
    [28, 10, 36_479_194],
    [16, 4, 2_748_890],
    [40, 4, 8_949_210],
    [16, 1, 175_066],
  ])('WRN-%i-%i has %i parameters', (depth, width, total) => {
    expect(parametersByHand(depth, width)).toBe(total);
    const model = createModel(settings({ name: 'wide-resnet', depth, width }), CIFAR, 10);
    expect(countParameters(model)).toBe(total);
  });

  it('is WRN-28-10 unless its settings say otherwise', () => {
    expect(countParameters(createModel(settings({ name: 'wide-resnet' }), CIFAR, 10))).toBe(36_479_194);
  });

  it('prunes all convolutions but the first, which with the two shortcuts makes its depth', () => {
    const { prunable } = createModel(settings({ name: 'wide-resnet', depth: 16, width: 1 }), CIFAR, 10);
    // 12 in units and 2 shortcuts: at width 1 the first stage keeps the shape of its input.
    expect(prunable).toHaveLength(14);
    expect(prunable.every(({ layer }) => layer === 'convolution')).toBe(true);
    expect(prunable.map(({ name }) => name)).not.toContain('conv1/kernel');
    expect(prunable.at(-1)).toMatchObject({ name: 'stage3.unit2.conv2/kernel', outputShape: [8, 8, 64] });
  });

  it.each([12, 4, 29, 999])('refuses a depth of %i, which no number of units gives', (depth) => {
    expect(() => settings({ name: 'wide-resnet', depth })).toThrow('expected 4 more than a multiple of 6');
  });
});
