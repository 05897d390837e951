/** @file A definition of a plugin: its settings name the content of the plugin, and it refuses those that name another. */
import { z } from 'zod';
import type { DatasetDefinition } from '../data/definition.ts';
import { datasetHeldToContract } from '../data/held-to-contract.ts';
import { codeOf, messageOf, UserError } from '../errors.ts';
import type { MethodDefinition } from '../methods/definition.ts';
import { heldToContract } from '../methods/held-to-contract.ts';
import type { Regularizer } from '../methods/types.ts';
import type { ModelDefinition } from '../models/definition.ts';
import { modelHeldToContract } from '../models/held-to-contract.ts';

export interface PluginIdentity {
  /** As the command line names it. */
  readonly path: string;
  /** SHA-256 of its content, in hex. */
  readonly hash: string;
}

export type Kind = 'methods' | 'models' | 'datasets';
export type Definition = MethodDefinition | ModelDefinition | DatasetDefinition;

/**
 * The definition with a setting `plugin` that says what the plugin consists of. A run keeps it with its settings: it
 * is hashed, and a run that was trained with another version of the plugin is not gone on with or swept.
 *
 * @throws UserError if its settings are no object
 */
export function ofPlugin(kind: Kind, definition: Definition, plugin: PluginIdentity): Definition {
  const settings = withPlugin(definition, plugin) as never;
  if (kind === 'methods') return { ...methodOf(definition as MethodDefinition, plugin), settings };
  if (kind === 'models') return { ...modelOf(definition as ModelDefinition, plugin), settings };
  return { ...datasetOf(definition as DatasetDefinition, plugin), settings };
}

function methodOf(method: MethodDefinition, plugin: PluginIdentity): MethodDefinition {
  const where = `plugin ${plugin.path}, method "${method.name}"`;
  return {
    ...method,
    async load() {
      const create: unknown = await method.load();
      if (typeof create !== 'function')
        throw new UserError(
          `${where}: load gave no function, expected one that makes a method from settings`,
        );
      return (given) => {
        requireSame(method.name, given, plugin);
        const created: unknown = create(given);
        return heldToContract(requireObject(created, `${where}: what load gave`) as Regularizer, where);
      };
    },
  };
}

function modelOf(model: ModelDefinition, plugin: PluginIdentity): ModelDefinition {
  const where = `plugin ${plugin.path}, model "${model.name}"`;
  return {
    ...model,
    create(given, imageShape, classes) {
      requireSame(model.name, given, plugin);
      const created = requireObject(model.create(given, imageShape, classes), `${where}: create`);
      return modelHeldToContract(created, imageShape, classes, where);
    },
  };
}

function datasetOf(dataset: DatasetDefinition, plugin: PluginIdentity): DatasetDefinition {
  const where = `plugin ${plugin.path}, data set "${dataset.name}"`;
  const describe: DatasetDefinition['describe'] = (given) =>
    requireObject(dataset.describe(given), `${where}: describe`);
  return {
    ...dataset,
    describe,
    async load(given, startStage) {
      requireSame(dataset.name, given, plugin);
      const loaded = await explainMissingFiles(where, async () => dataset.load(given, startStage));
      return datasetHeldToContract(loaded, describe(given), where);
    },
  };
}

function requireObject<T>(returned: T, where: string): T {
  if (typeof returned === 'object' && returned !== null) return returned;
  const what = returned === undefined ? 'nothing' : `a value of type ${typeof returned}`;
  throw new UserError(`${where} returned ${what}, expected an object`);
}

/** A file that cannot be read is the user's to mend; other errors are those of the plugin's author, whom a stack helps. */
async function explainMissingFiles<T>(where: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof UserError || !SYSTEM_CODE.test(codeOf(error))) throw error;
    throw new UserError(`${where}: load failed (${messageOf(error)}), expected files that can be read`);
  }
}

/** `ENOENT`, and not `ERR_INVALID_ARG_TYPE`. */
const SYSTEM_CODE = /^E[A-Z0-9]+$/;

function withPlugin({ name, settings }: Definition, { path, hash }: PluginIdentity): z.ZodType {
  const shape = {
    plugin: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('the SHA-256 of a plugin')
      .default(hash),
  };
  if (settings instanceof z.ZodObject) return settings.safeExtend(shape);
  if (settings instanceof z.ZodPipe && settings.in instanceof z.ZodObject)
    return settings.in.safeExtend(shape).pipe(settings.out as never);
  throw new UserError(
    `plugin ${path}: the settings of "${name}" are no object, expected z.strictObject({ … })`,
  );
}

function requireSame(name: string, given: unknown, { path, hash }: PluginIdentity): void {
  const { plugin } = given as { readonly plugin?: string };
  if (plugin === hash) return;
  const short = (text = 'unknown') => text.slice(0, 8);
  throw new UserError(
    `"${name}" is that of a plugin with the content ${short(plugin)}, but ${path} has the content ${short(hash)} by now, expected the plugin as it was then; train anew, or bring the plugin back`,
  );
}
