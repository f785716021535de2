import type { Page } from '@playwright/test';

/** One task of the window's main thread. */
export interface MainThreadTask {
  readonly durationMs: number;
  /** Time on a processor: what the task costs whatever else the machine is doing. */
  readonly cpuMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Records every task of the main thread while `work` goes on, from Chromium's own trace. */
export async function mainThreadTasks(page: Page, work: () => Promise<void>): Promise<readonly MainThreadTask[]> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'],
      recordMode: 'recordAsMuchAsPossible',
    },
  });
  await work();
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const threads = new Set(
    events
      .filter((event) => event.name === 'thread_name' && event.args?.name === 'CrRendererMain')
      .map((event) => `${event.pid}/${event.tid}`),
  );
  return events
    .filter((event) => event.name.endsWith('RunTask') && event.ph === 'X' && threads.has(`${event.pid}/${event.tid}`))
    .map((event) => ({ durationMs: (event.dur ?? 0) / 1000, cpuMs: (event.tdur ?? 0) / 1000 }));
}
