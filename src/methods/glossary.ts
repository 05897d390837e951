/** @file A sentence on each method, for readers who do not know it. */
import type { Method } from './names.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  none: 'plain training: nothing is done for the sake of pruning.',
  dropout:
    'the number is the probability with which any weight (or unit) is left out of a step, whatever its size; the rest is scaled up.',
  targeted:
    'targeted dropout (α, γ): at each step the smallest share γ of the weights or units, which pruning would remove, is looked up, and each of these is left out with probability α.',
  'targeted + l1': 'targeted dropout (α, γ) with an L1 penalty, whose factor is the third number.',
  'ramping-targeted': 'targeted dropout whose α and γ rise during training to the numbers given.',
  'ramping-targeted + l1':
    'targeted dropout with rising α and γ, and an L1 penalty, whose factor is the third number.',
  variational:
    'sparse variational dropout: each weight learns how much noise it bears; those that bear most are pruned first.',
  l1: 'a penalty on the absolute values of the weights; the number is its factor.',
  l0: 'L0 regularisation: gates that learn to close, with a penalty on those open; the number is its factor.',
  smallify:
    'a learned switch for each weight or unit, penalised, and turned off for good once its sign wavers.',
  'random-prune': 'a random share of the weights or units, given by the number, is removed before training.',
  'targeted-ard': 'targeted dropout (α, γ) of the inputs whose weights and activations are small.',
  'delayed-prune':
    'the smallest share of the weights or units, given by the number, is removed in mid-training.',
};

/** @returns pairs of a method's name and its sentence, in the order given, each name once */
export function explainMethods(methods: readonly Method[]): [string, string][] {
  const names = [...new Set(methods.map(({ name }) => name))];
  return names.flatMap((name): [string, string][] => {
    const sentence = SENTENCES[name];
    return sentence === undefined ? [] : [[name, sentence]];
  });
}
