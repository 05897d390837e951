/** @file Fetching of a data set, killed again and again: what lies in the cache is whole, and the next fetch completes it. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Background, startNode } from '../cli/background.ts';
import { largerCifar10, type SmallSet } from '../data/cifar-files.ts';
import { serve } from '../data/server.ts';
import { isSoak } from './form.ts';
import { insist, Kills, measure, type Victim } from './insist.ts';

const LIMIT = isSoak ? 50 : 2;
const PROGRAM = join(import.meta.dirname, '../data/fetch-process.ts');

/** Pieces in which the archive is sent, and milliseconds between two of them. */
const PIECES = 40;
const PAUSE = 2;

async function sendSlowly(archive: Buffer, response: ServerResponse): Promise<void> {
  const size = Math.ceil(archive.length / PIECES);
  for (let start = 0; start < archive.length && !response.destroyed; start += size) {
    response.write(archive.subarray(start, start + size));
    await sleep(PAUSE);
  }
  response.end();
}

it(`fetching, killed ${LIMIT} times, never leaves part of a file in the cache and is completed by the next fetch`, async () => {
  let set: SmallSet | undefined;
  const address = await serve((_, response) => void sendSlowly((set as SmallSet).archive, response));
  set = largerCifar10(`${address}/set.tar.gz`);
  const { store, files } = set;
  const expected = { 'train.bin': files['batch_1.bin'], 'test.bin': files['test.bin'] };

  /** Files in the folder in which a process works; nothing if it has none. */
  const workplaceOf = ({ child }: Background) => {
    const name = namesIn(store.folder).find((folder) => folder.includes(`-${child.pid}-`));
    if (name === undefined) return undefined;
    return namesIn(join(store.folder, name)).map((file) => join(store.folder, name, file));
  };
  const victim: Victim = {
    start: () => startNode(process.cwd(), '--import', 'tsx', PROGRAM, JSON.stringify(store)),
    isAtWork: (process) => workplaceOf(process) !== undefined,
    judge(process) {
      const archive = workplaceOf(process)?.find((path) => path.endsWith('.gz'));
      const isWhole = archive !== undefined && statSync(archive).size === set.archive.length;
      return isWhole ? 'unpacking' : 'downloading';
    },
    check() {
      for (const name of namesIn(store.folder).filter((name) => !name.startsWith('.'))) {
        const found = readFileSync(join(store.folder, name));
        expect(found.equals(expected[name as keyof typeof expected] as Buffer), name).toBe(true);
      }
    },
  };
  const duration = await measure(victim);
  const kills = new Kills();
  while (kills.atWork < LIMIT) {
    rmSync(store.folder, { recursive: true });
    await insist(victim, duration, kills, LIMIT);
    expect(namesIn(store.folder)).toEqual(['test.bin', 'train.bin']);
    victim.check?.();
  }
  process.stderr.write(`killed: ${kills}\n`);
  if (!isSoak) return;
  for (const moment of ['downloading', 'unpacking']) expect(kills.of(moment), moment).toBeGreaterThan(0);
});

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
