/** @file Engines are found by name, and what cannot run is said in one sentence. */
import { describe, expect, it } from 'vitest';
import { chooseEngine, listEngines } from '../../src/engines/registry.ts';
import { ENGINE_NAMES } from '../../src/engines/types.ts';
import { UserError } from '../../src/errors.ts';

const statuses = await listEngines();
const tensorflow = statuses.find(({ name }) => name === 'tensorflow');
const hasGpu =
  tensorflow?.available === true && tensorflow.devices.some((device) => device.startsWith('GPU'));

describe('the list of engines', () => {
  it('has every engine once, in the order in which they are preferred', () => {
    expect(statuses.map(({ name }) => name)).toEqual([...ENGINE_NAMES]);
  });

  it('says devices and version of those that can run, and why the others cannot', () => {
    for (const status of statuses) {
      if (status.available) {
        expect(status.devices.length).toBeGreaterThan(0);
        expect(status.version).toMatch(/\d+\.\d+/);
      } else {
        expect(status.reason).not.toContain('\n');
        expect(status.reason.length).toBeLessThan(200);
      }
    }
  });

  it('always has the engines that are installed with the program', () => {
    const available = statuses.filter((status) => status.available).map(({ name }) => name);
    expect(available).toContain('onnx');
    expect(available).toContain('reference');
  });
});

describe('an engine chosen by name', () => {
  it.each(['onnx', 'reference'] as const)('%s is created with its device in words', async (name) => {
    const { engine, reason } = await chooseEngine(name, { threads: 1 });
    expect(engine.name).toBe(name);
    expect(engine.device).toMatch(/^CPU, 1 thread\b/);
    expect(reason).toBe('asked for');
  });

  it('runs with the number of threads that is asked for', async () => {
    const { engine } = await chooseEngine('onnx', { threads: 3 });
    expect(engine.device).toBe('CPU, 3 threads');
  });

  it('is refused with the nearest name if there is none of that name', async () => {
    await expect(chooseEngine('onxx')).rejects.toThrow(
      new UserError('unknown engine "onxx" (did you mean "onnx"?)'),
    );
    await expect(chooseEngine('pytorch')).rejects.toThrow(
      new UserError('unknown engine "pytorch" (expected one of: auto, onnx, tensorflow, reference)'),
    );
  });

  it.skipIf(tensorflow?.available)(
    'tensorflow is refused with one sentence where it cannot run',
    async () => {
      const error: unknown = await chooseEngine('tensorflow').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).toMatch(/^the engine "tensorflow" cannot run here: /);
      expect((error as UserError).message).not.toContain('\n');
    },
  );
});

describe('an option of another engine', () => {
  it.each([
    ['onnx', { device: 'gpu' }, 'the engine "onnx" has no device "gpu"'],
    ['reference', { device: 'webgpu' }, 'the engine "reference" has no device "webgpu"'],
    ['tensorflow', { device: 'webgpu' }, 'the engine "tensorflow" has no device "webgpu"'],
    ['onnx', { eager: true }, '--eager is an option of the engine "tensorflow", not of "onnx"'],
    ['reference', { xla: true }, '--xla is an option of the engine "tensorflow", not of "reference"'],
  ] as const)('is refused: %s %o', async (name, options, sentence) => {
    const error: unknown = await chooseEngine(name, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(sentence);
  });
});

describe('the engine chosen automatically', () => {
  it.skipIf(hasGpu)('is onnx where TensorFlow has no GPU', async () => {
    const { engine, reason } = await chooseEngine('auto', { threads: 1 });
    expect(engine.name).toBe('onnx');
    expect(reason).toBe('the fastest engine here');
  });
});
