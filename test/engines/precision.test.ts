/** @file Precisions: which engine has which, and what is said where one cannot be had. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { multipliesBfloat16, requirePrecision } from '../../src/engines/precision.ts';
import { chooseEngine } from '../../src/engines/registry.ts';
import { temporaryFolder } from '../runs/temporary.ts';

describe('a processor', () => {
  it.each([
    ['fpu avx512f avx512_bf16 avx512_vnni', true],
    ['fpu avx512f amx_tile amx_bf16', true],
    ['fpu avx2 avx512f avx512_vnni', false],
  ])('with the flags "%s" multiplies in bfloat16: %s', (flags, expected) => {
    const path = join(temporaryFolder(), 'cpuinfo');
    writeFileSync(path, `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t: none\n\nprocessor\t: 1\n`);
    expect(multipliesBfloat16(path)).toBe(expected);
  });

  it('of which nothing is known is not taken to', () => {
    expect(multipliesBfloat16(join(temporaryFolder(), 'missing'))).toBe(false);
  });
});

describe.each(['onnx', 'reference'] as const)('the engine %s', (name) => {
  it('computes in float32 alone, and names the engine that has others', async () => {
    const { engine } = await chooseEngine(name, { threads: 1 });
    expect(() => requirePrecision(engine, 'float32')).not.toThrow();
    for (const precision of ['bfloat16', 'tensorfloat32'] as const)
      expect(() => requirePrecision(engine, precision)).toThrow(
        `precision: ${precision} cannot be had here: the engine "${name}" computes in float32 alone, expected the engine "tensorflow"`,
      );
  });
});

describe('auto', () => {
  it('says why it wants TensorFlow where that is not installed', async () => {
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    vi.stubEnv('TD_CACHE', temporaryFolder());
    await expect(chooseEngine('auto', { precision: 'bfloat16' })).rejects.toThrow(
      'precision: bfloat16 is asked for, and the engine "tensorflow" cannot run here: not installed',
    );
  });
});
