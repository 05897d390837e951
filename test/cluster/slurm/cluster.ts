/** @file A Slurm of one node for tests, and a look at what it did. Needs Debian's packages slurm-wlm and munge, and root. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, type Place } from '../../cli/td.ts';

const SCRIPTS = join(import.meta.dirname, '../../../scripts/slurm');

/** `npm run test:cluster` asks for these tests: they take long, and install nothing. */
export const isClusterTest = process.env.TD_CLUSTER === '1';

/** A task in the queue. */
export interface Task {
  readonly job: string;
  readonly task: number;
  readonly state: string;
}

export class TestCluster {
  private readonly folder = mkdtempSync(join(tmpdir(), 'td-slurm-'));

  /** @param options of start.sh */
  constructor(options: { readonly port: number; readonly cpus: number; readonly maxArraySize: number }) {
    const { port, cpus, maxArraySize } = options;
    const numbers = [port, cpus, 0, maxArraySize].map(String);
    execFileSync('bash', [join(SCRIPTS, 'start.sh'), this.folder, ...numbers], { stdio: 'inherit' });
    const text = readFileSync(join(this.folder, 'env.sh'), 'utf8');
    for (const [, name = '', value] of text.matchAll(/(\w+)=(\S+)/g)) process.env[name] = value;
  }

  stop(): void {
    spawnSync('bash', [join(SCRIPTS, 'stop.sh'), this.folder], { stdio: 'inherit' });
    rmSync(this.folder, { recursive: true, force: true });
  }

  call(program: string, ...parameters: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Tasks of job arrays. */
  tasks(): Task[] {
    const lines = this.call('squeue', '--noheader', '--array', '--format=%F %K %T').trim().split('\n');
    return lines.flatMap((line) => {
      const [job = '', task = '', state = ''] = line.trim().split(' ');
      return /^\d+$/.test(task) ? [{ job, task: Number(task), state }] : [];
    });
  }

  isEmpty(): boolean {
    return this.call('squeue', '--noheader').trim() === '';
  }

  /** Waits until nothing is queued, and says how far it is. */
  async drain(): Promise<void> {
    for (let look = 0; !this.isEmpty(); look++) {
      if (look % 60 === 59) process.stderr.write(`${this.tasks().length} tasks left\n`);
      await sleep(1000);
    }
  }
}

/** Waits until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(200);
}

/** A folder with an experiment of tiny runs. */
export function makeExperiment(lines: readonly string[]): Place {
  return makeFolder({
    'tiny.yaml': [
      'dataset: { name: mnist, trainImages: 256, testImages: 100 }',
      'model: { name: mlp, widths: [8] }',
      'sweep: { prune: "0", granularity: unit }',
      ...lines,
    ].join('\n'),
  });
}

/** The words of a run's log, in order: sessions, epochs, the end. */
export function logOf(directory: string): string[] {
  const lines = readFileSync(join(directory, 'log.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

/** Folders of runs below the results folder. */
export function runsIn(results: string): string[] {
  return readdirSync(results, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\/seed-\d+-[0-9a-f]{8}$/.test(path))
    .map((path) => join(results, path))
    .sort();
}

/** Process numbers of td trainings of one cell of a plan. */
export function processesOf(plan: string, cell: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-f', `^node .*run --plan ${plan} --cell ${cell} `], {
    encoding: 'utf8',
  });
  return stdout.split('\n').filter(Boolean).map(Number);
}
