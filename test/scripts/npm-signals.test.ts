/** @file A signal to npm alone ends what npm runs: npm hands on two of them, and dies of the others without a word. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, onTestFinished } from 'vitest';
import { isRunning } from '../../src/locks/processes.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { type Descendant, listDescendants } from '../support/descendants.ts';

const ROOT = join(import.meta.dirname, '../..');

/** As a user's shell would have it: without what this vitest tells its workers. */
function userVariables(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|npm_|TEST$|NODE_ENV$|MODE$)/.test(name),
  );
  return Object.fromEntries(own);
}

interface Started {
  readonly npm: ChildProcess;
  output(): string;
}

/** npm in a process group of its own, so that a signal to it reaches no other process by itself. */
function startNpm(words: readonly string[]): Started {
  const npm = spawn('npm', words, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: userVariables(),
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  onTestFinished(() => {
    // A negative number stands for the group.
    try {
      if (npm.pid !== undefined) process.kill(-npm.pid, 'SIGKILL');
    } catch {
      // It has ended as it should.
    }
  });
  return { npm, output: () => output };
}

/** Waits until td trains below npm. */
async function untilAtWork({ npm, output }: Started, isTest: boolean): Promise<readonly Descendant[]> {
  for (;;) {
    const below = listDescendants(npm.pid ?? 0);
    const hasTd = below.some(({ command }) => /bin\/td run/.test(command));
    if (hasTd && (isTest || /^engine /m.test(output()))) return below;
    if (npm.exitCode !== null) throw new Error(`npm ended by itself:\n${output()}`);
    await sleep(100);
  }
}

const TRAIN = ['run', 'td', '--', 'run', 'configs/mnist-lenet.yaml', '--threads', '1', '--results'];

describe.skipIf(process.platform === 'win32')('a signal to npm alone', () => {
  it.each([
    ['SIGINT', TRAIN],
    ['SIGKILL', TRAIN],
    ['SIGTERM', ['run', 'demo', '--', '--threads', '1', '--results']],
    ['SIGKILL', ['run', 'demo', '--', '--threads', '1', '--results']],
    ['SIGTERM', ['test', '--', 'test/terminal/interruption.test.ts']],
    ['SIGKILL', ['test', '--', 'test/terminal/interruption.test.ts']],
  ] as const)('%s leaves nothing of it: npm %j', async (signal, words) => {
    const isTest = words[0] === 'test';
    const started = startNpm(isTest ? words : [...words, temporaryFolder()]);
    const below = await untilAtWork(started, isTest);
    started.npm.kill(signal);
    while (below.some(isRunning)) await sleep(100);
  });
});
