import type {
  AugmentationSpec,
  ImageAugmentation,
  OptimizerSpec,
  ParameterGroup,
  PreprocessingSpec,
  SeriesAugmentation,
  TrainStepOptions,
} from '../graph/index.ts';
import { PADDING, UNKNOWN } from '../graph/index.ts';
import type { Model } from './build-model.ts';
import { given } from './recipe.ts';

/** What may be left out of a config, as its parser gives it. */
type Optional<Spec> = { readonly [Key in keyof Spec]?: Spec[Key] | undefined };

type OptimizerChoice = OptimizerSpec & {
  readonly learningRate: number;
  readonly parameterGroups?: readonly (Optional<ParameterGroup> & Pick<ParameterGroup, 'match'>)[] | undefined;
  readonly weightDecayExclusions?: TrainStepOptions['weightDecayExclusions'] | undefined;
};

type AugmentationChoice =
  | ({ readonly kind: 'image' } & Optional<Omit<ImageAugmentation, 'kind' | 'normalization' | 'range'>>)
  | ({ readonly kind: 'series' } & Optional<Omit<SeriesAugmentation, 'kind'>>)
  | { readonly kind: 'text'; readonly masking: number };

/** The parts of a run config that say how a step trains. */
interface TrainingChoice {
  readonly optimizer: OptimizerChoice;
  readonly augmentation?: AugmentationChoice | undefined;
  readonly training: Optional<
    Pick<TrainStepOptions, 'clipNorm' | 'clipValue' | 'weightAverage' | 'checkpointSegments'>
  > & {
    readonly accumulate?: number | undefined;
    readonly mixedPrecision?: boolean | undefined;
  };
}

/**
 * How a step trains, in the words of the compiler; all but the loss, the seed and the target.
 *
 * @param preprocessing of the samples as they enter the step: colours are changed in the pixels from before
 * @param model whose own weights and frozen ones come before the groups of the config
 */
export function trainingOptionsOf(
  { optimizer, augmentation, training }: TrainingChoice,
  preprocessing: PreprocessingSpec,
  model: Pick<Model, 'parameters' | 'parameterGroups'> = {},
): Omit<TrainStepOptions, 'loss' | 'seed' | 'target'> {
  const { weightDecayExclusions } = optimizer;
  const chosen = optimizer.parameterGroups?.map((group) => given(group) as ParameterGroup);
  const { accumulate, mixedPrecision, clipNorm, clipValue, weightAverage, checkpointSegments } = training;
  const options: Optional<TrainStepOptions> = {
    clipNorm,
    clipValue,
    weightAverage,
    checkpointSegments,
    weightDecayExclusions,
    microBatches: accumulate,
    mixedPrecision: mixedPrecision ? {} : undefined,
    parameters: model.parameters,
    parameterGroups: model.parameterGroups ? [...model.parameterGroups, ...(chosen ?? [])] : chosen,
    augmentation: augmentation && augmentationOf(augmentation, preprocessing),
  };
  return { optimizer: optimizerOf(optimizer), ...(given(options) as Omit<TrainStepOptions, 'loss' | 'optimizer'>) };
}

function optimizerOf(choice: OptimizerChoice): OptimizerSpec {
  const { learningRate: _, parameterGroups: __, weightDecayExclusions: ___, ...optimizer } = choice;
  return optimizer;
}

function augmentationOf(choice: AugmentationChoice, preprocessing: PreprocessingSpec): AugmentationSpec {
  if (choice.kind === 'text') return { ...choice, maskId: UNKNOWN, paddingId: PADDING };
  const spec = given(choice) as ImageAugmentation | SeriesAugmentation;
  if (spec.kind === 'series' || preprocessing.kind !== 'image') return spec;
  const { mean, deviation } = preprocessing;
  return { ...spec, normalization: { mean, deviation } };
}
