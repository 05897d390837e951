/** @file A method of a plugin, held to its contract: what its functions return is looked at before it is used. */
import type { Tensor } from '@tensorflow/tfjs';
import { sizeOf } from '../arrays.ts';
import { suggest, UserError } from '../errors.ts';
import { matrixShape } from '../pruning/criteria.ts';
import type { HostWeight, Regularizer } from './types.ts';

type Hook = {
  [Key in keyof Regularizer]-?: NonNullable<Regularizer[Key]> extends (...parameters: never[]) => unknown
    ? Key
    : never;
}[keyof Regularizer];

/** What a function may return, given its arguments; it throws if it returned something else. */
type Check<Name extends Hook> = (
  returned: unknown,
  parameters: Parameters<NonNullable<Regularizer[Name]>>,
  refuse: (expected: string) => never,
) => void;

type Checks = { readonly [Name in Hook]: Check<Name> };

const DISTRIBUTIONS: readonly string[] = ['uniform', 'normal', 'bernoulli'];

const CHECKS: Checks = {
  extraState: requireRecord,
  noise: (returned, parameters, refuse) => {
    requireRecord(returned, parameters, refuse);
    for (const [name, { distribution }] of Object.entries(
      returned as Record<string, { distribution?: unknown }>,
    ))
      if (!DISTRIBUTIONS.includes(String(distribution)))
        refuse(`a distribution of "${name}" that is one of: ${DISTRIBUTIONS.join(', ')}`);
  },
  scalars: (returned, parameters, refuse) => {
    requireRecord(returned, parameters, refuse);
    for (const [name, value] of Object.entries(returned as Record<string, unknown>))
      if (!Number.isFinite(value)) refuse(`a finite number as "${name}"`);
  },
  prepare: requireTensors,
  update: requireTensors,
  effectiveWeight: (returned, [{ weight }], refuse) => requireShape(returned, weight.shape, refuse),
  linear: (returned, _, refuse) => {
    if (!isTensor(returned)) refuse('a tensor');
  },
  penalty: (returned, _, refuse) => requireShape(returned, [], refuse),
  exemptPenalty: (returned, _, refuse) => requireShape(returned, [], refuse),
  evaluationWeight: requireWeight,
  withoutCandidates: requireWeight,
  importance: (returned, [{ spec }, granularity], refuse) => {
    const { columns } = matrixShape(spec.shape);
    const length = granularity === 'unit' ? columns : sizeOf(spec.shape);
    requireNumbers(returned, length, refuse);
    if ((returned as Float32Array).some(Number.isNaN)) refuse('scores that can be ranked, none of them NaN');
  },
};

const OTHER_KEYS: readonly string[] = [
  'name',
  'disablesWeightDecay',
  'dropsCandidates',
] satisfies (keyof Regularizer)[];

/**
 * The same method, whose functions get copies of what they may not change, and whose results are checked: a `return` that
 * was forgotten would be plain training.
 *
 * @param where names the plugin, in errors
 * @throws UserError if it has a function that no method has, or something else in the place of one; its functions throw one if they return what the contract does not allow
 */
export function heldToContract(regularizer: Regularizer, where: string): Regularizer {
  requireKnownKeys(regularizer, where);
  const hooks = (Object.keys(CHECKS) as Hook[]).filter((name) => regularizer[name] !== undefined);
  const wrong = hooks.find((name) => typeof regularizer[name] !== 'function');
  if (wrong !== undefined)
    throw new UserError(`${where}: ${wrong} is ${describe(regularizer[wrong])}, expected a function`);
  const { name, disablesWeightDecay, dropsCandidates } = regularizer;
  return {
    name,
    ...(disablesWeightDecay === undefined ? {} : { disablesWeightDecay }),
    ...(dropsCandidates === undefined ? {} : { dropsCandidates }),
    ...Object.fromEntries(hooks.map((hook) => [hook, checkedHook(regularizer, hook, where)])),
  };
}

/** Objects of a class may have whatever else they need. */
function requireKnownKeys(regularizer: Regularizer, where: string): void {
  if (Object.getPrototypeOf(regularizer) !== Object.prototype) return;
  const known = [...Object.keys(CHECKS), ...OTHER_KEYS];
  const unknown = Object.keys(regularizer).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new UserError(`${where}: a method has no function "${unknown}"${suggest(unknown, known)}`);
}

function checkedHook(regularizer: Regularizer, name: Hook, where: string): (...given: never[]) => unknown {
  return (...given) => {
    const parameters = given.map(copyOfHost);
    // In the place of `this`, as without the check.
    const returned: unknown = Reflect.apply(regularizer[name] as () => unknown, regularizer, parameters);
    const refuse = (expected: string): never => {
      throw new UserError(`${where}: ${name} returned ${describe(returned)}, expected ${expected}`);
    };
    (CHECKS[name] as Check<Hook>)(returned, parameters as never, refuse);
    return returned;
  };
}

/** A trained network on the host is not the method's to change. */
function copyOfHost(parameter: unknown): unknown {
  if (!isHostWeight(parameter)) return parameter;
  const { spec, weight, state } = parameter;
  const copies = Object.entries(state).map(([name, array]) => [name, array.slice()]);
  return { spec, weight: weight.slice(), state: Object.fromEntries(copies) } satisfies HostWeight;
}

function isHostWeight(parameter: unknown): parameter is HostWeight {
  return typeof parameter === 'object' && parameter !== null && 'weight' in parameter && parameter.weight instanceof Float32Array; // biome-ignore format: one condition
}

/** Without tfjs itself, which takes half a second to load, and is not needed before a step is built. */
function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'dataId' in value && 'shape' in value;
}

function describe(returned: unknown): string {
  if (returned === undefined) return 'nothing';
  if (isTensor(returned)) return `a tensor of shape [${returned.shape.join(', ')}]`;
  if (returned instanceof Float32Array) return `${returned.length} numbers`;
  if (typeof returned === 'number') return `the number ${returned}`;
  if (returned instanceof Promise) return 'a promise';
  return Array.isArray(returned) ? 'a list' : `a value of type ${typeof returned}`;
}

type Refuse = (expected: string) => never;

function requireRecord(returned: unknown, _: unknown, refuse: Refuse): void {
  const isRecord = typeof returned === 'object' && returned !== null && !Array.isArray(returned) && !(returned instanceof Promise); // biome-ignore format: one condition
  if (!isRecord) refuse('an object with a value for each name');
}

function requireTensors(returned: unknown, parameters: unknown, refuse: Refuse): void {
  requireRecord(returned, parameters, refuse);
  for (const [name, value] of Object.entries(returned as Record<string, unknown>))
    if (!isTensor(value)) refuse(`a tensor as "${name}"`);
}

function requireShape(returned: unknown, shape: readonly number[], refuse: Refuse): void {
  const isOfShape = isTensor(returned) && returned.shape.join() === shape.join();
  if (!isOfShape) refuse(shape.length === 0 ? 'a scalar' : `a tensor of shape [${shape.join(', ')}]`);
}

function requireWeight(returned: unknown, [{ spec }]: [HostWeight], refuse: Refuse): void {
  requireNumbers(returned, sizeOf(spec.shape), refuse);
}

function requireNumbers(returned: unknown, length: number, refuse: Refuse): void {
  if (!(returned instanceof Float32Array && returned.length === length))
    refuse(`a Float32Array of ${length} numbers`);
}
