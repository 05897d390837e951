/** @file HTML as template literals: a string that is put into one is shown as text, and only `Html` as markup. */

/** Markup that is safe to be put into a page. */
export class Html {
  constructor(readonly markup: string) {}
}

type Content = Html | string | number | undefined | false | readonly Content[];

/** Makes markup of a template. Strings in it, wherever they come from, are shown as they are, in text and in attributes. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(String.raw({ raw: strings }, ...contents.map(toMarkup)));
}

function toMarkup(content: Content): string {
  if (content instanceof Html) return content.markup;
  if (typeof content === 'object') return content.map(toMarkup).join('');
  return content === undefined || content === false ? '' : escapeText(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Data for the scripts of a page. No text in it can end the element. */
export function jsonScript(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return html`<script type="application/json" id="${id}">${new Html(json)}</script>`;
}
