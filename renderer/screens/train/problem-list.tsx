import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react';
import type { Diagnostic } from '../../../main/contract/training.ts';
import classes from './train.module.css';

export interface ProblemListProps {
  readonly diagnostics: readonly Diagnostic[];
  readonly onReveal: (problem: Diagnostic) => void;
}

/** Problems of the text; a click goes to the place. */
export function ProblemList({ diagnostics, onReveal }: ProblemListProps) {
  return (
    <ul className={classes.problems} aria-label="Problems">
      {diagnostics.map((entry) => (
        <li key={`${entry.file} ${entry.line} ${entry.column} ${entry.message}`}>
          <button type="button" className={classes.problem} onClick={() => onReveal(entry)}>
            {entry.severity === 'error' ? (
              <IconCircleX size={15} color="var(--lb-bad)" aria-label="Error" />
            ) : (
              <IconAlertTriangle size={15} color="var(--lb-warn)" aria-label="Warning" />
            )}
            <span className={classes.problemText}>
              <span>{entry.message}</span>
              {entry.suggestion !== '' && <span className={classes.suggestion}>{entry.suggestion}</span>}
            </span>
            <span className={classes.place}>
              {entry.file === undefined ? '' : `${entry.file}:`}
              {entry.line}:{entry.column}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
