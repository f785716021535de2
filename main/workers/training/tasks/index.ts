import type { TaskName } from '../../../contract/run-config.ts';
import { openImageClassification } from './image-classification.ts';
import { openTableClassification, openTableRegression } from './table-rows.ts';
import type { OpenTask } from './task.ts';

/** What can be learned: one entry per task of the run config. */
export const tasks: Readonly<Partial<Record<TaskName, OpenTask>>> = {
  'image-classification': openImageClassification,
  'table-classification': openTableClassification,
  'table-regression': openTableRegression,
};
