import { LightbenchError } from '../../../contract/errors.ts';
import type { ExperimentInput } from '../../../contract/training-worker.ts';
import type { SessionSettings } from '../../../runtime/index.ts';
import { learnable, splitItems } from '../item-sets.ts';
import { prepareImages } from '../prepared-set.ts';
import type { RawData, RawImages } from '../raw-data.ts';
import { imagePreprocessing } from '../statistics.ts';
import { classifier } from './classifier.ts';
import type { OpenTask } from './task.ts';

export const openImageClassification: OpenTask = async (source) => {
  const { input, raw, known } = source;
  const images = imagesOf(raw);
  const sets = learnable(splitItems(raw.splits, input.labels, () => true, input.config));
  const preprocessing =
    known?.preprocessing ?? (await imagePreprocessing(images, sets.train, input.config.preprocessing));
  if (preprocessing.kind !== 'image')
    throw new LightbenchError('workspace.damaged', 'The checkpoint is not of a model that reads pictures.');
  return classifier(source, {
    sets,
    preprocessing,
    notes: [],
    prepareInput: (items, onProgress) => prepareImages(images, items, preprocessing, preparing(input), onProgress),
  });
};

export function imagesOf({ images }: RawData): RawImages {
  if (images === null) throw new LightbenchError('source.inconsistent', 'The dataset holds no pictures.');
  return images;
}

/** The processor prepares: pictures are decoded there anyway, and what is shipped is checked against it. */
export function preparing({ threads }: ExperimentInput): SessionSettings {
  return { provider: 'cpu', threads };
}
