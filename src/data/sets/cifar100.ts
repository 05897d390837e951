/** @file CIFAR-100 with its fine labels: records that are fetched once from the official archive. */
import { recordsDataset } from '../records/dataset.ts';

export const cifar100 = recordsDataset({
  name: 'cifar100',
  summary: 'pictures of many things, 32×32 in colour, in 100 classes; fetched once',
});
