import { Anchor, Group, SimpleGrid, Text } from '@mantine/core';
import { IconArrowRight, IconCircleCheckFilled, IconCircleDashed } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { ProcedureOutput } from '../../../main/contract/index.ts';
import { useProcedure } from '../../client/index.ts';
import { formatPlural } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';

interface Stage {
  readonly title: string;
  readonly count: number;
  readonly noun: string;
  readonly nouns?: string;
  readonly to: string;
  readonly action: string;
}

/** The way of a model as a row of stages: what is there, and the first one that is missing. */
export function NextSteps({ datasets }: { readonly datasets: ProcedureOutput<'datasets.list'> }) {
  const runs = useProcedure('runs.list', { limit: 1000 }).data?.length ?? 0;
  const models = useProcedure('registry.list', {}).data?.length ?? 0;
  const pending = useProcedure('registry.requests', { state: 'PENDING' }).data?.length ?? 0;
  const deployments = useProcedure('deployments.list', {}).data?.length ?? 0;
  const firstDigest = datasets[0]?.versions[0]?.digest;
  const stages: readonly Stage[] = [
    { title: 'Data', count: datasets.length, noun: 'dataset', to: paths.data(), action: 'Look at the data' },
    {
      title: 'Train',
      count: runs,
      noun: 'run',
      to: paths.train(firstDigest === undefined ? '' : `dataset=${firstDigest}`),
      action: 'Train a model',
    },
    { title: 'Models', count: models, noun: 'model', to: paths.models(), action: 'Register a model' },
    {
      title: 'Review',
      count: pending,
      noun: 'request waiting',
      nouns: 'requests waiting',
      to: paths.review(),
      action: 'Open the inbox',
    },
    { title: 'Deploy', count: deployments, noun: 'endpoint', to: paths.deploy(), action: 'Deploy a bundle' },
  ];
  return (
    <Panel title="From data to a model that serves">
      <SimpleGrid cols={5} spacing="lg">
        {stages.map((stage) => (
          <div key={stage.title}>
            <Group gap={6} mb={2}>
              {stage.count > 0 ? (
                <IconCircleCheckFilled size={16} color="var(--lb-good)" aria-hidden />
              ) : (
                <IconCircleDashed size={16} color="var(--lb-text-faint)" aria-hidden />
              )}
              <Text fw={600}>{stage.title}</Text>
            </Group>
            <Text c="dimmed">{formatPlural(stage.count, stage.noun, stage.nouns)}</Text>
            <Anchor component={Link} to={stage.to} display="inline-flex" style={{ alignItems: 'center', gap: 4 }}>
              {stage.action} <IconArrowRight size={13} aria-hidden />
            </Anchor>
          </div>
        ))}
      </SimpleGrid>
    </Panel>
  );
}
