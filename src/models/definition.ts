/** @file What is to be known of a kind of model: its settings, how people call it, how it is made. */
import type { z } from 'zod';
import type { Model } from './types.ts';

/** A network of the paper. Its published numbers stand beside those of runs of the model that it belongs to. */
export interface PublishedNetwork {
  /** As in the column `network` of results/paper/paper-tables.csv. */
  readonly name: string;
  readonly dataset: string;
  /** As tables call it. */
  readonly title: string;
  /** The settings of the model that give this network, as far as the paper states them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Length of its training; absent if it is not known. */
  readonly epochs?: number;
  /** Sentences about what the paper does not say of it. */
  readonly unknown?: string;
}

/** The settings of a kind of model, which its name tells from others. */
export type ModelSchema = z.ZodType<{ readonly name: string }>;

/** What is known of a kind of model, and how one is made from settings. */
export interface ModelDefinition<N extends string = string, S extends ModelSchema = ModelSchema> {
  /** `model.name` in an experiment. */
  readonly name: N;
  /** For lists of models: at most 64 characters, so that help fits on a line. */
  readonly summary: string;
  /** With a default for every setting but the name. */
  readonly settings: S;
  /** Networks of the paper that are of this kind. */
  readonly published?: readonly PublishedNetwork[];
  /** `resnet 16-32-64-128, 5 units a stage`: the settings that make its size, in words. */
  describe(settings: z.output<S>): string;
  /**
   * The model, of images `[height, width, channels]`.
   *
   * @throws UserError if it cannot take images of this shape
   */
  create(settings: z.output<S>, imageShape: Model['inputShape'], classes: number): Model;
}

/** Checks a definition's types, and keeps them for those who use it by name. */
export function defineModel<N extends string, S extends z.ZodType<{ readonly name: N }>>(
  definition: ModelDefinition<N, S>,
): ModelDefinition<N, S> {
  return definition;
}
