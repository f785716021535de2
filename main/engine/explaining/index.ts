export { Explaining, type ExplainingNeighbours } from './explaining.ts';
