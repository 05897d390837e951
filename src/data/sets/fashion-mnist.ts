/** @file Fashion-MNIST: four IDX files that are fetched once. */
import { idxDataset } from '../idx/dataset.ts';

export const fashionMnist = idxDataset({
  name: 'fashion-mnist',
  summary: 'pictures of clothes, 28×28 in grey, in 10 classes; fetched once',
});
