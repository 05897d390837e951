/** @file The report as its readers have it: in a real browser, from a file and from the server. */
import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DARK, LIGHT } from '../../src/figures/charts/theme.ts';
import { type Assets, loadAssets } from '../../src/report/assets.ts';
import { listFileVersions } from '../../src/report/file-versions.ts';
import { makeReport } from '../../src/report/make-report.ts';
import { digestVersion, serveReport } from '../../src/report/serve.ts';
import { readSweep } from '../../src/sweeps/read-sweep.ts';
import { sweepPath, writeSweep } from '../../src/sweeps/rows.ts';
import { findResults } from '../../src/tables/experiment-results.ts';
import { makeFolder } from '../cli/td.ts';
import { beginRun, directoryOf, writeResults } from '../figures/results-folder.ts';
import { SweepRows } from '../sweeps/sweep-rows.ts';
import { CHROMIUM, openPage, startBrowser, WITHOUT } from './chromium.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';

const place = makeFolder({});
const results = join(place.folder, 'results');
let browser: Browser;
let assets: Assets;
let address: string;
let failedRun: string;

/** Two experiments: one whose last run failed, and a copy of it with a name that is markup, whose runs are not its own. */
beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  const runs = writeResults(results);
  addGammaRows();
  writeGrid();
  cpSync(join(results, 'few'), join(results, HOSTILE), { recursive: true });
  const last = runs.at(-1);
  if (last === undefined) throw new Error('there are runs');
  failedRun = directoryOf(results, last);
  rmSync(failedRun, { recursive: true });
  beginRun(results, last);
  const failure = { level: 50, msg: 'training failed', err: { message: `the loss is NaN ${HOSTILE}` } };
  appendFileSync(join(failedRun, 'log.jsonl'), `${JSON.stringify(failure)}\n`);
  assets = await loadAssets();
  const file = join(place.folder, 'report.html');
  writeFileSync(file, (await makeReport(findResults([], results).experiments, { assets })).page);
  address = pathToFileURL(file).href;
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  place.remove();
});

/** Half a point more than the dense rows have, of the targeted variants. */
function addGammaRows(): void {
  const path = sweepPath(results, 'few');
  const rows = readSweep(path);
  const gamma = rows
    .filter(({ variant }) => variant !== 'none')
    .map((row) => ({ ...row, evaluation: 'gamma' as const, accuracy: row.accuracy + 0.005 }));
  writeSweep(path, [...rows, ...gamma]);
}

/** A third experiment, of which there is the sweep of a grid, one of whose variants is missing. */
function writeGrid(): void {
  const swept = new SweepRows();
  for (const [
    dropRate,
    targetRate,
    accuracy,
  ] of [[0.33, 0.5, 0.4], [0.33, 0.75, 0.6], [0.66, 0.5, [0.7, 0.8]]] as const) // biome-ignore format: a table
    swept.add(
      `targeted--dropRate-${dropRate}--targetRate-${targetRate}`,
      { name: 'targeted', granularity: 'weight', dropRate, targetRate },
      { 0: 0.9, 0.5: accuracy },
    );
  mkdirSync(join(results, 'grid'));
  const rows = swept.rows.map((row) => ({
    ...row,
    experiment: 'grid',
    multiplyAddsTotal: 1000,
    multiplyAddsKept: row.pruneRate === 0 ? 1000 : 400,
  }));
  writeSweep(sweepPath(results, 'grid'), rows);
}

/** Of the experiment `few`, unless another is named by its number. */
const chart = (page: Page, kind: string, granularity = 'weight', evaluation = 'dense', experiment = 1) =>
  page.locator(
    `#experiment-${experiment} .chart[data-chart=${kind}][data-granularity=${granularity}]${kind === 'accuracy' ? `[data-evaluation=${evaluation}]` : ''}`,
  );
const paths = (page: Page, colour: string | undefined) =>
  chart(page, 'accuracy').locator(`path[stroke="${colour}"][stroke-width="2"]`);
const failuresOf = (page: Page) => page.locator('.failures', { hasText: 'Failed' });
const texts = (page: Page, kind: string) => chart(page, kind).locator('text').allTextContents();

