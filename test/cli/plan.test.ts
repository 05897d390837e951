/** @file td plan, and td run --plan: what a scheduler reads, and the exit codes by which it decides. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomeOwner } from '../../src/locks/owner.ts';
import { type Ended, listFiles, makeFolder, TINY, td } from './td.ts';

interface PlannedCell {
  readonly index: number;
  readonly id: string;
  readonly state: string;
  readonly seconds: number | null;
  readonly memoryBytes: number | null;
  readonly argv: readonly string[];
}

/** Its first cell cannot but diverge. */
const EXPERIMENT = `${TINY}  diverging:\n    schedule: { learningRate: 1.0e+30 }\n`;

const place = makeFolder({ 'tiny.yaml': EXPERIMENT });
afterAll(() => place.remove());

let printed: Ended;
let plan: { readonly hash: string; readonly cells: readonly PlannedCell[] };

async function planNow(...flags: readonly string[]): Promise<typeof plan> {
  printed = await td(place.folder, 'plan', 'tiny.yaml', '--json', '--no-measure', '--threads', '1', ...flags);
  return JSON.parse(printed.stdout);
}

const train = (cell: string, ...flags: readonly string[]) =>
  td(place.folder, 'run', '--plan', 'plan.json', '--cell', cell, ...flags);
const folderOf = (cell: number) => join(place.folder, 'results', plan.cells[cell]?.id ?? '');

function lock(cell: number): void {
  mkdirSync(folderOf(cell), { recursive: true });
  const owner = { ...becomeOwner(), host: 'elsewhere', processSpace: 'another boot' };
  writeFileSync(join(folderOf(cell), 'lock.json'), JSON.stringify(owner));
}

beforeAll(async () => {
  plan = await planNow();
  place.write('plan.json', printed.stdout);
});

describe('td plan --json', () => {
  it('lists every cell with its index, state, memory and the command that trains it, and writes nothing', () => {
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(plan.cells.map(({ index, id, state }) => `${index} ${id.replace(/-\w+$/, '')} ${state}`)).toEqual([
      '0 tiny/diverging/seed-0 missing',
      '1 tiny/diverging/seed-1 missing',
      '2 tiny/plain/seed-0 missing',
      '3 tiny/plain/seed-1 missing',
      '4 tiny/targeted/seed-0 missing',
      '5 tiny/targeted/seed-1 missing',
    ]);
    expect(plan.cells[2]?.seconds).toBeNull();
    expect(plan.cells[2]?.memoryBytes).toBeGreaterThan(1e8);
    expect(listFiles(place.folder)).toEqual(['plan.json', 'tiny.yaml']);
  });
});

describe('a cell of a plan', () => {
  it('ends with 0 if it is trained, is done then, and is left as it is the next time', async () => {
    const { argv = [] } = plan.cells[3] ?? {};
    // From another folder, as a scheduler would.
    const byCommand = spawnSync(argv[0] ?? '', argv.slice(1), { cwd: '/', encoding: 'utf8' });
    expect(byCommand).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('plain seed 1: trained in'),
    });
    expect(byCommand.stderr).toContain('engine onnx on CPU, 1 thread');
    expect(await train('3')).toMatchObject({ code: 0, stderr: expect.stringContaining('already trained') });
    expect(await train(plan.cells[2]?.id ?? '')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('plain seed 0: trained in'),
    });
    const after = await planNow();
    expect(after.cells.map(({ state }) => state)).toEqual([
      'missing',
      'missing',
      'done',
      'done',
      'missing',
      'missing',
    ]);
    expect(after.hash).toBe(plan.hash);
  });

  it('ends with 1 if it fails, and is failed then, with the reason', async () => {
    const failed = await train('0');
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('diverging seed 0: failed: ') });
    const after = await planNow();
    expect(after.cells[0]).toMatchObject({ state: 'failed', reason: expect.stringMatching(/loss/) });
    const shown = await td(place.folder, 'plan', 'tiny.yaml', '--no-measure');
    expect(shown.stdout).toMatch(/^0 +tiny +diverging +0 +failed/m);
    expect(shown.stdout).toMatch(/^tiny\/diverging\/seed-0-\w{8} failed: .*loss/m);
  });

  it('ends with 75 if another process trains it, whom the plan names', async () => {
    lock(4);
    expect(await train('4')).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('on elsewhere since'),
    });
    const owner = expect.stringMatching(/^process \d+ on elsewhere since /);
    expect((await planNow()).cells[4]).toMatchObject({ state: 'under way', owner });
    rmSync(folderOf(4), { recursive: true });
  });

  it('ends with 2 and writes nothing if the experiment has changed since the plan was made', async () => {
    const before = listFiles(place.folder);
    place.write('tiny.yaml', EXPERIMENT.replace('epochs: 2', 'epochs: 3'));
    const refused = await train('4');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^td: plan\.json does not fit .*tiny\.yaml any more: cell 0 is tiny\/diverging\/seed-0-\w{8}, and .* in the plan; expected a plan of the settings as they are, as "td plan .*tiny\.yaml --json" prints it\n$/,
    );
    expect(listFiles(place.folder)).toEqual(before);
    place.write('tiny.yaml', EXPERIMENT);
  });

  it('comes after the cell that it goes on from, and ends with 75 until that one is trained', async () => {
    const parent =
      '  zero: {}\n  again:\n    regularizer: { name: fine-tune, granularity: weight, from: zero }\n';
    place.write(
      'tuned.yaml',
      TINY.replace(/seeds: .*/, 'seeds: [0]').replace(/variants:.*$/s, `variants:\n${parent}`),
    );
    const { stdout } = await td(
      place.folder,
      'plan',
      'tuned.yaml',
      '--json',
      '--no-measure',
      '--threads',
      '1',
    );
    place.write('tuned.json', stdout);
    const { cells } = JSON.parse(stdout) as typeof plan;
    expect(cells.map(({ id }) => id.replace(/-\w{8}$/, ''))).toEqual([
      'tuned/zero/seed-0',
      'tuned/again/seed-0',
    ]);
    const tune = (cell: string) => td(place.folder, 'run', '--plan', 'tuned.json', '--cell', cell);
    expect(await tune('1')).toMatchObject({
      code: 75,
      stderr: expect.stringMatching(
        /^td: tuned\/again\/seed-0-\w{8} goes on from zero seed 0, which is not trained yet; come again\n$/,
      ),
    });
    expect((await tune('0')).code).toBe(0);
    expect((await tune('1')).code).toBe(0);
  });

  it('ends with 2 for a cell that the plan has not', async () => {
    expect(await train('6')).toMatchObject({ code: 2, stderr: expect.stringContaining('from 0 to 5') });
  });
});
