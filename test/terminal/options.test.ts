/** @file Values of flags that are refused while the command line is read, before any command begins. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { availableThreads } from '../../src/engines/threads.ts';

/** Parses what the user types after `td`. Every case here fails before a command begins. */
async function refusalOf(typed: string): Promise<string> {
  try {
    const words = typed.split(' ');
    await (await createProgram(words)).parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') return error.message;
    throw error;
  }
  throw new Error(`td ${typed} was accepted`);
}

describe('more threads than the process may use', () => {
  const available = availableThreads();

  it('are refused if they are more than 16 times as many', async () => {
    expect(await refusalOf(`run a --threads ${16 * available + 1}`)).toBe(
      `--threads is "${16 * available + 1}", expected at most ${16 * available}, 16 times the ${available} that this process may use`,
    );
  });

  it('are warned of, and no others', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => write.mockRestore());
    await refusalOf(`run no-such-file --threads ${available}`);
    expect(write).not.toHaveBeenCalled();
    await refusalOf(`run no-such-file --threads ${available + 1}`);
    expect(write.mock.calls.map(([text]) => text)).toEqual([
      `warning: --threads ${available + 1} is more than the ${available} that this process may use; they will wait for one another\n`,
    ]);
  });
});

describe('a flag', () => {
  it.each([
    ['run a --engine onx', '--engine: there is no "onx" (did you mean "onnx"?)'],
    ['run a --engine x', '--engine: there is no "x" (expected one of: auto, onnx, tensorflow, reference)'],
    [
      'run a --seeds 0,a',
      '--seeds: "a" is no seed, expected whole numbers from 0 to 9007199254740991, separated by commas',
    ],
    [
      'run a --seeds 1,-1',
      '--seeds: "-1" is no seed, expected whole numbers from 0 to 9007199254740991, separated by commas',
    ],
    ['run a --seeds 9007199254740993', '--seeds: "9007199254740993" is no seed'],
    ['run a --seeds 1,1', '--seeds: "1" stands twice, expected each once'],
    ['run a --seeds 0,00', '--seeds: "0" stands twice, expected each once'],
    ['run a --seeds 1,,2', '--seeds is "1,,2", expected seeds separated by commas'],
    ['run a --only l1,none,l1', '--only: "l1" stands twice, expected each once'],
    ['run a --only none --only l1', '--only is given twice, expected one --only <variants>'],
    ['sweep --results a --results b', '--results is given twice, expected one --results <folder>'],
    ['run a --threads 0', '--threads is "0", expected a whole number above 0'],
    ['bench a --steps 1e3', '--steps is "1e3", expected a whole number above 0'],
    ['bench a --batch -5', '--batch is "-5", expected a whole number above 0'],
    ['sweep --granularity untis', '--granularity: there is no "untis" (did you mean "unit"?)'],
  ])('td %s is refused', async (typed, sentence) => {
    expect(await refusalOf(typed)).toContain(sentence);
  });
});
