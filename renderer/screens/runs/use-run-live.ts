import { useEffect, useState } from 'react';
import type { MetricSeries, Run } from '../../../main/contract/training.ts';
import { call, LightbenchError, subscribe } from '../../client/index.ts';
import { appendPoints, mergeSeries } from './live-series.ts';

export interface RunLive {
  /** As the stream tells it; null until it has. */
  readonly run: Run | null;
  readonly series: readonly MetricSeries[];
  readonly error: LightbenchError | null;
}

const historyPoints = 2000;
/** Points are drawn a few times a second, however fast they come. */
const drawEveryMs = 250;
const nothing: RunLive = { run: null, series: [], error: null };

/** One run as it goes: the history first, then every point as it comes. */
export function useRunLive(runId: string): RunLive {
  const [live, setLive] = useState<RunLive>(nothing);
  useEffect(() => {
    let series: readonly MetricSeries[] = [];
    let run: Run | null = null;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let stopped = false;
    setLive(nothing);
    const draw = () => {
      timer ??= setTimeout(() => {
        timer = null;
        setLive({ run, series, error: null });
      }, drawEveryMs);
    };
    const readHistory = async () => {
      try {
        const history = await call('runs.metrics', { runIds: [runId], maximumPoints: historyPoints });
        if (stopped) return;
        series = mergeSeries(history, series);
        draw();
      } catch (error) {
        if (!stopped) setLive({ run, series, error: LightbenchError.from(error) });
      }
    };
    const stop = subscribe(
      'runs.watch',
      { runId },
      (event) => {
        if (event.type === 'points') series = appendPoints(series, event.runId, event.points);
        else {
          // A stream that had to begin anew may have missed points.
          if (run !== null && run.status !== event.run.status) void readHistory();
          run = event.run;
        }
        draw();
      },
      (error) => setLive({ run, series, error }),
    );
    void readHistory();
    return () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      stop();
    };
  }, [runId]);
  return live;
}
