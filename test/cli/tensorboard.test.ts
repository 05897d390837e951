/** @file td run --tensorboard: an event file beside the others of a run, and no other difference. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readEvents } from '../runs/events/reader.ts';
import { listFiles, makeFolder, TINY, td } from './td.ts';

const NAME = 'events.out.tfevents.td';

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => place.remove());

it('td run --tensorboard adds an event file to each run, which td list and td show take as it is', async () => {
  const run = await td(place.folder, 'run', 'tiny.yaml', '--seeds', '0', '--tensorboard');
  expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('next: td sweep tiny.yaml')]);
  const files = listFiles(place.folder).filter((path) => path.endsWith(NAME));
  expect(files.map((path) => path.split('/').slice(0, 3).join('/'))).toEqual([
    'results/tiny/plain',
    'results/tiny/targeted',
  ]);
  const events = files.map((path) => readEvents(readFileSync(join(place.folder, path))));
  // 8 steps an epoch.
  expect(events.map((all) => all.map(({ step }) => step))).toEqual([
    [0, 8, 16],
    [0, 8, 16],
  ]);
  expect(events.map((all) => 'candidates_dropped' in (all[1]?.scalars ?? {}))).toEqual([false, true]);
  const list = await td(place.folder, 'list');
  expect([list.code, list.stdout.match(/ done /g)?.length]).toEqual([0, 2]);
  const show = await td(place.folder, 'show', 'tiny/targeted/0');
  expect([show.code, show.stdout]).toEqual([0, expect.stringContaining(NAME)]);
});
