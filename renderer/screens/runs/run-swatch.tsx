import { isDashed, seriesColor } from '../../charts/series-color.ts';
import classes from './compare.module.css';

/** The colour of a run in the charts of a comparison. */
export function RunSwatch({ position }: { readonly position: number }) {
  return (
    <span
      className={classes.swatch}
      style={{ borderTopColor: seriesColor(position) }}
      data-dashed={isDashed(position) || undefined}
    />
  );
}
