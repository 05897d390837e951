/** @file Why a run is not finished. */
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryLock } from '../../src/locks/lock.ts';
import { conditionOf, countCutOffs, TRAINING_BEGINS } from '../../src/runs/condition.ts';
import { RUN_FILES } from '../../src/runs/directory.ts';
import { openRunLog } from '../../src/runs/log.ts';
import { temporaryFolder } from './temporary.ts';

function makeRun(): string {
  const directory = join(temporaryFolder(), 'run');
  mkdirSync(directory);
  return directory;
}

describe('countCutOffs', () => {
  it('counts the sessions in a row that began and left no word of how they went on', () => {
    const directory = makeRun();
    expect(countCutOffs(directory)).toBe(0);
    const { log, close } = openRunLog(join(directory, RUN_FILES.log));
    const begin = () => log.info({ epoch: 0 }, TRAINING_BEGINS);
    begin();
    log.info('checkpoint written');
    expect(countCutOffs(directory)).toBe(0);
    begin();
    expect(countCutOffs(directory)).toBe(1);
    log.warn('going on with another machine');
    begin();
    expect(countCutOffs(directory)).toBe(2);
    log.info('training interrupted');
    expect(countCutOffs(directory)).toBe(0);
    begin();
    log.error(new Error('full'), 'training failed');
    expect(countCutOffs(directory)).toBe(0);
    close();
  });

  it('passes over a line that a crash cut off', () => {
    const directory = makeRun();
    const line = JSON.stringify({ level: 30, msg: TRAINING_BEGINS });
    writeFileSync(join(directory, RUN_FILES.log), `${line}\n{"level":30,"ms\n${line}\n`);
    expect(countCutOffs(directory)).toBe(2);
  });
});

describe('a run without a summary', () => {
  it('is under way while a living process holds its lock', () => {
    const directory = makeRun();
    const lock = tryLock(join(directory, RUN_FILES.lock));
    expect(conditionOf(directory)).toEqual({
      kind: 'under way',
      owner: expect.stringContaining(`process ${process.pid} `),
    });
    if ('release' in lock) lock.release();
    expect(conditionOf(directory)).toEqual({ kind: 'unfinished' });
  });

  it('has failed if its log ends with an error', () => {
    const directory = makeRun();
    const { log, close } = openRunLog(join(directory, RUN_FILES.log));
    log.info('training begins');
    expect(conditionOf(directory)).toEqual({ kind: 'unfinished' });
    log.error(new Error('the loss is NaN at step 12\nand more'), 'training failed');
    expect(conditionOf(directory)).toEqual({ kind: 'failed', reason: 'the loss is NaN at step 12' });
    log.info('training begins');
    expect(conditionOf(directory)).toEqual({ kind: 'unfinished' });
    close();
  });

  it('has failed if so says the end of a log that is larger than all memory', () => {
    const directory = makeRun();
    const path = join(directory, RUN_FILES.log);
    writeFileSync(path, '');
    truncateSync(path, 100e9);
    appendFileSync(path, '\n{"level":50,"err":{"message":"\\u001b[2Jfull"}}\n');
    expect(conditionOf(directory)).toEqual({ kind: 'failed', reason: '\\x1b[2Jfull' });
  });

  it('is just unfinished if its log is cut off or missing', () => {
    const directory = makeRun();
    expect(conditionOf(directory)).toEqual({ kind: 'unfinished' });
    writeFileSync(join(directory, RUN_FILES.log), '{"level":50,"err":{"mess');
    expect(conditionOf(directory)).toEqual({ kind: 'unfinished' });
  });
});
