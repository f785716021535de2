export { type SampleDatasets, Samples } from './samples.ts';
