/** @file The settings of one of several registered things, told apart by their name. */
import { z } from 'zod';

/** A definition with the schema of its settings, whose `name` is a literal. */
export interface Configurable {
  readonly name: string;
  readonly settings: z.ZodType<{ name: string }>;
}

type SchemasOf<Definitions extends readonly Configurable[]> = {
  readonly [Index in keyof Definitions]: Definitions[Index]['settings'] & z.core.SomeType;
};

/**
 * A choice by `name` among the settings of the definitions.
 *
 * @typeParam BuiltIn the definitions that TypeScript knows: with them the settings are a discriminated union. Those that
 * are registered while td runs are checked as well, but have no type.
 */
export function choiceOf<BuiltIn extends readonly Configurable[]>(
  definitions: Iterable<Configurable>,
): z.ZodDiscriminatedUnion<SchemasOf<BuiltIn>, 'name'> {
  const schemas = Array.from(definitions, ({ settings }) => settings);
  // The iterable holds the built-in definitions, others at most after them.
  return z.discriminatedUnion('name', schemas as never) as never;
}
