export { type EvaluationNeighbours, Evaluations } from './evaluations.ts';
