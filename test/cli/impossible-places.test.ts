/** @file Results folders that cannot be, and pipes where files should be: refused in one sentence, at once. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { runDirectory } from '../../src/runs/directory.ts';
import { listFiles, makeFolder, TINY, td } from './td.ts';

const place = makeFolder({ 'tiny.yaml': TINY });
const path = (name: string) => join(place.folder, name);
beforeAll(() => symlinkSync('gone', path('link')));
afterAll(() => place.remove());

const sentence = (text: string) => ({ code: 2, stdout: '', stderr: `td: ${text}\n` });

describe.skipIf(process.platform === 'win32')('a results folder that cannot be', () => {
  it.each(['run tiny.yaml', 'sweep', 'list', 'report --serve'])(
    'is refused behind a link that leads nowhere: %s',
    async (typed) => {
      const words = typed.split(' ');
      expect(await td(place.folder, ...words, '--results', 'link')).toEqual(
        sentence('--results: link is a link that leads nowhere, expected a folder'),
      );
      expect(await td(place.folder, ...words, '--results', 'link/deep/er')).toEqual(
        sentence(
          `--results: link/deep/er lies behind the link ${path('link')} that leads nowhere, expected a folder`,
        ),
      );
    },
  );

  it.skipIf(!existsSync('/proc/self'))('is refused in /proc, where nothing can be made', async () => {
    const { code, stderr } = await td(place.folder, 'run', 'tiny.yaml', '--results', '/proc/nope');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^td: --results: \/proc\/nope cannot be written to.*, expected a folder that can\n$/,
    );
  });

  it('is refused with a name, or with a path to its runs, that is too long', async () => {
    const { code, stderr } = await td(place.folder, 'run', 'tiny.yaml', '--results', 'x'.repeat(300));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^td: "x+" cannot be the name of a file \(ENAMETOOLONG\)\n$/);
    const deep = Array.from({ length: 20 }, () => 'x'.repeat(199)).join('/');
    expect(await td(place.folder, 'run', 'tiny.yaml', '--results', deep)).toEqual(
      sentence(
        'the folder of run plain/seed-0-69edd4d0 would have a longer path than this system takes, expected shorter names of --results, experiment or variant',
      ),
    );
  });

  it('is left without a trace', () => {
    expect(listFiles(place.folder)).toEqual(['tiny.yaml']);
  });
});

describe.skipIf(process.platform === 'win32')('a pipe in the place of a file of a run', () => {
  afterEach(() => rmSync(path('results'), { recursive: true, force: true }));

  const files = [
    'log.jsonl',
    'metrics.csv',
    'summary.json',
    'config.yaml',
    'environment.json',
    'checkpoint.json',
    'lock.json',
  ];
  it.each(files)('hinders that run alone, and nothing waits for it: %s', async (name) => {
    const [run] = expandRuns(loadExperiment(path('tiny.yaml')));
    if (run === undefined) throw new Error('no run');
    const directory = runDirectory(path('results'), run);
    mkdirSync(directory, { recursive: true });
    execFileSync('mkfifo', [join(directory, name)]);
    const flags = ['--threads', '1', '--seeds', '0'];
    const trained = await td(place.folder, 'run', 'tiny.yaml', ...flags);
    expect(trained.stderr).toContain('targeted seed 0: trained');
    const listed = await td(place.folder, 'list');
    expect(listed.stdout).toMatch(/^tiny +targeted +0 +done/m);
    const shown = await td(place.folder, 'show', 'tiny/plain/0');
    expect(shown.code).not.toBe(null);
  });
});
