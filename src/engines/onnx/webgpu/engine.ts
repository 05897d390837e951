/** @file Steps traced, lowered to ONNX and run by onnxruntime's WebGPU provider on a graphics card. */
import type { Signature, StepFunction } from '../../../compiler/step.ts';
import { UserError } from '../../../errors.ts';
import { skippedPasses } from '../../pass-names.ts';
import type { Engine, EngineOptions, Program } from '../../types.ts';
import { createCpuEngine } from '../cpu-engine.ts';
import { serialize } from '../serialize.ts';
import { SessionPool } from '../session-pool.ts';
import { describeAdapter, webGpuAdapter } from './adapter.ts';
import { locationOf, planForWebGpu } from './plan.ts';
import { WebGpuProgram } from './program.ts';
import { SelfTest } from './self-test.ts';
import { DeviceSession } from './session.ts';

export interface WebGpuOptions extends EngineOptions {
  /** Whether the first run of a program is compared with the processor, where no earlier one was; true if absent. */
  readonly selfTest?: boolean;
}

/** @throws UserError if there is no adapter, or the environment variable TD_SKIP_PASSES names an unknown pass of the compiler */
export async function createWebGpuEngine(options: WebGpuOptions = {}): Promise<Engine> {
  const skip = skippedPasses();
  const adapter = await webGpuAdapter();
  if (adapter.kind === 'none')
    throw new UserError(
      `there is no WebGPU adapter here (${adapter.reason}); --device cpu computes on the processor`,
    );
  const { threads } = options;
  const reference = await createCpuEngine(threads === undefined ? {} : { threads });
  const test = options.selfTest === false ? undefined : new SelfTest(reference, adapter, options.say);
  const pool = new SessionPool();
  return {
    name: 'onnx',
    device: describeAdapter(adapter),
    busyThreads: 1,
    compile: (step, signature) => compile(step, signature, { skip, pool, test }),
  };
}

interface Parts {
  readonly skip: ReadonlySet<string>;
  readonly pool: SessionPool;
  readonly test: SelfTest | undefined;
}

async function compile(
  step: StepFunction,
  signature: Signature,
  { skip, pool, test }: Parts,
): Promise<Program> {
  const plan = planForWebGpu(step, signature, skip);
  const onDevice = () => 'gpu-buffer' as const;
  const main = await DeviceSession.create(pool, plan.step, locationOf);
  const prepare: DeviceSession[] = [];
  for (const graph of plan.preparations) prepare.push(await DeviceSession.create(pool, graph, onDevice));
  const sessions = {
    main,
    preparations: prepare,
    upload: await DeviceSession.create(pool, plan.copies, onDevice),
    download: await DeviceSession.create(pool, plan.copies, () => 'cpu'),
  };
  return new WebGpuProgram(signature, sessions, test?.firstRunOf(step, signature, serialize(plan.whole)));
}
