/** @file Images of the user's own: a folder of PNG and JPEG files with one folder for each class, brought to one size. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { countTo, name } from '../../settings/values.ts';
import { defineDataset } from '../definition.ts';
import { findImages, type ImageFolder } from '../images/folder.ts';
import { commonSettings } from '../settings.ts';

const MOST_EXTENT = 4096;

const settings = z
  .strictObject({
    name: name('images'),
    ...commonSettings,
    path: z.string().min(1).describe('the path of a folder of images').optional(),
    /** `[height, width]` that every image is stretched to. */
    size: z.tuple([countTo(MOST_EXTENT), countTo(MOST_EXTENT)]),
    /** 3: red, green, blue; 1: grey. */
    channels: z.literal([1, 3]).describe('1 (grey) or 3 (red, green, blue)').default(3),
    /** The share of each class that is for testing, where the folder does not have the folders `train` and `test`. */
    testShare: z.number().gt(0).lt(1).optional(),
  })
  .superRefine(({ path, fingerprint }, context) => {
    // Of a run that is done, the fingerprint stands in the place of the path.
    if (path === undefined && fingerprint === undefined)
      context.addIssue({ code: 'custom', message: 'it is missing', path: ['path'] });
  });

type ImagesSettings = z.output<typeof settings>;

export const images = defineDataset({
  name: 'images',
  summary:
    'a folder of your own with PNG and JPEG files, one folder for each class; any size, any number of classes',
  settings,
  mostEntries: 200_000,
  describe(given) {
    const facts = {
      title: 'Images of your own',
      licence: 'yours',
      source: 'dataset.path',
      isPublished: false,
      isFetched: false,
      isPresent: false,
    };
    if (given === undefined) return facts;
    const { classNames, train, test } = listImages(given);
    const [height, width] = given.size;
    return {
      ...facts,
      imageShape: [height, width, given.channels],
      classes: classNames.length,
      trainImages: train.length,
      testImages: test.length,
    };
  },
  async load(given, startStage) {
    const found = listImages(given);
    const { loadImages } = await import('../images/load.ts');
    const [height, width] = given.size;
    return loadImages('images', given.path ?? '', found, [height, width, given.channels], startStage);
  },
  fetch() {
    throw new UserError('images are your own, there is nothing to fetch; name their folder by dataset.path');
  },
});

function listImages({ path, testShare }: ImagesSettings): ImageFolder {
  if (path === undefined) throw new UserError('dataset.path is missing, expected the folder of your images');
  try {
    return findImages(path, testShare);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`dataset.path: ${error.message}`) : error;
  }
}
