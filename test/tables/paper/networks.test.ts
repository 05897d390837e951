/** @file Each published number belongs to a network that one of the models names, and each such network has numbers. */
import { describe, expect, it } from 'vitest';
import { runSettingsSchema } from '../../../src/config/schema.ts';
import { models } from '../../../src/models/registry.ts';
import { describeDifferences, listNetworks, nearestNetwork } from '../../../src/tables/paper/networks.ts';
import { readPublished } from '../../../src/tables/paper/published.ts';

const settingsOf = (dataset: string, model: object) =>
  runSettingsSchema.parse({ dataset: { name: dataset }, model, schedule: { epochs: 256 } } as never);
const nearest = (dataset: string, model: object) => nearestNetwork(settingsOf(dataset, model)).name;

describe('published networks', () => {
  it('are those of paper-tables.csv, on the data sets that it has for them', () => {
    const inTables = readPublished().map(({ network, dataset }) => `${network} on ${dataset}`);
    const ofModels = listNetworks().map(({ name, dataset }) => `${name} on ${dataset}`);
    expect(ofModels.toSorted()).toEqual([...new Set(inTables)].toSorted());
  });

  it('are what their settings and defaults make of their model, without a difference', () => {
    for (const network of listNetworks()) {
      const settings = settingsOf(network.dataset, { name: network.model, ...network.settings });
      expect(models.get(network.model).settings.safeParse(settings.model).success).toBe(true);
      expect(nearestNetwork(settings)).toEqual(network);
      expect(describeDifferences(settings, network)).toEqual(network.unknown ? [network.unknown] : []);
    }
  });
});

describe('the nearest network', () => {
  it.each([
    ['cifar10', { name: 'resnet', units: 1 }, 'resnet32-wide'],
    ['cifar10', { name: 'wide-resnet' }, 'wide-resnet'],
    ['cifar100', { name: 'vgg' }, 'vgg16'],
  ])('on %s of %o is %s, of the same model', (dataset, model, network) => {
    expect(nearest(dataset, model)).toBe(network);
  });

  it.each([
    ['cifar10', { name: 'vgg' }, 'resnet32-wide'],
    ['cifar100', { name: 'wide-resnet' }, 'vgg16'],
  ])('on %s of %o is %s, of the same data set', (dataset, model, network) => {
    expect(nearest(dataset, model)).toBe(network);
  });

  it.each([
    ['mnist', { name: 'vgg' }, 'vgg16'],
    ['mnist', { name: 'mlp' }, 'resnet32-wide'],
  ])('on %s of %o is %s, since the paper has no such data set', (dataset, model, network) => {
    expect(nearest(dataset, model)).toBe(network);
    expect(
      describeDifferences(settingsOf(dataset, model), nearestNetwork(settingsOf(dataset, model)))[0],
    ).toMatch(/^Another data set: ours is .* on mnist, /);
  });
});
