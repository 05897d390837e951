/** @file Numbers, tables and failures as people read them. */
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { describeCommand } from '../../src/next-command.ts';
import { describeFailure } from '../../src/terminal/failures.ts';
import {
  describeCount,
  formatColumns,
  formatDuration,
  formatInteger,
  formatPercent,
} from '../../src/terminal/words.ts';
import { DivergedError } from '../../src/training/diverged.ts';

describe('numbers', () => {
  it.each([
    [0, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [200, '3 min 20 s'],
    [3599.6, '1 h 00 min'],
    [7509, '2 h 05 min'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(formatDuration(seconds)).toBe(words);
  });

  it('have two decimals as percent, commas between thousands, and a plural', () => {
    expect([formatPercent(0.97412), formatPercent(1)]).toEqual(['97.41 %', '100.00 %']);
    expect([formatInteger(999.4), formatInteger(1_234_567.8)]).toEqual(['999', '1,234,568']);
    expect([describeCount(0, 'run'), describeCount(1, 'run'), describeCount(2, 'run')]).toEqual([
      '0 runs',
      '1 run',
      '2 runs',
    ]);
  });
});

describe('a table', () => {
  it('aligns its columns on the left and ends no line with spaces', () => {
    const rows = [
      ['1', 'yes'],
      ['12345', ''],
    ];
    expect(formatColumns(['id', 'answer'], rows)).toBe('id     answer\n1      yes\n12345');
  });
});

describe('the next command', () => {
  it('names the results folder where it is not the usual one, quoted where a shell would split it', () => {
    expect(describeCommand('sweep', ['configs/a.yaml'], 'results')).toBe('td sweep configs/a.yaml');
    expect(describeCommand('run', ['my a.yaml'], 'my results')).toBe(
      "td run 'my a.yaml' --results 'my results'",
    );
    expect(describeCommand('run', ["it's.yaml"], 'results')).toBe("td run 'it'\\''s.yaml'");
  });
});

describe('a failure', () => {
  it('of the user or of a training is its message', () => {
    expect(describeFailure(new UserError('a.yaml does not exist'))).toBe('a.yaml does not exist');
    expect(describeFailure(new DivergedError('the loss is NaN'))).toBe('the loss is NaN');
  });

  it('of the file system is one sentence with the path', () => {
    expect(failureOf(() => mkdirSync(`${import.meta.filename}/x`))).toBe(
      `cannot mkdir ${import.meta.filename}/x: not a directory (ENOTDIR)`,
    );
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      errno: -28,
      syscall: 'write',
    });
    expect(describeFailure(full)).toBe('cannot write: no space left on device (ENOSPC)');
  });

  it('of the program itself shows its stack', () => {
    expect(describeFailure(new TypeError('x is not a function'))).toMatch(
      /^TypeError: x is not a function\n +at /,
    );
  });
});

function failureOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return describeFailure(error);
  }
  throw new Error('nothing failed');
}
