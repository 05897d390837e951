/** @file Data, checkpoints and tables changed at random: what is read is right, or refused by a UserError, or replaced as documented. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { byteChanges } from './bytes.ts';
import { parametersOf } from './form.ts';
import { LONGEST } from './line.ts';
import { READERS } from './readers.ts';
import { textChanges } from './text-changes.ts';

/** Bytes of memory that reading a few kilobytes may take, however large a size they announce. */
const MOST_MEMORY = 64e6;

const root = mkdtempSync(join(tmpdir(), 'td-fuzz-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(READERS.map((reader) => [reader.name, reader] as const))('%s', (name, reader) => {
  it('changed at random is read right or refused', async () => {
    const folder = join(root, name.replaceAll(/[^a-z]/gi, '-'));
    let refused = 0;
    const property = fc.asyncProperty(fc.oneof(byteChanges, byteChanges, textChanges), async (change) => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      const path = reader.prepare(folder);
      writeFileSync(path, change(readFileSync(path)));
      const [time, memory] = [process.cpuUsage(), process.memoryUsage().arrayBuffers];
      try {
        await reader.read(path);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        refused++;
      }
      const { user, system } = process.cpuUsage(time);
      expect((user + system) / 1e6).toBeLessThan(LONGEST);
      expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(MOST_MEMORY);
    });
    await fc.assert(property, parametersOf(name, { short: 12, soak: 250 }));
    if (!reader.isForgiving) expect(refused).toBeGreaterThan(0);
  });
});
