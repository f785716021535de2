import { Button, Select, Tabs } from '@mantine/core';
import { IconPlayerPlay, IconTags } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { useProcedure } from '../../client/index.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Digest } from '../../components/small.tsx';
import { Answered } from '../../components/states.tsx';
import { ItemsTab } from './items-tab.tsx';
import { LineageTab } from './lineage-tab.tsx';
import { MetadataTab } from './metadata-tab.tsx';
import { QualityTab } from './quality-tab.tsx';
import { SchemaTab } from './schema-tab.tsx';

const tabs = [
  { value: 'items', label: 'Items', view: ItemsTab },
  { value: 'quality', label: 'Quality', view: QualityTab },
  { value: 'schema', label: 'Schema & splits', view: SchemaTab },
  { value: 'metadata', label: 'Metadata', view: MetadataTab },
  { value: 'lineage', label: 'Lineage', view: LineageTab },
] as const;

/** One dataset version. The tab and the filter are in the address, so that other screens can point into it. */
export function DatasetPage() {
  const { digest = '' } = useParams();
  const [search, setSearch] = useSearchParams();
  const dataset = useProcedure('datasets.get', { digest });
  const tab = tabs.find((candidate) => candidate.value === search.get('tab')) ?? tabs[0];
  const open = (value: string) => setSearch(value === 'items' ? {} : { tab: value });
  useScreenActions(
    'Dataset',
    tabs.map(({ value, label }, order) => ({
      id: value,
      label: `Show ${label.toLowerCase()}`,
      shortcut: `alt+${order + 1}`,
      run: () => open(value),
    })),
  );
  const title = dataset.data === undefined ? 'Dataset' : `${dataset.data.name} v${dataset.data.version}`;
  return (
    <Page
      fill
      crumbs={[{ label: 'Data', to: paths.data() }, { label: title }]}
      aside={<Digest value={digest} label="Dataset digest" />}
      actions={dataset.data === undefined ? undefined : <Actions dataset={dataset.data} />}
      toolbar={
        <Tabs value={tab.value} onChange={(value) => value !== null && open(value)} mb={-1}>
          <Tabs.List style={{ borderBottom: 'none' }}>
            {tabs.map(({ value, label }) => (
              <Tabs.Tab key={value} value={value} h={40} id={`tab-${value}`}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      }
    >
      <Answered query={dataset}>{(data) => <tab.view key={data.digest} dataset={data} />}</Answered>
    </Page>
  );
}

function Actions({ dataset }: { readonly dataset: DatasetVersion }) {
  const navigate = useNavigate();
  const versions = useProcedure('datasets.list', {}).data?.find((entry) => entry.id === dataset.datasetId)?.versions;
  return (
    <>
      {versions !== undefined && versions.length > 1 && (
        <Select
          w={110}
          aria-label="Version"
          allowDeselect={false}
          data={versions.map((version) => ({ value: version.digest, label: `Version ${version.version}` }))}
          value={dataset.digest}
          onChange={(digest) => digest !== null && void navigate(paths.dataset(digest))}
        />
      )}
      {dataset.kind !== 'table' && (
        <Button
          variant="default"
          component={Link}
          to={`${paths.label()}?dataset=${dataset.digest}`}
          leftSection={<IconTags size={14} />}
        >
          Label
        </Button>
      )}
      <Button component={Link} to={paths.train(`dataset=${dataset.digest}`)} leftSection={<IconPlayerPlay size={14} />}>
        Train
      </Button>
    </>
  );
}
