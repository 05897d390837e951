/** @file Which engine multiplies in which precision. */
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { Precision } from '../settings/precision.ts';
import type { Engine } from './types.ts';

/** @throws UserError if the engine cannot compute steps in this precision */
export function requirePrecision(engine: Engine, precision: Precision): void {
  const reason = explainRefusal(engine, precision);
  if (reason !== undefined) throw new UserError(`precision: ${precision} cannot be had here: ${reason}`);
}

function explainRefusal(engine: Engine, precision: Precision): string | undefined {
  if (engine.refusePrecision !== undefined) return engine.refusePrecision(precision);
  if (precision === 'float32') return undefined;
  return `the engine "${engine.name}" computes in float32 alone, expected the engine "tensorflow" ("td engines install tensorflow")`;
}

/** Instructions of x86 processors that multiply numbers in bfloat16, as Linux calls them. */
const BFLOAT16_FLAGS = ['avx512_bf16', 'amx_bf16'];

/**
 * Whether the processor multiplies in bfloat16. One that does not is slower in it than in float32. Where the system does not tell, as
 * anywhere but on Linux, it does not.
 *
 * @param path for tests: the file that lists the processor's flags
 */
export function multipliesBfloat16(path = '/proc/cpuinfo'): boolean {
  try {
    const [, flags = ''] = /^flags\s*:(.*)$/m.exec(readFileSync(path, 'utf8')) ?? [];
    return flags.split(' ').some((flag) => BFLOAT16_FLAGS.includes(flag));
  } catch {
    return false;
  }
}
