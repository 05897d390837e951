/** @file JSON and the ends of files that earlier runs wrote. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UserError } from '../../src/errors.ts';
import { jsonNumber, LARGEST_RECORD, readJson } from '../../src/files/json.ts';
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

  it.each([
    ['a key that is not there', '{}', 'lacks "epoch", expected a number'],
    ['a value of another kind', '{"epoch":"three"}', ': "epoch" is "three", expected a number'],
    ['a value out of its range', '{"epoch":-1}', ': "epoch" is -1, expected a number of at least 0'],
    ['a part of a number', '{"epoch":1.5}', ': "epoch" is 1.5, expected a whole number'],
    ['none of several kinds', '{"epoch":1,"loss":[]}', ': "loss" is a list of 0, expected a number or "NaN"'],
    ['a value in a map', '{"epoch":1,"run":{"seed":null}}', ': "run.seed" is null, expected a number'],
    ['text of another form', '{"epoch":1,"at":"noon"}', ': "at" is "noon", expected a time such as 2025'],
    ['a part with words of its own', '{"epoch":1,"sha":"x"}', ': "sha" is "x", expected a SHA-256'],
    ['a list in place of all', '[1]', ' is a list of 1, expected a map'],
  ])('says in plain words what it expected in place of %s', (_, content, message) => {
    const schema = z.object({
      epoch: z.int().nonnegative(),
      loss: jsonNumber.optional(),
      run: z.object({ seed: z.number() }).optional(),
      at: z.iso.datetime().optional(),
      sha: z
        .string()
        .regex(/^[0-9a-f]+$/, 'expected a SHA-256')
        .optional(),
    });
    expect(() => readJson(fileWith(content), schema)).toThrow(message);
    expect(() => readJson(fileWith(content), schema)).not.toThrow(/invalid|received|undefined/i);
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
