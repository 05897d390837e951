/** @file A variant that takes too much memory fails by itself: it is told so, the others go on, the next command tries it again. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFailure } from '../../src/terminal/failures.ts';
import { type Ended, makeFolder, TINY, td } from './td.ts';

/** Its first layer makes a thousand times as many numbers of a batch as any machine could hold. */
const VAST = `
extends: tiny.yaml
seeds: [0]
variants:
  vast:
    dataset: { trainImages: 60000 }
    model: { name: lenet, filters: [100000, 1], widths: [4] }
    schedule: { batchSize: 60000 }
  plain: {}
  targeted: {}
`;

const place = makeFolder({ 'tiny.yaml': TINY, 'vast.yaml': VAST });
afterAll(() => place.remove());

describe('a variant whose network does not fit the memory', () => {
  let first: Ended;
  let second: Ended;
  let list: Ended;
  beforeAll(async () => {
    first = await td(place.folder, 'run', 'vast.yaml', '--threads', '1');
    second = await td(place.folder, 'run', 'vast.yaml', '--threads', '1');
    list = await td(place.folder, 'list');
  });

  it('is recorded as failed with its reason, after which the others are trained and the exit code is 1', () => {
    const { code, stderr, stdout } = first;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      / vast seed 0: failed: the training needs about \d+\.\d GB of memory, and \d+\.\d GB are there; a smaller model or schedule.batchSize would need less\n/,
    );
    expect(stderr.match(/: trained in /g)).toHaveLength(2);
    expect(stderr).toMatch(
      /\n1 run failed; the same command tries it again:\n {2}vast\/vast\/seed-0-\w+: the training needs /,
    );
    expect(stdout).toMatch(/^vast +vast +0 +failed/m);
    expect(list.stdout).toMatch(/^vast +vast +0 +failed/m);
  });

  it('is the only one that the next command tries again', () => {
    expect(second.code).toBe(1);
    expect(second.stderr.match(/: already trained/g)).toHaveLength(2);
    expect(second.stderr.match(/: trained in /g)).toBeNull();
    expect(second.stderr.match(/ failed: the training needs /g)).toHaveLength(1);
  });
});

describe('a run that was cut off twice before it saved anything', () => {
  it('comes after all others, with a warning, until it leaves a word again', async () => {
    const folder = join(place.folder, 'cut off/tiny/plain/seed-0-69edd4d0');
    mkdirSync(folder, { recursive: true });
    const begun = `${JSON.stringify({ level: 30, msg: 'training begins' })}\n`;
    writeFileSync(join(folder, 'log.jsonl'), begun.repeat(2));
    const run = () => td(place.folder, 'run', 'tiny.yaml', '--threads', '1', '--results', 'cut off');
    const { code, stderr } = await run();
    expect(code).toBe(0);
    expect(stderr).toContain(
      '\n[1/4] plain seed 0: warning: it was cut off 2 times before it saved anything, as happens when memory runs out; it comes after all others\n',
    );
    const order = [...stderr.matchAll(/^\[(\d)\/4\] .*: trained in /gm)].map(([, number]) => number);
    expect(order).toEqual(['2', '3', '4', '1']);
    rmSync(join(folder, 'summary.json'));
    expect((await run()).stderr).not.toContain('warning');
  });
});

describe('memory that runs out while something computes', () => {
  it.each([
    new RangeError('Array buffer allocation failed'),
    new Error(
      'Non-zero status code returned while running Gemm node. Failed to allocate memory for requested buffer',
    ),
    new Error('std::bad_alloc'),
  ])('is told in a sentence: %s', (error) => {
    expect(describeFailure(error)).toBe(
      `out of memory: ${error.message}; a smaller model or schedule.batchSize needs less`,
    );
  });

  it('is no excuse for other errors, which show their stack', () => {
    expect(describeFailure(new RangeError('index 3 is out of bounds'))).toContain('out-of-memory.test.ts');
  });
});
