/** @file td submit on a real Slurm: every run is trained once, whatever happens to its jobs. `npm run test:cluster`. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomeOwner } from '../../../src/locks/owner.ts';
import { type Place, td } from '../../cli/td.ts';
import { isClusterTest, logOf, makeExperiment, processesOf, runsIn, TestCluster, until } from './cluster.ts';

const CELLS = Number(process.env.TD_CLUSTER_CELLS ?? 1000);
const DISTURBED = Number(process.env.TD_CLUSTER_DISTURBED ?? Math.ceil(CELLS / 20));
/** Runs of some seconds, which come first: most of what is disturbed is in training then. */
const LONG = DISTURBED;

const places: Place[] = [];
function place(...lines: readonly string[]): string {
  const made = makeExperiment(lines);
  places.push(made);
  return made.folder;
}

/** The experiments of a folder. */
const filesOf = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const submit = (folder: string, ...flags: readonly string[]) =>
  td(folder, 'submit', ...filesOf(folder), '--slurm', ...flags);
const statesOf = async (folder: string): Promise<Map<string, { state: string; reason?: string }>> => {
  const { stdout } = await td(folder, 'plan', ...filesOf(folder), '--json', '--no-measure');
  const { cells } = JSON.parse(stdout) as { cells: { id: string; state: string }[] };
  return new Map(cells.map((cell) => [cell.id, cell]));
};
const countsOf = async (folder: string): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { state } of (await statesOf(folder)).values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};
const planOf = (folder: string) => {
  const home = join(folder, 'results/slurm');
  const [name = ''] = readdirSync(home).filter((entry) => entry !== 'lock.json');
  return join(home, name, 'plan.json');
};
const logsOf = (folder: string) => {
  const logs = join(dirname(planOf(folder)), 'log');
  return readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
};
const count = (words: readonly string[], word: string) => words.filter((one) => one === word).length;

