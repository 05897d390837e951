/** @file The figures of one experiment on the page, and what their reader does with them. */
import type { ExperimentFigures } from '../../figures/types.ts';
import { Chart, darkness } from './charts.ts';
import { connectControls, drawMethods } from './controls.ts';
import { viewOf } from './view.ts';

/**
 * Draws the charts of an experiment and keeps them as their reader wants them.
 *
 * @param index of the experiment in the report
 * @returns ends that
 */
export function showExperiment(figures: ExperimentFigures, index: number): () => void {
  const section = document.querySelector<HTMLElement>(`#experiment-${index}`);
  const form = section?.querySelector<HTMLFormElement>('form.controls');
  const view = viewOf(figures);
  if (section === null || form === null || form === undefined || view === undefined) return () => {};
  const charts = [...section.querySelectorAll<HTMLElement>('.chart')].flatMap((element) => {
    const own = figures.granularities.find(({ granularity }) => granularity === element.dataset.granularity);
    return own === undefined ? [] : [new Chart(element, own, figures.experiment)];
  });
  const draw = () => {
    for (const part of section.querySelectorAll<HTMLElement>('.charts'))
      part.hidden = part.dataset.granularity !== view.granularity;
    for (const figure of section.querySelectorAll<HTMLElement>('figure[data-evaluation]'))
      figure.hidden = figure.dataset.evaluation !== view.evaluation;
    for (const chart of charts) chart.draw(view);
  };
  const redrawAll = () => {
    drawMethods(form, figures, view, draw);
    draw();
  };
  connectControls(form, figures, view, () => {
    // A button that is replaced would lose the focus.
    if (document.activeElement instanceof HTMLButtonElement) draw();
    else redrawAll();
  });
  for (const chart of charts) listenToKeys(chart);
  const observer = new ResizeObserver(draw);
  observer.observe(section);
  darkness.addEventListener('change', redrawAll);
  draw();
  return () => {
    observer.disconnect();
    darkness.removeEventListener('change', redrawAll);
    for (const chart of charts) chart.dispose();
  };
}

/** Arrows step along the lines; what stands there is shown, and said to those who listen. */
function listenToKeys(chart: Chart): void {
  const { element } = chart;
  const spoken = element.parentElement?.querySelector('.reading');
  let index = -1;
  const say = (text: string) => {
    if (spoken !== null && spoken !== undefined) spoken.textContent = text;
  };
  element.addEventListener('keydown', (event) => {
    const count = chart.countPoints();
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(count - 1, index + 1),
      ArrowLeft: Math.max(0, index - 1),
      Home: 0,
      End: count - 1,
    };
    const next = steps[event.key];
    if (event.key === 'Escape') chart.leave();
    if (next === undefined || count === 0) return;
    event.preventDefault();
    index = next;
    say(chart.point(index));
  });
  element.addEventListener('blur', () => {
    chart.leave();
    say('');
  });
}
