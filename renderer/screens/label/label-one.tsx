import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { LabelSet } from '../../../main/contract/labeling.ts';
import { assetUrl } from '../../client/index.ts';
import { ImageCanvas } from '../../viewers/image-canvas.tsx';
import { Filmstrip } from './filmstrip.tsx';
import classes from './label-bench.module.css';

export interface LabelOneProps {
  readonly dataset: DatasetVersion;
  readonly labelSet: LabelSet;
  readonly indices: readonly number[];
  readonly position: number;
  readonly labels: readonly number[];
  readonly onPosition: (position: number) => void;
}

/** One image as large as fits, its neighbours in a strip below. */
export function LabelOne({ dataset, labelSet, indices, position, labels, onPosition }: LabelOneProps) {
  const index = indices[position] ?? 0;
  return (
    <div className={classes.stage}>
      <ImageCanvas src={assetUrl('datasets.image', { digest: dataset.digest, index })} alt={`Item ${index}`} />
      <Filmstrip
        datasetDigest={dataset.digest}
        indices={indices}
        position={position}
        labels={labels}
        classNames={labelSet.classes}
        onPosition={onPosition}
      />
    </div>
  );
}
