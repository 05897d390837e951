/** @file What a training step on onnxruntime spends its time on, by its own profiler. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOnnxEngine } from '../../src/engines/onnx/engine.ts';
import { ort } from '../../src/engines/onnx/runtime.ts';
import { TdRunner } from '../peers/td-runner.ts';
import type { PeerTask } from '../peers/workloads.ts';

/** Share of the time of a step that operations of a kind take, by the kind's name, the largest first. */
export type Parts = readonly (readonly [name: string, share: number])[];

/** An entry of the profile that onnxruntime writes; times are in microseconds. */
interface Entry {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: Shapes;
    readonly output_type_shape?: Shapes;
  };
}

const WARMUP = 3;

/** @param steps that are profiled, after a few that are not counted */
export async function profileStep(task: PeerTask, steps: number): Promise<Parts> {
  const folder = mkdtempSync(join(tmpdir(), 'td-profile-'));
  const { create } = ort.InferenceSession;
  const sessions: ort.InferenceSession[] = [];
  try {
    const engine = await createOnnxEngine({ threads: task.threads });
    const profiled = async (model: Uint8Array, options: ort.InferenceSession.SessionOptions) => {
      const name = join(folder, `session-${sessions.length}`);
      const session = await create.call(ort.InferenceSession, model, {
        ...options,
        enableProfiling: true,
        profileFilePrefix: name,
      });
      sessions.push(session);
      return session;
    };
    Object.assign(ort.InferenceSession, { create: profiled });
    const runner = await TdRunner.create(task, engine);
    Object.assign(ort.InferenceSession, { create });
    await runner.time(WARMUP);
    const { milliseconds } = await runner.time(steps);
    for (const session of sessions) session.endProfiling();
    return partsOf(readEntries(folder), {
      skipped: WARMUP,
      milliseconds,
      batch: task.settings.schedule.batchSize,
    });
  } finally {
    Object.assign(ort.InferenceSession, { create });
    rmSync(folder, { recursive: true, force: true });
  }
}

function readEntries(folder: string): Entry[] {
  return readdirSync(folder).flatMap(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Entry[],
  );
}

interface Runs {
  /** Runs that go before those that count. */
  readonly skipped: number;
  /** Of each run that counts. */
  readonly milliseconds: readonly number[];
  readonly batch: number;
}

/** @param entries of a profile, each operation as often as it was run */
export function partsOf(entries: readonly Entry[], { skipped, milliseconds, batch }: Runs): Parts {
  const durations = new Map<string, number[]>();
  const kinds = new Map<string, string>();
  for (const { cat, name, dur, args } of entries) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
    const shape = firstShape(args?.output_type_shape);
    const isFiltering = isMinimalFiltering(args?.op_name ?? '', firstShape(args?.input_type_shape), shape);
    kinds.set(name, isFiltering ? 'minimal filtering' : kindOf(args?.op_name ?? '', shape, batch));
    durations.set(name, [...(durations.get(name) ?? []), dur / 1000]);
  }
  const total = milliseconds.reduce((sum, time) => sum + time, 0);
  const sums = new Map<string, number>();
  for (const [name, times] of durations) {
    const kind = kinds.get(name) ?? '';
    const time = times.slice(skipped).reduce((sum, time) => sum + time, 0);
    sums.set(kind, (sums.get(kind) ?? 0) + time);
  }
  const inside = [...sums.values()].reduce((sum, time) => sum + time, 0);
  sums.set('host: updates, noise, calls', total - inside);
  return [...sums].map(([name, time]) => [name, time / total] as const).sort(([, a], [, b]) => b - a);
}

type Shapes = readonly Readonly<Record<string, readonly number[]>>[];

function firstShape(shapes: Shapes | undefined): readonly number[] {
  return Object.values(shapes?.[0] ?? {})[0] ?? [];
}

/** Pixels of the largest square that minimal filtering transforms: its matrices have no more rows or columns. */
const LARGEST_SQUARE = 36;

/** Products of several matrices at once, and transforms of squares: a small constant matrix times all that there are. */
function isMinimalFiltering(op: string, factor: readonly number[], result: readonly number[]): boolean {
  if (!['MatMul', 'FusedMatMul', 'Gemm'].includes(op)) return false;
  // A factor of one row is of ones: it sums.
  if (factor.at(-2) === 1) return false;
  const isTransform = factor.length === 2 && factor.every((extent) => extent <= LARGEST_SQUARE);
  return isTransform || result.length === 3;
}

/** @param shape of the first result */
function kindOf(op: string, shape: readonly number[], batch: number): string {
  switch (op) {
    case 'Conv':
    case 'FusedConv':
    case 'ConvTranspose': {
      const [images, , height, width] = shape;
      if (images === batch) return 'convolutions and data gradients';
      // Means of products are convolutions of an image with another as its filter.
      return height === 1 && width === 1 ? 'sums, means and pools' : 'filter gradients';
    }
    case 'Col2Im':
      return 'convolutions and data gradients';
    case 'MatMul':
    case 'Gemm':
    case 'FusedMatMul':
    case 'FusedGemm':
      return 'matrix products';
    case 'ReorderInput':
    case 'ReorderOutput':
    case 'Transpose':
      return 'layouts';
    case 'MaxPool':
    case 'AveragePool':
    case 'GlobalAveragePool':
    case 'MaxUnpool':
    case 'ReduceSum':
    case 'ReduceMean':
    case 'ReduceSumSquare':
    case 'ReduceMax':
      return 'sums, means and pools';
    case 'TopK':
      return 'thresholds';
    default:
      return 'elementwise';
  }
}
