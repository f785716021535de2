/** A file with its place below the dropped folder: `digits/3/0001.png`. */
export interface DroppedFile {
  readonly file: File;
  readonly relativePath: string;
}

/** What to import: the dropped folder, the only file, or the folder that all files were put in. */
export function sourceOf(root: string, files: readonly Pick<DroppedFile, 'relativePath'>[]): string {
  const first = files[0];
  if (first === undefined) return root;
  if (files.length === 1) return root + first.relativePath;
  const top = first.relativePath.split('/')[0] ?? '';
  const oneFolder = files.every((entry) => entry.relativePath.startsWith(`${top}/`));
  return oneFolder ? root + top : root.replace(/[/\\]$/, '');
}
