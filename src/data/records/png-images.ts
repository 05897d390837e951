/** @file Images from PNG files in which each row of pixels is one image of 32 × 32. */
import { UserError } from '../../errors.ts';
import { decodePng, type PngHeader, readPngHeader } from '../png.ts';
import { IMAGE_BYTES, PIXELS } from './format.ts';

/**
 * Decodes a PNG of 8-bit RGB without transparency, 1,024 pixels wide.
 *
 * @param largestCount no more images are decoded than this
 * @param where the file's name, for errors
 * @returns images `[height, 32, 32, 3]`
 * @throws UserError if it is not such a PNG
 */
export function decodePngImages(bytes: Uint8Array, largestCount: number, where: string): Uint8Array {
  const header = readPngHeader(bytes, where);
  const { width, height } = header;
  const form = describeForm(header);
  if (width !== PIXELS || height < 1 || height > largestCount || form !== '8-bit RGB') {
    throw new UserError(
      `${where} is a PNG of ${width} × ${height}, ${form}, ` +
        `expected ${PIXELS} × (1 to ${largestCount}), 8-bit RGB`,
    );
  }
  const { data } = decodePng(bytes, header, where);
  if (!(data instanceof Uint8Array) || data.length !== height * IMAGE_BYTES) {
    throw new UserError(`${where} holds ${data.length} values, expected ${height * IMAGE_BYTES}`);
  }
  return data;
}

function describeForm({ depth, colourType, isInterlaced }: PngHeader): string {
  const form = `${depth}-bit ${colourType === 2 ? 'RGB' : `of colour type ${colourType}`}`;
  return isInterlaced ? `${form}, interlaced` : form;
}