describe.runIf(isClusterTest)('on Slurm', () => {
  let cluster: TestCluster;
  beforeAll(() => {
    // Arrays of at most 301 tasks: larger plans take several.
    cluster = new TestCluster({ port: 27017, cpus: 4, maxArraySize: 301 });
  });
  afterAll(() => {
    cluster.stop();
    for (const { remove } of places) remove();
  });

  it(`${CELLS} runs are trained exactly once each, while ${DISTURBED} are cancelled, requeued, told to save or killed`, async () => {
    const seeds = (length: number) => `seeds: [${Array.from({ length }, (_, seed) => seed).join()}]`;
    const folder = place('schedule: { epochs: 1 }', seeds(CELLS - LONG));
    const long = [
      'extends: tiny.yaml',
      'dataset: { trainImages: 2048 }',
      'schedule: { epochs: 100, batchSize: 16 }',
    ];
    writeFileSync(join(folder, 'long.yaml'), [...long, seeds(LONG)].join('\n'));
    const results = join(folder, 'results');
    // At the same time: one of the two finds nothing left to submit.
    const submitted = await Promise.all([submit(folder), submit(folder)]);
    expect(submitted.map(({ code }) => code)).toEqual([0, 0]);
    const said = submitted.map(({ stdout }) => stdout.split('\n')[0]).sort();
    expect(said[0]).toMatch(/^nothing to submit: 0 done, \d+ under way, \d+ queued before$/);
    expect(said[1]).toMatch(new RegExp(`^submitted ${CELLS} runs as job .*, then a sweep as job \\d+; `));
    const arrays = new Set(cluster.tasks().map(({ job }) => job));
    expect(arrays.size).toBeGreaterThanOrEqual(Math.floor(CELLS / 301));

    const plan = planOf(folder);
    const disturbed = new Map<number, string>();
    const offsets = new Map(
      [...arrays].toSorted((a, b) => Number(a) - Number(b)).map((job, at) => [job, at * 301]),
    );
    const actions = ['scancel', 'requeue', 'USR1', 'kill'];
    const disturb = async (action: string, name: string, cell: number): Promise<string> => {
      const call = promisify(execFile);
      try {
        if (action === 'scancel') await call('scancel', [name]);
        else if (action === 'requeue') await call('scontrol', ['requeue', name]);
        else if (action === 'USR1') await call('scancel', ['--signal=USR1', '--batch', name]);
        else for (const id of processesOf(plan, cell)) process.kill(id, 'SIGKILL');
        return action;
      } catch (error) {
        // It may have come to something all the same.
        return `${action} (${(error as Error).message.trim()})`;
      }
    };
    const outcomes: Promise<void>[] = [];
    const cells = (JSON.parse(readFileSync(plan, 'utf8')) as { cells: { id: string }[] }).cells;
    const directoryOf = (cell: number) => join(results, cells[cell]?.id ?? '');
    const isTraining = (cell: number) => existsSync(join(directoryOf(cell), 'log.jsonl'));
    for (let round = 0; disturbed.size < DISTURBED && cluster.tasks().length > 0; round++) {
      await sleep(200);
      const running = cluster
        .tasks()
        .filter(({ state }) => state === 'RUNNING')
        .map((task) => ({ ...task, cell: (offsets.get(task.job) ?? 0) + task.task }))
        .filter(({ cell }) => !disturbed.has(cell));
      // Most of them in training, some while td starts or ends.
      const long = running.filter(({ cell }) => cell < LONG && isTraining(cell));
      const short = running.filter(({ cell }) => cell >= LONG);
      const some = long.length > 0 ? long : short;
      const task = some[round % Math.max(1, some.length)];
      if (task === undefined) continue;
      const { cell } = task;
      const action = actions[disturbed.size % actions.length] ?? '';
      disturbed.set(cell, action);
      const name = `${task.job}_${task.task}`;
      outcomes.push(disturb(action, name, cell).then((outcome) => void disturbed.set(cell, outcome)));
    }
    await Promise.all(outcomes);
    await cluster.drain();
    const after = await countsOf(folder);
    process.stderr.write(`after disturbances: ${JSON.stringify(after)}\n`);
    expect((after.done ?? 0) + DISTURBED).toBeGreaterThanOrEqual(CELLS);
    expect(await submit(folder)).toMatchObject({ code: 0 });
    await cluster.drain();
    expect(await countsOf(folder)).toEqual({ done: CELLS });
    expect((await submit(folder)).stdout).toBe(
      `nothing to submit: ${CELLS} done, 0 under way, 0 queued before\n`,
    );

    const runs = runsIn(results);
    expect(runs).toHaveLength(CELLS);
    const starts = new Map(runs.map((run) => [run, count(logOf(run), 'training begins')]));
    const told = new Map(cells.map(({ id }, cell) => [join(results, id), disturbed.get(cell) ?? 'nothing']));
    process.stderr.write(
      `starts: ${[...starts]
        .filter(([, number]) => number !== 1)
        .map(([run, number]) => `${run.slice(-20)} ${number} ${told.get(run)}`)
        .join('; ')}\n`,
    );
    const untouched = cells.flatMap(({ id }, cell) => (disturbed.has(cell) ? [] : [join(results, id)]));
    expect(untouched.filter((run) => starts.get(run) !== 1)).toEqual([]);
    expect(runs.filter((run) => count(logOf(run), 'training done') !== 1)).toEqual([]);
    const again = [...starts.values()].filter((number) => number > 1).length;
    process.stderr.write(`${disturbed.size} disturbed, of which ${again} were in training and went on\n`);
    expect(again).toBeGreaterThan(DISTURBED / 10);

    // What was disturbed ends with the bytes of an undisturbed training.
    for (const [name, isOwn] of [
      ['long', (cell: number) => cell < LONG],
      ['tiny', (cell: number) => cell >= LONG],
    ] as const) {
      const own = [...disturbed.keys()]
        .filter(isOwn)
        .map((cell) => /seed-(\d+)/.exec(directoryOf(cell))?.[1]);
      const alone = ['--seeds', own.join(), '--results', 'alone', '--threads', '1'];
      if (own.length > 0)
        expect(await td(folder, 'run', `${name}.yaml`, ...alone)).toMatchObject({ code: 0 });
    }
    for (const run of runsIn(join(folder, 'alone'))) {
      const twin = run.replace('/alone/', '/results/');
      for (const name of ['metrics.csv', 'checkpoint.safetensors'])
        expect(readFileSync(join(twin, name)).equals(readFileSync(join(run, name))), `${twin}/${name}`).toBe(
          true,
        );
    }
    // The sweep that followed has a row for each run.
    const rowsOf = (name: string) =>
      readFileSync(join(results, name, 'sweep.csv'), 'utf8')
        .trim()
        .split('\n').length - 1;
    expect([rowsOf('long'), rowsOf('tiny')]).toEqual([LONG, CELLS - LONG]);
  });

  it('a run that is about to run out of time saves, goes back into the queue, and goes on', async () => {
    const folder = place('schedule: { epochs: 100000, batchSize: 16 }');
    // The warning comes some ten seconds after the start.
    expect(
      await submit(folder, '--time', '2', '--sbatch', '--signal=B:USR1@110', '--sweep', 'none'),
    ).toMatchObject({
      code: 0,
    });
    await until(() => logsOf(folder).some((log) => log.includes('goes on after step')));
    expect(logsOf(folder).join()).toContain(
      'td: exit code 143, back into the queue (1 of at most 100 times)',
    );
    cluster.call('scancel', '--user=root');
    await cluster.drain();
    expect(await countsOf(folder)).toEqual({ 'cut off': 1 });
    expect(logsOf(folder).join()).toContain('interrupted by SIGTERM');
  });

  it('a run that another machine trains comes back until it is free, as often as it may', async () => {
    const folder = place('schedule: { epochs: 1 }', 'seeds: [0, 1]');
    const [first = '', second = ''] = (await statesOf(folder)).keys();
    const lockOf = (id: string) => join(folder, 'results', id, 'lock.json');
    const owner = { ...becomeOwner(), host: 'elsewhere', processSpace: 'another boot' };
    expect(
      await submit(folder, '--max-requeues', '2', '--sbatch', '--hold', '--sweep', 'none'),
    ).toMatchObject({
      code: 0,
    });
    for (const id of [first, second]) {
      mkdirSync(dirname(lockOf(id)), { recursive: true });
      writeFileSync(lockOf(id), JSON.stringify(owner));
    }
    for (const job of new Set(cluster.tasks().map((task) => task.job)))
      cluster.call('scontrol', 'release', job);
    await until(() => logsOf(folder).filter((log) => log.includes('back into the queue')).length === 2);
    rmSync(lockOf(first));
    await cluster.drain();
    expect([...(await statesOf(folder)).values()].map(({ state }) => state)).toEqual(['done', 'under way']);
    expect(logsOf(folder).join()).toContain('td: exit code 75 after 2 requeues, given up');
    expect((await submit(folder)).stdout).toMatch(
      /^nothing to submit: 1 done, 1 under way, 0 queued before$/m,
    );
  });

  it('runs that find the disk full fail, and are trained once there is room', async () => {
    const folder = place('schedule: { epochs: 1 }', 'seeds: [0, 1, 2]');
    const results = join(folder, 'results');
    mkdirSync(results);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', results]);
    try {
      expect(await submit(folder, '--sbatch', '--hold', '--sweep', 'none')).toMatchObject({ code: 0 });
      const filler = join(results, 'filler');
      expect(() => writeFileSync(filler, Buffer.alloc(4e6))).toThrow('ENOSPC');
      for (const job of new Set(cluster.tasks().map((task) => task.job)))
        cluster.call('scontrol', 'release', job);
      await cluster.drain();
      expect((await countsOf(folder)).done).toBeUndefined();
      // Nothing can be submitted either: the plan has no room.
      expect(await submit(folder)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('no space left on device'),
      });
      expect(cluster.isEmpty()).toBe(true);
      rmSync(filler);
      expect(await submit(folder)).toMatchObject({ code: 0 });
      await cluster.drain();
      expect(await countsOf(folder)).toEqual({ done: 3 });
    } finally {
      execFileSync('umount', ['-l', results]);
    }
  });
});
