/** @file The JSON Schema of experiment files accepts what td accepts, and refuses what it refuses for its form. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { experimentJsonSchema } from '../../src/config/json-schema.ts';
import { CONFIGS, listShipped } from '../../src/config/shipped.ts';
import { methods } from '../../src/methods/registry.ts';
import { models } from '../../src/models/registry.ts';
import { TINY } from '../cli/td.ts';

const validate = new Ajv({ allErrors: true, strict: false }).compile(experimentJsonSchema());
/** What is wrong with an experiment, nothing if it is right. */
const faultsOf = (text: string) => {
  validate(parse(text, { merge: true }));
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
};

describe('the schema', () => {
  it.each(listShipped().map(({ name }) => name))('accepts the experiment %s', (name) => {
    expect(faultsOf(readFileSync(join(CONFIGS, `${name}.yaml`), 'utf8'))).toEqual([]);
  });

  it('accepts small experiments, empty variants, anchors, and settings whose name is said elsewhere', () => {
    expect(faultsOf(TINY)).toEqual([]);
    expect(faultsOf('variants: { none: }')).toEqual([]);
    expect(faultsOf('x-base: { any: thing }\nschedule: { epochs: 3, warmup: 2ep }')).toEqual([]);
    expect(
      faultsOf(
        'schedule: { optimizer: { momentum: 0.8 } }\nvariants: { a: { regularizer: { dropRate: 0.1 } } }',
      ),
    ).toEqual([]);
  });

  it.each([
    ['modle: {}', 'additionalProperties'],
    ['schedule: { epoch: 3 }', '/schedule additionalProperties'],
    ['schedule: { epochs: 0 }', '/schedule/epochs exclusiveMinimum'],
    ['schedule: { optimizer: { name: sgdd } }', '/schedule/optimizer/name enum'],
    ['schedule: { optimizer: { name: sgd, momentum: 0.9 } }', '/schedule/optimizer propertyNames'],
    ['regularizer: { name: targeted, granularity: weight, dropRate: 1.5 }', '/regularizer/dropRate maximum'],
    ['model: { name: mlp, filters: [3] }', '/model propertyNames'],
    ['variants: { a: { regularizer: { name: l3 } } }', '/variants/a/regularizer/name enum'],
    ['variants: { a: { seeds: [1] } }', '/variants/a additionalProperties'],
    ['seeds: []', '/seeds minItems'],
  ])('refuses %s', (text, fault) => {
    expect(faultsOf(text)).toContainEqual(expect.stringContaining(fault));
  });

  it('names every method and model that is registered', () => {
    const text = JSON.stringify(experimentJsonSchema());
    for (const name of [...methods.names, ...models.names]) expect(text).toContain(`"const":"${name}"`);
  });
});

it('the list of what comes with td has every file, each with what it shows', () => {
  const files = readdirSync(CONFIGS, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.yaml'),
  );
  expect(
    listShipped()
      .map(({ name }) => `${name}.yaml`)
      .sort(),
  ).toEqual(files.sort());
  for (const { name, summary } of listShipped()) expect(summary.length, name).toBeGreaterThan(15);
});
