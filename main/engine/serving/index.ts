export { Deployments, type ExplanationMethods, type ServingBundles, type ServingRegistry } from './deployments.ts';
