/** @file Checks which sides take part: what is asked for, else what can run here. */
import { describe, expect, it } from 'vitest';
import {
  type Asked,
  findParticipants,
  type Searches,
  sidesFor,
} from '../../../scripts/peers/participants.ts';
import { type Choice, precisionOf, SIDES } from '../../../scripts/peers/sides.ts';
import { listComparands, WORKLOADS } from '../../../scripts/peers/workloads.ts';
import { locateTensorflow } from '../../../src/engines/tensorflow/installation/locate.ts';
import { UserError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../runs/temporary.ts';

const PYTHON = { command: 'python3', torch: '1.13.1', libraries: [] };

const ALL: Searches = {
  tensorflow: () => ({ version: '2.21.0' }) as never,
  python: () => PYTHON,
  multipliesBfloat16: () => true,
};
/** Of nothing, what td itself says of an installation that is not there. */
const NONE: Searches = {
  tensorflow: () => locateTensorflow(temporaryFolder()),
  python: () => {
    throw new UserError('PyTorch is not found');
  },
  multipliesBfloat16: () => false,
};
const EXACT_ALONE = { multipliesBfloat16: NONE.multipliesBfloat16 };
const BFLOAT16_HINT =
  'bfloat16: no AVX-512 BF16 or AMX is found in the processor, and without them it is slower than float32';
const find = (asked: Asked, searches: Partial<Searches>, isPythonNamed = false) =>
  findParticipants(asked, { ...ALL, ...searches }, isPythonNamed);

describe('the sides that take part', () => {
  it('are all that can run here unless they are named', () => {
    expect(find({}, {})).toEqual({
      sides: SIDES,
      tensorflow: '2.21.0',
      python: PYTHON,
      leftOut: [],
    });
    expect(find({}, { python: NONE.python, ...EXACT_ALONE })).toEqual({
      sides: ['onnx', 'tensorflow'],
      tensorflow: '2.21.0',
      leftOut: ['PyTorch is not found', BFLOAT16_HINT],
    });
    expect(find({}, { tensorflow: NONE.tensorflow, ...EXACT_ALONE })).toEqual({
      sides: ['onnx', 'pytorch-default', 'pytorch-channels_last'],
      python: PYTHON,
      leftOut: ['TensorFlow cannot run here: not installed, td engines install tensorflow', BFLOAT16_HINT],
    });
  });

  it('are those that are named, and nothing else is looked for', () => {
    const never = (): never => {
      throw new Error('was looked for');
    };
    const precision = ['float32'] as const;
    const sidesOf = (...[asked, searches, isNamed]: Parameters<typeof find>) =>
      find({ precision, ...asked }, { multipliesBfloat16: never, ...searches }, isNamed).sides;
    expect(sidesOf({ sides: ['tensorflow', 'pytorch'] }, {})).toEqual([
      'tensorflow',
      'pytorch-default',
      'pytorch-channels_last',
    ]);
    expect(sidesOf({ sides: ['onnx', 'pytorch'] }, { tensorflow: never })[0]).toBe('onnx');
    expect(sidesOf({ sides: ['onnx', 'tensorflow'] }, { python: never }, true)).toEqual([
      'onnx',
      'tensorflow',
    ]);
  });

  it('compute in bfloat16 as well where the processor does, and fail to where it is asked for in vain', () => {
    const inBfloat16 = (searches: Partial<Searches>) =>
      find({}, searches).sides.filter((side) => precisionOf(side) === 'bfloat16');
    expect(inBfloat16({})).toEqual([
      'tensorflow-bfloat16',
      'pytorch-default-bfloat16',
      'pytorch-channels_last-bfloat16',
    ]);
    expect(inBfloat16(EXACT_ALONE)).toEqual([]);
    expect(find({ precision: ['bfloat16'] }, {}).sides).toEqual(inBfloat16({}));
    expect(() => find({ precision: ['float32', 'bfloat16'] }, EXACT_ALONE)).toThrow(BFLOAT16_HINT);
    // A library alone in its precision has nothing to be compared with.
    expect(() => find({ sides: ['onnx', 'pytorch'], precision: ['bfloat16'] }, {})).toThrow(
      'there is nothing to compare among onnx, pytorch: only "pytorch" computes in bfloat16',
    );
  });

  it.each<[string, readonly Choice[] | undefined, boolean, RegExp]>([
    [
      'TensorFlow',
      ['onnx', 'tensorflow'],
      false,
      /^TensorFlow cannot run here: .*td engines install tensorflow$/,
    ],
    ['PyTorch', ['onnx', 'pytorch'], false, /^PyTorch is not found$/],
    ['PyTorch, whose interpreter is named', undefined, true, /^PyTorch is not found$/],
    [
      'everything else',
      undefined,
      false,
      /^there is nothing to compare "onnx" with: TensorFlow .*; PyTorch /,
    ],
    [
      'a second side',
      ['onnx'],
      false,
      /^there is nothing to compare "onnx" with: expected two or more of onnx, ten/,
    ],
  ])('cannot lack %s if it is asked for', (_, asked, isPythonNamed, message) => {
    expect(() => find(asked === undefined ? {} : { sides: asked }, NONE, isPythonNamed)).toThrow(UserError);
    expect(() => find(asked === undefined ? {} : { sides: asked }, NONE, isPythonNamed)).toThrow(message);
  });
});

describe('the sides of a row', () => {
  const rowsOf = (name: string) => {
    const workloads = WORKLOADS.filter((workload) => workload.name === name);
    return listComparands(workloads, ['none'], ['step', 'evaluation']).map((row) => sidesFor(row, SIDES));
  };

  it('have td in bfloat16 for steps alone: it evaluates in float32', () => {
    const [step, evaluation] = rowsOf('resnet20');
    expect(step).toEqual(SIDES);
    expect(evaluation).toEqual(SIDES.filter((side) => side !== 'tensorflow-bfloat16'));
  });

  it('have one layout and no bfloat16 of td where nothing is convolved', () => {
    const sides = ['onnx', 'tensorflow', 'pytorch-default', 'pytorch-default-bfloat16'];
    expect(rowsOf('mlp')).toEqual([sides, sides]);
  });
});
