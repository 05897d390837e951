/** @file The part of the device check on PyTorch: the same training steps on the same card, where a Python has it. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { median } from '../../src/median.ts';
import { type Comparand, taskOf } from '../peers/workloads.ts';
import { type CheckLimits, isTimeUp, listChecks, TIME_IS_UP } from './device.ts';

const LAYOUTS = ['default', 'channels_last'] as const;

export interface PytorchStep {
  readonly network: string;
  readonly variant: string;
  /** In the faster layout. */
  readonly stepMilliseconds?: number;
  readonly layout?: (typeof LAYOUTS)[number];
  readonly failure?: string;
}

export interface PytorchCheck {
  /** `PyTorch 2.8.0 on NVIDIA H200`, or why there is none. */
  readonly version: string;
  readonly steps: readonly PytorchStep[];
}

/** Prints version and card, if PyTorch can use one. */
const PROBE = `
import json, torch
has = torch.cuda.is_available()
print(json.dumps({"torch": torch.__version__, "card": torch.cuda.get_device_name(0) if has else None}))
`;
const probeSchema = z.object({ torch: z.string(), card: z.string().nullable() });
const answerSchema = z.object({ milliseconds: z.array(z.number()).min(1) });

const WARMUP_STEPS = 5;

export interface PytorchOptions extends CheckLimits {
  readonly networks: readonly string[];
  onProgress?(line: string): void;
  /** For tests: PyTorch on the processor is timed, too. */
  readonly device?: 'cuda' | 'cpu';
}

/** Looks for `TD_PYTHON`, else `python3`; whatever keeps PyTorch from the card is told and no error. */
export async function checkPytorch(options: PytorchOptions): Promise<PytorchCheck> {
  const { device = 'cuda', networks, onProgress } = options;
  const python = process.env.TD_PYTHON || 'python3';
  const { status, stdout } = spawnSync(python, ['-c', PROBE], { encoding: 'utf8' });
  if (status !== 0) return { version: `PyTorch is not found (${python})`, steps: [] };
  const { torch, card } = probeSchema.parse(JSON.parse(stdout));
  if (card === null && device === 'cuda')
    return { version: `PyTorch ${torch}, which finds no card`, steps: [] };
  const steps: PytorchStep[] = [];
  for (const comparand of listChecks(networks)) {
    onProgress?.(`PyTorch: ${comparand.workload.name}, ${comparand.variant}`);
    steps.push(await timeSteps(comparand, python, device, options));
  }
  return { version: `PyTorch ${torch} on ${card ?? 'the processor'}`, steps };
}

async function timeSteps(
  comparand: Comparand,
  python: string,
  device: string,
  limits: CheckLimits,
): Promise<PytorchStep> {
  const subject = { network: comparand.workload.name, variant: comparand.variant };
  if (isTimeUp(limits)) return { ...subject, failure: TIME_IS_UP };
  try {
    const timed: { stepMilliseconds: number; layout: (typeof LAYOUTS)[number] }[] = [];
    for (const layout of LAYOUTS) {
      const parameters = [JSON.stringify(taskOf(comparand, 0)), layout, device];
      timed.push({ layout, stepMilliseconds: await timeProcess(python, parameters, limits) });
    }
    const [fastest] = timed.sort((a, b) => a.stepMilliseconds - b.stepMilliseconds);
    return { ...subject, ...fastest };
  } catch (error) {
    return { ...subject, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Half of the time of a network is for each layout. */
async function timeProcess(
  python: string,
  parameters: readonly string[],
  { seconds, steps }: CheckLimits,
): Promise<number> {
  const script = join(import.meta.dirname, '../peers/peer.py');
  const child = spawn(python, [script, ...parameters], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const take = async (runs: number): Promise<number[]> => {
    child.stdin.write(`${JSON.stringify({ command: 'time', runs })}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('its process ended before it answered');
    return answerSchema.parse(JSON.parse(value)).milliseconds;
  };
  try {
    const [last = 1] = (await take(WARMUP_STEPS)).slice(-1);
    const fitting = Math.floor((500 * seconds) / last);
    return median(await take(Math.max(1, Math.min(steps, fitting))));
  } finally {
    child.kill();
  }
}
