/** @file Identity: which settings make two runs the same. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hashOf } from '../../src/config/identity.ts';
import { type RunSettings, runSettingsSchema } from '../../src/config/schema.ts';
import { plainSettings } from '../../src/data/settings.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const resolve = (input: unknown): RunSettings => runSettingsSchema.parse(input);

const targeted = resolve({
  model: { name: 'lenet' },
  regularizer: { name: 'targeted', granularity: 'unit', dropRate: 0.5 },
  schedule: { epochs: 20, optimizer: { name: 'momentum', momentum: 0.8 } },
});

/** The schema as it might become: defaulted settings added at every level, and a new section. */
const { model, schedule, precision } = runSettingsSchema.shape;
const grown = z.strictObject({
  dataset: plainSettings('mnist')
    .extend({ name: z.literal('mnist').default('mnist'), augment: z.boolean().default(false) })
    .prefault({}),
  model,
  regularizer: z
    .discriminatedUnion('name', [
      z.strictObject({ name: z.literal('none'), verbose: z.number().default(1) }),
      z.strictObject({
        name: z.literal('targeted'),
        granularity: z.enum(['weight', 'unit']),
        dropRate: z.number().default(0.66),
        targetRate: z.number().default(0.75),
        perEntry: z.boolean().default(false),
        schemeOfRamp: z.string().default('flat'),
      }),
    ])
    .prefault({ name: 'none' }),
  schedule: schedule
    .unwrap()
    .extend({
      momentumWarmup: z.number().default(3),
      optimizer: z
        .discriminatedUnion('name', [
          z.strictObject({
            name: z.literal('momentum'),
            momentum: z.number().default(0.9),
            dampening: z.number().default(0),
          }),
          z.strictObject({ name: z.literal('lion') }),
        ])
        .prefault({ name: 'momentum' }),
    })
    .prefault({}),
  precision,
  distillation: z.strictObject({ temperature: z.number().default(1) }).prefault({}),
});

