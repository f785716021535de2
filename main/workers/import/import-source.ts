import type { ImportInput, ImportResult } from '../../contract/import-worker.ts';
import { detectSource } from '../../formats/detect-source.ts';
import { idxSource } from './idx-source.ts';
import { importImages } from './import-images.ts';
import type { ImportSurroundings } from './import-items.ts';
import { SimilarityThread } from './similarity-thread.ts';

/**
 * One source in, the artifacts of one dataset version out. Decoders and DuckDB take longer to load than a small import
 * takes: each is loaded only where it is needed.
 *
 * @param similarityEntry program of the thread that compares pictures
 * @throws FormatError, LightbenchError
 */
export async function importSource(
  input: ImportInput,
  surroundings: ImportSurroundings,
  similarityEntry: string,
): Promise<ImportResult> {
  const detected = await detectSource(input.path);
  const { format, path } = detected;
  const similarity = () => new SimilarityThread(similarityEntry);
  switch (format) {
    case 'idx': {
      // The thread starts while the files are read.
      const thread = similarity();
      return importImages(await idxSource(detected.pairs), input, surroundings, thread);
    }
    case 'image-folder': {
      const { folderSource } = await import('./folder-source.ts');
      return importImages(await folderSource(path), input, surroundings, similarity());
    }
    case 'image-masks':
    case 'coco': {
      const { coco, imageMasks } = await import('./annotated-source.ts');
      const source = format === 'coco' ? await coco(path) : await imageMasks(path);
      return importImages(source, input, surroundings, similarity());
    }
    case 'dicom': {
      const { dicomSource } = await import('./dicom-source.ts');
      return importImages(dicomSource(path, detected.names), input, surroundings, similarity());
    }
    case 'text':
    case 'node-link': {
      const { importTable } = await import('./import-table.ts');
      const { rowTable } = await import('../../formats/table/row-table.ts');
      const rows = await rowTable(format, path, input.scratchFolder);
      for (const warning of rows.warnings) surroundings.log('warning', warning);
      const origin = { format, ...(rows.edges === undefined ? {} : { edges: rows.edges }) };
      return importTable(rows.path, 'json', input, surroundings, origin);
    }
    default: {
      const { importTable } = await import('./import-table.ts');
      return importTable(path, format, input, surroundings);
    }
  }
}
