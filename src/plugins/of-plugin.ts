/** @file A definition of a plugin: its settings name the content of the plugin, and it refuses those that name another. */
import { z } from 'zod';
import type { DatasetDefinition } from '../data/definition.ts';
import { datasetHeldToContract } from '../data/held-to-contract.ts';
import { UserError } from '../errors.ts';
import type { MethodDefinition } from '../methods/definition.ts';
import { heldToContract } from '../methods/held-to-contract.ts';
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
  const settings = withPlugin(definition, plugin);
  const refuse = (given: unknown) => requireSame(definition.name, given, plugin);
  if (kind === 'methods') {
    const method = definition as MethodDefinition;
    const load: MethodDefinition['load'] = async () => {
      const create = await method.load();
      return (given) => {
        refuse(given);
        return heldToContract(create(given), `plugin ${plugin.path}, method "${definition.name}"`);
      };
    };
    return { ...method, settings: settings as MethodDefinition['settings'], load };
  }
  if (kind === 'models') {
    const model = definition as ModelDefinition;
    const create: ModelDefinition['create'] = (given, imageShape, classes) => {
      refuse(given);
      return modelHeldToContract(
        model.create(given, imageShape, classes),
        imageShape,
        classes,
        `plugin ${plugin.path}, model "${definition.name}"`,
      );
    };
    return { ...model, settings: settings as ModelDefinition['settings'], create };
  }
  const dataset = definition as DatasetDefinition;
  const load: DatasetDefinition['load'] = async (given, startStage) => {
    refuse(given);
    const loaded = await dataset.load(given, startStage);
    const where = `plugin ${plugin.path}, data set "${definition.name}"`;
    return datasetHeldToContract(loaded, dataset.describe(given), where);
  };
  return { ...dataset, settings: settings as DatasetDefinition['settings'], load };
}

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
