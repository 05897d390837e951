/** @file Results of trials, remembered in td's cache folder. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DEVICE_NAMES, ENGINE_NAMES } from '../../engines/types.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import { cacheFolder } from '../../files/cache-folder.ts';
import { makeDirectory } from '../../files/directories.ts';

const trialSchema = z.object({
  /** The fastest first; nothing where no engine could take a step. */
  times: z.array(
    z.object({
      engine: z.enum(ENGINE_NAMES),
      device: z.enum(DEVICE_NAMES),
      /** Median of a training step. */
      stepMilliseconds: z.number().positive(),
    }),
  ),
});

export type Trial = z.output<typeof trialSchema>;

const fileSchema = z.record(z.string(), trialSchema);

/** Results that are kept: the oldest go first. */
const MOST_TRIALS = 1000;

/** @param key as `trialKey` gives it */
export function readTrial(key: string): Trial | undefined {
  return readAll()[key];
}

/** Where the cache cannot be written, the next command tries again. */
export function writeTrial(key: string, trial: Trial): void {
  const { [key]: _, ...others } = readAll();
  const kept = Object.entries(others).slice(1 - MOST_TRIALS);
  try {
    makeDirectory(dirname(path()));
    writeFileAtomic(path(), `${JSON.stringify(Object.fromEntries([...kept, [key, trial]]), null, 1)}\n`);
  } catch {
    // A trial is a matter of seconds.
  }
}

function path(): string {
  return join(cacheFolder(), 'engine-trials.json');
}

/** What cannot be read or understood is forgotten. */
function readAll(): Readonly<Record<string, Trial>> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path(), 'utf8')));
  } catch {
    return {};
  }
}
