/** @file The compiled engines that can run here, so that one suite of tests goes over all of them. */
import { describe } from 'vitest';
import { createWebGpuEngine } from '../../src/engines/onnx/webgpu/engine.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import type { Engine, EngineName } from '../../src/engines/types.ts';
import { describeAbsent } from './required-engines.ts';

const named = (name: EngineName) => async () => (await chooseEngine(name, { threads: 1 })).engine;

/** By the names that TD_REQUIRE_ENGINES gives them. */
const COMPILED: Readonly<Record<string, () => Promise<Engine>>> = {
  onnx: named('onnx'),
  // What its test of itself would compare with the processor, these tests compare with the reference engine.
  webgpu: () => createWebGpuEngine({ threads: 1, selfTest: false }),
  tensorflow: named('tensorflow'),
};

/** For one test. A driver that computes on the processor gets little of one that is busy. */
const SOFTWARE_ADAPTER_MILLISECONDS = 600_000;

interface Candidate {
  readonly name: string;
  /** Or why there is none. */
  readonly engine: Engine | string;
}

const candidates: readonly Candidate[] = await Promise.all(
  Object.entries(COMPILED).map(([name, make]) => create(name, make)),
);

async function create(name: string, make: () => Promise<Engine>): Promise<Candidate> {
  try {
    return { name, engine: await make() };
  } catch (error) {
    return { name, engine: error instanceof Error ? error.message : String(error) };
  }
}

/** Describes each compiled engine; one that is absent is skipped with the reason, or fails where it is required. */
export function describeCompiledEngines(what: string, tests: (engine: Engine, name: string) => void): void {
  for (const { name, engine } of candidates) {
    const options = name === 'webgpu' ? { timeout: SOFTWARE_ADAPTER_MILLISECONDS } : {};
    if (typeof engine === 'object')
      describe(`${what} on the engine ${name}`, options, () => tests(engine, name));
    else describeAbsent(name, engine);
  }
}
