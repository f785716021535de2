/** Architectures as plain data: `buildModel(spec, input, output)` yields what the compiler of `graph` takes. */
export type { Model } from './build-model.ts';
export { buildModel, learnsNothing } from './build-model.ts';
export { describeArchitecture } from './describe-architecture.ts';
export { commonColumns, commonPreprocessing } from './ensemble/common-preprocessing.ts';
export { withFeatures } from './features.ts';
export { compileDrawing, drawingTimes, type Sampler, samplerOf, usualSteps } from './generative/sampling.ts';
export { inspectOnnx } from './imported/inspection.ts';
export type { LayerChoice, ModelChoice } from './model-choice.ts';
export type { ModelSources, TrainedSource } from './model-sources.ts';
export type { Program } from './own/program.ts';
export type { ScheduleChoice } from './recipe.ts';
export { lossFor, modelFor, scheduleOf } from './recipe.ts';
export type {
  ActivationName,
  ArchitectureSpec,
  InputSignature,
  LayerSpec,
  OutputSignature,
} from './specification.ts';
export { inUnitsOfTarget, type TargetScale } from './target-scale.ts';
export { signaturesOf, type TaskName } from './task-signatures.ts';
export { trainedWeights } from './trained-weights.ts';
export { trainingOptionsOf } from './training-recipe.ts';
export { generationModel } from './transformer/transformer-models.ts';
export { byteVocabulary, sequenceMarks, Tokenizer, untilEnd, vocabularyOf, wordsOf } from './vocabulary.ts';
