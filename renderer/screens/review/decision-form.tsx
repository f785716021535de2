import { Alert, Button, Group, PasswordInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconSignature } from '@tabler/icons-react';
import { useState } from 'react';
import type { PromotionRequest } from '../../../main/contract/registry.ts';
import type { LightbenchError } from '../../client/index.ts';
import { useCommand, useProcedure } from '../../client/index.ts';
import { Panel } from '../../components/panel.tsx';
import { ErrorState } from '../../components/states.tsx';

/** The approver signs with name and password at the moment of deciding, whoever is signed in at this window. */
export function DecisionForm({ request }: { readonly request: PromotionRequest }) {
  const users = useProcedure('users.list', {});
  const approvers = (users.data ?? []).filter(
    (user) => !user.disabled && user.hasPassword && user.roles.some((role) => role === 'approver' || role === 'admin'),
  );
  const others = approvers.filter((user) => user.name !== request.requestedBy);
  const [userName, setUserName] = useState('');
  const [password, setPassword] = useState('');
  const [comment, setComment] = useState('');
  const [error, setError] = useState<LightbenchError | null>(null);
  const decide = useCommand('registry.decide', {
    onError: (failure) => {
      setError(failure);
      setPassword('');
      return true;
    },
  });
  const submit = (decision: 'approve' | 'reject') => {
    setError(null);
    decide.mutate({ requestId: request.id, decision, userName, password, comment });
  };
  const signed = userName !== '' && password !== '';
  return (
    <Panel title="Decide">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (signed) submit('approve');
        }}
      >
        <Stack gap="md">
          {users.data !== undefined && others.length === 0 && (
            <Alert color="yellow" p="sm">
              Nobody else can approve yet. Add a person with the approver role under Settings › People; nobody approves
              their own request.
            </Alert>
          )}
          <Textarea
            label="Comment"
            placeholder="What you checked, and why you decide so"
            autosize
            minRows={2}
            value={comment}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
          {others.length > 0 ? (
            <Select
              label="Signed by"
              placeholder="Choose yourself"
              data={others.map((user) => ({ value: user.name, label: user.displayName || user.name }))}
              value={userName === '' ? null : userName}
              onChange={(value) => setUserName(value ?? '')}
            />
          ) : (
            <TextInput
              label="Signed by"
              autoComplete="username"
              value={userName}
              onChange={(event) => setUserName(event.currentTarget.value)}
            />
          )}
          <PasswordInput
            label="Password"
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {error !== null && <ErrorState inline error={error} />}
          <Group gap={8} wrap="nowrap" align="flex-start" c="dimmed">
            <IconSignature size={16} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
            <Text c="dimmed">Your name, the time and the comment go into the ledger.</Text>
          </Group>
          <Group gap="sm" grow>
            <Button
              color="red"
              variant="light"
              disabled={!signed}
              loading={decide.isPending}
              onClick={() => submit('reject')}
            >
              Reject
            </Button>
            <Button type="submit" disabled={!signed} loading={decide.isPending}>
              Approve
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
