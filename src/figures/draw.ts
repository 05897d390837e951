/** @file Draws figures as SVG, and SVG as PNG. */
import { createRequire } from 'node:module';
import type { Figure } from './list-figures.ts';

const require = createRequire(import.meta.url);

/** The library as one file, which loads ten times as fast as its hundreds of modules. */
const { init } = require('echarts/dist/echarts.min.js') as typeof import('echarts');

const FONT_FAMILY = 'Arimo';

/** The same letters on every machine, with fonts or without. */
const FONT_FILES = ['400Regular/Arimo_400Regular', '700Bold/Arimo_700Bold'];

/** Dots of the PNG for each pixel of the figure: enough for print at the width of a column. */
const PNG_SCALE = 2;

/** @returns an SVG document, the same for the same figure whatever was drawn before */
export function drawSvg({ width, height, option }: Figure): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return renumber(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/** The library goes on counting its classes and clips over all figures of a process; here they are counted anew in each. */
function renumber(svg: string): string {
  const numbers = new Map<string, number>();
  return svg.replace(/(?<=["#.])zr\d+-[a-z]+-?\d+/g, (name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return `part-${number}`;
  });
}

/** @param svg as `drawSvg` makes it */
export function drawPng(svg: string): Uint8Array {
  // Loaded when it is needed: the rest of the program works, too, where this native library is not installed.
  const { Resvg } = require('@resvg/resvg-js') as typeof import('@resvg/resvg-js');
  const fontFiles = FONT_FILES.map((name) => require.resolve(`@expo-google-fonts/arimo/${name}.ttf`));
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: PNG_SCALE },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: FONT_FAMILY },
  });
  return picture.render().asPng();
}
