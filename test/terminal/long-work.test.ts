/** @file Work that shows itself once it takes long. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { exportMetrics } from '../../src/cli/export-metrics.ts';
import { figures } from '../../src/cli/figures.ts';
import { report } from '../../src/cli/report.ts';
import { beginLongWork } from '../../src/terminal/long-work.ts';
import { writeResults } from '../figures/results-folder.ts';
import { temporaryFolder } from '../runs/temporary.ts';

afterEach(() => vi.restoreAllMocks());

/** A stream that keeps what is written to it, as a terminal or as a file. */
function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; written(): string } {
  const pass = new PassThrough();
  const stream = Object.assign(pass, { isTTY, columns: 120, rows: 40 }) as unknown as NodeJS.WriteStream;
  return { stream, written: () => String(pass.read() ?? '') };
}

/** Stops the clock. @returns what puts it on by some seconds */
function holdClock(): (seconds: number) => void {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return (seconds) => {
    now += 1000 * seconds;
  };
}

describe('work of several stages', () => {
  it('shows nothing for two seconds, then elsewhere than in a terminal a line now and then', () => {
    const wait = holdClock();
    const { stream, written } = fakeStream(false);
    const startStage = beginLongWork(stream);
    const first = startStage('measuring', 3);
    for (const [done, name] of ['a', 'b', 'c'].entries()) {
      first.update(done, name);
      wait(0.9);
    }
    first.stop();
    expect(written()).toBe('');
    const second = startStage('drawing', 4);
    for (const [done, name] of ['a', 'b', 'c', 'd'].entries()) {
      second.update(done, name);
      wait(4);
    }
    second.stop();
    expect(written()).toBe('drawing: a (1 of 4)\ndrawing: d (4 of 4)\n');
  });

  it('shows a bar in a terminal, once two seconds have passed', () => {
    vi.stubEnv('NO_COLOR', '');
    vi.stubEnv('TERM', 'xterm');
    const wait = holdClock();
    const { stream, written } = fakeStream(true);
    const stage = beginLongWork(stream)('drawing', 4);
    stage.update(0, 'a');
    expect(written()).toBe('');
    wait(3);
    stage.update(2, 'c');
    stage.stop();
    expect(written()).toContain('drawing ████████████░░░░░░░░░░░░ 50% · c');
    vi.unstubAllEnvs();
  });
});

describe('a command that takes long', () => {
  /** What it writes on standard error, where each look at the clock comes some seconds after the one before. */
  async function watch(command: () => Promise<void> | void, seconds: number): Promise<string> {
    let now = 0;
    let text = '';
    vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    vi.spyOn(process.stderr, 'write').mockImplementation((piece) => {
      text += piece;
      return true;
    });
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 1000 * seconds;
      return now;
    });
    await command();
    vi.restoreAllMocks();
    return text;
  }

  it.each([
    ['figures', figures, 'drawing figures of few: layers-unit (8 of 8)'],
    ['report', report, 'measuring networks of few: targeted(0.66, 0.5) (4 of 4)'],
    ['export-metrics', exportMetrics, /^writing runs into .*: few\/none\/seed-0-[0-9a-f]{8} \(1 of 6\)$/m],
  ])('td %s shows how far it is, and nothing if it is short', async (_, command, line) => {
    const folder = temporaryFolder();
    const results = join(folder, 'results');
    mkdirSync(results);
    writeResults(results);
    const run = () => command(['few'], { results, mlflow: join(folder, 'mlruns') });
    expect(await watch(run, 12)).toMatch(line);
    expect(await watch(run, 0)).toBe('');
  });
});
