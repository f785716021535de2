import {
  add,
  divide,
  gemm,
  maximum,
  multiply,
  reduceSum,
  relu,
  reshape,
  scale,
  shift,
  subtract,
} from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { Figure, LossRow, SampleWeighting } from './loss-row.ts';
import { correctOf, perSample, requireRank, sampleWeightsOf, weightedMean } from './loss-row.ts';

/** Losses of one row of logits per sample. */
export type ClassificationLossSpec = SampleWeighting &
  (
    | {
        readonly kind: 'cross_entropy';
        readonly labelSmoothing?: number;
        /** One per class; the mean is then over the weights of the samples' classes, as in PyTorch. */
        readonly classWeights?: readonly number[];
        /** `y` is a distribution, float32 [batch, classes], instead of class ids. */
        readonly softTargets?: true;
      }
    /** Independent yes-or-no logits: `y` is float32 in [0, 1], shaped like the output. */
    | ({ readonly kind: 'binary_cross_entropy'; readonly positiveWeight?: number } & OneVersusRest)
    /** Σ over the wrong classes of max(0, margin − right + wrong)^exponent, divided by the number of classes. */
    | { readonly kind: 'multi_margin'; readonly margin?: number; readonly exponent?: 1 | 2 }
    /** max(0, margin − sign·output) with signs from `y` in {0, 1}, shaped like the output. */
    | ({ readonly kind: 'hinge'; readonly margin?: number } & OneVersusRest)
    /**
     * A student that imitates a teacher (Hinton, Vinyals & Dean 2015): hardShare·CE(y) + (1 − hardShare)·T²·KL(teacher ‖
     * student) at temperature T.
     */
    | {
        readonly kind: 'distillation';
        readonly temperature?: number;
        readonly hardShare?: number;
        /** Its logits for the model's input as it is after augmentation. Absent: the input `teacherLogits` is declared. */
        readonly teacher?: (x: Tensor) => Tensor;
      }
  );

interface OneVersusRest {
  /** `y` holds class ids, int64 [batch]: each logit tells its class from all others. */
  readonly oneVersusRest?: true;
}

type Row<Kind extends ClassificationLossSpec['kind']> = LossRow<Extract<ClassificationLossSpec, { kind: Kind }>>;

const classIds = (graph: Graph, output: Tensor): Tensor => {
  requireRank(output, 2, '[batch, classes]');
  return graph.input('y', 'int64', output.shape.slice(0, 1));
};

const likeOutput = (graph: Graph, output: Tensor): Tensor => graph.input('y', 'float32', output.shape);

const yesOrNo = (graph: Graph, output: Tensor, { oneVersusRest }: OneVersusRest): Tensor =>
  oneVersusRest ? classIds(graph, output) : likeOutput(graph, output);

/** A yes or no for each logit, and how many samples are right: signs, or the largest of one versus rest. */
function decisions(output: Tensor, y: Tensor, weights: Tensor | undefined): [target: Tensor, correct: Figure] {
  if (y.dtype === 'float32') return [y, correctSigns(output, y, weights)];
  return [output.graph.apply('OneHot', [y], { classes: Number(output.shape[1]) }), correctOf(output, y, weights)];
}

/** How many outputs lie on the side of zero that `y` says; the mean over a sample's outputs, summed over samples. */
function correctSigns(output: Tensor, y: Tensor, weights: Tensor | undefined): Figure {
  const { graph } = output;
  const agreement = graph.apply('Sign', [multiply(output, shift(y, -0.5))]);
  const share = perSample(relu(agreement));
  const counted = weights ? multiply(share, graph.apply('Sign', [weights])) : share;
  return { name: 'correct', tensor: reduceSum(counted, [0]), isCount: true };
}

const softplus = (x: Tensor): Tensor => x.graph.apply('Softplus', [x]);

/** Row by row: Σ target·log-probability, negated. */
const softCrossEntropy = (logits: Tensor, target: Tensor): Tensor => {
  const log = logits.graph.apply('LogSoftmax', [logits], { axis: logits.shape.length - 1 });
  return scale(reduceSum(multiply(log, target), [logits.shape.length - 1]), -1);
};

