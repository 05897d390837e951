/** @file Tables as JSON, for programs: a list of tables, accuracies and rates as shares. */
import type { Renderer } from './types.ts';

export const renderJson: Renderer = (tables) => JSON.stringify(tables, null, 2);
