/** @file A traced step as a SavedModel: its state in TensorFlow's variables, the step itself as a function that is called. */

import type { ArraySpec } from '../../arrays.ts';
import type { Signature } from '../../compiler/step.ts';
import { FETCH } from '../../compiler/trace-step.ts';
import { at } from '../../lookup.ts';
import { Bfloat16Builder, KeptBfloat16Builder } from './bfloat16.ts';
import { placeFeed } from './feeds.ts';
import { DATA_TYPES, encode } from './format.ts';
import { encodeNode } from './functions.ts';
import {
  booleanAttribute,
  type NodeAttributes,
  NodeBuilder,
  type Output,
  shapeAttribute,
  stringAttribute,
  typeAttribute,
} from './nodes.ts';
import { buildStep } from './step-function.ts';
import type { UpdatedGraph } from './updates.ts';

export interface SavedModelOptions {
  /** `compile` has XLA compile the whole step; `cluster` lets it take the parts that it thinks worth it. */
  readonly xla?: 'compile' | 'cluster' | undefined;
  /** Feeds travel as int32, which TensorFlow keeps on the host until the graph wants them: for devices with memory of their own. */
  readonly feedsAsWords?: boolean | undefined;
  /**
   * Convolutions and matrix products in bfloat16. `rewriter`: TensorFlow's own rewriter, for processors, which leaves in bfloat16 what
   * lies between them. `kept`: so does td, for processors that have its kernels. `casts`: the operands of each are rounded and its result
   * widened, on any device.
   */
  readonly bfloat16?: 'rewriter' | 'kept' | 'casts' | undefined;
}

/** Names of outputs, `node:index`, by the names of the signature. */
export interface ModelNames {
  readonly feeds: Readonly<Record<string, string>>;
  readonly fetches: Readonly<Record<string, string>>;
  /** To fetch an entry of the state. */
  readonly reads: Readonly<Record<string, string>>;
  /** To write one: `value` is fed, and `done` fetched. */
  readonly writes: Readonly<Record<string, { readonly value: string; readonly done: string }>>;
  /** What is fetched of a step that has no fetches, so that it runs. */
  readonly ran?: string;
}

/** Version of the graph format (GraphDef): one that every TensorFlow since 2.13 reads. */
const PRODUCER = 1395;
const STEP = 'step';

/**
 * Writes a traced step as a SavedModel with one graph, tagged `serve`.
 *
 * The state lies in resource variables. One node, `StatefulPartitionedCall`, runs the step: it reads them, computes, and
 * assigns their next values before it returns what is fetched.
 */
export function buildSavedModel(
  plan: UpdatedGraph,
  signature: Signature,
  options: SavedModelOptions = {},
): { readonly bytes: Uint8Array; readonly names: ModelNames } {
  const builder = new NodeBuilder();
  const state = Object.entries(signature.state);
  const feeds = Object.entries(signature.feeds);
  const handles = state.map(([name, spec], index) =>
    builder.add(
      'VarHandleOp',
      [],
      { ...specAttributes(spec), shared_name: stringAttribute(name), container: stringAttribute('') },
      { name: `variable${index}` },
    ),
  );
  const access = state.map(
    ([name, spec], index) => [name, addAccess(builder, at(handles, index), spec, index)] as const,
  );
  const fed = feeds.map(([, spec], index) =>
    placeFeed(builder, spec, `feed${index}`, options.feedsAsWords === true),
  );
  const fetched = plan.rest.outputs.filter(({ name }) => name.startsWith(FETCH));
  const call = builder.add(
    'StatefulPartitionedCall',
    [...handles, ...fed],
    {
      Tin: {
        list: {
          type: [...state.map(() => DATA_TYPES.resource), ...feeds.map(([, { dtype }]) => DATA_TYPES[dtype])],
        },
      },
      Tout: { list: { type: fetched.map(({ value }) => DATA_TYPES[value.type]) } },
      f: { func: { name: STEP } },
      ...callAttributes(options),
    },
    { name: 'call' },
  );
  for (const [index, { value }] of fetched.entries()) {
    const T = typeAttribute(value.type);
    builder.add('Identity', [{ node: call.node, index }], { T }, { name: `fetch${index}` });
  }
  const ran = fetched.length === 0 ? addSign(builder, 'ran', call) : undefined;
  const bytes = encode('SavedModel', {
    savedModelSchemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { tags: ['serve'] },
        graphDef: {
          node: builder.nodes.map((node) => encodeNode(node, 'graph')),
          library: {
            function: [
              buildStep(STEP, plan, signature, {
                attributes: functionAttributes(options),
                createBuilder: () => createBuilder(options.bfloat16),
              }),
            ],
          },
          versions: { producer: PRODUCER },
        },
      },
    ],
  });
  const names: ModelNames = {
    feeds: Object.fromEntries(feeds.map(([name], index) => [name, `feed${index}:0`])),
    fetches: Object.fromEntries(
      fetched.map(({ name }, index) => [name.slice(FETCH.length), `fetch${index}:0`]),
    ),
    reads: Object.fromEntries(access.map(([name, { read }]) => [name, read])),
    writes: Object.fromEntries(access.map(([name, { write }]) => [name, write])),
    ...(ran !== undefined && { ran }),
  };
  return { bytes, names };
}

