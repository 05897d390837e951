/** @file The tables of the paper, and what td needs for each: experiment, variants, and rates of its own. */

/** A table that td has the networks, data and methods for. */
export interface PaperTable {
  readonly title: string;
  /** Names in results/paper/paper-tables.csv. */
  readonly published: readonly string[];
  /** The experiment, below configs/. */
  readonly config: string;
  readonly variants: readonly string[];
  readonly granularity: 'weight' | 'unit';
  /** Prune rates beyond those of the experiment. */
  readonly prune?: string;
  readonly notes: readonly string[];
}

/** A table or result that td cannot reproduce. */
export interface AbsentTable {
  readonly title: string;
  readonly reason: string;
}

const RESNET = 'cifar-resnet.yaml';

/** In the paper's order; sections and tables are counted in its source. */
export const TABLES: readonly PaperTable[] = [
  {
    title: 'Table 2, top: ResNet-32 on CIFAR-10, weights',
    published: ['resnet32-weight'],
    config: RESNET,
    variants: [
      'none',
      'dropout-weight',
      'targeted-weight-0.5-0.5',
      'targeted-weight-0.33-0.75',
      'targeted-weight-0.66-0.75',
      'targeted-weight-0.75-0.90',
      'variational-weight',
      'l1-weight',
      'l0-weight',
    ],
    granularity: 'weight',
    notes: [],
  },
  {
    title: 'Table 2, bottom: ResNet-32 on CIFAR-10, units',
    published: ['resnet32-unit'],
    config: RESNET,
    variants: [
      'none',
      'dropout-unit',
      'targeted-unit-0.5-0.5',
      'targeted-unit-0.33-0.75',
      'targeted-unit-0.66-0.75',
      'targeted-unit-0.90-0.75',
      'variational-unit',
      'l1-unit',
      'l0-unit',
    ],
    granularity: 'unit',
    notes: [
      'Whole columns are dropped, as the text of the paper says; its code drops their entries one by one (`--set regularizer.perEntry=true`, for the targeted variants alone).',
    ],
  },
  {
    title: 'Table 4: Wide ResNet on CIFAR-10, units',
    published: ['wide-resnet-unit'],
    config: 'cifar-wide-resnet.yaml',
    variants: ['none', 'targeted-unit-0.33-0.75', 'l0-unit'],
    granularity: 'unit',
    notes: ['The paper does not say how deep and wide its network is; this is WRN-28-10.'],
  },
  {
    title: 'Table 6, top: Smallify and ramping, weights',
    published: ['smallify-weight', 'smallify-weight-high', 'ramping-weight-extreme'],
    config: RESNET,
    variants: ['targeted-weight-0.66-0.75', 'smallify-weight', 'ramping-weight'],
    granularity: 'weight',
    prune: '0:0.99,0.9:0.99:0.01,0.985:0.994:0.001',
    notes: ['Targeted dropout is the network of table 2, trained once for both.'],
  },
  {
    title: 'Table 6, bottom: ramping, units',
    published: ['ramping-unit'],
    config: RESNET,
    variants: ['targeted-unit-0.66-0.75', 'ramping-unit'],
    granularity: 'unit',
    notes: [
      'The column of Smallify is left out: in the paper it repeats the column for weights at other rates, digit for digit.',
    ],
  },
  {
    title: 'Table 7a: random pruning before training, ResNet-32, weights',
    published: ['random-prune-weight'],
    config: RESNET,
    variants: [
      'ramping-weight',
      'random-prune-weight-50',
      'random-prune-weight-75',
      'random-prune-weight-90',
      'random-prune-weight-99',
    ],
    granularity: 'weight',
    notes: [
      'Read each random-prune network at its own rate. Which alpha and gamma ramping had in table 7 is not known; here it has one gamma, 0.99.',
    ],
  },
  {
    title: 'Table 7b: random pruning before training, ResNet-32, units',
    published: ['random-prune-unit'],
    config: RESNET,
    variants: [
      'ramping-unit',
      'random-prune-unit-75',
      'random-prune-unit-85',
      'random-prune-unit-90',
      'random-prune-unit-95',
    ],
    granularity: 'unit',
    notes: ['As for table 7a; ramping has a gamma of 0.9, and 95 % lies beyond it.'],
  },
  {
    title: 'Table 7c: random pruning before training, VGG-16 on CIFAR-100, units',
    published: ['random-prune-vgg16-unit'],
    config: 'cifar-vgg.yaml',
    variants: [
      'ramping-unit',
      'random-prune-unit-75',
      'random-prune-unit-85',
      'random-prune-unit-90',
      'random-prune-unit-95',
    ],
    granularity: 'unit',
    notes: ['Five seeds, as the paper has. Otherwise as for table 7b.'],
  },
];

export const ABSENT: readonly AbsentTable[] = [
  { title: 'Table 3: ResNet-102 on ImageNet', reason: 'td has no ImageNet.' },
  { title: 'Table 5: Transformer on WMT newstest2014', reason: 'td trains image networks alone.' },
  {
    title: 'Section 5.6: fixed filter sparsity',
    reason: 'td has one targeting rate for all layers; the paper has no table of it.',
  },
];
