/** @file What a reader has to know who has not read the paper. */
import { joinNames } from '../format.ts';
import { definitionOf, explainMethods, type Method } from '../methods/names.ts';
import { type Html, html } from './html.ts';

/** @param methods of all experiments of the report */
export function renderIntroduction(methods: readonly Method[]): Html {
  const explained = explainMethods(methods);
  return html`<section class="introduction" aria-labelledby="question">
<h2 id="question">The question</h2>
<p>Most weights of a trained network can be set to zero before it gets worse at its task: it can be <em>pruned</em>.
How many depends on how it was trained. <em>Targeted dropout</em>
(<a href="https://arxiv.org/abs/1905.13678">Gomez et al., 2019</a>) trains a network for being pruned. At each step of
training it looks up what pruning would remove now, the smallest weights or the units with the smallest norms, and leaves
each of these out of that step at random. The network learns to do without them, and what matters moves to the rest.</p>
<p>Here, networks that were trained in different ways are pruned alike and compared. Pruning removes the same share of every
prunable layer: single weights, the smallest of each unit first, or whole units, those with the smallest norm first. Methods that
learn what is unimportant are pruned by what they learned. Nothing is retrained after this pruning, so what is left shows what
training alone achieved.${describeContinued(methods)} Accuracy is the share of test images that are classified correctly. Several seeds, where there are
several, are trainings that differ in their random numbers alone: differences smaller than the spread between seeds (±)
mean little.</p>
${
  explained.length > 0 &&
  html`<details><summary>The methods in a sentence each</summary>
<dl>${explained.map(([name, sentence]) => html`<dt>${name}</dt><dd>${sentence}</dd>`)}</dl></details>`
}
</section>`;
}

/** Of methods that begin with the pruned network of another run. */
function describeContinued(methods: readonly Method[]): string {
  const continued = methods.filter((method) => definitionOf(method)?.continues !== undefined);
  if (continued.length === 0) return '';
  const names = joinNames([...new Set(continued.map(({ name }) => name))]);
  return `
In ${names}, a trained network was pruned once before and trained on, without what was removed: that belongs to its training.`;
}
