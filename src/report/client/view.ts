/** @file What a reader chose to see of an experiment, kept while the page lives. */
import { type AccuracyView, USUAL_VIEW } from '../../figures/charts/accuracy.ts';
import type { ExperimentFigures } from '../../figures/types.ts';
import type { Granularity } from '../../pruning/types.ts';

export interface View extends AccuracyView {
  granularity: Granularity;
  /** Of the accuracy charts, by its name. */
  evaluation: string;
  accuracyScale: AccuracyView['accuracyScale'];
  rateScale: AccuracyView['rateScale'];
  /** Headings of the methods that are not shown. */
  readonly hidden: Set<string>;
}

/** By experiment's name, since a report that goes on may gain experiments. */
const views = new Map<string, View>();

/** @returns nothing where there is nothing to see */
export function viewOf({ experiment, granularities }: ExperimentFigures): View | undefined {
  const [first] = granularities;
  if (first === undefined) return undefined;
  const evaluations = granularities.flatMap(({ accuracy }) => accuracy.map(({ evaluation }) => evaluation));
  const [evaluation = ''] = evaluations;
  const { granularity } = first;
  const view = views.get(experiment) ?? {
    ...{ ...USUAL_VIEW, granularity, evaluation },
    hidden: new Set<string>(),
  };
  // What was chosen may be there no more.
  if (!granularities.some((figures) => figures.granularity === view.granularity))
    view.granularity = granularity;
  if (!evaluations.includes(view.evaluation)) view.evaluation = evaluation;
  views.set(experiment, view);
  return view;
}
