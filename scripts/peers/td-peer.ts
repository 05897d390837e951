/**
 * @file A side of td in the benchmark: a process that answers requests, one line of JSON each, until its input ends.
 *
 * Its arguments are the task as JSON and the name of an engine. peer.py answers the same requests.
 */
import { createInterface } from 'node:readline';
import { loadTfjs } from '../../src/engines/load-tfjs.ts';
import type { CheckRequest, PeerRequest } from './peer.ts';
import type { PeerTask } from './workloads.ts';

// As td does.
await loadTfjs();
const { chooseEngine } = await import('../../src/engines/registry.ts');
const { readExchange, writeExchange } = await import('./exchange.ts');
const { TdRunner } = await import('./td-runner.ts');

const task = JSON.parse(process.argv[2] ?? '') as PeerTask;
// Where the other sides compute, whatever card there is.
const { engine } = await chooseEngine(process.argv[3] ?? '', {
  threads: task.threads,
  device: 'cpu',
  precision: task.settings.precision,
});
const runner = await TdRunner.create(task, engine);

async function check({ input, output }: CheckRequest): Promise<{ loss: number; metric: number }> {
  const { state, loss, metric } = await runner.check(readExchange(input, runner.signature));
  if (output !== null) writeExchange(output, { state, feeds: {} }, runner.signature);
  return { loss, metric };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as PeerRequest;
  const answer = request.command === 'time' ? await runner.time(request.runs) : await check(request);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
