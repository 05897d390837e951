/** @file PNG pictures of every form as red, green and blue. */
import type { DecodedPng } from 'fast-png';
import { UserError } from '../../errors.ts';
import { decodePng, readPngHeader } from '../png.ts';
import { MOST_PIXELS, type Picture } from './picture.ts';

/**
 * Decodes a PNG file: grey or colour, of 1 to 16 bits, with a palette or without. Where it is transparent it lies on white.
 *
 * @param where the file's name, for errors
 * @throws UserError if it is damaged, of a form that PNG does not have, or larger than `MOST_PIXELS`
 */
export function decodePngPicture(bytes: Uint8Array, where: string): Picture {
  const header = readPngHeader(bytes, where);
  const { width, height } = header;
  const count = width * height;
  if (count === 0 || count > MOST_PIXELS)
    throw new UserError(`${where} has ${width} × ${height} pixels, expected from 1 to ${MOST_PIXELS}`);
  const png = decodePng(bytes, header, where);
  const samples = unpackSamples(png);
  const colourOf = chooseColours(png, samples, where);
  const pixels = new Uint8Array(4 * count);
  for (let index = 0; index < count; index++) {
    const [red, green, blue, alpha] = colourOf(index);
    pixels[4 * index] = onWhite(red, alpha);
    pixels[4 * index + 1] = onWhite(green, alpha);
    pixels[4 * index + 2] = onWhite(blue, alpha);
  }
  return { width, height, pixels };
}

/** Red, green, blue and opacity, from 0 to 255. */
type Colour = readonly [number, number, number, number];

/** A function from the number of a pixel to its colour. */
function chooseColours(
  png: DecodedPng,
  samples: ArrayLike<number>,
  where: string,
): (pixel: number) => Colour {
  const { channels, depth, palette, transparency } = png;
  if (palette !== undefined && channels === 1) {
    return (pixel) => {
      const colour = palette[at(samples, pixel)];
      if (colour === undefined)
        throw new UserError(`${where} cannot be decoded as PNG: a pixel has a colour that its palette lacks`);
      const [red = 0, green = 0, blue = 0, alpha = 255] = colour;
      return [red, green, blue, alpha];
    };
  }
  const toByte = (sample: number) => Math.round((sample * 255) / (2 ** depth - 1));
  /** Some files name one colour that is transparent. */
  const isClear = (start: number, length: number) =>
    transparency !== undefined &&
    Array.from({ length }, (_, index) => at(samples, start + index) === transparency[index]).every(Boolean);
  if (channels <= 2) {
    return (pixel) => {
      const start = pixel * channels;
      const grey = toByte(at(samples, start));
      const alpha = channels === 2 ? toByte(at(samples, start + 1)) : isClear(start, 1) ? 0 : 255;
      return [grey, grey, grey, alpha];
    };
  }
  return (pixel) => {
    const start = pixel * channels;
    const alpha = channels === 4 ? toByte(at(samples, start + 3)) : isClear(start, 3) ? 0 : 255;
    return [
      toByte(at(samples, start)),
      toByte(at(samples, start + 1)),
      toByte(at(samples, start + 2)),
      alpha,
    ];
  };
}

/** One number for each sample, also where several of them share a byte; each row begins with a byte of its own. */
function unpackSamples({ data, width, height, depth }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  const samples = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const [perByte, mask] = [8 / depth, 2 ** depth - 1];
  for (let row = 0, target = 0; row < height; row++) {
    for (let column = 0; column < width; column++, target++) {
      const byte = at(data, row * rowBytes + Math.floor(column / perByte));
      samples[target] = (byte >> (8 - depth * (1 + (column % perByte)))) & mask;
    }
  }
  return samples;
}

function onWhite(value: number, alpha: number): number {
  return Math.round((value * alpha + 255 * (255 - alpha)) / 255);
}

function at(numbers: ArrayLike<number>, index: number): number {
  return numbers[index] ?? 0;
}
