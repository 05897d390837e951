/** @file Progress: a bar where there is a terminal, plain lines elsewhere. */
import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { startProgress } from '../../src/terminal/progress.ts';
import { execute, makeFolder, TD, TINY } from '../cli/td.ts';

const ESCAPE = '\u001b';
const SHOW_CURSOR = `${ESCAPE}[?25h`;
const WRAP_LINES = `${ESCAPE}[?7h`;

/** A stream that keeps what is written to it, as a terminal or as a file. */
function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; written(): string } {
  const pass = new PassThrough();
  const stream = Object.assign(pass, { isTTY, columns: 120, rows: 40 }) as unknown as NodeJS.WriteStream;
  return { stream, written: () => String(pass.read() ?? '') };
}

describe('progress in a terminal', () => {
  it('is a bar with its share and detail, which leaves nothing switched off', () => {
    const { stream, written } = fakeStream(true);
    const progress = startProgress('label', 4, stream);
    progress.update(1, 'loss 0.5');
    progress.line('left out');
    progress.line('kept', true);
    progress.stop();
    progress.stop();
    const text = written();
    expect(text).toContain('label ██████░░░░░░░░░░░░░░░░░░ 25% · loss 0.5');
    expect(text).toContain('kept\n');
    expect(text).not.toContain('left out');
    expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf(`${ESCAPE}[?25l`));
    expect(text.lastIndexOf(WRAP_LINES)).toBeGreaterThan(text.lastIndexOf(`${ESCAPE}[?7l`));
  });

  it('listens for the end of the process only while the bar is there', () => {
    const before = process.listenerCount('exit');
    const progress = startProgress('label', 4, fakeStream(true).stream);
    expect(process.listenerCount('exit')).toBe(before + 1);
    progress.stop();
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('progress elsewhere', () => {
  it('is every line as it is, and no bar', () => {
    const { stream, written } = fakeStream(false);
    const progress = startProgress('label', 4, stream);
    progress.update(1, 'loss 0.5');
    progress.line('first');
    progress.line('second', true);
    progress.stop();
    expect(written()).toBe('first\nsecond\n');
  });
});

describe.skipIf(!existsSync('/usr/bin/script'))('a training in a terminal', () => {
  it('shows loss, accuracy, speed and time left, and leaves one line a run', async () => {
    const { folder, remove } = makeFolder({ 'tiny.yaml': TINY });
    const typed = `stty columns 120 rows 40; '${process.execPath}' '${TD}' run tiny.yaml --only plain --seeds 0 --threads 1`;
    const { code, stdout } = await execute('/usr/bin/script', ['-qec', typed, '/dev/null'], folder, {
      TERM: 'xterm',
      NO_COLOR: '',
    });
    remove();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\[1\/1\] plain seed 0 [█░]{24} \d+% · epoch 1\/2 · loss \d\.\d{4} · accuracy [\d.]+ % · [\d,]+ images\/s · [\d.]+ s left/,
    );
    expect(stdout).toMatch(/\[1\/1\] plain seed 0: trained in [\d.]+ s, test accuracy [\d.]+ %/);
    expect(stdout).not.toContain('[1/1] plain seed 0: epoch');
    expect(stdout.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(stdout.lastIndexOf(`${ESCAPE}[?25l`));
  });
});

describe.skipIf(!existsSync('/usr/bin/script'))('a terminal without a bar', () => {
  const place = makeFolder({ 'tiny.yaml': TINY });
  afterAll(() => place.remove());

  it.each([
    ['that calls itself dumb', 100, { TERM: 'dumb', NO_COLOR: '' }],
    ['without colours', 100, { TERM: 'xterm', NO_COLOR: '1' }],
    ['of unknown width', 0, { TERM: 'xterm', NO_COLOR: '' }],
    ['of one column', 1, { TERM: 'xterm', NO_COLOR: '' }],
    ['of 20 columns', 20, { TERM: 'xterm', NO_COLOR: '' }],
  ])('%s shows plain lines, and no end of them', async (kind, columns, variables) => {
    const td = `'${process.execPath}' '${TD}'`;
    const one = '--threads 1 --only plain --seeds 0';
    const typed = [
      `stty columns ${columns} rows 40`,
      `${td} run tiny.yaml ${one} --results '${kind}'`,
      `${td} sweep tiny.yaml --no-figures --threads 1 --results '${kind}'`,
      ...['list', 'table tiny', 'show tiny/plain/0'].map((words) => `${td} ${words} --results '${kind}'`),
      `${td} --help`,
    ];
    const { code, stdout } = await execute(
      '/usr/bin/script',
      ['-qec', typed.join(' && '), '/dev/null'],
      place.folder,
      variables,
    );
    expect(code, stdout).toBe(0);
    expect(stdout).not.toContain(ESCAPE);
    expect(stdout).toContain('[1/1] plain seed 0: epoch 2/2, loss');
    expect(stdout).toMatch(columns > 0 && columns <= 20 ? /^variant: plain\r$/m : /^tiny +plain +0 +done/m);
    expect(stdout.length).toBeLessThan(20_000);
  });
});
