/** @file The compiled engine: steps are traced, lowered to ONNX and run by onnxruntime. */
import { cpus } from 'node:os';
import type { Engine, EngineOptions, EngineStatus, Program, Signature, StepFunction } from '../types.ts';
import { blockSize } from './block-size.ts';
import { compileGraph } from './compile.ts';
import type { Graph } from './graph.ts';
import { HOST_UPDATES, type PassName, PREPARATION, parsePassNames } from './passes/simplify.ts';
import { splitPreparation } from './preparation.ts';
import { OnnxProgram } from './program.ts';
import { ort } from './runtime.ts';
import { serialize } from './serialize.ts';
import { compileUpdate } from './updates/compile.ts';
import { splitUpdates } from './updates/split.ts';

/** onnxruntime's scale of what it logs: 3 is errors only. */
const LOG_ERRORS_ONLY = 3;

/** @throws UserError if the environment variable TD_SKIP_PASSES names an unknown pass of the compiler */
export async function createOnnxEngine(options: EngineOptions = {}): Promise<Engine> {
  const threads = options.threads ?? cpus().length;
  const skip = parsePassNames(process.env.TD_SKIP_PASSES ?? '');
  return {
    name: 'onnx',
    device: `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    compile: (step, signature) => compile(step, signature, { threads, skip }),
  };
}

export async function onnxStatus(): Promise<EngineStatus> {
  const backends = ort.listSupportedBackends().filter(({ bundled }) => bundled);
  return {
    name: 'onnx',
    available: true,
    devices: [`CPU (${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores)`],
    version: `onnxruntime ${ort.env.versions.node}, providers in this build: ${backends.map(({ name }) => name).join(', ')}`,
  };
}

async function compile(
  step: StepFunction,
  signature: Signature,
  { threads, skip }: { threads: number; skip: ReadonlySet<PassName> },
): Promise<Program> {
  const { lowered } = compileGraph(step, signature, { block: await blockSize(), skip });
  const { preparations, rest: prepared } = skip.has(PREPARATION)
    ? { preparations: [], rest: lowered }
    : splitPreparation(lowered);
  const { rest, updates } = skip.has(HOST_UPDATES) ? { rest: prepared, updates: [] } : splitUpdates(prepared);
  return new OnnxProgram(await createSession(rest, threads), signature, {
    // They seldom run, and their memory is needed elsewhere.
    preparations: await Promise.all(
      preparations.map((graph) => createSession(graph, threads, { enableCpuMemArena: false })),
    ),
    updates: updates.map(compileUpdate),
  });
}

function createSession(
  graph: Graph,
  threads: number,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(serialize(graph), {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A plan made at the first run doubles the memory from the second on, and saves no time.
    enableMemPattern: false,
    logSeverityLevel: LOG_ERRORS_ONLY,
    ...options,
  });
}
