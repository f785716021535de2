/**
 * The compiler: models written as modules over symbolic tensors become ONNX files, the whole training step included.
 *
 * - `compileTrainStep(model, options)` → forward + backward + optimiser update: bytes, inputs, outputs, state.
 * - `compileReplicatedStep(model, options, parts)` → the same in two graphs, for threads that share a batch.
 * - `compileForward(model, options)` → evaluation mode, for evaluation and for shipping (preprocessing inside).
 * - `compileDecoding(model, options)` → an encoder–decoder that writes by itself, for evaluation and for shipping.
 * - `compileSampler(model, options)` → a model that draws, all its steps in one graph, for shipping.
 * - `compileExplanation(model, { method })` → heatmaps from the same gradient rules.
 * - `compileGradients(model, { loss })` → forward and backward without an optimiser.
 * - `compileLayerStatistics(model, { loss })` → figures of every layer on a batch: activations, dead units, gradients.
 * - `compileOperatorCases(target)` → a small graph for every operator, by which a device is tested.
 * - `compileBlockProbe(blockSize)` → the self-test that finds the block size of `target` on this machine.
 * - `estimateTrainingMemory(model, options, batchSize)` → bytes a training step will need.
 * - `compilePreprocessing(spec)` → raw data to the model's input, for preparing training data by the same graph.
 * - `summarize(model)` → layers with shapes, parameter counts and FLOPs.
 * - `initializeParameters(module, seed)` → starting weights, a pure function of both.
 * - `learningRateAt(schedule, step, totalSteps)` → the rate to feed at a step.
 *
 * `model` is anything with a `module` and an `inputShape`; `buildModel` of the room `models` makes one from a spec.
 * Batches are symbolic: every graph takes any batch size at any run. `target` chooses the lowering: `STANDARD` (what
 * may leave the machine) or `{ provider: 'cpu', blockSize }` (this machine's ONNX Runtime only).
 *
 * A training loop feeds `x`, `y`, `learningRate`, `step` (from 1), `seed` where `inputs` lists them, and every state
 * tensor under `name`; it reads `loss`, the metric and `gradientNorm`, and feeds `outputName` back as `name`.
 * Quick steps should run several at a time (`manySteps`, `stepsAtOnce`): every run of a runtime begins and ends with work
 * of its own.
 * Checkpoint = all state plus the step number; resumed runs then equal unbroken ones to the bit.
 */

