/** @file Loading an experiment: what resolves to what, and how command-line settings enter. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LoadOptions, loadExperiment } from '../../src/config/load.ts';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { messageOf, writeFolder } from './folder.ts';

function load(text: string, options: LoadOptions = {}) {
  return loadExperiment(`${writeFolder({ 'x.yaml': text })}/x.yaml`, options);
}

function refusal(text: string, options: LoadOptions = {}) {
  const folder = writeFolder({ 'x.yaml': text });
  return messageOf(() => loadExperiment(`${folder}/x.yaml`, options), folder);
}

/** Settings of one variant. */
function settingsOf(text: string, name: string, options: LoadOptions = {}) {
  const variant = load(text, options).variants.find((candidate) => candidate.name === name);
  if (variant === undefined) throw new Error(`no variant ${name}`);
  return variant.settings;
}

const TWO_VARIANTS = `
schedule: { epochs: 4, optimizer: { name: momentum, momentum: 0.8 } }
regularizer: { name: targeted, granularity: unit, dropRate: 0.4 }
variants:
  plain:
  weight: { regularizer: { granularity: weight } }
  l1.5: { regularizer: { name: l1 }, schedule: { optimizer: { name: adam } } }
`;

describe('an experiment', () => {
  it('takes its name from its file and its settings from the defaults', () => {
    const { name, seeds, sweep, variants } = load('seeds: [0]');
    expect({ name, seeds, sweep }).toEqual({
      name: 'x',
      seeds: [0],
      sweep: { prune: '0:0.99', granularity: 'both' },
    });
    expect(variants).toEqual([{ name: 'none', settings: runSettingsSchema.parse({}) }]);
  });

  it('without variants has one, named after its regularizer', () => {
    expect(load('regularizer: { name: l1 }').variants.map(({ name }) => name)).toEqual(['l1']);
    expect(load('regularizer: { name: l1 }\nvariants:').variants.map(({ name }) => name)).toEqual(['l1']);
  });

  it('lays each variant over the base', () => {
    expect(settingsOf(TWO_VARIANTS, 'plain').regularizer).toMatchObject({
      granularity: 'unit',
      dropRate: 0.4,
    });
    expect(settingsOf(TWO_VARIANTS, 'weight').regularizer).toMatchObject({
      granularity: 'weight',
      dropRate: 0.4,
    });
    expect(settingsOf(TWO_VARIANTS, 'l1.5').schedule.epochs).toBe(4);
  });

  it('drops the base settings of a regularizer or optimizer that a variant replaces', () => {
    const { regularizer, schedule } = settingsOf(TWO_VARIANTS, 'l1.5');
    expect(regularizer).toEqual({
      name: 'l1',
      coefficient: 0.1,
      reduction: 'mean',
      kernels: 'prunable',
    });
    expect(schedule.optimizer).toEqual({ name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  });

  it('lets a setting of the default optimizer or model be given without its name', () => {
    const { schedule, model } = settingsOf(
      'schedule: { optimizer: { momentum: 0.5 } }\nmodel: { widths: [7] }',
      'none',
    );
    expect(schedule.optimizer).toEqual({ name: 'momentum', momentum: 0.5 });
    expect(model).toMatchObject({ name: 'mlp', widths: [7] });
  });

  it('lets a section with nothing in it stand for its defaults', () => {
    expect(settingsOf('schedule:\nmodel:\n  # later\nregularizer: { name: none }', 'none')).toEqual(
      runSettingsSchema.parse({}),
    );
  });

  it('accepts a base that only its variants complete', () => {
    const text = 'regularizer: { name: dropout }\nvariants: { unit: { regularizer: { granularity: unit } } }';
    expect(settingsOf(text, 'unit').regularizer).toMatchObject({ name: 'dropout', granularity: 'unit' });
  });

  it('refuses a wrong setting of the base even if every variant replaces it', () => {
    const text = 'regularizer: { name: l1, coeff: 3 }\nvariants: { none: { regularizer: { name: none } } }';
    expect(refusal(text)).toBe(
      'x.yaml:1:26: unknown key "coeff" for regularizer "l1" (did you mean "coefficient"?)',
    );
  });
});

describe('--set', () => {
  it('reaches every setting, with YAML values, in every variant', () => {
    const set = [
      'schedule.epochs=9',
      'model.widths=[8, 4]',
      'schedule.gradientClip=1',
      'dataset.path=/a=b: c',
    ];
    for (const name of ['plain', 'weight', 'l1.5']) {
      const { schedule, model, dataset } = settingsOf(TWO_VARIANTS, name, { set: set.slice(0, 3) });
      expect(schedule).toMatchObject({ epochs: 9, gradientClip: 1 });
      expect(model).toMatchObject({ widths: [8, 4] });
      expect(dataset).toMatchObject({ name: 'mnist' });
      expect(dataset.path).toBeUndefined();
    }
    expect(settingsOf('seeds: [1]', 'none', { set: ['dataset.path="/a=b"'] }).dataset.path).toBe('/a=b');
  });

  it('wins over variants', () => {
    const text = 'variants: { a: { schedule: { epochs: 3 } } }';
    expect(settingsOf(text, 'a', { set: ['schedule.epochs=9'] }).schedule.epochs).toBe(9);
  });

  it('addresses one variant, whose name may hold dots', () => {
    const set = ['variants.l1.5.regularizer.coefficient=2', 'variants.plain={ schedule: { epochs: 2 } }'];
    expect(settingsOf(TWO_VARIANTS, 'l1.5', { set }).regularizer).toMatchObject({
      name: 'l1',
      coefficient: 2,
    });
    expect(settingsOf(TWO_VARIANTS, 'plain', { set }).schedule.epochs).toBe(2);
    expect(settingsOf(TWO_VARIANTS, 'weight', { set }).schedule.epochs).toBe(4);
  });

  it('reaches the keys of the experiment', () => {
    const experiment = load(TWO_VARIANTS, { set: ['seeds=[5, 6]', 'sweep.prune=0.9', 'name=y'] });
    expect(experiment).toMatchObject({
      name: 'y',
      seeds: [5, 6],
      sweep: { prune: '0.9', granularity: 'both' },
    });
  });

  it('gives the same settings in whatever order two flags stand', () => {
    const set = ['schedule.optimizer.beta1=0.5', 'schedule.optimizer.name=adam'];
    const forth = settingsOf('seeds: [1]', 'none', { set });
    expect(forth.schedule.optimizer).toMatchObject({ name: 'adam', beta1: 0.5 });
    expect(settingsOf('seeds: [1]', 'none', { set: set.reverse() })).toEqual(forth);
  });

  it('of a setting that a variant lacks is refused, unless --only leaves that variant out', () => {
    const set = ['regularizer.targetRate=0.5'];
    expect(refusal(TWO_VARIANTS, { set })).toBe(
      '--set regularizer.targetRate: unknown key "targetRate" for regularizer "l1" ' +
        '(expected one of: name, coefficient, reduction, kernels), in variant "l1.5"',
    );
    const { variants } = load(TWO_VARIANTS, { set, only: ['weight'] });
    expect(variants).toMatchObject([{ name: 'weight', settings: { regularizer: { targetRate: 0.5 } } }]);
  });

  it.each([
    ['epochs', '--set "epochs" has no value, expected path.to.key=value'],
    ['=3', '--set : a key is empty, expected path.to.key=value'],
    ['schedule..epochs=3', '--set schedule..epochs: a key is empty, expected path.to.key=value'],
    ['schedule.epoch=3', '--set schedule.epoch: unknown key "epoch" in schedule (did you mean "epochs"?)'],
    ['scheduel.epochs=3', '--set scheduel.epochs: unknown key "scheduel" (did you mean "schedule"?)'],
    [
      'schedule.epochs=many',
      '--set schedule.epochs: schedule.epochs is "many", expected a whole number of at least 1',
    ],
    [
      'schedule.epochs=',
      '--set schedule.epochs: schedule.epochs is empty, expected a whole number of at least 1',
    ],
    ['schedule.epochs=[1', '--set schedule.epochs: not valid YAML: flow sequence must end with a ]'],
    [
      'schedule.epochs.x=1',
      '--set schedule.epochs.x: schedule.epochs is a map, expected a whole number of at least 1',
    ],
    [
      'model=lenet',
      '--set model: model is "lenet", expected settings with a name (mlp, lenet, resnet, wide-resnet or vgg)',
    ],
    ['extends=y.yaml', '--set extends: extends can only be given in the file'],
    ['constructor.name=x', '--set constructor.name: unknown key "constructor" (expected one of:'],
    ['__proto__.x=1', '--set __proto__.x: unknown key "__proto__" (expected one of:'],
    [`${'a.'.repeat(5000)}b=1`, 'no setting lies that deep'],
    ['sweep.prune=1:0', '--set sweep.prune: sweep.prune is "1:0": prune rate 1 in "1:0" is too high'],
  ])('%j is refused with a sentence', (set, sentence) => {
    expect(refusal('seeds: [1]', { set: [set] })).toContain(sentence);
  });

  it.each([
    ['variants.wieght.schedule.epochs=3', 'there is no variant "wieght" (did you mean "weight"?)'],
    [
      'variants={ wieght: { schedule: { epochs: 3 } } }',
      'there is no variant "wieght" (did you mean "weight"?)',
    ],
    [
      'variants.plain.schedule.epochs=x',
      'schedule.epochs is "x", expected a whole number of at least 1, in variant "plain"',
    ],
    ['variants.plain=3', 'variant "plain" is 3, expected settings such as "regularizer: { name: l1 }"'],
    ['variants=3', 'variants is 3, expected keys with values'],
  ])('%j is refused, as no such variant or setting exists', (set, sentence) => {
    expect(refusal(TWO_VARIANTS, { set: [set] })).toContain(sentence);
  });
});

describe('seeds and only', () => {
  it('replace the seeds and choose among the variants', () => {
    const experiment = load(TWO_VARIANTS, { seeds: [3, 4], only: ['l1.5', 'plain'] });
    expect(experiment.seeds).toEqual([3, 4]);
    expect(experiment.variants.map(({ name }) => name)).toEqual(['plain', 'l1.5']);
  });

  it('refuse what is no seed and no variant', () => {
    expect(refusal(TWO_VARIANTS, { seeds: [1.5] })).toBe(
      '--seeds: seeds[0] is 1.5, expected a whole number of at least 0',
    );
    expect(refusal(TWO_VARIANTS, { seeds: [] })).toContain(
      '--seeds: seeds is a list of 0, expected a list of at least 1',
    );
    expect(refusal(TWO_VARIANTS, { only: ['wieght'] })).toBe(
      'experiment "x" has no variant "wieght" (did you mean "weight"?)',
    );
  });
});

describe('any change of settings by --set', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.stringify(json)),
    fc.string(),
    fc.constantFrom('lenet', 'adam', 'unit', '2ep', '[1, 2]', '{ name: l1 }', '&a [*a]', '!!binary x'),
  );
  const key = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'schedule',
        'optimizer',
        'name',
        'model',
        'regularizer',
        'variants',
        'sweep',
      ),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom('epochs', 'decay', 'at', 'seeds', 'widths', 'prune', 'plain', 'l1', '5'),
    },
    fc.string({ maxLength: 6 }),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty'),
  );

  it('gives settings that the schema accepts unchanged, or a UserError', () => {
    const path = fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => keys.join('.'));
    const file = `${writeFolder({ 'x.yaml': TWO_VARIANTS })}/x.yaml`;
    fc.assert(
      fc.property(fc.array(fc.tuple(path, value), { minLength: 1, maxLength: 3 }), (pairs) => {
        try {
          const { variants } = loadExperiment(file, {
            set: pairs.map(([where, what]) => `${where}=${what}`),
          });
          for (const { settings } of variants) expect(runSettingsSchema.parse(settings)).toEqual(settings);
        } catch (error) {
          expect(error).toMatchObject({ name: 'UserError', message: expect.stringMatching(/^[^\n]+$/) });
        }
      }),
      { numRuns: 200 },
    );
  });
});
