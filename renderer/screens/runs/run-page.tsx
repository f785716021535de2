import { Button, Group, Tabs } from '@mantine/core';
import {
  IconBox,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconX,
} from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import type { Run } from '../../../main/contract/training.ts';
import { useCommand, useProcedure } from '../../client/index.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { StateBadge } from '../../components/small.tsx';
import { ErrorState, LoadingPage } from '../../components/states.tsx';
import { EditRunDialog } from './edit-run-dialog.tsx';
import { RegisterDialog } from './register-dialog.tsx';
import { RunConfigTab } from './run-config-tab.tsx';
import { EvaluationTab } from './run-evaluation-tab.tsx';
import { ExplanationTab } from './run-explanation-tab.tsx';
import { LayersTab } from './run-layers-tab.tsx';
import { RunLogTab } from './run-log-tab.tsx';
import { OverviewTab } from './run-overview-tab.tsx';
import { useRunLive } from './use-run-live.ts';

const tabs = [
  { value: 'overview', label: 'Overview', view: OverviewTab },
  { value: 'layers', label: 'Layers', view: LayersTab },
  { value: 'evaluation', label: 'Evaluation', view: EvaluationTab },
  { value: 'explanation', label: 'Explanation', view: ExplanationTab },
  { value: 'config', label: 'Config & model', view: RunConfigTab },
  { value: 'log', label: 'Log', view: RunLogTab },
] as const;

/** One run, while it goes and afterwards. */
export function RunPage() {
  const { runId = '', tab = 'overview' } = useParams();
  const record = useProcedure('runs.get', { runId });
  const live = useRunLive(runId);
  const navigate = useNavigate();
  const [registering, setRegistering] = useState(false);
  const [editing, setEditing] = useState(false);
  const run = newest(live.run, record.data?.run);
  const chosen = tabs.find((entry) => entry.value === tab) ?? tabs[0];
  useScreenActions(
    'Run',
    run === undefined
      ? []
      : [
          {
            id: 'register',
            label: 'Register this run as a model version',
            disabled: !isRegistrable(run),
            run: () => setRegistering(true),
          },
          {
            id: 'again',
            label: 'Train again from this config',
            run: () => void navigate(paths.train(`run=${run.id}`)),
          },
          {
            id: 'edit',
            label: 'Edit name, note and tags of this run',
            run: () => setEditing(true),
          },
        ],
  );

  if (run === undefined || record.data === undefined)
    return (
      <Page crumbs={[{ label: 'Runs', to: paths.runs() }, { label: 'Run' }]}>
        {record.error === null ? (
          <LoadingPage />
        ) : (
          <ErrorState error={record.error} retry={() => void record.refetch()} />
        )}
      </Page>
    );
  return (
    <Page
      crumbs={[{ label: 'Runs', to: paths.runs() }, { label: run.name }]}
      aside={<StateBadge state={run.status} />}
      actions={<Actions run={run} onEdit={() => setEditing(true)} onRegister={() => setRegistering(true)} />}
      toolbar={
        <Tabs
          value={chosen.value}
          onChange={(value) => void navigate(`${paths.run(run.id)}/${value}`, { replace: true })}
          style={{ alignSelf: 'flex-end' }}
        >
          <Tabs.List>
            {tabs.map(({ value, label }) => (
              <Tabs.Tab key={value} value={value} id={`run-tab-${value}`}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      }
    >
      <chosen.view run={run} record={record.data} live={live} />
      <RegisterDialog run={run} opened={registering} close={() => setRegistering(false)} />
      {editing && <EditRunDialog run={run} close={() => setEditing(false)} />}
    </Page>
  );
}

interface ActionsProps {
  readonly run: Run;
  readonly onEdit: () => void;
  readonly onRegister: () => void;
}

function Actions({ run, onEdit, onRegister }: ActionsProps) {
  const pause = useCommand('runs.pause');
  const stop = useCommand('runs.stop');
  const resume = useCommand('runs.resume');
  const cancel = useCommand('jobs.cancel');
  const going = run.status === 'RUNNING' || run.status === 'SCHEDULED';
  const resumable = run.status === 'PAUSED' || run.status === 'FAILED' || run.status === 'KILLED';
  return (
    <Group gap="sm" wrap="nowrap">
      <Button variant="default" leftSection={<IconPencil size={14} />} onClick={onEdit}>
        Edit
      </Button>
      {run.status === 'RUNNING' && (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={14} />}
          loading={pause.isPending}
          onClick={() => pause.mutate({ runId: run.id })}
        >
          Pause
        </Button>
      )}
      {run.status === 'SCHEDULED' && (
        <Button
          variant="default"
          leftSection={<IconX size={14} />}
          loading={cancel.isPending}
          onClick={() => cancel.mutate({ id: run.jobId })}
        >
          Cancel
        </Button>
      )}
      {(run.status === 'RUNNING' || run.status === 'PAUSED') && (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={14} />}
          loading={stop.isPending}
          onClick={() => stop.mutate({ runId: run.id })}
        >
          Stop
        </Button>
      )}
      {resumable && (
        <Button
          variant={run.status === 'PAUSED' ? 'filled' : 'default'}
          leftSection={<IconPlayerPlay size={14} />}
          loading={resume.isPending}
          onClick={() => resume.mutate({ runId: run.id })}
        >
          Resume
        </Button>
      )}
      {!going && (
        <Button
          variant="default"
          component={Link}
          to={paths.train(`run=${run.id}`)}
          leftSection={<IconRefresh size={14} />}
        >
          Train again
        </Button>
      )}
      {isRegistrable(run) && (
        <Button leftSection={<IconBox size={14} />} onClick={onRegister}>
          Register model
        </Button>
      )}
    </Group>
  );
}

function isRegistrable(run: Run): boolean {
  return run.status === 'FINISHED' && run.bestCheckpoint !== null;
}

/** The stream is ahead of the record, except right after a command has answered. */
function newest(live: Run | null, record: Run | undefined): Run | undefined {
  if (live === null || record === undefined) return live ?? record;
  if (live.status !== record.status && (record.endedAt ?? '') > (live.endedAt ?? '')) return record;
  return live.step >= record.step ? live : record;
}
