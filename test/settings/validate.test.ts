/** @file The sentences that tell a user what is wrong with a settings file, and where. */

import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandRuns } from '../../src/config/experiment.ts';
import { loadExperiment } from '../../src/config/load.ts';
import { messageOf, writeFolder } from '../config/folder.ts';

function refusal(text: string): string {
  const folder = writeFolder({ 'x.yaml': text });
  return messageOf(() => loadExperiment(`${folder}/x.yaml`), folder);
}

describe('an unknown key', () => {
  it.each([
    ['scedule: { epochs: 3 }', '1:1: unknown key "scedule" (did you mean "schedule"?)'],
    ['schedule:\n  epoch: 3', '2:3: unknown key "epoch" in schedule (did you mean "epochs"?)'],
    [
      'schedule:\n  optimizer: { name: adam, momentum: 0.9 }',
      '2:28: unknown key "momentum" for schedule.optimizer "adam" (expected one of: name, beta1, beta2, epsilon)',
    ],
    [
      'model: { name: lenet, filter: [1, 2] }',
      '1:23: unknown key "filter" for model "lenet" (did you mean "filters"?)',
    ],
    ['regularizer: { nmae: l1 }', '1:16: unknown key "nmae" for regularizer "none" (did you mean "name"?)'],
    [
      'regularizer: { name: dropout, granularty: unit }',
      '1:31: unknown key "granularty" for regularizer "dropout" (did you mean "granularity"?)',
    ],
    [
      'variants:\n  a:\n    shedule: {}',
      '3:5: unknown key "shedule" (did you mean "schedule"?), in variant "a"',
    ],
    [
      'variants:\n  a: { seeds: [1] }',
      '2:8: unknown key "seeds" (expected one of: dataset, model, regularizer, schedule, precision), in variant "a"',
    ],
    ['__proto__: 3', '1:1: unknown key "__proto__" (expected one of: '],
    [
      'schedule: { constructor: 3 }',
      '1:13: unknown key "constructor" in schedule (expected one of: optimizer, ',
    ],
  ])('in %j is named with its place and the nearest key', (text, sentence) => {
    expect(refusal(text)).toContain(`x.yaml:${sentence}`);
  });
});