export const classificationLosses: { readonly [Kind in ClassificationLossSpec['kind']]: Row<Kind> } = {
  /** Mean softmax cross-entropy; `correct` counts hits in the batch. */
  cross_entropy: {
    target: (graph, output, { softTargets }) => (softTargets ? likeOutput(graph, output) : classIds(graph, output)),
    build: (logits, y, spec) => {
      const { labelSmoothing = 0, classWeights } = spec;
      const { graph } = logits;
      const weights = sampleWeightsOf(logits, spec);
      const isSoft = y.dtype === 'float32';
      const correct = correctOf(logits, isSoft ? graph.apply('LargestIndex', [y]) : y, weights);
      if (!isSoft && !classWeights) {
        const rows = graph.apply('SoftmaxCrossEntropy', [logits, y], { labelSmoothing });
        return { ...weightedMean(rows, weights), figures: [correct] };
      }
      const classes = Number(logits.shape[1]);
      const exact = isSoft ? y : graph.apply('OneHot', [y], { classes });
      const smooth = labelSmoothing === 0 ? exact : shift(scale(exact, 1 - labelSmoothing), labelSmoothing / classes);
      if (!classWeights) return { ...weightedMean(softCrossEntropy(logits, smooth), weights), figures: [correct] };
      if (classWeights.length !== classes) {
        throw new GraphError(
          'invalid-argument',
          `${classWeights.length} class weights were given for ${classes} classes.`,
        );
      }
      const perClass = graph.constant('float32', [classes], Float32Array.from(classWeights));
      const rows = softCrossEntropy(logits, multiply(smooth, perClass));
      // Each sample counts as much as its class, not as its smoothed target.
      const ofClass = reshape(gemm(exact, reshape(perClass, [classes, 1])), logits.shape.slice(0, 1));
      const counted = weights ? multiply(ofClass, weights) : ofClass;
      const weight = reduceSum(counted, [0]);
      const total = reduceSum(weights ? multiply(rows, weights) : rows, [0]);
      return { loss: divide(total, maximum(weight, graph.scalar(1e-30))), weight, figures: [correct] };
    },
  },
  /** log(1 + e^−x) for y = 1 and log(1 + e^x) for y = 0, in between in proportion. */
  binary_cross_entropy: {
    target: yesOrNo,
    build: (output, y, spec) => {
      const weights = sampleWeightsOf(output, spec);
      const [target, correct] = decisions(output, y, weights);
      const positive = scale(multiply(target, softplus(scale(output, -1))), spec.positiveWeight ?? 1);
      const negative = multiply(shift(scale(target, -1), 1), softplus(output));
      return { ...weightedMean(perSample(add(positive, negative)), weights), figures: [correct] };
    },
  },
  /** PyTorch's MultiMarginLoss. */
  multi_margin: {
    target: classIds,
    build: (logits, y, spec) => {
      const { margin = 1, exponent = 1 } = spec;
      const { graph } = logits;
      const classes = Number(logits.shape[1]);
      const weights = sampleWeightsOf(logits, spec);
      const oneHot = graph.apply('OneHot', [y], { classes });
      const right = reduceSum(multiply(logits, oneHot), [1], true);
      const excess = relu(shift(subtract(logits, right), margin));
      const wrong = multiply(excess, shift(scale(oneHot, -1), 1));
      const rows = scale(reduceSum(exponent === 2 ? multiply(wrong, wrong) : wrong, [1]), 1 / classes);
      return { ...weightedMean(rows, weights), figures: [correctOf(logits, y, weights)] };
    },
  },
  hinge: {
    target: yesOrNo,
    build: (output, y, spec) => {
      const weights = sampleWeightsOf(output, spec);
      const [target, correct] = decisions(output, y, weights);
      const signed = multiply(output, shift(scale(target, 2), -1));
      const rows = perSample(relu(shift(scale(signed, -1), spec.margin ?? 1)));
      return { ...weightedMean(rows, weights), figures: [correct] };
    },
  },
  distillation: {
    target: classIds,
    build: (logits, y, spec, x) => {
      const { temperature = 2, hardShare = 0.5 } = spec;
      const { graph } = logits;
      const weights = sampleWeightsOf(logits, spec);
      const said = spec.teacher?.(x) ?? graph.input('teacherLogits', 'float32', logits.shape);
      const teacher = scale(said, 1 / temperature);
      const student = scale(logits, 1 / temperature);
      const target = graph.apply('Softmax', [teacher], { axis: 1 });
      // KL = cross-entropy − the teacher's own entropy, which no weight moves.
      const soft = subtract(softCrossEntropy(student, target), softCrossEntropy(teacher, target));
      const hard = graph.apply('SoftmaxCrossEntropy', [logits, y], { labelSmoothing: 0 });
      const rows = add(scale(hard, hardShare), scale(soft, (1 - hardShare) * temperature ** 2));
      return { ...weightedMean(rows, weights), figures: [correctOf(logits, y, weights)] };
    },
  },
};
