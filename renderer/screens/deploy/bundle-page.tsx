import { Alert, Button, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { IconCircleCheck, IconDownload, IconFileUnknown, IconRocket, IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useParams } from 'react-router';
import { assetUrl, useProcedure } from '../../client/index.ts';
import { formatBytes } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Digest, Fact, When } from '../../components/small.tsx';
import { ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import classes from './deploy.module.css';
import { DeployDialog } from './deploy-dialog.tsx';
import { ParityCertificate } from './parity-certificate.tsx';

/** What is in a bundle, and the proof that comes with it. */
export function BundlePage() {
  const { digest = '' } = useParams();
  const bundles = useProcedure('bundles.list', {});
  const deployments = useProcedure('deployments.list', {});
  const [checking, setChecking] = useState(false);
  const verification = useProcedure('bundles.verify', { digest }, { enabled: checking, staleTimeMs: 0 });
  const [deploying, setDeploying] = useState(false);
  const bundle = bundles.data?.find((entry) => entry.digest === digest);
  const crumbs = [
    { label: 'Deploy', to: paths.deploy() },
    { label: bundle === undefined ? 'Bundle' : `${bundle.modelName} v${bundle.version}` },
  ];
  if (bundle === undefined)
    return (
      <Page crumbs={crumbs}>
        {bundles.error !== null ? (
          <ErrorState error={bundles.error} retry={() => void bundles.refetch()} />
        ) : bundles.data === undefined ? (
          <LoadingPage />
        ) : (
          <NothingHere icon={<IconFileUnknown size={28} />} title="There is no such bundle">
            It may belong to another workspace.
          </NothingHere>
        )}
      </Page>
    );
  return (
    <Page
      crumbs={crumbs}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconShieldCheck size={14} />}
            loading={verification.isFetching}
            onClick={() => (checking ? void verification.refetch() : setChecking(true))}
          >
            Verify files
          </Button>
          <Button
            variant="default"
            component="a"
            href={assetUrl('bundles.zip', { digest })}
            download
            leftSection={<IconDownload size={14} />}
          >
            Download .zip
          </Button>
          <Button leftSection={<IconRocket size={14} />} onClick={() => setDeploying(true)}>
            Deploy …
          </Button>
        </>
      }
    >
      <Stack gap="lg">
        {verification.error !== null && <ErrorState inline error={verification.error} />}
        {verification.data !== undefined && !verification.isFetching && (
          <Alert
            color={verification.data.intact ? 'green' : 'red'}
            icon={<IconCircleCheck size={18} />}
            title={verification.data.intact ? 'Every file matches its checksum' : 'The bundle is damaged'}
          >
            {verification.data.problems.map((problem) => (
              <Text key={problem}>{problem}</Text>
            ))}
          </Alert>
        )}
        <ParityCertificate parity={bundle.parity} />
        <Panel>
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md" verticalSpacing="sm">
            <Fact label="Model version">
              <TextLink to={paths.modelVersion(bundle.modelName, bundle.version)}>
                {bundle.modelName} v{bundle.version}
              </TextLink>
            </Fact>
            <Fact label="Exported">
              <When time={bundle.createdAt} /> by {bundle.createdBy}
            </Fact>
            <Fact label="Size">{formatBytes(bundle.sizeBytes)}</Fact>
            <Fact label="Digest">
              <Digest value={bundle.digest} label="Bundle" />
            </Fact>
            <Fact label="Folder in the workspace">{bundle.path}</Fact>
            <Fact label="Zip in the workspace">{bundle.zipPath}</Fact>
          </SimpleGrid>
        </Panel>
        <Panel title={`Files (${bundle.files.length})`} flush>
          <Table.ScrollContainer type="native" tabIndex={0} minWidth={560}>
            <Table verticalSpacing={5}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>File</Table.Th>
                  <Table.Th ta="right">Size</Table.Th>
                  <Table.Th>SHA-256</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {bundle.files.map((file) => (
                  <Table.Tr key={file.path}>
                    <Table.Td className={classes.mono}>{file.path}</Table.Td>
                    <Table.Td ta="right">{formatBytes(file.sizeBytes)}</Table.Td>
                    <Table.Td className={classes.checksum}>{file.sha256}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Panel>
      </Stack>
      <DeployDialog
        bundle={deploying ? bundle : null}
        deployments={deployments.data ?? []}
        close={() => setDeploying(false)}
      />
    </Page>
  );
}
