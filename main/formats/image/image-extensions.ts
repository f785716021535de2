/** What `decodeImage` takes, by file extension. Apart from the decoder, which takes long to load. */
export const imageExtensions: ReadonlySet<string> = new Set([
  'png',
  'jpg',
  'jpeg',
  'webp',
  'tif',
  'tiff',
  'gif',
  'bmp',
]);
