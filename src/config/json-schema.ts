/** @file The form of experiment files as a JSON Schema, for editors that complete and check YAML. */
import { z } from 'zod';
import type { JsonSchema } from '../settings/expectations.ts';
import { experimentSchema, runSettingsSchema } from './schema.ts';

/** The one that editors know best. */
const DIALECT = 'http://json-schema.org/draft-07/schema#';

type Properties = Record<string, JsonSchema>;

/**
 * What may stand in a file, with the methods, models and data sets that are registered at this moment. A file need not name
 * what it takes over from another, from the base of its variants or from the defaults, so no key is required.
 */
export function experimentJsonSchema(): JsonSchema {
  const run = propertiesOf(runSettingsSchema);
  const settings = Object.fromEntries(Object.entries(run).map(([key, part]) => [key, relax(part)]));
  const { variants, ...others } = propertiesOf(experimentSchema);
  const references = Object.fromEntries(
    Object.keys(run).map((key) => [key, { $ref: `#/properties/${key}` }]),
  );
  return {
    $schema: DIALECT,
    title: 'An experiment of td',
    type: 'object',
    properties: {
      ...(relax({ properties: others }).properties as Properties),
      ...settings,
      variants: {
        ...variants,
        additionalProperties: {
          type: ['object', 'null'],
          properties: references,
          additionalProperties: false,
        } as unknown as JsonSchema,
      },
    },
    // A place for anchors.
    patternProperties: { '^x-': {} },
    additionalProperties: false,
  };
}

function propertiesOf(schema: z.ZodType): Properties {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-07' }).properties as Properties;
}

/** The schema without required keys, in which a choice can be told apart by its `name`, if there is one. */
function relax(schema: JsonSchema): JsonSchema {
  const { required: _, default: given, ...rest } = schema;
  const relaxed: JsonSchema =
    given === undefined || typeof given === 'object' ? rest : { ...rest, default: given };
  if (rest.oneOf !== undefined) return relaxChoice(rest.oneOf as JsonSchema[]);
  if (rest.properties === undefined) return relaxed;
  const properties = Object.entries(rest.properties as Properties);
  return { ...relaxed, properties: Object.fromEntries(properties.map(([key, part]) => [key, relax(part)])) };
}

/** Keys of any option where no name says which it is; those of one option where a name does. */
function relaxChoice(options: readonly JsonSchema[]): JsonSchema {
  const relaxed = options.map((option) => relax(option).properties as Properties);
  const keys = new Set(relaxed.flatMap((properties) => Object.keys(properties)));
  const names = relaxed.map(({ name }) => name?.const);
  return {
    type: 'object',
    properties: Object.fromEntries(
      [...keys].map((key) => [key, key === 'name' ? { enum: names as string[] } : anyOf(key, relaxed)]),
    ),
    additionalProperties: false,
    allOf: relaxed.map((properties) => ({
      if: { properties: { name: { const: properties.name?.const ?? '' } }, required: ['name'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties, propertyNames: { enum: Object.keys(properties) } },
    })),
  };
}

function anyOf(key: string, options: readonly Properties[]): JsonSchema {
  const distinct = new Map(
    options.flatMap(({ [key]: part }) => (part === undefined ? [] : [[JSON.stringify(part), part]])),
  );
  const [only, ...others] = distinct.values();
  return others.length === 0 && only !== undefined ? only : { anyOf: [...distinct.values()] };
}
