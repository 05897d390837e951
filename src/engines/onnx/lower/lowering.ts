/** @file State of a lowering: which ONNX values stand for a traced value, and in which layout. */
import {
  type Attributes,
  type AttributesArgument,
  filled,
  GraphBuilder,
  type NoAttributes,
  type Operation,
  type OperationOf,
  type Value,
  type ValueType,
} from '../../../compiler/graph.ts';
import type { Kernel, TfjsKernels } from '../../../compiler/kernels.ts';
import { at, orThrow } from '../../../lookup.ts';
import type { OnnxOperation, OnnxOperator } from '../operators.ts';

/** From `[batch, height, width, channels]` to `[batch, channels, height, width]` and back. */
const TO_CHANNELS_FIRST = [0, 3, 1, 2];
const TO_CHANNELS_LAST = [0, 2, 3, 1];

/** Operator set of the kernels that work on blocked images. */
export const BLOCKED = 'com.microsoft.nchwc';

/**
 * With fewer channels on either side of a convolution, cutting images into tiles and transforming them takes longer than minimal filtering
 * saves (`npm run bench:kernels`).
 */
export const FEWEST_FILTERED_CHANNELS = 128;

interface Forms {
  plain?: Value;
  channelsFirst?: Value;
  blocked?: Value;
}

/**
 * Translates a traced graph operation by operation. ONNX convolves with channels first, tfjs with channels last, and
 * onnxruntime's fastest kernels with channels in blocks: every rank-4 value may exist in all these forms, made when first
 * asked for, so that a chain of layers is never rearranged.
 */
export class Lowering {
  readonly builder = new GraphBuilder<OnnxOperation>();
  private readonly forms = new Map<Value, Forms>();
  private readonly tables = new Map<string, Value>();

  /**
   * @param block channels in a block of the blocked layout; 0 leaves that layout unused
   * @param fewestChannels of both sides of a convolution that minimal filtering is used for
   */
  constructor(
    readonly block = 0,
    readonly fewestChannels = FEWEST_FILTERED_CHANNELS,
  ) {}

  /** Declares what a traced value has become, layout unchanged. */
  set(traced: Value, lowered: Value): void {
    this.forms.set(traced, { ...this.forms.get(traced), plain: lowered });
  }

  setChannelsFirst(traced: Value, lowered: Value): void {
    this.forms.set(traced, { ...this.forms.get(traced), channelsFirst: lowered });
  }

  /** Declares a result in blocks, named by the shape `[batch, channels, height, width]`. */
  setBlocked(traced: Value, lowered: Value): void {
    this.forms.set(traced, { ...this.forms.get(traced), blocked: lowered });
  }

  hasBlocked(traced: Value): boolean {
    return this.forms.get(traced)?.blocked !== undefined;
  }

  /** Whether a value consists of images whose channels fill whole blocks. */
  canBlock({ shape, type }: Value): boolean {
    const channels = shape[3] ?? 0;
    return this.block > 0 && type === 'float32' && shape.length === 4 && channels % this.block === 0;
  }

  hasChannelsFirst(traced: Value): boolean {
    return this.forms.get(traced)?.channelsFirst !== undefined;
  }

  plain(traced: Value): Value {
    const forms = this.formsOf(traced);
    forms.plain ??=
      forms.channelsFirst === undefined
        ? this.unblocked(this.known(forms.blocked), true)
        : this.transpose(forms.channelsFirst, TO_CHANNELS_LAST);
    return forms.plain;
  }

  /** The value with channels first; values of lower rank as they broadcast against one. */
  channelsFirst(traced: Value): Value {
    const forms = this.formsOf(traced);
    if (forms.channelsFirst !== undefined) return forms.channelsFirst;
    if (forms.plain === undefined && forms.blocked !== undefined) {
      forms.channelsFirst = this.unblocked(forms.blocked, false);
    } else {
      const plain = this.known(forms.plain);
      forms.channelsFirst =
        plain.shape.length === 0 ? plain : this.transpose(this.padRank(plain), TO_CHANNELS_FIRST);
    }
    return forms.channelsFirst;
  }

