/** @file What is no file, or one of absurd size, in the place of each file that td reads: refused at once, whatever reads it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import { UserError } from '../../src/errors.ts';
import type { Reader } from './reader.ts';
import { READERS } from './readers.ts';

/** Of processor time, which a pipe would not use and a device would. */
const LONGEST_SECONDS = 5;

const ODDITIES: Readonly<Record<string, (path: string) => void>> = {
  'a folder': (path) => mkdirSync(path),
  'a pipe that nobody writes to': (path) => execFileSync('mkfifo', [path]),
  'a device without end': (path) => symlinkSync('/dev/zero', path),
  'a file of 100 GB': (path) => {
    writeFileSync(path, '');
    truncateSync(path, 100e9);
  },
};

const EXPERIMENT: Reader = {
  name: 'an experiment file',
  prepare: (folder) => join(folder, 'x.yaml'),
  read: (path) => loadExperiment(path),
};
/** Functions that are given the bytes are not asked to read any. */
const OF_FILES = READERS.filter(({ read }) => !String(read).includes('readFileSync'));

describe.skipIf(process.platform === 'win32').each(Object.entries(ODDITIES))('%s', (_, make) => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'td-odd-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([EXPERIMENT, ...OF_FILES].map((reader) => [reader.name, reader] as const))(
    'is refused in the place of: %s',
    async (_name, { prepare, read }) => {
      const path = prepare(folder);
      rmSync(path, { force: true });
      make(path);
      const [began, before] = [process.cpuUsage(), performance.now()];
      const memory = process.memoryUsage().arrayBuffers;
      try {
        await read(path);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
      const { user, system } = process.cpuUsage(began);
      expect((user + system) / 1e6).toBeLessThan(LONGEST_SECONDS);
      // Whoever waits for a writer of a FIFO waits for ever.
      expect(performance.now() - before).toBeLessThan(5 * 60_000);
      expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(64e6);
    },
  );
});
