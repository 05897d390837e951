/** @file Fetching of a data set, killed again and again: what lies in the cache is whole, and the next fetch completes it. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startNode } from '../cli/background.ts';
import { largerCifar10, type SmallSet } from '../data/cifar-files.ts';
import { serve } from '../data/server.ts';
import { isSoak } from './form.ts';
import { insist, Kills, measure, type Victim } from './insist.ts';

const LIMIT = isSoak ? 60 : 2;
const PROGRAM = join(import.meta.dirname, '../data/fetch-process.ts');

/** Pieces in which the archive is sent, and milliseconds between two of them. */
const PIECES = 40;
const PAUSE = 5;

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
  const under = { way: 0 };
  const address = await serve((_, response) => {
    under.way++;
    response.on('close', () => under.way--);
    void sendSlowly((set as SmallSet).archive, response);
  });
  set = largerCifar10(`${address}/set.tar.gz`);
  const { store, files } = set;
  const expected = { 'train.bin': files['batch_1.bin'], 'test.bin': files['test.bin'] };

  const workplaces = () => namesIn(store.folder).filter((name) => name.startsWith('.fetch-'));
  const victim: Victim = {
    start: () => startNode(process.cwd(), '--import', 'tsx', PROGRAM, JSON.stringify(store)),
    isAtWork: () => under.way > 0 || workplaces().length > 0,
    judge: () => (archiveIsWhole() ? 'unpacking' : 'downloading'),
    check() {
      for (const name of namesIn(store.folder).filter((name) => !name.startsWith('.'))) {
        const found = readFileSync(join(store.folder, name));
        expect(found.equals(expected[name as keyof typeof expected] as Buffer), name).toBe(true);
      }
    },
  };
  const archiveIsWhole = () =>
    workplaces().every((name) => {
      const [archive] = namesIn(join(store.folder, name)).filter((file) => file.endsWith('.gz'));
      const path = join(store.folder, name, archive ?? '');
      return archive !== undefined && readFileSync(path).length === set.archive.length;
    });

  const duration = await measure(victim);
  const kills = new Kills();
  while (kills.total < LIMIT) {
    rmSync(store.folder, { recursive: true });
    await insist(victim, duration, kills, LIMIT);
    expect(namesIn(store.folder)).toEqual(['test.bin', 'train.bin']);
    victim.check?.();
  }
  process.stderr.write(`killed: ${kills}\n`);
  if (isSoak) expect(kills.of('downloading')).toBeGreaterThan(9);
});

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
