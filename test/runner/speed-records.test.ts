/** @file Checks which runs tell the speed of which others. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunSpec } from '../../src/config/experiment.ts';
import { hashOf } from '../../src/config/identity.ts';
import { renderSettings } from '../../src/config/render.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { type Place, SpeedRecords } from '../../src/runner/speed-records.ts';
import { RUN_FILES, runDirectory } from '../../src/runs/directory.ts';
import { appendMetrics } from '../../src/runs/metrics.ts';
import { writeSummary } from '../../src/runs/summary.ts';
import { rowOf, soundSummaryOf } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const PLACE: Place = { engine: 'onnx', device: 'CPU, 2 threads', cpu: 'fast' };

function makeRun(seed: number, settings: object = {}): RunSpec {
  const resolved = runSettingsSchema.parse(settings);
  const hash = hashOf(resolved);
  const id = `plain/seed-${seed}-${hash.slice(0, 8)}`;
  return { experiment: 'mnist', variant: 'plain', seed, settings: resolved, hash, id };
}

/** Leaves a checkpoint of a run, made on a day of 1970. */
function leave(results: string, run: RunSpec, made: { step: number; seconds: number; day?: number }): string {
  const directory = runDirectory(results, run);
  mkdirSync(directory, { recursive: true });
  const record = {
    epoch: 1,
    step: made.step,
    trainSeconds: made.seconds,
    totals: {},
    sha256: 'a'.repeat(64),
  };
  const checkpoint = join(directory, RUN_FILES.checkpoint);
  writeFileSync(checkpoint, JSON.stringify(record));
  utimesSync(checkpoint, (made.day ?? 1) * 86_400, (made.day ?? 1) * 86_400);
  appendMetrics(directory, { ...rowOf(1), step: made.step });
  writeFileSync(join(directory, RUN_FILES.config), renderSettings(run));
  writeFileSync(join(directory, RUN_FILES.environment), JSON.stringify(PLACE));
  return directory;
}

const speedOf = (results: string, run: RunSpec, place = PLACE) =>
  SpeedRecords.read(results, ['mnist'], place).find(run)?.secondsPerStep;

describe('SpeedRecords', () => {
  it('divides the time of a finished run by its steps', () => {
    const results = temporaryFolder();
    const run = makeRun(0, { schedule: { epochs: 1 } });
    const directory = leave(results, run, { step: 938, seconds: 999 });
    writeSummary(directory, soundSummaryOf(directory, run, 'a'.repeat(64)));
    // 12.5 s for 938 steps, of the summary.
    expect(speedOf(results, makeRun(1))).toBeCloseTo(0.0133262, 7);
  });

  it('prefers what the run itself took to other seeds, and late runs to early ones', () => {
    const results = temporaryFolder();
    leave(results, makeRun(0), { step: 100, seconds: 10, day: 1 });
    leave(results, makeRun(1), { step: 100, seconds: 20, day: 3 });
    leave(results, makeRun(2), { step: 100, seconds: 30, day: 2 });
    expect([0, 1, 2, 3].map((seed) => speedOf(results, makeRun(seed)))).toEqual([0.1, 0.2, 0.3, 0.2]);
  });

  it('takes runs of another length and learning rate, none of another method, network, data or batch', () => {
    const results = temporaryFolder();
    leave(results, makeRun(0, { schedule: { epochs: 3, learningRate: 0.7 } }), { step: 10, seconds: 5 });
    expect(speedOf(results, makeRun(0))).toBe(0.5);
    const others = [
      { regularizer: { name: 'l1' } },
      { model: { name: 'mlp', widths: [7] } },
      { dataset: { testImages: 100 } },
      { schedule: { batchSize: 64 } },
      { schedule: { optimizer: { name: 'adam' } } },
    ];
    for (const settings of others) expect(speedOf(results, makeRun(0, settings))).toBeUndefined();
  });

  it('takes no run of another engine, device or machine', () => {
    const results = temporaryFolder();
    leave(results, makeRun(0), { step: 10, seconds: 5 });
    for (const other of [{ engine: 'reference' }, { device: 'GPU' }, { cpu: 'slow' }]) {
      expect(speedOf(results, makeRun(0), { ...PLACE, ...other })).toBeUndefined();
    }
  });

  it('leaves out runs without a step, and those whose settings or environment cannot be read', () => {
    const results = temporaryFolder();
    const spoil: ((directory: string) => void)[] = [
      (directory) => rmSync(join(directory, RUN_FILES.checkpoint)),
      (directory) => writeFileSync(join(directory, RUN_FILES.config), 'regularizer: {'),
      (directory) => writeFileSync(join(directory, RUN_FILES.environment), '{}'),
    ];
    spoil.forEach((spoilOne, seed) => {
      spoilOne(leave(results, makeRun(seed), { step: 10, seconds: 5 }));
    });
    expect(speedOf(results, makeRun(9))).toBeUndefined();
  });
});
