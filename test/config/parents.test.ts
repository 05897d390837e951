/** @file Variants that go on from another: their hash covers its settings, and both must fit. */
import { describe, expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { hashOf } from '../../src/config/identity.ts';
import { type LoadOptions, loadExperiment } from '../../src/config/load.ts';
import { renderSettings } from '../../src/config/render.ts';
import { messageOf, writeFolder } from './folder.ts';

const VARIANTS = `
schedule: { epochs: 6 }
variants:
  fine-tune: { regularizer: { name: fine-tune, granularity: weight }, schedule: { epochs: 2 } }
  none: {}
  rewind: { regularizer: { name: rewind, granularity: unit, from: none, to: 2 } }
`;

const load = (text: string, options: LoadOptions = {}) =>
  loadExperiment(`${writeFolder({ 'x.yaml': text })}/x.yaml`, options);

const runsOf = (text: string, options: LoadOptions = {}) => expandRuns(load(text, options));

const hashIn = (text: string, variant: string) =>
  runsOf(text).find((run) => run.variant === variant)?.hash ?? '';

describe('a variant that goes on from another', () => {
  it('has a run for each seed behind that of the other with the same seed', () => {
    const runs = runsOf(VARIANTS, { seeds: [3, 5] });
    expect(runs.map(({ variant, seed }) => `${variant} ${seed}`)).toEqual([
      'none 3',
      'none 5',
      'fine-tune 3',
      'fine-tune 5',
      'rewind 3',
      'rewind 5',
    ]);
    expect(runs[3]?.parent).toEqual(runs[1]);
    expect(runs[1]?.parent).toBeUndefined();
  });

  it('has the hash of the settings of the other among its own', () => {
    const [none, fineTune] = runsOf(VARIANTS);
    expect(fineTune?.settings.regularizer).toHaveProperty('parent', none?.hash);
    expect(fineTune?.hash).toBe(hashOf(fineTune?.settings as never));
  });

  it('is another run when the other has other settings, and the other stays as it was', () => {
    const changed = VARIANTS.replace('none: {}', 'none: { schedule: { weightDecay: 1.0e-4 } }').replace(
      'to: 2 } }',
      'to: 2 }, schedule: { weightDecay: 1.0e-4 } }',
    );
    expect(hashIn(changed, 'fine-tune')).not.toBe(hashIn(VARIANTS, 'fine-tune'));
    expect(hashIn(VARIANTS, 'none')).toBe(
      hashOf(load('schedule: { epochs: 6 }').variants[0]?.settings as never),
    );
  });

  it('goes on from one that goes on from a third, whose settings count as well', () => {
    const chain = (rate: number) => `
variants:
  none: { schedule: { gradientClip: ${rate} } }
  half: { regularizer: { name: fine-tune, granularity: weight, pruneRate: 0.5 } }
  quarter: { regularizer: { name: fine-tune, granularity: weight, from: half, pruneRate: 0.75 } }`;
    expect(hashIn(chain(1), 'quarter')).not.toBe(hashIn(chain(2), 'quarter'));
    expect(runsOf(chain(1), { only: ['quarter'] }).map(({ variant }) => variant)).toEqual([
      'none',
      'half',
      'quarter',
    ]);
  });

  it('brings the other along where it alone is asked for, with the settings of the file', () => {
    const runs = runsOf(VARIANTS, { only: ['fine-tune'], set: ['schedule.epochs=3'] });
    expect(runs.map(({ variant, settings }) => [variant, settings.schedule.epochs])).toEqual([
      ['none', 6],
      ['fine-tune', 3],
    ]);
  });

  it('has no settings of learning rates that its own rate leaves without effect, and reads back when it is printed', () => {
    const text = VARIANTS.replace(
      'epochs: 6',
      'epochs: 6, learningRate: 0.3, decay: { name: cosine }, warmup: 1',
    );
    expect(hashIn(text.replace('0.3', '0.1'), 'none')).not.toBe(hashIn(text, 'none'));
    const fineTune = load(text).variants.find(({ name }) => name === 'fine-tune');
    expect(fineTune?.settings.schedule).toMatchObject({
      learningRate: 0.1,
      decay: { name: 'constant' },
      warmup: 0,
    });
    const printed = load(renderSettings(load(text)));
    expect(expandRuns(printed)).toEqual(runsOf(text));
  });

  it('reads back from its own config.yaml with the same hash, without the other', () => {
    for (const run of runsOf(VARIANTS)) {
      const { parent: _, ...alone } = run;
      expect(runsOf(renderSettings(run))).toEqual([alone]);
    }
  });
});

describe('a mistake', () => {
  const refusal = (text: string, options: LoadOptions = {}) => {
    const folder = writeFolder({ 'x.yaml': text });
    return messageOf(() => expandRuns(loadExperiment(`${folder}/x.yaml`, options)), folder);
  };
  const child = (regularizer: string, rest = '') => `
schedule: { epochs: 6, learningRate: 0.2 }
variants:
  plain: {}
  child:
    regularizer: { granularity: weight, ${regularizer} }
    ${rest}`;

  it.each([
    [
      child('name: fine-tune, from: plan'),
      'x.yaml:6: regularizer.from is "plan", expected another variant of the experiment (did you mean "plain"?), in variant "child"',
    ],
    [
      child('name: fine-tune'),
      'x.yaml:6: regularizer.from is "none", expected another variant of the experiment (expected one of: plain), in variant "child"',
    ],
    [
      child('name: rewind, from: child'),
      'x.yaml:6: variant "child" goes on from "child", expected one that begins anew',
    ],
    [
      child('name: rewind, from: plain', 'model: { widths: [9] }'),
      'x.yaml:7: variant "child" goes on from "plain", expected the same model.widths in both',
    ],
    [
      child('name: fine-tune, from: plain', 'dataset: { trainImages: 100 }'),
      'x.yaml:7: variant "child" goes on from "plain", expected the same dataset.trainImages in both',
    ],
    [
      child('name: rewind, from: plain', 'schedule: { learningRate: 0.1 }'),
      'x.yaml:7: variant "child" replays the schedule of "plain", expected the same schedule.learningRate in both',
    ],
    [
      child('name: rewind, from: plain', 'precision: bfloat16'),
      'x.yaml:7: variant "child" takes steps of "plain" again, expected the same precision in both',
    ],
    [
      child('name: rewind, from: plain, to: 6'),
      'x.yaml:6: regularizer.to is 6, expected a point before the end of the 6 epochs of "plain", in variant "child"',
    ],
    [
      child('name: fine-tune, from: plain', 'schedule: { decay: { name: cosine } }'),
      'x.yaml:7: schedule.decay has no effect on fine-tune, whose learning rate is constant; expected regularizer.learningRate instead, in variant "child"',
    ],
    [
      child('name: fine-tune, from: plain, pruneRate: 1'),
      'x.yaml:6: regularizer.pruneRate is 1, expected a number of at least 0 and below 1, in variant "child"',
    ],
  ])('%#', (text, message) => {
    expect(refusal(text).replace(/(:\d+):\d+:/, '$1:')).toBe(message);
  });

  it('in a circle of variants is found', () => {
    const circle = `
variants:
  a: { regularizer: { name: fine-tune, granularity: weight, from: b } }
  b: { regularizer: { name: fine-tune, granularity: weight, from: a } }`;
    expect(refusal(circle)).toContain(
      'variant "a" goes on from "b" goes on from "a", expected one that begins anew',
    );
  });

  it('in a hash that is written by hand is found', () => {
    const hash = 'a'.repeat(64);
    expect(refusal(child(`name: fine-tune, from: plain, parent: ${hash}`))).toMatch(
      /^regularizer\.parent of variant "child" is aaaaaaaa…, but "plain" has the hash [0-9a-f]{8}…; leave it out, td fills it in$/,
    );
  });

  it('in a variant that is not asked for keeps nobody from training another', () => {
    const text = child('name: rewind, from: plain');
    expect(runsOf(text, { only: ['plain'], set: ['schedule.epochs=3'] })).toHaveLength(1);
    expect(refusal(text, { only: ['child'], set: ['schedule.epochs=3'] })).toContain(
      'expected the same schedule.epochs in both',
    );
  });
});