describe('hashOf', () => {
  it('hashes the JSON, with sorted keys, of what differs from the defaults', () => {
    expect(hashOf(resolve({}))).toBe(sha256('{}'));
    expect(hashOf(targeted)).toBe(
      sha256(
        '{"model":{"name":"lenet"},' +
          '"regularizer":{"dropRate":0.5,"granularity":"unit","name":"targeted"},' +
          '"schedule":{"epochs":20,"optimizer":{"momentum":0.8,"name":"momentum"}}}',
      ),
    );
  });

  it('keeps the hashes that run folders already bear', () => {
    expect(hashOf(resolve({}))).toMatchInlineSnapshot(
      `"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"`,
    );
    expect(hashOf(targeted)).toMatchInlineSnapshot(
      `"9e2913e3d5c69cafb97c69e52dc387748de4888b63e64c531efcce4c13e5628a"`,
    );
  });

  it('keeps its value when settings with defaults are added to the schema', () => {
    const growTo = (input: unknown) => grown.parse(input) as unknown as RunSettings;
    const input = {
      regularizer: { name: 'targeted', granularity: 'unit', dropRate: 0.5 },
      schedule: { epochs: 20, optimizer: { name: 'momentum', momentum: 0.8 } },
    };
    expect(growTo(input)).not.toEqual(resolve(input));
    expect(hashOf(growTo(input), grown)).toBe(hashOf(resolve(input)));
    expect(hashOf(growTo({}), grown)).toBe(hashOf(resolve({})));
    expect(hashOf(resolve({ precision: 'bfloat16' }))).not.toBe(hashOf(resolve({})));
    expect(hashOf(growTo({ distillation: { temperature: 2 } }), grown)).not.toBe(hashOf(resolve({})));
  });

  it('does not depend on the order of keys', () => {
    const reverse = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, inner]) => [key, reverse(inner)]),
          )
        : value;
    expect(hashOf(reverse(targeted) as RunSettings)).toBe(hashOf(targeted));
  });

  it('names images of the user by their fingerprint, wherever they lie', () => {
    const [one, other] = ['a'.repeat(64), 'b'.repeat(64)];
    const hash = (path: string, fingerprint: string) => hashOf(resolve({ dataset: { path, fingerprint } }));
    expect(hash('/data', one)).toBe(sha256(`{"dataset":{"fingerprint":"${one}"}}`));
    expect(hash('/moved', one)).toBe(hash('/data', one));
    expect(hash('/data', other)).not.toBe(hash('/data', one));
    // Earlier versions knew the path alone.
    expect(hashOf(resolve({ dataset: { path: 'data' } }))).toBe(sha256('{"dataset":{"path":"data"}}'));
  });

  it('leaves out what pinned images are', () => {
    expect(hashOf(resolve({ dataset: { fingerprint: 'a'.repeat(64) } }))).toBe(hashOf(resolve({})));
  });

  it('tells apart images of the user from pinned ones, and how much of them is used', () => {
    expect(hashOf(resolve({ dataset: { path: '/data/mnist' } }))).not.toBe(hashOf(resolve({})));
    expect(hashOf(resolve({ dataset: { trainImages: 100 } }))).not.toBe(hashOf(resolve({})));
  });

  it('gives one hash to a point written in two ways', () => {
    const warmup = (value: unknown) => hashOf(resolve({ schedule: { warmup: value } }));
    expect(warmup('2ep')).toBe(warmup(2));
    expect(warmup('2it')).not.toBe(warmup(2));
  });

  it('tells any two different settings apart, and no two equal ones', () => {
    const settings = fc
      .record({
        model: fc.constantFrom({ name: 'mlp' }, { name: 'mlp', widths: [300, 100] }, { name: 'lenet' }),
        regularizer: fc.constantFrom(
          { name: 'none' },
          { name: 'l1' },
          { name: 'l1', coefficient: 0.1 },
          { name: 'dropout', granularity: 'unit' },
          { name: 'dropout', granularity: 'weight' },
        ),
        schedule: fc.record({
          epochs: fc.constantFrom(10, 11),
          decay: fc.constantFrom({ name: 'constant' }, { name: 'cosine' }, { name: 'cosine', final: 0.1 }),
          gradientClip: fc.constantFrom(null, 1),
        }),
      })
      .map(resolve);
    fc.assert(
      fc.property(settings, settings, (a, b) => {
        expect(hashOf(a) === hashOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('the defaults', () => {
  // A run that relies on a default bears a hash without it, so another default would give its results to other settings.
  it('stay as they are, since hashes leave them out', () => {
    const names = {
      model: ['mlp', 'lenet', 'resnet', 'vgg'],
      regularizer: ['none', 'l1', 'variational', 'targeted-ard'],
    };
    const ofSections = Object.entries(names).flatMap(([section, options]) =>
      options.map((name) => resolve({ [section]: { name } })[section as 'model' | 'regularizer']),
    );
    const granular = ['dropout', 'targeted', 'delayed-prune', 'random-prune', 'ramping', 'l0', 'smallify'];
    const ofGranular = [...granular, 'ramping', 'l0', 'smallify'].map((name, index) => {
      // Some defaults depend on the granularity.
      const granularity = index < granular.length ? 'unit' : 'weight';
      return resolve({ regularizer: { name, granularity } }).regularizer;
    });
    const ofSchedule = ['sgd', 'momentum', 'nesterov', 'adam'].map(
      (name) => resolve({ schedule: { optimizer: { name } } }).schedule.optimizer,
    );
    const ofDecay = [{ name: 'constant' }, { name: 'steps', at: [1] }, { name: 'cosine' }].map(
      (decay) => resolve({ schedule: { decay } }).schedule.decay,
    );
    const all = [
      resolve({}).dataset,
      resolve({}).schedule,
      ...ofSections,
      ...ofGranular,
      ...ofSchedule,
      ...ofDecay,
    ];
    expect(all.map((settings) => JSON.stringify(settings)).join('\n')).toMatchInlineSnapshot(`
      "{"name":"mnist","augmentation":"none","normalization":"scale"}
      {"optimizer":{"name":"momentum","momentum":0.9},"learningRate":0.1,"decay":{"name":"constant"},"warmup":0,"batchSize":128,"epochs":10,"weightDecay":0,"gradientClip":null,"keep":"last"}
      {"name":"mlp","widths":[300,100],"initializer":"glorotUniform"}
      {"name":"lenet","filters":[20,50],"widths":[500],"initialBias":0,"standardize":false,"firstConvolution":"exempt","initializer":"glorotUniform"}
      {"name":"resnet","filters":[16,32,64,128],"units":5,"firstActivation":true,"batchNorm":{"momentum":0.997,"epsilon":0.001},"initializer":"glorotNormal"}
      {"name":"vgg","filters":[64,128,256,512,512],"widths":[4096,4096],"denseRelu":false,"firstConvolution":"exempt","batchNorm":{"momentum":0.997,"epsilon":0.001},"initializer":"glorotUniform"}
      {"name":"none"}
      {"name":"l1","coefficient":0.1,"reduction":"mean","kernels":"prunable"}
      {"name":"variational","granularity":"weight","klScale":0.01,"dataCount":50000,"warmupSteps":50000,"initialLogVariance":-10,"threshold":3,"perEntry":false}
      {"name":"targeted-ard","dropRate":0.25,"targetRate":0.5,"perEntry":true}
      {"name":"dropout","granularity":"unit","dropRate":0.5}
      {"name":"targeted","granularity":"unit","dropRate":0.66,"targetRate":0.75,"perEntry":false,"l1":0}
      {"name":"delayed-prune","granularity":"unit","targetRate":0.5,"delay":"5000it"}
      {"name":"random-prune","granularity":"unit","targetRate":0.5,"dropRate":1}
      {"name":"ramping","granularity":"unit","dropRate":0.99,"perEntry":false,"ramp":{"first":49,"second":49},"l1":0,"targetRate":0.9}
      {"name":"l0","granularity":"unit","dataCount":50000,"initialDropRate":0.001,"coefficient":0.01}
      {"name":"smallify","granularity":"unit","decay":0.9,"threshold":0.5,"coefficient":0.0001}
      {"name":"ramping","granularity":"weight","dropRate":0.99,"perEntry":false,"ramp":{"first":49,"second":49},"l1":0,"targetRate":0.99}
      {"name":"l0","granularity":"weight","dataCount":50000,"initialDropRate":0.001,"coefficient":0.1}
      {"name":"smallify","granularity":"weight","decay":0.9,"threshold":0.5,"coefficient":0.00001}
      {"name":"sgd"}
      {"name":"momentum","momentum":0.9}
      {"name":"nesterov","momentum":0.9}
      {"name":"adam","beta1":0.9,"beta2":0.999,"epsilon":1e-8}
      {"name":"constant"}
      {"name":"steps","at":[1],"factor":0.1}
      {"name":"cosine","final":0}"
    `);
  });
});
