import { formatPercent } from './format.ts';
import classes from './probability-bars.module.css';

export interface ProbabilityBarsProps {
  readonly classes: readonly string[];
  readonly probabilities: readonly number[];
  /** True class, marked; -1 or absent: not known. */
  readonly label?: number;
  /** Class that is being explained. */
  readonly target?: number;
  /** Makes the rows buttons that choose a class. */
  readonly onChoose?: (index: number) => void;
  /** Shows the most probable ones only. */
  readonly limit?: number;
}

/** How sure the model is of each class, the surest first. */
export function ProbabilityBars(props: ProbabilityBarsProps) {
  const { classes: names, probabilities, label = -1, target, onChoose, limit = 10 } = props;
  const order = probabilities
    .map((probability, index) => ({ probability, index }))
    .sort((a, b) => b.probability - a.probability);
  const shown = order.filter(({ index }, position) => position < limit || index === label || index === target);
  return (
    <ul className={classes.list}>
      {shown.map(({ probability, index }) => {
        const content = (
          <>
            <span className={classes.name}>
              {names[index] ?? index}
              {index === label && <span className={classes.mark}> true class</span>}
            </span>
            <span className={classes.track}>
              <span className={classes.bar} style={{ width: `${probability * 100}%` }} />
            </span>
            <span className={classes.value}>{formatPercent(probability, 1)}</span>
          </>
        );
        const data = { 'data-target': index === target || undefined, 'data-label': index === label || undefined };
        return (
          <li key={index}>
            {onChoose === undefined ? (
              <div className={classes.row} {...data}>
                {content}
              </div>
            ) : (
              <button
                type="button"
                className={classes.row}
                {...data}
                aria-pressed={index === target}
                title="Explain this class"
                onClick={() => onChoose(index)}
              >
                {content}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
