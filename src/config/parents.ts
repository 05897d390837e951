/** @file Variants that go on from the trained network of another variant, their parent: what both must have in common. */
import { suggest, UserError } from '../errors.ts';
import { continuationOf } from '../methods/continuation.ts';
import { Epochs, parseLength } from '../settings/training-time.ts';
import { type MapTree, nodeAt, toPlain } from '../yaml/tree.ts';
import { type RunSettings, runSettingsSchema } from './schema.ts';
import type { Variant } from './variants.ts';

/** A variant with what its settings were read from. */
export interface ReadVariant extends Variant {
  /** All layers that make up its settings. */
  readonly tree: MapTree;
  /** What the variant itself says. */
  readonly overlay: MapTree;
}

/**
 * The variants that variants go on from, themselves included, in the order of the experiment.
 *
 * @param names of variants
 * @throws UserError naming the place if a parent does not exist or does not fit
 */
export function withAncestors(
  names: Iterable<string>,
  variants: ReadonlyMap<string, ReadVariant>,
): Variant[] {
  const wanted = new Set<string>();
  const add = (name: string) => {
    const variant = variants.get(name);
    if (variant === undefined || wanted.has(name)) return;
    wanted.add(name);
    const parent = requireParent(variant, variants);
    if (parent !== undefined) add(parent.name);
  };
  for (const name of names) add(name);
  return [...variants.values()]
    .filter(({ name }) => wanted.has(name))
    .map(({ name, settings }) => ({ name, settings }));
}

/** @returns nothing for a variant without a parent, or whose parent's settings are known by their hash alone */
function requireParent(
  child: ReadVariant,
  variants: ReadonlyMap<string, ReadVariant>,
): ReadVariant | undefined {
  const continuation = continuationOf(child.settings.regularizer);
  if (continuation === undefined) return undefined;
  const { from } = continuation;
  const place = placeOf(child.tree, ['regularizer', 'from']);
  const parent = variants.get(from);
  // A run's own config.yaml has no other variant.
  if (parent === undefined && continuation.parent !== undefined) return undefined;
  if (parent === undefined) {
    const others = [...variants.keys()].filter((name) => name !== child.name);
    throw new UserError(
      `${place}: regularizer.from is "${from}", expected another variant of the experiment${suggest(from, others)}, in variant "${child.name}"`,
    );
  }
  refuseCircle(child, variants, place);
  refuseDifference(child, parent);
  refusePassedOver(child);
  return parent;
}

function refuseCircle(child: ReadVariant, variants: ReadonlyMap<string, ReadVariant>, place: string): void {
  const seen = [child.name];
  let next = continuationOf(child.settings.regularizer)?.from;
  while (next !== undefined) {
    if (seen.includes(next)) {
      throw new UserError(
        `${place}: variant "${[...seen, next].join('" goes on from "')}", expected one that begins anew`,
      );
    }
    seen.push(next);
    const settings = variants.get(next)?.settings;
    next = settings && continuationOf(settings.regularizer)?.from;
  }
}

/** Images and network are the parent's; a schedule that is replayed is as well. */
function refuseDifference(child: ReadVariant, parent: ReadVariant): void {
  const schedule = continuationOf(child.settings.regularizer)?.schedule;
  const replays = schedule?.kind === 'replay';
  for (const section of ['dataset', 'model', ...(replays ? (['schedule'] as const) : [])] as const) {
    const key = findDifference(child.settings[section], parent.settings[section]);
    if (key === undefined) continue;
    const what = section === 'schedule' ? 'replays the schedule of' : 'goes on from';
    throw new UserError(
      `${placeOf(child.tree, [section, key])}: variant "${child.name}" ${what} "${parent.name}", expected the same ${section}.${key} in both`,
    );
  }
  if (!replays) return;
  if (child.settings.precision !== parent.settings.precision) {
    throw new UserError(
      `${placeOf(child.tree, ['precision'])}: variant "${child.name}" takes steps of "${parent.name}" again, expected the same precision in both`,
    );
  }
  const to = parseLength(schedule.to);
  const { epochs } = parent.settings.schedule;
  if (to instanceof Epochs && to.count >= epochs) {
    throw new UserError(
      `${placeOf(child.tree, ['regularizer', 'to'])}: regularizer.to is ${to.count}, expected a point before the end of the ${epochs} epochs of "${parent.name}", in variant "${child.name}"`,
    );
  }
}

/** What a constant learning rate leaves without effect. */
const PASSED_OVER = ['learningRate', 'decay', 'warmup'] as const;

/**
 * Settings of which nothing is without effect: where a method has a constant learning rate of its own, what the experiment says of
 * learning rates for the other variants is replaced by the defaults.
 */
export function withoutPassedOver(settings: RunSettings): RunSettings {
  if (!hasOwnRate(settings)) return settings;
  const { learningRate, decay, warmup } = defaultSchedule();
  return { ...settings, schedule: { ...settings.schedule, learningRate, decay, warmup } };
}

/** What the variant itself says of learning rates would be passed over in silence. Files that td prints have the defaults. */
function refusePassedOver({ name, settings, overlay }: ReadVariant): void {
  if (!hasOwnRate(settings)) return;
  for (const key of PASSED_OVER) {
    const node = nodeAt(overlay, ['schedule', key]);
    if (node === undefined || JSON.stringify(toPlain(node)) === JSON.stringify(defaultSchedule()[key]))
      continue;
    throw new UserError(
      `${node.place}: schedule.${key} has no effect on ${settings.regularizer.name}, whose learning rate is constant; expected regularizer.learningRate instead, in variant "${name}"`,
    );
  }
}

function hasOwnRate({ regularizer }: RunSettings): boolean {
  return continuationOf(regularizer)?.schedule.kind === 'constant';
}

function defaultSchedule(): RunSettings['schedule'] {
  return runSettingsSchema.parse({}).schedule;
}

function placeOf(tree: MapTree, path: readonly string[]): string {
  const [section = ''] = path;
  return (nodeAt(tree, path) ?? nodeAt(tree, [section]) ?? tree).place;
}

/** The first key whose values differ. */
function findDifference(a: object, b: object): string | undefined {
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...new Set([...left.keys(), ...right.keys()])].find(
    (key) => JSON.stringify(left.get(key)) !== JSON.stringify(right.get(key)),
  );
}
