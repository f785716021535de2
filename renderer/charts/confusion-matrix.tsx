import { useState } from 'react';
import { Link } from 'react-router';
import { formatCount } from '../components/format.ts';
import type { Normalisation } from './confusion.ts';
import { cellDepths, cellShares } from './confusion.ts';
import classes from './confusion-matrix.module.css';

export interface ConfusionMatrixProps {
  readonly classes: readonly string[];
  /** [true][predicted] counts. */
  readonly matrix: readonly (readonly number[])[];
  readonly normalisation: Normalisation;
  /** Where the images of a cell are; cells without images are no links. */
  readonly linkOf?: (trueClass: number, predictedClass: number) => string;
}

/** Above this the cells are too small for numbers. */
const numbersUpTo = 26;
/** Full colour is for charts; behind text a little less reads better. */
const deepestPercent = 92;
const strongDepth = 0.68;

/** Rows are what is true, columns what was predicted. Right answers are blue, mistakes orange; depth is the share. */
export function ConfusionMatrix({ classes: names, matrix, normalisation, linkOf }: ConfusionMatrixProps) {
  const [active, setActive] = useState<readonly [number, number] | null>(null);
  const shares = cellShares(matrix, normalisation === 'counts' ? 'row' : normalisation);
  const depths = cellDepths(shares);
  const showNumbers = names.length <= numbersUpTo;
  const text = (row: number, column: number) => {
    const count = matrix[row]?.[column] ?? 0;
    if (normalisation === 'counts') return count === 0 ? '' : formatCount(count);
    const share = shares[row]?.[column] ?? 0;
    return count === 0 ? '' : `${(share * 100).toFixed(share >= 0.0995 || share === 0 ? 0 : 1)}`;
  };
  return (
    <div className={classes.frame} data-dense={!showNumbers || undefined}>
      <table
        className={classes.matrix}
        style={{ '--classes': names.length, '--largest-cell': largestCell(names.length) } as React.CSSProperties}
        onMouseLeave={() => setActive(null)}
      >
        <caption className={classes.caption}>
          Rows: true class. Columns: predicted class.
          {normalisation === 'counts' ? ' Counts.' : ` Percent of each ${normalisation === 'row' ? 'row' : 'column'}.`}
          {linkOf !== undefined && ' A cell opens its images.'}
        </caption>
        <thead>
          <tr>
            <th scope="col" className={classes.corner}>
              true ↓ predicted →
            </th>
            {names.map((name, column) => (
              <th key={name} scope="col" data-active={active?.[1] === column || undefined} title={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((trueName, row) => (
            <tr key={trueName}>
              <th scope="row" data-active={active?.[0] === row || undefined} title={trueName}>
                {trueName}
              </th>
              {names.map((predictedName, column) => {
                const count = matrix[row]?.[column] ?? 0;
                const label = `${formatCount(count)} of ${trueName} predicted as ${predictedName}`;
                const depth = depths[row]?.[column] ?? 0;
                return (
                  <td
                    key={predictedName}
                    data-right={row === column || undefined}
                    data-strong={depth > strongDepth || undefined}
                    data-zero={count === 0 || undefined}
                    style={{ '--share': `${Math.round(depth * deepestPercent)}%` } as React.CSSProperties}
                    onMouseEnter={() => setActive([row, column])}
                  >
                    {linkOf === undefined || count === 0 ? (
                      <span title={label}>{showNumbers ? text(row, column) : ''}</span>
                    ) : (
                      <Link
                        to={linkOf(row, column)}
                        aria-label={`${label}: show the images`}
                        title={label}
                        onFocus={() => setActive([row, column])}
                      >
                        {showNumbers ? text(row, column) : ''}
                      </Link>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A few classes get room for their names. */
function largestCell(classCount: number): string {
  return classCount <= 6 ? '88px' : '46px';
}
