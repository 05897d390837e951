/** @file What every method of the registry must have: settings, a regularizer, names in tables, a place in the documentation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../src/config/schema.ts';
import { methodOf } from '../../src/methods/names.ts';
import { createRegularizer, methods } from '../../src/methods/registry.ts';
import { METHODS } from '../support/training-cases.ts';

/** The settings of a method with nothing set but what has no default, at both granularities if it knows any. */
function defaultsOf(name: string) {
  const asked = [{ name }, { name, granularity: 'weight' }, { name, granularity: 'unit' }];
  const parsed = asked.map((regularizer) => runSettingsSchema.safeParse({ regularizer }));
  return parsed.flatMap(({ data }) => data?.regularizer ?? []);
}

describe.each(methods.names)('the method %s', (name) => {
  it('has defaults for all but the granularity', () => {
    expect(defaultsOf(name)).not.toEqual([]);
  });

  it('leads to a regularizer of its name', async () => {
    for (const settings of defaultsOf(name)) expect((await createRegularizer(settings)).name).toBe(name);
  });

  it('is compared between engines, in a column of tables that the glossary explains', () => {
    const cases = Object.values(METHODS).filter((method) => method.name === name);
    expect(cases).not.toEqual([]);
    for (const regularizer of cases) {
      const { name: column } = methodOf(runSettingsSchema.parse({ regularizer }).regularizer);
      expect(methods.get(name).columns).toHaveProperty([column], expect.stringMatching(/\.$/));
    }
  });
});

it('no two methods share a column', () => {
  const columns = [...methods].flatMap(({ columns }) => Object.keys(columns));
  expect(new Set(columns).size).toBe(columns.length);
});

it('docs/methods.md has a row for each method, in the order of the registry', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/methods.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z0-9-]+)` \|.*\|.*\|.*\|$/gm)].map(([, name]) => name);
  expect(rows).toEqual(methods.names);
});

it('plain training has no parts at all', async () => {
  expect(await createRegularizer({ name: 'none' })).toEqual({ name: 'none' });
});
