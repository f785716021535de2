import { useCallback } from 'react';
import type { DatasetVersion, ItemFilter } from '../../../main/contract/datasets.ts';
import type { LabelSet } from '../../../main/contract/labeling.ts';
import type { Selection } from '../../viewers/grid-selection.ts';
import { ImageGrid } from '../../viewers/image-grid.tsx';
import { className, decorationOf, describeItem, nativeSide } from '../../viewers/item-words.ts';
import { useItems } from '../../viewers/use-items.ts';
import classes from './label-bench.module.css';

export interface LabelGridProps {
  readonly dataset: DatasetVersion;
  readonly labelSet: LabelSet;
  readonly filter: ItemFilter;
  readonly indices: readonly number[];
  readonly labels: readonly number[];
  readonly tilePx: number;
  readonly selection: Selection;
  readonly onSelectionChange: (selection: Selection) => void;
  readonly active: number;
  readonly onActiveChange: (position: number) => void;
  readonly onOpen: (position: number) => void;
}

/** The grid for labelling a selection at once. Labels come from the session, so that they show before they are saved. */
export function LabelGrid(props: LabelGridProps) {
  const { dataset, labelSet, filter, indices, labels } = props;
  const items = useItems({ datasetDigest: dataset.digest, indices, labelSetId: labelSet.id, runId: filter.runId });
  const decorate = useCallback(
    (index: number) => {
      const item = items.of(index);
      const label = labels[index] ?? -1;
      return item === undefined
        ? { text: label < 0 ? '' : className(labelSet.classes, label) }
        : decorationOf({ ...item, currentLabel: label }, labelSet.classes);
    },
    [items, labels, labelSet],
  );
  const describe = useCallback(
    (index: number) => {
      const item = items.of(index);
      const current = item === undefined ? undefined : { ...item, currentLabel: labels[index] ?? -1 };
      return describeItem(index, current, labelSet.classes);
    },
    [items, labels, labelSet],
  );
  return (
    <div className={classes.stage}>
      <ImageGrid
        datasetDigest={dataset.digest}
        indices={indices}
        tilePx={props.tilePx}
        nativePx={nativeSide(dataset)}
        decorate={decorate}
        describe={describe}
        selection={props.selection}
        onSelectionChange={props.onSelectionChange}
        active={props.active}
        onActiveChange={props.onActiveChange}
        onRest={items.look}
        onOpen={props.onOpen}
        label={`Images to label in ${labelSet.name}`}
      />
    </div>
  );
}
