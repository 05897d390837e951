/** @file Checks which sides take part: what is asked for, else what can run here. */
import { describe, expect, it } from 'vitest';
import { type Choice, findParticipants, type Searches } from '../../../scripts/peers/sides.ts';
import { locateTensorflow } from '../../../src/engines/tensorflow/installation/locate.ts';
import { UserError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../runs/temporary.ts';

const PYTHON = { command: 'python3', torch: '1.13.1', libraries: [] };

const ALL: Searches = { tensorflow: () => ({ version: '2.21.0' }) as never, python: () => PYTHON };
/** Of nothing, what td itself says of an installation that is not there. */
const NONE: Searches = {
  tensorflow: () => locateTensorflow(temporaryFolder()),
  python: () => {
    throw new UserError('PyTorch is not found');
  },
};
const find = (asked: readonly Choice[] | undefined, searches: Partial<Searches>, isPythonNamed = false) =>
  findParticipants(asked, { ...ALL, ...searches }, isPythonNamed);

describe('the sides that take part', () => {
  it('are all that can run here unless they are named', () => {
    const everything = { engines: ['onnx', 'tensorflow'], tensorflow: '2.21.0', python: PYTHON, leftOut: [] };
    expect(find(undefined, {})).toEqual(everything);
    expect(find(undefined, { python: NONE.python })).toEqual({
      engines: ['onnx', 'tensorflow'],
      tensorflow: '2.21.0',
      leftOut: ['PyTorch is not found'],
    });
    expect(find(undefined, { tensorflow: NONE.tensorflow })).toEqual({
      engines: ['onnx'],
      python: PYTHON,
      leftOut: ['TensorFlow cannot run here: not installed, td engines install tensorflow'],
    });
  });

  it('are those that are named, and nothing else is looked for', () => {
    const never = (): never => {
      throw new Error('was looked for');
    };
    expect(find(['tensorflow', 'pytorch'], {}).engines).toEqual(['tensorflow']);
    expect(find(['onnx', 'pytorch'], { tensorflow: never }).engines).toEqual(['onnx']);
    expect(find(['onnx', 'tensorflow'], { python: never }, true)).not.toHaveProperty('python');
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
    expect(() => find(asked, NONE, isPythonNamed)).toThrow(UserError);
    expect(() => find(asked, NONE, isPythonNamed)).toThrow(message);
  });
});
