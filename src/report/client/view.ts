/** @file What a reader chose to see of an experiment, kept while the page lives. */
import { type AccuracyView, USUAL_VIEW } from '../../figures/charts/accuracy.ts';
import type { Granularity } from '../../pruning/types.ts';

export interface View extends AccuracyView {
  granularity: Granularity;
  accuracyScale: AccuracyView['accuracyScale'];
  rateScale: AccuracyView['rateScale'];
  /** Headings of the methods that are not shown. */
  readonly hidden: Set<string>;
}

/** By experiment's name, since a report that goes on may gain experiments. */
const views = new Map<string, View>();

export function viewOf(experiment: string, granularity: Granularity): View {
  const view = views.get(experiment) ?? { ...USUAL_VIEW, granularity, hidden: new Set<string>() };
  views.set(experiment, view);
  return view;
}
