import { Badge, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { IconRosetteDiscountCheck, IconRosetteDiscountCheckOff } from '@tabler/icons-react';
import type { ParityCertificate as Certificate } from '../../../main/contract/serving.ts';
import { formatCount, formatNumber, formatPercent, formatTime } from '../../components/format.ts';
import { paths } from '../../components/paths.ts';
import { Digest, Fact } from '../../components/small.tsx';
import { TextLink } from '../../components/text-link.tsx';
import classes from './deploy.module.css';

export function ParityBadge({ parity }: { readonly parity: Certificate }) {
  return (
    <Badge color={parity.passed ? 'green' : 'red'}>
      {parity.passed ? `proved, ≤ ${formatNumber(parity.maxAbsDiff)}` : 'failed'}
    </Badge>
  );
}

/** The proof that the bundle answers like the model that was trained and evaluated. */
export function ParityCertificate({ parity }: { readonly parity: Certificate }) {
  const Icon = parity.passed ? IconRosetteDiscountCheck : IconRosetteDiscountCheckOff;
  return (
    <section className={classes.certificate} data-passed={parity.passed} aria-label="Parity certificate">
      <div className={classes.verdict}>
        <Icon size={36} stroke={1.4} aria-hidden />
        <div>
          <Text fw={600} fz={16}>
            {parity.passed ? 'Answers like the trained model' : 'Does not answer like the trained model'}
          </Text>
          <Text>
            Over {formatCount(parity.sampleIndices.length)}{' '}
            {parity.drawn ? 'pictures drawn from the same noise' : 'real samples'} no output differs by more than{' '}
            <b className={classes.nowrap}>{formatNumber(parity.maxAbsDiff)}</b>; allowed is{' '}
            <span className={classes.nowrap}>{formatNumber(parity.tolerance)}</span>.
          </Text>
        </div>
      </div>
      <Stack gap="md">
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th ta="right">Batch size</Table.Th>
              <Table.Th ta="right">Samples</Table.Th>
              <Table.Th ta="right">Largest difference</Table.Th>
              <Table.Th ta="right">Same answer</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {parity.checks.map((check) => (
              <Table.Tr key={`${check.batchSize} ${check.tokenByToken}`}>
                <Table.Td ta="right">{check.tokenByToken ? 'token by token' : check.batchSize}</Table.Td>
                <Table.Td ta="right">{formatCount(check.samples)}</Table.Td>
                <Table.Td ta="right">{formatNumber(check.maxAbsDiff)}</Table.Td>
                <Table.Td ta="right">{formatPercent(check.classAgreement)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="md" verticalSpacing="sm">
          <Fact label="Trained graph">
            <Digest value={parity.trainingGraph} label="Trained graph" />
          </Fact>
          <Fact label="Graph in the bundle">
            <Digest value={parity.bundleGraph} label="Graph in the bundle" />
          </Fact>
          {parity.generationGraph !== undefined && (
            <Fact label="Graph that writes">
              <Digest value={parity.generationGraph} label="Graph that writes" />
            </Fact>
          )}
          <Fact label={parity.drawn ? 'Learned from' : 'Samples from'}>
            <TextLink to={paths.dataset(parity.dataset)}>the dataset</TextLink>
          </Fact>
          <Fact label="Runtime">{parity.runtime}</Fact>
          <Fact label="Checked">{formatTime(parity.createdAt)}</Fact>
        </SimpleGrid>
      </Stack>
    </section>
  );
}
