/** @file Writing where a path points: links stay, pipes and devices are written through. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, lstatSync, openSync, readFileSync, symlinkSync, writeSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writeFileAtomic } from '../../src/files/atomic.ts';
import { describeFailure } from '../../src/terminal/failures.ts';
import { writeOutput } from '../../src/terminal/write-output.ts';
import { execute } from '../cli/td.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { withFaults } from '../support/faulty-fs.ts';

vi.mock('node:fs', async (importOriginal) => {
  const { wrapFileSystem } = await import('../support/faulty-fs.ts');
  return wrapFileSystem(await importOriginal());
});

const SILENT = () => {};
const LONG = 'much\n'.repeat(100_000);

describe('writeOutput', () => {
  it('replaces a file, and makes one where there is none', async () => {
    const path = join(temporaryFolder(), 'new/file');
    expect(await writeOutput(path, 'first, long', SILENT)).toBe(true);
    expect(await writeOutput(path, 'second', SILENT)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('second');
  });

  it('follows links, also to what is not there yet', async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, 'a'));
    await mkdir(join(folder, 'b'));
    symlinkSync('../b/link', join(folder, 'a/link'));
    symlinkSync('file', join(folder, 'b/link'));
    symlinkSync('a', join(folder, 'folder'));
    for (const text of ['first', 'second']) {
      expect(await writeOutput(join(folder, 'folder/link'), text, SILENT)).toBe(true);
      expect(readFileSync(join(folder, 'b/file'), 'utf8')).toBe(text);
    }
    for (const link of ['a/link', 'b/link'])
      expect(lstatSync(join(folder, link)).isSymbolicLink()).toBe(true);
  });

  it.skipIf(!existsSync('/dev/null'))('leaves a device a device', async () => {
    const link = join(temporaryFolder(), 'null');
    symlinkSync('/dev/null', link);
    expect(await writeOutput(link, 'text', SILENT)).toBe(false);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it.skipIf(!existsSync('/dev/fd'))('goes on where an open file stands', async () => {
    const folder = temporaryFolder();
    const descriptor = openSync(join(folder, 'file'), 'w');
    writeSync(descriptor, 'before, ');
    symlinkSync(`/dev/fd/${descriptor}`, join(folder, 'link'));
    for (const path of [`/dev/fd/${descriptor}`, join(folder, 'link')])
      expect(await writeOutput(path, 'more, ', SILENT)).toBe(false);
    writeSync(descriptor, 'after');
    closeSync(descriptor);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('before, more, more, after');
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  });

  it('writes a file in place if its folder lets nothing be renamed', async () => {
    for (const code of ['EACCES', 'EBUSY']) {
      const path = join(temporaryFolder(), 'file');
      await writeFile(path, 'old');
      const failsOnce = (call: number) => (call === 1 ? code : undefined);
      const { error } = await withFaults(failsOnce, () => writeOutput(path, 'new', SILENT));
      expect(error).toBeUndefined();
      expect(readFileSync(path, 'utf8')).toBe('new');
    }
  });
});

/** Milliseconds that a reader may take to begin on a machine that is busy. */
const ANY_TIME = 10 * 60_000;

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  async function makePipe(): Promise<string> {
    const path = join(temporaryFolder(), 'pipe');
    expect(await execute('mkfifo', [path], '/')).toMatchObject({ code: 0 });
    return path;
  }

  it('passes on to its reader all that is written, and stays a pipe', async () => {
    const path = await makePipe();
    const sentences: string[] = [];
    const reading = execute('sh', ['-c', `sleep 0.5; cat '${path}'`], '/');
    const tell = (sentence: string) => sentences.push(sentence);
    expect(await writeOutput(path, LONG, tell, ANY_TIME)).toBe(false);
    expect((await reading).stdout).toBe(LONG);
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(sentences).toEqual([`waiting for a reader of the pipe ${path}`]);
  });

  it('whose reader goes away is an error that names it', async () => {
    const path = await makePipe();
    const reader = spawn('head', ['-c', '1', path], { stdio: 'ignore' });
    const error = await writeOutput(path, LONG, SILENT, ANY_TIME).catch((thrown: unknown) => thrown);
    expect(describeFailure(error)).toBe(`cannot write ${path}: broken pipe (EPIPE)`);
    reader.kill();
  });

  it('that nobody reads is refused after a while', async () => {
    const path = await makePipe();
    await expect(writeOutput(path, 'text', SILENT, 500)).rejects.toThrow(
      `${path} is a pipe that nobody reads, expected a reader within 0.5 s`,
    );
  });
});

describe('errors of writing', () => {
  it.each([2, 3, 4])('name the file that was asked for, whichever call fails: %i', async (faulty) => {
    const path = join(temporaryFolder(), 'file');
    const fails = (call: number) => (call === faulty ? 'ENOSPC' : undefined);
    const { error } = await withFaults(fails, () => writeFileAtomic(path, 'text'));
    expect(describeFailure(error)).toMatch(new RegExp(`^cannot \\w+ ${path}: .*\\(ENOSPC\\)$`));
  });
});
