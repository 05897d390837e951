/** @file Loads tfjs by itself, before the modules that import it. */

/**
 * The loader of TypeScript makes Node read the source map of every module, for stack traces. That of tfjs takes 40 MB
 * and up to half a second, and no trace needs it.
 */
export async function loadTfjs(): Promise<void> {
  const { sourceMapsEnabled } = process;
  process.setSourceMapsEnabled(false);
  try {
    await import('@tensorflow/tfjs');
  } finally {
    process.setSourceMapsEnabled(sourceMapsEnabled);
  }
}
