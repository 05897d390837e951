/** @file Pictures of every form that PNG and JPEG have: as colours, or refused with the file and what is wrong with it. */
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeJpegPicture } from '../../../src/data/images/jpeg.ts';
import type { Picture } from '../../../src/data/images/picture.ts';
import { decodePngPicture } from '../../../src/data/images/png.ts';
import { UserError } from '../../../src/errors.ts';
import { CMYK, COLOUR, GREY, PROGRESSIVE, TURNED } from './jpeg-samples.ts';

/** Red, green and blue of each pixel. */
function coloursOf({ width, height, pixels }: Picture): number[][] {
  return Array.from({ length: width * height }, (_, index) => [...pixels.subarray(4 * index, 4 * index + 3)]);
}

type Png = Parameters<typeof encode>[0];
const decodePng = (png: Png, options?: Parameters<typeof encode>[1]) =>
  coloursOf(decodePngPicture(Buffer.from(encode(png, options)), 'x.png'));

describe('a PNG picture', () => {
  it('in colour keeps its bytes, interlaced too', () => {
    const data = Uint8Array.from({ length: 9 * 7 * 3 }, (_, index) => (index * 37) % 256);
    const png = { width: 9, height: 7, channels: 3, data } as const;
    const plain = decodePng(png);
    expect(plain.flat()).toEqual([...data]);
    expect(decodePng(png, { interlace: 'Adam7' })).toEqual(plain);
  });

  it('in grey has red, green and blue alike', () => {
    expect(decodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 200) })).toEqual([
      [7, 7, 7],
      [200, 200, 200],
    ]);
  });

  it('of 16 bits is rounded to 8', () => {
    // 257 · 100 is 100 exactly; 257 · 100 + 129 is nearer to 101.
    const data = Uint16Array.of(25700, 25829, 65535, 0, 128, 129);
    expect(decodePng({ width: 2, height: 1, channels: 3, depth: 16, data })).toEqual([
      [100, 101, 255],
      [0, 0, 1],
    ]);
  });

  it('lies on white where it is transparent', () => {
    const data = Uint8Array.of(100, 0, 50, 255, 100, 0, 50, 0, 100, 0, 50, 51);
    // A fifth of the colour on four fifths of white: 20 + 204, 0 + 204, 10 + 204.
    expect(decodePng({ width: 3, height: 1, channels: 4, data })).toEqual([
      [100, 0, 50],
      [255, 255, 255],
      [224, 204, 214],
    ]);
    expect(decodePng({ width: 2, height: 1, channels: 2, data: Uint8Array.of(100, 51, 9, 255) })).toEqual([
      [224, 224, 224],
      [9, 9, 9],
    ]);
  });

  it.each([1, 2, 4, 8] as const)('of %d bits takes its colours from a palette, row by row', (depth) => {
    const palette = [
      [10, 20, 30],
      [200, 100, 0],
    ];
    const indices = [0, 1, 1, 0, 0, 1];
    const rows = [indices.slice(0, 3), indices.slice(3)].map((row) => {
      const bits = row.map((index) => index.toString(2).padStart(depth, '0')).join('');
      const bytes = bits.match(/.{1,8}/g) ?? [];
      return bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
    });
    const data = Uint8Array.from(rows.flat());
    expect(decodePng({ width: 3, height: 2, channels: 1, depth, palette, data })).toEqual(
      indices.map((index) => palette[index]),
    );
  });

  it('of 1 to 4 bits in grey spreads over black to white', () => {
    // 0, 1, 2 and 3 of 3.
    const png = { width: 4, height: 1, channels: 1, depth: 2, data: Uint8Array.of(0b00_01_10_11) } as const;
    expect(decodePng(png).map(([red]) => red)).toEqual([0, 85, 170, 255]);
  });

  it.each<[string, (png: Buffer) => Buffer, RegExp]>([
    ['cut short', (png) => png.subarray(0, 60), /^x.png cannot be decoded as PNG: it ends within a chunk$/],
    ['damaged', (png) => Buffer.from(png).fill(0, 45, 50), /^x.png cannot be decoded as PNG: /],
    ['no PNG after all', (png) => png.subarray(0, 20), /^x.png is not a PNG file$/],
    [
      'said to be huge',
      (png) => {
        const huge = Buffer.from(png);
        huge.writeUInt32BE(2 ** 20, 16);
        return huge;
      },
      /^x.png has 1048576 × 300 pixels, expected from 1 to 67108864$/,
    ],
    [
      'said to be larger than it is',
      (png) => {
        const larger = Buffer.from(png);
        larger.writeUInt32BE(301, 20);
        return larger;
      },
      /^x.png holds 27300 bytes of pixels, expected 27391$/,
    ],
  ])('is refused if it is %s', (_, change, message) => {
    const data = Uint8Array.from({ length: 90 * 300 }, (_, index) => (index * index) % 251);
    const png = Buffer.from(encode({ width: 90, height: 300, channels: 1, data }));
    expect(() => decodePngPicture(change(png), 'x.png')).toThrow(UserError);
    expect(() => decodePngPicture(change(png), 'x.png')).toThrow(message);
  });
});

