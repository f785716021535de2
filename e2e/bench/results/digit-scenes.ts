import type { Result } from './result.ts';
import { circumstances } from './trained.ts';

/** Scenes of one to three real digits, composed: 500 to learn from, 100 of other writers to be judged on. */
export const digitSceneResults: readonly Result[] = [
  {
    name: 'scenes-masks',
    title: 'Masks of digits in composed scenes, U-Net',
    asked: 'a mean intersection over union of at least 0.7 over background and ten digits',
    run: async (studio, options) => {
      const dataset = await studio.sample('digit-scenes-masks');
      const trained = await studio.train(dataset, 'segmentation-unet', options);
      const { meanIntersectionOverUnion, meanDice, pixelAccuracy } = trained.evaluation.segmentation ?? {};
      return {
        meanIntersectionOverUnion,
        meanDice,
        pixelAccuracy,
        ...circumstances(dataset, 'segmentation-unet', trained),
      };
    },
  },
  {
    name: 'scenes-boxes',
    title: 'Boxes of digits in composed scenes, detector by centres',
    asked: 'an average precision (0.5 : 0.95) of at least 60 %',
    run: async (studio, options) => {
      const dataset = await studio.sample('digit-scenes-boxes');
      const trained = await studio.train(dataset, 'detection-centers', options);
      const { averagePrecision, averagePrecision50, averagePrecision75 } = trained.evaluation.detection ?? {};
      return {
        averagePrecision,
        averagePrecision50,
        averagePrecision75,
        ...circumstances(dataset, 'detection-centers', trained),
      };
    },
  },
];
