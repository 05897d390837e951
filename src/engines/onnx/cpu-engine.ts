/** @file Steps traced, lowered to ONNX and run by onnxruntime on the processor. */
import type { Signature, StepFunction } from '../../compiler/step.ts';
import { skippedPasses } from '../pass-names.ts';
import { availableThreads, describeThreads } from '../threads.ts';
import type { Engine, EngineOptions, Program } from '../types.ts';
import { blockSize } from './block-size.ts';
import { planProgram } from './plan.ts';
import { OnnxProgram } from './program.ts';
import type { ort } from './runtime.ts';
import { serialize } from './serialize.ts';
import { type Session, SessionPool } from './session-pool.ts';
import { compileUpdate } from './updates/compile.ts';

/** onnxruntime's scale of what it logs: 3 is errors only. */
const LOG_ERRORS_ONLY = 3;

/** @throws UserError if the environment variable TD_SKIP_PASSES names an unknown pass of the compiler */
export async function createCpuEngine(options: EngineOptions = {}): Promise<Engine> {
  const threads = options.threads ?? availableThreads();
  const skip = skippedPasses();
  const pool = new SessionPool();
  return {
    name: 'onnx',
    device: `CPU, ${describeThreads(threads)}`,
    busyThreads: threads,
    compile: (step, signature) => compile(step, signature, { threads, skip, pool }),
  };
}

/** Of a step that the host does alone. */
const NO_SESSION: Session = { inputNames: [], run: async () => ({}), release: () => {} };

interface CompilerOptions {
  readonly threads: number;
  readonly skip: ReadonlySet<string>;
  readonly pool: SessionPool;
}

async function compile(
  step: StepFunction,
  signature: Signature,
  { threads, skip, pool }: CompilerOptions,
): Promise<Program> {
  const plan = planProgram(step, signature, { block: await blockSize(), skip, threads });
  const options = sessionOptions(threads);
  // onnxruntime takes no graph without results.
  const session =
    plan.step.outputs.length === 0 ? NO_SESSION : await pool.take(serialize(plan.step), options);
  const prepare: Session[] = [];
  // They seldom run, and their memory is needed elsewhere.
  for (const graph of plan.preparations)
    prepare.push(await pool.take(serialize(graph), { ...options, enableCpuMemArena: false }));
  return new OnnxProgram(session, signature, {
    preparations: prepare,
    updates: plan.updates.map(compileUpdate),
  });
}

function sessionOptions(threads: number): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A plan made at the first run doubles the memory from the second on, and saves no time.
    enableMemPattern: false,
    logSeverityLevel: LOG_ERRORS_ONLY,
  };
}
