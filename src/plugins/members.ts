/** @file The members of a definition: a plugin's must have some, may have others, and has no more. */
import type { DatasetDefinition } from '../data/definition.ts';
import { suggest, UserError } from '../errors.ts';
import type { MethodDefinition } from '../methods/definition.ts';
import type { ModelDefinition } from '../models/definition.ts';
import type { Definition, Kind } from './of-plugin.ts';

const FORMS = {
  text: { words: 'a text', isMet: (value: unknown) => typeof value === 'string' && value !== '' },
  number: { words: 'a number', isMet: (value: unknown) => typeof value === 'number' },
  function: { words: 'a function', isMet: (value: unknown) => typeof value === 'function' },
  object: { words: 'an object', isMet: isObject },
  list: { words: 'a list', isMet: Array.isArray },
} as const;

type Form = keyof typeof FORMS;

/** The form of each member, with a `?` where it may be absent: a member that is added to a contract must be added here, too. */
type Members<D> = {
  readonly [Key in keyof D]-?: object extends Pick<D, Key> ? `${Form}?` : Form;
};

const METHOD: Members<MethodDefinition> = {
  name: 'text',
  settings: 'object',
  columns: 'object',
  label: 'function?',
  published: 'object?',
  warnings: 'function?',
  evaluations: 'function?',
  continues: 'function?',
  load: 'function',
};

const MODEL: Members<ModelDefinition> = {
  name: 'text',
  summary: 'text',
  settings: 'object',
  published: 'list?',
  describe: 'function',
  create: 'function',
};

const DATASET: Members<DatasetDefinition> = {
  name: 'text',
  summary: 'text',
  settings: 'object',
  mostEntries: 'number?',
  describe: 'function',
  load: 'function',
  verify: 'function?',
  fetch: 'function',
};

const MEMBERS: Readonly<Record<Kind, Readonly<Record<string, Form | `${Form}?`>>>> = {
  methods: METHOD,
  models: MODEL,
  datasets: DATASET,
};
const MAKERS = { methods: 'defineMethod', models: 'defineModel', datasets: 'defineDataset' } as const;

/**
 * @param where names the plugin and the place in its list: `plugin noise.ts: methods[0]`
 * @returns the definition
 * @throws UserError if it is no object, lacks a member, has one that no definition of its kind has, or one of another form
 */
export function requireDefinition(definition: unknown, kind: Kind, where: string): Definition {
  if (!isObject(definition))
    throw new UserError(`${where} is no definition, expected what ${MAKERS[kind]} returns`);
  const owner = typeof definition.name === 'string' ? `${where} ("${definition.name}")` : where;
  const members = MEMBERS[kind];
  // First, since a name that is misspelt is missing, too.
  const unknown = Object.keys(definition).find((name) => !Object.hasOwn(members, name));
  if (unknown !== undefined)
    throw new UserError(
      `${owner} has the unknown member "${unknown}"${suggest(unknown, Object.keys(members))}`,
    );
  for (const [name, form] of Object.entries(members)) requireMember(definition, name, form, owner);
  return definition as unknown as Definition;
}

function requireMember(
  definition: Readonly<Record<string, unknown>>,
  name: string,
  form: Form | `${Form}?`,
  owner: string,
): void {
  const { words, isMet } = FORMS[form.replace('?', '') as Form];
  // Its own: what a class brings is lost where td adds to a definition.
  const value = Object.hasOwn(definition, name) ? definition[name] : undefined;
  if (value === undefined && form.endsWith('?')) return;
  if (value === undefined) throw new UserError(`${owner} lacks "${name}", expected ${words}`);
  if (!isMet(value)) throw new UserError(`${owner}: "${name}" is ${show(value)}, expected ${words}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value);
}
