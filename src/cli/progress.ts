/** @file Progress of long work: a bar in a terminal, plain lines elsewhere; both on standard error. */
import { SingleBar } from 'cli-progress';

export interface Progress {
  /** Moves the bar; `detail` stands behind it. Elsewhere than in a terminal it does nothing. */
  update(done: number, detail: string): void;
  /** A line that stays. In a terminal it is left out unless `always` is set: the bar says it already. */
  line(text: string, always?: boolean): void;
  /** Takes the bar away. */
  stop(): void;
}

/** @param total where the bar is full */
export function startProgress(label: string, total: number): Progress {
  return process.stderr.isTTY ? startBar(label, total) : { update() {}, line: printLine, stop() {} };
}

/** A line on standard error. */
export function printLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

function startBar(label: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}% · {detail}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    stream: process.stderr,
  });
  bar.start(total, 0, { detail: '' });
  return {
    update: (done, detail) => bar.update(done, { detail }),
    line(text, always = false) {
      if (!always) return;
      bar.stop();
      printLine(text);
      bar.start(total, 0, { detail: '' });
    },
    stop: () => bar.stop(),
  };
}
