/** @file A folder of results that is taken away while a run is trained in it, before any call that changes files. */
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { chooseEngine } from '../../src/engines/registry.ts';
import { describeFailure } from '../../src/terminal/failures.ts';
import { ENVIRONMENT } from '../runs/runs.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { withFaults } from '../support/faulty-fs.ts';
import { loadSmallMnist, runOf, smallSettings } from '../training/small-mnist.ts';
import { trainAndRecord } from './recording.ts';

vi.mock('node:fs', async (importOriginal) => {
  const { wrapFileSystem } = await import('../support/faulty-fs.ts');
  return wrapFileSystem(await importOriginal());
});

const real = await vi.importActual<typeof import('node:fs')>('node:fs');

describe('a results folder that is removed in mid-run', () => {
  it('ends the training with a sentence, and nothing is made in its place, whatever was written when', async () => {
    const dataset = await loadSmallMnist(64, 20);
    const { engine } = await chooseEngine('onnx', { threads: 1 });
    const run = runOf(smallSettings({ schedule: { batchSize: 32, epochs: 2 } }), 0);

    /** Removes everything before a call. @returns what the training did then, and what was there */
    const trainAndRemove = async (removal: number) => {
      const results = join(temporaryFolder(), 'results');
      const directory = join(results, 'test', run.id);
      const isThere = (name: string) => real.existsSync(join(directory, name));
      const before = { lock: false, log: false, summary: false };
      const { calls, error } = await withFaults(
        (call) => {
          if (call !== removal) return undefined;
          Object.assign(before, {
            lock: isThere('lock.json'),
            log: isThere('log.jsonl'),
            summary: isThere('summary.json'),
          });
          real.rmSync(results, { recursive: true, force: true });
          return undefined;
        },
        () => trainAndRecord({ resultsDirectory: results, run, dataset, engine, environment: ENVIRONMENT }),
      );
      return { calls, error, directory, before, isLeft: real.existsSync(results) };
    };

    const whole = await trainAndRemove(Number.NaN);
    expect(whole).toMatchObject({ error: undefined, isLeft: true });
    expect(whole.calls).toBeGreaterThan(60);
    let removals = 0;
    for (let removal = 1; removal <= whole.calls; removal++) {
      const { error, directory, before, isLeft } = await trainAndRemove(removal);
      // Before that the lock makes the folder; a run that has its summary is done.
      if (!before.lock || before.summary) continue;
      removals++;
      expect({ removal, isLeft }).toEqual({ removal, isLeft: false });
      if (before.log)
        expect(error).toMatchObject({
          message: expect.stringContaining(`${directory} or the lock in it was removed`),
        });
      else expect(describeFailure(error)).not.toContain('\n');
    }
    expect(removals).toBeGreaterThan(50);
  });
});
