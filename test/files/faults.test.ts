/** @file Every call that changes a file fails once, or is the last before a death: nothing published is ever partial. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { removeTemporaries, writeFileAtomic } from '../../src/files/atomic.ts';
import { tryLock } from '../../src/locks/lock.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/runs/checkpoint.ts';
import { runDirectory } from '../../src/runs/directory.ts';
import { appendMetrics, readMetrics, truncateMetrics } from '../../src/runs/metrics.ts';
import { openRun } from '../../src/runs/open-run.ts';
import { recoverCheckpoint } from '../../src/runs/recovery.ts';
import { readSummary, writeSummary } from '../../src/runs/summary.ts';
import { readSweep } from '../../src/sweeps/read-sweep.ts';
import { DENSE, type SweepRow, sweepPath, UNCOUNTED } from '../../src/sweeps/rows.ts';
import { addSweepRows } from '../../src/sweeps/store.ts';
import { describeFailure } from '../../src/terminal/failures.ts';
import { ENVIRONMENT, RUN, summaryOf } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { withFaults } from '../support/faulty-fs.ts';

vi.mock('node:fs', async (importOriginal) => {
  const { wrapFileSystem } = await import('../support/faulty-fs.ts');
  return wrapFileSystem(await importOriginal());
});

const CODES = ['ENOSPC', 'EIO', 'EACCES'] as const;
const EPOCHS = 2;

const NONE = () => undefined;

/** What a training of two epochs writes, with a checkpoint within each, and a sweep after it; without the training. */
async function session(results: string): Promise<void> {
  const directory = runDirectory(results, RUN);
  if (readSummary(directory) === undefined) recordRun(results, directory);
  const sha256 = readSummary(directory)?.checkpointSha256 ?? '';
  await addSweepRows(results, RUN.experiment, [rowOf(sha256)], []);
}

function recordRun(results: string, directory: string): void {
  const lock = tryLock(join(directory, 'lock.json'));
  if (!('release' in lock)) throw new Error(`owned by ${lock.owner}`);
  try {
    removeTemporaries(directory);
    const warnings: string[] = [];
    const resumed = recoverCheckpoint(directory, (sentence) => warnings.push(sentence));
    expect(warnings).toEqual([]);
    truncateMetrics(directory, resumed?.epoch ?? 0);
    openRun(results, RUN, 'name: x\n', ENVIRONMENT);
    for (let half = (resumed?.step ?? 0) + 1; half <= 2 * EPOCHS; half++) {
      lock.requireHeld();
      if (half % 2 === 0) appendMetrics(directory, metricsOf(half / 2));
      writeCheckpoint(directory, checkpointAt(half));
    }
    writeSummary(directory, summaryOf(RUN, readCheckpoint(directory)?.sha256 ?? ''));
  } finally {
    lock.release();
  }
}

function checkpointAt(half: number): Omit<Checkpoint, 'sha256'> {
  const weights = Float32Array.from({ length: 50 }, (_, index) => half / (index + 1));
  return {
    epoch: Math.floor(half / 2),
    step: half,
    trainSeconds: 0,
    totals: {},
    arrays: { weights },
    specs: { weights: { shape: [50], dtype: 'float32' } },
  };
}

function metricsOf(epoch: number) {
  const share = epoch / 10;
  const [trainLoss, testLoss] = [share, share];
  return {
    epoch,
    step: 2 * epoch,
    learningRate: 0.1,
    trainLoss,
    trainAccuracy: share,
    testLoss,
    testAccuracy: share,
  };
}

function rowOf(sha256: string): SweepRow {
  const { experiment, variant, seed, hash } = RUN;
  const runId = `${variant}/seed-${seed}-${hash.slice(0, 8)}@${sha256.slice(0, 8)}`;
  const counts = { parametersTotal: 50, parametersKept: 25, testImages: 10, ...DENSE, ...UNCOUNTED };
  const result = { granularity: 'unit', pruneRate: 0.5, sparsity: 0.5, accuracy: 0.5, loss: 1 } as const;
  return { experiment, variant, seed, runId, ...counts, ...result };
}

/** Reads whatever is there; every reader refuses what is partial. */
function readAll(results: string): void {
  const directory = runDirectory(results, RUN);
  readSummary(directory);
  readMetrics(directory);
  readSweep(sweepPath(results, RUN.experiment));
  if (existsSync(join(directory, 'config.yaml')))
    expect(readFileSync(join(directory, 'config.yaml'), 'utf8')).toBe('name: x\n');
}

/** The files by which results are told, by name. */
function resultsIn(results: string): Record<string, string> {
  const directory = runDirectory(results, RUN);
  const paths = [
    join(directory, 'metrics.csv'),
    join(directory, 'checkpoint.safetensors'),
    sweepPath(results, RUN.experiment),
  ];
  return Object.fromEntries(paths.map((path) => [path.slice(results.length), readFileSync(path, 'latin1')]));
}

/** What a session without faults does: how many calls, and which files it ends with. */
async function undisturbed() {
  const results = temporaryFolder();
  const { calls, error } = await withFaults(NONE, () => session(results));
  expect(error).toBeUndefined();
  return { calls, files: resultsIn(results) };
}

describe('a file that cannot be written', () => {
  it('is named in the one sentence that the user sees, and what was there before is left', async () => {
    const path = join(temporaryFolder(), 'metrics.csv');
    writeFileAtomic(path, 'old');
    const write = () => writeFileAtomic(path, 'new');
    // Open, write: only the first would know the path by themselves.
    const { error } = await withFaults((call) => (call === 2 ? 'ENOSPC' : undefined), write);
    expect(describeFailure(error)).toBe(`cannot write ${path}: ordered fault (ENOSPC)`);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(join(path, '..'))).toEqual(['metrics.csv']);
  });
});

describe('a run and its sweep', () => {
  it('survive the failure of any one call: the next session ends with the same bytes', async () => {
    const whole = await undisturbed();
    expect(whole.calls).toBeGreaterThan(100);
    for (let faulty = 1; faulty <= whole.calls; faulty++) {
      const results = temporaryFolder();
      const code = CODES[faulty % CODES.length];
      const { error } = await withFaults(
        (call) => (call === faulty ? code : undefined),
        () => session(results),
      );
      if (error !== undefined) expect((error as NodeJS.ErrnoException).code, `call ${faulty}`).toBe(code);
      readAll(results);
      expect((await withFaults(NONE, () => session(results))).error).toBeUndefined();
      expect(resultsIn(results), `call ${faulty}`).toEqual(whole.files);
    }
  });

  it('survive a death after any call: the next session ends with the same bytes, and tidies up', async () => {
    const whole = await undisturbed();
    for (let last = 0; last < whole.calls; last++) {
      const results = temporaryFolder();
      await withFaults(
        (call) => (call > last ? 'EIO' : undefined),
        () => session(results),
      );
      readAll(results);
      expect((await withFaults(NONE, () => session(results))).error).toBeUndefined();
      expect(resultsIn(results), `call ${last}`).toEqual(whole.files);
      const left = readdirSync(runDirectory(results, RUN)).filter((name) => /\.(tmp|next)$/.test(name));
      expect(left, `call ${last}`).toEqual([]);
    }
  });
});