describe.skipIf(CHROMIUM === undefined)(`the report in a browser${WITHOUT}`, () => {
  it('draws every chart, without an error, a message or a question to the network', async () => {
    const { page, complaints } = await openPage(browser, address);
    for (const kind of ['accuracy', 'training', 'weights', 'layers']) {
      await chart(page, kind).locator('svg').waitFor();
      expect((await texts(page, kind)).length, kind).toBeGreaterThan(4);
    }
    expect(await paths(page, LIGHT.lines[0]).count()).toBeGreaterThan(0);
    expect(await paths(page, LIGHT.lines[1]).count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('has a heat map of a grid, and accuracy over multiply-adds, whose values can be pointed at', async () => {
    const { page, complaints } = await openPage(browser, address);
    const [grid, costs] = ['grid', 'multiply-adds'].map((kind) => chart(page, kind, 'weight', 'dense', 2));
    if (grid === undefined || costs === undefined) throw new Error('there are two');
    await grid.locator('svg').waitFor();
    expect(await grid.locator('text').allTextContents()).toEqual(
      expect.arrayContaining(['dropRate', 'targetRate', '40.00', '60.00', '75.00']),
    );
    expect(await grid.locator('xpath=..').innerText()).toContain('with 50 % of weights pruned');
    await grid.locator('text', { hasText: '75.00' }).hover({ force: true });
    const read = async (own: typeof grid) => {
      await own.locator('.reading-box').waitFor();
      return (await own.locator('.reading-box').innerText()).replaceAll(/\s+/g, ' ');
    };
    expect(await read(grid)).toBe('dropRate 0.66, targetRate 0.5 test accuracy 75.00 ± 7.07 % (2 seeds)');
    await costs.focus();
    await page.keyboard.press('End');
    expect(await read(costs)).toMatch(
      /^50 % pruned .*targeted--dropRate-0\.33--targetRate-0\.75 40 % left: 60\.00 %/,
    );
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows names and messages from files as text', async () => {
    const { page, complaints } = await openPage(browser, address);
    expect(await page.locator('h2', { hasText: HOSTILE }).count()).toBe(1);
    expect(await page.locator('img').count()).toBe(0);
    expect(await failuresOf(page).innerText()).toContain(`the loss is NaN ${HOSTILE}`);
    expect(await page.locator('.failures', { hasText: 'Damaged' }).innerText()).toContain(HOSTILE);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('switches between weights and units, and between axes', async () => {
    const { page } = await openPage(browser, address);
    const form = page.locator('#experiment-1 form');
    await form.getByLabel('units').check();
    await chart(page, 'accuracy', 'unit').locator('svg').waitFor();
    expect(await chart(page, 'accuracy').isVisible()).toBe(false);
    await form.getByLabel('weights').check();
    expect(await texts(page, 'accuracy')).toContain('0 %');
    await form.getByLabel('logit').check();
    expect(await texts(page, 'accuracy')).toContain('98 %');
    const rates = form.getByRole('group', { name: 'Prune rate axis' });
    expect(await texts(page, 'accuracy')).not.toContain('40 %');
    await rates.getByLabel('linear').check();
    expect(await texts(page, 'accuracy')).toContain('40 %');
    await page.close();
  });

  it('switches between evaluations, each in a chart that says which it is, and keeps the choice for both granularities', async () => {
    const { page } = await openPage(browser, address);
    const form = page.locator('#experiment-1 form');
    expect(await chart(page, 'accuracy').isVisible()).toBe(true);
    expect(await chart(page, 'accuracy', 'weight', 'gamma').isVisible()).toBe(false);
    await form.getByLabel('gamma').check();
    const shown = chart(page, 'accuracy', 'weight', 'gamma');
    await shown.locator('svg').waitFor();
    expect(await chart(page, 'accuracy').isVisible()).toBe(false);
    expect(await shown.locator('xpath=..').innerText()).toMatch(
      /Test accuracy after pruning weights \(gamma\)[\s\S]*Evaluation: dense \(none\); gamma \(targeted\(0\.66, 0\.5\)\)\./,
    );
    await shown.focus();
    await page.keyboard.press('End');
    const spoken = page.locator('#experiment-1 figure[data-evaluation=gamma] .reading').first();
    expect((await spoken.textContent())?.replaceAll(/\s+/g, ' ')).toMatch(
      /targeted\(0\.66, 0\.5\) ?45\.50 ± 7\.07 %/,
    );
    await form.getByLabel('units').check();
    expect(await chart(page, 'accuracy', 'unit', 'gamma').isVisible()).toBe(true);
    await page.close();
  });

  it('hides and shows a method, and never the last', async () => {
    const { page } = await openPage(browser, address);
    const [none, targeted] = ['none', 'targeted(0.66, 0.5)'].map((name) =>
      page.locator('#experiment-1').getByRole('button', { name }),
    );
    await none?.click();
    expect(await none?.getAttribute('aria-pressed')).toBe('false');
    expect(await paths(page, LIGHT.lines[0]).count()).toBe(0);
    await targeted?.click();
    expect(await targeted?.getAttribute('aria-pressed')).toBe('true');
    await none?.click();
    expect(await paths(page, LIGHT.lines[0]).count()).toBeGreaterThan(0);
    await page.close();
  });

  it('says the values that are pointed at, best first', async () => {
    const { page } = await openPage(browser, address);
    const target = chart(page, 'accuracy');
    await target.scrollIntoViewIfNeeded();
    const box = await target.boundingBox();
    if (box === null) throw new Error('the chart is not shown');
    await page.mouse.move(box.x + box.width - 40, box.y + box.height / 2);
    const reading = target.locator('.reading-box');
    await reading.waitFor();
    const text = (await reading.innerText()).replaceAll(/\s+/g, ' ');
    expect(text).toContain('90 % pruned');
    expect(text).toMatch(/targeted\(0\.66, 0\.5\) 45\.00 ± 7\.07 % \(2 seeds\).*none 15\.00 ± 7\.07 %/);
    await page.close();
  });

  it('can be used with a keyboard alone', async () => {
    const { page, complaints } = await openPage(browser, address);
    await page.locator('#experiment-1 input[value=weight]').focus();
    await page.keyboard.press('ArrowRight');
    expect(await chart(page, 'accuracy', 'unit').isVisible()).toBe(true);
    await page.keyboard.press('ArrowLeft');
    const button = page.locator('#experiment-1').getByRole('button', { name: 'none' });
    await button.focus();
    await page.keyboard.press('Space');
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    await page.keyboard.press('Space');
    await chart(page, 'accuracy').focus();
    await page.keyboard.press('End');
    const spoken = page.locator('#experiment-1 .charts[data-granularity=weight] .reading').first();
    expect(await spoken.textContent()).toContain('90 % pruned');
    await page.keyboard.press('ArrowLeft');
    expect(await spoken.textContent()).toContain('50 % pruned');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('is dark where the system is, and follows it', async () => {
    const { page } = await openPage(browser, address, { colorScheme: 'dark' });
    expect(await paths(page, DARK.lines[0]).count()).toBeGreaterThan(0);
    const background = () =>
      page.locator('body').evaluate((body: unknown) => {
        const { getComputedStyle } = globalThis as unknown as {
          getComputedStyle(element: unknown): { backgroundColor: string };
        };
        return getComputedStyle(body).backgroundColor;
      });
    expect(await background()).toBe('rgb(21, 24, 29)');
    await page.emulateMedia({ colorScheme: 'light' });
    await paths(page, LIGHT.lines[0]).first().waitFor({ state: 'attached' });
    expect(await paths(page, DARK.lines[0]).count()).toBe(0);
    expect(await background()).toBe('rgb(255, 255, 255)');
    await page.close();
  });

  it('fits a phone, where tables scroll by themselves', async () => {
    const { page } = await openPage(browser, address, { viewport: { width: 360, height: 740 } });
    await chart(page, 'layers').locator('svg').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    for (const kind of ['accuracy', 'training', 'weights', 'layers'])
      expect((await chart(page, kind).locator('svg').boundingBox())?.width).toBeLessThanOrEqual(360);
    await page.close();
  });

  it('follows runs that go on while it is served, and keeps what its reader chose', async () => {
    const server = await serveReport(
      {
        readVersion: () => digestVersion(listFileVersions(results)),
        makePage: async (version) =>
          (await makeReport(findResults([], results).experiments, { assets, version })).page,
      },
      0,
    );
    try {
      const { page, complaints } = await openPage(browser, server.address);
      await page.locator('#experiment-1').getByLabel('logit').check();
      await page.locator('#experiment-1').getByRole('button', { name: 'none' }).click();
      rmSync(join(failedRun, 'log.jsonl'));
      await failuresOf(page).waitFor({ state: 'detached' });
      expect(await page.locator('#experiment-1').getByLabel('logit').isChecked()).toBe(true);
      expect(await paths(page, LIGHT.lines[0]).count()).toBe(0);
      expect(await paths(page, LIGHT.lines[1]).count()).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
      await page.close();
    } finally {
      server.close();
    }
  });
});
