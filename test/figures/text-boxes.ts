/** @file Where the texts of a picture stand. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Of a text, in pixels. */
export interface TextBox {
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The boxes of all texts of an SVG document, as its PNG has them. */
export function listTextBoxes(svg: string): TextBox[] {
  return [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/g)].flatMap(([element, text = '']) => {
    const box = boxOf(element);
    return box === undefined ? [] : [{ text, ...box }];
  });
}

/** @param element as SVG has it, alone */
export function boxOf(element: string): Omit<TextBox, 'text'> | undefined {
  const { Resvg } = require('@resvg/resvg-js') as typeof import('@resvg/resvg-js');
  const fontFiles = ['400Regular/Arimo_400Regular', '700Bold/Arimo_700Bold'].map((name) =>
    require.resolve(`@expo-google-fonts/arimo/${name}.ttf`),
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9999" height="9999">${element}</svg>`;
  const box = new Resvg(svg, { font: { loadSystemFonts: false, fontFiles } }).getBBox();
  return box && { left: box.x, top: box.y, right: box.x + box.width, bottom: box.y + box.height };
}

/** Pairs of texts that stand upon one another. */
export function listOverlaps(boxes: readonly TextBox[]): string[] {
  const apart = (a: TextBox, b: TextBox) =>
    a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  return boxes.flatMap((a, index) =>
    boxes.slice(index + 1).flatMap((b) => (apart(a, b) ? [] : [`${a.text} | ${b.text}`])),
  );
}
