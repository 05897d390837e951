/** @file Runs with a method of a plugin, seen by commands to which the plugin is not named: they are left out, and nothing is wrong with them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ended, makeFolder, td } from './td.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const place = makeFolder({});
afterAll(() => place.remove());

const PLUGIN = ['--plugin', 'good/plugin.ts'];
const run = (...words: readonly string[]): Promise<Ended> => td(place.folder, ...words);

beforeAll(async () => {
  const steps = [
    ['new', 'method', 'good'],
    ['run', 'good/experiment.yaml', ...PLUGIN, '--seeds', '0,1', '--threads', '1', '--engine', 'onnx'],
    ['sweep', 'good/experiment.yaml', ...PLUGIN, '--prune', '0,0.5', '--threads', '1', '--no-figures'],
    ['baseline', 'good', ...PLUGIN, '--out', 'base.csv'],
  ];
  for (const words of steps) expect({ words, ...(await run(...words)) }).toMatchObject({ code: 0 });
});

const MISSING = String.raw`results/good/good/seed-0-\w+/config\.yaml:\d+:\d+: regularizer\.name is "good", which a plugin defines that is not loaded; name its file with --plugin`;
const BOTH = `${MISSING}; 1 more run of good/good needs it, too`;

describe('a run of a plugin that is not loaded', () => {
  it('is listed as what it is, with the flag that is missing, and exit code 0', async () => {
    const { code, stdout, stderr } = await run('list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^good +good +0 +plugin missing +results/m);
    expect(stdout).toMatch(/^good +none +0 +done /m);
    expect(stdout).toMatch(new RegExp(`\\n\\n${BOTH}\\n$`));
    expect(stdout).not.toMatch(/damaged|remove/);
    const json = JSON.parse((await run('list', '--json')).stdout) as unknown;
    expect(json).toContainEqual(
      expect.objectContaining({
        state: 'plugin missing',
        reason: expect.stringMatching(new RegExp(`^${MISSING}$`)),
      }),
    );
    const known = await run('list', ...PLUGIN);
    expect(known).toMatchObject({ code: 0, stdout: expect.not.stringContaining('plugin missing') });
  });

  it.each(['show good/good/0', 'export good/good/0', 'measure good/good/0', 'diff good/good/0 good/none/0'])(
    'is refused by td %s, which was asked for it alone: exit code 2',
    async (line) => {
      expect(await run(...line.split(' '))).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(new RegExp(`^td: ${MISSING}\n$`)),
      });
    },
  );

  it.each([
    'table good',
    'figures good',
    'report good --out r.html',
    'diff good good',
    'check good --baseline base.csv',
    'baseline good --out x.csv',
    'measure good --prune 0.5 --rounds 1',
    'export-metrics good --mlflow ml',
    'sweep --prune 0 --threads 1 --no-figures',
  ])('is left out by td %s, which says so, and exits 1', async (line) => {
    const { code, stdout, stderr } = await run(...line.split(' '));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`^td: ${BOTH}$`, 'm')),
    });
    expect(stdout.length).toBeGreaterThan(20);
    expect(stdout + stderr).not.toMatch(/damaged|remove the folder|an unknown number/);
  });

  it('is in no table, and missing there', async () => {
    const { stdout } = await run('table', 'good', '--granularity', 'weight');
    expect(stdout).toMatch(/^pruned +none$/m);
    expect(stdout).toContain('- Missing: good seeds 0, 1 (plugin missing).');
    expect((await run('check', 'good', '--baseline', 'base.csv')).stdout).toMatch(
      /^failed: .*\n- good: it has no fresh rows; .*\n- good: seed 0 is left out: its plugin is not loaded\n/,
    );
    expect(await run('check', 'good', '--baseline', 'base.csv', ...PLUGIN)).toMatchObject({ code: 0 });
  });

  it('is told in the report', async () => {
    await run('report', 'good', '--out', 'r.html');
    const page = readFileSync(join(place.folder, 'r.html'), 'utf8');
    expect(page.includes('Left out, since a plugin is not loaded')).toBe(true);
    expect(page.includes('4 runs: 2 done, 2 plugin missing.')).toBe(true);
  });
});

it('a run whose plugin has other settings by now is not damaged, either', async () => {
  const text = readFileSync(join(place.folder, 'good/plugin.ts'), 'utf8');
  place.write('good/newer.ts', text.replaceAll('strength', 'vigour'));
  const { code, stdout } = await run('list', '--plugin', 'good/newer.ts');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /config\.yaml:\d+:\d+: unknown key "strength" for regularizer "good" .*; these settings are for its plugin as it was then \(content \w{8}, now \w{8}\); name that with --plugin; 1 more run/,
  );
  expect(readdirSync(join(place.folder, 'results/good/good'))).toHaveLength(2);
});
