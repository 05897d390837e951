/** @file Whether this machine's processor computes in bfloat16. */
import { readFileSync } from 'node:fs';

/** AVX-512 BF16 and AMX, as Linux names them. */
const INSTRUCTIONS = ['avx512_bf16', 'amx_bf16'];

/** Why bfloat16 is left out unless it is asked for, in a sentence; nothing where the processor has instructions for it. */
export function describeMissingBfloat16(
  processors: string | undefined = readProcessors(),
): string | undefined {
  if (processors === undefined)
    return 'bfloat16: /proc/cpuinfo does not say whether this processor has instructions for it';
  const flags = /^flags\s*:(.*)$/m.exec(processors)?.[1]?.trim().split(/\s+/) ?? [];
  return INSTRUCTIONS.some((name) => flags.includes(name))
    ? undefined
    : 'bfloat16: this processor has neither AVX-512 BF16 nor AMX';
}

function readProcessors(): string | undefined {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined;
  }
}
