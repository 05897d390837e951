/** @file A second thread of JavaScript: makes batch and noise of a step while the step before computes (see feeds-ahead.ts). */
import { workerData } from 'node:worker_threads';
import { DrawnFeeds } from '../drawn-feeds.ts';
import { ANSWERED, type Answer, buffersOf, READY, type Request, type WorkerSettings } from './messages.ts';

const { seed, port, signals } = workerData as WorkerSettings;
const drawn = new DrawnFeeds(seed);

port.on('message', (request: Request) => {
  const answer = fill(request);
  port.postMessage(answer, answer === undefined ? [] : buffersOf(answer));
  Atomics.add(signals, ANSWERED, 1);
  Atomics.notify(signals, ANSWERED);
});
Atomics.store(signals, READY, 1);
Atomics.notify(signals, READY);

/** Whoever asked makes what fails here himself, and meets the error there. */
function fill({ batch, arrays, images }: Request): Answer {
  try {
    drawn.fill({ ...batch, split: { ...batch.split, images } }, arrays);
    return { arrays, images };
  } catch {
    return undefined;
  }
}
