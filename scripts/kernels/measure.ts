/** @file Times small graphs in onnxruntime against one another. */
import { sizeOf } from '../../src/arrays.ts';
import { GraphBuilder, type Value } from '../../src/compiler/graph.ts';
import type { OnnxBuilder, OnnxGraph, OnnxOperation } from '../../src/engines/onnx/operators.ts';
import { ort } from '../../src/engines/onnx/runtime.ts';
import { serialize } from '../../src/engines/onnx/serialize.ts';
import { median } from '../../src/median.ts';

/** Operands, by name; all float32. */
export type Operands = Readonly<Record<string, Value>>;
/** Emits one way to compute something; the value returned should be small, since it is copied out. */
export type Candidate = (builder: OnnxBuilder, operands: Operands) => Value;

/**
 * Median milliseconds of processor time of each candidate, on one thread, taken in turns.
 *
 * @param shapes of the operands
 */
export async function timeCandidates(
  shapes: Readonly<Record<string, readonly number[]>>,
  candidates: Readonly<Record<string, Candidate>>,
  rounds: number,
): Promise<Readonly<Record<string, number>>> {
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const numbers = Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(index * 12.9898));
      return [name, new ort.Tensor('float32', numbers, shape)];
    }),
  );
  const sessions = new Map<string, ort.InferenceSession>();
  for (const [name, candidate] of Object.entries(candidates)) {
    const model = serialize(graphOf(shapes, candidate));
    const options = { intraOpNumThreads: 1, enableMemPattern: false, logSeverityLevel: 3 } as const;
    sessions.set(name, await ort.InferenceSession.create(model, options));
  }
  const times = new Map([...sessions.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, session] of sessions) {
      const before = process.cpuUsage();
      await session.run(feeds);
      const { user, system } = process.cpuUsage(before);
      if (round > 0) times.get(name)?.push((user + system) / 1000);
    }
  }
  for (const session of sessions.values()) await session.release();
  return Object.fromEntries([...times].map(([name, list]) => [name, median(list)]));
}

function graphOf(shapes: Readonly<Record<string, readonly number[]>>, candidate: Candidate): OnnxGraph {
  const builder = new GraphBuilder<OnnxOperation>();
  const inputs = Object.entries(shapes).map(([name, shape]) => ({
    name,
    value: builder.input(shape, 'float32'),
  }));
  const result = candidate(builder, Object.fromEntries(inputs.map(({ name, value }) => [name, value])));
  return { inputs, operations: builder.operations, outputs: [{ name: 'result', value: result }] };
}
