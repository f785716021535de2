import { Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useProcedure } from '../../client/index.ts';
import { Panel } from '../../components/panel.tsx';
import { Answered } from '../../components/states.tsx';
import classes from './run.module.css';
import type { RunTabProps } from './run-tab.ts';

const refreshMs = 2000;

/** What the process of the run wrote, newest line in view. */
export function RunLogTab({ run }: RunTabProps) {
  const going = run.status === 'RUNNING' || run.status === 'SCHEDULED';
  const log = useProcedure('jobs.log', { id: run.jobId }, going ? { refetchIntervalMs: refreshMs } : {});
  const end = useRef<HTMLDivElement>(null);
  const count = log.data?.lines.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when lines arrive
  useEffect(() => {
    // Newer browsers answer with a promise, which React would take for a clean-up.
    void end.current?.scrollIntoView({ block: 'nearest' });
  }, [count]);
  return (
    <Panel title="Log" flush>
      <Answered query={log}>
        {({ lines }) =>
          lines.length === 0 ? (
            <Text c="dimmed" p="lg">
              Nothing was written.
            </Text>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
            <div className={classes.log} tabIndex={0} role="log" aria-label="Log of the run">
              {lines.map((line, position) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a log only grows at its end
                <div key={position} data-level={line.level}>
                  <span className={classes.logTime}>{line.time.slice(11, 23)}</span>
                  <span>{line.text}</span>
                </div>
              ))}
              <div ref={end} />
            </div>
          )
        }
      </Answered>
    </Panel>
  );
}
