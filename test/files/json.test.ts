/** @file JSON and the ends of files that earlier runs wrote. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UserError } from '../../src/errors.ts';
import { LARGEST_RECORD, readJson } from '../../src/files/json.ts';
import { readEnd } from '../../src/files/read.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const anything = z.record(z.string(), z.unknown());

function fileWith(content: string): string {
  const path = join(temporaryFolder(), 'file.json');
  writeFileSync(path, content);
  return path;
}

describe('readJson', () => {
  it.each([
    [
      'values nested so deeply that printing them would fail',
      `{"a":${'['.repeat(9000)}${']'.repeat(9000)}}`,
      /too deeply, expected at most 40 levels$/,
    ],
    ['a key that schemas pass over', '{"a":{"__proto__":{"b":1}}}', /has a key "__proto__", expected none$/],
    [
      'a file larger than any record',
      ' '.repeat(LARGEST_RECORD + 1),
      /holds 1048577 bytes, expected at most 1048576$/,
    ],
  ])('refuses %s', (_, content, message) => {
    const path = fileWith(content);
    expect(() => readJson(path, anything)).toThrow(UserError);
    expect(() => readJson(path, anything)).toThrow(message);
  });

  it('takes keys that are only words of JavaScript', () => {
    expect(readJson(fileWith('{"constructor":1,"toString":2}'), anything)).toEqual({
      constructor: 1,
      toString: 2,
    });
  });
});

describe('readEnd', () => {
  it('gives the last bytes, of a file of any size', () => {
    const path = fileWith('abcdef');
    expect(readEnd(path, 2).toString()).toBe('ef');
    expect(readEnd(path, 100).toString()).toBe('abcdef');
    truncateSync(path, 100e9);
    expect(readEnd(path, 3)).toEqual(Buffer.alloc(3));
  });

  it('gives nothing where there is no file', () => {
    expect(readEnd(join(temporaryFolder(), 'absent'), 9)).toHaveLength(0);
    expect(readEnd(temporaryFolder(), 9)).toHaveLength(0);
  });
});
