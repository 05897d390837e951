/** @file Keeps a page that a server shows up to date, with its reader's choices and place on it. */

/** Milliseconds between two questions. */
const INTERVAL = 3000;

/**
 * Asks the server whether its files have changed, and replaces the content of the page if they have. A page that was opened
 * as a file asks nobody.
 *
 * @param onChange is called after the content is replaced
 */
export function followServer(onChange: () => void): void {
  if (document.documentElement.dataset.version === undefined) return;
  const ask = async () => {
    try {
      await update(onChange);
      say('');
    } catch {
      say('The server does not answer: what you see may be old.');
    }
    setTimeout(ask, INTERVAL);
  };
  setTimeout(ask, INTERVAL);
}

async function update(onChange: () => void): Promise<void> {
  const { version: shown } = document.documentElement.dataset;
  const version = await fetchText('/version');
  if (version === shown) return;
  const page = new DOMParser().parseFromString(await fetchText('/'), 'text/html');
  const opened = [...document.querySelectorAll('details')].map(({ open }) => open);
  const focus = document.activeElement?.closest<HTMLElement>('[data-name]');
  for (const part of ['main', '.time']) {
    const [now, next] = [document.querySelector(part), page.querySelector(part)];
    if (now !== null && next !== null) now.replaceWith(document.adoptNode(next));
  }
  for (const [index, one] of document.querySelectorAll('details').entries())
    one.open = opened[index] ?? false;
  document.documentElement.dataset.version = page.documentElement.dataset.version ?? version;
  onChange();
  restoreFocus(focus);
}

function restoreFocus(focus: HTMLElement | null | undefined): void {
  if (!(focus instanceof HTMLInputElement)) return;
  const { name, value } = focus;
  const input = [...document.querySelectorAll<HTMLInputElement>('input')].find(
    (candidate) => candidate.name === name && candidate.value === value,
  );
  input?.focus({ preventScroll: true });
}

async function fetchText(path: string): Promise<string> {
  const response = await fetch(path, { cache: 'no-store' });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

function say(text: string): void {
  const place = document.querySelector('.connection');
  if (place !== null && place.textContent !== text) place.textContent = text;
}
