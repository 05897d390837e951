/** @file How work shows itself that may be done before anybody could look, and may also take long. */
import type { StartStage } from '../progress.ts';
import { type Progress, startProgress } from './progress.ts';

/** Milliseconds of work that shows nothing. */
const PATIENCE = 2000;

/** Milliseconds between two lines, elsewhere than in a terminal. */
const LINE_INTERVAL = 10_000;

/**
 * Begins work of one stage or several. Once it has taken two seconds, its stages show a bar, or elsewhere than in a terminal a line now and
 * then: `drawing figures of few: layers-weight (5 of 12)`.
 */
export function beginLongWork(stream: NodeJS.WriteStream = process.stderr): StartStage {
  const began = performance.now();
  return (label, total) => {
    let progress: Progress | undefined;
    let told = Number.NEGATIVE_INFINITY;
    return {
      update(done, detail) {
        const now = performance.now();
        if (now - began < PATIENCE) return;
        progress ??= startProgress(label, total, stream);
        progress.update(done, detail);
        if (now - told < LINE_INTERVAL) return;
        told = now;
        progress.line(`${label}: ${detail} (${done + 1} of ${total})`);
      },
      stop: () => progress?.stop(),
    };
  };
}
