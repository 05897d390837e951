/** @file A real browser, where there is one. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of Chromium or a like browser; nothing if none is installed. */
export const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path));

/** In words, for the titles of tests that are left out. */
export const WITHOUT =
  CHROMIUM === undefined ? ' (skipped: no Chromium; install it, or set CHROMIUM to its path)' : '';

export function startBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('there is no Chromium');
  // Containers run as root and know no sandbox.
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
    timeout: 5 * 60_000,
  });
}

/** Opens a page and collects what should not happen: errors, messages on the console, questions to the network. */
export async function openPage(
  browser: Browser,
  address: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage(options);
  // Bounds what hangs, not what is slow on a busy machine.
  page.setDefaultTimeout(5 * 60_000);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = request.url();
    const origin = new URL(address).origin;
    const isOwn = url === address || url.startsWith('data:') || (origin !== 'null' && url.startsWith(origin));
    if (!isOwn) complaints.push(`request: ${url}`);
  });
  await page.goto(address);
  return { page, complaints };
}
