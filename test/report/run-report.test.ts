import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryLock } from '../../src/locks/lock.ts';
import { reportRun } from '../../src/report/run-report.ts';
import { findRuns } from '../../src/runs/find.ts';
import { beginRun, writeResults } from '../figures/results-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';

/** A run that is cut off after two epochs. */
function makeUnfinished() {
  const results = temporaryFolder();
  const [spec] = writeResults(results);
  if (spec === undefined) throw new Error('there is a run');
  const directory = join(results, 'few', spec.id);
  rmSync(directory, { recursive: true });
  beginRun(results, spec);
  const find = () => {
    const { runs, leftOut } = findRuns(results);
    const run = [...runs, ...leftOut].find((candidate) => candidate.id === spec.id);
    if (run === undefined) throw new Error('there is a run');
    return reportRun(run);
  };
  return { directory, find };
}

describe('a run in a report', () => {
  it('has its settings and its environment', () => {
    const { find } = makeUnfinished();
    const report = find();
    expect(report).toMatchObject({ state: 'unfinished', environment: { engine: 'onnx', cores: 2 } });
    expect(report.config).toContain('widths:');
  });

  it('has failed with the reason that ends its log, and with the warnings before it', () => {
    const { directory, find } = makeUnfinished();
    const lines = [
      { level: 30, msg: 'training begins' },
      { level: 40, msg: 'the clock went backwards' },
      { level: 50, msg: 'training failed', err: { message: 'the loss is NaN at step 7' } },
    ];
    appendFileSync(join(directory, 'log.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    expect(find()).toMatchObject({
      state: 'failed',
      detail: 'the loss is NaN at step 7',
      warnings: ['the clock went backwards'],
    });
  });

  it('is under way while a process holds it', () => {
    const { directory, find } = makeUnfinished();
    const lock = tryLock(join(directory, 'lock.json'));
    expect(find()).toMatchObject({
      state: 'under way',
      detail: expect.stringContaining(`process ${process.pid}`),
    });
    if ('release' in lock) lock.release();
    expect(find().state).toBe('unfinished');
  });

  it('does without a line that was cut off', () => {
    const { directory, find } = makeUnfinished();
    writeFileSync(join(directory, 'log.jsonl'), '{"level":40,"msg":"full disk"}\n{"level":50,"ms');
    expect(find()).toMatchObject({ warnings: ['full disk'] });
  });

  it('is damaged, with what to do, if one of its files is', () => {
    const { directory, find } = makeUnfinished();
    writeFileSync(join(directory, 'environment.json'), '{"engine":');
    const detail = expect.stringMatching(/environment.json is not valid JSON.*"td run" makes the file anew/);
    expect(find()).toMatchObject({ state: 'damaged', detail, environment: {}, config: '' });
  });
});
