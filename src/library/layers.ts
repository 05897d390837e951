/** @file Layers of tfjs whose kernel is under targeted dropout while they are trained. */
import * as tf from '@tensorflow/tfjs';
import type { Granularity } from '../pruning/types.ts';
import { requireNames } from './checks.ts';
import { completeTargeting, targetedDropout } from './functions.ts';

/** What a targeted layer takes besides what tfjs' own layer takes. */
export interface Targeting {
  /** `weight` (the default) drops single entries of the kernel, `unit` whole units or filters. */
  readonly granularity?: Granularity;
  /** α, the probability that a candidate is dropped: 0 to 1, 0.66 if absent. */
  readonly dropRate?: number;
  /** γ, the share of the kernel that are candidates: 0 to 1, 0.75 if absent. */
  readonly targetRate?: number;
  /** An integer from 0; 0 if absent. Layers of one seed draw different masks if their names differ. */
  readonly seed?: number;
}

/** All that `tf.layers.dense` takes, and the targeting. */
export type TargetedDenseConfig = Parameters<typeof tf.layers.dense>[0] & Targeting;
/** All that `tf.layers.conv2d` takes, and the targeting. */
export type TargetedConv2dConfig = Parameters<typeof tf.layers.conv2d>[0] & Targeting;

type Inputs = tf.Tensor | tf.Tensor[];
type Arguments = Parameters<tf.layers.Layer['call']>[1];

/** What tfjs keeps of a layer with a kernel. */
interface KernelLayer extends tf.layers.Layer {
  /** The layer's own, and within a training call what is left of it. */
  kernel: { read(): tf.Tensor };
}

/** A name for each key of a type, so that none is forgotten. */
type Names<T> = Readonly<Record<keyof T, true>>;

const OF_BOTH: Names<Omit<TargetedDenseConfig, 'units' | 'inputDim'>> = {
  granularity: true,
  dropRate: true,
  targetRate: true,
  seed: true,
  activation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  kernelConstraint: true,
  biasConstraint: true,
  kernelRegularizer: true,
  biasRegularizer: true,
  activityRegularizer: true,
  name: true,
  trainable: true,
  weights: true,
  inputShape: true,
  batchInputShape: true,
  batchSize: true,
  dtype: true,
  inputDType: true,
};
const OF_DENSE: Names<TargetedDenseConfig> = { units: true, ...OF_BOTH, inputDim: true };
const OF_CONV2D: Names<TargetedConv2dConfig> = {
  filters: true,
  kernelSize: true,
  strides: true,
  padding: true,
  dilationRate: true,
  dataFormat: true,
  ...OF_BOTH,
};

/** The class of a layer, which tfjs does not export by name. */
function layerClass<Config>(name: string): new (config: Config) => KernelLayer {
  const entry = tf.serialization.SerializationMap.getMap().classNameMap[name];
  if (entry === undefined) throw new Error(`this version of tfjs knows no layer "${name}"`);
  return entry[0] as unknown as new (
    config: Config,
  ) => KernelLayer;
}

/** The targeting of a layer, complete and checked; it counts the training calls. */
class Targeter {
  readonly settings: Required<Targeting>;
  private steps = 0;

  constructor(targeting: Targeting) {
    this.settings = completeTargeting(targeting);
  }

  /** Does what the layer does, with its kernel under targeted dropout if this is a training call. */
  call(layer: KernelLayer, kwargs: Arguments, compute: () => Inputs): Inputs {
    if (kwargs?.training !== true) return compute();
    const { kernel, name } = layer;
    const step = this.steps++;
    return tf.tidy(() => {
      const dropped = targetedDropout(kernel.read(), { ...this.settings, name, step });
      layer.kernel = { read: () => dropped };
      try {
        return compute();
      } finally {
        layer.kernel = kernel;
      }
    });
  }
}

/**
 * The class of a layer of tfjs, by its name there, with its kernel under targeted dropout.
 *
 * @param own name of the class that is made
 * @param known what its configuration may hold; tfjs itself passes over what it does not know
 */
function targetedClass<Config extends Targeting>(
  name: string,
  own: string,
  known: Names<Config>,
): new (
  config: Config,
) => KernelLayer {
  return class extends layerClass<Config>(name) {
    private readonly targeter: Targeter;

    constructor(config: Config) {
      // The classes that it knows come with the configuration of a layer that tfjs loads.
      requireNames(own, config, Object.keys(known), 'customObjects');
      super(config);
      this.targeter = new Targeter(config);
    }

    override call(inputs: Inputs, kwargs: Arguments): Inputs {
      return this.targeter.call(this, kwargs, () => super.call(inputs, kwargs));
    }

    override getConfig(): tf.serialization.ConfigDict {
      return { ...super.getConfig(), ...this.targeter.settings };
    }
  };
}

/**
 * `tf.layers.dense` under targeted dropout: `model.fit` computes with a kernel `[inputs, units]` whose lowest share γ is
 * dropped with probability α, anew at each batch; `model.predict` and `model.evaluate` compute with the kernel as it is. The
 * bias is not dropped: of inputs x `[batch, inputs]` a training call makes activation(x (W ⊙ M) + b) `[batch, units]`, with the mask M of
 * {@link targetedDropout}. To make one throws a RangeError if a rate is no number from 0 to 1, the granularity is unknown, the
 * seed is no integer from 0, or the configuration has a name that is unknown here. A class that extends this one hands on what this one knows.
 *
 * @example
 * const model = tf.sequential();
 * model.add(new TargetedDense({ units: 300, activation: 'relu', inputShape: [784], granularity: 'unit' }));
 */
export class TargetedDense extends targetedClass<TargetedDenseConfig>('Dense', 'TargetedDense', OF_DENSE) {
  /** By which a model that is saved names it. */
  static readonly className = 'TargetedDense';
}

/**
 * `tf.layers.conv2d` under targeted dropout, as `TargetedDense`: a unit is a filter of the kernel
 * `[height, width, inputs, filters]`, and its entries are ranked over all positions and inputs together. Images are
 * `[batch, height, width, channels]`. To make one throws a RangeError as there.
 */
export class TargetedConv2d extends targetedClass<TargetedConv2dConfig>(
  'Conv2D',
  'TargetedConv2d',
  OF_CONV2D,
) {
  /** By which a model that is saved names it. */
  static readonly className = 'TargetedConv2d';
}

// A model that is loaded finds its layers by these names.
for (const layer of [TargetedDense, TargetedConv2d])
  tf.serialization.registerClass(
    layer as unknown as tf.serialization.SerializableConstructor<tf.layers.Layer>,
  );