export type {
  AugmentationSpec,
  ImageAugmentation,
  SeriesAugmentation,
  TextAugmentation,
} from './augmentation/specification.ts';
export type { AdamParameter, AdamPlan, AdamScalars } from './compile/adam-plan.ts';
export { clipFactor } from './compile/adam-plan.ts';
export type { BlockProbe } from './compile/block-probe.ts';
export { compileBlockProbe } from './compile/block-probe.ts';
export { compileCopy } from './compile/copy.ts';
export { compileDecoding } from './compile/decoding.ts';
export type { EvaluationOptions } from './compile/evaluation.ts';
export { compileEvaluation } from './compile/evaluation.ts';
export type { ExplanationMethod, ExplanationOptions } from './compile/explanation.ts';
export { compileExplanation } from './compile/explanation.ts';
export type { ForwardOptions } from './compile/forward.ts';
export { compileForward, frozenForward, MODEL_INPUT } from './compile/forward.ts';
export { prepareFurther } from './compile/further-preprocessing.ts';
export type { GenerationGraph, GenerationModel, GenerationOptions } from './compile/generation.ts';
export { compileGeneration } from './compile/generation.ts';
export type { GradientsOptions } from './compile/gradients-graph.ts';
export { compileGradients } from './compile/gradients-graph.ts';
export type { LayerStatisticsGraph, LayerStatisticsOptions } from './compile/layer-statistics.ts';
export { compileLayerStatistics } from './compile/layer-statistics.ts';
export type { Execution, MemoryEstimate } from './compile/memory.ts';
export { estimateTrainingMemory, largestBatchThatFits } from './compile/memory.ts';
export { estimateMemoryBesideSteps } from './compile/memory-beside-steps.ts';
export type { CompilableModel, CompiledGraph, ParameterValues, StateTensor, TensorSpec } from './compile/model.ts';
export { createGraph, initializeParameters } from './compile/model.ts';
export type { ColumnSpec, PreprocessingSpec, SeriesSpec, TextSpec } from './compile/preprocessing.ts';
export { compilePreprocessing, embeddingRows, featureCount } from './compile/preprocessing.ts';
export type { BatchPlan, ReplicatedStep } from './compile/replicated-step.ts';
export {
  compileReplicatedStep,
  planBatch,
  REPLICA_WEIGHT,
  SMALLEST_WEIGHT,
  WHOLE_BATCH,
} from './compile/replicated-step.ts';
export type { SamplerOptions } from './compile/sampler.ts';
export { compileSampler } from './compile/sampler.ts';
export { expectedStepMs, STEPS_WORTH_A_LOOP, stepsAtOnce } from './compile/steps-at-once.ts';
export type { LayerSummary, ModelSummary } from './compile/summary.ts';
export { summarize } from './compile/summary.ts';
export type { TrainStep, TrainStepOptions } from './compile/train-step.ts';
export { compileTrainStep, trainStepOperators } from './compile/train-step.ts';
export type { MixedPrecisionOptions, WeightAverageOptions } from './compile/update.ts';
export type { DataType, TensorData } from './data-type.ts';
export type { Dimension, Shape, SymbolSizes } from './dimension.ts';
export { BATCH, dimensionProduct, dimensionSize, elementCount } from './dimension.ts';
export * from './expression.ts';
export type { GraphErrorReason } from './graph-error.ts';
export { GraphError } from './graph-error.ts';
export { ELU, GELU, HardSwish, LeakyReLU, ReLU, ReLU6, Sigmoid, SiLU, Tanh } from './layers/activation.ts';
export type { AttentionContext } from './layers/attention.ts';
export { MultiHeadAttention, paddingMask } from './layers/attention.ts';
export { Dropout, Flatten, Residual, Sequential } from './layers/container.ts';
export type { Conv2dOptions, ConvTranspose2dOptions, Pair } from './layers/convolution.ts';
export { Conv2d, ConvTranspose2d } from './layers/convolution.ts';
export { Embedding, sinusoidalTable } from './layers/embedding.ts';
export type { GATOptions } from './layers/graph-convolution.ts';
export { GATConv, GCNConv, GraphPool, SAGEConv } from './layers/graph-convolution.ts';
export { edgeEnds } from './layers/graph-edges.ts';
export { GroupNorm } from './layers/group-normalization.ts';
export type { Initialization, LinearOptions } from './layers/linear.ts';
export { affine, Linear } from './layers/linear.ts';
export { Module } from './layers/module.ts';
export { BatchNorm2d, L2Normalize, LayerNorm } from './layers/normalization.ts';
export type { Initializer } from './layers/parameter.ts';
export { Parameter } from './layers/parameter.ts';
export { PixelShuffle, PixelUnshuffle } from './layers/pixel-shuffle.ts';
export { AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool, MaxPool2d } from './layers/pooling.ts';
export type { RecurrentCell } from './layers/recurrent.ts';
export { Recurrent } from './layers/recurrent.ts';
export { sequenceLengths, sequenceMean } from './layers/sequence.ts';
export { SpectralConv2d, SpectralLinear } from './layers/spectral-norm.ts';
export { SqueezeExcitation } from './layers/squeeze-excitation.ts';
export { StochasticDepth } from './layers/stochastic-depth.ts';
export type { Trace } from './layers/trace.ts';
export { runAs } from './layers/trace.ts';
export type { TransformerLayerOptions } from './layers/transformer.ts';
export { TransformerDecoderLayer, TransformerEncoderLayer, transformerNorm } from './layers/transformer.ts';
export type { UpsamplingMode } from './layers/upsampling.ts';
export { Upsample } from './layers/upsampling.ts';
export type { TripletMining } from './losses/contrastive.ts';
export type { AdversarialLoss } from './losses/generative.ts';
export { discriminatorLoss, gaussianKl, generatorLoss, gradientPenalty } from './losses/generative.ts';
export type { LossSpec } from './losses/loss.ts';
export type { Figure, LossResult, LossRow } from './losses/loss-row.ts';
export { NATIVE_DOMAIN } from './lowering/lowering.ts';
export type { Provider, Target } from './lowering/target.ts';
export { cpuTarget, STANDARD } from './lowering/target.ts';
export { decodeModel } from './onnx/decode.ts';
export { constantsAsInitializers } from './onnx/import/constant-weights.ts';
export type { ImportOptions, WeightHook } from './onnx/import/imported-module.ts';
export { ImportedModule, isImportable } from './onnx/import/imported-module.ts';
export { withLeadingSequence } from './onnx/leading-sequence.ts';
export type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './onnx/model.ts';
export { MASKED_SCORE } from './operators/attention.ts';
export { decodeCorners } from './operators/detection.ts';
export { END, FIRST_WORD, PADDING, PUNCTUATION, START, UNKNOWN, wordShapes } from './operators/text.ts';
export type { OptimizerSpec } from './optimizers/optimizer.ts';
export type { ParameterGroup } from './optimizers/parameter-groups.ts';
export { groupOf } from './optimizers/parameter-groups.ts';
export type { PlateauOptions } from './schedules/plateau.ts';
export type { ScheduleSpec } from './schedules/schedule.ts';
export { learningRateAt } from './schedules/schedule.ts';
export type { CompiledCase } from './self-test/compile-case.ts';
export { compileOperatorCases } from './self-test/index.ts';
export type { Tensor } from './tensor.ts';