function createBuilder(bfloat16: SavedModelOptions['bfloat16']): NodeBuilder {
  if (bfloat16 === 'casts') return new Bfloat16Builder();
  return bfloat16 === 'kept' ? new KeptBfloat16Builder() : new NodeBuilder();
}

function specAttributes({ shape, dtype }: ArraySpec): NodeAttributes {
  return { dtype: typeAttribute(dtype), shape: shapeAttribute(shape) };
}

/** Nodes that read one variable and write it. */
function addAccess(
  builder: NodeBuilder,
  handle: Output,
  spec: ArraySpec,
  index: number,
): { read: string; write: { value: string; done: string } } {
  const [dtype, T] = [typeAttribute(spec.dtype), typeAttribute(spec.dtype)];
  const read = builder.add('ReadVariableOp', [handle], { dtype });
  builder.add('Identity', [read], { T }, { name: `read${index}` });
  const value = builder.add('Placeholder', [], specAttributes(spec), { name: `value${index}` });
  // The memory of a feed belongs to JavaScript: a variable must not keep it.
  const copy = builder.add('DeepCopy', [value], { T });
  const assign = builder.add('AssignVariableOp', [handle, copy], { dtype });
  const done = addSign(builder, `done${index}`, assign);
  return { read: `read${index}:0`, write: { value: `value${index}:0`, done } };
}

/**
 * Adds an output that is there once something has run. The native module runs what outputs need, and an assignment has none.
 *
 * @returns its name
 */
function addSign(builder: NodeBuilder, name: string, { node }: Output): string {
  const zero = builder.scalar(0, 'int32');
  builder.add('Identity', [zero], { T: typeAttribute('int32') }, { name, after: [node] });
  return `${name}:0`;
}

/** The native module passes no settings of a session; a call of a function brings its own. */
function callAttributes({ xla, bfloat16 }: SavedModelOptions): NodeAttributes {
  if (xla === 'compile') return { _XlaMustCompile: booleanAttribute(true) };
  const graphOptions = {
    ...(xla === 'cluster' ? { optimizerOptions: { globalJitLevel: 1 } } : {}),
    ...(bfloat16 === 'rewriter' ? { rewriteOptions: { autoMixedPrecisionOnednnBfloat16: 1 } } : {}),
  };
  if (Object.keys(graphOptions).length === 0) return {};
  return { config_proto: { s: encode('ConfigProto', { graphOptions }) } };
}

function functionAttributes({ xla }: SavedModelOptions): NodeAttributes {
  return xla === 'compile' ? { _XlaMustCompile: booleanAttribute(true) } : {};
}
