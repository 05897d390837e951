/** @file Writes resolved settings as YAML that is itself an experiment file. */
import { stringify } from 'yaml';
import type { Experiment, RunSpec } from './experiment.ts';

/**
 * Every setting of an experiment or of one run, defaults included, as YAML. Read again as a file it gives the same
 * runs with the same ids, so that `td run` on a run's own `config.yaml` repeats that run.
 */
export function printSettings(subject: Experiment | RunSpec): string {
  const content =
    'variants' in subject
      ? {
          name: subject.name,
          seeds: subject.seeds,
          sweep: subject.sweep,
          variants: Object.fromEntries(subject.variants.map(({ name, settings }) => [name, settings])),
        }
      : {
          name: subject.experiment,
          seeds: [subject.seed],
          ...subject.settings,
          variants: { [subject.variant]: {} },
        };
  return stringify(content, { aliasDuplicateObjects: false, lineWidth: 0 });
}
