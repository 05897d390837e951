/** @file The self-test passes what computes the step, and nothing else. */
import { describe, expect, it } from 'vitest';
import { createOnnxEngine } from '../../../../src/engines/onnx/engine.ts';
import { judge, testAddon } from '../../../../src/engines/tensorflow/installation/self-test.ts';
import { compareStep } from '../../../../src/engines/tensorflow/installation/self-test-step.ts';
import type { Engine } from '../../../../src/engines/types.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { writeFiles } from './fakes.ts';

const OUTCOME = {
  version: '2.21.0',
  usesGpu: false,
  seconds: 0.3,
  largestDifference: 4e-8,
  where: 'conv1/kernel[3]',
  largestChange: 0.1,
};
const ended = (outcome: object, more = {}) => ({
  code: 0,
  stdout: `${JSON.stringify({ ...OUTCOME, ...outcome })}\n`,
  stderr: 'log\n',
  ...more,
});
const failed = (stderr: string, more = {}) => ({ code: 1, stdout: '', stderr, ...more });

/** An engine that computes well, with one number of its results changed. */
async function createWrongEngine(change: (state: Float32Array) => void): Promise<Engine> {
  const engine = await createOnnxEngine({ threads: 1 });
  return {
    ...engine,
    async compile(step, signature) {
      const program = await engine.compile(step, signature);
      return {
        run: (feeds) => program.run(feeds),
        writeState: (values) => program.writeState(values),
        dispose: () => program.dispose(),
        async readState() {
          const state = await program.readState();
          change(state['conv2/kernel'] as Float32Array);
          return state;
        },
      };
    },
  };
}

describe('the step of the self-test', () => {
  it('agrees between two engines that compute it, and moves the weights by much more than they differ', async () => {
    const { largestDifference, largestChange } = await compareStep(() => createOnnxEngine({ threads: 1 }));
    expect(largestDifference).toBeLessThan(1e-5);
    expect(largestChange).toBeGreaterThan(1e-2);
  });

  it('finds one wrong weight, one that is no number, and says where', async () => {
    const wrong = await compareStep(() =>
      createWrongEngine((kernel) => kernel.fill((kernel[17] ?? 0) + 0.01, 17, 18)),
    );
    expect(wrong).toMatchObject({ where: 'conv2/kernel[17]' });
    expect(wrong.largestDifference).toBeCloseTo(0.01, 4);
    const none = await compareStep(() => createWrongEngine((kernel) => kernel.fill(Number.NaN, 5, 6)));
    expect(none).toMatchObject({ where: 'conv2/kernel[5]', largestDifference: Number.POSITIVE_INFINITY });
  });
});

describe('the self-test', () => {
  it('passes a step that agrees, with the device and the log', () => {
    expect(judge(ended({}))).toMatchObject({ devices: ['CPU'], version: '2.21.0', log: 'log\n' });
    const stderr =
      'Created device /device:GPU:0 with 4 MB memory:  -> device: 0, name: NVIDIA A40, pci bus id: 0000:65:00.0\n';
    expect(judge(ended({ usesGpu: true }, { stderr })).devices).toEqual(['GPU (NVIDIA A40)']);
    expect(judge(ended({ usesGpu: true })).devices).toEqual(['GPU (CUDA)']);
  });

  it('refuses a step that differs, is no number, or was not taken at all', () => {
    const message = (outcome: object) => {
      try {
        return judge(ended(outcome)).version;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message({ largestDifference: 0.02 })).toBe(
      'the self-test failed: a training step of LeNet-5 differs from the reference engine by 0.020 at conv1/kernel[3], expected at most 0.0001',
    );
    expect(message({ largestDifference: null })).toMatch(/ by Infinity at conv1\/kernel\[3\]/);
    expect(message({ largestChange: 0 })).toMatch(/^the self-test failed/);
  });

  it.each([
    [
      failed('', { code: undefined, endedBy: 'SIGILL' }),
      'this processor does not know the instructions (AVX)',
    ],
    [
      failed('', { code: undefined, endedBy: 'SIGKILL' }),
      'the system ended it, most likely for want of memory',
    ],
    [failed('', { code: undefined, endedBy: 'SIGSEGV' }), 'its process ended with SIGSEGV'],
    [
      failed(
        'x.js:1\nError: libtensorflow_cc.so.2: cannot open shared object file: No such file or directory\n at',
      ),
      'the library libtensorflow_cc.so.2 does not load',
    ],
    [
      failed(
        "Error: /lib/libm.so.6: version `GLIBC_2.29' not found (required by /x/libtensorflow_cc.so.2)\n",
      ),
      "this system's libraries are older than TensorFlow needs (GLIBC_2.29)",
    ],
    [
      failed(
        'UserError: TensorFlow does not load: libtensorflow_cc.so.2: cannot open shared object file: No such file; "td engines install tensorflow --force" builds it anew\n',
      ),
      'the library libtensorflow_cc.so.2 does not load',
    ],
    [failed('TypeError: that is no function\n  at x\n'), 'TypeError: that is no function'],
  ])('says in one sentence how its process ended', (ended, reason) => {
    expect(() => judge(ended)).toThrow(`the self-test failed: ${reason}`);
  });

  it('refuses a module that does not load, by a process of its own', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'tensorflow.node': 'not a module' });
    await expect(testAddon(`${folder}/tensorflow.node`)).rejects.toThrow(
      /^the self-test failed: .*tensorflow\.node: (file too short|invalid ELF header|[^;]*not a mach-o[^;]*)$/i,
    );
  });
});
