/** @file Compares the first run of a program on a graphics card with the processor: a faulty driver computes wrongly without a word. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NamedArrays } from '../../../arrays.ts';
import type { Signature, StepFunction } from '../../../compiler/step.ts';
import { writeFileAtomic } from '../../../files/atomic.ts';
import { cacheFolder } from '../../../files/cache-folder.ts';
import { makeDirectory } from '../../../files/directories.ts';
import { copyArrays } from '../../arrays.ts';
import { DeviceError } from '../../device-error.ts';
import type { Engine, Program } from '../../types.ts';
import { ort } from '../runtime.ts';
import type { NamedAdapter } from './adapter-name.ts';
import {
  compareOutcomes,
  type Difference,
  LARGEST_SHARE,
  type Outcome,
  roundOtherwise,
} from './agreement.ts';
import type { FirstRun } from './program.ts';

export class SelfTest {
  /** Models that passed in this process. */
  private readonly passed = new Set<string>();

  constructor(
    /** On the processor. */
    private readonly reference: Engine,
    private readonly adapter: NamedAdapter,
    private readonly say: (line: string) => void = () => {},
  ) {}

  /**
   * What a program's first run is to be, unless its model passed before on this card, with this driver and onnxruntime.
   *
   * @param model its bytes
   */
  firstRunOf(step: StepFunction, signature: Signature, model: Uint8Array): FirstRun | undefined {
    const { name, driver } = this.adapter;
    const versions = { adapter: name, driver, onnxruntime: ort.env.versions.node };
    const key = createHash('sha256').update(JSON.stringify(versions)).update(model).digest('hex');
    // A driver of unknown version may be another tomorrow.
    const path = driver === undefined ? undefined : join(cacheFolder(), 'webgpu-self-tests', `${key}.json`);
    if (this.passed.has(key) || (path !== undefined && existsSync(path))) return undefined;
    return async (program, feeds) => {
      this.say(`comparing a first run on ${name} with the processor`);
      const { fetches, difference } = await compareFirstStep(
        program,
        this.reference,
        { step, signature },
        feeds,
      );
      if (difference.share > LARGEST_SHARE) throw new DeviceError(describeRefusal(this.adapter, difference));
      this.passed.add(key);
      if (path !== undefined) record(path, { ...versions, date: new Date().toISOString(), ...difference });
      return fetches;
    };
  }
}

/** A step before it is compiled. */
interface StepSource {
  readonly step: StepFunction;
  readonly signature: Signature;
}

/**
 * Runs a step once, from the state and feeds at hand, with a program and with the engine that it is compared with.
 *
 * @param program with its state
 * @param reference the engine of the processor
 */
export async function compareFirstStep(
  program: Program,
  reference: Engine,
  { step, signature }: StepSource,
  feeds: NamedArrays,
): Promise<{ readonly fetches: NamedArrays; readonly difference: Difference }> {
  const before = await program.readState();
  const compared = await reference.compile(step, signature);
  try {
    const outcomeOf = async (given: NamedArrays): Promise<Outcome> => {
      await compared.writeState(before);
      const fetches = copyArrays(await compared.run(given));
      return { fetches, state: await compared.readState() };
    };
    const expected = await outcomeOf(feeds);
    const moved = await outcomeOf(roundOtherwise(feeds));
    const fetches = await program.run(feeds);
    const actual = { fetches, state: await program.readState() };
    return { fetches, difference: compareOutcomes(actual, expected, moved, before) };
  } finally {
    compared.dispose();
  }
}

function describeRefusal({ name }: NamedAdapter, { share, where }: Difference): string {
  const off = Number.isFinite(share)
    ? `by ${(100 * share).toPrecision(2)} % of what it should be`
    : 'and is no number';
  return (
    `the graphics card (${name}) computes this step wrongly: "${where}" differs from the processor's ${off}; ` +
    'another driver may help, and --device cpu does without the card'
  );
}

/** Remembers that a model passed. If the cache folder cannot be written, the next process tests it again. */
function record(path: string, result: object): void {
  try {
    makeDirectory(dirname(path));
    writeFileAtomic(path, `${JSON.stringify(result, null, 2)}\n`);
  } catch {}
}
