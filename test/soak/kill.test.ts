/** @file Commands that are killed again and again, at any moment: nothing is lost, and the files end up the same. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTd } from '../cli/background.ts';
import { listFiles, makeFolder } from '../cli/td.ts';
import { isSoak } from './form.ts';
import { type Duration, hasLoadedEngine, insist, Kills, measure, type Victim } from './insist.ts';

const LIMITS = isSoak ? { train: 100, sweep: 50 } : { train: 2, sweep: 1 };

/** Milliseconds: of minutes on a machine that has much else to do, of hours. */
const TIMEOUT = isSoak ? 4 * 3_600_000 : 180_000;

/** Runs whose state is of every kind, with a checkpoint about every third step. */
const EXPERIMENT = `
dataset: { name: mnist, trainImages: ${isSoak ? 2048 : 1024}, testImages: 500 }
model: { name: mlp, widths: [32, 16] }
schedule: { learningRate: 0.001, batchSize: 64, epochs: ${isSoak ? 4 : 2}, optimizer: { name: adam } }
sweep: { prune: "${isSoak ? '0:0.99:0.01' : '0,0.5,0.9'}" }
variants:
  smallify: { regularizer: { name: smallify, granularity: weight } }
  targeted: { regularizer: { name: targeted, granularity: unit } }
`;
const FLAGS = ['killed.yaml', '--threads', '1', '--results'] as const;

const place = makeFolder({ 'killed.yaml': EXPERIMENT });
afterAll(() => place.remove());

/** Names and bytes of the files that hold no times. */
function resultsOf(results: string): Record<string, string> {
  const folder = join(place.folder, results);
  const kept = listFiles(folder).filter((path) => /\.(csv|safetensors|yaml|svg|png)$/.test(path));
  return Object.fromEntries(kept.map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
}

function filesIn(results: string): string[] {
  const folder = join(place.folder, results);
  return existsSync(folder) ? listFiles(folder) : [];
}

/** Checkpoints are written so often that a good share of the kills falls into their writing. */
function training(results: string): Victim {
  let began = 0;
  let hasBegun = false;
  const isNew = (path: string) => {
    const status = statSync(join(place.folder, results, path), { throwIfNoEntry: false });
    return status !== undefined && status.mtimeMs >= began;
  };
  const isHalfWritten = (path: string) => /checkpoint\S*\.(tmp|next)$/.test(path) && isNew(path);
  return {
    start() {
      [began, hasBegun] = [Date.now(), false];
      return startTd(place.folder, 'run', '--checkpoint-minutes', '0.0001', ...FLAGS, results);
    },
    isAtWork() {
      // Between two runs there is no lock.
      hasBegun ||= filesIn(results).some((path) => path.endsWith('/lock.json') && isNew(path));
      return hasBegun;
    },
    judge: () => (filesIn(results).some(isHalfWritten) ? 'checkpointing' : 'training'),
  };
}

/** Figures take a second, which the short form saves. */
const sweeping = (results: string): Victim => ({
  start: () => startTd(place.folder, 'sweep', ...(isSoak ? [] : ['--no-figures']), ...FLAGS, results),
  isAtWork: hasLoadedEngine,
  judge: (_, { stdout }) => (stdout.includes('written:') ? 'drawing' : 'sweeping'),
});

describe('training and sweeping, killed at random', () => {
  let durations: { train: Duration; sweep: Duration };
  beforeAll(async () => {
    durations = { train: await measure(training('whole')), sweep: await measure(sweeping('whole')) };
  }, TIMEOUT);

  it(
    `${LIMITS.train + LIMITS.sweep} times, end with the files of undisturbed commands and leave nothing else`,
    async () => {
      const kills = { train: new Kills(), sweep: new Kills() };
      for (let round = 0; kills.train.atWork < LIMITS.train || kills.sweep.atWork < LIMITS.sweep; round++) {
        const results = `round-${round}`;
        await insist(training(results), durations.train, kills.train, LIMITS.train);
        await insist(sweeping(results), durations.sweep, kills.sweep, LIMITS.sweep);
        expect(resultsOf(results), `round ${round}`).toEqual(resultsOf('whole'));
        const left = filesIn(results).filter((path) => /\.(tmp|next|damaged)$|previous|lock/.test(path));
        expect(left, `round ${round}`).toEqual([]);
      }
      process.stderr.write(`killed: ${kills.train}, ${kills.sweep}\n`);
      if (!isSoak) return;
      for (const moment of ['training', 'checkpointing'])
        expect(kills.train.of(moment), moment).toBeGreaterThan(9);
      expect(kills.sweep.of('sweeping')).toBeGreaterThan(9);
    },
    TIMEOUT,
  );
});
