import { Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { LightbenchError } from '../../client/index.ts';
import { Panel } from '../../components/panel.tsx';
import { ErrorState } from '../../components/states.tsx';
import { NotServing } from './exchange.tsx';

interface AskPanelProps {
  readonly title: string;
  readonly serving: boolean;
  readonly error: LightbenchError | null;
  readonly onAsk: () => void;
  /** Above the row of settings. */
  readonly lead?: ReactNode;
  /** The settings in a row, the button that asks last. */
  readonly children: ReactNode;
}

/** What an endpoint is asked for, and why it cannot be. */
export function AskPanel({ title, serving, error, onAsk, lead, children }: AskPanelProps) {
  return (
    <Panel title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onAsk();
        }}
      >
        <Stack gap="md">
          {lead}
          <Group gap="sm" align="flex-end">
            {children}
          </Group>
          {!serving && <NotServing />}
          {error !== null && <ErrorState inline error={error} />}
        </Stack>
      </form>
    </Panel>
  );
}
