/** @file A report as one HTML page that needs nothing else. */
import { createHash } from 'node:crypto';
import type { Assets } from './assets.ts';
import type { ExperimentReport } from './collect-report.ts';
import { renderExperiment } from './experiment-section.ts';
import { Html, html, jsonScript } from './html.ts';
import { renderIntroduction } from './introduction.ts';

export interface PageOptions {
  /** Title of the browser's tab. */
  readonly title: string;
  /** When its files were read. */
  readonly time: Date;
  /** Set on a page that asks its server for news: the version of the files that it shows. */
  readonly version?: string;
}

export function renderPage(
  reports: readonly ExperimentReport[],
  { script, style }: Assets,
  { title, time, version }: PageOptions,
): string {
  const digest = createHash('sha256').update(script).digest('base64');
  const connect = version === undefined ? "'none'" : "'self'";
  // What files say is text in this page; should a way be found to make it more, it is no script of this page.
  const policy = `default-src 'none'; script-src 'sha256-${digest}'; style-src 'unsafe-inline'; img-src data:; connect-src ${connect}; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en"${version !== undefined && html` data-version="${version}"`}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
<header><h1>Pruning report</h1>
<p class="time">Written <time datetime="${time.toISOString()}">${formatTime(time)}</time> from the files of ${reports.length === 1 ? 'one experiment' : `${reports.length} experiments`}.</p>
<p class="connection" role="status"></p></header>
<main>
${renderIntroduction(reports.flatMap(({ methods }) => methods))}
${reports.length === 0 && html`<section><p>Nothing is trained here yet.</p></section>`}
${reports.length > 1 && renderContents(reports)}
${reports.map(renderExperiment)}
${jsonScript(
  'figures',
  reports.map(({ figures }) => figures),
)}
</main>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return page.markup;
}

function renderContents(reports: readonly ExperimentReport[]): Html {
  return html`<nav aria-label="Experiments"><h2>Experiments</h2><ul>${reports.map(
    ({ figures }, index) => html`<li><a href="#experiment-${index}">${figures.experiment}</a></li>`,
  )}</ul></nav>`;
}

function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
