/** @file Which engine is the fastest is remembered by what a step's time depends on, and a broken memory is no error. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { chooseFastestEngine } from '../../src/runner/trial/choose.ts';
import { readTrial, type Trial, writeTrial } from '../../src/runner/trial/remembered.ts';
import { trialKey, tryEngines } from '../../src/runner/trial/trial.ts';

const settings = (changes: z.input<typeof runSettingsSchema> = {}) =>
  runSettingsSchema.parse({ model: { name: 'mlp', widths: [8] }, schedule: { batchSize: 16 }, ...changes });
const TRIAL: Trial = { times: [{ engine: 'onnx', device: 'cpu', stepMilliseconds: 1.5 }] };
const ONNX = { engine: 'onnx', device: 'cpu' } as const;

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'td-trial-'));
  vi.stubEnv('TD_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

describe('a remembered trial', () => {
  it('is found under its key alone, beside others', () => {
    writeTrial('one', TRIAL);
    writeTrial('other', { times: [] });
    expect([readTrial('one'), readTrial('other'), readTrial('third')]).toEqual([
      TRIAL,
      { times: [] },
      undefined,
    ]);
  });

  it('is forgotten if its file cannot be understood, and written anew', () => {
    const path = join(cache, 'engine-trials.json');
    writeFileSync(path, '{"one":{"times":[{"engine":"abacus"}]}}');
    expect(readTrial('one')).toBeUndefined();
    writeTrial('one', TRIAL);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ one: TRIAL });
  });

  it('has another key for another network, batch, optimizer or machine, and the same for another method', () => {
    const key = (changes = {}, surroundings: unknown = 'here') => trialKey(settings(changes), surroundings);
    expect(key({ regularizer: { name: 'l1' } })).toBe(key());
    const others = [
      key({ model: { name: 'mlp', widths: [9] } }),
      key({ schedule: { batchSize: 32 } }),
      key({ schedule: { batchSize: 16, optimizer: { name: 'adam' } } }),
      key({}, 'elsewhere'),
    ];
    expect(new Set([key(), ...others]).size).toBe(5);
  });
});

describe('a trial', () => {
  it('times each engine that can take steps, the fastest first, and leaves out one that cannot', async () => {
    const webgpu = { engine: 'reference', device: 'webgpu' } as const;
    const times = await tryEngines(settings(), [{ engine: 'reference', device: 'cpu' }, ONNX, webgpu], {
      threads: 1,
    });
    expect(times.map(({ engine }) => engine)).toEqual(['onnx', 'reference']);
    for (const { stepMilliseconds } of times) expect(stepMilliseconds).toBeGreaterThan(0);
  });

  it('is neither needed nor announced where one engine alone could compute, nor where an engine is named', async () => {
    const say = vi.fn();
    for (const name of ['auto', 'reference']) {
      const { engine } = await chooseFastestEngine(name, { threads: 1, device: 'cpu' }, settings(), say);
      expect(engine.name).toBe(name === 'auto' ? 'onnx' : 'reference');
    }
    expect(say).not.toHaveBeenCalled();
  });
});
