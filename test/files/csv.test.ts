/** @file Checks tables on disk: exact numbers, quoting, and errors that name file and line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { formatCsv, formatNumber, readCsv, writeCsv } from '../../src/files/csv.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const COLUMNS = { name: 'text', pruneRate: 'number', kind: ['weight', 'unit'] } as const;

function fileWith(text: string): string {
  const path = join(temporaryFolder(), 'table.csv');
  writeFileSync(path, text);
  return path;
}

describe('CSV tables', () => {
  it('print a header in snake_case, a line a row, and quotes only where needed', () => {
    const rows = [
      { name: 'none', pruneRate: 0.1, kind: 'weight' },
      { name: 'a, "b"', pruneRate: 1e-7, kind: 'unit' },
    ] as const;
    expect(formatCsv(COLUMNS, rows)).toBe('name,prune_rate,kind\nnone,0.1,weight\n"a, ""b""",1e-7,unit\n');
  });

  it('print numbers so that none loses a bit', () => {
    expect(formatNumber(0.1 + 0.2)).toBe('0.30000000000000004');
    fc.assert(
      fc.property(fc.double(), (value) => Number(formatNumber(value)) === value || Number.isNaN(value)),
    );
  });

  it('without quotes are read as the parser reads them, mistakes included', () => {
    const field = fc.stringMatching(/^[a-z0-9. ]{0,4}$/);
    const line = fc.oneof(
      fc.array(field, { minLength: 1, maxLength: 4 }).map((fields) => fields.join()),
      fc.constant(''),
    );
    const table = fc.array(fc.oneof(line, fc.constantFrom('none,0.1,weight', 'l1,1e-7,unit')), {
      maxLength: 5,
    });
    const end = fc.constantFrom('', '\n', '\n\n');
    const outcomeOf = (text: string) => {
      const path = fileWith(text);
      try {
        return readCsv(path, COLUMNS);
      } catch (error) {
        return (error as Error).message.replace(path, 'table.csv');
      }
    };
    fc.assert(
      fc.property(table, end, (lines, last) => {
        const text = ['name,prune_rate,kind', ...lines].join('\n') + last;
        // A byte-order mark is the parser's.
        expect(outcomeOf(text)).toEqual(outcomeOf(`\uFEFF${text}`));
      }),
      { numRuns: 60 },
    );
  });

  it('come back as they were written', () => {
    const path = join(temporaryFolder(), 'table.csv');
    const row = { name: 'line\nbreak', pruneRate: 1 / 3, kind: 'unit' } as const;
    const rows = [
      row,
      { ...row, name: '', pruneRate: Number.NaN },
      { ...row, pruneRate: Number.NEGATIVE_INFINITY },
    ];
    writeCsv(path, COLUMNS, rows);
    expect(readCsv(path, COLUMNS)).toEqual(rows);
    const bytes = readFileSync(path, 'utf8');
    writeCsv(path, COLUMNS, readCsv(path, COLUMNS));
    expect(readFileSync(path, 'utf8')).toBe(bytes);
  });

  it('leave the field of an optional number that is not there empty', () => {
    const columns = { name: 'text', ratio: 'optional' } as const;
    const path = join(temporaryFolder(), 'table.csv');
    const rows = [
      { name: 'a', ratio: Number.NaN },
      { name: 'b', ratio: 1 / 3 },
    ];
    writeCsv(path, columns, rows);
    expect(readFileSync(path, 'utf8')).toBe('name,ratio\na,\nb,0.3333333333333333\n');
    expect(readCsv(path, columns)).toEqual(rows);
    expect(() => readCsv(fileWith('name,ratio\na,?\n'), columns)).toThrow(
      ':2: column ratio: expected a number or nothing, found "?"',
    );
    expect(() => readCsv(fileWith('name,prune_rate,kind\na,,unit\n'), COLUMNS)).toThrow(
      ':2: column prune_rate: expected a number, found ""',
    );
  });

  it('have no rows where there is no file', () => {
    expect(readCsv(join(temporaryFolder(), 'absent.csv'), COLUMNS)).toEqual([]);
  });

  it('are read with CRLF line ends and a byte order mark, as spreadsheets save them', () => {
    const path = fileWith('\uFEFFname,prune_rate,kind\r\nnone,0.5,unit\r\n');
    expect(readCsv(path, COLUMNS)).toEqual([{ name: 'none', pruneRate: 0.5, kind: 'unit' }]);
  });

  it.each([
    ['an empty file', '', ':1: expected the columns name,prune_rate,kind, found none'],
    [
      'another header',
      'name,rate,kind\n',
      ':1: expected the columns name,prune_rate,kind, found name,rate,kind',
    ],
    [
      'a word for a number',
      'name,prune_rate,kind\na,0.5,unit\nb,half,unit\n',
      ':3: column prune_rate: expected a number, found "half"',
    ],
    [
      'an empty number',
      'name,prune_rate,kind\na,,unit\n',
      ':2: column prune_rate: expected a number, found ""',
    ],
    [
      'an unknown word',
      'name,prune_rate,kind\na,0.5,weigth\n',
      ':2: column kind: unknown value "weigth" (did you mean "weight"?)',
    ],
    ['a row that is too short', 'name,prune_rate,kind\na,0.5\n', ':2: not a valid CSV table'],
    [
      'a quote that is never closed',
      'name,prune_rate,kind\na,0.5,unit\n"b,0.5,unit\n',
      'not a valid CSV table',
    ],
    [
      'other columns, however many lines follow',
      'a\n'.repeat(1_000_000),
      ':1: expected the columns name,prune_rate,kind, found a',
    ],
    [
      'more rows than any table has',
      `name,prune_rate,kind\n${'a,0.5,unit\n'.repeat(100_001)}`,
      'has more than 100000 rows',
    ],
    [
      'a field without end',
      `name,prune_rate,kind\n"${'x'.repeat(10_000)}",0.5,unit\n`,
      ':2: not a valid CSV table',
    ],
  ])('are refused with file and line for %s', (_, text, message) => {
    const path = fileWith(text);
    expect(() => readCsv(path, COLUMNS)).toThrow(UserError);
    expect(() => readCsv(path, COLUMNS)).toThrow(message);
    expect(() => readCsv(path, COLUMNS)).toThrow(path);
  });
});
