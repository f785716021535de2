import { Alert, Button, Group, Modal, SimpleGrid, Stack, Tabs, Text } from '@mantine/core';
import { IconAlertTriangle, IconArrowBackUp, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { Deployment } from '../../../main/contract/serving.ts';
import { useCommand, useJobs, useProcedure } from '../../client/index.ts';
import { formatCount, formatDuration } from '../../components/format.ts';
import { isLive, JobLine } from '../../components/job-progress.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Fact, When } from '../../components/small.tsx';
import { ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import { CurlLines } from './curl-lines.tsx';
import { bundlePath, DeploymentBadge, isServing } from './deployment-state.tsx';
import type { EndpointTabProps } from './endpoint-tab.ts';
import { PredictionLog } from './prediction-log.tsx';
import { TryIt } from './try-it.tsx';

const refreshMs = 2000;
const tabs = [
  { value: 'try', label: 'Try it', view: TryIt },
  { value: 'log', label: 'Prediction log', view: PredictionLog },
  { value: 'curl', label: 'Use it from elsewhere', view: CurlLines },
] as const;

/** One endpoint: how it does, what it answered, how to talk to it. */
export function EndpointPage() {
  const { endpoint = '', tab = 'try' } = useParams();
  const navigate = useNavigate();
  const deployments = useProcedure('deployments.list', {}, { refetchIntervalMs: refreshMs });
  const jobs = useJobs((state) => state.byId);
  const [rollingBack, setRollingBack] = useState(false);
  const starting = Object.values(jobs).find(
    (job) => job.kind === 'deployment' && job.subject.endpoint === endpoint && isLive(job),
  );
  const deployment = deployments.data?.find((entry) => entry.endpoint === endpoint);
  const crumbs = [{ label: 'Deploy', to: paths.deploy() }, { label: endpoint }];
  if (deployment === undefined)
    return (
      <Page crumbs={crumbs}>
        {deployments.error !== null ? (
          <ErrorState error={deployments.error} retry={() => void deployments.refetch()} />
        ) : starting !== undefined ? (
          <Panel title="Deploying">
            <JobLine job={starting} />
          </Panel>
        ) : deployments.data === undefined ? (
          <LoadingPage />
        ) : (
          <NothingHere title={`There is no endpoint called ${endpoint}`}>
            <TextLink to={paths.deploy()}>Deploy a bundle</TextLink> to make one.
          </NothingHere>
        )}
      </Page>
    );
  const chosen = tabs.find(({ value }) => value === tab) ?? tabs[0];
  return (
    <Page
      crumbs={crumbs}
      aside={<DeploymentBadge state={deployment.state} />}
      actions={<Actions deployment={deployment} onRollback={() => setRollingBack(true)} />}
      toolbar={
        <Tabs
          value={chosen.value}
          onChange={(value) => void navigate(`${paths.endpoint(endpoint)}/${value}`, { replace: true })}
          style={{ alignSelf: 'flex-end' }}
        >
          <Tabs.List>
            {tabs.map(({ value, label }) => (
              <Tabs.Tab key={value} value={value}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      }
    >
      <Stack gap="lg">
        {starting !== undefined && (
          <Panel title="Deploying">
            <JobLine job={starting} />
          </Panel>
        )}
        {deployment.error !== null && (
          <Alert color="red" icon={<IconAlertTriangle size={18} />} title="The model server has a problem">
            {deployment.error}
          </Alert>
        )}
        <Panel>
          <SimpleGrid cols={{ base: 2, sm: 4, lg: 7 }} spacing="md" verticalSpacing="sm">
            <Fact label="Serves">
              <TextLink to={paths.modelVersion(deployment.modelName, deployment.version)}>
                {deployment.modelName} v{deployment.version}
              </TextLink>
            </Fact>
            <Fact label="Bundle">
              <TextLink to={bundlePath(deployment.bundleDigest)}>Open the bundle</TextLink>
            </Fact>
            <Fact label="Address">{deployment.url ?? 'not listening'}</Fact>
            <Fact label="Requests">{formatCount(deployment.requests)}</Fact>
            <Fact label="Failed">
              <Text span c={deployment.failures > 0 ? 'var(--lb-bad)' : undefined}>
                {formatCount(deployment.failures)}
              </Text>
            </Fact>
            <Fact label="Latency, median">{formatDuration(deployment.latencyP50Ms)}</Fact>
            <Fact label="95th percentile">{formatDuration(deployment.latencyP95Ms)}</Fact>
            <Fact label="Deployed by">{deployment.deployedBy}</Fact>
            <Fact label="Up since">{deployment.startedAt === null ? '–' : <When time={deployment.startedAt} />}</Fact>
            <Fact label="Process">{deployment.processId ?? '–'}</Fact>
            <Fact label="Before that">
              {deployment.previousVersion === null ? 'nothing' : `version ${deployment.previousVersion}`}
            </Fact>
          </SimpleGrid>
        </Panel>
        <chosen.view deployment={deployment} />
      </Stack>
      <RollbackDialog deployment={deployment} opened={rollingBack} close={() => setRollingBack(false)} />
    </Page>
  );
}

function Actions({ deployment, onRollback }: { readonly deployment: Deployment; readonly onRollback: () => void }) {
  const stop = useCommand('deployments.stop');
  const start = useCommand('deployments.start');
  const { endpoint } = deployment;
  return (
    <Group gap="sm">
      {deployment.previousVersion !== null && (
        <Button variant="default" leftSection={<IconArrowBackUp size={14} />} onClick={onRollback}>
          Roll back to v{deployment.previousVersion}
        </Button>
      )}
      {isServing(deployment.state) ? (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={14} />}
          loading={stop.isPending}
          onClick={() => stop.mutate({ endpoint })}
        >
          Stop
        </Button>
      ) : (
        <Button
          leftSection={<IconPlayerPlay size={14} />}
          loading={start.isPending}
          onClick={() => start.mutate({ endpoint })}
        >
          Start
        </Button>
      )}
    </Group>
  );
}

interface RollbackDialogProps extends EndpointTabProps {
  readonly opened: boolean;
  readonly close: () => void;
}

function RollbackDialog({ deployment, opened, close }: RollbackDialogProps) {
  const rollback = useCommand('deployments.rollback', { onSuccess: close, onError: () => true });
  return (
    <Modal opened={opened} onClose={close} title={`Roll ${deployment.endpoint} back`}>
      <Stack>
        <Text>
          The endpoint goes from version {deployment.version} back to version {deployment.previousVersion}. Requests
          that are under way are answered; none is dropped.
        </Text>
        {rollback.error !== null && <ErrorState inline error={rollback.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            color="red"
            loading={rollback.isPending}
            onClick={() => rollback.mutate({ endpoint: deployment.endpoint })}
          >
            Roll back
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
