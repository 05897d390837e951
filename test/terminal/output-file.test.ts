/** @file Files that a flag names, and that cannot be written. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requireOutputFile } from '../../src/terminal/output-file.ts';
import { temporaryFolder } from '../runs/temporary.ts';

it('a file to be written is refused before anything is done for it, if it cannot be one', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'inner'));
  writeFileSync(join(folder, 'file'), '');
  const refusal = (path: string) => () => requireOutputFile('--out', path);
  expect(refusal('')).toThrow('--out is empty, expected a file');
  expect(refusal(join(folder, 'inner'))).toThrow(/^--out: .*inner is a folder, expected a file$/);
  expect(refusal(join(folder, 'absent/'))).toThrow(/is a folder, expected a file$/);
  expect(refusal(join(folder, 'file/x'))).toThrow(
    /file\/x lies below the file .*file, expected a folder there$/,
  );
  expect(refusal(join(folder, 'x'.repeat(300)))).toThrow('cannot be the name of a file');
  for (const path of ['file', 'new', 'absent/new']) expect(refusal(join(folder, path))).not.toThrow();
});
