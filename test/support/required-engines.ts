/** @file What stands in the place of tests whose engine, or PyTorch beside it, cannot run here: a skipped test, or one that fails. */
import { it } from 'vitest';

/** Engines whose absence is a failure, and `pytorch`, such as `onnx,tensorflow`: all of them where the project is checked. */
export const requiredEngines: readonly string[] = (process.env.TD_REQUIRE_ENGINES ?? '')
  .split(',')
  .filter((name) => name !== '');

/** One test in the place of those of an engine that cannot run here. */
export function describeAbsent(name: string, reason: string): void {
  const fail = (): never => {
    throw new Error(`the engine ${name} is required here: ${reason}`);
  };
  if (requiredEngines.includes(name)) it(`the engine ${name} is present`, fail);
  else it.skip(`skipped: ${reason}`, () => {});
}
