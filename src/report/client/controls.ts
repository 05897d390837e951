/** @file The switches of an experiment: what is pruned, the axes, and a button for each method. */
import { styleOf } from '../../figures/charts/theme.ts';
import type { ExperimentFigures, Line } from '../../figures/types.ts';
import { currentTheme } from './charts.ts';
import type { View } from './view.ts';

/** Connects the switches with the view. @param onChange is called after the view has changed */
export function connectControls(
  form: HTMLFormElement,
  figures: ExperimentFigures,
  view: View,
  onChange: () => void,
): void {
  for (const input of form.querySelectorAll<HTMLInputElement>('input[type=radio]')) {
    const name = input.dataset.name as 'granularity' | 'evaluation' | 'accuracyScale' | 'rateScale';
    input.checked = view[name] === input.value;
    input.addEventListener('change', () => {
      Object.assign(view, { [name]: input.value });
      onChange();
    });
  }
  form.hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  drawMethods(form, figures, view, onChange);
}

/** A button for each method of the granularity that is shown, with its line as the charts have it. */
export function drawMethods(
  form: HTMLFormElement,
  { granularities }: ExperimentFigures,
  view: View,
  onChange: () => void,
): void {
  const fieldset = form.querySelector<HTMLFieldSetElement>('.methods');
  const shown = granularities.find(({ granularity }) => granularity === view.granularity);
  if (fieldset === null || shown === undefined) return;
  const { accuracy, training, weights } = shown;
  const lines = new Map(
    [...accuracy.flatMap((figure) => figure.lines), ...training, ...(weights?.panels ?? [])].map((line) => [
      line.heading,
      line,
    ]),
  );
  const isLast = (heading: string) =>
    [...lines.keys()].every((other) => other === heading || view.hidden.has(other));
  const buttons = [...lines.values()].map((line) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(drawSwatch(line), line.heading);
    button.setAttribute('aria-pressed', String(!view.hidden.has(line.heading)));
    button.title = 'Show or hide this method';
    button.addEventListener('click', () => {
      // A chart without a line would have no axes.
      if (view.hidden.has(line.heading)) view.hidden.delete(line.heading);
      else if (!isLast(line.heading)) view.hidden.add(line.heading);
      button.setAttribute('aria-pressed', String(!view.hidden.has(line.heading)));
      onChange();
    });
    return button;
  });
  const legend = document.createElement('legend');
  legend.textContent = 'Methods';
  const row = document.createElement('div');
  row.className = 'choices';
  row.append(...buttons);
  fieldset.replaceChildren(legend, row);
  fieldset.hidden = lines.size === 0;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Outlines of the markers, around the middle of a swatch. */
const OUTLINES: Readonly<Record<string, string>> = {
  circle: 'M14 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z',
  rect: 'M14.5 2.5h7v7h-7Z',
  triangle: 'M18 1.5l4.5 8h-9Z',
  diamond: 'M18 1l5 5l-5 5l-5 -5Z',
};

function drawSwatch({ style }: Line): SVGElement {
  const theme = currentTheme();
  const { color, symbol, isFilled, dash } = styleOf(style, theme);
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ width: '36', height: '12', 'aria-hidden': 'true' }))
    svg.setAttribute(name, value);
  const line = { d: 'M0 6H36', fill: 'none', stroke: color, 'stroke-width': '2' };
  const dashes = dash === 'solid' ? {} : { 'stroke-dasharray': dash.join(' ') };
  const fill = isFilled ? color : theme.background;
  const marker = { d: OUTLINES[symbol] ?? '', fill, stroke: color, 'stroke-width': '1.5' };
  for (const attributes of [{ ...line, ...dashes }, marker]) {
    const path = document.createElementNS(SVG, 'path');
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
    svg.append(path);
  }
  return svg;
}
