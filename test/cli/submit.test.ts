/** @file td submit beside programs that pass for Slurm's: what they are called with, and what td makes of their answers. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, execute, listFiles, makeFolder, TD, TINY } from './td.ts';

/** Notes its parameters, and answers as a file says. */
const PROGRAM = `#!/bin/sh
echo "$(basename "$0") $*" >> "$FAKE/calls"
if [ -f "$FAKE/$(basename "$0").error" ]; then cat "$FAKE/$(basename "$0").error" >&2; exit 1; fi
cat "$FAKE/$(basename "$0").answer"
`;

const place = makeFolder({ 'tiny.yaml': TINY });
const fake = join(place.folder, 'fake');
const at = (path: string) => join(place.folder, path);
afterAll(() => place.remove());

const answer = (program: string, text: string) => writeFileSync(join(fake, `${program}.answer`), text);
const td = (...words: readonly string[]): Promise<Ended> => {
  const variables = { FAKE: fake, PATH: `${fake}:${process.env.PATH}` };
  // Tests have TD_ENGINE set, users have not.
  const command = ['-u', 'TD_ENGINE', process.execPath, TD, ...words];
  return execute('env', command, place.folder, variables);
};
const submit = (...flags: readonly string[]) => td('submit', 'tiny.yaml', '--slurm', ...flags);

/** What sbatch was called with since the last time. */
function takeCalls(): string[] {
  const path = join(fake, 'calls');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  rmSync(path, { force: true });
  return lines.filter((line) => line.startsWith('sbatch ')).map((line) => line.replaceAll(place.folder, '.'));
}

beforeAll(() => {
  mkdirSync(fake);
  for (const program of ['sbatch', 'squeue', 'scontrol']) {
    writeFileSync(join(fake, program), PROGRAM);
    chmodSync(join(fake, program), 0o755);
  }
  answer('squeue', '');
  answer('sbatch', '71\n');
  answer('scontrol', 'Configuration data\nMaxArraySize            = 3\n');
});

/** The one submission in the results folder. */
const NAME = /tiny-[0-9a-f]{8}/;

describe('td submit', () => {
  it('--dry-run prints the script and the calls, and does nothing', async () => {
    const { code, stdout, stderr } = await submit('--dry-run', '--time', '4:00:00');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^#!\/bin\/bash\n/);
    expect(stdout).toContain('#SBATCH --time=4:00:00\n');
    expect(stderr).toMatch(
      /^sbatch --parsable --array=0-2 .*\nsbatch --parsable --array=0 .* 3\nsbatch .* sweep\n$/,
    );
    expect(takeCalls()).toEqual([]);
    expect(listFiles(place.folder).filter((path) => !path.startsWith('fake/'))).toEqual(['tiny.yaml']);
  });

  it('leaves nothing behind if Slurm refuses, and says what Slurm says', async () => {
    writeFileSync(join(fake, 'sbatch.error'), 'sbatch: error: invalid partition specified: cup\n');
    expect(await submit('--partition', 'cup')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'td: sbatch failed: sbatch: error: invalid partition specified: cup\n',
    });
    rmSync(join(fake, 'sbatch.error'));
    takeCalls();
    expect(existsSync(at('results'))).toBe(false);
  });

  it('submits arrays with numbers as small as they must be, and a sweep that waits for all of them', async () => {
    const { code, stdout, stderr } = await submit('--max-parallel', '2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [name = ''] = NAME.exec(stdout) ?? [];
    const folder = `./results/slurm/${name}`;
    expect(stdout.replaceAll(place.folder, '.')).toBe(
      `submitted 4 runs as job 71, 71, then a sweep as job 71; 0 done, 0 under way, 0 queued before\nplan, script and logs: ${folder}\n`,
    );
    expect(takeCalls()).toEqual([
      `sbatch --parsable --array=0-2%2 --job-name=td-${name}+0 --output=${folder}/log/0+%a.log ${folder}/job.sh 0`,
      `sbatch --parsable --array=0%2 --job-name=td-${name}+3 --output=${folder}/log/3+%a.log --dependency=afterany:71 ${folder}/job.sh 3`,
      `sbatch --parsable --dependency=afterany:71:71 --job-name=td-${name}-sweep --output=${folder}/log/sweep.log ${folder}/job.sh sweep`,
    ]);
    // Whoever trains a cell takes the same engine.
    const plan = JSON.parse(readFileSync(at(`results/slurm/${name}/plan.json`), 'utf8'));
    expect(plan).toMatchObject({ execution: ['--engine', 'onnx'] });
  });

  it('adds only what is neither done nor queued, and plan and list show what is', async () => {
    const [name = ''] = NAME.exec(listFiles(place.folder).join('\n')) ?? [];
    answer(
      'squeue',
      `71 1 RUNNING td-${name}+0\n72 0 PENDING td-${name}+3\n9 4 RUNNING td-other-01234567+0\n`,
    );
    expect((await td('run', 'tiny.yaml', '--only', 'plain', '--seeds', '0', '--threads', '1')).code).toBe(0);
    const { stdout } = await submit('--sweep', 'none');
    expect(stdout).toMatch(/^submitted 1 run as job 71; 1 done, 0 under way, 2 queued before\n/);
    expect(takeCalls()).toEqual([expect.stringContaining(' --array=2 ')]);

    const log = at(`results/slurm/${name}/log/0+2.log`);
    writeFileSync(log, 'engine onnx\nslurmstepd: error: *** JOB 71 CANCELLED DUE TO TIME LIMIT ***\n\n');
    const plan = await td('plan', 'tiny.yaml', '--no-measure');
    expect(plan.stdout).toMatch(/^0 +tiny +plain +0 +done /m);
    expect(plan.stdout).toMatch(/^1 +tiny +plain +1 +missing, running as 71_1 /m);
    expect(plan.stdout).toMatch(/^3 +tiny +targeted +1 +missing, pending as 72_0 /m);
    expect(plan.stdout).toMatch(
      /^tiny\/targeted\/seed-0-\w{8} is missing; its log ends with: slurmstepd: error: \*\*\* JOB 71 CANCELLED DUE TO TIME LIMIT \*\*\*$/m,
    );
    expect((await td('list')).stdout).toMatch(/ done +[\d.]+ % .*\n\n2 more queued, without a folder yet\n$/);

    mkdirSync(
      at(
        `results/${JSON.parse((await td('plan', 'tiny.yaml', '--json', '--no-measure')).stdout).cells[1].id}`,
      ),
    );
    const listed = await td('list');
    expect(listed.stdout).toMatch(/^tiny +plain +1 +unfinished +running as 71_1 /m);
    expect(listed.stdout).toMatch(/\n1 more queued, without a folder yet\n$/);
    expect(JSON.parse((await td('list', '--json')).stdout)[1]).toMatchObject({
      queue: { job: '71', task: 1 },
    });
    answer('squeue', '');
  });

  it('goes on where Slurm does not answer, for whoever only looks', async () => {
    writeFileSync(join(fake, 'squeue.error'), 'slurm_load_jobs error: Unable to contact slurm controller\n');
    const { code, stdout, stderr } = await td('list');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'warning: the queue cannot be read: squeue failed: slurm_load_jobs error: Unable to contact slurm controller\n',
    });
    expect(stdout).toMatch(/^tiny +plain +0 +done/m);
    expect(await submit()).toMatchObject({ code: 2, stdout: '' });
    rmSync(join(fake, 'squeue.error'));
  });
});
