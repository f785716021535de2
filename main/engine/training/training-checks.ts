import { nearest } from '../../base/nearest.ts';
import { ITEMS_PER_CLASS, type RunConfig, type TaskName } from '../../contract/run-config.ts';
import { groupOf } from '../../graph/index.ts';
import type { Model } from '../../models/index.ts';
import type { Checks } from './task-plans.ts';

type Augmentation = NonNullable<RunConfig['augmentation']>;

/** What the samples of a task can be changed as; tasks that are not named cannot augment. */
const AUGMENTABLE: Readonly<Partial<Record<TaskName, Augmentation['kind']>>> = {
  'image-classification': 'image',
  'image-segmentation': 'image',
  'object-detection': 'image',
  'image-generation': 'image',
  'metric-learning': 'image',
  'series-forecasting': 'series',
  'text-classification': 'text',
  'language-modeling': 'text',
  'sequence-to-sequence': 'text',
};

/** Why the batches of a task have no parts. */
const WHOLE: Readonly<Partial<Record<TaskName, string>>> = {
  'node-classification': 'A graph is learned from as a whole: it has no parts.',
  'metric-learning': 'Pictures are compared with all others of their batch: it has no parts.',
};

/** Changes that masks and boxes would have to follow. */
const MOVING = [
  ...['horizontalFlip', 'verticalFlip', 'crop', 'rotation'],
  ...['scaling', 'translation', 'shear'],
] as readonly (keyof Extract<Augmentation, { kind: 'image' }>)[];
const NAMES_SHOWN = 4;

/** Checks the training options of a config against each other, its task and its device. */
export function checkTraining(checks: Checks): void {
  const { config, error, warning } = checks;
  const { clipNorm, clipValue, accumulate = 1, mixedPrecision } = config.training;
  if (clipNorm !== undefined && clipValue !== undefined)
    error('training.clipValue', 'Gradients are clipped by their norm or by value, not both.', 'Remove one of the two.');
  if (accumulate > 1 && WHOLE[config.task] !== undefined)
    error('training.accumulate', WHOLE[config.task] ?? '', 'Remove accumulate.');
  else if (accumulate > config.data.batchSize)
    warning(
      'training.accumulate',
      `A batch of ${config.data.batchSize} has no ${accumulate} parts: each sample will be one.`,
      `Raise data.batchSize, or lower it to ${config.data.batchSize}.`,
    );
  if (mixedPrecision && config.device === 'cpu')
    warning(
      'training.mixedPrecision',
      'Processors multiply slower in float16 than in float32.',
      'Remove it, or choose another device.',
    );
  if (config.augmentation !== undefined) checkAugmentation(checks, config.augmentation);
}

/** Checks what the batches of metric learning are made up of. */
export function checkBatches({ config, error, warning }: Checks, classCount: number): void {
  const { batchSize, itemsPerClass } = config.data;
  if (config.task !== 'metric-learning') {
    if (itemsPerClass !== undefined)
      warning('data.itemsPerClass', `The task ${config.task} takes items of any class as they come.`, 'Remove it.');
    return;
  }
  const each = itemsPerClass ?? ITEMS_PER_CLASS;
  const wanted = Math.floor(batchSize / each);
  const room = Math.min(wanted, classCount);
  if (wanted < 2)
    error(
      'data.batchSize',
      `A batch of ${batchSize} has no room for ${each} items of each of two classes.`,
      `Raise it to ${2 * each}, or lower data.itemsPerClass.`,
    );
  else if (room * each !== batchSize)
    warning(
      'data.batchSize',
      `Batches will hold ${room * each} items: ${each} of each of ${room} classes${room < wanted ? ', which is all that there are' : ''}.`,
      `Set it to ${room * each}, or change data.itemsPerClass.`,
    );
}

/**
 * Checks that there is a validation for whatever waits for one.
 * @param count items of the validation split of the dataset
 */
