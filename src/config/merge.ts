/** @file How settings are laid over one another: `extends`, variants and --set all follow this one rule. */
import { type MapTree, makeMap, type Tree } from '../yaml/tree.ts';

/**
 * Lays one map over another. Maps in it merge key by key, all else replaces what was there. A map that changes its
 * `name` inherits nothing, since its other keys belong to what is now replaced (momentum is no setting of adam); the
 * outermost `name` is that of the experiment and an ordinary key. A key with nothing after it leaves a map as it was.
 */
export function merge(base: MapTree, overlay: MapTree): MapTree {
  const entries = new Map(base.entries);
  for (const [key, entry] of overlay.entries) {
    const before = entries.get(key);
    const value = mergeValue(before?.value, entry.value);
    // An empty section must not take over the place of the section that it leaves as it was.
    if (value !== before?.value) entries.set(key, { place: entry.place, value });
  }
  return makeMap(overlay.place, entries);
}

function mergeValue(base: Tree | undefined, overlay: Tree): Tree {
  if (base?.kind !== 'map') return overlay;
  if (overlay.kind === 'scalar' && overlay.isEmpty) return base;
  if (overlay.kind !== 'map' || changesName(base, overlay)) return overlay;
  return merge(base, overlay);
}

function changesName(base: MapTree, overlay: MapTree): boolean {
  const before = base.entries.get('name')?.value;
  const after = overlay.entries.get('name')?.value;
  if (before?.kind !== 'scalar' || after === undefined) return false;
  return after.kind !== 'scalar' || after.value !== before.value;
}
