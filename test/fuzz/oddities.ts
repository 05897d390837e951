/** @file Words and values that have broken programs before. */
import fc from 'fast-check';

/** Text that is odd as a name, a path, a number or on a terminal. */
export const ODD_WORDS: readonly string[] = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '...',
    '/',
    '-',
    '--',
    '~',
    '*',
    '?',
    '!',
    '&',
    '%s',
    '$HOME',
    '$(id)',
    '`id`',
    "'",
    '"',
  ],
  ...[
    '../../x',
    '/dev/null/x',
    'a/b',
    'a\\b',
    'C:\\x',
    'CON',
    'nul.txt',
    'x.csv',
    'x.',
    '.hidden',
    'seed-0-00000000',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'prototype',
    'valueOf',
    'undefined',
    'null',
    'true',
  ],
  ...[
    'NaN',
    '.nan',
    '.inf',
    '-.inf',
    'Infinity',
    '1e308',
    '1e309',
    '-1',
    '-0',
    '0',
    '00',
    '007',
    '1.5',
    '1e3',
    '0x10',
  ],
  ...[
    '9007199254740993',
    '1'.repeat(400),
    '10px',
    '5%',
    '1,000',
    '1_000',
    '½',
    '٣',
    '1e-400',
    '0.1.2',
    '1:30',
  ],
  ...['\u202e', '\u200b', '\ufeff', '💥', 'é', 'ß'.repeat(3), '\ud800', '\u2028', '名前'],
  ...[
    '\u001b[31m',
    '\u0007',
    '\n',
    '\r\n',
    '\t',
    'a\nb',
    'x'.repeat(300),
    'y'.repeat(20_000),
    '[]',
    '{}',
    '{a: b}',
    '[[',
  ],
];

const ODD_NUMBERS = [0, -0, -1, 1, 0.5, 1.5, 1e12, 1e15, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, Number.NaN];

export const oddWord = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD_WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

const oddNumber = fc.oneof(
  fc.constantFrom(...ODD_NUMBERS, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.double(),
  fc.integer(),
);

/** Any value that YAML or JSON can hold, plain more often than nested. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: oddNumber },
  { weight: 4, arbitrary: oddWord },
  { weight: 1, arbitrary: fc.constantFrom(null, true, false) },
  { weight: 1, arbitrary: fc.array(fc.oneof(oddNumber, oddWord), { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.dictionary(oddWord, fc.oneof(oddNumber, oddWord), { maxKeys: 3 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100 }).map(nestDeeply) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 30_000 }).map((count) => new Array(count).fill(1)) },
);

function nestDeeply(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A word with a slip of the hand in it: a letter left out, doubled, exchanged with the next, or in upper case. */
export function slip(word: string, kind: number, at: number): string {
  const index = at % Math.max(1, word.length);
  const [before, letter, after] = [word.slice(0, index), word[index] ?? '', word.slice(index + 1)];
  return (
    [
      before + after,
      before + letter + letter + after,
      before + after.slice(0, 1) + letter + after.slice(1),
      before + letter.toUpperCase() + after,
    ][kind % 4] ?? word
  );
}
