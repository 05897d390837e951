/** @file An experiment that was given another name on the command line. */
import { afterAll, expect, it } from 'vitest';
import { makeFolder, TINY, td } from './td.ts';

const place = makeFolder({ 'tiny.yaml': TINY });
afterAll(() => place.remove());

it('is followed by a hint that finds its runs', async () => {
  const parameters = ['--only', 'plain', '--seeds', '0', '--threads', '1', '--set', 'name=other'];
  const ran = await td(place.folder, 'run', 'tiny.yaml', ...parameters);
  const [, hint = ''] = /^next: td (.*)$/m.exec(ran.stderr) ?? [];
  const swept = await td(place.folder, ...hint.split(' '), '--prune', '0.5');
  expect(swept).toMatchObject({ code: 0, stdout: expect.stringContaining('results/other/sweep.csv') });
});
