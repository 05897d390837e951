/** @file Checks which published numbers stand beside which columns, what is subtracted, and what is said of them. */
import { describe, expect, it } from 'vitest';
import { DENSE_VIEW } from '../../../src/sweeps/evaluations.ts';
import { buildMethodTable } from '../../../src/tables/method-table.ts';
import { readPublished } from '../../../src/tables/paper/published.ts';
import { SweepRows } from '../../sweeps/sweep-rows.ts';

const PUBLISHED = readPublished();
const targeted = (dropRate: number, targetRate: number, granularity: 'weight' | 'unit' = 'weight') =>
  ({ name: 'targeted', granularity, dropRate, targetRate }) as const;

/** The network, data and length of the paper's main tables. */
const PAPER = {
  dataset: { name: 'cifar10', validation: 10_000 },
  model: { name: 'resnet' },
  schedule: { epochs: 256 },
} as const;

/** A table without the note that names its evaluation. */
function build({ rows, settings }: SweepRows, granularity: 'weight' | 'unit', view = DENSE_VIEW) {
  const { notes, ...table } = buildMethodTable({
    experiment: 'few',
    view,
    rows,
    settings,
    granularity,
    published: PUBLISHED,
  });
  return { ...table, notes: notes.filter((note) => !note.startsWith('Evaluation: ')) };
}