describe('a wrong value', () => {
  const rate = 'expected a number of at least 0 and at most 1';
  it.each([
    ['schedule:\n  learningRate: fast', '2:17: schedule.learningRate is "fast", expected a number above 0'],
    ['schedule: { learningRate: 0 }', '1:27: schedule.learningRate is 0, expected a number above 0'],
    ['schedule: { learningRate: "0.1" }', '1:27: schedule.learningRate is "0.1", expected a number above 0'],
    [
      'schedule: { learningRate: .inf }',
      '1:27: schedule.learningRate is Infinity, expected a number above 0',
    ],
    ['schedule: { epochs: 1.5 }', '1:21: schedule.epochs is 1.5, expected a whole number of at least 1'],
    ['schedule: { weightDecay: -1 }', '1:26: schedule.weightDecay is -1, expected a number of at least 0'],
    [
      'schedule: { gradientClip: big }',
      '1:27: schedule.gradientClip is "big", expected a number above 0 or null',
    ],
    [
      'schedule: { warmup: 3 epochs }',
      '1:21: schedule.warmup is "3 epochs", expected epochs (12 or "12ep") or steps ("2000it")',
    ],
    [
      'schedule: { optimizer: { momentum: 1 } }',
      '1:36: schedule.optimizer.momentum is 1, expected a number of at least 0 and below 1',
    ],
    ['schedule: 5', '1:11: schedule is 5, expected keys with values'],
    ['model: { name: lnet }', '1:16: model.name is "lnet" (did you mean "lenet"?)'],
    [
      'model: { name: transformer }',
      '1:16: model.name is "transformer" (expected one of: mlp, lenet, resnet, wide-resnet, vgg)',
    ],
    [
      'model: { name: 5 }',
      '1:16: model.name is 5, expected "mlp", "lenet", "resnet", "wide-resnet" or "vgg"',
    ],
    [
      'model: mlp',
      '1:8: model is "mlp", expected settings with a name (mlp, lenet, resnet, wide-resnet or vgg)',
    ],
    [
      'model: null',
      '1:8: model is null, expected settings with a name (mlp, lenet, resnet, wide-resnet or vgg)',
    ],
    [
      'model: { widths: [] }',
      '1:18: model.widths is a list of 0, expected a list of at least 1, each a whole number of at least 1',
    ],
    ['model: { widths: [10, x] }', '1:23: model.widths[1] is "x", expected a whole number of at least 1'],
    [
      'model: { name: lenet, filters: [6] }',
      '1:32: model.filters is a list of 1, expected a list of 2, each a whole number of at least 1',
    ],
    [
      'model: { name: lenet, standardize: maybe }',
      '1:36: model.standardize is "maybe", expected true or false',
    ],
    [
      'dataset: { name: imagenet }',
      '1:18: dataset.name is "imagenet" (expected one of: mnist, fashion-mnist, cifar10, cifar100, images)',
    ],
    ['dataset: { path: 3 }', '1:18: dataset.path is 3, expected text'],
    [
      'regularizer: { name: targeted, granularity: units }',
      '1:45: regularizer.granularity is "units" (did you mean "unit"?)',
    ],
    [
      'regularizer: { name: targeted, granularity: unit, dropRate: 66 }',
      `1:61: regularizer.dropRate is 66, ${rate}`,
    ],
    [
      'regularizer: { name: targeted, granularity: weight, perEntry: true }',
      '1:63: regularizer.perEntry is true: expected false, since entries are drawn in columns only at granularity "unit"',
    ],
    ['seeds: 3', '1:8: seeds is 3, expected a list of at least 1, each a whole number of at least 0'],
    ['seeds:', '1:7: seeds is empty, expected a list of at least 1'],
    ['seeds: [0, 1, 0]', '1:15: seeds[2] is 0: it stands twice, expected each seed once'],
    ['seeds: [-1]', '1:9: seeds[0] is -1, expected a whole number of at least 0'],
    [
      'sweep: { prune: 0:1 }',
      '1:17: sweep.prune is "0:1": prune rate 1 in "0:1" is too high, expected at least 0 and below 1',
    ],
    [
      'sweep: { prune: [0.5] }',
      '1:17: sweep.prune is a list of 1, expected rates such as "0:0.99" or "0, 0.5, 0.9"',
    ],
    ['sweep: { granularity: booth }', '1:23: sweep.granularity is "booth" (did you mean "both"?)'],
    ['name: ../elsewhere', '1:7: name is "../elsewhere", expected letters, digits, ".", "_" and "-"'],
    ['variants: { a/b: {} }', '1:13: "a/b" cannot be a name in variants, expected letters, digits'],
    [
      'variants: { a: l1 }',
      '1:16: variant "a" is "l1", expected settings such as "regularizer: { name: l1 }"',
    ],
    ['variants: { a: null }', '1:16: variant "a" is null, expected settings'],
    [
      'variants: { a: { schedule: { epochs: 0 } } }',
      '1:38: schedule.epochs is 0, expected a whole number of at least 1, in variant "a"',
    ],
  ])('in %j is shown with its place and what was expected', (text, sentence) => {
    expect(refusal(text)).toContain(`x.yaml:${sentence}`);
  });

  it('is cut short and kept on one line', () => {
    expect(refusal(`schedule: { epochs: "${'long\\n'.repeat(100)}" }`)).toMatch(
      /^x\.yaml:1:21: schedule\.epochs is "(long ){8}…", expected a whole number of at least 1$/,
    );
  });
});

describe('a missing key', () => {
  it.each([
    [
      'regularizer: { name: dropout }',
      '1:14: key "granularity" is missing for regularizer "dropout", expected "weight" or "unit"',
    ],
    [
      'schedule:\n  decay:\n    name: steps',
      '3:5: key "at" is missing for schedule.decay "steps", expected a list of at least 1, each epochs (12 or "12ep")',
    ],
  ])('in %j is named at the map that lacks it', (text, sentence) => {
    expect(refusal(text)).toContain(`x.yaml:${sentence}`);
  });
});

describe('a file whose own name cannot name an experiment', () => {
  it('is refused by that name', () => {
    const folder = writeFolder({ 'my run.yaml': 'seeds: [1]' });
    expect(messageOf(() => loadExperiment(`${folder}/my run.yaml`), folder)).toMatch(
      /^my run\.yaml: name is "my run", expected letters, digits/,
    );
  });
});

