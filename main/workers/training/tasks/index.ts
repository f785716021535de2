import type { TaskName } from '../../../contract/run-config.ts';
import { openImageClassification } from './image-classification.ts';
import { openImageGeneration } from './image-generation.ts';
import { openImageSegmentation } from './image-segmentation.ts';
import { openLanguageModeling } from './language-modeling.ts';
import { openMetricLearning } from './metric-learning.ts';
import { openNodeClassification } from './node-classification.ts';
import { openObjectDetection } from './object-detection.ts';
import { openSequenceToSequence } from './sequence-to-sequence.ts';
import { openSeriesForecasting } from './series-forecasting.ts';
import { openTableClassification, openTableRegression } from './table-rows.ts';
import type { OpenTask } from './task.ts';
import { openTextClassification } from './text-classification.ts';

/** What can be learned: one entry per task of the run config. */
export const tasks: Readonly<Record<TaskName, OpenTask>> = {
  'image-classification': openImageClassification,
  'table-classification': openTableClassification,
  'table-regression': openTableRegression,
  'series-forecasting': openSeriesForecasting,
  'text-classification': openTextClassification,
  'language-modeling': openLanguageModeling,
  'sequence-to-sequence': openSequenceToSequence,
  'node-classification': openNodeClassification,
  'image-segmentation': openImageSegmentation,
  'object-detection': openObjectDetection,
  'image-generation': openImageGeneration,
  'metric-learning': openMetricLearning,
};
