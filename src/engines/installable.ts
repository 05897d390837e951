/** @file Which engines can be installed, and removed again; the others come with td. */
import { suggest, UserError } from '../errors.ts';
import { ENGINE_NAMES } from './types.ts';

/** @throws UserError if this is no engine, or one that comes with td */
export function requireInstallable(engine: string): void {
  if (engine === 'tensorflow') return;
  if ((ENGINE_NAMES as readonly string[]).includes(engine))
    throw new UserError(`the engine "${engine}" comes with td: there is nothing to install or remove`);
  throw new UserError(`there is no engine "${engine}" to install${suggest(engine, ['tensorflow'])}`);
}
