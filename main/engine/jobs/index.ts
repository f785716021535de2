export { type JobContext, type JobDefinition, Jobs, type NewJob } from './jobs.ts';
