import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconClock } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useCommand, useProcedure } from '../../client/index.ts';
import { AliasBadge } from '../../components/alias-badge.tsx';
import { paths } from '../../components/paths.ts';
import { When } from '../../components/small.tsx';

/** Promotions that wait for somebody's decision. */
export function PendingRequests({ modelName }: { readonly modelName: string }) {
  const requests = useProcedure('registry.requests', { state: 'PENDING', modelName });
  const me = useProcedure('session.current', {});
  const withdraw = useCommand('registry.withdraw');
  if (requests.data === undefined || requests.data.length === 0) return null;
  return (
    <Alert color="yellow" icon={<IconClock size={18} />} title="Waiting for an approval">
      <Stack gap="sm">
        {requests.data.map((request) => (
          <Group key={request.id} justify="space-between">
            <Text component="div">
              Version {request.version} to <AliasBadge alias={request.alias} />, asked by {request.requestedBy}{' '}
              <When time={request.requestedAt} />
              {request.comment !== '' && ` · “${request.comment}”`}
            </Text>
            <Group gap="sm">
              {me.data?.name === request.requestedBy && (
                <Button
                  variant="subtle"
                  color="gray"
                  loading={withdraw.isPending}
                  onClick={() => withdraw.mutate({ requestId: request.id })}
                >
                  Take back
                </Button>
              )}
              <Button variant="default" component={Link} to={paths.review()}>
                Decide under Review
              </Button>
            </Group>
          </Group>
        ))}
      </Stack>
    </Alert>
  );
}
