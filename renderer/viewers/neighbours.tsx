import { Text } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Neighbour } from '../../main/contract/evaluation.ts';
import { paths } from '../components/paths.ts';
import { ItemThumbnail } from './item-thumbnail.tsx';
import { className } from './item-words.ts';
import classes from './neighbours.module.css';

interface NeighboursProps {
  readonly datasetDigest: string;
  readonly classes: readonly string[];
  /** Class of the picture whose neighbours they are; null where nobody knows it. */
  readonly label: number | null;
  readonly neighbours: readonly Neighbour[];
}

const thumbnailPx = 56;

/** Pictures that lie near another one, the nearest first; those of its class are marked right, the others wrong. */
export function Neighbours({ datasetDigest, classes: names, label, neighbours }: NeighboursProps) {
  return (
    <ol className={classes.neighbours}>
      {neighbours.map((near) => {
        const isRight = label === null ? undefined : near.label === label;
        const name = className(names, near.label);
        return (
          <li key={near.index}>
            <Link
              to={paths.dataset(datasetDigest, `item=${near.index}`)}
              className={classes.neighbour}
              data-right={isRight}
              title={`Item ${near.index}, ${name}${isRight === undefined ? '' : isRight ? ', of the same class' : ', of another class'}, cosine similarity ${near.similarity.toFixed(3)}`}
            >
              <ItemThumbnail datasetDigest={datasetDigest} index={near.index} sizePx={thumbnailPx} alt="" />
              <span className={classes.words}>
                {isRight === true && <IconCheck size={12} aria-label="Right" />}
                {isRight === false && <IconX size={12} aria-label="Wrong" />}
                <span>{name}</span>
              </span>
              <Text span size="xs" c="dimmed">
                {near.similarity.toFixed(3)}
              </Text>
            </Link>
          </li>
        );
      })}
    </ol>
  );
}
