/** @file Chooses the engine; where several could compute, the one that is fastest for the network, by a trial that is remembered. */
import { cpus } from 'node:os';
import type { RunSettings } from '../../config/schema.ts';
import { findCard } from '../../engines/onnx/webgpu/adapter.ts';
import { type ChosenEngine, chooseEngine, engineStatus } from '../../engines/registry.ts';
import { availableThreads } from '../../engines/threads.ts';
import type { EngineOptions, EngineStatus } from '../../engines/types.ts';
import { UserError } from '../../errors.ts';
import { joinNames } from '../../format.ts';
import { precisionOf } from './decisive.ts';
import { readTrial, type Trial, writeTrial } from './remembered.ts';
import { type Candidate, type TrialTime, trialKey, tryEngines } from './trial.ts';

const ONNX: Candidate = { engine: 'onnx', device: 'cpu' };

/**
 * Creates the named engine. `auto` takes TensorFlow where it uses a graphics card. Else, where more than one engine could
 * compute, it takes the one whose training steps of the network are fastest, by a trial of some seconds whose result is
 * remembered on this machine.
 *
 * @param settings of a run that will be trained or evaluated; without them `auto` needs no trial and takes onnx
 * @param say is told that a trial begins
 * @param mayTry whether a trial is made where none is remembered; else onnx is taken
 * @throws UserError if the name is unknown or the engine cannot run here
 */
export async function chooseFastestEngine(
  name: string,
  given: EngineOptions,
  settings: RunSettings | undefined,
  say: (line: string) => void,
  mayTry = true,
): Promise<ChosenEngine> {
  const options: EngineOptions = { ...given, precision: precisionOf(settings), say };
  const { device = 'auto', eager = false, xla = false } = options;
  const isPrecise = precisionOf(settings) === 'float32';
  const isOpen = isPrecise && name === 'auto' && (device === 'auto' || device === 'cpu') && !eager && !xla;
  if (!isOpen || settings === undefined) return chooseEngine(name, options);
  const tensorflow = await engineStatus('tensorflow');
  if (device === 'auto' && usesGpu(tensorflow)) return chooseEngine(name, options);
  const card = device === 'auto' ? await findCard() : undefined;
  const key = keyOf(settings, options, tensorflow, card);
  const known = readTrial(key);
  if (known !== undefined) {
    const chosen = await createWinner(known, options);
    // Where no engine could take a step, another trial would fare no better.
    if (chosen !== undefined || known.times.length === 0) return chosen ?? chooseEngine(name, options);
  }
  const candidates = listCandidates(tensorflow, card);
  if (candidates.length === 1 || !mayTry) return chooseEngine(name, options);
  say(`trying ${describeAll(candidates)} on this network for some seconds; the result is remembered`);
  const trial = await runTrial(key, settings, candidates, options);
  return (await createWinner(trial, options)) ?? chooseEngine('onnx', options);
}

/** Tries all engines on a network anew, whatever was remembered, and remembers the result. */
export async function tryAnew(settings: RunSettings, options: EngineOptions): Promise<Trial> {
  const tensorflow = await engineStatus('tensorflow');
  const card = await findCard();
  const key = keyOf(settings, options, tensorflow, card);
  return runTrial(key, settings, listCandidates(tensorflow, card), options);
}

/** `onnx`, `tensorflow`, `onnx on webgpu`. */
export function describeCandidate({ engine, device }: Candidate): string {
  return device === 'cpu' ? engine : `${engine} on ${device}`;
}

function describeAll(candidates: readonly Candidate[]): string {
  return joinNames(candidates.map(describeCandidate));
}

function usesGpu(status: EngineStatus): boolean {
  return status.available && status.devices.some((device) => device.startsWith('GPU'));
}

/** A graphics card that can be named as one, with its driver. */
type Card = Awaited<ReturnType<typeof findCard>>;

function keyOf(
  settings: RunSettings,
  { threads, device }: EngineOptions,
  tensorflow: EngineStatus,
  card: Card,
): string {
  return trialKey(settings, {
    cpu: cpus()[0]?.model,
    threads: threads ?? availableThreads(),
    node: process.versions.node.split('.')[0],
    device: device ?? 'auto',
    tensorflow: tensorflow.available ? tensorflow.version : null,
    card: card ?? null,
  });
}

/** What could compute here. A graphics card without CUDA counts if it can be named as one: drivers may compute on the processor. */
function listCandidates(tensorflow: EngineStatus, card: Card): Candidate[] {
  return [
    ONNX,
    ...(tensorflow.available ? [{ engine: 'tensorflow', device: 'cpu' } as const] : []),
    ...(card?.kind === 'hardware' ? [{ engine: 'onnx', device: 'webgpu' } as const] : []),
  ];
}

async function runTrial(
  key: string,
  settings: RunSettings,
  candidates: readonly Candidate[],
  options: EngineOptions,
): Promise<Trial> {
  const trial = { times: await tryEngines(settings, candidates, options) };
  writeTrial(key, trial);
  return trial;
}

/** @returns nothing if no engine could take a step, or the winner cannot run here any more */
async function createWinner({ times }: Trial, options: EngineOptions): Promise<ChosenEngine | undefined> {
  const [winner, ...others] = times;
  if (winner === undefined) return undefined;
  try {
    const { engine } = await chooseEngine(winner.engine, { ...options, device: winner.device });
    return { engine, reason: explain(winner, others) };
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function explain(winner: TrialTime, others: readonly TrialTime[]): string {
  const words = others.map((time) => `${describeCandidate(time)} ${formatTime(time)}`);
  if (words.length === 0) return 'the only engine that could take a step in a trial';
  return `the fastest for this network in a trial: ${formatTime(winner)} a step, ${words.join(', ')}`;
}

function formatTime({ stepMilliseconds }: TrialTime): string {
  return `${stepMilliseconds.toFixed(stepMilliseconds < 10 ? 2 : stepMilliseconds < 100 ? 1 : 0)} ms`;
}
