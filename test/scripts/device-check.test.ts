/** @file The check of a device tells one that computes rightly from one that does not. */
import { describe, expect, it } from 'vitest';
import { checkStep, listChecks } from '../../scripts/device-check/device.ts';
import { createCpuEngine } from '../../src/engines/onnx/cpu-engine.ts';
import type { Engine, Program } from '../../src/engines/types.ts';

const processor = await createCpuEngine({ threads: 1 });
const LIMITS = { seconds: 1, steps: 3 };

/** The processor as a device, whose programs are changed. */
const deviceWith = (change: (program: Program) => void): Engine => ({
  ...processor,
  async compile(step, signature) {
    const program = await processor.compile(step, signature);
    change(program);
    return program;
  },
});

describe('the check of a training step', () => {
  const [plain, targeted] = listChecks(['lenet']);

  it('is of every variant of the networks that are asked for', () => {
    expect(listChecks(['lenet', 'vgg16']).map(({ workload, variant }) => [workload.name, variant])).toEqual([
      ['lenet', 'none'],
      ['lenet', 'targeted-weight'],
      ['vgg16', 'none'],
      ['vgg16', 'targeted-weight'],
    ]);
  });

  it('passes a device that computes as the processor does, and times its steps', async () => {
    if (targeted === undefined) throw new Error('there is nothing to check');
    const found = await checkStep(targeted, processor, processor, LIMITS);
    expect(found).toMatchObject({
      network: 'lenet',
      variant: 'targeted-weight',
      batchSize: 128,
      isRight: true,
    });
    expect(found.stepMilliseconds).toBeGreaterThan(0);
    expect(found.steps).toBeGreaterThan(0);
    expect(found.difference).toBe(0);
  });

  it('names what a device computes wrongly', async () => {
    if (plain === undefined) throw new Error('there is nothing to check');
    const wrong = deviceWith((program) => {
      const readState = program.readState.bind(program);
      let reads = 0;
      program.readState = async () => {
        const state = await readState();
        // Before the step, and after it.
        if (reads++ > 0) state['conv2/kernel']?.reverse();
        return state;
      };
    });
    const found = await checkStep(plain, wrong, processor, LIMITS);
    expect(found).toMatchObject({ isRight: false, where: 'conv2/kernel' });
  });

  it('says why a device failed, and does not pass it', async () => {
    if (plain === undefined) throw new Error('there is nothing to check');
    const failing = deviceWith((program) => {
      program.run = () => Promise.reject(new Error('the graphics card was lost'));
    });
    expect(await checkStep(plain, failing, processor, LIMITS)).toMatchObject({
      isRight: false,
      failure: 'the graphics card was lost',
    });
  });
});
