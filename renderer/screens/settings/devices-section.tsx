import { Badge, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import type { Device, OperatorTest } from '../../../main/contract/devices.ts';
import { call, LightbenchError, rememberAnswer, useProcedure } from '../../client/index.ts';
import { formatDuration, formatNumber } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { Fact, When } from '../../components/small.tsx';
import { Answered, ErrorState } from '../../components/states.tsx';

/** Where models can be trained here, and why or why not. */
export function DevicesSection() {
  const devices = useProcedure('devices.list', {});
  const [testing, setTesting] = useState(false);
  const [error, setError] = useState<LightbenchError | null>(null);
  const test = async () => {
    setTesting(true);
    setError(null);
    try {
      rememberAnswer('devices.list', {}, await call('devices.list', { refresh: true }));
    } catch (failure) {
      setError(LightbenchError.from(failure));
    } finally {
      setTesting(false);
    }
  };
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <Text c="dimmed" maw={620}>
          Every device runs a numeric self-test of the training operators before it is offered. A device that computes
          wrongly is worse than none.
        </Text>
        <Button variant="default" leftSection={<IconRefresh size={14} />} loading={testing} onClick={() => void test()}>
          Test again
        </Button>
      </Group>
      {error !== null && <ErrorState inline error={error} />}
      <Answered query={devices}>
        {(list) => (
          <>
            {list.map((device) => (
              <DeviceCard key={device.id} device={device} />
            ))}
          </>
        )}
      </Answered>
    </Stack>
  );
}

function DeviceCard({ device }: { readonly device: Device }) {
  const { selfTest } = device;
  const [testing, setTesting] = useState(false);
  const [error, setError] = useState<LightbenchError | null>(null);
  const test = async () => {
    setTesting(true);
    setError(null);
    try {
      await call('devices.test', { device: device.id, refresh: true });
      rememberAnswer('devices.list', {}, await call('devices.list', {}));
    } catch (failure) {
      setError(LightbenchError.from(failure));
    } finally {
      setTesting(false);
    }
  };
  return (
    <Panel
      title={device.title}
      aside={
        <Badge color={device.offered ? 'green' : device.present ? 'red' : 'gray'}>
          {device.offered ? 'offered' : device.present ? 'not offered' : 'not present'}
        </Badge>
      }
    >
      <Text c="dimmed">{device.reason}</Text>
      {(selfTest !== null || Object.keys(device.details).length > 0) && (
        <SimpleGrid cols={4} spacing="lg" mt="md">
          {selfTest !== null && (
            <>
              <Fact label="Self-test">{selfTest.passed ? 'passed' : 'failed'}</Fact>
              <Fact label="Largest relative error">{formatNumber(selfTest.maxRelativeError)}</Fact>
              <Fact label="Took">{formatDuration(selfTest.durationMs)}</Fact>
              <Fact label="Tested">
                <When time={selfTest.testedAt} />
              </Fact>
            </>
          )}
          {Object.entries(device.details).map(([name, value]) => (
            <Fact key={name} label={words(name)}>
              {value}
            </Fact>
          ))}
        </SimpleGrid>
      )}
      {device.offered && (
        <Group justify="space-between" align="flex-start" mt="md" wrap="nowrap">
          <Operators test={device.operatorTest} />
          <Button variant="default" size="xs" loading={testing} onClick={() => void test()}>
            Test operators
          </Button>
        </Group>
      )}
      {error !== null && <ErrorState inline error={error} />}
    </Panel>
  );
}

/** How many of the compiler's operators compute on the device what they compute on the CPU, and which do not. */
function Operators({ test }: { readonly test: OperatorTest | null }) {
  if (test === null)
    return <Text c="dimmed">Its operators are tested when a run first uses it; that may take a minute.</Text>;
  return (
    <Stack gap={4}>
      <Text>
        {test.passed} of {test.tested} operators passed, <When time={test.testedAt} />, in{' '}
        {formatDuration(test.durationMs)}.
      </Text>
      {test.failures.map(({ operator, kind, reason }) => (
        <Text key={operator} c="red" size="sm">
          <strong>{operator}</strong> {kind === 'wrong' ? 'computes wrongly' : 'is missing'}: {reason}
        </Text>
      ))}
    </Stack>
  );
}

/** `blockSize` → "Block size" */
function words(key: string): string {
  const spaced = key.replace(
    /([a-z])([A-Z])/g,
    (_match, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
