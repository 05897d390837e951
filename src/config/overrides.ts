/** @file Settings from the command line (`--set path.to.key=value`) as trees that are laid over those of the file. */
import { suggest, UserError } from '../errors.ts';
import { parseYaml } from '../yaml/parse.ts';
import { type MapTree, makeMap, type Tree } from '../yaml/tree.ts';

/** More than any setting needs; keeps a path of thousands of dots from nesting as deep. */
const MOST_KEYS = 12;

/**
 * Reads one override. The value is YAML: `0.1`, `[300, 100]`, `{ name: adam }`.
 *
 * @param variants names of the experiment's variants, which `variants.<name>.<path>` may address; they may hold dots
 * @throws UserError if it has no `=`, an empty key, an unknown variant, or a value that is not YAML
 */
export function parseOverride(text: string, variants: readonly string[]): MapTree {
  const [, path, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined) {
    throw new UserError(`--set "${text}" has no value, expected path.to.key=value`);
  }
  const place = `--set ${path}`;
  const keys = splitPath(path.trim(), variants, place);
  if (keys.includes('')) throw new UserError(`${place}: a key is empty, expected path.to.key=value`);
  if (keys.length > MOST_KEYS) throw new UserError(`${place.slice(0, 80)}: no setting lies that deep`);
  if (keys[0] === 'extends') throw new UserError(`${place}: extends can only be given in the file`);
  return nest(
    keys,
    parseYaml(value, () => place),
    place,
  );
}

function splitPath(path: string, variants: readonly string[], place: string): string[] {
  if (!path.startsWith('variants.')) return path.split('.');
  const rest = path.slice('variants.'.length);
  const [name] = variants
    .filter((variant) => rest === variant || rest.startsWith(`${variant}.`))
    .sort((a, b) => b.length - a.length);
  if (name !== undefined) {
    const inner = rest.slice(name.length + 1);
    return ['variants', name, ...(rest === name ? [] : inner.split('.'))];
  }
  const asked = rest.replace(/\.(dataset|model|regularizer|schedule|precision)(\..*)?$/s, '');
  throw new UserError(`${place}: there is no variant "${asked}"${suggest(asked, variants)}`);
}

function nest(keys: readonly string[], value: Tree, place: string): MapTree {
  const [key = '', ...rest] = keys;
  return makeMap(place, [[key, { place, value: rest.length === 0 ? value : nest(rest, value, place) }]]);
}