  /** Images in blocks; only for values that can be blocked. */
  blocked(traced: Value): Value {
    const forms = this.formsOf(traced);
    if (forms.blocked !== undefined) return forms.blocked;
    const fromPlain = forms.channelsFirst === undefined;
    const source = this.known(forms.channelsFirst ?? forms.plain);
    const [batch = 1, height = 1, width = 1, channels = 1] = traced.shape;
    const shape = [batch, channels, height, width];
    // Images whose channels fill one block are the same in blocks and with channels last.
    forms.blocked =
      fromPlain && channels === this.block
        ? this.reshape(source, shape)
        : this.builder.emitIn(
            BLOCKED,
            'ReorderInput',
            [source],
            { shape },
            { channels_last: fromPlain ? 1 : 0 },
          );
    return forms.blocked;
  }

  private unblocked(blocked: Value, channelsLast: boolean): Value {
    const [batch = 1, channels = 1, height = 1, width = 1] = blocked.shape;
    const shape = channelsLast ? [batch, height, width, channels] : blocked.shape;
    if (channelsLast && channels === this.block) return this.reshape(blocked, shape);
    const attributes = { channels, channels_last: channelsLast ? 1 : 0 } as const;
    return this.builder.emitIn(BLOCKED, 'ReorderOutput', [blocked], { shape }, attributes);
  }

  reshape(value: Value, shape: readonly number[]): Value {
    return this.builder.emit('Reshape', [value], { shape, type: value.type });
  }

  /** A transposition, or a reshape where only axes of extent 1 move. */
  transpose(value: Value, perm: readonly number[]): Value {
    const shape = perm.map((axis) => at(value.shape, axis));
    const moved = perm.filter((axis) => value.shape[axis] !== 1);
    if (moved.every((axis, index) => index === 0 || axis > at(moved, index - 1)))
      return this.reshape(value, shape);
    return this.builder.emit('Transpose', [value], { shape, type: value.type }, { perm });
  }

  cast(value: Value, type: ValueType): Value {
    return value.type === type ? value : this.builder.emit('Cast', [value], { shape: value.shape, type });
  }

  /** A constant vector of int32. Rules that ask for one by the same name get the same one, which is made once. */
  sharedTable(name: string, make: () => Int32Array): Value {
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const data = make();
    const table = this.builder.constant(data, [data.length], 'int32');
    this.tables.set(name, table);
    return table;
  }

  scalar(number: number, type: ValueType = 'float32'): Value {
    return this.builder.constant(filled(number, 1, type), [], type);
  }

  /** An operator of one result with the shape and type of the traced operation's. */
  like<Op extends OnnxOperator>(
    { outputs }: Operation,
    op: Op,
    inputs: readonly Value[],
    ...attributes: AttributesArgument<OnnxOperation, Op>
  ): Value {
    return this.builder.emit(op, inputs, at(outputs, 0), ...attributes);
  }

  private padRank(value: Value): Value {
    const missing = 4 - value.shape.length;
    return missing === 0 ? value : this.reshape(value, [...Array<number>(missing).fill(1), ...value.shape]);
  }

  private formsOf(traced: Value): Forms {
    return this.known(this.forms.get(traced));
  }

  private known<T>(value: T | undefined): T {
    return orThrow(value, 'a value is used before it is made');
  }
}

/** Translates one traced operation, which has the attributes `A`, and declares its results. */
export type LoweringRule<A extends Attributes = NoAttributes> = (
  operation: OperationOf<string, A>,
  context: Lowering,
) => void;

/** A rule for every kernel. */
export type LoweringRules = { readonly [K in Kernel]: LoweringRule<TfjsKernels[K]> };
