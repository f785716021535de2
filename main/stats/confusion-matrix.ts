/** counts[actual × classCount + predicted]. */
export interface ConfusionMatrix {
  readonly classCount: number;
  readonly counts: Uint32Array;
}

/** Pairs with a label or a prediction below 0 (unlabeled) are left out. */
export function confusionMatrix(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classCount: number,
): ConfusionMatrix {
  if (actual.length !== predicted.length)
    throw new RangeError(`There are ${actual.length} labels and ${predicted.length} predictions.`);
  const counts = new Uint32Array(classCount * classCount);
  for (let i = 0; i < actual.length; i++) {
    if (actual[i] >= classCount || predicted[i] >= classCount)
      throw new RangeError(`Item ${i} has the class ${Math.max(actual[i], predicted[i])} of ${classCount}.`);
    if (actual[i] >= 0 && predicted[i] >= 0) counts[actual[i] * classCount + predicted[i]]++;
  }
  return { classCount, counts };
}
