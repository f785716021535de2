import { Text } from '@mantine/core';
import type { NearestPictures } from '../../../main/contract/serving.ts';
import { formatCount } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { className } from '../../viewers/item-words.ts';
import { Neighbours } from '../../viewers/neighbours.tsx';

interface NearestProps {
  readonly nearest: NearestPictures;
  readonly names: readonly string[];
}

/** What lies nearest to the picture that was sent, as pictures. */
export function Nearest({ nearest, names }: NearestProps) {
  const { datasetDigest, searched, splits, label, found } = nearest;
  return (
    <Panel
      title="Nearest pictures"
      aside={
        <Text c="dimmed">
          of {formatCount(searched)} in {splits.join(' and ')}, with the cosine similarity
        </Text>
      }
    >
      <Neighbours datasetDigest={datasetDigest} classes={names} label={label} neighbours={found} />
    </Panel>
  );
}

/** The class that most of the nearest pictures have. */
export function Vote({ nearest, names, dimensions }: NearestProps & { readonly dimensions: number }) {
  const votes = new Map<number, number>();
  for (const near of nearest.found) votes.set(near.label, (votes.get(near.label) ?? 0) + 1);
  const [label, same] = [...votes].reduce((best, other) => (other[1] > best[1] ? other : best), [-1, 0]);
  return (
    <div>
      <Text fz={24} fw={600} lh={1.2}>
        {className(names, label)}{' '}
        <Text span c="dimmed" size="sm">
          {same} of the {nearest.found.length} nearest pictures
        </Text>
      </Text>
      {nearest.label !== null && <Text>Its own label is {className(names, nearest.label)}.</Text>}
      <Text c="dimmed">The answer is a vector of {dimensions} numbers, of length 1.</Text>
    </div>
  );
}
