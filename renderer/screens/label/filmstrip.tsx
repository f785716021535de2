import { useElementSize } from '@mantine/hooks';
import { assetUrl } from '../../client/index.ts';
import { formatCount } from '../../components/format.ts';
import { className } from '../../viewers/item-words.ts';
import classes from './label-bench.module.css';

export interface FilmstripProps {
  readonly datasetDigest: string;
  readonly indices: readonly number[];
  readonly position: number;
  readonly labels: readonly number[];
  readonly classNames: readonly string[];
  readonly onPosition: (position: number) => void;
}

const framePx = 64;
const spritePx = 48;
/** Frames come in sheets of this many, so that walking along asks for a new sheet only now and then. */
const sheetLength = 32;
const paddingPx = 16;

/** The items before and after the current one with their labels. */
export function Filmstrip({ datasetDigest, indices, position, labels, classNames, onPosition }: FilmstripProps) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const fitting = Math.max(1, Math.floor((width - paddingPx) / framePx));
  const first = Math.max(0, Math.min(position - Math.floor(fitting / 2), indices.length - fitting));
  const shown = indices.slice(first, first + fitting);
  return (
    <nav ref={ref} className={classes.strip} aria-label="Neighbours in the queue">
      {width > 0 &&
        shown.map((index, offset) => {
          const place = first + offset;
          const label = labels[index] ?? -1;
          const words = className(classNames, label);
          return (
            <button
              key={index}
              type="button"
              tabIndex={-1}
              className={classes.frame}
              aria-current={place === position}
              aria-label={`Item ${formatCount(index)}, ${words}`}
              onClick={() => onPosition(place)}
            >
              <span className={classes.sprite} style={sprite(datasetDigest, indices, place)} />
              <span className={classes.frameLabel} style={label < 0 ? { fontStyle: 'italic' } : undefined}>
                {label < 0 ? 'none' : words}
              </span>
            </button>
          );
        })}
    </nav>
  );
}

function sprite(datasetDigest: string, indices: readonly number[], place: number): React.CSSProperties {
  const start = Math.floor(place / sheetLength) * sheetLength;
  const sheet = indices.slice(start, start + sheetLength);
  const url = assetUrl('datasets.sheet', {
    digest: datasetDigest,
    indices: sheet,
    size: spritePx,
    columns: sheetLength,
  });
  const inset = (60 - spritePx) / 2;
  return {
    backgroundImage: `url("${url}")`,
    width: spritePx,
    marginLeft: inset,
    backgroundPosition: `${-(place - start) * spritePx}px 0`,
  };
}
