export { type DatasetNeighbours, Datasets, type ItemPredictions } from './datasets.ts';
