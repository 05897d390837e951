/** @file Checks the benchmark's command line: what is left out means everything, and what is wrong is refused. */
import { describe, expect, it, vi } from 'vitest';
import { parseOptions } from '../../../scripts/peers/options.ts';
import { SIDES } from '../../../scripts/peers/sides.ts';
import { listComparands, taskOf, taskOfSide, WORKLOADS } from '../../../scripts/peers/workloads.ts';
import { UserError } from '../../../src/errors.ts';

describe('the command line of the peer benchmark', () => {
  it('measures everything unless it is told otherwise', () => {
    const { sides, precision, only, variants, what, images, rounds, out, checkOnly, resume } = parseOptions(
      [],
    );
    // Everything that can run here, which the command line does not know.
    expect([sides, precision]).toEqual([undefined, undefined]);
    expect(only.map(({ name }) => name)).toEqual(['mlp', 'lenet', 'resnet20', 'resnet32', 'vgg16']);
    expect({ variants, what, images, rounds, out, checkOnly, resume }).toEqual({
      variants: ['none', 'targeted-weight'],
      what: ['step', 'evaluation'],
      images: 'own',
      rounds: 5,
      out: 'results/bench/peers.csv',
      checkOnly: false,
      resume: false,
    });
  });

  it('takes lists in any order, each word once', () => {
    const options = parseOptions(['--only', 'lenet, mlp,lenet', '--what', 'evaluation', '--threads', '1']);
    expect(options.only.map(({ name }) => name)).toEqual(['mlp', 'lenet']);
    expect(options.what).toEqual(['evaluation']);
    expect(parseOptions(['--sides', 'pytorch,onnx,pytorch']).sides).toEqual(['onnx', 'pytorch']);
    expect(parseOptions(['--precision', 'bfloat16,float32', '--resume'])).toMatchObject({
      precision: ['float32', 'bfloat16'],
      resume: true,
    });
    expect(options.threads).toBe(1);
  });

  it.each([
    [['--only', 'lennet'], '--only: there is no "lennet" (did you mean "lenet"?)'],
    [
      ['--variants', 'targeted-weigth'],
      '--variants: there is no "targeted-weigth" (did you mean "targeted-weight"?)',
    ],
    [['--sides', 'onnx,tensorflw'], '--sides: there is no "tensorflw" (did you mean "tensorflow"?)'],
    [['--precision', 'bf16'], '--precision: there is no "bf16"'],
    [['--images', 'nois'], '--images: there is no "nois" (did you mean "noise"?)'],
    [['--what', ''], '--what: there is no ""'],
    [['--rounds', '0'], '--rounds is "0", expected a whole number above 0'],
    [['--rounds', '1', '--rounds', '2'], '--rounds is given twice'],
  ])('refuses %j in a sentence', (parameters, message) => {
    expect(() => parseOptions(parameters)).toThrow(UserError);
    expect(() => parseOptions(parameters)).toThrow(message);
  });

  it('refuses flags that it does not know', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(() => parseOptions(['--round', '3'])).toThrow();
    expect(write.mock.calls.join('')).toContain('unknown option "--round" (did you mean "--rounds"?)');
    write.mockRestore();
  });
});

describe('the workloads', () => {
  it('are measured variant by variant, evaluation once', () => {
    const rows = listComparands(WORKLOADS.slice(0, 1), ['none', 'targeted-weight'], ['step', 'evaluation']);
    expect(rows.map(({ variant, what }) => [variant, what])).toEqual([
      ['none', 'step'],
      ['targeted-weight', 'step'],
      ['any', 'evaluation'],
    ]);
  });

  it('train by the protocol: clipping at 1, momentum 0.9, alpha 0.66, gamma 0.75', () => {
    const [workload] = WORKLOADS;
    const { settings } = taskOf({ workload: workload as never, variant: 'targeted-weight', what: 'step' }, 2);
    expect(settings.schedule).toMatchObject({
      gradientClip: 1,
      optimizer: { name: 'momentum', momentum: 0.9 },
      batchSize: 128,
    });
    expect(settings.regularizer).toMatchObject({
      name: 'targeted',
      granularity: 'weight',
      dropRate: 0.66,
      targetRate: 0.75,
    });
  });
});

describe('the task of a side', () => {
  it('has its precision in its settings, and nothing else of its own', () => {
    const [workload] = WORKLOADS;
    const task = taskOf({ workload: workload as never, variant: 'none', what: 'step' }, 2);
    for (const side of SIDES) {
      const { precision, ...settings } = taskOfSide(task, side).settings;
      expect(precision).toBe(side.endsWith('bfloat16') ? 'bfloat16' : 'float32');
      expect({ ...settings, precision: 'float32' }).toEqual(task.settings);
    }
  });
});