export function checkValidation({ config, error, warning }: Checks, count: number): void {
  const { data, schedule, task, training } = config;
  // What draws pictures has no loss in evaluation mode.
  const draws = task === 'image-generation';
  if (!draws && (count > 0 || data.validationFraction > 0)) return;
  const nothing = draws ? `The task ${task} has no validation loss.` : 'There is nothing to validate on.';
  const more = draws ? '' : ', or set data.validationFraction to 0.1 or so';
  const [stopping, plateau] = [training.earlyStopping !== undefined, schedule.kind === 'reduce_on_plateau'];
  if (stopping) error('training.earlyStopping', nothing, `Remove it${more}.`);
  if (plateau)
    error(
      'schedule.kind',
      `${nothing} The learning rate would never fall.`,
      `Choose another schedule, such as cosine${more}.`,
    );
  if (!stopping && !plateau && !draws)
    warning(
      'data.validationFraction',
      'There is nothing to validate on: the last checkpoint counts as the best.',
      'Set it to 0.1 or so.',
    );
}

function checkAugmentation({ config, error }: Checks, augmentation: Augmentation): void {
  const { task } = config;
  const kind = AUGMENTABLE[task];
  if (kind !== augmentation.kind) {
    error(
      'augmentation.kind',
      `The task ${task} does not learn from ${SAMPLES[augmentation.kind]}.`,
      kind === undefined ? 'Remove augmentation.' : `Use kind: ${kind}.`,
    );
    return;
  }
  if (augmentation.kind !== 'image') return;
  if (augmentation.mixup !== undefined && augmentation.cutmix !== undefined)
    error('augmentation.cutmix', 'A step mixes by mixup or by cutmix, not both.', 'Remove one of the two.');
  for (const name of ['mixup', 'cutmix'] as const) {
    if (augmentation[name] === undefined) continue;
    if (task !== 'image-classification')
      error(`augmentation.${name}`, `It mixes classes of pictures, which ${task} has not.`, `Remove ${name}.`);
    else if (config.loss.kind !== 'cross_entropy')
      error(
        `augmentation.${name}`,
        `The loss ${config.loss.kind} wants one class per picture, and mixed pictures have two.`,
        `Use loss: { kind: cross_entropy }, or remove ${name}.`,
      );
  }
  if (task === 'image-segmentation' || task === 'object-detection')
    for (const name of MOVING)
      if (augmentation[name] !== undefined)
        error(
          `augmentation.${name}`,
          'Masks and boxes would stay where they are while the picture moves.',
          `Remove ${name}; brightness, contrast, saturation, hue and cutout work.`,
        );
  const { scaling } = augmentation;
  if (scaling !== undefined && scaling[0] > scaling[1])
    error('augmentation.scaling', 'The least factor comes first.', `Write [${scaling[1]}, ${scaling[0]}].`);
}

const SAMPLES: Readonly<Record<Augmentation['kind'], string>> = {
  image: 'pictures',
  series: 'windows of a series',
  text: 'texts',
};

/** Checks the training options against the model: names of weights, colours of its input. */
export function checkAgainstModel(checks: Checks, model: Model): void {
  const { config, error } = checks;
  if (config.augmentation?.kind === 'image' && model.input.kind === 'image' && model.input.channels === 1)
    for (const name of ['saturation', 'hue'] as const)
      if (config.augmentation[name] !== undefined)
        error(`augmentation.${name}`, 'Grey pictures have no colours to change.', `Remove ${name}.`);
  checkParameterGroups(checks, model);
}

/** Each group is one: a pattern that fits nothing is a mistyped name. */
function checkParameterGroups({ config, error }: Checks, model: Model): void {
  const groups = config.optimizer.parameterGroups ?? [];
  const names = model.module.namedParameters().map(([name]) => name);
  groups.forEach(({ match }, index) => {
    if (names.some((name) => groupOf([{ match }], name) !== undefined)) return;
    const guess = nearest(match, names);
    const some = `The model has ${names.slice(0, NAMES_SHOWN).join(', ')}${names.length > NAMES_SHOWN ? ', …' : ''}`;
    error(
      `optimizer.parameterGroups.${index}.match`,
      `No weight of the model is called ${match}.`,
      guess === undefined || match.includes('*') ? `${some}.` : `Did you mean ${guess}?`,
    );
  });
  const treated = groups.map(({ match, frozen = false }) => ({ match, frozen }));
  if (names.every((name) => groupOf(treated, name)?.frozen))
    error('optimizer.parameterGroups', 'Every weight is frozen: nothing can learn.', 'Leave one group unfrozen.');
}
