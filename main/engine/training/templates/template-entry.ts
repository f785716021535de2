import type { Column } from '../../../contract/datasets.ts';
import type { RunConfig } from '../../../contract/run-config.ts';

export interface TemplateEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly task: RunConfig['task'];
  /** A type of column that the dataset must have besides its target. */
  readonly needs?: Column['type'];
  /** The YAML after the data section. */
  readonly body: string;
  readonly batchSize: number;
  /** More of the data section. */
  readonly data?: string;
  /** The preprocessing section; sizes are added where pictures differ. */
  readonly preprocessing?: string;
}
