import { Anchor, Button, Stack, Table, Text } from '@mantine/core';
import { IconPackage, IconRocket } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Bundle, Deployment } from '../../../main/contract/serving.ts';
import { useProcedure } from '../../client/index.ts';
import { formatBytes, formatCount, formatDuration } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Digest, When } from '../../components/small.tsx';
import { Answered, NothingHere } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import classes from './deploy.module.css';
import { DeployDialog } from './deploy-dialog.tsx';
import { bundlePath, DeploymentBadge } from './deployment-state.tsx';
import { ParityBadge } from './parity-certificate.tsx';

const latencyRefreshMs = 3000;

/** Endpoints that serve, and the bundles they can serve. */
export function DeployPage() {
  const deployments = useProcedure('deployments.list', {}, { refetchIntervalMs: latencyRefreshMs });
  const bundles = useProcedure('bundles.list', {});
  const [deploying, setDeploying] = useState<Bundle | null>(null);
  return (
    <Page crumbs={[{ label: 'Deploy' }]}>
      <Answered query={bundles}>
        {(list) =>
          list.length === 0 && (deployments.data ?? []).length === 0 ? (
            <NothingHere
              icon={<IconPackage size={28} />}
              title="Nothing to deploy yet"
              actions={
                <Button component={Link} to={paths.models()}>
                  Choose a model version
                </Button>
              }
            >
              Export a model version. Its bundle holds the ONNX graph with preprocessing inside, checksums, a model card
              and a certificate that it answers like the trained model.
            </NothingHere>
          ) : (
            <Stack gap="lg">
              <Endpoints deployments={deployments.data ?? []} />
              <Bundles bundles={list} onDeploy={setDeploying} />
            </Stack>
          )
        }
      </Answered>
      <DeployDialog bundle={deploying} deployments={deployments.data ?? []} close={() => setDeploying(null)} />
    </Page>
  );
}

function Endpoints({ deployments }: { readonly deployments: readonly Deployment[] }) {
  return (
    <Panel title="Endpoints on this machine" flush>
      {deployments.length === 0 ? (
        <Text c="dimmed" p="lg">
          None yet. Deploy a bundle below: a model server starts in a process of its own and speaks the Open Inference
          Protocol.
        </Text>
      ) : (
        <Table.ScrollContainer type="native" tabIndex={0} minWidth={760}>
          <Table highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Endpoint</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Serves</Table.Th>
                <Table.Th>Address</Table.Th>
                <Table.Th ta="right">Requests</Table.Th>
                <Table.Th ta="right">Failed</Table.Th>
                <Table.Th ta="right">Median</Table.Th>
                <Table.Th ta="right">95th percentile</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {deployments.map((deployment) => (
                <Table.Tr key={deployment.endpoint}>
                  <Table.Td>
                    <Link to={paths.endpoint(deployment.endpoint)} className={classes.name}>
                      {deployment.endpoint}
                    </Link>
                  </Table.Td>
                  <Table.Td>
                    <DeploymentBadge state={deployment.state} />
                  </Table.Td>
                  <Table.Td>
                    <TextLink to={paths.modelVersion(deployment.modelName, deployment.version)}>
                      {deployment.modelName} v{deployment.version}
                    </TextLink>
                  </Table.Td>
                  <Table.Td className={classes.mono}>{deployment.url ?? '–'}</Table.Td>
                  <Table.Td ta="right">{formatCount(deployment.requests)}</Table.Td>
                  <Table.Td ta="right" c={deployment.failures > 0 ? 'var(--lb-bad)' : 'dimmed'}>
                    {formatCount(deployment.failures)}
                  </Table.Td>
                  <Table.Td ta="right">{formatDuration(deployment.latencyP50Ms)}</Table.Td>
                  <Table.Td ta="right">{formatDuration(deployment.latencyP95Ms)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Panel>
  );
}

interface BundlesProps {
  readonly bundles: readonly Bundle[];
  readonly onDeploy: (bundle: Bundle) => void;
}

function Bundles({ bundles, onDeploy }: BundlesProps) {
  return (
    <Panel title="Bundles" flush>
      {bundles.length === 0 ? (
        <Text c="dimmed" p="lg">
          None yet.{' '}
          <Anchor component={Link} to={paths.models()}>
            Open a model version
          </Anchor>{' '}
          and export it.
        </Text>
      ) : (
        <Table.ScrollContainer type="native" tabIndex={0} minWidth={760}>
          <Table highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Bundle</Table.Th>
                <Table.Th>Parity</Table.Th>
                <Table.Th ta="right">Files</Table.Th>
                <Table.Th ta="right">Size</Table.Th>
                <Table.Th>Exported</Table.Th>
                <Table.Th>Digest</Table.Th>
                <Table.Th>
                  <span className={classes.hidden}>Actions</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {bundles.map((bundle) => (
                <Table.Tr key={bundle.digest}>
                  <Table.Td>
                    <Link to={bundlePath(bundle.digest)} className={classes.name}>
                      {bundle.modelName} v{bundle.version}
                    </Link>
                  </Table.Td>
                  <Table.Td>
                    <ParityBadge parity={bundle.parity} />
                  </Table.Td>
                  <Table.Td ta="right">{bundle.files.length}</Table.Td>
                  <Table.Td ta="right">{formatBytes(bundle.sizeBytes)}</Table.Td>
                  <Table.Td>
                    <When time={bundle.createdAt} /> by {bundle.createdBy}
                  </Table.Td>
                  <Table.Td>
                    <Digest value={bundle.digest} label="Bundle" />
                  </Table.Td>
                  <Table.Td ta="right">
                    <Button
                      variant="subtle"
                      leftSection={<IconRocket size={14} />}
                      aria-label={`Deploy ${bundle.modelName} version ${bundle.version}`}
                      onClick={() => onDeploy(bundle)}
                    >
                      Deploy …
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Panel>
  );
}
