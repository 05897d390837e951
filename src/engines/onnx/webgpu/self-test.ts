/** @file placeholder */
import type { Engine, Signature, StepFunction } from '../../types.ts';
import type { NamedAdapter } from './adapter-name.ts';
import type { FirstRun } from './program.ts';
export class SelfTest {
  constructor(
    readonly reference: Engine,
    readonly adapter: NamedAdapter,
  ) {}
  firstRunOf(_step: StepFunction, _signature: Signature, _model: Uint8Array): FirstRun | undefined {
    return undefined;
  }
}
