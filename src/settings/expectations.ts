/** @file Looks up what a schema expects at a path of settings, and describes it for error messages. */
import { z } from 'zod';

/** Part of a schema as plain data. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The schema as JSON Schema, which unlike zod's own objects is plain data with a documented form. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
}

/**
 * The part of a schema that governs a path in given data. Where the schema is a choice by `name`, the name in the data
 * decides.
 *
 * @returns undefined if nothing is allowed there
 */
export function schemaAt(
  schema: JsonSchema,
  data: unknown,
  path: readonly PropertyKey[],
): JsonSchema | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return schema;
  const inner = childOf(schema, data, step);
  return inner && schemaAt(inner, childData(data, step), rest);
}

function childOf(schema: JsonSchema, data: unknown, step: PropertyKey): JsonSchema | undefined {
  if (schema.oneOf !== undefined && step === 'name') return { enum: listNames(schema) };
  const { properties, prefixItems, items, additionalProperties } = chooseByName(schema, data);
  const child =
    typeof step === 'number'
      ? (prefixItems?.[step] ?? (Array.isArray(items) ? items[step] : items))
      : (properties?.[String(step)] ?? additionalProperties);
  return typeof child === 'object' ? child : undefined;
}

function childData(data: unknown, step: PropertyKey): unknown {
  return typeof data === 'object' && data !== null ? Reflect.get(data, step) : undefined;
}

function chooseByName(schema: JsonSchema, data: unknown): JsonSchema {
  const name = childData(data, 'name');
  return schema.oneOf?.find((option) => nameOf(option) === name) ?? schema;
}

function nameOf(option: JsonSchema): unknown {
  const name = option.properties?.name;
  return typeof name === 'object' ? name.const : undefined;
}

function listNames(schema: JsonSchema): string[] {
  return schema.oneOf?.map((option) => String(nameOf(option))) ?? [];
}

/** The keys that a map may have. */
export function listKeys(schema: JsonSchema, data: unknown): string[] {
  return Object.keys(chooseByName(schema, data).properties ?? {});
}

/** The words that the schema lets choose from; none if it is not a choice of words. */
export function listChoices(schema: JsonSchema): string[] {
  if (schema.enum !== undefined) return schema.enum.map(String);
  return typeof schema.const === 'string' ? [schema.const] : [];
}

/** What a schema expects, as the end of a sentence: `a number above 0`. */
export function describeExpectation(schema: JsonSchema): string {
  if (schema.description !== undefined) return schema.description;
  const choices = listChoices(schema);
  if (choices.length > 0) return joinChoices(choices.map((choice) => JSON.stringify(choice)));
  if (schema.anyOf !== undefined) return joinChoices(schema.anyOf.map(describeExpectation));
  if (schema.oneOf !== undefined) return `settings with a name (${joinChoices(listNames(schema))})`;
  switch (schema.type) {
    case 'number':
    case 'integer':
      return describeNumber(schema);
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return describeList(schema);
    default:
      return 'keys with values';
  }
}

function describeNumber(schema: JsonSchema): string {
  const isWhole = schema.type === 'integer';
  const kind = isWhole ? 'a whole number' : 'a number';
  const lowest = isWhole && schema.exclusiveMinimum === 0 ? 1 : schema.minimum;
  const bounds = [
    isShown(lowest)
      ? `of at least ${lowest}`
      : isShown(schema.exclusiveMinimum) && `above ${schema.exclusiveMinimum}`,
    isShown(schema.maximum) && `at most ${schema.maximum}`,
    isShown(schema.exclusiveMaximum) && `below ${schema.exclusiveMaximum}`,
  ].filter((bound) => bound !== false);
  return bounds.length === 0 ? kind : `${kind} ${bounds.join(' and ')}`;
}

/** zod bounds every whole number by what a double counts exactly; such a bound tells a user nothing. */
function isShown(bound: unknown): bound is number {
  return typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
}

function describeList(schema: JsonSchema): string {
  const entry = schema.prefixItems?.[0] ?? schema.items;
  const each =
    typeof entry === 'object' && !Array.isArray(entry) ? `, each ${describeExpectation(entry)}` : '';
  const { minItems = 0, maxItems } = schema;
  if (minItems === maxItems) return `a list of ${minItems}${each}`;
  return `a list${minItems > 0 ? ` of at least ${minItems}` : ''}${each}`;
}

function joinChoices(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
