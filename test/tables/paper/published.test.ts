/** @file Checks that the published numbers are read whole, and refused where they are not numbers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { readPublished } from '../../../src/tables/paper/published.ts';
import { temporaryFolder } from '../../runs/temporary.ts';

const HEADER = 'table,network,dataset,granularity,method,prune_percent,metric,value,std';

describe('readPublished', () => {
  it('has the numbers of the paper', () => {
    const published = readPublished();
    const counts: Record<string, number> = {};
    for (const { table } of published) counts[table] = (counts[table] ?? 0) + 1;
    // Rates times methods of each table.
    expect(counts).toEqual({
      'resnet32-weight': 10 * 9,
      'resnet32-unit': 10 * 9,
      'smallify-weight': 10,
      'smallify-weight-high': 10 * 2,
      'ramping-weight-extreme': 10,
      'ramping-unit': 10 * 2,
      'random-prune-weight': 4 * 2,
      'random-prune-unit': 4 * 2,
      'random-prune-vgg16-unit': 4 * 2,
      'wide-resnet-unit': 10 * 3,
    });
    expect(
      published.find(({ method, pruneRate }) => method.numbers.join() === '0.75,0.9' && pruneRate === 0.9),
    ).toEqual({
      table: 'resnet32-weight',
      network: 'resnet32-wide',
      dataset: 'cifar10',
      granularity: 'weight',
      method: { name: 'targeted', numbers: [0.75, 0.9] },
      pruneRate: 0.9,
      accuracy: 0.9248,
      deviation: undefined,
    });
    expect(published.filter(({ deviation }) => deviation !== undefined)).toHaveLength(8);
  });

  it.each([
    ['a value that is no number', 'resnet32-weight,resnet32-wide,cifar10,weight,none,0,top1,high,', 'value'],
    ['an empty value', 'resnet32-weight,resnet32-wide,cifar10,weight,none,0,top1,,', 'value'],
    ['a value above 100', 'resnet32-weight,resnet32-wide,cifar10,weight,none,0,top1,937.1,', 'value'],
    ['an unknown network', 'resnet32-weight,alexnet,cifar10,weight,none,0,top1,93.71,', 'network'],
    ['a malformed method', 'resnet32-weight,resnet32-wide,cifar10,weight,l1(0.1,0,top1,93.71,', 'method'],
  ])('refuses %s with file and line', (_, row, column) => {
    const path = join(temporaryFolder(), 'paper.csv');
    writeFileSync(path, `${HEADER}\nt,vgg16,cifar100,unit,none,0,top1,50,0.5\n${row}\n`);
    expect(() => readPublished(path)).toThrow(UserError);
    expect(() => readPublished(path)).toThrow(`${path}:3: ${column}: `);
  });
});
