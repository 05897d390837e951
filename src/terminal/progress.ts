/** @file Progress of long work: a bar in a terminal that can draw one, plain lines elsewhere; both on standard error. */
import { createRequire } from 'node:module';
import { takesEscapes } from './capabilities.ts';

/** The library of bars is loaded when there is one to draw: most commands draw none. */
const require = createRequire(import.meta.url);

export interface Progress {
  /** Moves the bar; `detail` stands behind it. Without a bar it does nothing. */
  update(done: number, detail: string): void;
  /** A line that stays. Where there is a bar it is left out unless `always` is set: the bar says it already. */
  line(text: string, always?: boolean): void;
  /** Takes the bar away; once it is gone it does nothing. */
  stop(): void;
}

/** @param total where the bar is full */
export function startProgress(
  label: string,
  total: number,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  if (takesEscapes(stream)) return startBar(label, total, stream);
  return { update() {}, line: (text) => printLine(text, stream), stop() {} };
}

/** A line on standard error. */
export function printLine(text: string, stream: NodeJS.WriteStream = process.stderr): void {
  stream.write(`${text}\n`);
}

function startBar(label: string, total: number, stream: NodeJS.WriteStream): Progress {
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}% · {detail}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    stream,
  });
  // A process that ends behind a bar would leave the terminal without cursor and line wrap.
  let isShown = false;
  const start = () => {
    isShown = true;
    process.once('exit', stop);
    bar.start(total, 0, { detail: '' });
  };
  const stop = () => {
    if (!isShown) return;
    isShown = false;
    process.removeListener('exit', stop);
    bar.stop();
  };
  start();
  return {
    update: (done, detail) => bar.update(done, { detail }),
    line(text, always = false) {
      if (!always) return;
      stop();
      printLine(text, stream);
      start();
    },
    stop,
  };
}
