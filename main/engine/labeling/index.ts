export { Labeling, type LabelingDatasets } from './labeling.ts';
