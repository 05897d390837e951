/** @file Variants with the hashes of their settings, which cover the settings of the variants that they go on from. */
import { UserError } from '../errors.ts';
import { continuationOf } from '../methods/continuation.ts';
import { hashOf } from './identity.ts';
import type { RunSettings } from './schema.ts';

/** What an experiment calls by a name and trains with each seed. */
export interface Variant {
  readonly name: string;
  readonly settings: RunSettings;
}

/** A variant whose settings have the hash of its parent's, if it has a parent. */
export interface LinkedVariant extends Variant {
  /** Of the settings, 64 hexadecimal digits. */
  readonly hash: string;
  readonly parent?: LinkedVariant;
}

/**
 * Adds the hash of its parent's settings to each variant that has a parent, so that its own hash covers them, and puts each
 * variant behind its parent; else in the order given.
 *
 * @throws UserError if a hash was given, and the parent has other settings
 */
export function linkParents(variants: readonly Variant[]): LinkedVariant[] {
  const byName = new Map(variants.map((variant) => [variant.name, variant]));
  const linked = new Map<string, LinkedVariant>();
  const link = ({ name, settings }: Variant): LinkedVariant => {
    const known = linked.get(name);
    if (known !== undefined) return known;
    const continuation = continuationOf(settings.regularizer);
    const before = continuation && byName.get(continuation.from);
    const parent = before && link(before);
    const own = parent === undefined ? settings : withParent(name, settings, parent);
    const variant = { name, settings: own, hash: hashOf(own), ...(parent && { parent }) };
    linked.set(name, variant);
    return variant;
  };
  variants.forEach(link);
  return [...linked.values()];
}

function withParent(name: string, settings: RunSettings, { name: from, hash }: LinkedVariant): RunSettings {
  const { parent = hash } = continuationOf(settings.regularizer) ?? {};
  if (parent === hash) {
    const regularizer = { ...settings.regularizer, parent: hash } as RunSettings['regularizer'];
    return { ...settings, regularizer };
  }
  throw new UserError(
    `regularizer.parent of variant "${name}" is ${parent.slice(0, 8)}…, but "${from}" has the hash ${hash.slice(0, 8)}…; leave it out, td fills it in`,
  );
}
