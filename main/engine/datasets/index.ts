export { clearAbandonedImports, RESUMABLE_DAYS } from './abandoned-imports.ts';
export { type DatasetNeighbours, Datasets, type ItemPredictions } from './datasets.ts';
