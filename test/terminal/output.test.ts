/** @file Colours: in a terminal alone, and not where NO_COLOR is set. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { paint } from '../../src/terminal/output.ts';
import { formatColumns } from '../../src/terminal/words.ts';

const RED = '\u001b[31mfailed\u001b[39m';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Sets what standard output is, and NO_COLOR. */
function pretend(isTerminal: boolean, noColor: string): void {
  vi.spyOn(process, 'stdout', 'get').mockReturnValue({
    isTTY: isTerminal,
    columns: 80,
  } as typeof process.stdout);
  vi.stubEnv('NO_COLOR', noColor);
}

describe('paint', () => {
  it.each([
    ['colours in a terminal', true, '', RED],
    ['leaves text as it is elsewhere', false, '', 'failed'],
    ['leaves it as it is where NO_COLOR is set', true, '1', 'failed'],
  ])('%s', (_, isTerminal, noColor, expected) => {
    pretend(isTerminal, noColor);
    expect(paint('red', 'failed')).toBe(expected);
  });
});

describe('columns', () => {
  it('align as if colours were not there', () => {
    const plain = formatColumns(
      ['state', 'time'],
      [
        ['failed', '1 s'],
        ['ok', '2 s'],
      ],
    );
    expect(
      formatColumns(
        ['state', 'time'],
        [
          [RED, '1 s'],
          ['ok', '2 s'],
        ],
      ),
    ).toBe(plain.replace('failed', RED));
  });
});