describe('a JPEG picture', () => {
  it.each([
    ['in colour', COLOUR],
    ['progressive', PROGRESSIVE],
    ['in grey', GREY],
    ['that is to be turned', TURNED],
  ])('%s has the pixels that libjpeg-turbo decodes', async (_, { bytes, width, height, pixels }) => {
    const picture = await decodeJpegPicture(Buffer.from(bytes), 'x.jpg');
    expect(picture).toMatchObject({ width, height });
    expect(coloursOf(picture).flat()).toEqual([...pixels]);
  });

  const refuse = async (bytes: Buffer, message: RegExp) => {
    const decoding = decodeJpegPicture(Buffer.from(bytes), 'x.jpg');
    await expect(decoding).rejects.toThrow(UserError);
    await expect(decoding).rejects.toThrow(message);
  };

  it('is refused if it is damaged or cut short, and the next one is read as before', async () => {
    const { bytes, pixels } = COLOUR;
    await refuse(
      bytes.subarray(0, bytes.length - 20),
      /^x.jpg is a damaged JPEG: Premature end of JPEG file$/,
    );
    await refuse(bytes.subarray(0, 30), /^x.jpg is a damaged JPEG: it has no header of a picture$/);
    const start = bytes.indexOf(Buffer.from([0xff, 0xda]));
    await refuse(
      Buffer.concat([bytes.subarray(0, start + 20), Buffer.from([0xff, 0xd9])]),
      /^x.jpg is a damaged JPEG: .*(Premature|Corrupt|extraneous)/,
    );
    expect(coloursOf(await decodeJpegPicture(Buffer.from(bytes), 'x.jpg')).flat()).toEqual([...pixels]);
    expect(process.exitCode).toBeUndefined();
  });

  it('is read after any number of damaged ones', async () => {
    const { bytes, pixels } = COLOUR;
    for (let time = 0; time < 100; time++) {
      const damaged = Buffer.from(bytes);
      // The tables of codes, of which each damage ends the decoding in its middle.
      damaged.fill(time, 180, 200);
      await expect(decodeJpegPicture(damaged, 'x.jpg')).rejects.toThrow(UserError);
    }
    expect(coloursOf(await decodeJpegPicture(Buffer.from(bytes), 'x.jpg')).flat()).toEqual([...pixels]);
  });

  it('is refused in four colours, and if it is said to be huge', async () => {
    await refuse(CMYK, /^x.jpg is a JPEG of 4 colours \(CMYK\), expected grey or RGB$/);
    const huge = Buffer.from(COLOUR.bytes);
    huge.writeUInt32BE(0xffff_ffff, huge.indexOf(Buffer.from([0xff, 0xc0])) + 5);
    const larger = Buffer.from(COLOUR.bytes);
    larger.writeUInt32BE(0x1000_1000, larger.indexOf(Buffer.from([0xff, 0xc0])) + 5);
    await refuse(larger, /^x.jpg is a damaged JPEG: 319 bytes are too few for 4096 × 4096 pixels$/);
    await refuse(huge, /^x.jpg has 65535 × 65535 pixels, expected from 1 to 67108864$/);
  });
});