describe('published numbers in a table', () => {
  it('sets each beside ours and subtracts it, on the network of the paper', () => {
    const { columns, notes } = build(
      new SweepRows(PAPER)
        .add('none', { name: 'none' }, { 0: 0.94, 0.9: 0.1, 0.95: 0.1 })
        .add('t', targeted(0.75, 0.9), { 0: 0.93, 0.9: [0.92, 0.93] }),
      'weight',
    );
    // The paper: none 93.71, 14.63; targeted(0.75, 0.90) 92.53, 92.48. It has no row at 95 %.
    const shown = columns.map(({ cells }) =>
      cells.map(({ published, difference }) => [
        published?.accuracy,
        difference && Number(difference.toFixed(6)),
      ]),
    );
    expect(shown).toEqual([
      [
        [0.9371, 0.0029],
        [0.1463, -0.0463],
        [undefined, undefined],
      ],
      [
        [0.9253, 0.0047],
        [0.9248, 0.0002],
        [undefined, undefined],
      ],
    ]);
    expect(notes).toEqual([
      expect.stringMatching(/^The paper's code evaluated targeted weights with their candidates removed/),
      'Published numbers without a deviation are of one run each.',
      expect.stringContaining('below the 92.64 of targeted(0.66, 0.75)'),
    ]);
  });

  it('takes the published numbers of the granularity and of the very same alpha and gamma', () => {
    const sweep = new SweepRows(PAPER)
      .add('a', targeted(0.66, 0.75, 'unit'), { 0.7: 0.8 }, ['unit'])
      .add('b', targeted(0.65, 0.75, 'unit'), { 0.7: 0.8 }, ['unit']);
    const { columns, notes } = build(sweep, 'unit');
    expect(columns.map(({ cells }) => cells[0]?.published?.accuracy)).toEqual([undefined, 0.7547]);
    expect(notes).toContain(
      'targeted(0.66, 0.75) has other numbers in another published table (ramping-unit): 55.98 at 70 %.',
    );
    expect(notes.join()).toContain('75.47 against 55.98');
  });

  it('says when network and length are others', () => {
    const narrow = {
      ...PAPER,
      model: { name: 'resnet', filters: [16, 16], units: 1 },
      schedule: { epochs: 12 },
    };
    const { columns, notes } = build(
      new SweepRows(narrow as never).add('none', { name: 'none' }, { 0: 0.85 }),
      'weight',
    );
    expect(columns[0]?.cells[0]?.difference).toBeCloseTo(-0.0871, 10);
    expect(notes.slice(0, 2)).toEqual([
      "Another network: ours is resnet 16-16, 1 unit a stage, the paper's resnet 16-32-64-128, 5 units a stage.",
      "Another length: ours is 12 epochs, that of the paper's code 256.",
    ]);
  });

  it('subtracts nothing from accuracies on another data set, and says whose they are', () => {
    const { columns, notes } = build(
      new SweepRows({ schedule: { epochs: 256 } }).add('none', { name: 'none' }, { 0.8: 0.96 }),
      'weight',
    );
    expect(columns[0]?.cells[0]).toMatchObject({ published: { accuracy: 0.3202 }, difference: undefined });
    expect(notes[0]).toMatch(
      /^Another data set: ours is mlp 300-100 on mnist, .* so no difference is taken\.$/,
    );
  });

  it('shows the rows of the Wide ResNet to a wide-resnet, and says what is not known of it', () => {
    const wide = { ...PAPER, model: { name: 'wide-resnet', depth: 16, width: 4 } } as const;
    const { columns, notes } = build(
      new SweepRows(wide)
        .add('none', { name: 'none' }, { 0.3: 0.6, 0.35: 0.5 }, ['unit'])
        .add('targeted', targeted(0.33, 0.75, 'unit'), { 0.3: 0.9 }, ['unit'])
        .add('l0', { name: 'l0', granularity: 'unit', coefficient: 1e-6 }, { 0.3: 0.2 }, ['unit'])
        .add('dropout', { name: 'dropout', granularity: 'unit', dropRate: 0.25 }, { 0.3: 0.5 }, ['unit']),
      'unit',
    );
    expect(
      columns.map(({ heading, cells }) => [
        heading,
        cells[0]?.published?.network,
        cells[0]?.published?.accuracy,
      ]),
    ).toEqual([
      ['none', 'wide-resnet', 0.522],
      // The paper has dropout on its ResNet-32 only: 13.47.
      ['dropout(0.25)', undefined, undefined],
      ['targeted(0.33, 0.75)', 'wide-resnet', 0.9009],
      ['l0(1e-6)', 'wide-resnet', 0.1334],
    ]);
    expect(columns[0]?.cells[0]?.difference).toBeCloseTo(0.078, 10);
    expect(notes[0]).toMatch(
      /^The depth, the width and the training of the paper's Wide ResNet are not known/,
    );
    expect(notes.join()).not.toContain('Another');
  });

  it('has no rows for a wide-resnet whose weights are pruned, though the paper has some of its ResNet-32', () => {
    const wide = { ...PAPER, model: { name: 'wide-resnet' } } as const;
    const { columns, notes } = build(new SweepRows(wide).add('none', { name: 'none' }, { 0: 0.9 }), 'weight');
    expect(columns[0]?.hasPublished).toBe(false);
    expect(notes).toEqual(['The paper has no numbers for these methods at these rates.']);
  });

  it('shows the rows of another kind of network for the order of the methods, and subtracts nothing', () => {
    const lenet = { ...PAPER, model: { name: 'lenet' } } as const;
    const { columns, notes } = build(
      new SweepRows(lenet).add('none', { name: 'none' }, { 0.8: 0.5 }),
      'weight',
    );
    expect(columns[0]?.cells[0]).toMatchObject({
      published: { network: 'resnet32-wide', accuracy: 0.3202 },
      difference: undefined,
    });
    expect(notes[0]).toBe(
      "Another kind of network: ours is lenet 20-50-500; the paper's numbers are those of resnet 16-32-64-128, 5 units a " +
        'stage and show the order of the methods only, so no difference is taken.',
    );
  });

  it('says of each column what it stands beside where variants are different networks', () => {
    const sweep = new SweepRows(PAPER).add('none', { name: 'none' }, { 0: 0.93 }, ['unit']);
    const wide = new SweepRows({ ...PAPER, model: { name: 'wide-resnet' } });
    wide.add('wide', { name: 'none' }, { 0: 0.92 }, ['unit']);
    const { columns, notes } = buildMethodTable({
      experiment: 'few',
      rows: [...sweep.rows, ...wide.rows],
      settings: new Map([...sweep.settings, ...wide.settings]),
      granularity: 'unit',
      published: PUBLISHED,
    });
    expect(columns.map(({ cells }) => cells[0]?.published?.network)).toEqual([
      'resnet32-wide',
      'wide-resnet',
    ]);
    expect(notes[1]).toMatch(/^none: wide: The depth, the width/);
  });

  it('compares a penalty of another strength only if no column has the published one, and says so', () => {
    const alone = new SweepRows(PAPER).add('strong', { name: 'l1', coefficient: 1 }, { 0: 0.9 });
    const first = build(alone, 'weight');
    expect(first.columns[0]?.cells[0]?.published?.accuracy).toBe(0.928);
    expect(first.notes).toContain("l1(1) stands beside the paper's l1(0.1): other settings of the method.");
    const second = build(alone.add('same', { name: 'l1', coefficient: 0.1 }, { 0: 0.9 }), 'weight');
    expect(second.columns.map(({ heading, cells }) => [heading, cells[0]?.published?.accuracy])).toEqual([
      ['l1(0.1)', 0.928],
      ['l1(1)', undefined],
    ]);
  });

  it('reads a random mask at its own rate', () => {
    const sweep = new SweepRows(PAPER);
    for (const targetRate of [0.5, 0.9]) {
      sweep.add(
        `mask-${targetRate}`,
        { name: 'random-prune', granularity: 'weight', targetRate },
        { 0.5: 0.9, 0.9: 0.8 },
      );
    }
    const { columns } = build(sweep, 'weight');
    expect(columns.map(({ cells }) => cells.map(({ published }) => published?.accuracy))).toEqual([
      [0.9258, undefined],
      [undefined, 0.9066],
    ]);
  });

  it('tells the four accuracies of ramping at 99 %, and where the settings of one are not known', () => {
    const { columns, notes } = build(
      new SweepRows(PAPER).add('ramping', { name: 'ramping', granularity: 'weight' }, { 0.99: 0.88 }),
      'weight',
    );
    expect(columns[0]?.cells[0]?.published).toMatchObject({
      accuracy: 0.8897,
      table: 'smallify-weight-high',
    });
    const text = notes.join('\n');
    for (const number of ['87.03', '89.10', '88.80', '93.71', 'is not known to us'])
      expect(text).toContain(number);
  });

  it('says why Smallify of units has no published numbers, and when nothing is published at all', () => {
    const sweep = new SweepRows(PAPER).add('s', { name: 'smallify', granularity: 'unit' }, { 0.5: 0.9 }, [
      'unit',
    ]);
    const { columns, notes } = build(sweep, 'unit');
    expect(columns[0]?.hasPublished).toBe(false);
    expect(notes).toEqual([
      'The paper has no numbers for these methods at these rates.',
      expect.stringContaining('digit for digit'),
    ]);
  });
});

describe("what the authors' code does otherwise", () => {
  const ownSentences = (notes: readonly string[]) =>
    notes.filter((note) => note.startsWith("The paper's code"));

  it.each<[string, object, Parameters<SweepRows['add']>[1], 'weight' | 'unit', object]>([
    ['dataset.validation: 10000', {}, { name: 'none' }, 'weight', { dataset: { name: 'cifar10' } }],
    [
      'regularizer.perEntry: true',
      { perEntry: true },
      { name: 'targeted', granularity: 'unit', dropRate: 0.33, targetRate: 0.75 },
      'unit',
      {},
    ],
    [
      'regularizer.ramp: { first: 20000it, second: 20000it }',
      { ramp: { first: '20000it', second: '20000it' } },
      { name: 'ramping', granularity: 'weight' },
      'weight',
      {},
    ],
    ['regularizer.kernels: all', { kernels: 'all' }, { name: 'l1', coefficient: 0.1 }, 'weight', {}],
    [
      'regularizer.dropRate below 1',
      { dropRate: 0.99 },
      { name: 'random-prune', granularity: 'weight', targetRate: 0.9 },
      'weight',
      {},
    ],
  ])(
    'is named where a run does not do it, and not where it does: %s',
    (setting, same, method, granularity, base) => {
      const rate = granularity === 'weight' ? { 0.9: 0.5 } : { 0.7: 0.5 };
      const notesOf = (settings: object, regularizer: object) =>
        ownSentences(
          build(
            new SweepRows(settings as never).add('own', regularizer as typeof method, rate, [granularity]),
            granularity,
            { evaluate: 'paper', recalibrated: false },
          ).notes,
        ).join('\n');
      expect(notesOf({ ...PAPER, ...base }, method as object)).toContain(`(${setting}).`);
      expect(notesOf(PAPER, { ...(method as object), ...same })).not.toContain(setting);
    },
  );

  it('is not named where a share of the images comes to as many as its code holds out', () => {
    const notesOf = (validation: number) => {
      const settings = { ...PAPER, dataset: { name: 'cifar10', validation } } as const;
      return ownSentences(
        build(new SweepRows(settings).add('own', { name: 'none' }, { 0.9: 0.5 }), 'weight').notes,
      );
    };
    expect(notesOf(0.2)).toEqual([]);
    expect(notesOf(0.1)).toEqual([expect.stringContaining('dataset.validation: 10000')]);
  });

  it.each([
    [
      'resnet',
      { name: 'variational' },
      'cifar10',
      'model.firstActivation: false',
      { firstActivation: false },
    ],
    [
      'vgg',
      { name: 'ramping', granularity: 'unit' },
      'cifar100',
      'model.firstConvolution: prunable',
      { firstConvolution: 'prunable' },
    ],
  ])('is named of networks, too: %s with %o', (model, method, dataset, setting, same) => {
    const notesOf = (more: object) => {
      const settings = {
        ...PAPER,
        dataset: { name: dataset, validation: 10_000 },
        model: { name: model, ...more },
      };
      const sweep = new SweepRows(settings as never);
      return build(
        sweep.add('own', method as never, { 0: 0.5, 0.5: 0.5, 0.75: 0.5, 0.9: 0.5 }, ['weight', 'unit']),
        'unit',
      )
        .notes.concat(build(sweep, 'weight').notes)
        .join('\n');
    };
    expect(notesOf({})).toContain(setting);
    expect(notesOf(same)).not.toContain(setting);
  });

  it('is said of its evaluation where a table shows another', () => {
    const sweep = new SweepRows(PAPER).add('own', targeted(0.33, 0.75, 'unit'), { 0.7: 0.5 }, ['unit']);
    const stochastic = sweep.rows.map((row) => ({ ...row, evaluation: 'stochastic' as const, draws: 5 }));
    const notesOf = (evaluate: 'dense' | 'paper' | 'stochastic', rows = sweep.rows) =>
      build({ ...sweep, rows } as SweepRows, 'unit', { evaluate, recalibrated: false }).notes.join('\n');
    expect(notesOf('dense')).toContain('evaluated targeted units with the noise of training (stochastic)');
    expect(notesOf('paper', stochastic)).not.toContain("The paper's code evaluated");
    expect(notesOf('stochastic', stochastic)).not.toContain("The paper's code evaluated");
  });

  it('is named where the published numbers show the order of the methods only, but for how they were trained', () => {
    const settings = { model: { name: 'lenet' }, schedule: { epochs: 256 } } as const;
    const notesOf = (more: object) =>
      build(
        new SweepRows({ ...settings, model: { ...settings.model, ...more } } as never)
          .add('own', targeted(0.66, 0.75), { 0: 0.9 })
          .add('l1', { name: 'l1', coefficient: 0.1 }, { 0: 0.9 }),
        'weight',
      ).notes;
    const named = notesOf({}).join('\n');
    expect(named).toContain('(model.firstConvolution: prunable).');
    expect(named).toContain('(regularizer.kernels: all).');
    expect(named).toContain('evaluated targeted weights with their candidates removed (gamma)');
    expect(named).not.toContain('dataset.validation');
    const [first, ...others] = notesOf({ firstConvolution: 'prunable' });
    expect(first).toMatch(
      /^Another data set: ours is lenet 20-50-500, first convolution prunable on mnist, /,
    );
    expect(others.join('\n')).not.toContain('model.firstConvolution');
  });

  it('names the columns of which a difference holds, if it does not of all', () => {
    const sweep = new SweepRows(PAPER).add('none', { name: 'none' }, { 0: 0.93 });
    const other = new SweepRows({ ...PAPER, model: { name: 'resnet', firstActivation: false } });
    other.add('variational', { name: 'variational' }, { 0: 0.92 });
    const both = {
      rows: [...sweep.rows, ...other.rows],
      settings: new Map([...sweep.settings, ...other.settings]),
    };
    expect(build(both as SweepRows, 'weight').notes[0]).toBe(
      "variational: Another network: ours is resnet 16-32-64-128, 5 units a stage without its first batch normalisation and ReLU, the paper's resnet 16-32-64-128, 5 units a stage.",
    );
  });
});
