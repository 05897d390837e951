/** @file A graphics card that computes a step wrongly is refused; one that rounds otherwise is not. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NamedArrays } from '../../../../src/arrays.ts';
import { DeviceError } from '../../../../src/engines/device-error.ts';
import { createCpuEngine } from '../../../../src/engines/onnx/cpu-engine.ts';
import { SelfTest } from '../../../../src/engines/onnx/webgpu/self-test.ts';
import type { Program } from '../../../../src/engines/types.ts';
import { createTrainingCase } from '../../../support/training-cases.ts';

const CARD = { kind: 'hardware', name: 'Some Card', driver: 'driver 1' } as const;
const MODEL = Uint8Array.of(1, 2, 3);
const cpu = await createCpuEngine({ threads: 1 });
const trainings = {
  lenet: createTrainingCase('lenet', { name: 'targeted', granularity: 'weight' }),
  // Its last groups have gradients that are nothing but rounding errors.
  vgg: createTrainingCase('vgg', { name: 'none' }, { optimizer: { name: 'adam' } }),
};

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'td-cache-'));
  vi.stubEnv('TD_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

type Change = (arrays: NamedArrays) => void;
interface Faults {
  readonly fetches?: Change;
  readonly state?: Change;
}

/** The first run of a training step on a card whose results come out changed. */
async function firstRun(training: keyof typeof trainings, { fetches, state }: Faults, card = CARD) {
  const { compiled, state: start, feedsOf } = trainings[training];
  const program = await cpu.compile(compiled.step, compiled.signature);
  await program.writeState(start);
  const faulty: Program = {
    ...program,
    async run(feeds) {
      const results = await program.run(feeds);
      const next = await program.readState();
      state?.(next);
      await program.writeState(next);
      fetches?.(results);
      return results;
    },
    readState: () => program.readState(),
  };
  const run = new SelfTest(cpu, card).firstRunOf(compiled.step, compiled.signature, MODEL);
  try {
    return await run?.(faulty, feedsOf(0));
  } finally {
    program.dispose();
  }
}

const change =
  (name: string, change: (value: number, index: number) => number): Change =>
  (arrays) =>
    arrays[name]?.forEach((value, index, array) => {
      array[index] = change(value, index);
    });
const everywhere =
  (factor: (index: number) => number): Change =>
  (arrays) => {
    for (const name of Object.keys(arrays)) change(name, (value, index) => value * factor(index))(arrays);
  };

describe('a card whose numbers are those of the processor', () => {
  it.each(['lenet', 'vgg'] as const)('passes with a step of %s, rounded otherwise', async (training) => {
    const rounded = everywhere((index) => 1 + 1e-7 * Math.cos(index));
    const fetches = await firstRun(training, { state: rounded });
    expect(fetches?.loss?.[0]).toBeGreaterThan(0);
  });

  it('passes with a ReLU that is decided otherwise: a hundredth of one array', async () => {
    const velocity = 'optimizer/velocity/dense1/kernel';
    const largest = 0.01;
    await firstRun('lenet', {
      state: (arrays) => change(velocity, (value, index) => value * (index % 100 ? 1 : 1 + largest))(arrays),
    });
  });

  it('is not tested again with the same driver and model, and is with another', async () => {
    expect(await firstRun('lenet', {})).toBeDefined();
    expect(readdirSync(join(cache, 'webgpu-self-tests'))).toHaveLength(1);
    expect(await firstRun('lenet', {})).toBeUndefined();
    expect(await firstRun('lenet', {}, { ...CARD, driver: 'driver 2' } as never)).toBeDefined();
  });

  it('is tested in each process while its driver is unknown', async () => {
    const card = { kind: 'unknown', name: 'adapter' } as never;
    expect(await firstRun('lenet', {}, card)).toBeDefined();
    expect(await firstRun('lenet', {}, card)).toBeDefined();
  });
});

describe('a card that computes wrongly', () => {
  it.each([
    ['one array of the state', { state: change('conv2/kernel', (value) => value * 1.01) }, 'conv2/kernel'],
    ['a column of a bias', { state: change('conv1/bias', (_, index) => (index ? 0 : 1)) }, 'conv1/bias'],
    ['the loss', { fetches: change('loss', (value) => value * 1.02) }, 'loss'],
    ['zeros', { fetches: everywhere(() => 0) }, 'loss'],
    ['no numbers', { state: change('logits/bias', () => Number.NaN) }, 'logits/bias'],
  ] as const)('is refused for %s, in one sentence', async (_, faults, where) => {
    const refused = firstRun('lenet', faults as Faults);
    await expect(refused).rejects.toThrow(DeviceError);
    await expect(refused).rejects.toThrow(
      /^the graphics card \(Some Card\) computes this step wrongly: [^\n]+; another driver may help/,
    );
    await expect(refused).rejects.toThrow(`"${where}" differs`);
    expect(readdirSync(cache)).toEqual([]);
  });
});