describe('random damage to a settings file', () => {
  const original = readFileSync('configs/mnist-lenet.yaml', 'utf8');
  const piece = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom(
      '\n',
      '  ',
      '\t',
      ':',
      ': ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '#',
      '&a ',
      '*a',
      '!!x ',
      '? ',
    ),
    fc.constantFrom(
      '---\n',
      '%YAML 1.1\n',
      '| ',
      '> ',
      '<<: ',
      '~',
      '\u0000',
      '\uFEFF',
      '\uD800',
      '5',
      '-',
      'null',
    ),
  );
  const edit = fc.record({ at: fc.nat(original.length), remove: fc.nat(30), insert: piece });
  const damage = (text: string, { at, remove, insert }: { at: number; remove: number; insert: string }) =>
    text.slice(0, at) + insert + text.slice(at + remove);

  it('gives an experiment or one sentence that begins with a place in the file', () => {
    const path = `${writeFolder({ 'x.yaml': '' })}/x.yaml`;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const text = edits.reduce(damage, original);
        writeFileSync(path, text);
        try {
          expect(loadExperiment(path).variants.length).toBeGreaterThan(0);
        } catch (error) {
          refused++;
          expect(error).toMatchObject({ name: 'UserError' });
          const [, line, column] =
            /^[^\n]*?x\.yaml:(\d+):(\d+): [^\n]+$/.exec((error as Error).message) ?? [];
          const lines = text.split('\n');
          expect(Number(line)).toBeGreaterThan(0);
          expect(Number(line)).toBeLessThanOrEqual(lines.length);
          expect(Number(column)).toBeLessThanOrEqual((lines[Number(line) - 1]?.length ?? 0) + 1);
        }
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it('of one key is found at exactly that key', () => {
    const path = `${writeFolder({ 'x.yaml': '' })}/x.yaml`;
    // Variants may have any name, so that none of them is unknown.
    const isSetting = ({ index }: RegExpMatchArray) => {
      const line = original.slice(original.lastIndexOf('\n', index) + 1).split('\n', 1)[0] ?? '';
      return !line.startsWith('#') && !/^ {2}[\w.-]+:$/.test(line);
    };
    const keys = [...original.matchAll(/(?<=^\s*|[{,] )[a-zA-Z]{4,}(?=:)/gm)].filter(isSetting);
    expect(keys.length).toBeGreaterThan(30);
    fc.assert(
      fc.property(fc.constantFrom(...keys), (match) => {
        const [key] = match;
        const text = damage(original, { at: match.index, remove: key.length, insert: `${key}x` });
        writeFileSync(path, text);
        const before = text.slice(0, match.index).split('\n');
        const place = `x.yaml:${before.length}:${(before.at(-1)?.length ?? 0) + 1}: `;
        expect(() => loadExperiment(path)).toThrow(`${place}unknown key "${key}x"`);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a setting beyond all use', () => {
  it.each([
    ['schedule: { epochs: 1.0e+15 }', 'schedule.epochs is 1000000000000000: expected at most 100000'],
    ['model: { name: resnet, units: 1000000000 }', 'model.units is 1000000000: expected at most 200'],
    [`model: { widths: [${'1,'.repeat(201)}] }`, 'model.widths is a list of 201: expected at most 200'],
    [
      `variants:\n${Array.from({ length: 1001 }, (_, index) => `  v${index}: {}\n`).join('')}`,
      'variants is a map: expected at most 1000',
    ],
    [`schedule: { warmup: ${'9'.repeat(400)}it }`, 'schedule.warmup is "9999'],
  ])('is refused: %.60s', (text, sentence) => {
    expect(refusal(text)).toContain(sentence);
  });

  it('is refused as a number of seeds', () => {
    const folder = writeFolder({ 'x.yaml': 'name: x' });
    const seeds = Array.from({ length: 20_001 }, (_, seed) => seed);
    expect(() => loadExperiment(`${folder}/x.yaml`, { seeds })).toThrow(
      '--seeds: seeds is a list of 20001: expected at most 20000',
    );
  });

  it('is refused as a number of runs, too', () => {
    const seeds = Array.from({ length: 1000 }, (_, seed) => seed).join();
    const variants = Array.from({ length: 21 }, (_, index) => `  v${index}: {}\n`).join('');
    const folder = writeFolder({ 'x.yaml': `seeds: [${seeds}]\nvariants:\n${variants}` });
    const experiment = loadExperiment(`${folder}/x.yaml`);
    expect(() => expandRuns(experiment)).toThrow('experiment "x" has 21000 runs, expected at most 20000');
    expect(expandRuns(experiment, { only: ['v0'] })).toHaveLength(1000);
  });
});

describe('a name', () => {
  const NOT_ONE = 'expected a name that is not that of a file or device';
  it.each([
    ['name: ../../x', 'name is "../../x", expected letters, digits'],
    ['name: "a\\0b"', 'name is "a\\x00b", expected letters, digits'],
    ['name: ..', 'name is "..", expected letters, digits'],
    [`name: ${'n'.repeat(101)}`, 'expected at most 100 characters'],
    ['name: CON', `name is "CON": ${NOT_ONE}`],
    ['name: nul.a', `name is "nul.a": ${NOT_ONE}`],
    ['name: report.html', `name is "report.html": ${NOT_ONE}`],
    ['name: x.', `name is "x.": ${NOT_ONE}`],
    ['variants: { sweep.csv: {} }', `"sweep.csv" cannot be a name in variants, ${NOT_ONE}`],
    ['variants: { a/b: {} }', '"a/b" cannot be a name in variants, expected letters, digits'],
    ['variants: { __proto__: {} }', '"__proto__" cannot be a name in variants'],
  ])('that would lead out of its folder or to a file is refused: %.60s', (text, sentence) => {
    expect(refusal(text)).toContain(sentence);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])('may be %s, a word of JavaScript', (name) => {
    const folder = writeFolder({ 'x.yaml': `variants: { ${name}: {} }` });
    const runs = expandRuns(loadExperiment(`${folder}/x.yaml`));
    expect(runs.map(({ variant }) => variant)).toEqual([name]);
  });
});
