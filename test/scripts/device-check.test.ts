/** @file The check of a device tells one that computes rightly from one that does not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkStep, listChecks, TIME_IS_UP } from '../../scripts/device-check/device.ts';
import { renderMarkdown } from '../../scripts/device-check/markdown.ts';
import { checkPytorch } from '../../scripts/device-check/pytorch.ts';
import {
  checkTensorflow,
  countPlacement,
  FORMS,
  type TensorflowCheck,
} from '../../scripts/device-check/tensorflow.ts';
import { createCpuEngine } from '../../src/engines/onnx/cpu-engine.ts';
import type { Engine, Program } from '../../src/engines/types.ts';
import { execute } from '../cli/td.ts';
import { describeTensorflow } from '../support/tensorflow.ts';

const hasPytorch = (): boolean =>
  spawnSync(process.env.TD_PYTHON || 'python3', ['-c', 'import torch']).status === 0;

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

  it('is left out once the time is up, and neither passes nor is begun', async () => {
    if (plain === undefined) throw new Error('there is nothing to check');
    const untouched = deviceWith(() => {
      throw new Error('something was compiled');
    });
    const found = await checkStep(plain, untouched, processor, { ...LIMITS, deadline: Date.now() - 1 });
    expect(found).toMatchObject({ isRight: false, failure: TIME_IS_UP });
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

describe('the table of what was measured', () => {
  it('has a row a network and a column a way, and no time for what was wrong', () => {
    const step = { network: 'lenet', variant: 'none', batchSize: 128, stepMilliseconds: 1.234 };
    const table = renderMarkdown(
      'a card',
      [
        { ...step, way: 'WebGPU', isRight: false },
        { ...step, way: 'TensorFlow, compiled', isRight: true },
        { ...step, variant: 'targeted-weight', way: 'WebGPU', isRight: true },
      ],
      [{ network: 'lenet', variant: 'none', stepMilliseconds: 2, layout: 'default' }],
    );
    expect(table).toMatchInlineSnapshot(`
      "a card, by \`npm run device-check\`

      | ms a step | WebGPU | TensorFlow, compiled | PyTorch |
      |---|---|---|---|
      | lenet, none | – | 1.23 | 2.00 |
      | lenet, targeted-weight | 1.23 | – | – |
      "
    `);
  });
});

describe('the check of PyTorch', () => {
  it('says that there is none, or that it finds no card, and fails nothing', async () => {
    const found = await checkPytorch({ ...LIMITS, networks: ['lenet'] });
    expect(found.version).toMatch(/PyTorch/);
    if (!found.version.includes(' on ')) expect(found.steps).toEqual([]);
  });

  it.skipIf(!hasPytorch())(
    'times its steps where there is one',
    async () => {
      const found = await checkPytorch({ seconds: 1, steps: 2, networks: ['lenet'], device: 'cpu' });
      expect(found.steps.map(({ network, variant, failure }) => [network, variant, failure])).toEqual([
        ['lenet', 'none', undefined],
        ['lenet', 'targeted-weight', undefined],
      ]);
      for (const { stepMilliseconds } of found.steps) expect(stepMilliseconds).toBeGreaterThan(0);
    },
    300_000,
  );
});

describe('the check of TensorFlow', () => {
  it('counts operations by the device on which TensorFlow places them', () => {
    const line = (node: string, device: string) =>
      `I0000 00:00:1795883878.487930   15388 placer.cc:172] ${node} placed on: /job:localhost/replica:0/task:0/device:${device}`;
    const log = [
      line('Mul_1(Mul)', 'GPU:0'),
      line('Mul_12(Mul)', 'GPU:0'),
      line('Sum_3(Sum)', 'CPU:0'),
      'other',
    ];
    expect(countPlacement(log.join('\n'))).toEqual({ 'Mul on GPU': 2, 'Sum on CPU': 1 });
  });
});

describeTensorflow('the command that checks a device', () => {
  it('ends processes that are at work when the time is up, and keeps what they found', async () => {
    const checkFor = async (seconds: number): Promise<TensorflowCheck> => {
      const began = Date.now();
      const found = await checkTensorflow({
        networks: ['lenet'],
        seconds: 600,
        steps: 1_000_000,
        epochSeconds: 600,
        deadline: began + 1000 * seconds,
      });
      expect(Date.now() - began).toBeLessThan(400_000);
      return found;
    };
    let found = await checkFor(9);
    // A machine that is busy takes longer to load TensorFlow.
    if (found.version === undefined) found = await checkFor(60);
    expect(found.version).toMatch(/^2\./);
    expect(found.failures).toEqual([]);
    expect(found.notes.join()).toContain('the time is up');
  });

  it('checks TensorFlow in every form on the processor, and says that there is no card', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'td-device-check-'));
    const out = join(folder, 'found.json');
    const flags = ['--networks', 'lenet', '--engines', 'tensorflow', '--seconds', '1', '--steps', '2'];
    const script = join(import.meta.dirname, '../../scripts/device-check/main.ts');
    // No limit on all of it, which a busy machine would reach.
    const limits = ['--epoch-seconds', '2', '--minutes', '120'];
    const words = ['--import', 'tsx/esm', script, ...flags, ...limits, '--out', out];
    const { code, stdout } = await execute(process.execPath, words, join(import.meta.dirname, '../..'));
    const { tensorflow } = JSON.parse(readFileSync(out, 'utf8')) as { tensorflow: TensorflowCheck };
    rmSync(folder, { recursive: true });
    expect(stdout).toContain('no graphics card is used');
    expect(tensorflow).toMatchObject({ isPresent: true, usesGpu: false, failures: [] });
    const rowsOf = (form: string) => tensorflow.forms.filter((row) => row.form === form);
    for (const form of ['eager', 'compiled', 'compiled, feeds as they are'])
      expect(rowsOf(form)).toMatchObject([
        { isRight: true, repeats: true, variant: 'none' },
        { isRight: true, repeats: true, variant: 'targeted-weight' },
      ]);
    expect(new Set(tensorflow.forms.map(({ form }) => form))).toEqual(new Set(Object.keys(FORMS)));
    expect(tensorflow.epochs[0]).toMatchObject({ network: 'mlp', images: 'MNIST' });
    // TensorFlow's own kernel, or td's.
    const kernels = ['Conv2D', 'TdImplicitGemm', 'TdRectifiedConvolution'];
    const placed = kernels.map((kernel) => tensorflow.placement[`${kernel} on CPU`] ?? 0);
    expect(placed.reduce((sum, count) => sum + count)).toBeGreaterThan(1);
    expect(code).toBe(0);
  });
});
